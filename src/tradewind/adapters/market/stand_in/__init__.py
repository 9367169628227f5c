"""A local venue: real or simulated bars behind the wire formats of real venues, with faults on command."""
