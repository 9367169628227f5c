"""The only numba: float64 arrays in, arrays out; no classes, no dates."""
