"""Budgets: in no window of any length may a peer be asked more often than it allows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tradewind.adapters.notify.pace import LONGEST_HOLD, Pace
from tradewind.model.channel import Limit
from tradewind.model.timeframe import MINUTE, SECOND

ALL = Limit("bot", 30, SECOND)
CHAT = Limit("bot:1", 1, SECOND)
GROUP = Limit("bot:-1", 20, MINUTE)


@given(st.lists(st.integers(0, 3 * SECOND), max_size=150), st.sampled_from([(ALL,), (ALL, CHAT), (ALL, GROUP, CHAT)]))
def test_no_window_ever_holds_more_than_its_limit(waits: list[int], limits: tuple[Limit, ...]) -> None:
    """Whoever sends at the first moment allowed stays inside every limit, wherever the window is laid."""
    pace, now, sent = Pace(), 0, []
    for wait in waits:
        now = pace.earliest(limits, now + wait)
        pace.took(limits, now)
        sent.append(now)
    for limit in limits:
        for first, ts in enumerate(sent):
            assert sum(1 for later in sent[first:] if later < ts + limit.window) <= limit.count


def test_the_first_thirty_need_not_wait_and_the_next_one_waits_a_second():
    """A budget that is not used up delays nobody."""
    pace = Pace()
    for _ in range(30):
        assert pace.earliest((ALL,), 5) == 5
        pace.took((ALL,), 5)
    assert SECOND <= pace.earliest((ALL,), 5) - 5 <= SECOND + SECOND // 10


def test_a_peer_that_does_not_answer_is_asked_ever_more_rarely_and_at_least_once_a_minute():
    """1, 2, 4 ... 60 seconds; an answer begins anew."""
    pace, waits = Pace(), []
    for _ in range(9):
        waits.append(pace.fail("bot", 0) // SECOND)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert pace.held_until("bot") == LONGEST_HOLD
    pace.recovered("bot")
    assert pace.fail("bot", 100 * SECOND) == 101 * SECOND


def test_a_ban_is_not_shortened_by_a_later_shorter_word():
    """During a ban there are no requests at all."""
    pace = Pace()
    pace.hold("bot", 100)
    pace.hold("bot", 50)
    assert pace.held_until("bot") == 100
