"""Venues: one that is hostile on purpose, and paper over live bars. Both keep their own truth."""
