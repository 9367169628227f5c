"""Black box: what the filters say of every decision of a run, against a second computation of the same indicators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import talib

from tests.acceptance.conftest import Finished
from tests.acceptance.project import HOUR, Project, reasons_of, simulated
from tests.fakes.said_desk import EMPTY_DESK
from tradewind.features.bank import FeatureBank
from tradewind.filters.liquidity_hours import LiquidityHoursFilter
from tradewind.filters.regime import RegimeFilter
from tradewind.model.bar import BarColumns
from tradewind.model.decision import Consensus
from tradewind.model.feature_row import FeatureRow
from tradewind.model.timeframe import Timeframe

LONG = Consensus(1, 1.0, ("A", "B"), 2, 2.0, None, None, None, None, "")


@pytest.fixture(scope="module")
def voted(finished: Finished) -> list[dict]:
    """Every decision about BTC/USDT that members voted in."""
    found = [one for one in finished.project.decisions("symbol = 'BTC/USDT'") if one.get("consensus")]
    assert len(found) > 500
    return found


@pytest.fixture(scope="module")
def bars() -> BarColumns:
    return simulated("BTC/USDT", 2400)


@pytest.fixture(scope="module")
def both(market: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run that decides on 1h and 4h."""
    made = Project(tmp_path_factory.mktemp("both")).configured(
        "[timeframes]\nintervals = [{interval = '1h', weight = 0.5}, {interval = '4h', weight = 0.5}]\n"
    )
    made.imports(simulated("BTC/USDT", 2400), "BTC/USDT")
    assert made.types("run", "--allow-unproven", "--feed", "replay", "--symbol", "BTC/USDT", "--quiet").exit_code == 0
    return made


@pytest.mark.req("F01")
def test_a_trade_against_the_trend_is_blocked_as_trend_and_no_other_is(voted: list[dict], bars: BarColumns) -> None:
    """Close and EMA(50) both on the wrong side of EMA(200), by TA-Lib's averages."""
    fast, slow = talib.EMA(bars.close, 50), talib.EMA(bars.close, 200)
    blocked = 0
    for one in voted:
        at = int(np.searchsorted(bars.ts_close, one["ts"]))
        side = one["consensus"]["side"]
        if np.isnan(slow[at]):
            continue
        against = (bars.close[at] - slow[at]) * side < 0 and (fast[at] - slow[at]) * side < 0
        assert ("trend" in reasons_of(one)) == against
        if against:
            blocked += 1
            reason = reasons_of(one)["trend"]
            assert (reason["value"], reason["limit"]) == (bars.close[at], pytest.approx(slow[at], rel=1e-9))
    assert blocked > 50


@pytest.mark.req("F02")
def test_a_contradicting_higher_timeframe_is_a_block_with_reason_mtf(both: Project, bars: BarColumns) -> None:
    """EMA(20) against EMA(50) of the 4h bars closed by then, by TA-Lib."""
    ends = np.flatnonzero(bars.ts_close % (4 * HOUR) == 0)
    higher = bars.close[ends]
    fast, slow = talib.EMA(higher, 20), talib.EMA(higher, 50)
    blocked = passed = 0
    for one in both.decisions("timeframe = '1h'"):
        if not one.get("consensus"):
            continue
        last = int(np.searchsorted(bars.ts_close[ends], one["ts"], side="right")) - 1
        if last < 0 or np.isnan(slow[last]):
            continue
        conflict = (fast[last] - slow[last]) * one["consensus"]["side"] < 0
        assert ("mtf" in reasons_of(one)) == conflict
        blocked, passed = blocked + conflict, passed + (not conflict)
    assert min(blocked, passed) > 50


@pytest.mark.req("F05")
def test_fx_is_blocked_outside_08_to_20_utc_and_crypto_never_is(finished: Finished, voted: list[dict]) -> None:
    fx = [one for one in finished.project.decisions("symbol = 'EUR/USD'") if one.get("consensus")]
    hours = {one["hour"] for one in fx}
    assert {7, 8, 19, 20} <= hours
    for one in fx:
        assert ("liquidity_hours" in reasons_of(one)) == (not 8 <= one["hour"] < 20)
    assert not any("liquidity_hours" in reasons_of(one) for one in voted)


@pytest.mark.req("F05")
@pytest.mark.parametrize(
    ("clock", "allowed"), [("07:59", False), ("08:00", True), ("19:59", True), ("20:00", False), ("00:00", False)]
)
def test_the_bounds_of_the_liquid_hours_are_closed_then_open(clock: str, allowed: bool) -> None:
    """07:59 blocked, 08:00 allowed, 20:00 blocked: the interval holds its start and not its end."""
    hour, minute = (int(part) for part in clock.split(":"))
    nothing = np.array([])
    row = FeatureRow("EUR/USD", Timeframe.M1, hour * HOUR + minute * HOUR // 60, nothing, nothing, {})
    assert (LiquidityHoursFilter().judge(LONG, row, (), EMPTY_DESK) is None) is allowed


@pytest.mark.req("F06")
def test_volatility_above_its_95th_percentile_is_blocked_and_nothing_else(voted: list[dict], bars: BarColumns) -> None:
    """NATR(14) of TA-Lib against numpy's quantile of its last 500 values."""
    natr = talib.NATR(bars.high, bars.low, bars.close, 14)
    blocked = 0
    for one in voted:
        at = int(np.searchsorted(bars.ts_close, one["ts"]))
        window = natr[at - 499 : at + 1] if at >= 499 else natr[:0]
        if len(window) < 500 or np.isnan(window).any():
            continue
        limit = float(np.quantile(window, 0.95))
        if abs(natr[at] - limit) < 1e-9 * limit:
            continue
        assert ("volatility" in reasons_of(one)) == (natr[at] > limit)
        blocked += natr[at] > limit
    assert blocked > 10


def regime_series(kind: str, seed: int, n: int = 400) -> BarColumns:
    """1,000 calm bars of a range, then ``n`` bars of the kind asked for, deviations in units of 0.1 % a bar.

    trend: a drift of 0.5 deviations a bar; range: an Ornstein-Uhlenbeck pull of a tenth a bar to a fixed level;
    volatile: the range with three times its deviation.
    """
    generator = np.random.default_rng([seed, {"trend": 1, "range": 2, "volatile": 3}[kind]])
    lead, steps, sigma = 1000, 8, 0.001
    level, rows = 0.0, []
    for bar in range(lead + n):
        asked = kind if bar >= lead else "range"
        scale = sigma * (3.0 if asked == "volatile" else 1.0)
        path = [level]
        for shock in generator.standard_normal(steps):
            pull = sigma * 0.5 if asked == "trend" else -0.1 * path[-1]
            path.append(path[-1] + pull / steps + scale * shock / np.sqrt(steps))
        level = path[-1]
        rows.append((path[0], max(path), min(path), level))
    prices = 100.0 * np.exp(np.array(rows))
    ts = np.arange(lead + n, dtype=np.int64) * HOUR
    o, h, low, c = (np.ascontiguousarray(prices[:, i]) for i in range(4))
    return BarColumns(ts, ts + HOUR, o, h, low, c, np.ones(lead + n), np.full(lead + n, np.nan))


def classified(columns: BarColumns, last: int) -> list[str | None]:
    """The regime of each of the last bars."""
    judge = RegimeFilter()
    bank = FeatureBank(judge.features())
    values = bank.batch(columns)
    rows = (
        FeatureRow("EUR/USD", Timeframe.H1, 0, values[i], values[i - 1], bank.index)
        for i in range(len(values) - last, len(values))
    )
    return [judge.classify(row) for row in rows]


@pytest.mark.req("F03")
@pytest.mark.parametrize("kind", ["trend", "range", "volatile"])
def test_trend_range_and_volatile_series_are_told_apart(kind: str) -> None:
    """At least 90 % of the bars, over ten markets of each kind, once the regime has lasted a window of 50 bars."""
    found = [one for seed in range(10) for one in classified(regime_series(kind, seed, 200), 150)]
    share = found.count(kind) / len(found)
    print(f"{kind}: {share:.1%} of {len(found)} bars")
    assert share >= 0.90


@pytest.mark.req("E07")
@pytest.mark.parametrize("policy", ["renormalise", "refuse"])
def test_a_missing_timeframe_is_renormalised_or_refused_and_the_record_says_so(
    project: Project, bars: BarColumns, policy: str
) -> None:
    """One 1h bar of a 4h bar never came, and so the 4h bar did not either."""
    project.configured(
        "[timeframes]\nintervals = [{interval = '1h', weight = 0.5}, {interval = '4h', weight = 0.5}]\n"
        f"missing = '{policy}'\n[filters]\nenabled = []\n"
    )
    holes = np.flatnonzero(bars.ts_close % (4 * HOUR) == 0)[300::5][:40] - 3
    kept = BarColumns(*(np.delete(column, [h + k for h in holes for k in range(4)]) for column in bars))
    project.imports(kept, "BTC/USDT")
    assert (
        project.types("run", "--allow-unproven", "--feed", "replay", "--symbol", "BTC/USDT", "--quiet").exit_code == 0
    )
    after = {int(bars.ts_close[h + 3]) + k * HOUR for h in holes for k in (1, 2, 3)}
    decided = [one for one in project.decisions("timeframe = '1h'") if one["ts"] in after]
    assert len(decided) == 120
    if policy == "refuse":
        assert {reason for one in decided for reason in reasons_of(one)} == {"timeframe_missing"}
        assert all(one["reason"]["detail"] == "4h" for one in decided)
    else:
        voted = [one for one in decided if one.get("consensus")]
        assert len(voted) > 20
        assert all(one["consensus"]["absent"] == ["4h"] for one in voted)
        others = [one for one in project.decisions() if one.get("consensus") and one["ts"] not in after]
        assert any(one["consensus"]["absent"] == [] for one in others)


def test_a_filter_that_is_switched_off_blocks_nothing(own_market: Project) -> None:
    """The same market with only the hours filter: no other veto of the filters is ever named."""
    own_market.configured('[filters]\nenabled = ["liquidity_hours"]\n')
    ran = own_market.types(
        "run",
        "--allow-unproven",
        "--feed",
        "replay",
        "--symbol",
        "EUR/USD",
        "--interval",
        "1h",
        "--quiet",
        "--iterations",
        "900",
    )
    assert ran.exit_code == 0
    seen = {code for one in own_market.decisions() for code in reasons_of(one)}
    assert "liquidity_hours" in seen
    assert not seen & {"trend", "mtf", "regime", "volatility"}
    assert Path(own_market.folder / "data" / "tradewind.db").exists()


@pytest.mark.req("F11")
def test_what_news_and_correlation_kept_back_is_held_against_what_is_expected(finished: Finished) -> None:
    """Counted again from the decisions: bars that nothing but filters objected to; outside of the band it is marked."""
    filters = {"trend", "mtf", "regime", "liquidity_hours", "volatility", "news", "correlation", "currency_exposure",
               "portfolio_risk", "rate_limit"}  # fmt: skip
    found = finished.project.types("filters", "stats", "--days", "30", "--json").document
    since = found["since"]
    recent = [one for one in finished.project.decisions() if one["ts"] > since]
    alone = [codes for one in recent if (codes := reasons_of(one).keys()) and codes <= filters]
    days = (found["until"] - min(one["ts"] for one in recent)) / (24 * HOUR)
    for band in found["bands"]:
        assert band["hits"] == sum(band["code"] in codes for codes in alone)
        assert band["share"] == band["hits"] / (found["signals"] + len(alone))
        assert band["per_month"] == pytest.approx(band["hits"] * 30 / days)
        inside = band["low"] <= band["per_month"] <= band["high"]
        assert (band["verdict"] == "inside") is inside
    assert [(band["code"], band["low"], band["high"]) for band in found["bands"]] == [
        ("news", 5.0, 10.0), ("correlation", 2.0, 5.0),
    ]  # fmt: skip
    printed = finished.project.types("filters", "stats", "--days", "30").stdout
    assert "Against what is expected" in printed
    assert ("OUTSIDE" in printed) is any(band["verdict"] in ("below", "above") for band in found["bands"])
