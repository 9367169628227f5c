"""Frozen values: what is said between the parts. No I/O, no clock, no randomness."""
