"""One order of events, whatever order they arrived in."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.engine.sequencer import Sequencer, SeriesKey, event_close
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, BarMissing, BarRevised
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, MINUTE, Timeframe

MONDAY = 1_704_067_200_000_000_000  # 2024-01-08 00:00 would be open; 2024-01-01 is a holiday, so start a week later
START = MONDAY + 7 * DAY
FX = SeriesKey("EUR/USD", Timeframe.H1)
COIN = SeriesKey("BTC/USDT", Timeframe.M5)


def closed(key: SeriesKey, n: int, close: float = 1.1, cause: str = "venue") -> BarClosed:
    ts = START + n * key.timeframe.ns
    return BarClosed(Bar(key.symbol, key.timeframe, ts, ts + key.timeframe.ns, 1.1, 1.2, 1.0, close, 1.0), cause)


def sequencer() -> Sequencer:
    return Sequencer({FX: calendar_of("fx"), COIN: calendar_of("crypto")})


def test_equal_closes_come_in_canonical_series_order() -> None:
    """BTC/USDT sorts before EUR/USD at the same close, however they were pushed."""
    one = sequencer()
    for event in (closed(FX, 0), *(closed(COIN, n) for n in range(12))):
        one.push(event)
    released = one.release(START + HOUR)
    assert [event_close(event) for event in released] == sorted(event_close(event) for event in released)
    assert [event.bar.symbol for event in released[-2:]] == ["BTC/USDT", "EUR/USD"]


def test_a_hole_becomes_a_missing_bar_once_the_watermark_has_passed() -> None:
    """The bar that never came is named with its interval; before the watermark nothing is said."""
    one = sequencer()
    one.push(closed(FX, 0))
    one.push(closed(FX, 2))
    assert [type(event) for event in one.release(START + HOUR)] == [BarClosed]
    assert one.owed(FX, START + 3 * HOUR) == [(START + HOUR, START + 2 * HOUR)]
    released = one.release(START + 3 * HOUR)
    assert released == [
        BarMissing("EUR/USD", Timeframe.H1, START + HOUR, START + 2 * HOUR),
        closed(FX, 2),
    ]


@pytest.mark.req("X07")
def test_the_weekend_owes_nothing() -> None:
    """From Friday 17:00 to Sunday 17:00 New York no bar is missing."""
    one = sequencer()
    one.push(closed(FX, 0))
    released = one.release(START + 7 * DAY - 1)
    missing = [event for event in released if isinstance(event, BarMissing)]
    expected = calendar_of("fx").expected_closes(START + HOUR, START + 7 * DAY - 1, Timeframe.H1)
    assert [(event.ts_open, event.ts_close) for event in missing] == expected
    assert len(missing) == 7 * 24 - 48 - 2  # a week less the weekend, the first bar, and the close not yet due


def test_a_repeat_is_nothing_and_a_correction_is_a_revision() -> None:
    """Before and after release alike."""
    one = sequencer()
    assert one.push(closed(FX, 0)) is None
    assert one.push(closed(FX, 0)) is None
    changed = closed(FX, 0, close=1.15)
    assert one.push(changed) == BarRevised(changed.bar)
    one.release(START + HOUR)
    assert one.push(closed(FX, 0)) is None
    assert one.push(changed) == BarRevised(changed.bar)


def test_a_bar_after_its_close_was_given_up_is_a_late_arrival_without_effect() -> None:
    """Declared missing, then delivered: past decisions stand."""
    one = sequencer()
    one.push(closed(FX, 0))
    one.release(START + 2 * HOUR)
    one.push(closed(FX, 1))
    assert one.release(START + 2 * HOUR) == []


def test_a_bar_that_is_no_interval_of_the_calendar_is_recorded_and_not_decided_on() -> None:
    """A shifted, an early cut and an overlong bar are revisions; the bars due in their place are missing."""
    one = sequencer()
    one.push(closed(FX, 0))
    good = closed(FX, 1).bar
    for shift, cut in ((15 * MINUTE, 0), (0, 20 * MINUTE), (0, -HOUR)):
        odd = msgspec.structs.replace(good, ts_open=good.ts_open + shift, ts_close=good.ts_close + shift - cut)
        assert one.push(BarClosed(odd)) == BarRevised(odd)
    missing = BarMissing("EUR/USD", Timeframe.H1, good.ts_open, good.ts_close)
    assert one.release(good.ts_close) == [closed(FX, 0), missing]


def test_days_cut_at_midnight_utc_are_not_the_days_of_the_fx_week() -> None:
    """FX days run from 17:00 to 17:00 New York; a bar cut elsewhere mixes two of them."""
    key = SeriesKey("EUR/USD", Timeframe.D1)
    one = Sequencer({key: calendar_of("fx")})
    midnight = Bar(*key, START, START + DAY, 1.1, 1.2, 1.0, 1.1, 1.0)
    assert isinstance(one.push(BarClosed(midnight)), BarRevised)
    start, end = calendar_of("fx").bucket(START, Timeframe.D1)
    assert one.push(BarClosed(msgspec.structs.replace(midnight, ts_open=start, ts_close=end))) is None


def test_a_closed_series_owes_nothing() -> None:
    """After the end of its data a series neither holds the others back nor counts as missing."""
    one = sequencer()
    one.push(closed(FX, 0))
    one.release(START + HOUR)
    one.close(FX)
    assert one.release(START + 5 * HOUR) == []


def test_bars_waiting_at_the_end_of_a_series_are_released_and_open_nothing() -> None:
    """The end stays the end: only a bar that comes after it opens the series again."""
    one = sequencer()
    one.push(closed(FX, 0))
    one.close(FX)
    assert one.release(START + HOUR) == [closed(FX, 0)]
    assert one.release(START + 5 * HOUR) == []
    assert one.push(closed(FX, 0)) is None
    assert one.release(START + 5 * HOUR) == []


def test_a_series_that_comes_back_owes_nothing_for_its_pause() -> None:
    """Nobody promised bars between the end and the new beginning; from then on every one is owed."""
    one = sequencer()
    one.push(closed(FX, 0))
    one.release(START + HOUR)
    one.close(FX)
    one.push(closed(FX, 4))
    released = one.release(START + 6 * HOUR)
    assert released == [closed(FX, 4), BarMissing("EUR/USD", Timeframe.H1, START + 5 * HOUR, START + 6 * HOUR)]


def test_a_restored_sequencer_knows_what_ended_and_what_was_said() -> None:
    """A series that ended is not read again from its beginning, and a correction is still told from a repeat."""
    one, two = sequencer(), sequencer()
    one.push(closed(FX, 0))
    one.release(START + HOUR)
    one.close(FX)
    two.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(one.state()), type=type(one.state())))
    assert two.frontier(FX) == START + HOUR
    assert two.release(START + 5 * HOUR) == []
    assert two.push(closed(FX, 0)) is None
    assert isinstance(two.push(closed(FX, 0, close=1.15)), BarRevised)


def test_a_restored_sequencer_continues_where_the_old_one_stood() -> None:
    """State holds the frontiers: what was released is not released again."""
    one, two = sequencer(), sequencer()
    for event in (closed(FX, 0), closed(FX, 1)):
        one.push(event)
    one.release(START + 2 * HOUR)
    two.restore(msgspec.json.decode(msgspec.json.encode(one.state()), type=type(one.state())))
    for event in (closed(FX, 1), closed(FX, 2)):
        two.push(event)
    assert two.release(START + 3 * HOUR) == [closed(FX, 2)]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), holes=st.sets(st.integers(1, 58)), copies=st.integers(0, 20))
def test_release_order_does_not_depend_on_arrival_order(seed: int, holes: set[int], copies: int) -> None:
    """Any permutation with duplicates, released in any steps, gives the same sequence."""
    events = [closed(COIN, n) for n in range(60) if n not in holes] + [closed(FX, n) for n in range(5)]
    straight = sequencer()
    for event in events:
        straight.push(event)
    expected = straight.release(START + 5 * HOUR)

    generator = np.random.default_rng(seed)
    mixed = [events[i] for i in generator.permutation(len(events))]
    mixed += [events[int(i)] for i in generator.integers(0, len(events), copies)]
    other = sequencer()
    for event in mixed:
        other.push(event)
    released = []
    for watermark in [*np.sort(generator.integers(START, START + 5 * HOUR, 7)).tolist(), START + 5 * HOUR]:
        released += other.release(watermark)
    assert released == expected
    assert len([event for event in released if isinstance(event, BarMissing)]) == len(holes)


def test_minutes_of_the_calendar_match_the_shortcut() -> None:
    """The fast path for the one due bar gives what the calendar would."""
    one, two = sequencer(), sequencer()
    for n in range(50):
        for target in (one, two):
            target.push(closed(COIN, n))
    step_by_step = [event for n in range(50) for event in one.release(START + (n + 1) * 5 * MINUTE)]
    assert step_by_step == two.release(START + 50 * 5 * MINUTE)
