"""A venue that keeps its own truth and does not always tell it.

The truth is the bars it really produced. What the stream says of them is made here and may be late, twice, wrong or
missing; history gives the truth, unless it is down, loses a row or appends one that is still forming. The venue notes
what it withheld, so that a law can tell a bar nobody could have had from one that was lost by the service.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from tradewind.engine.sequencer import SeriesKey
from tradewind.errors import Retryable
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.faults import FaultKind, ScheduledFault
from tradewind.model.bar import Bar
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.market import Capabilities, FeedItem, Health, Heartbeat, Lost, Update

NAME: Final = "SIMULATED venue"
_MUTE: Final = (FaultKind.SILENT, FaultKind.DISCONNECT)
_LATENCY_STEP: Final = SECOND // 10


class Delivery(NamedTuple):
    """Something the stream will say at a moment, in true UTC nanoseconds."""

    at: int
    item: FeedItem


class SimulatedVenue:
    """Implements ``ports.market.MarketProvider`` for history; ``deliveries`` is what its stream says, and when."""

    name = NAME

    def __init__(
        self,
        truth: Mapping[SeriesKey, Sequence[Bar]],
        clock: VirtualClock,
        rng: np.random.Generator,
        chatter: float = 1.0,
    ) -> None:
        self.truth = {key.symbol: list(bars) for key, bars in truth.items()}
        self.timeframes = {key.symbol: key.timeframe for key in truth}
        self.by_close = {(symbol, bar.ts_close): bar for symbol, bars in self.truth.items() for bar in bars}
        self.withheld: set[tuple[str, int]] = set()
        self.capabilities = Capabilities(tuple({key.timeframe for key in truth}), stream=True)
        self._clock = clock
        self._opens = {symbol: [bar.ts_open for bar in bars] for symbol, bars in self.truth.items()}
        self._chatter = chatter
        self._draws = {symbol: rng.random((len(bars), 4)) for symbol, bars in self.truth.items()}
        self._until: dict[tuple[FaultKind, str], int] = {}
        self._left: dict[tuple[FaultKind, str], list[float]] = {}

    def symbols(self) -> tuple[str, ...]:
        """Those it has bars of."""
        return tuple(self.truth)

    def venue_symbol(self, symbol: str) -> str:
        """The same name."""
        return symbol

    async def self_test(self) -> Health:
        """Always well."""
        return Health(self.name, "ok", "SIMULATED", clock_offset_s=-self._clock.error / SECOND)

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """The true bars with ``start <= ts_open < end`` that have closed, as far as it is willing."""
        bars = self.truth[symbol]
        opens = self._opens[symbol]
        found = bars[bisect_left(opens, start) : bisect_left(opens, end)]
        forming = next((bar for bar in found if bar.ts_close > self._clock.true), None)
        found = [bar for bar in found if bar.ts_close <= self._clock.true]
        if self._until.get((FaultKind.HISTORY_DOWN, symbol), 0) > self._clock.true:
            self._withhold(found)
            raise Retryable("503, the venue is under maintenance", where=self.name)
        lost = self._take(FaultKind.HISTORY_ROW_LOST, symbol) if found else None
        if lost is not None:
            self._withhold([found.pop(int(lost * len(found)))])
        half = self._take(FaultKind.UNCLOSED_ROW, symbol) if forming is not None else None
        if half is not None and forming is not None:
            found.append(partial(forming, half))
        return found

    def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        """Not here: the simulation carries ``deliveries`` itself, so that their order is seeded."""
        raise Retryable("the simulation delivers", where=self.name)

    async def close(self) -> None:
        """Nothing to release."""

    def press(self, symbol: str, start: int, end: int, factor: float) -> None:
        """From ``start`` to ``end`` the market will have been elsewhere; only what has not opened yet can still be."""
        opens, bars = self._opens[symbol], self.truth[symbol]
        for position in range(bisect_left(opens, max(start, self._clock.true + 1)), bisect_left(opens, end)):
            bar = bars[position]
            o, h, low, c = (round(price * factor, 2) for price in (bar.open, bar.high, bar.low, bar.close))
            made = _with(bar, o, h, low, c, bar.volume)
            bars[position] = self.by_close[symbol, bar.ts_close] = made

    def last_closed(self, symbol: str, now: int) -> Bar | None:
        """The newest true bar that has closed by ``now``."""
        position = bisect_left(self._opens[symbol], now - self.timeframes[symbol].ns + 1)
        return self.truth[symbol][position - 1] if position else None

    def due(self, fault: ScheduledFault) -> list[Delivery]:
        """Lets a fault act on what follows; what the stream says at once because of it."""
        kind, symbol, now = fault.kind, fault.symbol, self._clock.true
        length = self.timeframes[symbol].ns
        if kind in (FaultKind.SILENT, FaultKind.HISTORY_DOWN):
            self._until[kind, symbol] = now + int(fault.size * (0.2 + fault.share) * length)
        elif kind is FaultKind.DISCONNECT:
            for one in self.truth:
                self._until[kind, one] = now + int(fault.size * fault.share * length)
            return [Delivery(now, Lost(now, "1006, abnormal closure"))]
        elif kind is FaultKind.REPLAYED:
            last = bisect_left(self._opens[symbol], now - length)
            again = self.truth[symbol][max(0, last - fault.size) : last]
            return [Delivery(now, Update(bar, fault.share < 0.7, now, self.name)) for bar in again]
        else:
            self._left.setdefault((kind, symbol), []).extend([fault.share] * _times(fault))
        return []

    def deliveries(self, symbol: str, position: int) -> Iterator[Delivery]:
        """What the stream says about bar number ``position``: forming, a heartbeat, closed; with all that goes wrong.

        Called when the bar opens.
        """
        bar = self.truth[symbol][position]
        forming, latency, beat, chat = self._draws[symbol][position].tolist()
        if chat < self._chatter or self._left.get((FaultKind.CLOSED_EARLY, symbol)):
            at = bar.ts_open + int(bar.timeframe.ns * (0.1 + 0.7 * forming))
            yield Delivery(at, Update(partial(bar, forming), False, at, self.name))
            at = bar.ts_open + int(bar.timeframe.ns * beat)
            yield Delivery(at, Heartbeat(at, at))
        at = bar.ts_close + (1 + int(20 * latency)) * _LATENCY_STEP
        yield Delivery(at, Update(bar, True, at, self.name))

    def spoken(self, delivery: Delivery) -> list[Delivery]:
        """What becomes of a delivery at its moment: told, dropped, changed, doubled or put off."""
        item = delivery.item
        if not isinstance(item, Update):
            return [delivery]
        bar = item.bar
        symbol = bar.symbol
        until = max(self._until.get((kind, symbol), 0) for kind in _MUTE) if self._until else 0
        if until > delivery.at or (item.closed and self._take(FaultKind.GAP, symbol) is not None):
            return []
        if not self._left:
            return [delivery]
        if not item.closed:
            early = self._take(FaultKind.CLOSED_EARLY, symbol)
            return [delivery if early is None else Delivery(delivery.at, Update(bar, True, item.ts_recv, self.name))]
        if self._take(FaultKind.MALFORMED, symbol) is not None:
            return [Delivery(delivery.at, Lost(delivery.at, "malformed message"))]
        late = self._take(FaultKind.REORDER, symbol)
        if late is not None:
            wait = int(60 * SECOND * late * 2) if late < 0.5 else int(bar.timeframe.ns * late * 1.5)
            return [Delivery(delivery.at + wait, item)]
        return self._mutated(delivery.at, item)

    def _mutated(self, at: int, item: Update) -> list[Delivery]:
        bar = item.bar
        for kind in (FaultKind.NOT_A_NUMBER, FaultKind.ZERO_PRICE, FaultKind.WRONG_SCALE):
            share = self._take(kind, bar.symbol)
            if share is not None:
                return [Delivery(at, Update(insane(bar, kind, share), True, at, self.name))]
        said = [Delivery(at, item)]
        again = self._take(FaultKind.DUPLICATE, bar.symbol)
        if again is not None:
            said += [Delivery(at + int(again * k * bar.timeframe.ns), item) for k in (1, 2)]
        corrected = self._take(FaultKind.LATE_CORRECTION, bar.symbol)
        if corrected is not None:
            later = at + int((0.001 + 2.0 * corrected) * bar.timeframe.ns)
            said.append(Delivery(later, Update(revised(bar, corrected), True, later, self.name)))
        return said

    def _take(self, kind: FaultKind, symbol: str) -> float | None:
        """The share of a fault that waits for the next occasion, once."""
        waiting = self._left.get((kind, symbol))
        if waiting is None:
            return None
        share = waiting.pop(0)
        if not waiting:
            del self._left[kind, symbol]
        return share

    def _withhold(self, bars: Sequence[Bar]) -> None:
        self.withheld.update((bar.symbol, bar.ts_close) for bar in bars)


def partial(bar: Bar, share: float) -> Bar:
    """The bar as it may look when ``share`` of its interval is over."""
    close = bar.open + (bar.close - bar.open) * share * 0.9
    high = max(bar.open, close) + (bar.high - max(bar.open, bar.close)) * share * 0.9
    low = min(bar.open, close) - (min(bar.open, bar.close) - bar.low) * share * 0.9
    return _with(bar, bar.open, high, low, close, bar.volume * share)


def revised(bar: Bar, share: float) -> Bar:
    """The bar with a sane close that is not its own."""
    move = (bar.high - bar.low or bar.close * 0.001) * (0.5 + share)
    close = bar.close + (move if share < 0.5 else -move)
    return _with(bar, bar.open, max(bar.high, close), min(bar.low, close), close, bar.volume)


def insane(bar: Bar, kind: FaultKind, share: float) -> Bar:
    """The bar with prices nobody may trade on."""
    if kind is FaultKind.WRONG_SCALE:
        factor = 100.0 if share < 0.5 else 0.01
        return _with(bar, bar.open * factor, bar.high * factor, bar.low * factor, bar.close * factor, bar.volume)
    bad = float("nan") if kind is FaultKind.NOT_A_NUMBER else (0.0 if share < 0.5 else -bar.close)
    return _with(bar, bar.open, bar.high, bad if share < 0.3 else bar.low, bad, bar.volume)


def _with(bar: Bar, open_: float, high: float, low: float, close: float, volume: float) -> Bar:
    return Bar(
        bar.symbol, bar.timeframe, bar.ts_open, bar.ts_close, open_, high, low, close, volume, bar.spread, bar.synthetic
    )


def _times(fault: ScheduledFault) -> int:
    """On how many occasions a fault acts."""
    return fault.size if fault.kind in (FaultKind.GAP, FaultKind.DUPLICATE, FaultKind.HISTORY_ROW_LOST) else 1
