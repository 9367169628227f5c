"""Black box: what a back-test charges, measures, prints and repeats."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from tests.acceptance.conftest import Finished
from tests.acceptance.project import HOUR, Project, simulated, straight
from tradewind.model.bar import BarColumns
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe

DAY = 24 * HOUR
MONDAY = 1_704_067_200 * 1_000_000_000
OPEN = "[ensemble]\nquorum = 1\nmin_agreement = 0.5\nmin_confidence = 0.0\nmin_record = 2\n[filters]\nenabled = []\n"


@pytest.fixture(scope="module")
def unquoted(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A paper run over bars without spreads, so that the configured costs are charged."""
    made = Project(tmp_path_factory.mktemp("unquoted"))
    bars = simulated("BTC/USDT", 1500)
    made.imports(bars._replace(spread=np.full(len(bars.close), np.nan)), "BTC/USDT")
    ran = made.types("run", "--allow-unproven",
                     "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h", "--execution", "paper",
                     "--quiet")  # fmt: skip
    assert ran.exit_code == 0
    return made


@pytest.mark.req("C01", "C02")
def test_every_fill_pays_two_basis_points_of_slippage_and_one_of_spread(unquoted: Project) -> None:
    """Result with costs = result without them - 0.02 % slippage - 0.01 % spread on each side; items sum to the cent."""
    rows = unquoted.rows(
        "SELECT predicted_direction, entry, exit, lots, gross, spread_cost, slippage_cost, commission, swap, net, "
        "pnl_absolute FROM trade_outcomes"
    )
    assert len(rows) > 30
    for word, entry, left, lots, *items, booked in rows:
        gross, spread, slippage, commission, swap, net = (float(item) for item in items)
        side = 1 if word == "BUY" else -1
        bought, sold = entry / (1 + side * 0.0003), left / (1 - side * 0.0003)
        assert gross == pytest.approx(side * (sold - bought) * lots, abs=0.03 * lots)
        assert spread == pytest.approx(0.0001 * (bought + sold) * lots, abs=0.03 * lots)
        assert slippage == pytest.approx(0.0002 * (bought + sold) * lots, abs=0.03 * lots)
        assert commission == 0.0
        assert net == pytest.approx(gross - spread - slippage - commission + swap, abs=1e-6)
        assert net == pytest.approx(side * (left - entry) * lots + swap, abs=1e-6)
        assert booked == pytest.approx(net, abs=1e-6)


@pytest.mark.req("C01", "C02")
def test_costs_come_from_the_configuration(own_market: Project) -> None:
    """Twice the multiplier, twice the slippage on the same first trade; the words of the report say what was paid."""
    paid = {}
    for multiplier in (1, 2):
        own_market.configured(OPEN + f"[costs]\nmultiplier = {multiplier}.0\n[risk]\nmax_cost_to_risk = 1.0\n")
        ran = own_market.types("run", "--allow-unproven",
                               "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h", "--execution",
                               "paper", "--quiet", "--store", f"costs{multiplier}.db")  # fmt: skip
        assert ran.exit_code == 0, ran.stderr
        shown = own_market.configured(f'[database]\nurl = "sqlite:///costs{multiplier}.db"\n')
        first = shown.rows("SELECT signal_id, lots, entry, slippage_cost FROM trade_outcomes ORDER BY id LIMIT 1")[0]
        paid[multiplier] = float(first[3]) / (first[1] * first[2])
    assert paid[2] == pytest.approx(2 * paid[1], rel=0.01)
    assert paid[1] == pytest.approx(2 * 0.0002, rel=0.02)
    own_market.configured("")
    printed = own_market.types("backtest", "-p", "BTCUSDT", "-i", "1h", "--no-report").stdout
    for word in ("spread", "slippage", "commission", "swap"):
        assert f"{word} " in printed


@pytest.mark.req("C03", "A11")
def test_a_period_of_five_years_is_tested_and_the_header_names_the_first_and_the_last_bar(project: Project) -> None:
    days = 6 * 365 + 2
    wave = 100.0 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.02, days)))
    start = 1_514_764_800 * 1_000_000_000  # 2018-01-01
    project.imports(straight(wave.tolist(), start=start, reach=0.1, step=DAY), "BTC/USDT", "1d")
    ran = project.types("backtest", "-p", "BTCUSDT", "-i", "1d", "--period", "5y", "--sealed", "--no-report")
    assert ran.exit_code == 4, ran.stderr  # a random walk has no edge
    lines = {line.split("│")[1].strip(): line.split("│")[2].strip() for line in ran.stdout.splitlines() if "│" in line}
    assert lines["first bar closed"] == "2019-01-03 00:00 UTC"
    assert lines["last bar closed"] == "2024-01-02 00:00 UTC"
    document = project.types(
        "backtest", "-p", "BTCUSDT", "-i", "1d", "--period", "5y", "--sealed", "--no-report", "--json"
    ).document
    assert (document["result"]["counts"]["bars"], document["shortfall"]) == (5 * 365 + 1, "")


@pytest.mark.req("C03", "A11")
def test_a_period_that_is_not_stored_is_tested_as_far_as_it_goes_and_the_shortfall_is_named(market: Project) -> None:
    ran = market.types("backtest", "-p", "BTCUSDT", "-i", "1h", "--period", "5y", "--no-report")
    assert ran.exit_code == 4
    assert "No edge found" in ran.stdout
    assert "5y were asked for; the stored bars begin 2020-01-01" in ran.stdout
    status = market.types("data", "status", "BTC/USDT", "--interval", "1d")
    assert status.exit_code == 4
    assert "years short" in status.stdout


@pytest.mark.req("C04")
def test_the_core_measures_equal_those_recomputed_from_the_trades(finished: Finished) -> None:
    """Win rate, profit factor, count from the stored outcomes; Sharpe and drawdown from the equity curve."""
    made = finished.project
    ran = made.types("backtest", "-p", "BTC/USDT,EUR/USD", "-i", "1h", "--no-report", "--json")
    result = ran.document["result"]
    r = np.array([row[0] for row in made.rows("SELECT r FROM trade_outcomes")])
    trades = result["metrics"]["trades"]
    assert trades["n"] == len(r) > 100
    assert trades["win_rate"] == pytest.approx((r > 0).mean(), abs=1e-9)
    assert trades["profit_factor"] == pytest.approx(r[r > 0].sum() / -r[r < 0].sum(), rel=1e-9)
    equity = np.array([result["opening_balance"], *(point["equity"] for point in result["equity"])])
    change = np.diff(equity) / equity[:-1]
    returns = result["metrics"]["returns"]
    expected = change.mean() / change.std(ddof=1) * math.sqrt(returns["periods_per_year"])
    assert returns["sharpe"] == pytest.approx(expected, rel=1e-9)
    deepest = (equity / np.maximum.accumulate(equity) - 1).min()
    assert returns["max_drawdown"] == pytest.approx(deepest, abs=1e-9)
    shown = made.types("backtest", "-p", "BTC/USDT,EUR/USD", "-i", "1h", "--no-report").stdout
    for word in ("win rate", "profit factor", "Sharpe", "max drawdown", f"{trades['n']} closed"):
        assert word in shown


@pytest.mark.req("X05")
def test_the_same_seed_data_and_configuration_give_the_same_bytes_and_every_hash_is_printed(market: Project) -> None:
    words = ("backtest", "-p", "BTCUSDT", "-i", "1h", "--seed", "7", "--timerange", "20200101-20200215")
    made = [market.types(*words, "--json", "--report", f"{name}.html") for name in ("one", "two")]
    assert made[0].stdout.replace("one.html", "") == made[1].stdout.replace("two.html", "")
    pages = [(market.folder / f"{name}.html").read_bytes() for name in ("one", "two")]
    assert pages[0] == pages[1]
    stamp = made[0].document["result"]["stamp"]
    shown = market.types(*words, "--no-report").stdout
    for value in (stamp["data_hash"], stamp["config_hash"]):
        assert len(value) == 16
        assert value in shown
        assert value in pages[0].decode()
    assert stamp["seed"] == 7
    other = market.types("backtest", "-p", "BTCUSDT", "-i", "1h", "--timerange", "20200101-20200214", "--no-report",
                         "--json")  # fmt: skip
    assert other.document["result"]["stamp"]["data_hash"] != stamp["data_hash"]


@pytest.mark.req("X06", "HZ19")
def test_a_near_stop_on_daily_bars_is_decided_by_assumption_and_hourly_bars_decide_it(project: Project) -> None:
    """A stop of 20 pips inside daily bars: many trades touch stop and target in one bar, all counted as losses.

    The share is reported. With the hourly bars of the same days nearly all are decided by the path.
    """
    hours = simulated("EUR/USD", 24 * 500, seed=3)
    project.configured(
        OPEN + "[risk]\nmax_cost_to_risk = 1.0\n"
        "[timeframes]\nintervals = [{interval = '1d', weight = 1.0}]\n"
        "[[strategies.members]]\nfamily = 'ROC_Momentum'\n"
        "params = {exits = {stop_mode = 'pct', stop_pct = 0.002, target_r = 1.5, vote_bars = 1}}\n"
    )
    project.imports(daily(hours), "EUR/USD", "1d")
    coarse = project.types("backtest", "-p", "EURUSD", "-i", "1d", "--sealed", "--no-report", "--json")
    assert coarse.exit_code == 4, coarse.stderr
    project.imports(hours, "EUR/USD", "1h")
    fine = project.types("backtest", "-p", "EURUSD", "-i", "1d", "--sealed", "--detail", "1h", "--no-report", "--json")
    assert fine.exit_code == 4, fine.stderr
    before, after = (one.document["result"] for one in (coarse, fine))
    assert before["metrics"]["trades"]["n"] > 15
    share = before["metrics"]["trades"]["ambiguous_share"]
    assert share == pytest.approx(before["counts"]["ambiguous"] / before["metrics"]["trades"]["n"])
    assert share > 0.1
    assert after["metrics"]["trades"]["ambiguous_share"] < share / 3
    shown = project.types("backtest", "-p", "EURUSD", "-i", "1d", "--sealed", "--detail", "none", "--no-report").stdout
    assert f"{before['counts']['ambiguous']} ambiguous" in shown


@pytest.mark.req("X07")
def test_a_monday_open_beyond_the_stop_fills_at_the_open_and_not_at_the_stop(project: Project) -> None:
    """EUR/USD falls over the week-end: a long of Friday leaves at Sunday's open, far below its stop."""
    project.configured(
        OPEN + "[risk]\nmax_cost_to_risk = 1.0\n[[strategies.members]]\nfamily = 'ROC_Momentum'\n"
        "params = {exits = {stop_mode = 'pct', stop_pct = 0.005, target_r = 2.0, time_stop_bars = 0}}\n"
    )
    week = simulated("EUR/USD", 24 * 5 * 30, seed=2)
    opens = np.flatnonzero(np.diff(week.ts_open) > 40 * HOUR) + 1
    factor = np.ones(len(week.close))
    for place in opens:
        factor[place:] *= 0.98 if place % 16 else 1 / 0.98**2
    moved = BarColumns(week.ts_open, week.ts_close, *(np.round(column * factor, 5) for column in week[2:6]),
                       week.volume, week.spread)  # fmt: skip
    project.imports(moved, "EUR/USD")
    assert project.types("run", "--allow-unproven",
                         "--feed", "replay", "-p", "EURUSD", "-i", "1h", "--execution", "paper",
                         "--quiet").exit_code == 0  # fmt: skip
    rows = project.rows(
        "SELECT t.predicted_direction, t.exit, t.exit_leg, s.stop_loss, t.ts_exit FROM trade_outcomes t "
        "JOIN signals s ON s.id = t.signal_id"
    )
    first_opens = {int(moved.ts_open[p]): (float(moved.open[p]), float(moved.spread[p])) for p in opens}
    gapped = [row for row in rows if row[4] in first_opens and row[2] == "stop"]
    assert len(gapped) >= 3
    for direction, left, _, stop, ts in gapped:
        opening, spread = first_opens[ts]
        side = 1 if direction == "BUY" else -1
        quoted = opening if side > 0 else opening + spread
        assert left == pytest.approx(quoted - side * 0.0002 * quoted, abs=2e-5)
        assert (stop - left) * side > 0.001


@pytest.mark.req("X09")
def test_a_position_over_wednesday_night_pays_three_nights_and_every_item_is_listed(project: Project) -> None:
    """Swap per lot and night from the configuration; Wednesday 17:00 New York counts three times."""
    project.configured(
        OPEN + "[risk]\nmax_cost_to_risk = 1.0\n"
        "[[instruments]]\nsymbol = 'EUR/USD'\ncosts = {swap_long = -7.0, swap_short = -7.0}\n"
        "[[strategies.members]]\nfamily = 'ROC_Momentum'\n"
        "params = {exits = {stop_mode = 'pct', stop_pct = 0.02, target_r = 10.0, time_stop_bars = 120}}\n"
    )
    project.imports(simulated("EUR/USD", 24 * 5 * 8, seed=2), "EUR/USD")
    ran = project.types(
        "run", "--allow-unproven", "--feed", "replay", "-p", "EURUSD", "-i", "1h", "--execution", "paper", "--quiet"
    )
    assert ran.exit_code == 0, ran.stderr
    rows = project.rows("SELECT ts_entry, ts_exit, lots, swap, gross, spread_cost, slippage_cost, commission, net "
                        "FROM trade_outcomes")  # fmt: skip
    longest = 0
    for entered, left, lots, *items in rows:
        swap, gross, spread, slippage, commission, net = (float(item) for item in items)
        nights = weighted_nights(entered, left)
        assert swap == pytest.approx(-7.0 * lots * nights, abs=0.011)
        assert net == pytest.approx(gross - spread - slippage - commission + swap, abs=1e-6)
        longest = max(longest, nights)
    assert longest >= 5


def weighted_nights(entered: int, left: int) -> int:
    """Rollovers at 17:00 New York between two times of winter 2020 (22:00 UTC), Wednesday's counted three times."""
    at = datetime.fromtimestamp(entered // 10**9, UTC).replace(hour=22, minute=0, second=0)
    end, total = datetime.fromtimestamp(left // 10**9, UTC), 0
    while at <= end:
        inside = at > datetime.fromtimestamp(entered // 10**9, UTC)
        if inside and at.weekday() < 5:
            total += 3 if at.weekday() == 2 else 1
        at += timedelta(days=1)
    return total


def daily(hours: BarColumns) -> BarColumns:
    """FX days, 17:00 to 17:00 New York, from hourly bars; SIMULATED bars of winter and summer alike."""
    calendar = calendar_of("fx")
    groups: dict[tuple[int, int], list[int]] = {}
    for place, ts in enumerate(hours.ts_open.tolist()):
        groups.setdefault(calendar.bucket(ts, Timeframe.D1), []).append(place)
    rows = [
        (start, end, hours.open[g[0]], hours.high[g].max(), hours.low[g].min(), hours.close[g[-1]],
         hours.volume[g].sum(), hours.spread[g[-1]])
        for (start, end), g in groups.items()
    ][:-1]  # fmt: skip
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return BarColumns(*columns)


@pytest.mark.req("X12")
def test_one_side_per_symbol_is_held_and_an_opposing_signal_waits(finished: Finished) -> None:
    """Netting: positions of one symbol never overlap; decisions meanwhile say `position_open` and name the signal."""
    for symbol in ("BTC/USDT", "EUR/USD"):
        spans = finished.project.rows(
            f"SELECT ts_entry, ts_exit FROM positions WHERE symbol = '{symbol}' AND status = 'closed' ORDER BY ts_entry"
        )
        assert all(left <= entered for (_, left), (entered, _) in pairwise(spans))
    refused = [
        reason
        for (summary,) in finished.project.rows("SELECT summary FROM decisions WHERE kind = 'no_trade'")
        for reason in json.loads(summary)["reasons"]
        if reason["code"] == "position_open"
    ]
    known = {row[0] for row in finished.project.rows("SELECT id FROM signals")}
    assert len(refused) > 50
    assert {reason["detail"] for reason in refused} <= known
