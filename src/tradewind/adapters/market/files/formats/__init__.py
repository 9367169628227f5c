"""File formats, one module each, found by the catalog under ``FORMAT``."""
