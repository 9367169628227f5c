"""Black box: a parameter search leaves candidates and trials behind, reads nothing after its window, proves nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.planted_market import CONFIGURATION, SYMBOL, market
from tradewind.model.bar import BarColumns

OPTIMIZE = ("optimize", "--family", "Donchian_Breakout", "--trials", "48", "--seed", "3")


def project_in(folder: Any, bars: BarColumns) -> Project:
    project = Project(folder).configured(CONFIGURATION)
    project.imports(bars, SYMBOL)
    return project


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Any]]:
    """A project after one search on a SIMULATED market with a planted breakout, and what was printed."""
    project = project_in(tmp_path_factory.mktemp("optimized"), market())
    ran = project.types(*OPTIMIZE, "--json")
    assert ran.exit_code == 0, ran.stderr
    return project, ran.document


def ledger_of(project: Project) -> dict[str, Any]:
    return project.types("strategy", "ledger", "--json").document


@pytest.mark.req("X03")
def test_every_set_it_evaluated_is_a_trial_and_a_candidate_and_the_best_is_no_more(
    searched: tuple[Project, dict[str, Any]],
) -> None:
    """48 trials: 48 in the ledger, 48 in the book, none judged, no sealed window read, nobody heard."""
    project, document = searched
    assert (document["trials"], document["status"], document["proven"]) == (48, "candidate", False)
    ledger = ledger_of(project)
    assert (ledger["trials"], ledger["looks"]) == (48, [])
    assert document["ledger"]["trials"] == 48
    book = project.types("strategy", "list", "--all", "--json").document["strategies"]
    assert len({one["spec_hash"] for one in book}) == len(book) == 48
    assert {(one["status"], one["symbol"], one["family"]) for one in book} == {
        ("candidate", SYMBOL, "Donchian_Breakout")
    }
    assert document["best"]["id"] in {one["id"] for one in book}
    ran = project.types("run", "--feed", "replay", "--symbol", SYMBOL, "--interval", "1h", "--iterations", "5")
    assert ran.exit_code == 4
    assert "proven" in ran.stderr


def test_the_planted_breakout_is_found_and_it_says_what_that_is_worth(searched: tuple[Project, dict[str, Any]]) -> None:
    """Above its break-even by more than chance leaves; people read that it proves nothing, and what would."""
    project, document = searched
    best = document["best"]
    assert best["win_rate_low"] > best["breakeven"]
    assert best["score"] == pytest.approx(best["win_rate_low"] - best["breakeven"])
    assert best["expectancy"] > 0.3
    scores = [one["score"] for one in document["strategies"]]
    assert scores == sorted(scores, reverse=True)
    later, earlier = np.array_split([one["score"] for one in sorted(document["strategies"], key=order)], 2)[::-1]
    assert later.mean() > earlier.mean(), "what was learned did not help"
    said = " ".join(project.types(*OPTIMIZE).stdout.split())
    assert "This is a candidate and proves nothing: it is the best of 48 sets" in said
    assert said.startswith(f"SIMULATED {SYMBOL} 1h from 2020-01-01")
    assert said.endswith(f"Next: tradewind validate {best['id']}")


def order(one: dict[str, Any]) -> int:
    """The number in a strategy's name: when it was tried."""
    return int(one["id"].rsplit("v", 1)[1])


def test_the_same_command_again_gives_the_same_and_counts_nothing_twice(
    searched: tuple[Project, dict[str, Any]],
) -> None:
    project, document = searched
    assert project.types(*OPTIMIZE, "--json").document == document
    assert ledger_of(project)["trials"] == 48


def test_bars_behind_the_window_change_nothing(searched: tuple[Project, dict[str, Any]], tmp_path: Any) -> None:
    """Everything after the window is another market: same sets, same scores. Test and sealed window are not read."""
    _, document = searched
    bars = market()
    cut = int(np.searchsorted(bars.ts_open, document["window"]["end"]))
    assert 0.39 < cut / len(bars.ts_open) < 0.41
    other = market(edge=None, seed=9)
    mixed = [np.concatenate((one[:cut], two[cut:])) for one, two in zip(bars, other, strict=True)]
    mixed[:2] = [bars.ts_open, bars.ts_close]
    again = project_in(tmp_path, BarColumns(*mixed)).types(*OPTIMIZE, "--json").document
    assert again["data_hash"] != document["data_hash"]
    assert again["strategies"] == document["strategies"]
    assert again["window"] == document["window"]


def test_a_search_that_is_killed_loses_no_trial_and_goes_on_to_the_same_end(
    searched: tuple[Project, dict[str, Any]], tmp_path: Any
) -> None:
    """kill -9 after the first batches; Ctrl+C ends the next in order; then the whole, as if nothing had happened."""
    _, document = searched
    project = project_in(tmp_path, market())
    ledger = project.folder / "data" / "trials.ledger"
    for number, batches in ((signal.SIGKILL, 1), (signal.SIGINT, 2)):
        process = subprocess.Popen(
            [sys.executable, "-m", "tradewind", *OPTIMIZE, "--json"], cwd=project.folder, env=project.variables(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        while process.poll() is None and not _entries(ledger) >= batches:
            time.sleep(0.002)
        process.send_signal(number)
        said, failed = process.communicate(timeout=60)
        assert process.returncode == (-9 if number == signal.SIGKILL else 0), failed
        kept = ledger_of(project)["trials"]
        assert 16 * batches <= kept <= 48
        if number == signal.SIGINT:
            assert '"proven": false' in said
    assert project.types(*OPTIMIZE, "--json").document["strategies"] == document["strategies"]
    assert ledger_of(project)["trials"] == 48


def _entries(ledger: Any) -> int:
    """Entries that were acknowledged."""
    mark = ledger.with_name(ledger.name + ".head")
    try:
        return int(mark.read_bytes()[:20])
    except (OSError, ValueError):
        return 0


def test_what_it_finds_is_judged_like_any_other(searched: tuple[Project, dict[str, Any]]) -> None:
    """`validate` puts the best to the proof with all 48 as its batch, on windows the search has not read."""
    project, document = searched
    ran = project.types("validate", document["best"]["id"], "--json")
    assert ran.exit_code in (0, 4), ran.stderr
    judged = ran.document["batches"][0]
    assert judged["batch"]["trials"] >= 48
    verdicts = list((project.folder / "data" / "verdicts").glob("*.json"))
    assert len(verdicts) == 1
    assert document["window"]["end"] < judged["last_ts"]


def test_wrong_wishes_are_refused_before_anything_is_written(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_in(tmp_path, market(bars=12_000))
    two = 'symbols = ["BTC/USDT", "EUR/USD"]\n'
    for words, part in (
        ((*OPTIMIZE[:2], "Nothing"), "Donchian_Breakout"),
        ((*OPTIMIZE, "--objective", "luck"), "wilson, expectancy, sharpe"),
        ((*OPTIMIZE, "--preset", "wide"), "crypto"),
        ((*OPTIMIZE, "--timeout", "-1"), "--timeout"),
        ((*OPTIMIZE, "--trials", "0"), "--trials"),
        (("optimize",), "--family"),
    ):
        ran = project.types(*words)
        assert (ran.exit_code, ran.stdout) == (2, ""), words
        assert part in ran.stderr
    project.configured(two)
    assert project.types(*OPTIMIZE).exit_code == 2
    project.configured(CONFIGURATION)
    late = project.types(*OPTIMIZE, "--timeout", "0.000001", "--json")
    assert (late.exit_code, late.document["stopped"], late.document["trials"]) == (5, "timeout", 0)
    few = project.types(*OPTIMIZE[:3], "--trials", "3", "--min-trades", "100000", "--json")
    assert (few.exit_code, few.document["ranked"], few.document["best"]) == (4, 0, None)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "optuna", None)
        missing = project.types(*OPTIMIZE)
    assert (missing.exit_code, missing.stdout) == (3, "")
    assert "pip install --require-hashes -r requirements/optimize.txt" in missing.stderr
