"""The verbs people type; one module each, loaded when typed."""
