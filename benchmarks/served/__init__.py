"""The service as a process between two stand-ins, measured from outside, and its memory taken apart."""
