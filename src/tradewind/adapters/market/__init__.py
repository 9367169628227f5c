"""Market data providers, one file each, and what all of them share."""
