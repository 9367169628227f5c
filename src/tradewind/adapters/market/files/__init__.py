"""Bar files of every kind users have: read, judged, turned into columns. Nothing here writes."""
