"""Work over many runs: strategy records, search, training."""
