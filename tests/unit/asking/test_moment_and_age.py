"""Times as people type them; and how old data are, counted in open market time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tradewind.adapters.store.lease import WriterLock
from tradewind.app.ask.freshness import freshness
from tradewind.app.ask.moment import moment
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.timeframe import HOUR, SECOND, Timeframe


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


LAST = utc("2020-01-05 10:00")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("2020-01-03 13:00", "2020-01-03 13:00"), ("2020-01-03T13:00", "2020-01-03 13:00"),
     ("2020-01-03T13:00+01:00", "2020-01-03 12:00"), ("2020-01-03", "2020-01-03 00:00"),
     ("1578056400", "2020-01-03 13:00"), ("09:30", "2020-01-05 09:30"), ("13:00", "2020-01-04 13:00"),
     ("2020-01-03T13:00:00Z", "2020-01-03 13:00")],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(typed, meant):
    """Without a zone it is UTC; a time of day is the latest one there is."""
    assert moment(typed, LAST) == utc(meant)


@pytest.mark.parametrize("typed", ["yesterday", "25:00", "2020-13-01", "12345"])
def test_what_is_no_time_is_refused_with_the_forms_that_are(typed):
    with pytest.raises(Misconfigured, match=r"2020-01-03 13:00"):
        moment(typed, LAST)


@pytest.mark.parametrize(
    ("symbol", "last", "now", "cause"),
    [("EUR/USD", "2024-01-16 12:00", "2024-01-16 12:20", "fresh"),
     ("EUR/USD", "2024-01-19 22:00", "2024-01-21 12:00", "market_closed"),
     ("EUR/USD", "2024-01-19 15:00", "2024-01-21 12:00", "behind"),
     ("BTC/USDT", "2024-01-19 22:00", "2024-01-21 12:00", "behind")],
)  # fmt: skip
def test_old_data_of_a_closed_market_are_no_fault(symbol, last, now, cause):
    """From Friday 22:00 to Sunday noon the currency market has not traded; crypto has."""
    found = freshness(INSTRUMENTS[symbol], Timeframe.H1, utc(last), utc(now))
    assert found.cause == cause
    assert (found.next_open is None) == (found.market == "open")
    assert ("tradewind data fetch" in found.text()) == (cause == "behind")


def test_a_closed_market_says_when_it_opens():
    found = freshness(INSTRUMENTS["EUR/USD"], Timeframe.H1, utc("2024-01-19 22:00"), utc("2024-01-20 12:00"))
    assert (found.market, found.next_open) == ("weekend", utc("2024-01-21 22:00"))
    assert found.age_s == 14 * HOUR / SECOND


def test_the_holder_of_the_writer_lock_is_seen_without_taking_it(tmp_path):
    """Nobody, then this process, then nobody; a look never blocks a writer that starts."""
    path = tmp_path / "store.db"
    look, writer = WriterLock(path), WriterLock(path)
    assert look.holder() is None
    writer.acquire()
    assert look.holder() is not None
    with pytest.raises(Unavailable, match="one writer at a time"):
        WriterLock(path).acquire()
    writer.release()
    assert look.holder() is None
    writer.acquire()
    writer.release()
