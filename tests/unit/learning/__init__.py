"""Learning beside the engine: words, reading, baselines, the strategy book."""
