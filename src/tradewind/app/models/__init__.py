"""Models of a project: trained from its candles, judged, kept as signed versions."""
