"""A seeded simulation of the whole service."""
