"""Synchronous, deterministic core: sequenced events in, decisions out."""
