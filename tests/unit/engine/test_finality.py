"""When a bar is final, and that it is final once."""

from __future__ import annotations

import msgspec
import pytest

from tradewind.engine.finality import BarFinality
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, BarRevised
from tradewind.model.timeframe import HOUR, SECOND, Timeframe


def bar(n: int, close: float = 1.1) -> Bar:
    return Bar("EUR/USD", Timeframe.H1, n * HOUR, (n + 1) * HOUR, 1.1, max(1.11, close), 1.09, close, 10.0)


def test_the_venues_word_is_final() -> None:
    """A closed update is final at once, with cause venue."""
    events = BarFinality("x").on_update(bar(0), closed=True, ts_recv=5)
    assert events == [BarClosed(bar(0), "venue", "x", 5)]


@pytest.mark.req("A15")
def test_forming_updates_alone_make_nothing_final() -> None:
    """Any number of forming updates of one interval gives no event; its close gives exactly one."""
    finality = BarFinality("x")
    for close in (1.1, 1.101, 1.102):
        assert finality.on_update(bar(0, close), closed=False, ts_recv=1) == []
    assert len(finality.on_update(bar(0, 1.103), closed=True, ts_recv=2)) == 1
    assert finality.on_update(bar(0, 1.103), closed=True, ts_recv=3) == []


def test_a_successor_closes_the_forming_bar() -> None:
    """The first update of the next interval proves the last one done."""
    finality = BarFinality("x")
    finality.on_update(bar(0, 1.105), closed=False, ts_recv=1)
    assert finality.on_update(bar(1), closed=False, ts_recv=2) == [BarClosed(bar(0, 1.105), "successor", "x", 2)]


@pytest.mark.req("A15")
def test_the_grace_timer_closes_only_a_bar_that_was_seen_forming() -> None:
    """Nothing before interval end + grace; nothing at all for an interval without an update."""
    finality = BarFinality("x", grace=5 * SECOND)
    assert finality.on_time(100 * HOUR) == []
    finality.on_update(bar(0), closed=False, ts_recv=1)
    assert finality.on_time(HOUR + 5 * SECOND - 1) == []
    assert finality.on_time(HOUR + 5 * SECOND) == [BarClosed(bar(0), "grace", "x", HOUR + 5 * SECOND)]
    assert finality.on_time(HOUR + 6 * SECOND) == []


def test_a_late_correction_is_a_revision_and_a_repeat_is_nothing() -> None:
    """The same closed bar again says nothing; other values for a final interval are a revision."""
    finality = BarFinality("x")
    finality.on_update(bar(0), closed=True, ts_recv=1)
    finality.on_update(bar(1), closed=True, ts_recv=2)
    assert finality.on_update(bar(0), closed=True, ts_recv=3) == []
    changed = msgspec.structs.replace(bar(0), close=1.0999)
    assert finality.on_update(changed, closed=True, ts_recv=4) == [BarRevised(changed, "x", 4)]


def test_an_older_forming_update_does_not_replace_a_newer_one() -> None:
    """Reordered forming messages of an earlier interval are ignored."""
    finality = BarFinality("x")
    finality.on_update(bar(1), closed=False, ts_recv=1)
    assert finality.on_update(bar(0), closed=False, ts_recv=2) == []
    assert finality.on_time(3 * HOUR) == [BarClosed(bar(1), "grace", "x", 3 * HOUR)]
