"""Strategies of the book put to the proof on stored candles, and what is kept of it."""
