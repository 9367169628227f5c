"""Models of sentiment that come as files."""
