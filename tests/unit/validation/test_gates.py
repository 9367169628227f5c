"""The gate on trade lists whose edge is known: none, or planted."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pytest

from tradewind.errors import Corrupt, Misconfigured
from tradewind.model.report import GateKind, GateReport, GateRow, Stamp, Verdict, Window
from tradewind.model.timeframe import HOUR
from tradewind.validation.gates import SCREEN, GateProfile, GateRules, judge
from tradewind.validation.sample import TradeSample, chronological_split
from tradewind.validation.significance import binomial_p

QUICK = GateRules(resamples=400)


def spread_out(r: np.ndarray) -> tuple[TradeSample, Window]:
    """Trades of five hours, one every ten hours, over a span that holds them exactly."""
    entry = np.arange(r.size, dtype=np.int64) * 10 * HOUR
    return TradeSample(entry, entry + 5 * HOUR, r), Window(0, max(1, r.size) * 10 * HOUR)


def bracket_trades(generator: np.random.Generator, n: int, payoff: float, edge: float) -> np.ndarray:
    """Wins of ``payoff`` and losses of 1 R with noise; the win rate is ``edge`` above break-even."""
    won = generator.random(n) < 1.0 / (1.0 + payoff) + edge
    return np.where(won, payoff, -1.0) + generator.normal(0.0, 0.1, n)


def verdicts(payoff: float, edge: float, runs: int, n: int = 600) -> list[Verdict]:
    generator = np.random.default_rng(11)
    return [
        judge(*spread_out(bracket_trades(generator, n, payoff, edge)), generator, rules=QUICK).verdict
        for _ in range(runs)
    ]


@pytest.mark.parametrize("payoff", [0.5, 1.0, 2.0])
def test_trades_without_an_edge_pass_at_most_once_in_twenty(payoff):
    """150 zero-edge lists: a true rate of 5% exceeds 16 passes with probability 0.1%."""
    assert verdicts(payoff, 0.0, 150).count(Verdict.PASS) <= 16


def test_a_strong_edge_passes_more_often_than_not():
    """Win rate 20 points above break-even over 480 and 120 trades: nearly all lists pass."""
    assert verdicts(1.5, 0.2, 30).count(Verdict.PASS) >= 28


def test_a_thousand_looks_raise_the_bar():
    """The same list that passes alone is refused as the best of a thousand candidates."""
    r = bracket_trades(np.random.default_rng(2), 600, 1.5, 0.15)
    alone = judge(*spread_out(r), np.random.default_rng(0), rules=QUICK)
    best_of_many = judge(*spread_out(r), np.random.default_rng(0), rules=QUICK, looked_at=100_000)
    assert alone.verdict is Verdict.PASS
    assert best_of_many.verdict is Verdict.FAIL
    assert best_of_many.looked_at == 100_000


@pytest.mark.req("X25")
@pytest.mark.parametrize("n", [0, 1, 5, 499])
def test_too_few_trades_are_insufficient_whatever_they_earned(n):
    """99 sealed trades of 100 asked for: neither passed nor failed, even when nearly all of them won."""
    r = np.where(np.arange(n) % 10 == 0, -1.0, 2.0)
    report = judge(*spread_out(r), np.random.default_rng(0), rules=QUICK)
    assert report.verdict is Verdict.INSUFFICIENT
    assert not report.approved


def test_one_trade_more_is_enough():
    """The boundary: 500 trades give 100 sealed ones."""
    r = np.where(np.arange(500) % 10 == 0, -1.0, 2.0)
    assert judge(*spread_out(r), np.random.default_rng(0), rules=QUICK).verdict is Verdict.PASS


def test_wins_alone_are_insufficient():
    """Without one loss the break-even is unknown; a perfect record is a reason to look for the leak."""
    report = judge(*spread_out(np.full(600, 1.0)), np.random.default_rng(0), rules=QUICK)
    assert report.verdict is Verdict.INSUFFICIENT
    assert any("break-even unknown" in row.note for row in report.rows)


def test_an_edge_that_died_before_the_sealed_window_is_refused():
    """A brilliant past does not help: the last fifth decides."""
    generator = np.random.default_rng(4)
    r = np.concatenate((bracket_trades(generator, 480, 1.5, 0.3), bracket_trades(generator, 120, 1.5, -0.05)))
    report = judge(*spread_out(r), generator, rules=QUICK)
    assert report.verdict is Verdict.FAIL


def test_equal_payoffs_need_no_bootstrap():
    """With wins of +1 and losses of -1 the exact test says it all, and the row says so."""
    r = np.where(np.random.default_rng(1).random(600) < 0.7, 1.0, -1.0)
    report = judge(*spread_out(r), np.random.default_rng(0), rules=QUICK)
    assert report.rows[-1].passed
    assert "not needed" in report.rows[-1].note


def test_the_threshold_shown_is_the_one_applied():
    """The least win rate that passes at this n: one win less fails the exact test."""
    for wins in range(40, 80):
        sealed = np.where(np.arange(100) < wins, 1.0, -1.0)
        r = np.concatenate((np.tile([1.0, -1.0], 200), sealed))
        row = next(
            row
            for row in judge(*spread_out(r), np.random.default_rng(0), rules=QUICK).rows
            if row.name == "win_rate.sealed"
        )
        assert row.passed == (row.value >= row.threshold)


@pytest.mark.parametrize("looks", [1, 23])
def test_threshold_p_and_level_of_a_row_speak_of_one_test(looks):
    """The win rate at the threshold, tested again, gives a p within the level that the note names."""
    sealed = np.where(np.arange(170) < 120, 1.0, -1.0)
    r = np.concatenate((np.tile([1.0, -1.0], 300), sealed))
    report = judge(*spread_out(r), np.random.default_rng(0), rules=QUICK, looked_at=looks)
    row = next(row for row in report.rows if row.name == "win_rate.sealed")
    p, level = (float(re.search(f"{word} ([0-9.e-]+)", row.note)[1]) for word in ("exact p", "level"))
    assert level == pytest.approx(0.05 / looks, rel=1e-3)
    assert row.passed == (p <= level) == (row.value >= row.threshold)
    least = round(row.threshold * row.n)
    assert binomial_p(least, row.n, 0.5) <= level < binomial_p(least - 1, row.n, 0.5)
    assert ("shared by 23 looked at" in row.note) is (looks == 23)


@pytest.mark.req("C05")
def test_the_split_is_chronological_and_keeps_no_trade_across_it():
    """Every development exit lies before every sealed entry; straddlers belong to neither."""
    entry = np.arange(100, dtype=np.int64) * HOUR
    trades = TradeSample(entry, entry + 3 * HOUR, np.ones(100))
    split = chronological_split(trades, Window(0, 103 * HOUR), 0.2)
    assert split.development.ts_exit.max() <= split.sealed.ts_entry.min()
    assert split.purged > 0
    assert split.development.r.size + split.sealed.r.size + split.purged == 100
    assert split.development_window.end == split.sealed_window.start


def test_trades_outside_the_span_are_refused():
    """A trade from another span would be judged in a window it was not made in."""
    trades, span = spread_out(np.ones(10))
    with pytest.raises(Corrupt, match="outside the span"):
        judge(trades, Window(span.start, span.end // 2), np.random.default_rng(0), rules=QUICK)
    with pytest.raises(Misconfigured, match="looked_at"):
        judge(trades, span, np.random.default_rng(0), rules=QUICK, looked_at=0)


@pytest.mark.req("X05")
def test_the_same_seed_gives_the_same_bytes():
    """A verdict is a function of trades, rules and seed."""
    r = bracket_trades(np.random.default_rng(8), 600, 1.0, 0.05)
    stamp = Stamp(data_hash="d" * 8, config_hash="c" * 8, code_version="0.1.0", seed=8, simulated=True)
    one, two = (
        msgspec.json.encode(judge(*spread_out(r), np.random.default_rng(8), rules=QUICK, stamp=stamp)) for _ in range(2)
    )
    assert one == two
    assert msgspec.json.decode(one, type=GateReport).stamp == stamp


def test_a_new_gate_is_a_longer_tuple():
    """A criterion added to the profile can refuse what the others let pass."""

    def never(evidence):
        return GateRow("never", 0.0, 1.0, ">=", evidence.sealed.n, False, GateKind.EDGE)

    stricter = GateProfile("stricter", (*SCREEN.gates, never))
    r = bracket_trades(np.random.default_rng(2), 600, 1.5, 0.2)
    report = judge(*spread_out(r), np.random.default_rng(0), rules=QUICK, profile=stricter)
    assert (report.profile, report.verdict, report.met) == ("stricter", Verdict.FAIL, 6)


@pytest.mark.req("D23")
def test_the_text_form_is_fixed():
    """Golden text: one line a criterion, criteria met, verdict."""
    rows = (
        GateRow("trades.sealed", 120, 100, ">=", 120, True, GateKind.EVIDENCE, digits=0),
        GateRow("expectancy.sealed", None, 0.0, ">", 0, False, GateKind.EDGE),
        GateRow("win_rate.sealed", 0.5, 0.55, ">=", 120, False, GateKind.EDGE, low=0.41, high=0.59, note="p 0.5"),
    )
    report = GateReport("x", "honest", Verdict.FAIL, rows, Window(0, 8), Window(8, 10), 0, 1, Stamp())
    assert report.text() == (
        "✓ trades.sealed: 120 (threshold: >= 100) n=120, PASS\n"
        "✗ expectancy.sealed: undefined (threshold: > 0.000) n=0, FAIL\n"
        "✗ win_rate.sealed: 0.500 (threshold: >= 0.550) n=120, 95% CI [0.410, 0.590], FAIL; p 0.5\n"
        "Criteria Met: 1/3\n"
        "Verdict: REJECTED (FAIL)"
    )


def test_a_sealed_window_that_stayed_closed_is_one_line():
    """What nobody looked at has no numbers to print; it still counts as not met."""
    waiting = [
        GateRow(f"sealed.{name}", None, None, "", 0, False, GateKind.UNOPENED) for name in ("trades", "psr", "looks")
    ]
    rows = (GateRow("train.trades", 12, 100, ">=", 12, False, GateKind.EVIDENCE, digits=0), *waiting)
    report = GateReport("x", "honest", Verdict.INSUFFICIENT, rows, Window(0, 8), Window(8, 10), 0, 1, Stamp())
    assert report.text() == (
        "✗ train.trades: 12 (threshold: >= 100) n=12, INSUFFICIENT\n"
        "✗ sealed: not opened, which a missed criterion before it forbids; 3 not met: trades, psr, looks\n"
        "Criteria Met: 0/4\n"
        "Verdict: REJECTED (INSUFFICIENT)"
    )
