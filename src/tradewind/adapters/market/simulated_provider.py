"""The simulated market behind the provider contract: no key, no network, the same bars for the same seed."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

import numpy as np

from tradewind.adapters.market.provider_settings import ProviderSettings
from tradewind.adapters.market.simulated import SOURCE, START, simulate, spec_for
from tradewind.adapters.market.simulated_edge import PlantedEdge
from tradewind.errors import Misconfigured
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import Capabilities, FeedItem, Health, MarketProvider, Update
from tradewind.ports.transport import Transport

_STREAM_AHEAD: Final = 60 * DAY


class SimulatedProvider:
    """One endless SIMULATED market per instrument, each from its own seed, starting at ``start``.

    Only the base ``timeframe`` is served; longer bars are aggregated from it as for every other source. Asking for a
    later end extends a market and never rewrites what was served before.
    """

    name = "simulated"

    def __init__(
        self,
        instruments: Iterable[Instrument],
        clock: Clock,
        *,
        seed: int,
        timeframe: Timeframe = Timeframe.H1,
        start: int = START,
        edge: PlantedEdge | None = None,
    ) -> None:
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._clock = clock
        self._seed = seed
        self._timeframe = timeframe
        self._start = start
        self._edge = edge
        self._markets: dict[str, BarColumns] = {}
        self._open = True
        self.capabilities = Capabilities(
            timeframes=(timeframe,),
            stream=True,
            gives_spread=True,
            asset_classes=tuple(sorted({i.asset_class.value for i in self._instruments.values()})),
        )

    def symbols(self) -> tuple[str, ...]:
        """Canonical symbols, sorted."""
        return tuple(sorted(self._instruments))

    def venue_symbol(self, symbol: str) -> str:
        """The canonical symbol itself; raises ``Misconfigured`` for one that is not simulated."""
        if symbol not in self._instruments:
            raise Misconfigured(
                f"no simulated market for {symbol!r}",
                where=self.name,
                allowed=", ".join(self.symbols()),
                next_step="use one of these, or describe the instrument in the configuration",
            )
        return symbol

    async def self_test(self) -> Health:
        """Always well; says that the data is SIMULATED and from which seed."""
        planted = "no edge" if self._edge is None else f"planted {self._edge.kind.value} edge"
        return Health(self.name, "ok", f"{SOURCE} market, seed {self._seed}, {planted}", latency_ms=0.0)

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """Bars with ``start <= ts_open < end`` that have closed; none exist before the start of the market."""
        found = self._bars(self.venue_symbol(symbol), self._served(timeframe), start, min(end, self._clock.now()))
        return [bar for bar in found if bar.ts_close <= self._clock.now()]

    async def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        """Every bar that closes after now, at its close by the clock, until the provider is closed."""
        after = self._clock.now()
        self._served(timeframe)
        for symbol in symbols:
            self.venue_symbol(symbol)
        while not self._ended():
            until = after + _STREAM_AHEAD
            ahead = [self._closing(symbol, timeframe, after, until) for symbol in symbols]
            for bar in heapq.merge(*ahead, key=lambda bar: (bar.ts_close, bar.symbol)):
                await self._clock.sleep_until(self._clock.monotonic() + max(0, bar.ts_close - self._clock.now()))
                if self._ended():
                    return
                yield Update(bar, closed=True, ts_recv=self._clock.now(), source=self.name)
            after = until

    async def close(self) -> None:
        """Ends every stream before its next bar."""
        self._open = False

    def _ended(self) -> bool:
        return not self._open

    def _closing(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> list[Bar]:
        """Bars with ``after < ts_close <= until``."""
        bars = self._bars(symbol, timeframe, after - 2 * timeframe.ns, until)
        return [bar for bar in bars if after < bar.ts_close <= until]

    def _bars(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> list[Bar]:
        columns = self._market(symbol, timeframe, end)
        first, last = np.searchsorted(columns.ts_open, [start, end]).tolist()
        return bars_of(columns.slice(first, last), symbol, timeframe)

    def _served(self, timeframe: Timeframe) -> Timeframe:
        if timeframe is not self._timeframe:
            raise Misconfigured(
                f"no {timeframe.value} bars",
                where=self.name,
                allowed=self._timeframe.value,
                next_step="longer bars are aggregated from these",
            )
        return timeframe

    def _market(self, symbol: str, timeframe: Timeframe, end: int) -> BarColumns:
        """The market of a symbol, at least up to ``end``; a longer one begins with the shorter one."""
        known = self._markets.get(symbol)
        if known is None or int(known.ts_close[-1]) < end:
            bars = max(1, (end - self._start) // timeframe.ns + 1)
            # Twice what is known, so that a long stream does not start over at every step.
            bars = max(bars, 2 * (0 if known is None else int(known.ts_open.size)))
            spec = spec_for(
                self._instruments[symbol], bars=bars, timeframe=timeframe, start=self._start, edge=self._edge
            )
            known = self._markets[symbol] = simulate(spec, market_generator(self._seed, symbol))
        return known


class SimulatedFactory:
    """Makes ``simulated``; options ``timeframe`` (1h) and ``seed`` (7) say which market."""

    name = "simulated"
    names: tuple[str, ...] = ("simulated",)
    classes: tuple[str, ...] = ("crypto", "fx", "metal")
    bar_time = "stamped with the open in UTC; closed one interval later; bid prices with spread"
    notes = f"{SOURCE}: a made-up market in a time of its own, no network, the same bars for the same seed"

    def secrets_of(self, name: str) -> tuple[str, ...]:
        """None."""
        return ()

    def create(self, name: str, settings: ProviderSettings, clock: Clock, transport: Transport) -> MarketProvider:
        """The market of the settings' symbols, of all built-in instruments where none are named."""
        symbols = settings.symbols or tuple(INSTRUMENTS)
        return SimulatedProvider(
            [INSTRUMENTS[symbol] for symbol in symbols if symbol in INSTRUMENTS],
            clock,
            seed=int(settings.options.get("seed", "7")),
            timeframe=Timeframe.parse(settings.options.get("timeframe", "1h")),
        )


PROVIDER = SimulatedFactory()


def market_generator(seed: int, symbol: str) -> np.random.Generator:
    """The generator of one symbol's market: a function of seed and name, so that adding a symbol moves no other."""
    return np.random.default_rng(np.random.SeedSequence([seed, *symbol.encode()]))


def bars_of(columns: BarColumns, symbol: str, timeframe: Timeframe) -> list[Bar]:
    """Columns as bars, oldest first."""
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Bar(symbol, timeframe, *row) for row in rows]
