"""What benchmarks.gate_power measures: noise, planted edges, an independent reference, and the curve of both."""
