"""The parts of benchmarks.retrain."""
