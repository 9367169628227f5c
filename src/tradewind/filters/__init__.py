"""One file per veto, found by the catalog."""
