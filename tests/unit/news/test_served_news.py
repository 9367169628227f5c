"""A model that reads the news, in the engine: fed the very bits that training would read, through a snapshot."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from tests import scene
from tests.fakes.served_models import BARRIERS, Library, made_model
from tradewind.app.wiring import engine_for, sequencer_for
from tradewind.engine.aggregate import aggregate
from tradewind.engine.seat import SeatPlan
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.features.input_schema import default_schema
from tradewind.features.model_inputs import inputs_of
from tradewind.features.news_inputs import merged, span_of
from tradewind.features.sentiment import scores_of
from tradewind.model.article import Article, NewsRead
from tradewind.model.bar import Bar
from tradewind.model.event import BarClosed, ModelServed
from tradewind.model.forecast import Forecast
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, MINUTE, Timeframe

SYMBOL, H1 = "BTC/USDT", Timeframe.H1
SCHEMA = default_schema(H1, news=True)
READER = made_model(SYMBOL, H1, "reader", slope=1.0, news=True)


def readings(opens: list[int], *, without: tuple[int, int] = (0, 0)) -> list[NewsRead]:
    """The feeds read ten minutes before every close but in the bars ``without``; an article now and then, some late."""
    generator = np.random.default_rng(8)
    found = []
    for number, opened in enumerate(opens):
        ts = opened + 50 * MINUTE
        new = [
            Article(f"{number}-{k}", "wire", f"title {number}", ts + int(generator.integers(-300, 90)) * MINUTE, ts,
                    (("BTC" if k else "coins", round(float(generator.uniform(-1, 1)), 6)),), "planted")
            for k in range(int(generator.integers(0, 3)))
        ]  # fmt: skip
        if not without[0] <= number < without[1]:
            found.append(NewsRead(ts, ts, ts, tuple(new)))
    return found


@pytest.mark.parametrize("cut", [None, 700])
def test_a_model_that_reads_news_is_served_what_it_was_trained_on(cut):
    """Rule: every forecast is that of the stored rows; where nobody read for a day there is none, live or stored."""
    bars = scene.market(bars=1000)[0]
    told = readings(bars.ts_open.tolist(), without=(800, 820))
    prices = zip(*(column.tolist() for column in bars[:-1]), strict=True)
    closes = [BarClosed(Bar(SYMBOL, H1, *row, None)) for row in prices]
    events = sorted([*told, *closes], key=lambda one: one.ts if isinstance(one, NewsRead) else one.bar.ts_close)
    plan = scene.plan((SYMBOL,))
    (own,) = plan.symbols
    seat = SeatPlan(SYMBOL, H1, SCHEMA, BARRIERS, simulated=True)
    seated = msgspec.structs.replace(own, members=(*own.members, *seat.members), seats=(seat,))
    plan = msgspec.structs.replace(plan, symbols=(seated,))
    assert plan.asks_for("articles")
    engine = engine_for(plan, models=Library(READER))
    engine.process(ModelServed(0, SYMBOL, H1, "champion", READER[1].version, READER[1].sha256))
    said: dict[int, float] = {}
    for number, event in enumerate(events):
        if number == cut:
            state = snapshot_engine(engine, sequencer_for(plan))
            engine = engine_for(plan, models=Library(READER))
            restore_engine(engine, sequencer_for(plan), state)
        said |= {one.ts: one.p for one in engine.process(event) if isinstance(one, Forecast)}
    columns = {one: aggregate(bars, calendar_of("crypto"), one) for one in (Timeframe.H4, Timeframe.D1)}
    kept = [article for one in told for article in one.articles]
    news = scores_of(resolve(SYMBOL), kept, merged(span_of(one.since, one.until) for one in told))
    rows = inputs_of(SCHEMA, bars, columns, news)
    model = Library(READER).model(READER[1].version, READER[1].sha256)
    wanted = {}
    for last in range(READER[1].length - 1, len(rows)):
        p = model.p_up(rows[last - READER[1].length + 1 : last + 1])
        if not math.isnan(p):
            wanted[int(bars.ts_close[last])] = round(p, 6)
    assert said == wanted
    assert len(said) > 400
    silent = [int(ts) for ts in bars.ts_close[830:838]]
    assert not said.keys() & set(silent)
    without = inputs_of(SCHEMA, bars, columns, scores_of(resolve(SYMBOL), [], [(0, int(bars.ts_close[-1]) + DAY)]))
    assert any(
        round(model.p_up(without[n - 2 : n + 1]), 6) != wanted.get(int(bars.ts_close[n])) for n in range(600, 640)
    )
