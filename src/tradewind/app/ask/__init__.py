"""Answers to what people ask: the signal now, why, what became of it, what runs, what was blocked."""
