"""The simulated market against what it promises: sessions, reproducibility, no edge, the planted edge, the faults."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.adapters.market.simulated import START, MarketSpec, simulate, simulate_market, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge, trigger_of
from tradewind.adapters.market.simulated_faults import FaultKind, MarketFaults
from tradewind.adapters.market.simulated_provider import bars_of
from tradewind.errors import Misconfigured
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe


def market(symbol="EUR/USD", bars=4000, seed=1, **options):
    return simulate_market(spec_for(resolve(symbol), bars=bars, **options), np.random.default_rng(seed))


def log_returns(columns) -> np.ndarray:
    return np.diff(np.log(columns.close))


@pytest.mark.parametrize("symbol", ["EUR/USD", "USD/JPY", "XAU/USD", "BTC/USDT"])
@pytest.mark.parametrize("timeframe", list(Timeframe))
def test_every_bar_is_sound_and_expected(symbol, timeframe):
    """Bars exist exactly where the session calendar expects them, on whole ticks, with OHLC in order."""
    instrument = resolve(symbol)
    bars = 300
    columns = market(symbol, bars, timeframe=timeframe).columns
    expected = calendar_of(instrument.calendar).expected_closes(START, int(columns.ts_close[-1]), timeframe)
    assert list(zip(columns.ts_open.tolist(), columns.ts_close.tolist(), strict=True)) == expected
    assert {bar.fault() for bar in bars_of(columns, symbol, timeframe)} == {""}
    for prices in (columns.open, columns.high, columns.low, columns.close, columns.spread):
        ticks = prices / instrument.tick
        assert np.abs(ticks - np.round(ticks)).max() < 1e-4


@pytest.mark.req("X05")
def test_the_same_seed_gives_the_same_bytes():
    """Byte-equal columns for equal seeds, other ones for other seeds."""
    one, two, other = (market(seed=seed).columns for seed in (3, 3, 4))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(one, two, strict=True))
    assert one.close.tobytes() != other.close.tobytes()


def test_without_an_edge_returns_have_no_mean_and_no_memory():
    """Over 60,000 bars: t of the mean and of the first five autocorrelations below 3.5."""
    r = log_returns(market("BTC/USDT", 60_000).columns)
    assert abs(r.mean() / r.std() * np.sqrt(r.size)) < 3.5
    standard = (r - r.mean()) / r.std()
    for lag in range(1, 6):
        products = standard[lag:] * standard[:-lag]
        assert abs(products.mean() / products.std() * np.sqrt(products.size)) < 3.5


def test_without_an_edge_a_breakout_rule_earns_nothing_before_costs():
    """Long above the 20-bar range, short below it: mean return within 3.5 standard errors of 0."""
    columns = market("BTC/USDT", 60_000).columns
    sides = breakout_sides(columns, 20)
    earned = (sides[:-1] * log_returns(columns))[20:]
    assert abs(earned.mean() / earned.std() * np.sqrt(earned.size)) < 3.5


def breakout_sides(columns, lookback: int) -> np.ndarray:
    """Side held after each close: the last breakout's, 0 before the first."""
    windows_high = np.lib.stride_tricks.sliding_window_view(columns.high, lookback)
    windows_low = np.lib.stride_tricks.sliding_window_view(columns.low, lookback)
    sides = np.zeros(columns.close.size)
    for bar in range(lookback, columns.close.size):
        sides[bar] = sides[bar - 1]
        if columns.close[bar] > windows_high[bar - lookback].max():
            sides[bar] = 1.0
        elif columns.close[bar] < windows_low[bar - lookback].min():
            sides[bar] = -1.0
    return sides


def test_volatility_clusters_and_tails_are_heavy():
    """Absolute returns remember, kurtosis is above the normal 3, the year's volatility is the one asked for."""
    r = log_returns(market("BTC/USDT", 30_000).columns)
    size = np.abs(r)
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.1
    assert ((r - r.mean()) ** 4).mean() / r.var() ** 2 > 4.0
    assert r.std() * np.sqrt(8760) == pytest.approx(0.60, rel=0.25)


def test_london_moves_more_than_asia_and_the_rollover_is_dear():
    """Range by UTC hour and spread at 21:00 UTC."""
    columns = market(bars=12_000).columns
    hour = columns.ts_open // 3_600_000_000_000 % 24
    span = columns.high - columns.low
    assert span[hour == 14].mean() > 1.5 * span[hour == 3].mean()
    assert columns.spread[hour == 21].mean() > 2.0 * columns.spread[hour == 14].mean()


def test_the_weekend_leaves_a_gap():
    """The first bar after a closure opens away from the last close; inside a session bars follow on."""
    columns = market(bars=4000).columns
    closed = columns.ts_open[1:] - columns.ts_close[:-1]
    jumps = np.abs(columns.open[1:] - columns.close[:-1])
    assert (closed > 0).sum() > 20
    assert jumps[closed == 0].max() == 0.0
    assert np.median(jumps[closed > 0]) > 0.0002


@pytest.mark.parametrize("kind", list(EdgeKind))
def test_the_tilt_is_told_by_finished_bars_alone(kind):
    """Replaying the trigger over the published bars gives the direction of every tilt: no look-ahead in it."""
    edge = PlantedEdge(kind=kind, strength=0.4, hold=10)
    made = market(bars=3000, edge=edge)
    tick = resolve("EUR/USD").tick
    ticks = [np.round(x / tick).astype(int).tolist() for x in (made.clean.high, made.clean.low, made.clean.close)]
    trigger, side, left, fired = trigger_of(edge), 0, 0, 0
    for bar, prices in enumerate(zip(*ticks, strict=True)):
        assert np.sign(made.tilt[bar]) == side
        left = max(0, left - 1)
        seen = trigger.seen(*prices)
        if left == 0:
            side, left = seen, edge.hold if seen else 0
            fired += seen != 0
    assert fired > 20


@pytest.mark.parametrize("kind", list(EdgeKind))
def test_the_planted_drift_is_there(kind):
    """Bars under a tilt move its way: t above 5 over 20,000 bars."""
    made = market(bars=20_000, edge=PlantedEdge(kind=kind, strength=0.4))
    r = np.log(made.clean.close / made.clean.open)
    moved = (r * np.sign(made.tilt))[made.tilt != 0]
    assert moved.mean() / moved.std() * np.sqrt(moved.size) > 5.0


def test_a_breakout_rule_earns_the_planted_edge_and_nothing_after_its_end():
    """The edge ends at bar 15,000 of 30,000: earnings before, chance after."""
    made = market("BTC/USDT", 30_000, edge=PlantedEdge(strength=0.4, until_bar=15_000))
    earned = breakout_sides(made.clean, 20)[:-1] * log_returns(made.clean)
    before, after = earned[20:15_000], earned[15_000:]
    assert before.mean() / before.std() * np.sqrt(before.size) > 5.0
    assert abs(after.mean() / after.std() * np.sqrt(after.size)) < 3.5
    assert not made.tilt[15_000:].any()


def test_a_fade_runs_out_linearly():
    """Full before the bar, none after the fade, in between less every bar."""
    edge = PlantedEdge(until_bar=100, fade_bars=4)
    assert [edge.share_at(bar) for bar in (99, 100, 101, 102, 103, 200)] == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]


def test_faults_are_delivered_where_the_list_says():
    """Each injected fault is found in the delivered bars; the clean market stays clean."""
    faults = MarketFaults(gaps=2, frozen=2, spikes=2, missing=2, duplicates=2)
    made = market(bars=3000, faults=faults)
    assert sorted(f.kind for f in made.injected) == sorted(kind for kind, _ in faults.sites())
    delivered = dict(zip(made.columns.ts_open.tolist(), range(made.columns.ts_open.size), strict=True))
    normal = np.median(made.clean.high - made.clean.low)
    for fault in made.injected:
        times = made.clean.ts_open[fault.first : fault.last + 1].tolist()
        row = delivered.get(fault.ts_open)
        if fault.kind is FaultKind.MISSING:
            assert not any(ts in delivered for ts in times)
        elif fault.kind is FaultKind.DUPLICATE:
            assert (made.columns.ts_open == fault.ts_open).sum() == 2
        elif fault.kind is FaultKind.FROZEN:
            last = delivered[times[-1]]
            assert np.ptp(made.columns.close[row - 1 : last + 1]) == 0.0
            assert np.ptp(made.columns.high[row : last + 1] - made.columns.low[row : last + 1]) == 0.0
        elif fault.kind is FaultKind.SPIKE:
            assert made.columns.high[row] - made.columns.low[row] > 8 * normal
        else:
            assert abs(made.columns.open[row] - made.columns.close[row - 1]) > 5 * normal


def test_feed_faults_leave_the_true_market_alone():
    """A frozen, spiking or lossy feed shows another picture of the same prices."""
    plain = market(bars=2000)
    faulty = market(bars=2000, faults=MarketFaults(frozen=3, spikes=3, missing=3, duplicates=3))
    assert plain.clean.close.tobytes() == faulty.clean.close.tobytes()


def test_too_many_faults_are_refused_with_the_length_needed():
    """The message names how many bars would do."""
    with pytest.raises(Misconfigured, match="at least"):
        market(bars=50, faults=MarketFaults(missing=20))


def test_an_impossible_market_is_refused_with_every_fault():
    """All faults in one message."""
    with pytest.raises(Misconfigured, match=r"positive.*square matrix"):
        MarketSpec(symbol="X/Y", bars=10, start_price=-1.0, tick=0.1, annual_volatility=0.1, transitions=((1.0,),))


def test_a_market_may_start_anywhere_in_the_week():
    """A start on a Saturday begins with Sunday's open."""
    saturday = START + 3 * 86_400 * 10**9
    columns = simulate(spec_for(resolve("EUR/USD"), bars=10, start=saturday), np.random.default_rng(0))
    assert columns.ts_open[0] > saturday + 86_400 * 10**9
