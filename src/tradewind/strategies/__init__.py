"""One file per rule, found by the catalog."""
