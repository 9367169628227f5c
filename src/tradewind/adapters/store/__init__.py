"""One store for journal and tables; sealed history beside it."""
