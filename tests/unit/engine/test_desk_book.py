"""What the engine keeps for its vetoes: correlation against NumPy, notices once, everything in the snapshot."""

from __future__ import annotations

import numpy as np
import pytest

from tests import scene
from tradewind.adapters.replay_feed import Recording
from tradewind.adapters.store.codec import decode_outputs, encode_outputs
from tradewind.app.backtest import Backtest
from tradewind.app.config import load_config
from tradewind.app.wiring import engine_for, plan_for, sequencer_for
from tradewind.engine.desk_book import DeskBook
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.model.bar import Bar
from tradewind.model.calendar import NewsCalendar, NewsEvent
from tradewind.model.decision import NoTrade
from tradewind.model.event import BarClosed
from tradewind.model.instruments import resolve
from tradewind.model.notice import Notice
from tradewind.model.timeframe import DAY, HOUR, Timeframe

PAIRS = {name: resolve(name) for name in ("EUR/USD", "GBP/USD")}


def bar(symbol: str, hour: int, close: float) -> Bar:
    return Bar(symbol, Timeframe.H1, hour * HOUR - HOUR, hour * HOUR, close, close, close, close, 1.0)


def test_correlation_is_that_of_the_common_hours_and_unknown_before_there_are_enough() -> None:
    """NumPy over the hours both symbols have; one symbol lacks every seventh."""
    generator = np.random.default_rng(5)
    common = generator.normal(size=400)
    closes = np.exp(np.cumsum(0.001 * np.stack([common, 0.6 * common + 0.8 * generator.normal(size=400)]), axis=1))
    book = DeskBook(PAIRS, correlates=True, max_age=0)
    for hour in range(400):
        book.on_close(bar("EUR/USD", hour + 1, closes[0, hour]))
        if hour % 7:
            book.on_close(bar("GBP/USD", hour + 1, closes[1, hour]))
    kept = np.array([hour for hour in range(400) if hour % 7])[-241:]
    expected = np.corrcoef(np.diff(np.log(closes[0, kept])), np.diff(np.log(closes[1, kept])))[0, 1]
    assert book.correlation("EUR/USD", "GBP/USD", 240, 100) == pytest.approx(expected, abs=1e-12)
    assert book.correlation("EUR/USD", "GBP/USD", 240, 400) is None
    assert book.correlation("EUR/USD", "XAU/USD", 240, 1) is None


def test_a_calendar_that_goes_stale_is_an_alarm_once_until_there_is_a_fresh_one() -> None:
    """Missing, known, too old, fetched again, too old again: three notices."""
    book = DeskBook(PAIRS, correlates=False, max_age=7 * DAY)
    said = []

    def ask(ts: int) -> None:
        notice = book.age_notice(ts)
        if notice is not None:
            said.append(notice.code)

    for day in (0, 1):
        ask(day * DAY)
    book.take(NewsCalendar(2 * DAY, 2 * DAY, 0, 100 * DAY, "feed", "x", ()))
    for day in (2, 9, 10, 11):
        ask(day * DAY)
    book.take(NewsCalendar(12 * DAY, 12 * DAY, 0, 100 * DAY, "feed", "x", ()))
    for day in (12, 30):
        ask(day * DAY)
    assert said == ["calendar_missing", "calendar_stale", "calendar_stale"]


@pytest.mark.req("M06")
def test_a_trade_that_the_news_alone_prevented_is_told_once_for_each_release() -> None:
    """A release over the whole market: every signal of a run becomes a block, people hear of it once a release."""
    free, _ = _run(None)
    start, middle, end = free.recordings[0].columns.ts_open[[0, 600, -1]].tolist()
    events = tuple(
        NewsEvent(ts, "EUR", 1, "a long day" if ts < middle else "another", ts + 6 * HOUR)
        for ts in range(start, end, 6 * HOUR)
    )
    calendar = NewsCalendar(start, end, start, end + DAY, "file", "x", events)
    found, outputs = _run(calendar)
    blocked = [one for one in outputs if isinstance(one, NoTrade) and [r.code for r in one.reasons] == ["news"]]
    told = [one for one in outputs if isinstance(one, Notice) and one.code == "news_embargo"]
    assert free.summary.counts().signals > 3
    assert len(blocked) > len(told) > 0
    assert len({one.detail for one in told}) == len(told) <= 2
    assert not any(isinstance(one, Notice) and one.code.startswith("calendar") for one in outputs)
    assert found.engine.book.calendar is not None


def test_the_book_is_part_of_the_snapshot() -> None:
    """The second half after a restore is the second half of the whole run, embargo and correlation included."""
    run, _ = _run(None)
    entries = list(run.journal.read())
    first, second = engine_for(run.plan), engine_for(run.plan)
    for entry in entries[:700]:
        first.process(entry.event)
    restore_engine(second, sequencer_for(run.plan), snapshot_engine(first, sequencer_for(run.plan)))
    assert second.book.snapshot() == first.book.snapshot()
    assert [encode_outputs(second.process(entry.event)) for entry in entries[700:]] == [
        entry.outputs for entry in entries[700:]
    ]
    assert any(isinstance(entry.event, BarClosed) for entry in entries[700:])


def _run(calendar: NewsCalendar | None) -> tuple[Backtest, list]:
    """A SIMULATED EUR/USD with a planted edge, vetoed by the news alone (and the netting of a single pair)."""
    names = ["news", "correlation", "currency_exposure", "rate_limit"]
    settings = {"filters": {"enabled": names}, "ensemble": {"min_confidence": 0.3, "quorum": 1, "min_record": 2}}
    config = load_config(environment={}, overrides=settings)
    columns = scene.market("EUR/USD", 1200)[0]
    recordings = [Recording("EUR/USD", Timeframe.H1, columns, "test", 0)]
    plan = plan_for(config, {"EUR/USD": Timeframe.H1}, executes=True, simulated=True)
    run = Backtest(plan, recordings, keep_journal=True, calendar=calendar)
    run.run()
    return run, [one for entry in run.journal.read() for one in decode_outputs(entry.outputs)]
