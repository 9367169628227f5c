"""Whether signals have been missing for too long, counted in the time the markets are open.

A weekend without currencies is no silence. Markets that share a session are one group: while any pair of it signals,
the group is heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from tradewind.app.signal_rate import open_time
from tradewind.model.instrument import Instrument
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR


class Silence(msgspec.Struct, frozen=True):
    """``hours`` of open market of session ``calendar`` since the last signal on any of ``symbols``."""

    calendar: str
    symbols: tuple[str, ...]
    hours: float


def silences(
    instruments: Iterable[Instrument], last: Mapping[str, int], begun: int, now: int, hours: float
) -> tuple[Silence, ...]:
    """The groups without a signal for ``hours`` of open market; ``last`` has the newest signal of each symbol.

    ``begun`` counts where a symbol never signalled; times are UTC nanoseconds. A closed market raises no alarm, and
    neither does one that is open again until it has been silent for long enough.
    """
    groups: dict[str, list[str]] = {}
    for one in instruments:
        groups.setdefault(one.calendar, []).append(one.symbol)
    found = []
    for name, symbols in sorted(groups.items()):
        calendar = calendar_of(name)
        since = max(last.get(symbol, begun) for symbol in symbols)
        quiet = open_time(calendar, since, now) / HOUR
        if quiet >= hours and calendar.is_open(now):
            found.append(Silence(name, tuple(symbols), quiet))
    return tuple(found)
