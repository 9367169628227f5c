"""The trial ledger: every variant that was ever tried, and every look at a sealed window. Outlives every database."""
