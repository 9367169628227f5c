"""Tests of search and proof."""
