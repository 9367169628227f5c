"""Every threshold of the gates just below, at and above, on trades whose counts are known.

No verb prints these gates for arbitrary trades, so they are asked through the public function that the verbs print.
"""

from __future__ import annotations

import math
import re

import msgspec
import numpy as np
import pytest

from tests.gate_evidence import (
    candidate,
    folds,
    judged,
    long_windows,
    measured,
    outcomes,
    row,
    window,
    with_returns,
    with_trades,
)
from tradewind.model.report import Verdict
from tradewind.validation.gates_evidence import BatchEvidence, Fold, Robustness, StressedTrades
from tradewind.validation.gates_measure import measure_window, settle
from tradewind.validation.gates_profiles import (
    HONEST,
    SOURCE,
    STRICT,
    funnel,
    judge_candidate,
    judgement_of,
    may_open,
)
from tradewind.validation.gates_rows import Limits
from tradewind.validation.significance import binomial_p


def below(value: float) -> float:
    return math.nextafter(value, -math.inf)


def above(value: float) -> float:
    return math.nextafter(value, math.inf)


def robust(**changes) -> Robustness:
    return msgspec.structs.replace(candidate().robustness, **changes)


def batch(**changes) -> BatchEvidence:
    return msgspec.structs.replace(candidate().batch, **changes)


def holds(evidence, name: str, met: bool, profile=HONEST) -> None:
    """The row is met or not, and with it the whole verdict of a candidate that meets all others."""
    found, report = judged(evidence, name, profile)
    assert found.passed is met, found.text()
    assert report.approved is met, report.text()


def test_the_candidate_of_these_tests_meets_every_profile():
    """Otherwise no boundary below would show anything."""
    for profile in (SOURCE, HONEST, STRICT):
        report = judge_candidate(candidate(), profile)
        assert report.verdict is Verdict.PASS, report.text()


@pytest.mark.req("D01")
@pytest.mark.parametrize(("wins", "met"), [(499, False), (500, True), (501, True)])
def test_the_train_win_rate_is_at_least_one_half(wins, met):
    """0.499 fails, 0.500 passes; the retention gates see a test window of the same rate."""
    evidence = candidate(train=window(wins, 1000, 1.5))
    holds(evidence, "train.win_rate", met)
    assert row(judge_candidate(evidence), "train.win_rate").threshold == 0.50


@pytest.mark.req("D02")
@pytest.mark.parametrize(
    ("r", "met"),
    [
        (np.append(outcomes(599, 1099), 0.999), False),
        (outcomes(600, 1100), True),
        (outcomes(601, 1101), True),
    ],
)
def test_the_train_profit_factor_is_at_least_one_point_two(r, met):
    """600 wins and 500 losses of one R are exactly 1.2; a thousandth of an R less fails."""
    holds(candidate(train=measured(r)), "train.profit_factor", met)


@pytest.mark.req("D03")
@pytest.mark.parametrize(("sharpe", "met"), [(below(0.5), False), (0.5, True), (above(0.5), True)])
def test_the_train_sharpe_is_at_least_one_half(sharpe, met):
    """One representable number below fails; the row says how it was annualised."""
    evidence = candidate(train=with_returns(window(700, 1000), sharpe=sharpe))
    holds(evidence, "train.sharpe", met)
    assert "sqrt(252)" in row(judge_candidate(evidence), "train.sharpe").note


@pytest.mark.req("D04")
@pytest.mark.parametrize(("drawdown", "met"), [(below(0.25), True), (0.25, True), (above(0.25), False)])
def test_the_train_drawdown_is_at_most_a_quarter(drawdown, met):
    """One representable number above fails."""
    holds(candidate(train=with_returns(window(700, 1000), max_drawdown=-drawdown)), "train.max_drawdown", met)


@pytest.mark.req("D05")
@pytest.mark.parametrize(("wins", "met"), [(509, False), (510, True), (511, True)])
def test_the_test_window_keeps_85_percent_of_the_train_win_rate(wins, met):
    """A train rate of 0.60 asks for 0.51; 0.509 fails."""
    evidence = candidate(
        train=window(600, 1000, 1.5), test=window(wins, 1000, 1.5), opened={"window": window(175, 250, 1.5)}
    )
    holds(evidence, "test.retention", met)


@pytest.mark.req("D05", "D12")
@pytest.mark.parametrize("n", range(20, 400, 20))
def test_equality_of_whole_counts_passes_at_every_size(n):
    """Rates of 17/20 of one another are equal at every n, whatever their binary fractions round to."""
    train = window(n // 2, n, 3.0)
    test = window(17 * n // 20 // 2, n, 3.0) if 17 * n % 40 == 0 else None
    if test is None:
        train, test = window(n, 2 * n, 3.0), window(17 * n // 20, 2 * n, 3.0)
    found, _ = judged(candidate(train=train, test=test, opened={"window": test}), "test.retention")
    decay, _ = judged(candidate(train=train, test=test, opened={"window": test}), "sealed.decay")
    assert (found.passed, decay.passed) == (True, True)


@pytest.mark.req("D06")
@pytest.mark.parametrize(("wins", "met"), [(50, False), (51, True), (52, True)])
def test_validation_keeps_85_percent_of_training(wins, met):
    """Means over folds: 0.60 in training asks for 0.51 in validation; one trade of one fold less fails."""
    evidence = candidate(folds=folds(51, 51, 51, 51, wins))
    found, report = judged(evidence, "walk_forward.retention")
    assert (found.passed, report.approved) == (met, met)
    assert found.n == 500


@pytest.mark.req("D07")
@pytest.mark.parametrize(("kept", "met"), [(6, False), (7, True), (8, True)])
def test_seven_of_ten_folds_must_be_consistent(kept, met):
    """Consistency: the share of folds that keep 85% of their own training win rate."""
    evidence = candidate(folds=folds(*[60] * kept, *[50] * (10 - kept)))
    found, report = judged(evidence, "walk_forward.consistency")
    assert (found.passed, report.approved) == (met, met)
    assert (found.value, found.n) == (kept / 10, 10)


@pytest.mark.req("D08")
@pytest.mark.parametrize(("wins", "met"), [(44, False), (45, True), (46, True)])
def test_the_mean_validation_win_rate_is_at_least_45_percent(wins, met):
    """Four folds at exactly 0.45 and one beside it."""
    evidence = candidate(folds=folds(45, 45, 45, 45, wins, train_wins=50))
    found, report = judged(evidence, "walk_forward.validation_win_rate")
    assert (found.passed, report.approved) == (met, met)


@pytest.mark.req("D09")
def test_the_walk_forward_is_a_step_with_counts_in_and_out():
    """Of four candidates three come to the walk forward and two leave it."""
    reports = [
        judge_candidate(one)
        for one in (
            candidate(),
            candidate(train=window(400, 1000, 2.0)),
            candidate(folds=folds(40, 40, 40, 40, 40)),
            candidate(opened={"window": window(150, 250)}),
        )
    ]
    steps = {step.stage: step for step in funnel(reports)}
    assert list(steps) == ["windows", "train", "test", "walk_forward", "robustness", "batch", "sealed"]
    assert steps["walk_forward"].text() == "walk_forward: validated: 2/3"
    assert (steps["sealed"].entered, steps["sealed"].validated) == (2, 1)


@pytest.mark.req("D10")
@pytest.mark.parametrize(("wins", "met"), [(649, False), (650, True), (651, True)])
def test_the_sealed_win_rate_is_at_least_65_percent(wins, met):
    """0.649 fails, 0.650 passes."""
    holds(candidate(opened={"window": window(wins, 1000)}), "sealed.win_rate", met)


@pytest.mark.req("D11")
@pytest.mark.parametrize(
    ("r", "met"),
    [
        (np.append(outcomes(1299, 1799, 0.5), 0.499), False),
        (outcomes(1300, 1800, 0.5), True),
        (outcomes(1301, 1801, 0.5), True),
    ],
)
def test_the_sealed_profit_factor_is_at_least_one_point_three(r, met):
    """1,300 wins of half an R against 500 losses of one are exactly 1.3."""
    holds(candidate(opened={"window": measured(r)}), "sealed.profit_factor", met)


@pytest.mark.req("D12")
@pytest.mark.parametrize(("wins", "met"), [(679, False), (680, True), (681, True)])
def test_the_sealed_window_loses_at_most_15_percent_of_the_win_rate(wins, met):
    """0.80 in train: 0.68 is a decay of exactly 15.0% and passes, one trade less fails."""
    evidence = candidate(train=window(800, 1000), test=window(200, 250), opened={"window": window(wins, 1000)})
    holds(evidence, "sealed.decay", met)
    assert row(judge_candidate(evidence), "sealed.decay").threshold == 0.15


@pytest.mark.req("D13")
@pytest.mark.parametrize(("drawdown", "met"), [(below(0.1), True), (0.1, True), (above(0.1), False)])
def test_the_sealed_drawdown_stays_within_the_configured_budget(drawdown, met):
    """A budget of 10%: equality passes, and the budget is printed."""
    evidence = candidate(opened={"window": with_returns(window(175, 250), max_drawdown=-drawdown)})
    found, report = judged(evidence, "sealed.max_drawdown", limits=Limits(drawdown_budget=0.1))
    assert (found.passed, report.approved) == (met, met)
    assert "(threshold: <= 0.100)" in found.text()


@pytest.mark.req("D23")
def test_both_profiles_are_printed_in_the_fixed_form():
    """Each criterion ``✓ name: value (threshold: t)``, then the count and APPROVED or REJECTED with the verdict."""
    judgement = judgement_of(candidate(opened={"window": window(150, 250)}))
    text = judgement.text()
    rows = [line for line in text.splitlines() if line[:1] in "✓✗"]
    assert len(rows) == len(SOURCE.gates) + len(HONEST.gates)
    for line in rows:
        assert re.fullmatch(r"[✓✗] [a-z_.0-9]+: (\d+|-?\d+\.\d{3}|undefined) \(threshold: \S+ \S+\) n=\d+.*", line), (
            line
        )
    assert re.findall(r"^Profile: .*$", text, re.M) == ["Profile: source", "Profile: honest (decides)"]
    assert re.findall(r"^Criteria Met: \d+/\d+$", text, re.M) == ["Criteria Met: 11/12", "Criteria Met: 28/29"]
    assert re.findall(r"^Verdict: .*$", text, re.M) == ["Verdict: REJECTED (FAIL)", "Verdict: REJECTED (FAIL)"]


@pytest.mark.req("D23", "D24")
def test_thresholds_that_decide_nothing_say_so_beside_their_word():
    """Whoever cuts the lines above off sees that the deciding profile says otherwise."""
    evidence = candidate(opened={"window": window(65, 100, 0.75)})
    judgement = judgement_of(evidence)
    assert judgement.verdict is Verdict.THRESHOLDS_ONLY
    assert re.findall(r"^Verdict: .*$", judgement.text(), re.M) == [
        "Verdict: APPROVED (PASS) by these thresholds alone: honest decides, and says THRESHOLDS-ONLY",
        "Verdict: REJECTED (THRESHOLDS-ONLY)",
    ]
    assert judgement_of(candidate()).text().count("by these thresholds alone") == 0


@pytest.mark.req("D23")
def test_approved_is_said_for_pass_alone():
    """Four verdicts, one of them approves."""
    said = {
        Verdict.PASS: candidate(),
        Verdict.THRESHOLDS_ONLY: candidate(opened={"window": window(65, 100, 0.75)}),
        Verdict.FAIL: candidate(train=window(400, 1000, 2.0)),
        Verdict.INSUFFICIENT: candidate(opened={"window": window(70, 99)}),
    }
    for verdict, evidence in said.items():
        report = judge_candidate(evidence)
        assert report.verdict is verdict, report.text()
        word = "APPROVED" if verdict is Verdict.PASS else "REJECTED"
        assert report.text().endswith(f"Verdict: {word} ({verdict.value})")


@pytest.mark.req("X19")
def test_every_win_rate_comes_with_what_it_means():
    """Break-even, payoff and expectancy stand beside the rate; a rate alone is met by a near target without skill."""
    for name in ("train.win_rate", "sealed.win_rate"):
        note = judged(candidate(), name)[0].note
        assert re.search(r"break-even 0\.500, payoff 1\.00, expectancy \+0\.400 R", note)


@pytest.mark.req("X19")
@pytest.mark.parametrize(("expectancy", "met"), [(below(0.0), False), (0.0, False), (above(0.0), True)])
def test_an_expectancy_must_be_above_nothing(expectancy, met):
    """Zero is not above zero; both windows are asked."""
    holds(candidate(train=with_trades(window(700, 1000), expectancy=expectancy)), "train.expectancy", met)
    sealed = with_trades(window(175, 250), expectancy=expectancy)
    holds(candidate(opened={"window": sealed}), "sealed.expectancy", met)


@pytest.mark.req("C08", "HZ21")
@pytest.mark.parametrize(("cost", "breakeven"), [(0.0, 0.4), (0.1, 0.44), (0.33, 0.532)])
def test_costs_are_told_beside_the_win_rate_they_ask_for(cost, breakeven):
    """A target of 1.5 stops: what a round trip takes of the risk raises the break-even from 40% to 44% and 53%."""
    r = np.tile([1.5 - cost, -1.0 - cost], 150)
    evidence = candidate(
        train=measure_window(r, 0.01 * r, np.random.default_rng(0), periods_per_year=252.0, cost_to_risk=cost)
    )
    assert evidence.train.trades.breakeven == pytest.approx(breakeven, abs=1e-3)
    note = judged(evidence, "train.win_rate")[0].note
    assert f"break-even {breakeven:.3f}" in note
    assert f"costs {cost:.1%} of the risk" in note


@pytest.mark.req("X25")
@pytest.mark.parametrize(("n", "met"), [(199, False), (200, True), (201, True)])
def test_fewer_than_200_train_trades_are_insufficient(n, met):
    """Never PASS and never FAIL, however good they were."""
    found, report = judged(candidate(train=window(7 * n // 10, n)), "train.trades")
    assert found.passed is met
    assert report.verdict is (Verdict.PASS if met else Verdict.INSUFFICIENT)


@pytest.mark.req("X25", "HZ25")
@pytest.mark.parametrize(("n", "met"), [(99, False), (100, True), (101, True)])
def test_fewer_than_100_sealed_trades_are_insufficient(n, met):
    """The same for the sealed window."""
    found, report = judged(candidate(opened={"window": window(7 * n // 10 + 1, n)}), "sealed.trades")
    assert found.passed is met
    assert report.verdict is (Verdict.PASS if met else Verdict.INSUFFICIENT)


@pytest.mark.req("X25")
def test_every_row_says_how_many_and_how_sure():
    """n everywhere, an interval beside every rate, ratio and mean, and one of three outcomes."""
    report = judge_candidate(candidate(train=measured(outcomes(700, 1000) + np.tile([0.01, -0.01], 500))))
    interval = ("win_rate", "profit_factor", "sharpe", "retention", "decay", "expectancy", "consistency")
    for one in report.rows:
        assert one.n > 0, one.name
        assert f"n={one.n}" in one.text()
        assert re.search(r", (PASS|FAIL|INSUFFICIENT)(;|$)", one.text())
        if one.name.endswith(interval) and one.name != "walk_forward.retention":
            assert one.low is not None, one.name
            assert one.low <= one.value <= one.high, one.text()


@pytest.mark.req("X25")
def test_no_losses_leave_a_profit_factor_undefined_not_infinite():
    """A perfect record is a reason to look for the leak: too little evidence, said in words."""
    found, report = judged(candidate(train=window(300, 300)), "train.profit_factor")
    assert (found.value, found.passed, found.outcome) == (None, False, Verdict.INSUFFICIENT)
    assert "no_losses" in found.note
    assert report.verdict is Verdict.INSUFFICIENT


@pytest.mark.req("HZ24")
@pytest.mark.parametrize(
    "worse",
    [
        {"windows": long_windows(150)},
        {"train": window(140, 199)},
        {"test": window(100, 250)},
        {"folds": folds(40, 40, 40, 40, 40)},
        {"robustness": Robustness()},
        {"batch": BatchEvidence(trials=500, days=2400, pbo=0.6, spa_p=0.001)},
    ],
)
def test_nobody_is_picked_on_the_sealed_window(worse):
    """Whoever misses anything before it gets no look, and every sealed row says so."""
    assert may_open(candidate(opened=None))
    assert not may_open(candidate(opened=None, **worse))
    report = judge_candidate(candidate(opened=None, **worse))
    sealed = [one for one in report.rows if one.stage == "sealed"]
    assert sealed
    assert all(not one.passed and one.note == "sealed window not opened" for one in sealed)
    assert report.looked_at == 0


@pytest.mark.req("HZ24", "X04")
def test_a_window_that_was_read_before_proves_nothing_again():
    """The second read of the same window by the same family is contaminated and cannot pass."""
    found, report = judged(candidate(opened={"earlier_looks": 1}), "sealed.looks")
    assert "contaminated" in found.note
    assert report.verdict is Verdict.INSUFFICIENT


@pytest.mark.req("HZ25", "X02")
def test_the_best_of_a_hundred_coin_flips_is_refused():
    """Coin flips with 200 train and 100 sealed trades: the corrected test passes no one of them."""
    generator = np.random.default_rng(5)
    flips = [candidate(opened={"window": window(int(generator.binomial(100, 0.5)), 100)}) for _ in range(100)]
    settled = settle(flips)
    assert min(one.sealed.p for one in settled) < 0.05
    assert min(one.sealed.holm_p for one in settled) > 0.05
    assert not any(judge_candidate(one).approved for one in settled)


@pytest.mark.req("HZ25", "X25")
@pytest.mark.parametrize(("wins", "n", "p"), [(30, 50, 0.101), (6, 12, 0.613)])
def test_the_published_chances_of_a_coin_are_the_exact_ones(wins, n, p):
    """60% of 50 happens to a coin with p = 0.101, 50% of 12 with p = 0.61: neither is evidence."""
    assert binomial_p(wins, n, 0.5) == pytest.approx(p, abs=5e-4)
    report = judge_candidate(candidate(opened={"window": window(wins, n)}))
    assert report.verdict is Verdict.INSUFFICIENT


@pytest.mark.req("X02", "HZ25")
@pytest.mark.parametrize(("p", "met"), [(below(0.05), True), (0.05, True), (above(0.05), False)])
def test_the_corrected_exact_test_is_at_five_percent(p, met):
    """Equality passes; a miss of this one alone leaves THRESHOLDS-ONLY."""
    found, report = judged(candidate(opened={"holm_p": p}), "sealed.exact_test")
    assert found.passed is met
    assert report.verdict is (Verdict.PASS if met else Verdict.THRESHOLDS_ONLY)


@pytest.mark.req("X11")
@pytest.mark.parametrize(("factor", "met"), [(below(1.0), False), (1.0, False), (above(1.0), True)])
def test_doubled_costs_leave_more_than_they_take(factor, met):
    """A profit factor of exactly 1 at twice the spread and slippage is not above 1."""
    holds(
        candidate(robustness=robust(stress=(StressedTrades(2.0, 900, factor, 0.1),))),
        "robustness.stressed_profit_factor",
        met,
    )


@pytest.mark.parametrize(("late", "met"), [(below(0.2), False), (0.2, True), (above(0.2), True)])
def test_execution_a_bar_later_keeps_half_of_the_expectancy(late, met):
    """Half of 0.4 R is 0.2 R and passes."""
    holds(candidate(robustness=robust(delayed_expectancy=late)), "robustness.delay_kept", met)


@pytest.mark.parametrize("field", ["shuffle_drawdown", "bootstrap_drawdown"])
@pytest.mark.parametrize(("drawdown", "met"), [(below(0.25), True), (0.25, True), (above(0.25), False)])
def test_drawdowns_of_other_orders_stay_within_a_quarter(field, drawdown, met):
    """The 95th percentiles over shuffles and over resamples."""
    holds(candidate(robustness=robust(**{field: drawdown})), f"robustness.{field}", met)


@pytest.mark.req("X02")
@pytest.mark.parametrize(("pbo", "met"), [(0.2, True), (above(0.2), True), (0.5, True), (above(0.5), False)])
def test_a_batch_that_is_overfitted_blocks_all_its_members(pbo, met):
    """Above 0.2 it warns, above 0.5 it blocks."""
    holds(candidate(batch=batch(pbo=pbo)), "batch.pbo", met)
    assert ("warning" in judged(candidate(batch=batch(pbo=pbo)), "batch.pbo")[0].note) is (pbo > 0.2)


@pytest.mark.req("X02")
@pytest.mark.parametrize(("p", "met"), [(below(0.05), True), (0.05, True), (above(0.05), False)])
def test_a_batch_must_be_better_than_its_own_search(p, met):
    """The studentised SPA p-value at five percent."""
    holds(candidate(batch=batch(spa_p=p)), "batch.spa", met)


def test_a_trial_alone_cannot_step_out_of_its_batch():
    """One trial needs no PBO while it is the ledger's only one; with others in the ledger it must come with them."""
    holds(candidate(batch=batch(trials=1, pbo=None, ledger_trials=1)), "batch.pbo", True)
    found, report = judged(candidate(batch=batch(trials=1, pbo=None, ledger_trials=2)), "batch.pbo")
    assert (found.passed, report.verdict) == (False, Verdict.INSUFFICIENT)


@pytest.mark.req("X02")
@pytest.mark.parametrize(("field", "limit"), [("psr", 0.95), ("dsr", 0.5)])
def test_sharpe_ratios_must_survive_their_length_and_their_search(field, limit):
    """PSR(0) of the sealed window at 0.95, the deflated ratio at 0.5; equality passes."""
    for value, met in ((below(limit), False), (limit, True), (above(limit), True)):
        found, report = judged(candidate(opened={field: value}), f"sealed.{field}")
        assert (found.passed, report.approved) == (met, met)


@pytest.mark.parametrize(
    ("opened", "name"),
    [
        ({"dsr_spread": below(0.95)}, "sealed.dsr_strong"),
        ({"holm_p_ledger": above(0.05)}, "sealed.exact_test_ledger"),
        ({"window": window(212, 250)}, "sealed.too_good"),
    ],
)
def test_the_strict_profile_asks_for_more_than_the_honest_one(opened, name):
    """Strong deflation, Holm over every trial of the ledger, nothing too good: honest passes, strict does not."""
    evidence = candidate(opened=opened)
    assert judge_candidate(evidence, HONEST).approved
    found, report = judged(evidence, name, STRICT)
    assert (found.passed, report.approved) == (False, False)
    assert judgement_of(evidence, STRICT).verdict is report.verdict


def test_too_good_is_flagged_in_every_profile():
    """A sealed rate two standard errors above the train rate, and a high rate that earns nothing."""
    report = judge_candidate(candidate(opened={"window": window(212, 250)}))
    assert "! too good: sealed win rate 0.848" in report.text()
    near = judge_candidate(candidate(opened={"window": window(660, 1000, 0.4)}), SOURCE)
    assert any("profit factor of 0.78" in flag for flag in near.flags)
    assert judge_candidate(candidate()).flags == ()


def test_without_folds_or_trades_nothing_is_claimed():
    """Empty evidence is INSUFFICIENT in every profile, and prints."""
    nothing = measured(np.empty(0))
    evidence = candidate(train=nothing, test=nothing, folds=(Fold(0, 0, 0, 0),), robustness=Robustness(), opened=None)
    for profile in (SOURCE, HONEST, STRICT):
        report = judge_candidate(evidence, profile)
        assert report.verdict is Verdict.INSUFFICIENT
        assert "undefined" in report.text()
