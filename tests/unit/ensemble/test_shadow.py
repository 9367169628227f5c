"""The shadow book against the published oracle, against hand-worked bars, and against itself restarted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.fakes.members import voter
from tests.shadow_workload import COSTS, columns_of, exits_of, workload
from tradewind import strategies
from tradewind.ensemble.shadow import MIN_DAYS, MIN_TRADES, ShadowBook
from tradewind.errors import Corrupt, Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.rule import Exits, member_of
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.kernels import rules, shadow
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import DAY, HOUR, Timeframe

FREE = CostModel(spread_fraction=0.0, slippage_fraction=0.0)
PCT = Exits(stop_mode="pct", stop_pct=0.01, target_r=2.0, time_stop_bars=4)
N_SETS = 60


def bar_of(columns: BarColumns, i: int) -> Bar:
    spread = float(columns.spread[i])
    times = (int(columns.ts_open[i]), int(columns.ts_close[i]))
    prices = (float(column[i]) for column in columns[2:7])
    return Bar("EUR/USD", Timeframe.H1, *times, *prices, None if math.isnan(spread) else spread)


def flat_bars(*prices: tuple[float, float, float, float]) -> BarColumns:
    return columns_of(*(np.array(column, dtype=float) for column in zip(*prices, strict=True)))


def votes_of(work, params, close) -> np.ndarray:
    """The workload's signals on every bar, whether or not the member is flat."""
    fast, slow, gate = params[:3]
    above = work.ema_np(close, int(fast)) > work.ema_np(close, int(slow))
    rsi = work.rsi_np(close)
    sides = np.zeros(len(close), dtype=np.int8)
    turned_up = above[1:] & ~above[:-1]
    turned_down = ~above[1:] & above[:-1]
    sides[1:][turned_up & (rsi[1:] >= gate)] = 1
    sides[1:][turned_down & (rsi[1:] <= 100.0 - gate)] = -1
    sides[: work.WARM] = 0
    return sides


@pytest.fixture(scope="module")
def published():
    """The workload's bars, votes of N_SETS members, and the trades the oracle makes of each."""
    work = workload()
    bars = work.dataset("small")
    table = work.params(1000, "rand")[:N_SETS]
    columns = columns_of(*bars)
    sides = np.column_stack([votes_of(work, params, bars[3]) for params in table])
    atr = np.column_stack([work.atr_np(*bars[1:])] * N_SETS)
    oracle = [work.reference(*bars, params) for params in table]
    return columns, table, sides, atr, oracle


def members_of(table):
    return [voter(exits_of(params), k + 1) for k, params in enumerate(table)]


def test_every_trade_of_the_published_workload_is_reproduced(published):
    """Rule: same (direction, entry bar, exit bar) as the oracle, prices and net returns to 1e-12, for every set."""
    columns, table, sides, atr, oracle = published
    book = ShadowBook(members_of(table), COSTS)
    book.run(columns, sides, atr)
    why = {"sl": "stop", "tp": "target", "time": "time"}
    n_trades = 0
    for k, expected in enumerate(oracle):
        closed = book.closed(k)
        n_trades += len(closed)
        found = [(t.side, t.ts_entry // HOUR - 24, t.ts_exit // HOUR - 25, str(t.leg)) for t in closed]
        assert found == [(d, e, x, why[w]) for d, e, x, _, _, w in expected]
        for trade, (side, _, _, entry, exit_, _) in zip(closed, expected, strict=True):
            filled, left = entry * (1 + side * 0.0003), exit_ * (1 - side * 0.0003)
            assert trade.entry == entry
            assert trade.exit == pytest.approx(exit_, rel=1e-12)
            assert trade.net == pytest.approx(side * (left - filled) / filled, rel=1e-12, abs=1e-15)
    assert n_trades == sum(map(len, oracle)) > 3000


def test_bar_by_bar_equals_the_batch_bit_for_bit(published):
    """Rule: one step, two drivers; logs, records and correlations are the same bytes."""
    columns, table, sides, atr, _ = published
    batch, stream = ShadowBook(members_of(table), COSTS), ShadowBook(members_of(table), COSTS)
    batch.run(columns, sides, atr)
    for i in range(len(columns.open)):
        stream.step(bar_of(columns, i), sides[i], atr[i])
    assert stream.snapshot() == batch.snapshot()


def test_records_are_the_moments_of_the_closed_trades(published):
    """Rule: n, wins, mean, sd (ddof 1), mean win and mean loss equal those of the list, in R net of costs."""
    columns, table, sides, atr, _ = published
    book = ShadowBook(members_of(table), COSTS, origin="workload")
    book.run(columns, sides, atr)
    for k in range(N_SETS):
        r = np.array([trade.r for trade in book.closed(k)])
        record = book.record(k)
        assert (record.n, record.wins, record.origin) == (len(r), int((r > 0).sum()), "workload")
        assert record.mean_r == pytest.approx(r.mean(), rel=1e-12, abs=1e-14)
        assert record.sd_r == pytest.approx(r.std(ddof=1), rel=1e-12)
        assert record.mean_win_r == pytest.approx(r[r > 0].mean(), rel=1e-12)
        assert record.mean_loss_r == pytest.approx(r[r <= 0].mean(), rel=1e-12)


def test_correlation_is_that_of_daily_results(published):
    """Rule: Pearson correlation of the sums of R per UTC day over finished days, equal to numpy's."""
    columns, table, sides, atr, _ = published
    book = ShadowBook(members_of(table), COSTS)
    book.run(columns, sides, atr)
    days = (columns.ts_close - 1) // DAY
    daily = np.zeros((N_SETS, days[-1] - days[0]))
    for k in range(N_SETS):
        for trade in book.closed(k):
            day = (trade.ts_exit - 1) // DAY - days[0]
            if day < daily.shape[1]:  # the last day is not finished
                daily[k, day] += trade.r
    np.testing.assert_allclose(book.correlation(), np.corrcoef(daily), atol=1e-10)


def test_a_restored_book_continues_bit_for_bit(published):
    """Rule: snapshot, new book, continue = never stopped; also in the middle of trades and days."""
    columns, table, sides, atr, _ = published
    whole = ShadowBook(members_of(table), COSTS)
    whole.run(columns, sides, atr)
    first = ShadowBook(members_of(table), COSTS)
    first.run(columns.slice(0, 3117), sides[:3117], atr[:3117])
    second = ShadowBook(members_of(table), COSTS)
    second.restore(first.snapshot())
    second.run(columns.slice(3117, len(columns.open)), sides[3117:], atr[3117:])
    assert second.snapshot() == whole.snapshot()


def test_the_future_changes_nothing_before_it(published):
    """Rule: the book after bars[:t] does not depend on what follows."""
    columns, table, sides, atr, _ = published
    book = ShadowBook(members_of(table), COSTS)
    book.run(columns.slice(0, 2500), sides[:2500], atr[:2500])
    whole = ShadowBook(members_of(table), COSTS)
    whole.run(columns, sides, atr)
    for k in range(N_SETS):
        known = [trade for trade in whole.closed(k) if trade.ts_exit <= columns.ts_close[2499]]
        assert book.closed(k) == known


def one(columns, sides, exits=PCT, costs=FREE, atr=0.0):
    book = ShadowBook([voter(exits)], costs)
    n = len(columns.open)
    book.run(columns, np.array(sides, dtype=np.int8).reshape(n, 1), np.full((n, 1), atr))
    return book


def test_a_vote_enters_at_the_next_open_with_its_bracket_from_that_open():
    """Rule: entry 100 -> stop 99, target 102; the bar that touches 102 ends it at 2 R."""
    book = one(flat_bars((90, 90, 90, 90), (100, 101, 99.5, 101), (101, 103, 100, 102)), [1, 0, 0])
    (trade,) = book.closed(0)
    assert (trade.ts_entry, trade.ts_exit) == (25 * HOUR, 27 * HOUR)
    assert (trade.side, trade.entry, trade.exit, trade.leg) == (1, 100.0, 102.0, "target")
    assert trade.r == pytest.approx(2.0)


def test_a_monday_open_beyond_the_stop_pays_the_gap():
    """Rule: a gap beyond the stop fills at the open and costs more than 1 R."""
    book = one(flat_bars((100, 100, 100, 100), (100, 100, 100, 100), (97, 98, 96, 97)), [1, 0, 0])
    (trade,) = book.closed(0)
    assert (trade.exit, trade.leg) == (97.0, "stop")
    assert trade.r == pytest.approx(-3.0)


def test_stop_and_target_in_one_bar_is_a_loss_and_marked():
    """Rule: stop first; the trade says that its bar was ambiguous."""
    book = one(flat_bars((100, 100, 100, 100), (100, 103, 98, 100)), [-1, 0])
    (trade,) = book.closed(0)
    assert (trade.leg, trade.ambiguous) == ("stop", True)
    assert trade.r == pytest.approx(-1.0)


def test_the_time_stop_leaves_at_the_open_before_any_stop_check():
    """Rule: at bar entry + n the open is the exit even where the bar would hit the stop; votes of that close count."""
    calm, deep = (100, 100.5, 99.5, 100), (100.2, 101, 90, 100)
    book = one(flat_bars(calm, calm, calm, calm, calm, deep, calm), [1, 1, 1, 1, 1, -1, 0])
    (trade,) = book.closed(0)
    assert (trade.ts_entry // HOUR, trade.ts_exit // HOUR) == (25, 30)
    assert (trade.leg, trade.exit) == ("time", 100.2)
    assert book.open_side(0) == -1


def test_no_time_stop_when_it_is_switched_off():
    """Rule: time_stop_bars 0 holds the trade until stop or target."""
    calm = (100, 100.5, 99.5, 100)
    book = one(flat_bars(*[calm] * 50), [1] + [0] * 49, exits=Exits(stop_mode="pct", stop_pct=0.01, time_stop_bars=0))
    assert (book.closed(0), book.open_side(0)) == ([], 1)
    assert book.record(0).n == 0
    assert book.record(0).mean_r is None


def test_votes_while_in_a_trade_are_ignored():
    """Rule: one trade at a time; a vote counts only when the member is flat after that bar."""
    calm = (100, 100.5, 99.5, 100)
    book = one(flat_bars(*[calm] * 4), [1, -1, -1, -1])
    assert (book.closed(0), book.open_side(0)) == ([], 1)


def test_costs_are_paid_on_both_sides_in_units_of_risk():
    """Rule: with 0.0003 per side and a 1 % stop, a flat exit loses about 0.06 R."""
    calm = (100, 100.5, 99.5, 100)
    book = one(flat_bars(*[calm] * 6), [1, 0, 0, 0, 0, 0], costs=COSTS)
    (trade,) = book.closed(0)
    assert trade.net == pytest.approx((100 * 0.9997 - 100 * 1.0003) / (100 * 1.0003), rel=1e-12)
    assert trade.r == pytest.approx(trade.net / 0.01, rel=1e-12)


def test_a_bar_with_its_own_spread_pays_half_of_it_per_side():
    """Rule: the entry bar's spread at the entry, the exit bar's at the exit."""
    calm = flat_bars(*[(100, 100.5, 99.5, 100)] * 6)
    spread = np.array([9.0, 0.02, 9.0, 9.0, 9.0, 0.06])
    book = one(calm._replace(spread=spread), [1, 0, 0, 0, 0, 0], costs=FREE)
    (trade,) = book.closed(0)
    assert trade.net == pytest.approx((100 * 0.9997 - 100 * 1.0001) / (100 * 1.0001), rel=1e-12)


def test_the_spread_by_hour_is_that_of_the_fill():
    """Rule: where bars carry no spread, entry and exit hours decide."""
    by_hour = tuple(2.0 if hour == 1 else (3.0 if hour == 5 else 100.0) for hour in range(24))
    costs = CostModel(spread_fraction=0.0001, slippage_fraction=0.0, spread_by_hour=by_hour)
    book = one(flat_bars(*[(100, 100.5, 99.5, 100)] * 6), [1, 0, 0, 0, 0, 0], costs=costs)
    (trade,) = book.closed(0)
    assert trade.net == pytest.approx((0.9997 - 1.0002) / 1.0002, rel=1e-12)


def test_an_unknown_atr_opens_nothing():
    """Rule: no ATR, no stop; no stop, no trade."""
    calm = flat_bars(*[(100, 100.5, 99.5, 100)] * 4)
    for mode in ("atr", "wider_of"):
        assert one(calm, [1, 0, 0, 0], exits=Exits(stop_mode=mode), atr=math.nan).open_side(0) == 0
        assert one(calm, [1, 0, 0, 0], exits=Exits(stop_mode=mode), atr=10.0).open_side(0) == 1


@pytest.mark.req("B05")
@pytest.mark.parametrize(
    ("exits", "atr", "distance"),
    [
        (Exits(stop_mode="pct", stop_pct=0.002, stop_atr=3.0), 1.0, 0.2),
        (Exits(stop_mode="atr", stop_pct=0.002, stop_atr=3.0), 0.01, 0.03),
        (Exits(stop_mode="wider_of", stop_pct=0.002, stop_atr=3.0, min_stop_costs=0.0), 0.01, 0.2),
        (Exits(stop_mode="wider_of", stop_pct=0.002, stop_atr=3.0, min_stop_costs=0.0), 0.1, 0.3),
        (Exits(stop_mode="wider_of", stop_pct=0.002, stop_atr=3.0, min_stop_costs=5.0), 0.01, 0.3),
    ],
)
def test_stop_modes_set_the_distance_they_name(exits, atr, distance):
    """Rule: percent, ATR, the wider of both, and never below min_stop_costs round trips (0.06 % here)."""
    assert exits.distances(100.0, atr, 0.0006) == pytest.approx((distance, distance * exits.target_r), rel=1e-12)
    gap = (50.0, 50.0, 50.0, 50.0)
    columns = flat_bars((100, 100, 100, 100), (100, 100, 100, 100), gap)
    (trade,) = one(columns, [1, 0, 0], exits=exits, atr=atr, costs=COSTS).closed(0)
    assert trade.net / trade.r == pytest.approx(distance / 100.0, rel=1e-12)


def test_only_the_last_step_is_kept_when_asked():
    """Rule: keep_closed=False bounds memory and changes no record."""
    columns = flat_bars((100, 100, 100, 100), (100, 103, 98, 100), (100, 103, 98, 100))
    book = ShadowBook([voter(PCT)], FREE, keep_closed=False)
    atr = np.zeros(1)
    vote = np.ones(1, dtype=np.int8)
    seen = []
    for i in range(3):
        book.step(bar_of(columns, i), vote, atr)
        seen.append(len(book.closed(0)))
    assert seen == [0, 1, 1]
    assert book.record(0).n == 2


def test_correlation_is_one_until_it_is_known():
    """Rule: below MIN_DAYS or MIN_TRADES members count as the same one."""
    generator = np.random.default_rng(5)
    up = np.exp(np.cumsum(generator.normal(0, 0.01, 24 * (MIN_DAYS + 3)))) * 100
    columns = columns_of(up, up * 1.01, up * 0.99, up)
    members = [voter(PCT, k) for k in (1, 2, 3)]
    votes = np.zeros((len(up), 3), dtype=np.int8)
    votes[:, 0], votes[:, 1] = generator.choice((-1, 0, 1), (2, len(up)))
    book = ShadowBook(members, FREE)
    split = 24 * (MIN_DAYS - 1)
    zeros = np.zeros(votes.shape)
    book.run(columns.slice(0, split), votes[:split], zeros[:split])
    assert (book.correlation() == 1.0).all()
    book.run(columns.slice(split, len(up)), votes[split:], zeros[split:])
    found = book.correlation()
    assert min(book.record(0).n, book.record(1).n) >= MIN_TRADES
    assert abs(found[0, 1]) < 1.0
    assert (found[2] == 1.0).all()


def test_a_snapshot_of_other_members_or_broken_bytes_is_refused():
    """Rule: state is only taken over by the same members with the same exits."""
    book = ShadowBook([voter(PCT)], FREE)
    snapshot = book.snapshot()
    with pytest.raises(Misconfigured, match=r"Voter_1h_v1.*replaying the journal"):
        ShadowBook([voter(PCT, 2)], FREE).restore(snapshot)
    with pytest.raises(Misconfigured, match="exits"):
        ShadowBook([voter(Exits())], FREE).restore(snapshot)
    with pytest.raises(Corrupt):
        book.restore(snapshot[:-3])
    with pytest.raises(Corrupt):
        book.restore(b"")


def test_votes_of_the_wrong_shape_are_refused():
    """Rule: a column per member and a row per bar, or nothing happens."""
    columns = flat_bars((100, 100, 100, 100))
    with pytest.raises(Misconfigured, match=r"\(1, 1\)"):
        ShadowBook([voter(PCT)], FREE).run(columns, np.zeros((1, 2), dtype=np.int8), np.zeros((1, 2)))


@pytest.mark.parametrize("first", [0, 30])
def test_the_whole_chain_reproduces_the_published_workload(published, first):
    """Rule: bank (seeded with the first value), EMA family, program and book give the oracle's trades, set by set."""
    columns, table, _, _, oracle = published
    chosen = range(first, first + 30)
    family = strategies.family("EMA_Crossover")
    members = []
    for k in chosen:
        fast, slow, gate = table[k][:3]
        params = family.Params(fast=int(fast), slow=int(slow), gate=float(gate), exits=exits_of(table[k]))
        members.append(member_of(family, Timeframe.H1, params, k + 1))
    bank = FeatureBank(indicators_of(members), seeding="first")
    sides, atr = RuleProgram(members, bank.index).run(bank.batch(columns))
    sides[: workload().WARM] = 0
    book = ShadowBook(members, COSTS)
    book.run(columns, sides, atr)
    for number, k in enumerate(chosen):
        closed = book.closed(number)
        found = [(trade.side, trade.ts_entry // HOUR - 24, trade.ts_exit // HOUR - 25) for trade in closed]
        assert found == [trade[:3] for trade in oracle[k]]
        for trade, (side, _, _, entry, exit_, _) in zip(closed, oracle[k], strict=True):
            filled, left = entry * (1 + side * 0.0003), exit_ * (1 - side * 0.0003)
            assert trade.net == pytest.approx(side * (left - filled) / filled, rel=1e-12, abs=1e-15)


def test_no_candle_waits_for_a_compiler():
    """Rule: making a program and a book compiles what their steps need; stepping adds no specialisation."""
    member = member_of(strategies.family("ROC_Momentum"), Timeframe.H1, strategies.family("ROC_Momentum").Params(), 1)
    bank = FeatureBank(indicators_of([member]))
    program, book = RuleProgram([member], bank.index), ShadowBook([member], COSTS)
    ready = len(rules.evaluate_rules.signatures), len(shadow.shadow_step.signatures)
    sides = np.zeros(1, dtype=np.int8)
    bar = bar_of(flat_bars((100, 101, 99, 100)), 0)
    bank.step(bar.ts_close, bar.open, bar.high, bar.low, bar.close, bar.volume)
    program.evaluate(bank.values, bank.previous, sides)
    book.step(bar, sides, program.atr)
    assert (len(rules.evaluate_rules.signatures), len(shadow.shadow_step.signatures)) == ready
