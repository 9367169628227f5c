"""Articles: formats of feeds (one file each, found by the catalog), reading them, files of articles, the archive."""
