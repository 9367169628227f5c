"""Longer bars from arbitrary shorter ones, some of them missing."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.engine.aggregate import Aggregator, aggregate
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.event import BarMissing
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, Timeframe

TARGETS = (Timeframe.H4, Timeframe.D1)
# Thursday before a United States clock change, so that week-end, change and Monday all lie within ten days.
STARTS = {"fx": 1_772_658_000, "metals": 1_761_854_400, "crypto": 1_772_658_000}


@st.composite
def markets(draw: st.DrawFn) -> tuple[str, list[Bar | BarMissing]]:
    """A calendar and the events of up to ten days of hours, each a bar or missing."""
    name = draw(st.sampled_from(sorted(STARTS)))
    start = STARTS[name] * 1_000_000_000 + draw(st.integers(0, 30)) * HOUR
    spans = calendar_of(name).expected_closes(start, start + 10 * DAY, Timeframe.H1)[: draw(st.integers(1, 180))]
    walk = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share = draw(st.sampled_from([0.0, 0.1, 0.6]))
    events: list[Bar | BarMissing] = []
    for begin, end in spans:
        if walk.random() < share:
            events.append(BarMissing("A/B", Timeframe.H1, begin, end))
            continue
        low, open_, close, high = sorted(walk.uniform(1.0, 2.0, 4).tolist())
        spread = None if walk.random() < 0.5 else float(walk.uniform(0, 0.01))
        events.append(Bar("A/B", Timeframe.H1, begin, end, open_, high, low, close, float(walk.integers(0, 9)), spread))
    return name, events


def run(name: str, events: list[Bar | BarMissing]) -> list[Bar | BarMissing]:
    stream = Aggregator("A/B", calendar_of(name), Timeframe.H1, TARGETS)
    made: list[Bar | BarMissing] = []
    for event in events:
        made.extend(stream.on_bar(event) if isinstance(event, Bar) else stream.on_missing(event))
    return made


@settings(max_examples=150, deadline=None)
@given(markets())
def test_a_longer_bar_is_made_of_exactly_the_bars_in_its_interval(market: tuple[str, list[Bar | BarMissing]]) -> None:
    """Open, extremes, close, volume and spread follow from the definition; an interval without bars is missing."""
    name, events = market
    for made in run(name, events):
        parts = [
            event
            for event in events
            if isinstance(event, Bar) and made.ts_open <= event.ts_open and event.ts_close <= made.ts_close
        ]
        if isinstance(made, BarMissing):
            assert parts == []
            continue
        assert (made.open, made.close) == (parts[0].open, parts[-1].close)
        assert made.high == max(part.high for part in parts)
        assert made.low == min(part.low for part in parts)
        assert made.volume == sum(part.volume for part in parts)
        known = [part.spread for part in parts if part.spread is not None]
        assert made.spread == (known[-1] if known else None)
        assert made.fault() == ""


@settings(max_examples=100, deadline=None)
@given(markets())
def test_every_expected_interval_ends_in_exactly_one_bar_or_one_absence(
    market: tuple[str, list[Bar | BarMissing]],
) -> None:
    """From the first whole interval to the last ended one, nothing is skipped and nothing told twice."""
    name, events = market
    calendar = calendar_of(name)
    made = run(name, events)
    for target in TARGETS:
        spans = [(one.ts_open, one.ts_close) for one in made if one.timeframe is target]
        begun = calendar.bucket(events[0].ts_open, target)
        unseen = calendar.expected_closes(begun[0], events[0].ts_open, Timeframe.H1)
        after = begun[1] if unseen else begun[0]
        assert spans == calendar.expected_closes(after, events[-1].ts_close, target)


@settings(max_examples=100, deadline=None)
@given(markets(), st.integers(0, 180))
def test_a_prefix_of_the_events_gives_a_prefix_of_the_bars(
    market: tuple[str, list[Bar | BarMissing]], cut: int
) -> None:
    """Nothing that comes later changes a closed bar, and none is known before it ends."""
    name, events = market
    whole, part = run(name, events), run(name, events[:cut])
    assert part == whole[: len(part)]
    assert all(made.ts_close <= events[cut - 1].ts_close for made in part[-1:] if cut <= len(events))


@settings(max_examples=80, deadline=None)
@given(markets())
def test_batch_gives_the_bars_of_the_stream(market: tuple[str, list[Bar | BarMissing]]) -> None:
    """The same bars as columns: all bars the stream closed, but for one that only an absence has closed."""
    name, events = market
    bars = [event for event in events if isinstance(event, Bar)]
    if not bars or not isinstance(events[0], Bar):
        return
    floats = [[getattr(bar, field) for bar in bars] for field in ("open", "high", "low", "close", "volume")]
    columns = BarColumns(
        np.array([bar.ts_open for bar in bars]),
        np.array([bar.ts_close for bar in bars]),
        *(np.array(values) for values in floats),
        np.array([math.nan if bar.spread is None else bar.spread for bar in bars]),
    )
    streamed = [made for made in run(name, bars) if isinstance(made, Bar)]
    for target in TARGETS:
        batch = aggregate(columns, calendar_of(name), target)
        mine = [made for made in streamed if made.timeframe is target]
        assert batch.ts_close.tolist() == [made.ts_close for made in mine]
        for field in ("open", "high", "low", "close", "volume"):
            assert getattr(batch, field).tolist() == [getattr(made, field) for made in mine]
