"""One file per format of feeds, found by the catalog under ``FEED``."""
