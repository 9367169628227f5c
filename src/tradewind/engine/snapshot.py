"""Engine state at a journal position. Always reproducible from the journal alone; it only shortens recovery."""

from __future__ import annotations

import msgspec

from tradewind.engine.holding import Holding
from tradewind.engine.pipeline import Engine
from tradewind.engine.plausibility import PriceWatch
from tradewind.engine.sequencer import Sequencer, SequencerState
from tradewind.engine.series import SeriesState
from tradewind.errors import Corrupt
from tradewind.model.timeframe import Timeframe


class DeskState(msgspec.Struct, frozen=True):
    """One symbol: its series by timeframe, its aggregator, its feed."""

    series: dict[str, SeriesState]
    aggregator: bytes
    watch: PriceWatch
    stale: bool
    holding: Holding | None
    banks: dict[str, bytes] = {}


class EngineState(msgspec.Struct, frozen=True):
    """Everything later outputs depend on."""

    desks: dict[str, DeskState]
    broker: bytes
    portfolio: bytes
    rates: bytes
    paused: bool
    sequencer: SequencerState
    silenced: tuple[str, ...] = ()
    guard: bytes = b""
    account: bytes = b""
    volatility: bytes = b""
    book: bytes = b""
    learning: bytes = b""
    fallback: bytes = b""
    modes: bytes = b""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(EngineState)


def snapshot_engine(engine: Engine, sequencer: Sequencer) -> bytes:
    """The state as msgpack bytes."""
    desks = {
        symbol: DeskState(
            series={str(timeframe): series.snapshot() for timeframe, series in desk.series.items()},
            aggregator=desk.aggregator.snapshot(),
            watch=desk.watch,
            stale=desk.stale,
            holding=desk.holding,
            banks={} if desk.banks is None else desk.banks.snapshot(),
        )
        for symbol, desk in engine.desks.items()
    }
    return _ENCODER.encode(
        EngineState(
            desks=desks,
            broker=engine.broker.snapshot(),
            portfolio=engine.portfolio.snapshot(),
            rates=engine.rates.snapshot(),
            paused=engine.paused,
            sequencer=sequencer.state(),
            silenced=tuple(sorted(engine.silenced)),
            guard=engine.guard.snapshot(),
            volatility=b"" if engine.volatility is None else engine.volatility.snapshot(),
            account=b"" if engine.account is None else engine.account.snapshot(),
            book=engine.book.snapshot(),
            learning=b"" if engine.learning is None else engine.learning.snapshot(),
            fallback=b"" if engine.fallback is None else engine.fallback.snapshot(),
            modes=b"" if engine.modes is None else engine.modes.snapshot(),
        )
    )


def restore_engine(engine: Engine, sequencer: Sequencer, state: bytes) -> None:
    """Continues from ``state``.

    Raises:
        Corrupt: the bytes are no engine state, or one of other symbols or timeframes.
    """
    try:
        found = _DECODER.decode(state)
    except msgspec.DecodeError as error:
        raise Corrupt(f"unreadable snapshot ({error})", next_step="delete it; the journal alone is enough") from error
    if set(found.desks) != set(engine.desks):
        raise Corrupt(f"a snapshot of {', '.join(found.desks)}", allowed=", ".join(engine.desks))
    for symbol, desk in engine.desks.items():
        saved = found.desks[symbol]
        if desk.banks is not None:
            desk.banks.restore(saved.banks)
        for timeframe, series_state in saved.series.items():
            desk.series[Timeframe(timeframe)].restore(series_state, engine.models)
        desk.aggregator.restore(saved.aggregator)
        desk.watch, desk.stale = saved.watch, saved.stale
        desk.holding = saved.holding
    engine.broker.restore(found.broker)
    engine.portfolio.restore(found.portfolio)
    engine.rates.restore(found.rates)
    engine.book.restore(found.book)
    engine.paused = found.paused
    if engine.learning is not None:
        engine.learning.restore(found.learning)
    if engine.modes is not None:
        engine.modes.restore(found.modes)
    engine.silence(frozenset(found.silenced))
    engine.guard.restore(found.guard)
    if engine.volatility is not None:
        engine.volatility.restore(found.volatility)
    if engine.account is not None:
        engine.account.restore(found.account)
    if engine.fallback is not None:
        engine.fallback.restore(found.fallback)
    sequencer.restore(found.sequencer)
