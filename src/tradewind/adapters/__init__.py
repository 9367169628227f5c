"""The world: clocks, stores, venues, files, people."""
