"""Tests of the part of that name."""
