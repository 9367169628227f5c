"""People: where a signal is read."""
