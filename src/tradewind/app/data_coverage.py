"""How much history there is for a series, and what is short of what is wanted."""

from __future__ import annotations

import msgspec

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.sealed.manifest import Dataset
from tradewind.errors import Unavailable
from tradewind.model.timeframe import DAY, Timeframe

YEAR_DAYS = 365.25


class Coverage(msgspec.Struct, frozen=True):
    """Bars of ``interval`` that are stored or can be aggregated from ``stored_as``; years between first and last."""

    symbol: str
    interval: Timeframe
    stored_as: Timeframe
    rows: int
    ts_first: int
    ts_last: int
    years: float
    wanted_years: float
    sources: tuple[str, ...]
    hash: str
    synthetic: int
    simulated: bool

    @property
    def shortfall(self) -> str:
        """What is lacking, in words; ``""`` when enough is there. A week short of the full years is enough."""
        short = self.wanted_years - self.years
        if short * YEAR_DAYS <= 7:
            return ""
        return f"{self.years:.2f} of {self.wanted_years:g} years, {short:.2f} years short"


def coverage(store: CandleStore, symbol: str, interval: Timeframe | None, years: float) -> tuple[Coverage, ...]:
    """Coverage of a symbol's series (all symbols when ``""``), of one interval or of all that are stored.

    An interval that is not stored itself is answered with the longest stored span of a shorter one, from which it is
    aggregated.

    Raises:
        Unavailable: nothing fits; the message lists what is stored.
        Corrupt: a series of the named symbol cannot be read, or none at all can.
    """
    every, unreadable = store.datasets(), store.unreadable(symbol)
    for fault in unreadable if symbol or not every else ():
        raise fault
    stored = [each for each in every if symbol in ("", each.symbol)]
    if interval is None:
        found = [_covered(each, each.timeframe, years) for each in stored]
    else:
        by_symbol: dict[str, list[Dataset]] = {}
        for each in stored:
            if each.timeframe.rank <= interval.rank:
                by_symbol.setdefault(each.symbol, []).append(each)
        found = [_covered(_best(sets, interval), interval, years) for sets in by_symbol.values()]
    if not found:
        have = ", ".join(f"{each.symbol} {each.timeframe}" for each in every)
        raise Unavailable(
            f"no bars of {symbol or 'any symbol'}{f' for {interval}' if interval else ''} are stored",
            where=str(store.folder),
            allowed=have or "nothing is stored yet",
            next_step=f"tradewind data import FILE --symbol {symbol or 'BASE/QUOTE'} --interval {interval or '1h'}",
        )
    return tuple(found)


def _best(sets: list[Dataset], interval: Timeframe) -> Dataset:
    own = next((each for each in sets if each.timeframe is interval), None)
    return own or max(sets, key=lambda each: (each.ts_last - each.ts_first, each.timeframe.rank))


def _covered(dataset: Dataset, interval: Timeframe, years: float) -> Coverage:
    return Coverage(
        symbol=dataset.symbol,
        interval=interval,
        stored_as=dataset.timeframe,
        rows=dataset.rows,
        ts_first=dataset.ts_first,
        ts_last=dataset.ts_last,
        years=(dataset.ts_last - dataset.ts_first) / DAY / YEAR_DAYS,
        wanted_years=years,
        sources=dataset.sources,
        hash=dataset.hash,
        synthetic=dataset.synthetic_rows,
        simulated=dataset.simulated,
    )
