"""Metrics and gates: what has to be shown before a strategy may speak."""
