"""The durable store: journal, snapshots and the tables people query, in one SQLite database with one writer."""
