"""The order manager: what the engine wants, what the venue says, and what must be asked next. No I/O."""
