"""Explainable silence: every bar close of every configured timeframe ends in exactly one decision, come what may."""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import scene
from tests.scene import Tape
from tradewind.adapters.market.simulated_faults import FaultKind, MarketFaults
from tradewind.adapters.replay_feed import Recording
from tradewind.app.wiring import engine_for
from tradewind.engine.plausibility import CONFIRMED, SCALE
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.event import BarClosed, BarMissing
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe

SYMBOLS = ("BTC/USDT", "EUR/USD", "XAU/USD")
# 1 January; the days before the clocks of New York go forward (8 March) and back (1 November) in 2020.
STARTS = (1_577_836_800 * 10**9, 1_583_366_400 * 10**9, 1_603_929_600 * 10**9)


def owed(one: Recording, tape: Tape, timeframe: Timeframe) -> list[int]:
    """Closes a series owes a decision for: from its first bar on; of a longer one from its first whole bar."""
    calendar = calendar_of(
        next(plan.instrument.calendar for plan in tape.plan.symbols if plan.instrument.symbol == one.symbol)
    )
    first, last = int(one.columns.ts_open[0]), int(one.columns.ts_close[-1])
    start, end = calendar.bucket(first, timeframe)
    begins = end if calendar.expected_closes(start, first, one.timeframe) else start
    return [close for opened, close in calendar.expected_closes(begins, last, timeframe) if opened >= begins]


def decided(tape: Tape, symbol: str, timeframe: Timeframe) -> list[int]:
    rows = scene.decision_rows(tape.entries)
    return [ts for name, interval, ts, _ in rows if name == symbol and interval == timeframe]


def hold_every_close(tape: Tape) -> None:
    for one in tape.recordings:
        for timeframe in (Timeframe.H1, Timeframe.H4):
            assert decided(tape, one.symbol, timeframe) == owed(one, tape, timeframe), f"{one.symbol} {timeframe}"


def test_every_close_of_the_market_of_the_checks_is_decided_once() -> None:
    """Around the clock and with week-ends, both timeframes, in the calendar's order."""
    tape = scene.planted()
    scene.enough(tape)
    hold_every_close(tape)
    print(Counter(kind for *_, kind in scene.decision_rows(tape.entries)))


FAULTS = st.builds(
    MarketFaults,
    gaps=st.integers(0, 3),
    frozen=st.integers(0, 2),
    spikes=st.integers(0, 3),
    missing=st.integers(0, 4),
    duplicates=st.integers(0, 4),
    missing_bars=st.integers(1, 9),
    frozen_bars=st.integers(2, 7),
)


@settings(max_examples=50)
@given(
    faults=FAULTS,
    symbol=st.sampled_from(SYMBOLS),
    start=st.sampled_from(STARTS),
    seed=st.integers(0, 999),
    skip=st.integers(0, 30),
)
def test_every_close_is_decided_once_under_faults(
    faults: MarketFaults, symbol: str, start: int, seed: int, skip: int
) -> None:
    """Price gaps, frozen prices, spikes, holes, duplicates, clock changes, a start anywhere: one decision a close."""
    columns, injected = scene.market(symbol, 240, seed, faults, start)
    tape = scene.run([scene.recording(columns.slice(skip, len(columns.ts_open)), symbol)])
    hold_every_close(tape)
    missing = {entry.event.ts_close for entry in tape.entries if isinstance(entry.event, BarMissing)}
    holes = [one for one in injected if one.kind is FaultKind.MISSING and one.first > skip]
    inside = [one for one in holes if one.ts_close < int(columns.ts_close[-1])]
    assert all(one.ts_close in missing for one in inside)


def spoiled(bar: Bar, kind: str) -> Bar:
    """The bar as a broken feed would deliver it."""
    changes = {
        "nan": {"close": float("nan")},
        "negative": {"low": -bar.low},
        "zero": {"open": 0.0, "low": 0.0},
        "infinite": {"high": float("inf")},
        "x100": {name: getattr(bar, name) * 100.0 for name in ("open", "high", "low", "close")},
        "pence": {name: getattr(bar, name) / 100.0 for name in ("open", "high", "low", "close")},
        "x100 high": {"high": bar.high * 100.0},
        "inverted": {"high": bar.low, "low": bar.high + 1.0},
        "outside": {"close": bar.high * 1.5},
        "volume": {"volume": -1.0},
        "spread": {"spread": float("nan")},
    }
    return msgspec.structs.replace(bar, **changes[kind])


KINDS = {
    "nan": "bad_ohlc", "negative": "bad_price", "zero": "bad_price", "infinite": "bad_price", "x100": "bad_scale",
    "pence": "bad_scale", "x100 high": "bad_scale", "inverted": "bad_price", "outside": "bad_ohlc",
    "volume": "bad_volume", "spread": "bad_spread",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_bar_that_cannot_be_true_reaches_no_feature_and_no_trade(kind: str) -> None:
    """Its close ends in no-decision with the reason; bank, shadow book, rates and account are untouched."""
    columns, _ = scene.market("BTC/USDT", 60)
    engine = engine_for(scene.plan(["BTC/USDT"]))
    events = [entry.event for entry in scene.run([scene.recording(columns)]).entries[1:]]
    assert all(isinstance(event, BarClosed) for event in events)
    for event in events[:50]:
        engine.process(event)
    desk = engine.desks["BTC/USDT"]
    series = desk.series[Timeframe.H1]
    before = series.bank.snapshot(), series.shadow.snapshot(), engine.portfolio.snapshot(), engine.rates.snapshot()
    outputs = engine.process(msgspec.structs.replace(events[50], bar=spoiled(events[50].bar, kind)))
    after = series.bank.snapshot(), series.shadow.snapshot(), engine.portfolio.snapshot(), engine.rates.snapshot()
    assert after == before
    assert (type(outputs[0]), outputs[0].timeframe) == (NoDecision, Timeframe.H1)
    assert (outputs[0].reason.code, outputs[0].reason.detail) == ("bad_data", KINDS[kind])
    later = engine.process(events[51])
    assert later[0].reason.code == "warmup"


def test_a_new_scale_is_believed_once_enough_bars_agree_on_it() -> None:
    """A redenomination is not refused for ever: the bars that confirm it are no-decisions, then deciding goes on."""
    columns, _ = scene.market("BTC/USDT", 700)
    factor = np.where(np.arange(700) < 600, 1.0, 100.0)
    prices = [column * factor for column in columns[2:6]]
    moved = BarColumns(columns.ts_open, columns.ts_close, *prices, columns.volume, columns.spread * factor)
    tape = scene.run([scene.recording(moved)], both=False)
    bad = [one for one in tape.of(NoDecision) if one.reason.code == "bad_data"]
    assert SCALE < 100.0
    assert len(bad) == CONFIRMED - 1
    assert bad[0].ts == int(columns.ts_close[600])
    assert tape.of(NoTrade)[-1].ts == int(columns.ts_close[-1])


@pytest.mark.req("X17")
def test_a_feed_frozen_for_three_bars_trades_nothing_and_says_stale() -> None:
    """From the third bar without any movement on, until it moves again: no decision, reason `stale`."""
    faults = MarketFaults(frozen=8, frozen_bars=6)
    columns, injected = scene.market("BTC/USDT", 2000, 3, faults)
    tape = scene.run([scene.recording(columns)], both=False)
    at = {one.ts: one for kind in (NoDecision, NoTrade, Signal) for one in tape.of(kind)}
    seen = 0
    for fault in injected:
        closes = [int(ts) for ts in columns.ts_close[fault.first : fault.last + 1]]
        answers = [at[ts] for ts in closes]
        if answers[0].ts < int(columns.ts_close[560]):
            continue
        assert all(isinstance(one, NoDecision) and one.reason.code == "stale" for one in answers[2:])
        assert not isinstance(at[int(columns.ts_close[fault.last + 1])], NoDecision)
        seen += 1
    assert seen >= 4
    signals = {one.ts for one in tape.signals}
    assert not any(f.ts_open + 3 * Timeframe.H1.ns <= ts <= f.ts_close for f in injected for ts in signals)
