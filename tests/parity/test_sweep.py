"""The sweep against the engine, the shadow book and the published oracle: the same trades, bit for bit."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from tests.parity.streaming import stored
from tests.shadow_workload import COSTS, columns_of, exits_of, workload
from tests.sweep_oracle import oracle_trades
from tests.vote_oracle import oracle_side
from tradewind.adapters.replay_feed import Recording
from tradewind.app.backtest import Backtest
from tradewind.app.config import built_in
from tradewind.app.wiring import plan_for
from tradewind.ensemble.shadow import ShadowColumns, charges_of, cost_per_side
from tradewind.features.bank import FeatureBank
from tradewind.features.rule import Exits, Member, member_of
from tradewind.features.rule_expression import Condition
from tradewind.features.rule_member import Rule
from tradewind.features.rule_program import indicators_of
from tradewind.features.rule_series import bbands, close, ema, rsi
from tradewind.model.bar import BarColumns
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.research.proof import shadow_book
from tradewind.research.sweep import Sweep
from tradewind.strategies import families, family

WAYS = [
    {"stop_mode": mode, "trail_r": trail, "exit_on_opposite": leaves, "time_stop_bars": patience}
    for mode in ("pct", "atr", "wider_of")
    for trail, leaves, patience in ((0.0, False, 48), (1.0, False, 0), (0.0, True, 24), (0.6, True, 96))
]
EURUSD = resolve("EUR/USD")


def same(found: ShadowColumns, expected: ShadowColumns) -> bool:
    """Every column equal in every bit."""
    return all(one.tobytes() == other.tobytes() for one, other in zip(found, expected, strict=True))


def variants(timeframe: Timeframe) -> list[Member]:
    """Every family with its default parameters and every way out."""
    made = []
    for one in families().values():
        for number, way in enumerate(WAYS, start=1):
            params = one.Params()
            exits = msgspec.structs.replace(params.exits, **way)
            made.append(member_of(one, timeframe, msgspec.structs.replace(params, exits=exits), number))
    return made


@pytest.fixture(scope="module")
def published():
    """The workload's bars by name, and its thousand strategies."""
    work = workload()
    cross = family("EMA_Crossover")
    table = work.params(1000, "rand")
    members = [
        member_of(
            cross,
            Timeframe.H1,
            cross.Params(fast=int(row[0]), slow=int(row[1]), gate=row[2], exits=exits_of(row)),
            k + 1,
        )
        for k, row in enumerate(table)
    ]
    return work, table, members


def test_the_published_workload_is_met_trade_for_trade(published):
    """Rule: 67,645 trades on the small bars; side, entry bar and exit bar of 40 sets are those of the plain oracle."""
    work, table, members = published
    bars = work.dataset("small")
    sweep = Sweep(members, columns_of(*bars), COSTS, seeding="first", earliest=work.WARM)
    assert int(sweep.run().trades.sum()) == 67_645
    trades = sweep.trades()
    for k in range(0, 1000, 25):
        oracle = [(side, entry, left) for side, entry, left, *_ in work.reference(*bars, table[k])]
        rows = zip(trades[k].side, trades[k].ts_entry, trades[k].ts_exit, strict=True)
        assert [(int(side), int(a) // HOUR - 24, int(b) // HOUR - 25) for side, a, b in rows] == oracle


def test_the_published_workload_of_five_years_has_its_number_of_trades(published):
    """Rule: 380,654 trades over 31,000 bars, however many threads share the work."""
    work, _, members = published
    sweep = Sweep(members, columns_of(*work.dataset("h1")), COSTS, seeding="first", earliest=work.WARM)
    one, two = sweep.run(), sweep.run(threads=2)
    assert int(one.trades.sum()) == 380_654
    for alone, shared in zip(one[:-1], two[:-1], strict=True):
        assert np.array_equal(alone, shared)


@pytest.mark.req("X01", "X06", "B05")
@pytest.mark.parametrize("name", ["bars_bidask/EURUSD-1h", "bars/BTCUSDT-1h"])
def test_every_family_and_every_way_out_is_that_of_the_shadow_book(name: str) -> None:
    """Rule: all columns of all trades equal bit for bit, on real bars with and without a spread of their own."""
    columns = stored(name, 1000, 5000)
    members = variants(Timeframe.H1)
    instrument = EURUSD if "EUR" in name else resolve("BTC/USDT")
    book = shadow_book(members, columns, instrument)
    found = Sweep(members, columns, instrument.costs).trades()
    different = [
        member.id for k, (member, own) in enumerate(zip(members, found, strict=True)) if not same(own, book.columns(k))
    ]
    assert different == []
    traded = [len(own.side) for own in found]
    print(f"{name}: {len(members)} strategies, {sum(traded)} trades")
    assert sum(count > 20 for count in traded) > 0.8 * len(members)


@pytest.mark.req("B05", "X06")
@pytest.mark.parametrize("name", sorted(families()))
def test_every_family_trades_as_plain_python_says(name: str) -> None:
    """Rule: votes and trades of a family, for every way out, are those of an oracle that shares no code with both."""
    columns = stored("bars_bidask/EURUSD-1h", 4000, 1500)
    members = [one for one in variants(Timeframe.H1) if one.family == name]
    bank = FeatureBank(indicators_of(members))
    rows = bank.batch(columns)
    read = {key: rows[:, place].tolist() for key, place in bank.index.items()}
    sides = [oracle_side(members[0].rule, read, bar) for bar in range(len(columns.close))]
    paid = cost_per_side(*charges_of(EURUSD.costs), columns)
    for member, own in zip(members, Sweep(members, columns, EURUSD.costs).trades(), strict=True):
        exits = member.rule.exits
        ranges = read[f"atr({exits.atr_period})"] if exits.needs_atr else [math.nan] * len(sides)
        expected = oracle_trades(columns, paid, sides, ranges, exits)
        assert own.side.tolist() == [trade.side for trade in expected], member.id
        assert own.ts_entry.tolist() == [int(columns.ts_open[trade.entry_bar]) for trade in expected]
        assert own.ts_exit.tolist() == [int(columns.ts_close[trade.exit_bar]) for trade in expected]
        assert own.code.tolist() == [trade.code for trade in expected]
        assert own.net.tolist() == pytest.approx([trade.net for trade in expected], rel=1e-12, abs=1e-15)
        assert own.r.tolist() == pytest.approx([trade.r for trade in expected], rel=1e-12, abs=1e-15)


@pytest.mark.req("C15", "X05")
def test_the_engine_with_one_strategy_makes_the_trades_of_the_sweep() -> None:
    """Rule: the shadow trades of the engine that also runs paper and live are those of the sweep, bit for bit."""
    columns = stored("bars_bidask/EURUSD-1h", 2000, 3000)
    hourly = {"timeframes": {"intervals": [{"interval": "1h", "weight": 1.0}]}}
    config = msgspec.structs.replace(built_in().config)
    members = [one for k, one in enumerate(variants(Timeframe.H1)) if k % 7 == 0]
    found = Sweep(
        members, columns, plan_for(config, {"EUR/USD": Timeframe.H1}, executes=False).symbols[0].instrument.costs
    ).trades()
    total = 0
    for k, member in enumerate(members):
        plan = plan_for(config, {"EUR/USD": Timeframe.H1}, executes=False, members=[member])
        run = Backtest(plan, [Recording("EUR/USD", Timeframe.H1, columns, "test", 0)])
        run.run()
        own = run.engine.desks["EUR/USD"].series[Timeframe.H1].shadow.columns(0)
        assert same(found[k], own), member.id
        total += len(own.side)
    print(f"{len(members)} engines, {total} trades, {hourly}")
    assert total > 500


def test_a_hole_in_the_prices_silences_until_everything_is_warm_again() -> None:
    """Rule: bars without a price restart every indicator, in the sweep as in the bank."""
    columns = stored("bars/BTCUSDT-1h", 0, 3000)
    for bar in (0, 511, 512, 513, 900, 901, 1535, 2600):
        for column in columns[2:6]:
            column[bar] = np.nan
    members = variants(Timeframe.H1)
    book = shadow_book(members, columns, EURUSD)
    found = Sweep(members, columns, EURUSD.costs).trades()
    assert [m.id for k, m in enumerate(members) if not same(found[k], book.columns(k))] == []


def test_any_expression_of_the_language_is_swept_as_it_is_evaluated() -> None:
    """Rule: arithmetic, looks back, contraries and nesting, drawn at random, trade as in the shadow book."""
    generator = np.random.default_rng(3)
    columns = stored("bars_bidask/EURUSD-1h", 0, 2500)
    exits = Exits(stop_mode="pct", stop_pct=0.002, target_r=1.0, time_stop_bars=10)
    cross = family("EMA_Crossover")
    members = []
    for k in range(150):
        rule = Rule(long=drawn(generator, 3), short=drawn(generator, 3), exits=exits)
        members.append(Member(f"Random_1h_v{k}", "Random", Timeframe.H1, cross.Params(exits=exits), 1.0, rule))
    book = shadow_book(members, columns, EURUSD)
    found = Sweep(members, columns, EURUSD.costs).trades()
    assert [m.id for k, m in enumerate(members) if not same(found[k], book.columns(k))] == []
    assert sum(len(own.side) > 0 for own in found) > 75


def drawn(generator: np.random.Generator, depth: int) -> Condition:
    """A condition of at most so many levels over a handful of numbers."""
    choice = int(generator.integers(0, 4)) if depth else 0
    if choice == 0:
        numbers = [
            close(),
            ema(5),
            ema(9),
            ema(30),
            rsi(7),
            bbands(20, 1.5, "upper"),
            (close() - ema(9)) / (ema(30) - ema(5)),
        ]
        one, other = (numbers[int(k)] for k in generator.choice(len(numbers), 2, replace=False))
        one = one.lag() if generator.integers(0, 3) == 0 else one
        against = float(generator.uniform(-1, 60)) if generator.integers(0, 3) == 0 else other
        against = against.lag() if not isinstance(against, float) and generator.integers(0, 3) == 0 else against
        pick = int(generator.integers(0, 4))
        return (one > against, one >= against, one < against, one <= against)[pick]
    if choice == 1:
        return ~drawn(generator, depth - 1)
    left, right = drawn(generator, depth - 1), drawn(generator, depth - 1)
    return left & right if choice == 2 else left | right


def test_an_empty_pool_and_an_empty_market_are_no_trouble() -> None:
    """Rule: nobody trades nothing."""
    nothing = BarColumns(*(np.zeros(0, dtype=np.int64),) * 2, *(np.zeros(0),) * 6)
    assert Sweep([], stored("bars/BTCUSDT-1h", 0, 50), EURUSD.costs).run().trades.size == 0
    assert Sweep(variants(Timeframe.H1)[:3], nothing, EURUSD.costs).run().trades.tolist() == [0, 0, 0]
