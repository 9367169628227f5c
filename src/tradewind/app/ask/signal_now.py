"""The signal for one pair now: the last decision of each timeframe, and whether it may still be acted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tradewind.app.ask.candle_run import CandleRun
from tradewind.app.ask.desk import Desk, Journaled
from tradewind.app.ask.freshness import Freshness, freshness, market_state
from tradewind.app.ask.published import PublishedSignal, published
from tradewind.app.ask.recorded import DecisionTable
from tradewind.app.signal_text import utc
from tradewind.app.stored_run import StoredRun
from tradewind.engine.inspection import reasons_of
from tradewind.errors import Unavailable
from tradewind.model.decision import Decision, NoDecision, NoTrade, Reason, Signal
from tradewind.model.event import BarClosed, InputEvent
from tradewind.model.instrument import Instrument
from tradewind.model.output import Output
from tradewind.model.timeframe import Timeframe
from tradewind.risk.zone import still_valid

_LAST = "SELECT ts_close, close FROM candles WHERE symbol = ? AND timeframe = ? ORDER BY ts_open DESC LIMIT 1"


class DecisionNow(msgspec.Struct, frozen=True):
    """The last decision of one timeframe, judged at this moment.

    ``state`` is valid, EXPIRED or price_left_zone for a signal, no_trade or no_decision else; ``blocked_by`` is the
    first reason's code, ``reasons`` all of them, or why a signal must not be acted on any more.
    """

    timeframe: Timeframe
    ts: int
    state: str
    blocked_by: str
    signal: PublishedSignal | None
    reasons: tuple[Reason, ...]
    decision: Decision


class SignalNow(msgspec.Struct, frozen=True):
    """The answer to "what about this pair": ``origin`` is store or candles, ``data`` says how old the bars are."""

    symbol: str
    now: int
    origin: str
    where: str
    config_hash: str
    simulated: bool
    unproven: bool
    data: Freshness
    decisions: tuple[DecisionNow, ...]


def signal_now(desk: Desk, symbol: str, now: int, on_bars: Callable[[int], None]) -> SignalNow:
    """The store's latest decisions where its last bar is at least as new as the newest candle, else a fresh run.

    Raises:
        Unavailable: nothing of the pair is stored; the message says what is known about the cause.
        Rejected: no strategy is proven on it, so that nobody may speak.
    """
    span = desk.candles(symbol)
    with desk.journaled(symbol) as journaled:
        if journaled is not None:
            last = _last_bar(journaled, symbol)
            decided = desk.interval is None or desk.interval in DecisionTable(journaled.store.database).timeframes(
                symbol
            )
            if last is not None and (span is None or (decided and last[0] >= span.last)):
                return _from_store(desk, journaled, symbol, last, now)
        begun = None if journaled is None else journaled.run
    if span is None:
        raise _no_data(desk, symbol, now)
    return _from_candles(desk, symbol, now, begun, on_bars)


def _from_store(desk: Desk, journaled: Journaled, symbol: str, last: tuple[int, float], now: int) -> SignalNow:
    table = DecisionTable(journaled.store.database)
    wanted = (desk.interval,) if desk.interval else table.timeframes(symbol)
    found = [table.at_or_before(symbol, timeframe) for timeframe in wanted]
    decisions = [one.decision for one in found if one is not None]
    if not decisions:
        raise Unavailable(
            f"the run does not decide {symbol} on {desk.interval}",
            where=str(journaled.store.database.path),
            allowed=", ".join(table.timeframes(symbol)),
            next_step="ask for one of these, or without --interval",
        )
    base = journaled.run.bases[symbol]
    return SignalNow(
        symbol=symbol,
        now=now,
        origin="store",
        where=str(journaled.store.database.path),
        config_hash=journaled.run.started.config_hash,
        simulated=journaled.run.started.simulated,
        unproven=journaled.run.started.unproven,
        data=freshness(desk.instrument(symbol), base, last[0], now),
        decisions=tuple(judged(one, last[1], now) for one in decisions),
    )


def _from_candles(
    desk: Desk, symbol: str, now: int, begun: StoredRun | None, on_bars: Callable[[int], None]
) -> SignalNow:
    run = CandleRun(desk.config, symbol, begun=begun)
    newest = _Newest(symbol)
    until = int(run.closes[-1])
    run.run(until, newest.watch, on_bars)
    wanted = (desk.interval,) if desk.interval else run.own.timeframes
    decisions = [newest.decisions[timeframe] for timeframe in wanted if timeframe in newest.decisions]
    if not decisions:
        raise Unavailable(
            f"no bar of {symbol} was decided on {', '.join(wanted)}",
            where="candles",
            allowed=", ".join(run.own.timeframes),
            next_step="store more candles, or ask for another interval",
        )
    return SignalNow(
        symbol=symbol,
        now=now,
        origin="candles",
        where=f"stored candles {run.material.data_hash}",
        config_hash=run.plan.config_hash,
        simulated=run.material.simulated,
        unproven=run.plan.unproven,
        data=freshness(desk.instrument(symbol), run.own.base, until, now),
        decisions=tuple(judged(one, newest.close, now) for one in decisions),
    )


def judged(decision: Decision, price: float, now: int) -> DecisionNow:
    """A decision as it stands at ``now`` with the last close at ``price``."""
    reasons = reasons_of(decision)
    state = "no_trade" if isinstance(decision, NoTrade) else "no_decision"
    if isinstance(decision, Signal):
        over = still_valid(decision, price, now)
        reasons = () if over is None else (over,)
        state = "valid" if over is None else "EXPIRED" if over.code == "expired" else over.code
    return DecisionNow(
        timeframe=decision.timeframe,
        ts=decision.ts,
        state=state,
        blocked_by=reasons[0].code if reasons else "",
        signal=published(decision) if isinstance(decision, Signal) else None,
        reasons=reasons,
        decision=decision,
    )


class _Newest:
    """Keeps the last decision of each timeframe and the last close of a pair."""

    def __init__(self, symbol: str) -> None:
        self.decisions: dict[Timeframe, Decision] = {}
        self.close = 0.0
        self._symbol = symbol

    def watch(self, event: InputEvent, outputs: Sequence[Output]) -> None:
        if isinstance(event, BarClosed) and event.bar.symbol == self._symbol:
            self.close = event.bar.close
        for output in outputs:
            if isinstance(output, Signal | NoTrade | NoDecision) and output.symbol == self._symbol:
                self.decisions[output.timeframe] = output


def _last_bar(journaled: Journaled, symbol: str) -> tuple[int, float] | None:
    database = journaled.store.database
    _, rows = database.query(_LAST, (symbol, journaled.run.bases[symbol].value))
    return (int(rows[0][0]), float(rows[0][1])) if rows else None


def _no_data(desk: Desk, symbol: str, now: int) -> Unavailable:
    """Nothing is stored of a known pair: symbol, market and connection apart, so that the cause can be seen."""
    instrument: Instrument = desk.instrument(symbol)
    market, next_open = market_state(instrument, now)
    state = "its market is open" if next_open is None else f"its market is closed ({market}) until {utc(next_open)}"
    interval = desk.interval or desk.config.timeframes.intervals[0].interval
    return Unavailable(
        f"no signal for {symbol}: no candles of it are stored and no run covers it. The symbol is known, {state},"
        " and no provider was asked",
        where=str(desk.workspace.data / "candles"),
        next_step=f"`tradewind data fetch --symbol {symbol} --interval {interval}` or `tradewind data import FILE`;"
        " `tradewind data ping` checks the connection",
    )
