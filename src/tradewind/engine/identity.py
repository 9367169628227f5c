"""Names that are pure functions of what they name, so that a restart derives the same ones."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from tradewind.model.bar import Bar
from tradewind.model.timeframe import SECOND


def signal_id(bar: Bar, side: int, config_hash: str) -> str:
    """``EUR-USD-1h-20200103T1300Z-B-1a2b3c``: readable, unique per series, bar, side and configuration.

    >>> from tradewind.model.timeframe import Timeframe
    >>> bar = Bar("EUR/USD", Timeframe.H1, 0, 3_600_000_000_000, 1.0, 1.0, 1.0, 1.0, 0.0)
    >>> signal_id(bar, 1, "c0ffee")
    'EUR-USD-1h-19700101T0100Z-B-064d0b'
    """
    stamp = datetime.fromtimestamp(bar.ts_close // SECOND, UTC).strftime("%Y%m%dT%H%MZ")
    word = "B" if side > 0 else "S"
    text = f"{bar.symbol}|{bar.timeframe}|{bar.ts_close}|{side}|{config_hash}"
    return f"{bar.symbol.replace('/', '-')}-{bar.timeframe}-{stamp}-{word}-{sha256(text.encode()).hexdigest()[:6]}"


def client_id(signal: str, leg: str) -> str:
    """Client order id of one leg: 32 hex digits, accepted by every venue's length limit."""
    return sha256(f"{signal}|{leg}".encode()).hexdigest()[:32]
