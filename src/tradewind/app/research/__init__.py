"""Search, validation and gates as one job over stored candles, which can be killed and goes on where it was."""
