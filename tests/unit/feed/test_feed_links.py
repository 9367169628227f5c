"""Links that break and come back, and holes that wait for an answer."""

from __future__ import annotations

from tests.fakes.venue import START
from tradewind.app.feed_links import FeedLinks, Holes
from tradewind.model.bar import Bar
from tradewind.model.event import FeedState
from tradewind.model.timeframe import MINUTE, SECOND, Timeframe
from tradewind.ports.market import Update

PAIR = "BTC/USDT"


def update(source: str, cause: str = "venue") -> Update:
    return Update(Bar(PAIR, Timeframe.M1, START, START + MINUTE, 1, 1, 1, 1, 1), True, 0, source, cause)


def states(told: list[FeedState]) -> list[tuple[str, str]]:
    return [(one.symbol, one.state) for one in told]


def test_a_loss_is_said_once_per_symbol_until_the_link_is_back() -> None:
    """Ten failed reconnects are one piece of news."""
    links = FeedLinks()
    assert states(links.broke([PAIR, "ETH/USDT"], 5, 5, "1006")) == [
        (PAIR, "disconnected"),
        ("ETH/USDT", "disconnected"),
    ]
    assert links.broke([PAIR, "ETH/USDT"], 6, 6, "refused") == []
    assert links.doubtful == (PAIR, "ETH/USDT")
    assert states(links.heard(update("binance"), 7)) == [(PAIR, "connected")]
    assert links.doubtful == ("ETH/USDT",)
    assert links.interrupted(PAIR, 6)
    assert not links.interrupted(PAIR, 7)


def test_another_provider_speaking_is_said_and_a_filled_bar_is_no_switch() -> None:
    """A bar of a second provider that fills a hole changes nobody's source."""
    links = FeedLinks()
    assert links.heard(update("binance"), 1) == []
    assert links.heard(update("kraken", "backfill"), 2) == []
    told = links.heard(update("kraken"), 3)
    assert [(one.state, one.detail) for one in told] == [("switched", "from binance to kraken")]


def test_an_answer_of_history_ends_the_doubt_only_after_a_sign_of_life() -> None:
    """Of a polled feed history is the sign of life itself."""
    links = FeedLinks()
    links.broke([PAIR], 1, 1, "1006")
    assert links.answered(PAIR, 2, polls=False) == []
    links.beat([PAIR])
    assert states(links.answered(PAIR, 3, polls=False)) == [(PAIR, "connected")]
    links.broke([PAIR], 4, 4, "1006")
    assert states(links.answered(PAIR, 5, polls=True)) == [(PAIR, "connected")]


def test_a_hole_holds_back_what_follows_until_an_answer_from_its_start() -> None:
    """An answer about later bars closes nothing; the waits between questions grow to 30 s."""
    holes = Holes(300 * SECOND)
    assert holes.unanswered(PAIR, 100, 0)
    assert holes.reached(PAIR, 500) == 100
    assert holes.due(PAIR, SECOND - 1) is None
    assert holes.due(PAIR, SECOND) == 100
    at, asked = SECOND, []
    for _ in range(7):
        assert not holes.unanswered(PAIR, 100, at)
        step = next(s for s in range(1, 60) if holes.due(PAIR, at + s * SECOND) is not None)
        asked.append(step)
        at += step * SECOND
    assert asked == [2, 4, 8, 16, 30, 30, 30]
    holes.filled(PAIR, 200)
    assert holes.waiting(PAIR)
    holes.filled(PAIR, 100)
    assert (holes.waiting(PAIR), holes.reached(PAIR, 500)) == (False, 500)


def test_patience_is_used_up_once_an_outage() -> None:
    """The first hole waits five minutes; later ones of the same outage nothing; an answer makes patient again."""
    holes = Holes(300 * SECOND)
    holes.unanswered(PAIR, 100, 0)
    assert not holes.given_up(PAIR, 299 * SECOND)
    assert holes.given_up(PAIR, 300 * SECOND)
    assert not holes.unanswered(PAIR, 200, 360 * SECOND)
    assert holes.given_up(PAIR, 360 * SECOND)
    holes.filled(PAIR, 300)
    assert holes.unanswered(PAIR, 400, 420 * SECOND)
    assert not holes.given_up(PAIR, 480 * SECOND)
