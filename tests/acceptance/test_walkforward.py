"""Black box: strategies walked forward, and what proven ones showed frozen as a reference."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.planted_market import MEMBERS, SYMBOL, market, project_at
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.validation.significance import wilson

SHORT = MEMBERS[:10]


@pytest.fixture(scope="module")
def bars():
    return market()


@pytest.fixture(scope="module")
def project(bars, tmp_path_factory):
    """A project in which everything was validated once."""
    made = Project(project_at(tmp_path_factory.mktemp("walked"), bars, SHORT))
    assert made.types("validate", "--seed", "7", "--json").exit_code == 0
    return made


def listed(project, status):
    found = project.types("strategy", "list", "--all", "--json").document["strategies"]
    return [one for one in found if one["status"] == status]


@pytest.mark.req("C06")
@pytest.mark.parametrize(
    ("words", "folds", "embargo"),
    [((), 5, 0), (("--folds", "8", "--embargo", "48"), 8, 48), (("--rolling", "--lead", "3"), 5, 0)],
)
def test_no_fold_is_trained_on_its_own_validation_or_on_anything_later(project, words, folds, embargo):
    """Folds touch each other, end with the seal, and training ends an embargo before its test begins."""
    name = listed(project, "validated")[0]["id"]
    (one,) = project.types("walkforward", name, *words, "--json").document["strategies"]
    found, windows = one["folds"], one["windows"]
    assert len(found) == folds
    for fold in found:
        assert fold["train_window"]["end"] == fold["validation_window"]["start"] - embargo * HOUR
        assert fold["train_window"]["start"] >= windows["train"]["start"]
    for before, after in pairwise(found):
        assert before["validation_window"]["end"] == after["validation_window"]["start"]
        rolled = after["train_window"]["start"] > before["train_window"]["start"]
        assert rolled == ("--rolling" in words)
    assert found[-1]["validation_window"]["end"] == windows["sealed"]["start"]


@pytest.mark.req("C06", "D06", "D07", "D08")
def test_every_fold_has_its_metrics_and_the_gates_follow_from_them(project):
    """Consistency = folds that keep 85% of their training win rate / folds; retention and win rate are their means."""
    name = listed(project, "validated")[0]["id"]
    ran = project.types("walkforward", name, "--json")
    (one,) = ran.document["strategies"]
    before = [fold["train"]["win_rate"] for fold in one["folds"]]
    after = [fold["validation"]["win_rate"] for fold in one["folds"]]
    rows = {row["name"]: row for row in one["rows"]}
    kept = [two >= 0.85 * first for first, two in zip(before, after, strict=True)]
    assert rows["walk_forward.consistency"]["value"] == pytest.approx(np.mean(kept))
    assert rows["walk_forward.retention"]["value"] == pytest.approx(np.mean(after) / np.mean(before))
    assert rows["walk_forward.validation_win_rate"]["value"] == pytest.approx(np.mean(after))
    assert (ran.exit_code == 0) == one["passed"] == all(row["passed"] for row in one["rows"])
    text = project.types("walkforward", name).stdout
    assert "walk_forward.consistency: " in text
    assert "The sealed window is not read." in text


def test_a_walk_forward_reads_no_sealed_bar_and_writes_no_look(tmp_path):
    """Other prices from the seal on change no number of it."""
    found = []
    for folder, scale in (("as-it-was", 1.0), ("otherwise", 3.0)):
        changed = market()
        project = Project(project_at(tmp_path / folder, changed, SHORT[:6]))
        name = project.types("strategy", "list", "--all", "--json").document["strategies"][0]["id"]
        first = project.types("walkforward", name, "--json").document["strategies"][0]
        seal = int(np.searchsorted(changed.ts_open, first["windows"]["sealed"]["start"]))
        for price in (changed.open, changed.high, changed.low, changed.close):
            price[seal:] *= scale
        CandleStore(project.folder / "data" / "candles").drop(SYMBOL, Timeframe.H1)
        CandleStore(project.folder / "data" / "candles").write(SYMBOL, Timeframe.H1, changed, SOURCE)
        again = project.types("walkforward", name, "--json").document["strategies"][0]
        found.append({key: again[key] for key in ("folds", "rows", "windows", "purged")})
        assert not (project.folder / "data" / "trials.ledger").exists()
    assert found[0] == found[1]


def test_folds_that_cannot_be_cut_are_refused(project):
    """An embargo longer than a segment, an unknown strategy: exit 2 and a sentence."""
    name = listed(project, "validated")[0]["id"]
    refused = project.types("walkforward", name, "--embargo", "100000", "--json")
    assert (refused.exit_code, "shorter embargo" in refused.document["error"]["next_step"]) == (2, True)
    assert project.types("walkforward", "Nobody_1h_v1", "--json").exit_code == 2


@pytest.mark.req("C09", "HZ27")
def test_a_baseline_freezes_what_the_sealed_window_showed_with_its_data(project):
    """reports/baseline_YYYYMMDD.json: every validated strategy with metrics, distributions and data hash; signed."""
    ran = project.types("baseline", "freeze", "--json")
    assert ran.exit_code == 0
    path = project.folder / ran.document["path"]
    assert path.parent.name == "reports"
    assert path.name[:9] + path.name[17:] == "baseline_.json"
    stored = {one["id"]: one for one in listed(project, "validated")}
    frozen = ran.document["strategies"]
    assert {one["id"] for one in frozen} == set(stored)
    for one in frozen:
        row, trades = stored[one["id"]], one["trades"]
        assert (trades["n"], trades["wins"]) == (row["trades"], row["wins"])
        assert trades["profit_factor"] == row["profit_factor"]
        assert trades["sharpe_ratio"] == row["sharpe_ratio"]
        assert trades["reference_win_rate"] == pytest.approx(wilson(trades["wins"], trades["n"], 0.8)[0])
        assert trades["win_rate_low"] < trades["reference_win_rate"] < trades["win_rate"]
        weeks = (one["window"]["end"] - one["window"]["start"]) / (7 * 24 * HOUR)
        assert trades["trades_per_week"] == pytest.approx(trades["n"] / weeks)
        assert len(trades["r"]) == len(ran.document["shares"]) == 21
        assert trades["r"] == sorted(trades["r"])
        assert sum(trades["exits"].values()) == pytest.approx(1.0)
        assert one["features"]
        assert all(feature["missing"] == 0 < feature["n"] for feature in one["features"])
        assert one["data_hash"]
        assert one["verdict_hash"] == row["verdict_hash"]
        assert one["simulated"]
    assert project.types("baseline", "show", str(path), "--json").document["strategies"] == frozen
    again = project.types("baseline", "freeze", "--json").document["path"]
    assert again != ran.document["path"]
    assert json.loads(path.read_text())["baseline"]["strategies"] == frozen


@pytest.mark.req("C09", "HZ18")
def test_a_baseline_is_not_frozen_on_what_a_run_would_not_take(project, bars, tmp_path):
    """Other bars in the train window, which leave the sealed trades as they were: exit 4, nothing written."""
    copy = Project(Path(shutil.copytree(project.folder, tmp_path / "changed")))
    shutil.rmtree(copy.folder / "reports", ignore_errors=True)
    shutil.rmtree(copy.folder / "data" / "candles")
    high = np.concatenate([bars.high[:500] * 1.001, bars.high[500:]])
    changed = bars._replace(high=high)
    CandleStore(copy.folder / "data" / "candles").write(SYMBOL, Timeframe.H1, changed, SOURCE)
    ran = copy.types("baseline", "freeze")
    assert ran.exit_code == 4, ran.stderr
    assert "was validated on other bars than those stored" in ran.stderr
    assert not list(copy.folder.glob("reports/baseline_*"))


@pytest.mark.req("C09")
def test_a_baseline_that_was_edited_is_not_read(project):
    """One digit changed by hand: the signature does not fit any more."""
    path = project.folder / project.types("baseline", "freeze", "--json").document["path"]
    text = path.read_text()
    path.write_text(text.replace('"wins": ', '"wins": 1', 1))
    refused = project.types("baseline", "show", str(path), "--json")
    assert (refused.exit_code, refused.document["error"]["type"]) == (1, "Corrupt")


@pytest.mark.req("C09", "X20")
def test_nothing_is_frozen_of_a_strategy_that_is_not_proven(project, tmp_path):
    """A refused strategy has no reference; a book without a validated one says so and writes no file."""
    name = listed(project, "rejected")[0]["id"]
    refused = project.types("baseline", "freeze", name, "--json")
    assert refused.exit_code == 4
    assert "nothing proven" in refused.document["error"]["message"]
    empty = Project(project_at(tmp_path / "empty", market(bars=100), SHORT))
    ran = empty.types("baseline", "freeze", "--json")
    assert ran.exit_code == 3
    assert not list((empty.folder / "reports").glob("*")) if (empty.folder / "reports").exists() else True


@pytest.mark.req("HZ18")
def test_the_report_of_a_lost_verdict_does_not_say_that_it_was_never_judged(project, tmp_path):
    """What the book knows is said, with what to restore."""
    copy = Project(Path(shutil.copytree(project.folder, tmp_path / "lost")))
    shutil.rmtree(copy.folder / "data" / "verdicts")
    ran = copy.types("report", listed(project, "validated")[0]["id"])
    assert ran.exit_code == 0, ran.stderr
    assert "The signed verdict is LOST" in " ".join(ran.stdout.split())
    assert "Not judged yet" not in ran.stdout
