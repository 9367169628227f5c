"""Looks at the machine, the data, the store, the clock and the providers, and says what to do about each fault."""
