"""The parameter search: it finds what was planted, counts everything it tried, and reads nothing behind its window."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.planted_market import market
from tradewind.adapters.optuna_search import OptunaSearch
from tradewind.errors import Misconfigured, Rejected, Unavailable
from tradewind.features.rule_space import Range, choice, whole
from tradewind.model.instruments import resolve
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.ports.parameter_search import Proposal
from tradewind.research import optimize as searching
from tradewind.research.candidate_trades import Market, run_members, sample_of
from tradewind.research.optimize import Optimized, Tried, optimized, score_of, train_window, trials_in
from tradewind.research.space import Space
from tradewind.strategies import family
from tradewind.validation.trade_metrics import trade_metrics
from tradewind.validation.windows import WindowRules, windows_of

LADDERS = {"a": whole(1, 100), "b": whole(1, 100), "kind": choice("x", "y", "z"), "flag": choice(False, True)}
TOP = (37, 81, "y", True)


def drawn(proposal: Proposal) -> tuple[object, ...]:
    return tuple(one.at(share, {}) for share, one in zip(proposal.shares, LADDERS.values(), strict=True))


def worth(values: Sequence[object]) -> float:
    """0 at the planted optimum, less everywhere else."""
    a, b, kind, flag = values
    return -abs(a - TOP[0]) / 50 - abs(b - TOP[1]) / 50 - (kind != TOP[2]) - 0.5 * (flag != TOP[3])  # type: ignore[operator]


def best_of(seed: int, count: int = 240) -> list[float]:
    search = OptunaSearch(LADDERS, seed)
    scores = []
    for _ in range(count // 16):
        proposals = search.ask(16)
        for one in proposals:
            scores.append(worth(drawn(one)))
            search.tell(one.number, scores[-1])
    return scores


def test_a_planted_optimum_is_found_far_more_closely_than_by_chance() -> None:
    """Of 60,000 sets 240 are tried: the best comes nearer than the best of 240 random ones, for every seed."""
    for seed in range(3):
        generator = np.random.default_rng(seed)
        chance = max(worth(drawn(Proposal(0, tuple(generator.random(len(LADDERS)).tolist())))) for _ in range(240))
        found = max(best_of(seed))
        assert found > -0.2
        assert found >= chance


def test_the_same_seed_proposes_the_same_in_every_process() -> None:
    """Whatever the process' hash seed; another seed proposes others, also one beyond 32 bits."""
    script = "from tests.unit.research.test_optimize import best_of; print([round(one, 9) for one in best_of(5, 96)])"
    root = str(Path(__file__).resolve().parents[3])
    answers = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True,
            env={"PYTHONPATH": f"{root}:{root}/src", "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(answers) == 1
    assert best_of(5, 96) == best_of(5, 96) != best_of(2**70, 96)


SPACE = Space(family("Donchian_Breakout"), "crypto")


@pytest.fixture(scope="module")
def bars() -> Market:
    return Market.of(market(bars=12_000), resolve("BTC/USDT"))


def run(
    train: Market, count: int = 40, seed: int = 1, objective: str = "wilson", **more: object
) -> tuple[Optimized, list[list[Tried]]]:
    kept: list[list[Tried]] = []
    found = optimized(
        SPACE, Timeframe.H1, train, OptunaSearch(SPACE.ranges, seed), objective,  # type: ignore[arg-type]
        count=count, min_trades=30, keep=lambda batch: kept.append(list(batch)), **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return found, kept


def told(found: Optimized) -> list[tuple[str, float | None, int]]:
    return [(one.spec, one.score, one.trades.n) for one in found.tried]


def test_everything_tried_is_kept_before_the_search_goes_on_and_counted_once(bars: Market) -> None:
    """As many distinct sets as asked for, each in exactly one batch; the ledger's columns are those of its trades."""
    found, kept = run(bars)
    assert found.stopped == "trials"
    assert len({one.spec for one in found.tried}) == len(found.tried) == 40
    assert [one.spec for batch in kept for one in batch] == [one.spec for one in found.tried]
    trials = trials_in(kept[0], bars, "BTC/USDT", "hash")
    assert (len(trials), trials.symbol, trials.families) == (len(kept[0]), "BTC/USDT", ("Donchian_Breakout",))
    assert (trials.start, trials.end) == (int(bars.columns.ts_open[0]), int(bars.columns.ts_close[-1]))
    assert trials.n_trades.tolist() == [one.trades.n for one in kept[0]]
    again, _ = run(bars)
    assert told(again) == told(found)
    assert told(run(bars, seed=2)[0]) != told(found)


def test_a_set_is_worth_what_its_trades_in_the_shadow_book_are(bars: Market) -> None:
    """The sweep's trades are the engine's: score and counts follow from them by the documented formulae."""
    for objective in searching.OBJECTIVES:
        best = run(bars, objective=objective)[0].ranked()[0]
        (own,) = run_members([best.member], bars)
        trades = trade_metrics(sample_of(own.own).r)
        assert best.trades == trades
        assert best.score == score_of(objective, trades, best.sharpe)
    assert trades.win_rate_low is not None
    assert trades.breakeven is not None
    assert score_of("wilson", trades, None) == trades.win_rate_low - trades.breakeven
    assert score_of("expectancy", trades, None) == trades.expectancy
    assert score_of("sharpe", trades, None) is None


def test_too_few_trades_rank_nowhere_and_are_trials_all_the_same(bars: Market) -> None:
    """A set without a score is kept and counted; a search in which none has one finds nothing."""
    found = optimized(
        SPACE, Timeframe.H1, bars, OptunaSearch(SPACE.ranges, 1), "expectancy",
        count=20, min_trades=100_000, keep=lambda batch: None,
    )  # fmt: skip
    assert len(found.tried) == 20
    assert found.ranked() == []


def test_it_stops_when_asked_and_when_nothing_new_is_left(bars: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that was begun is finished; a space of few sets is tried whole and no set of it twice."""
    asked = iter([True, True, False])
    found, kept = run(bars, go_on=lambda: next(asked))
    assert (found.stopped, len(kept), len(found.tried)) == ("asked", 2, 32)
    few = Space(family("Donchian_Breakout"), "crypto")
    for name, one in few.ranges.items():
        monkeypatch.setitem(few._exits if name.startswith("exits.") else few._own, name.removeprefix("exits."),
                            Range(one.values[:2] if name == "period" else one.values[:1]))  # fmt: skip
    small = optimized(
        few, Timeframe.H1, bars, OptunaSearch(few.ranges, 1), "wilson", count=50, min_trades=1, keep=lambda batch: None
    )
    assert small.stopped == "exhausted"
    assert len(small.tried) == 2
    assert small.repeats >= searching.FRUITLESS
    with pytest.raises(Misconfigured, match="at least one"):
        run(bars, count=0)


@pytest.mark.parametrize("days", [400, 1000, 4000])
@pytest.mark.parametrize("trades", [0, 3, 40, 5000])
def test_the_window_is_train_however_long_the_sealed_window_becomes(days: int, trades: int) -> None:
    """For any number of trades the windows of a proof begin their test after the search has ended."""
    span, rules = Window(0, days * DAY), WindowRules()
    window = train_window(span, rules)
    exits = np.sort(np.random.default_rng(trades).integers(0, days * DAY, trades))
    later = windows_of(span, exits, rules=rules)
    assert window.start == later.train.start == 0
    assert window.end <= later.train.end
    assert window.end == pytest.approx(0.4 * days * DAY, abs=DAY)


def test_a_span_too_short_for_a_proof_is_refused() -> None:
    with pytest.raises(Rejected, match="at least 368 days"):
        train_window(Window(0, 300 * DAY), WindowRules())


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(Unavailable, match=r"optuna is not installed.*--require-hashes -r requirements/optimize.txt"):
        OptunaSearch(LADDERS, 1)


def test_no_training_library_is_loaded() -> None:
    """The extra needs no torch, and neither does the search."""
    script = (
        "import sys; from tests.unit.research.test_optimize import best_of; best_of(1, 32);"
        " print('torch' in sys.modules)"
    )
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True,
                          env={"PYTHONPATH": f"{root}:{root}/src"})  # fmt: skip
    assert done.stdout.strip() == "False"
