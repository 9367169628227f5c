"""Which column of a table is which, in the spellings files use."""

from __future__ import annotations

import re
from typing import Final

from tradewind.adapters.market.files.raw import missing_columns
from tradewind.errors import Misconfigured

# First match wins, so the surer names stand first.
_SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "time": (
        "open_time", "opentime", "time_open", "timestamp", "datetime", "date_time", "ts", "ts_open", "ts_event", "time",
        "gmt_time", "local_time", "utc_time", "date", "unix", "unix_timestamp", "t", "dt", "bar_time", "begin",
    ),
    "close_time": ("close_time", "closetime", "time_close", "ts_close", "end"),
    "open": ("open", "o", "open_price", "bid_open", "openbid", "open_bid", "first"),
    "high": ("high", "h", "high_price", "bid_high", "highbid", "high_bid", "max"),
    "low": ("low", "l", "low_price", "bid_low", "lowbid", "low_bid", "min"),
    "close": ("close", "c", "close_price", "bid_close", "closebid", "close_bid", "last"),
    "volume": ("volume", "tickvol", "tick_volume", "vol", "v", "base_volume", "tickqty", "real_volume"),
    "spread": ("spread", "spread_close", "spread_points"),
    "ask_close": ("ask_close", "askclose", "close_ask", "closeask"),
}  # fmt: skip
REQUIRED: Final = ("time", "open", "high", "low", "close")


def plain(name: str) -> str:
    """A header cell in the spelling of the table above: ``<TICKVOL>`` -> ``tickvol``, ``Gmt time`` -> ``gmt_time``."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def looks_like_header(cells: list[str]) -> bool:
    """Whether a line names a close price and a time."""
    names = {plain(cell) for cell in cells}
    times = _SPELLINGS["time"] + _SPELLINGS["close_time"]
    return not names.isdisjoint(_SPELLINGS["close"]) and not names.isdisjoint(times)


def columns_of(header: list[str]) -> dict[str, int]:
    """``{meaning: column}``. A file with only a closing time has it under ``close_time`` and no ``time``.

    Raises:
        Misconfigured: a needed column is absent, and the message lists those found; or a price stands there twice.
    """
    names = [plain(cell) for cell in header]
    prices = [name for meaning in ("open", "high", "low", "close") for name in _SPELLINGS[meaning]]
    twice = [name for name in prices if names.count(name) > 1]
    if twice:
        raise Misconfigured(
            f"the column {twice[0]!r} stands in the header {names.count(twice[0])} times",
            allowed="each price once",
            next_step="remove the other column; nobody can tell which one is meant",
        )
    found: dict[str, int] = {}
    for meaning, spellings in _SPELLINGS.items():
        for spelling in spellings:
            if spelling in names:
                found[meaning] = names.index(spelling)
                break
    volumes = [index for index, name in enumerate(names) if name.startswith("volume")]  # "Volume BTC"
    if "volume" not in found and volumes:
        found["volume"] = volumes[0]
    # A second column that completes the first: <DATE> and <TIME>.
    if "date" in names and "time" in names:
        found["time"], found["clock"] = names.index("date"), names.index("time")
    missing = [need for need in REQUIRED if need not in found and not (need == "time" and "close_time" in found)]
    if missing:
        raise missing_columns(header, missing)
    return found
