"""What a running engine hears of the news is what a model was trained on, and never something that came later."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.engine.news_desk import NewsDesk
from tradewind.features.news_inputs import LULL, HeardNews, NewsScores, merged, span_of
from tradewind.features.sentiment import scores_of
from tradewind.model.article import Article, NewsRead
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.timeframe import DAY, HOUR, MINUTE

T = 20_000 * DAY
BTC, EUR = INSTRUMENTS["BTC/USDT"], INSTRUMENTS["EUR/USD"]


def article(key: str, published: int, seen: int, score: float, subject: str = "BTC") -> Article:
    """An article about one thing."""
    return Article(key, "wire", f"title {key}", published, seen, ((subject, score),), "planted")


@st.composite
def readings(draw: st.DrawFn) -> list[NewsRead]:
    """Readings in the order of time, some hours apart, some with articles that are older or of the future."""
    ts, found, number = T, [], 0
    for _ in range(draw(st.integers(1, 25))):
        ts += draw(st.integers(1, 9 * 60)) * MINUTE
        new = []
        for _ in range(draw(st.integers(0, 3))):
            number += 1
            published = ts + draw(st.integers(-40 * 60, 90)) * MINUTE
            new.append(article(f"a{number}", published, ts, draw(st.floats(-1.0, 1.0))))
        found.append(NewsRead(ts, ts, ts, tuple(new)))
    return found


@settings(deadline=None, max_examples=150)
@given(readings(), st.integers(1, 240))
def test_what_is_heard_is_what_was_trained_on_bit_for_bit(told, step):
    """Rule: at every bar the live numbers are those of the whole history, through snapshots, though it forgets."""
    desk = NewsDesk({"BTC/USDT": BTC})
    kept = [one for read in told for one in read.articles]
    whole = scores_of(BTC, kept, merged(span_of(read.since, read.until) for read in told))
    pending = list(told)
    for ts in range(T, told[-1].ts + 8 * HOUR, step * MINUTE):
        while pending and pending[0].ts <= ts:
            desk.take(pending.pop(0))
            other = NewsDesk({"BTC/USDT": BTC})
            other.restore(desk.snapshot())
            desk = other
        now = np.array([ts])
        assert desk.of("BTC/USDT").at(now).tobytes() == whole.at(now).tobytes()


def test_an_article_of_the_next_hour_is_not_used_now():
    """Rule: known from the later of its own time and the time it was seen."""
    desk = NewsDesk({"BTC/USDT": BTC})
    desk.take(NewsRead(T - 30 * HOUR, T - 30 * HOUR, T))
    planted = article("of the future", T + HOUR, T, 1.0), article("seen late", T - HOUR, T + 2 * HOUR, -1.0)
    desk.take(NewsRead(T, T, T, planted))
    heard = desk.of("BTC/USDT")
    assert heard.now(T) == (0.0, 0.0)
    assert heard.now(T + HOUR - 1) == (0.0, 0.0)
    assert heard.now(T + HOUR) == (1.0, 1.0)
    assert heard.now(T + 2 * HOUR) == (0.0, 2.0)


def test_where_nobody_read_nothing_is_known():
    """Rule: NaN until the sources were read for a day, and again after they were silent for more than six hours."""
    heard = HeardNews()
    for hour in range(0, 30, 3):
        heard.read(T + hour * HOUR, T + hour * HOUR, T + hour * HOUR)
    last = T + 27 * HOUR
    assert math.isnan(heard.now(T + DAY - 1)[0])
    assert heard.now(T + DAY) == (0.0, 0.0)
    assert heard.now(last + LULL) == (0.0, 0.0)
    assert math.isnan(heard.now(last + LULL + 1)[1])
    nobody = NewsScores(np.empty(0, np.int64), np.empty(0), [])
    assert np.isnan(nobody.at(np.array([T]))).all()


def test_an_article_counts_once_however_often_it_is_told():
    desk = NewsDesk({"BTC/USDT": BTC, "EUR/USD": EUR})
    desk.take(NewsRead(T, T - 2 * DAY, T))
    for later in range(3):
        desk.take(NewsRead(T + later, T, T + later, (article("same", T, T, 0.5),)))
    assert desk.of("BTC/USDT").now(T + 2) == (0.5, 1.0)
    assert desk.of("EUR/USD").now(T + 2) == (0.0, 0.0)


def test_a_desk_that_never_read_costs_no_byte_of_a_snapshot():
    assert NewsDesk({"BTC/USDT": BTC}).snapshot() == b""


def test_an_article_survives_the_journal():
    read = NewsRead(T, T, T, (article("a", T, T, 0.25),))
    assert msgspec.json.decode(msgspec.json.encode(read), type=NewsRead) == read
