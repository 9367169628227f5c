"""A Telegram Bot API of our own, on loopback or in the same process: strict, with a truth of its own."""
