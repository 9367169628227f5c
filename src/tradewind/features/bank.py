"""The features of one series: many indicators in one state, stepped by one compiled call a bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt, Misconfigured
from tradewind.features.definitions import definition_of
from tradewind.features.graph import Graph, Seeding, Slot
from tradewind.features.indicator import Indicator
from tradewind.features.schema import schema_hash
from tradewind.kernels import bank as kernel
from tradewind.kernels import opcodes as op
from tradewind.model.bar import BarColumns

SEEDINGS: Final = ("sma", "first")


class _Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """State of a bank as bytes; the schema says which bank may take it."""

    schema: str
    state: bytes


class FeatureBank:
    """Indicators of one symbol and timeframe, bar by bar or over columns, bit for bit the same.

    ``index`` maps keys to columns in the order given (repeats count once). ``values`` is the row of the last bar and
    ``previous`` the row before it: float64 ``(n,)``, read-only views of live state, NaN until warm. ``warmup`` is the
    number of bars after which every value is known.

    NaN rule: a bar with a non-finite open, high, low or close makes the whole row NaN and restarts every indicator,
    which then warms up as after a start; a non-finite volume does so for the indicators that read volume. (TA-Lib
    answers RSI 0 and NaN for ever after such a bar.) ``doubt`` says when values exist but a halted market makes them
    meaningless.

    Raises:
        Misconfigured: unknown seeding.
    """

    def __init__(self, indicators: Iterable[Indicator], seeding: Seeding = "sma") -> None:
        if seeding not in SEEDINGS:
            raise Misconfigured(f"seeding {seeding!r}", where="feature bank", allowed=", ".join(SEEDINGS))
        self.indicators: Final = tuple(dict.fromkeys(indicators))
        self.seeding: Final = seeding
        self.index: Final[Mapping[str, int]] = MappingProxyType(
            {indicator.key: column for column, indicator in enumerate(self.indicators)}
        )
        self.schema_hash: Final = schema_hash(self.index, seeding)
        graph = Graph(seeding)
        slots = [_slot_of(graph, indicator) for indicator in self.indicators]
        self.first_valid: Final = tuple(graph.first(slot) for slot in slots)
        self.warmup: Final = max(self.first_valid, default=-1) + 1
        self._program, self._state = graph.assemble(slots)
        self._fresh = self._state.copy()
        n = len(slots)
        self.values: Final = _read_only(self._state[:n])
        self.previous: Final = _read_only(self._state[n : 2 * n])

    def layout(self) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
        """``(program, fresh state)`` as ``kernels.opcodes`` describes them, the state a copy."""
        return self._program, self._fresh.copy()

    def step(
        self,
        ts_close: int,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float,
    ) -> None:
        """Takes the next bar; ``values`` and ``previous`` change in place. Times are UTC nanoseconds, bars in order."""
        kernel.step(self._program, self._state, ts_close, open, high, low, close, volume)

    def batch(self, columns: BarColumns) -> NDArray[np.float64]:
        """Takes many bars and returns their rows, ``(n_bars, n)``; the bank stands after the last one.

        Raises:
            Misconfigured: the columns differ in length.
        """
        n_bars = len(columns.ts_close)
        inputs = [columns.open, columns.high, columns.low, columns.close, columns.volume]
        if any(len(column) != n_bars for column in inputs):
            raise Misconfigured(
                f"columns of {[n_bars, *map(len, inputs)]} bars", where="feature bank", allowed="columns of one length"
            )
        rows = np.empty((n_bars, len(self.indicators)))
        # a view or a read-only map would have another type for the compiler, and be compiled for while somebody waits
        ts_close = np.require(columns.ts_close, np.int64, ("C", "W"))
        open_, high, low, close, volume = (np.require(column, np.float64, ("C", "W")) for column in inputs)
        kernel.batch(self._program, self._state, ts_close, open_, high, low, close, volume, rows)
        return rows

    @property
    def good_run(self) -> int:
        """Bars since the start or the last bar with a non-finite price."""
        return int(self._state[2 * len(self.indicators) + op.GOOD_RUN])

    @property
    def flat_run(self) -> int:
        """Bars in a row without range or gap: high = low = the close before."""
        return int(self._state[2 * len(self.indicators) + op.FLAT_RUN])

    def doubt(self) -> str:
        """Why the row must not be acted on, or ``""``: ``nan`` (last bar unusable), ``warmup``, ``flat``.

        ``flat``: the market stood still for ``FLAT_LIMIT`` bars, so that oscillators show what their formula makes of
        0/0 (RSI 0 looks oversold) and ranges are 0.
        """
        if self.good_run == 0:
            return "nan"
        if self.good_run < self.warmup:
            return "warmup"
        return "flat" if self.flat_run >= FLAT_LIMIT else ""

    def reset(self) -> None:
        """Forgets every bar."""
        self._state[:] = self._fresh

    def snapshot(self) -> bytes:
        """The whole state; restoring it continues bit for bit."""
        return msgspec.msgpack.encode(_Snapshot(self.schema_hash, self._state.tobytes()))

    def restore(self, blob: bytes) -> None:
        """Takes the state of a bank with the same indicators, order and seeding.

        Raises:
            Corrupt: the bytes are no snapshot, or one of another bank; nothing was changed.
        """
        try:
            snapshot = msgspec.msgpack.decode(blob, type=_Snapshot)
        except msgspec.DecodeError as error:
            raise Corrupt(f"unreadable snapshot: {error}", where="feature bank") from error
        if snapshot.schema != self.schema_hash:
            raise Corrupt(
                f"snapshot of schema {snapshot.schema[:12]}",
                where="feature bank",
                allowed=f"schema {self.schema_hash[:12]}",
                next_step="rebuild the state from the bars",
            )
        if len(snapshot.state) != self._state.nbytes:
            raise Corrupt(
                f"{len(snapshot.state)} bytes of state", where="feature bank", allowed=f"{self._state.nbytes}"
            )
        self._state[:] = np.frombuffer(snapshot.state, dtype=np.float64)


FLAT_LIMIT: Final = 5
"""Still bars after which a row is doubted: short enough for RSI(7), long enough for a quiet minute or two."""


def _slot_of(graph: Graph, indicator: Indicator) -> Slot:
    definition = definition_of(indicator.kind)
    source: Slot = 0
    if indicator.source is not None:
        source = _slot_of(graph, indicator.source)
    elif definition.source == "close":
        source = op.CLOSE
    outputs = definition.build(graph, source, *indicator.params)
    names = [output.name for output in definition.outputs]
    slot: Slot = outputs[names.index(indicator.output)]
    return slot


def _read_only(view: NDArray[np.float64]) -> NDArray[np.float64]:
    view.flags.writeable = False
    return view


def warm_caches() -> None:
    """Compiles the kernels, or loads them from the cache, so that no candle ever waits for a compiler."""
    bank = FeatureBank([Indicator("close")])
    one = np.ones(1)
    bank.step(0, 1.0, 1.0, 1.0, 1.0, 0.0)
    bank.batch(BarColumns(np.zeros(1, np.int64), np.zeros(1, np.int64), one, one, one, one, one, one))
