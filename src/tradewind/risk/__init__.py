"""Stops, sizes and caps."""
