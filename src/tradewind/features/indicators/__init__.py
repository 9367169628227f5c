"""The indicators by theme, each a formula over kernels."""
