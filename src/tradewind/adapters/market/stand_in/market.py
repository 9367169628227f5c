"""What happened on the stand-in's market up to its own now. Pure: no sockets, no clock of the host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from tradewind.errors import Misconfigured
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.session import SessionCalendar, calendar_of
from tradewind.model.timeframe import Timeframe

OPEN = "open"
CLOSE = "close"


_MONEY = {"EUR", "GBP", "USD", "JPY", "AUD", "CHF", "CAD", "NZD", "XAU", "XAG", "SEK", "NOK"}


def is_fx(symbol: str) -> bool:
    """Whether both sides are money or metal, so that an FX broker offers the pair and a coin exchange does not."""
    return all(side in _MONEY for side in symbol.split("/"))


class Series(NamedTuple):
    """Bars of one canonical symbol at the finest timeframe the stand-in can show of it."""

    symbol: str
    timeframe: Timeframe
    columns: BarColumns


class Trade(NamedTuple):
    """One print on the tape; ``ts`` in UTC nanoseconds, ``side`` is the taker's."""

    id: int
    price: float
    size: float
    ts: int
    side: str


class Tick(msgspec.Struct, frozen=True):
    """One thing the market did: a base bar opened (only its first trade is known) or closed (it is whole).

    ``final`` is whether a venue that marks closed bars would mark this one; ``index`` numbers the bar in its series.
    """

    symbol: str
    kind: str
    bar: Bar
    index: int
    ts: int
    final: bool = True


def trades_of(bar: Bar, index: int) -> tuple[Trade, ...]:
    """Four trades that make ``bar``: open, the two extremes, close; sizes sum to its volume at 8 decimals.

    A rising bar visits its low first. The close trades in the bar's last millisecond.
    """
    rising = bar.close >= bar.open
    prices = (bar.open, bar.low, bar.high, bar.close) if rising else (bar.open, bar.high, bar.low, bar.close)
    part = round(bar.volume / 4, 8)
    sizes = (part, part, part, round(bar.volume - 3 * part, 8))
    length = bar.ts_close - bar.ts_open
    moments = (bar.ts_open, bar.ts_open + length // 4, bar.ts_open + length // 2, bar.ts_close - 1_000_000)
    return tuple(
        Trade(index * 4 + k + 1, price, size, ts, "BUY" if price >= bar.open else "SELL")
        for k, (price, size, ts) in enumerate(zip(prices, sizes, moments, strict=True))
    )


def opening(bar: Bar, index: int) -> Bar:
    """The bar when only its first trade has happened."""
    first = trades_of(bar, index)[0]
    return msgspec.structs.replace(
        bar, open=first.price, high=first.price, low=first.price, close=first.price, volume=first.size
    )


class StandInMarket:
    """Several series on one time axis, seen from a movable ``now`` (UTC nanoseconds).

    At ``now`` every base bar with ``ts_close <= now`` is whole and the one that holds ``now`` shows its first trade.
    """

    def __init__(self, series: Sequence[Series], now: int | None = None, time: Callable[[], int] | None = None) -> None:
        if not series:
            raise Misconfigured("no bars to serve", where="stand-in venue", next_step="give it a file or a data set")
        self._series = {one.symbol: one for one in series}
        instants = [part for one in series for part in (one.columns.ts_open, one.columns.ts_close)]
        self._instants = np.unique(np.concatenate(instants))
        self.now = int(self._instants[-1]) if now is None else now
        self.steps = 0
        self.skew_ns = 0
        self._time = time
        self._hidden: set[tuple[str, int]] = set()
        self._places: dict[str, int] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        """Canonical symbols, sorted."""
        return tuple(sorted(self._series))

    @property
    def host_time(self) -> bool:
        """Whether the venue's clock is the host's rather than the bars' own."""
        return self._time is not None

    def venue_time(self) -> int:
        """What the venue's clock shows: ``time()`` where given, else ``now``, plus the skew a fault put there."""
        return (self.now if self._time is None else self._time()) + self.skew_ns

    def base(self, symbol: str) -> Timeframe:
        """The finest timeframe of ``symbol``."""
        return self._series[symbol].timeframe

    def hide(self, symbol: str, index: int, bars: int) -> None:
        """History lacks ``bars`` base bars of ``symbol`` from number ``index`` on."""
        self._hidden.update((symbol, place) for place in range(index, index + bars))

    def places(self, symbol: str) -> int:
        """Decimals the prices of ``symbol`` are quoted with: the fewest that lose nothing, at most 8."""
        if symbol not in self._places:
            close = self._series[symbol].columns.close[:1000]
            self._places[symbol] = next((p for p in range(8) if np.array_equal(np.round(close, p), close)), 8)
        return self._places[symbol]

    def offers(self, symbol: str, timeframe: Timeframe) -> bool:
        """Whether bars of that length can be shown."""
        return symbol in self._series and timeframe.ns >= self.base(symbol).ns

    def step(self) -> list[Tick]:
        """Moves ``now`` to the next instant at which a bar opens or closes; what happened then, closes first.

        An empty list means the data is over.
        """
        place = int(np.searchsorted(self._instants, self.now, side="right"))
        if place == len(self._instants):
            return []
        self.now = int(self._instants[place])
        self.steps += 1
        ticks = []
        for symbol in self.symbols:
            columns = self._series[symbol].columns
            closed = int(np.searchsorted(columns.ts_close, self.now))
            if closed < len(columns.ts_close) and int(columns.ts_close[closed]) == self.now:
                ticks.append(Tick(symbol, CLOSE, self._bar(symbol, closed), closed, self.now))
        for symbol in self.symbols:
            columns = self._series[symbol].columns
            opened = int(np.searchsorted(columns.ts_open, self.now))
            if opened < len(columns.ts_open) and int(columns.ts_open[opened]) == self.now:
                ticks.append(Tick(symbol, OPEN, opening(self._bar(symbol, opened), opened), opened, self.now, False))
        return ticks

    def bars(self, symbol: str, timeframe: Timeframe, start: int, end: int, limit: int | None = None) -> list[Bar]:
        """Bars with ``start <= ts_open < end`` that have begun, oldest first, the last possibly forming.

        ``limit`` keeps the first so many. Bars longer than the base are built on the boundaries of the symbol's session
        calendar: UTC for coins, 17:00 New York for currencies and metals.
        """
        columns = self._series[symbol].columns
        calendar = _calendar(symbol)
        first = max(start, int(columns.ts_open[0]))
        opened, closed = calendar.bucket(first, timeframe)
        begin = opened if opened >= start else closed
        low = int(np.searchsorted(columns.ts_open, begin, side="left"))
        last = min(self.now, end - 1)
        high = int(np.searchsorted(columns.ts_open, calendar.bucket(last, timeframe)[1], side="left"))
        high = min(high, int(np.searchsorted(columns.ts_open, self.now, side="right")))
        if limit is not None:
            high = min(high, low + (limit + 1) * max(1, timeframe.ns // self.base(symbol).ns))
        found = self._grouped(symbol, timeframe, low, high)
        return found if limit is None else found[:limit]

    def latest(self, symbol: str, timeframe: Timeframe, count: int) -> list[Bar]:
        """The last ``count`` bars that have begun."""
        found: list[Bar] = []
        reach = count
        while len(found) < count:
            start = _calendar(symbol).bucket(self.now - reach * timeframe.ns, timeframe)[0]
            found = self.bars(symbol, timeframe, start, self.now + 1)
            if start <= int(self._series[symbol].columns.ts_open[0]):
                break
            reach *= 4
        return found[-count:]

    def holding(self, symbol: str, timeframe: Timeframe, ts: int) -> Bar | None:
        """The bar of that length which contains ``ts``, as far as it is known; None in a hole of the data."""
        start, _ = _calendar(symbol).bucket(ts, timeframe)
        found = self.bars(symbol, timeframe, start, start + 1)
        return found[0] if found else None

    def last_bar(self, symbol: str) -> Bar:
        """The newest base bar that has begun, or the first of all where none has."""
        found = self.latest(symbol, self.base(symbol), 1)
        return found[0] if found else self._bar(symbol, 0)

    def trades(self, symbol: str, count: int) -> list[Trade]:
        """The newest trades up to ``now``, oldest first."""
        columns = self._series[symbol].columns
        high = int(np.searchsorted(columns.ts_open, self.now, side="right"))
        made = [
            trade
            for index in range(max(0, high - count // 4 - 2), high)
            for trade in trades_of(self._bar(symbol, index), index)
            if trade.ts <= self.now
        ]
        return made[-count:]

    def _grouped(self, symbol: str, timeframe: Timeframe, low: int, high: int) -> list[Bar]:
        made: list[Bar] = []
        calendar = _calendar(symbol)
        for index in range(low, high):
            if (symbol, index) in self._hidden:
                continue
            bar = self._bar(symbol, index)
            if bar.ts_close > self.now:
                bar = opening(bar, index)
            if timeframe == bar.timeframe:
                made.append(bar)
                continue
            start, end = calendar.bucket(bar.ts_open, timeframe)
            if made and made[-1].ts_open == start:
                made[-1] = _joined(made[-1], bar)
            else:
                made.append(msgspec.structs.replace(bar, timeframe=timeframe, ts_open=start, ts_close=end))
        return made

    def _bar(self, symbol: str, index: int) -> Bar:
        one = self._series[symbol]
        columns = one.columns
        spread = float(columns.spread[index])
        return Bar(
            symbol,
            one.timeframe,
            int(columns.ts_open[index]),
            int(columns.ts_close[index]),
            float(columns.open[index]),
            float(columns.high[index]),
            float(columns.low[index]),
            float(columns.close[index]),
            float(columns.volume[index]),
            None if np.isnan(spread) else spread,
        )


def _calendar(symbol: str) -> SessionCalendar:
    if not is_fx(symbol):
        return calendar_of("crypto")
    return calendar_of("metals" if symbol.startswith("XA") else "fx")


def _joined(whole: Bar, part: Bar) -> Bar:
    return msgspec.structs.replace(
        whole,
        high=max(whole.high, part.high),
        low=min(whole.low, part.low),
        close=part.close,
        volume=round(whole.volume + part.volume, 8),
        spread=part.spread,
    )
