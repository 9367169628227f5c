"""Stored candles as recordings of a run, with the hash of what was used."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from tradewind.adapters.replay_feed import Recording
from tradewind.app.signal_text import utc
from tradewind.app.workspace import Workspace
from tradewind.errors import Unavailable
from tradewind.model.timeframe import Timeframe


class Material(msgspec.Struct, frozen=True):
    """What a run is made of; ``data_hash`` covers the data sets and the range taken of them."""

    recordings: tuple[Recording, ...]
    bases: dict[str, Timeframe]
    data_hash: str
    simulated: bool
    synthetic: int

    @property
    def bars(self) -> int:
        """Bars in all recordings."""
        return sum(len(one.columns.ts_close) for one in self.recordings)


def material_for(
    workspace: Workspace,
    symbols: Sequence[str],
    *,
    interval: Timeframe | None = None,
    detail: str = "auto",
    start: int | None = None,
    end: int | None = None,
) -> Material:
    """The stored bars of ``symbols`` with ``start <= ts_open < end``.

    ``interval`` is the shortest timeframe decided on; ``detail`` says which stored bars it is made from, see
    ``Workspace.base_of``.

    Raises:
        Unavailable: nothing is stored for a symbol, or nothing lies in the range.
    """
    recordings, bases, parts = [], {}, []
    simulated, synthetic = False, 0
    for symbol in symbols:
        base = workspace.base_of(symbol, interval, detail)
        dataset = workspace.candles.dataset(symbol, base)
        columns = workspace.candles.read(symbol, base, start, end)
        if not len(columns.ts_close):
            raise Unavailable(
                f"no {symbol} {base} bars lie in the asked range",
                where="candles",
                allowed=f"{utc(dataset.ts_first)} to {utc(dataset.ts_last)}",
                next_step="widen --timerange, or import the missing bars",
            )
        sources = {segment.source for segment in dataset.segments}
        simulated |= any("SIMULATED" in source for source in sources)
        synthetic += dataset.synthetic_rows
        recordings.append(Recording(symbol, base, columns, "+".join(sorted(sources))))
        bases[symbol] = base
        parts.append(f"{symbol}|{base}|{dataset.hash}|{columns.ts_open[0]}|{columns.ts_close[-1]}")
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Material(tuple(recordings), bases, digest[:16], simulated, synthetic)
