"""What a model reads: one row and a million are the same bits, nothing has a scale, nothing is known too early."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.synthetic_bars import random_bars
from tradewind.engine.aggregate import Aggregator, aggregate
from tradewind.errors import Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.input_schema import Channel, InputSchema, default_schema
from tradewind.features.model_inputs import CHUNK, InputRows, LiveInputs, complete, inputs_of, windows_of
from tradewind.features.news_inputs import NewsScores
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, Timeframe
from tradewind.predictors.manifest import InputScale

CRYPTO = calendar_of("crypto")
SCHEMA = default_schema(Timeframe.H1)


def bits(rows):
    return np.ascontiguousarray(rows).view(np.int32)


def longer_of(bars: BarColumns, schema: InputSchema = SCHEMA) -> dict[Timeframe, BarColumns]:
    return {one: aggregate(bars, CRYPTO, one) for one in schema.higher}


def bar_of(bars: BarColumns, row: int) -> Bar:
    ts_open, ts_close, *prices, _ = (column[row].item() for column in bars)
    return Bar("BTC/USDT", Timeframe.H1, ts_open, ts_close, *prices)


def live_rows(bars: BarColumns, schema: InputSchema = SCHEMA, news: NewsScores | None = None):
    """Bar by bar: the aggregator makes the longer bars, every bank is stepped, one row is asked for."""
    own = FeatureBank(schema.indicators)
    higher = {one: FeatureBank(schema.indicators_of(one)) for one in schema.higher}
    aggregator = Aggregator("BTC/USDT", CRYPTO, Timeframe.H1, schema.higher)
    inputs = LiveInputs(schema, own, higher, news)
    made = []
    for row in range(len(bars.close)):
        bar = bar_of(bars, row)
        for each, bank in [(bar, own), *((longer, higher[longer.timeframe]) for longer in aggregator.on_bar(bar))]:
            bank.step(each.ts_close, each.open, each.high, each.low, each.close, each.volume)
        made.append(inputs.row(bar.ts_close))
    return np.array(made)


def holes(bars: BarColumns, seed: int) -> BarColumns:
    """A tenth of the bars never came."""
    return bars.take(np.random.default_rng(seed).random(len(bars.close)) > 0.1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(0, 2**32 - 1), st.integers(0, 16))
def test_one_row_and_many_are_the_same_bits(n, seed, skew):
    """Rule: whatever the length, the alignment in memory and the numbers, infinities and NaN among them."""
    generator = np.random.default_rng(seed)
    m = len(SCHEMA.sources)
    store = np.exp(generator.normal(0.0, 40.0, n * m + skew)) * generator.choice([-1.0, 1.0, 1.0], n * m + skew)
    store[generator.random(store.size) < 0.02] = np.nan
    store[generator.random(store.size) < 0.01] = np.inf
    store[generator.random(store.size) < 0.05] = 0.0
    sources = store[skew:].reshape(n, m)
    fixed = ~np.isnan(InputRows(SCHEMA).blank())
    sources[:, fixed] = InputRows(SCHEMA).blank(n)[:, fixed]
    for unit, turns in (("hour", 24), ("weekday", 7)):
        sources[:, SCHEMA.sources.index(unit)] = generator.integers(0, turns, n)
    made = InputRows(SCHEMA)
    whole = made.rows(sources)
    assert (bits(whole) == bits([made.rows(row) for row in sources])).all()
    assert (bits(whole[::-1]) == bits(made.rows(sources[::-1]))).all()
    scale = InputScale(tuple(generator.normal(size=SCHEMA.width)), tuple(generator.uniform(0.1, 9.0, SCHEMA.width)))
    assert (bits(scale(whole)) == bits([scale(row) for row in whole])).all()


@pytest.mark.parametrize("seed", [1, 2])
def test_bars_as_they_come_and_stored_bars_give_the_same_bits(seed):
    """Rule: banks stepped bar by bar and bars joined over columns agree, holes and chunks included."""
    bars = holes(random_bars(1500, seed), seed)
    stored, live = inputs_of(SCHEMA, bars, longer_of(bars)), live_rows(bars)
    assert (bits(stored) == bits(live)).all()
    assert complete(stored)[600:].all()


def test_a_history_longer_than_a_chunk_is_the_same_as_its_last_part_says():
    """Rule: nothing starts anew where one chunk ends; a row knows only its own bars, the rows before do not change."""
    bars = random_bars(CHUNK + 300)
    own_trend = Channel("a", ("close", "ema(200)"), ("atr(14)", "0"))
    longer_trend = Channel("b", ("4h:close", "4h:ema(20)"), ("4h:atr(14)", "0"))
    schema = InputSchema(Timeframe.H1, (Timeframe.H4,), (own_trend, longer_trend))
    whole = inputs_of(schema, bars, longer_of(bars, schema))
    own = FeatureBank(schema.indicators).batch(bars)
    column = {key: own[:, number] for number, key in enumerate(("close", "ema(200)", "atr(14)"))}
    told = ((column["close"] - column["ema(200)"]) / column["atr(14)"]).astype(np.float32)
    assert (bits(whole[:, 0]) == bits(told)).all()
    first = inputs_of(schema, bars.slice(0, 500), longer_of(bars.slice(0, 500), schema))
    assert (bits(whole[:500]) == bits(first)).all()


def test_inputs_have_no_scale():
    """Rule: the same market at a price 1024 times as high, in another volume unit, is the same input (a power of two
    changes no rounding)."""
    bars = random_bars(900)
    dear = bars._replace(**{name: getattr(bars, name) * 1024.0 for name in ("open", "high", "low", "close")})
    dear = dear._replace(volume=bars.volume * 64.0)
    assert (bits(inputs_of(SCHEMA, bars, longer_of(bars))) == bits(inputs_of(SCHEMA, dear, longer_of(dear)))).all()


def test_a_longer_bar_counts_from_its_close_on_and_no_earlier():
    """Rule: at 03:00 the 4h bar 00:00-04:00 is not known, at 04:00 it is, until 08:00."""
    bars = random_bars(200)
    longer = longer_of(bars)
    schema = InputSchema(Timeframe.H1, (Timeframe.H4,), (Channel("x", ("4h:close", "0"), ("1", "0")),))
    found = inputs_of(schema, bars, longer)[:, 0]
    for ts, value in zip(bars.ts_close.tolist(), found.tolist(), strict=True):
        closed = longer[Timeframe.H4].ts_close <= ts
        assert math.isnan(value) if not closed.any() else value == np.float32(longer[Timeframe.H4].close[closed][-1])
    assert np.flatnonzero(found[1:] != found[:-1]).size > 40


def test_one_unusable_number_makes_a_row_no_input():
    """Rule: a bar without a price is NaN in what reads it, the row is incomplete, and so until the warm-up is over."""
    bars = random_bars(1200)
    hurt = bars._replace(close=bars.close.copy())
    hurt.close[1000] = np.nan
    whole = complete(inputs_of(SCHEMA, bars, longer_of(bars)))
    assert whole[1000:].all()
    assert not complete(inputs_of(SCHEMA, hurt, longer_of(bars)))[1000:].any()


def test_a_bar_without_range_is_in_its_own_middle_and_no_range_at_all_is_unknown():
    """Rule: 0 / 0 is 0; a distance over a range of 0 is no number."""
    inside = Channel("in", ("close", "median"), ("high", "low"))
    schema = InputSchema(Timeframe.H1, (), (inside, Channel("x", ("close", "open"), ("atr(14)", "0"))))

    def row(close: float) -> list[float]:
        sources = np.zeros(len(schema.sources))
        sources[schema.sources.index("close")] = close
        return InputRows(schema).rows(sources).tolist()

    assert row(0.0) == [0.0, 0.0]
    assert np.isnan(row(1.0)).all()


def test_the_clock_goes_round():
    """Rule: sine and cosine of hour and weekday, known values, the same distance between neighbours all around."""
    names = list(SCHEMA.names)
    place = {key: number for number, key in enumerate(SCHEMA.sources)}
    sources = InputRows(SCHEMA).blank(24 * 7)
    sources[:, place["hour"]] = np.tile(np.arange(24), 7)
    sources[:, place["weekday"]] = np.repeat(np.arange(7), 24)
    found = InputRows(SCHEMA).rows(sources)
    hour = found[:24, [names.index("hour_sine"), names.index("hour_cosine")]]
    assert hour[[0, 6, 12, 18]].tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]]
    day = found[::24, [names.index("weekday_sine"), names.index("weekday_cosine")]]
    for turn in (hour, day):
        steps = np.linalg.norm(turn - np.roll(turn, 1, axis=0), axis=1)
        assert np.ptp(steps) < 1e-6
    assert not np.isnan(found[:, names.index("hour_sine")]).any()


def test_the_hash_names_every_part_of_a_schema():
    """Rule: another channel, order, scale, timeframe or seeding is another hash; read back it is the same one."""
    schemas = [default_schema(one, news=news) for one in Timeframe for news in (False, True)]
    first, *rest = SCHEMA.channels
    stretched = Channel(first.name, first.over, first.under, 2.0)
    schemas += [
        InputSchema(Timeframe.H1, SCHEMA.higher, SCHEMA.channels[::-1]),
        InputSchema(Timeframe.H1, SCHEMA.higher, SCHEMA.channels, "first"),
        InputSchema(Timeframe.H1, SCHEMA.higher, (stretched, *rest)),
    ]
    assert len({one.hash for one in schemas}) == len(schemas)
    assert all(InputSchema.decoded(one.encoded()).hash == one.hash for one in schemas)
    assert [default_schema(one).width for one in Timeframe] == [32] * 5 + [29, 24]


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ((), "channels none"),
        ((Channel("a", ("close", "open")), Channel("a", ("high", "low"))), "one of a name"),
        ((Channel("a", ("4h:close", "0")),), "4h:close"),
        ((Channel("a", ("ema", "0")),), "ema"),
        ((Channel("a", ("rsi", "0")),), "rsi(14)"),
        ((Channel("a", ("close", "0"), turn="sine"),), "sine of close"),
    ],
)
def test_a_schema_that_cannot_be_read_says_where(channels, said):
    with pytest.raises(Misconfigured, match=said.replace("(", r"\(").replace(")", r"\)")):
        InputSchema(Timeframe.H1, (), channels)


def test_banks_that_do_not_fit_are_refused():
    """Rule: a missing longer timeframe, a missing indicator, another seeding: said before a row is made."""
    own = FeatureBank(SCHEMA.indicators)
    higher = {one: FeatureBank(SCHEMA.indicators_of(one)) for one in SCHEMA.higher}
    lacking, other = FeatureBank(SCHEMA.indicators[1:]), FeatureBank(SCHEMA.indicators, "first")
    for wrong in ((own, {}), (lacking, higher), (other, higher)):
        with pytest.raises(Misconfigured):
            LiveInputs(SCHEMA, *wrong)
    with pytest.raises(Misconfigured):
        inputs_of(SCHEMA, random_bars(50), {})


def test_windows_are_views_of_the_rows():
    """Rule: window i ends at row i + length - 1, and no number is copied."""
    rows = np.arange(40, dtype=np.float32).reshape(10, 4)
    seen = windows_of(rows, 3)
    assert seen.shape == (8, 3, 4)
    assert (seen[5] == rows[5:8]).all()
    assert np.shares_memory(seen, rows)
    with pytest.raises(Misconfigured):
        windows_of(rows, 11)


def test_an_article_counts_from_when_it_was_known_and_for_a_day():
    """Rule: at T an article known at T + 1 ns says nothing; mean and number over the day before; silence is 0."""
    times = np.array([10 * DAY, 10 * DAY + HOUR, 11 * DAY], dtype=np.int64)
    news = NewsScores(times[[2, 0, 1]], np.array([-1.0, 0.5, 0.1]), since=0)
    asked = np.array([10 * DAY - 1, 10 * DAY, 10 * DAY + HOUR, 11 * DAY - 1, 11 * DAY, 12 * DAY], dtype=np.int64)
    assert news.at(asked).tolist() == [[0.0, 0.0], [0.5, 1.0], [0.3, 2.0], [0.3, 2.0], [-0.45, 2.0], [0.0, 0.0]]
    late = NewsScores(times, np.array([0.5, 0.1, -1.0]), since=10 * DAY)
    assert np.isnan(late.at(asked)[:4]).all()
    assert late.at(asked)[4].tolist() == [-0.45, 2.0]
    with pytest.raises(Misconfigured):
        NewsScores(times, np.array([0.0, 0.0, 1.1]), since=0)


def test_news_in_rows_are_the_same_live_and_stored_and_unknown_without_a_source():
    """Rule: two channels more; without news their rows are no input, whatever the market says."""
    schema = default_schema(Timeframe.H1, news=True)
    bars = random_bars(700)
    generator = np.random.default_rng(2)
    times = generator.integers(int(bars.ts_open[0]), int(bars.ts_close[-1]), 90)
    news = NewsScores(times, generator.uniform(-1.0, 1.0, 90), since=int(bars.ts_open[0]))
    stored = inputs_of(schema, bars, longer_of(bars), news)
    assert (bits(stored) == bits(live_rows(bars, schema, news))).all()
    assert schema.width == 34
    assert complete(stored)[650:].all()
    assert not complete(inputs_of(schema, bars, longer_of(bars))).any()
    assert not complete(live_rows(bars.slice(0, 650), schema)).any()
