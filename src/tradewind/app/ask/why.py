"""Why one bar was decided as it was: rebuilt from the store's journal or from stored candles, whichever knows more."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from tradewind.adapters.store.codec import encode_text
from tradewind.app.ask.candle_run import CandleRun
from tradewind.app.ask.catcher import Caught, ChainCatcher
from tradewind.app.ask.desk import Desk, Journaled, Span
from tradewind.app.ask.moment import moment
from tradewind.app.ask.nearest_change import Change, nearest_changes
from tradewind.app.ask.recorded import DecisionTable, Recorded
from tradewind.app.ask.store_run import chain_from_store
from tradewind.app.models.serving import library_for
from tradewind.app.signal_text import utc
from tradewind.app.stored_run import StoredRun, plan_of
from tradewind.engine.inspection import Chain
from tradewind.engine.plan import EnginePlan
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.model.decision import Decision
from tradewind.model.session import SessionCalendar, calendar_of
from tradewind.model.timeframe import DAY, Timeframe

Told = Callable[[int], None]


class Answer(msgspec.Struct, frozen=True):
    """A chain with what it rests on.

    ``origin`` is store or candles. ``recorded`` is what the store's run decided at that bar, null where it holds
    nothing; ``equal`` whether the chain's decision is the recorded one. ``source`` and ``cause`` say where the last
    base bar came from and why it was final; ``data`` names the data set or the journal entry.
    """

    symbol: str
    timeframe: Timeframe
    ts: int
    origin: str
    simulated: bool
    unproven: bool
    config_hash: str
    data: str
    source: str
    cause: str
    chain: Chain
    nearest: tuple[Change, ...]
    recorded: Decision | None
    equal: bool | None
    notes: tuple[str, ...]


def why(desk: Desk, symbol: str, time: str, on_steps: Told) -> Answer:
    """The chain of the last decision at or before ``time`` as typed (``""``: the latest).

    An answer about another bar than the one that was asked for says so in its notes.

    Raises:
        Misconfigured: the time is none or lies before the data, or the interval cannot be decided on.
        Unavailable: neither the store nor the candles know the pair.
    """
    found = _last_before(desk, symbol, time, on_steps)
    note = _other_bar(found, time, calendar_of(desk.instrument(symbol).calendar))
    return msgspec.structs.replace(found, notes=(*found.notes, note)) if note else found


def _other_bar(found: Answer, time: str, calendar: SessionCalendar) -> str:
    """Which bar is answered and why, where it is not the newest that can have closed by ``time``; else ``""``."""
    at = moment(time, found.ts) if time else found.ts
    if at < calendar.bucket(found.ts, found.timeframe)[1]:
        return ""
    why_not = "the market was closed then" if not calendar.is_open(at) else f"no {found.timeframe} bar is known of it"
    return f"{utc(at)} was asked for; {why_not}. This is the last decision before, of {utc(found.ts)}."


def _last_before(desk: Desk, symbol: str, time: str, on_steps: Told) -> Answer:
    span = desk.candles(symbol)
    with desk.journaled(symbol) as journaled:
        if journaled is None:
            if span is None:
                raise nothing_known(desk, symbol)
            return _from_candles(desk, symbol, _asked(time, span.first, span.last), None, (), on_steps)
        table = DecisionTable(journaled.store.database)
        timeframes = table.timeframes(symbol)
        timeframe = desk.interval if desk.interval in timeframes else next(iter(timeframes), None)
        newest = table.at_or_before(symbol, timeframe) if timeframe is not None else None
        if timeframe is None or newest is None or (desk.interval is not None and desk.interval is not timeframe):
            if span is None:
                raise nothing_known(desk, symbol)
            asked = _asked(time, span.first, span.last)
            return _from_candles(desk, symbol, asked, None, (), on_steps, journaled.run)
        first = table.first(symbol, timeframe) or newest.ts
        at = _asked(time, min(first, span.first) if span else first, max(newest.ts, span.last) if span else newest.ts)
        hit = table.at_or_before(symbol, timeframe, at)
        calendar = calendar_of(desk.instrument(symbol).calendar)
        covered = span is not None and last_close(calendar, timeframe, min(at, span.last)) >= span.first
        stored = span if covered else None
        return _from_either(desk, journaled, symbol, timeframe, at, hit, stored, on_steps)


def _from_either(
    desk: Desk,
    journaled: Journaled,
    symbol: str,
    timeframe: Timeframe,
    at: int,
    hit: Recorded | None,
    span: Span | None,
    on_steps: Told,
) -> Answer:
    """The store's answer where it is at least as new as that of the candles, and can be rebuilt."""
    calendar = calendar_of(desk.instrument(symbol).calendar)
    newest = -1 if span is None else last_close(calendar, timeframe, min(at, span.last))
    if hit is None or newest > hit.ts:
        return _from_candles(desk, symbol, at, hit, (), on_steps, journaled.run)
    try:
        plan = plan_of(journaled.run, desk.configure, journaled.store.database.path)
    except Misconfigured as fault:
        if span is None:
            raise
        note = f"the store's run cannot be rebuilt, so this is the chain of the present configuration: {fault}"
        return _from_candles(desk, symbol, at, hit, (note,), on_steps, journaled.run)
    return _rebuilt(desk, journaled, plan, hit, on_steps)


def recorded_chain(desk: Desk, journaled: Journaled, decision: Decision, on_steps: Told) -> Answer:
    """The chain of a decision the store's run recorded, rebuilt from its journal.

    Raises:
        Misconfigured: the run was made with another configuration or version.
        Corrupt: the decision comes out another one than was recorded.
    """
    plan = plan_of(journaled.run, desk.configure, journaled.store.database.path)
    table = DecisionTable(journaled.store.database)
    hit = table.at_or_before(decision.symbol, decision.timeframe, decision.ts)
    if hit is None or hit.ts != decision.ts:
        raise Corrupt(
            f"the decision table lacks {decision.symbol} {decision.timeframe} at {utc(decision.ts)}",
            where=str(journaled.store.database.path),
            next_step="run tradewind db check",
        )
    return _rebuilt(desk, journaled, plan, hit, on_steps)


def _rebuilt(desk: Desk, journaled: Journaled, plan: EnginePlan, hit: Recorded, on_steps: Told) -> Answer:
    return _answer(
        chain_from_store(
            journaled.store,
            journaled.run,
            plan,
            hit,
            on_steps,
            library_for(desk.config, plan, journaled.store.database.path),
        ),
        origin="store",
        simulated=journaled.run.started.simulated,
        unproven=journaled.run.started.unproven,
        config_hash=plan.config_hash,
        data=f"journal entry {hit.seq} of {journaled.store.database.path}",
        recorded=hit.decision,
        notes=(),
    )


def _from_candles(
    desk: Desk,
    symbol: str,
    at: int,
    hit: Recorded | None,
    notes: tuple[str, ...],
    on_steps: Told,
    begun: StoredRun | None = None,
) -> Answer:
    run = CandleRun(desk.config, symbol, begun=begun, empty=True)
    timeframe = desk.interval or run.own.timeframes[0]
    if timeframe not in run.own.timeframes:
        raise Misconfigured(
            f"{symbol} is not decided on {timeframe}",
            where="--interval",
            allowed=", ".join(run.own.timeframes),
            next_step=f"store {timeframe} or shorter candles, or ask for another interval",
        )
    closes = run.closes
    position = int(np.searchsorted(closes, at, side="right")) - 1
    last = int(closes[max(position, 0)])
    # A bucket with gaps is closed late or missing, so a few are looked at; the last one caught is the answer.
    first = last if timeframe is run.own.base else last - 4 * DAY - timeframe.ns
    catcher = ChainCatcher(run.engine, symbol, timeframe, first, at)
    run.run(last, catcher.watch, on_steps)
    if catcher.caught is None:
        raise Unavailable(
            f"no {timeframe} bar of {symbol} has closed at or before {utc(at)}",
            where="candles",
            allowed=f"{utc(int(closes[0]))} to {utc(int(closes[-1]))}",
            next_step="ask for a later time",
        )
    recorded = hit if hit is not None and hit.ts == catcher.caught.chain.decision.ts else None
    return _answer(
        catcher.caught,
        origin="candles",
        simulated=run.material.simulated,
        unproven=run.plan.unproven,
        config_hash=run.plan.config_hash,
        data=f"stored candles {run.material.data_hash}",
        recorded=None if recorded is None else recorded.decision,
        notes=notes,
    )


def _answer(
    caught: Caught,
    *,
    origin: str,
    simulated: bool,
    unproven: bool,
    config_hash: str,
    data: str,
    recorded: Decision | None,
    notes: tuple[str, ...],
) -> Answer:
    decision = caught.chain.decision
    return Answer(
        symbol=decision.symbol,
        timeframe=decision.timeframe,
        ts=decision.ts,
        origin=origin,
        simulated=simulated,
        unproven=unproven,
        config_hash=config_hash,
        data=data,
        source=caught.source,
        cause=caught.cause,
        chain=caught.chain,
        nearest=nearest_changes(caught.chain),
        recorded=recorded,
        equal=None if recorded is None else encode_text(recorded) == encode_text(decision),
        notes=notes,
    )


def last_close(calendar: SessionCalendar, timeframe: Timeframe, ts: int) -> int:
    """The last close of ``timeframe`` at or before ``ts``."""
    start, end = calendar.bucket(ts - 1, timeframe)
    return end if end <= ts else start


def nothing_known(desk: Desk, symbol: str) -> Unavailable:
    """Nothing of a known pair is stored: neither a run nor candles."""
    interval = desk.interval or desk.config.timeframes.intervals[0].interval
    return Unavailable(
        f"nothing is known of {symbol}: no run covers it and no candles of it are stored",
        where=str(desk.workspace.data),
        next_step=f"`tradewind data import FILE --symbol {symbol} --interval {interval}`, or `tradewind data fetch`",
    )


def _asked(time: str, first: int, last: int) -> int:
    """The moment as typed, the end of the data for none."""
    at = moment(time, last) if time else last
    if at < first:
        raise Misconfigured(
            f"{utc(at)} lies before the data",
            where="TIME",
            allowed=f"{utc(first)} to {utc(last)}",
            next_step="ask for a time in that range",
        )
    return at
