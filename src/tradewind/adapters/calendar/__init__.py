"""The economic calendar: a feed, files, and where both are kept."""
