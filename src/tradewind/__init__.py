"""Tradewind: trading signals that had to be proven before they may speak."""

__version__ = "0.1.0"
