"""Models of a run whose time is its own: what it decides is its own, and all else is the project's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.shelved_models import seated, shelved
from tests.unit.models.test_promotion import HOUR, PAIR, duel
from tradewind.app.config import load_config
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.run_models import run_models
from tradewind.app.models.serving import Serving
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.promote import PromoteOptions, promoted
from tradewind.errors import TradewindError, Unavailable
from tradewind.predictors.seats import Seat


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A project in the current folder whose champion is v1 and whose challenger is v2."""
    monkeypatch.chdir(tmp_path)
    found = Workspace(load_config(environment={}, folder=tmp_path), tmp_path)
    shelved(found, "v1")
    shelved(found, "v2", bias=0.1)
    seated(found, "v1", "v2")
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def made_by(workspace: Workspace, folder: Path, version: str, **changes: object) -> None:
    """Puts a version where the trainer of a run puts it: a project's models folder that is another one."""
    config = load_config(environment={"TRADEWIND__PATHS__MODELS": str(folder)}, folder=workspace.folder)
    shelved(Workspace(config, workspace.folder), version, **changes)  # type: ignore[arg-type]


@pytest.mark.req("E08", "J06", "I16")
def test_decisions_of_a_run_over_the_past_stay_with_it_and_the_projects_bytes_are_as_they_were(workspace: Workspace):
    """It begins with the project's champion; its record counts from 1 on its own clock, and only its folder grows."""
    before = contents(workspace.folder / "models")
    models = run_models(workspace, workspace.database, own=True)
    assert models.made is None
    assert not models.shelf.folder.exists(), "nothing lies there before something is made"
    own = models.promotions
    assert own.seat(PAIR, HOUR).champion.version == "v1"  # type: ignore[union-attr]
    made_by(workspace, models.shelf.folder, "w1", bias=0.2, sealed=None)
    first = own.challenge(PAIR, HOUR, "w1", "retrained (drift)", 50)
    assert (first.number, first.ts, first.done) == (1, 50, True)
    assert own.promote(PAIR, HOUR, "w1", "", 60, duel("v1", "w1")).done
    seat = run_models(workspace, workspace.database, own=True).promotions.seat(PAIR, HOUR)
    assert (seat.champion.version, seat.predecessor.version, seat.challenger) == ("w1", "v1", None)  # type: ignore[union-attr]
    assert contents(workspace.folder / "models") == before
    assert [one.version for one in Promotions(workspace).decisions()] == ["v1"]
    assert [one.version for one in own.decisions()] == ["w1", "w1"]
    assert models.made is not None
    assert models.made.versions == ("w1",)


def test_a_change_of_a_runs_own_seat_that_was_cut_short_is_made_good(workspace: Workspace, monkeypatch):
    """The decision was written, the seat was not: the number of the project's seat, however high, does not hide it."""
    for at in range(5):
        Promotions(workspace).challenge(PAIR, HOUR, "v2", "again", at)
    own = run_models(workspace, workspace.database, own=True).promotions
    with monkeypatch.context() as patched:

        def dies(self: Promotions, seat: Seat) -> None:
            raise OSError("the power is gone")

        patched.setattr(Promotions, "_put", dies)
        with pytest.raises(OSError, match="power"):
            own.withdraw(PAIR, HOUR, "it is worse", 10)
    assert own.seat(PAIR, HOUR).challenger is None, "it was signed before it was decided"
    assert own.challenge(PAIR, HOUR, "v2", "once more", 20).number == 2
    assert own.decisions()[1].champion == "v1"
    assert own.seat(PAIR, HOUR).decision == 2


@pytest.mark.req("J13", "E08")
def test_a_journal_finds_what_its_run_made_and_a_run_among_people_hears_the_project(workspace: Workspace):
    """The library of either has both; only who sits where differs. Another project's runs have none of it."""
    store = workspace.database
    models = run_models(workspace, store, own=True)
    made_by(workspace, models.shelf.folder, "w1", bias=0.2, sealed=None)
    sha256 = models.promotions.version("w1").manifest.sha256
    models.promotions.promote(PAIR, HOUR, "w1", "", 60, duel("v1", "w1"))
    live = run_models(workspace, store, own=False)
    assert live.promotions.seat(PAIR, HOUR).champion.version == "v1"  # type: ignore[union-attr]
    assert live.made is None
    for one in (models, live):
        assert one.library.model("w1", sha256).manifest.version == "w1"
        assert Serving(workspace.config, workspace.folder, one).library.model("w1", sha256)
    with pytest.raises(Unavailable, match="no model w1"):
        run_models(workspace, store.with_name("other.db"), own=True).library.model("w1", sha256)


def test_a_run_that_begins_anew_puts_aside_what_an_earlier_one_in_its_place_had_made(workspace: Workspace):
    """It begins from the project again; nothing of the earlier run is lost, and where it lies is said."""
    said: list[str] = []
    for turn in ("1", "2"):
        models = run_models(workspace, workspace.database, own=True)
        made_by(workspace, models.shelf.folder, "w1", bias=0.2, sealed=None)
        models.promotions.promote(PAIR, HOUR, "w1", "", 60, duel("v1", "w1"))
        fresh = run_models(workspace, workspace.database, own=True, begins=True, say=said.append)
        assert fresh.promotions.seat(PAIR, HOUR).champion.version == "v1"  # type: ignore[union-attr]
        aside = Path(f"{models.shelf.folder}.{turn}")
        assert (aside / "versions" / "w1").is_dir()
        assert said[-1].endswith(f"lie in {aside} now")
    assert run_models(workspace, workspace.database, own=True, begins=True, say=said.append).made is None
    assert len(said) == 2


@pytest.mark.req("E08", "I11")
def test_a_version_of_a_run_is_taken_over_by_hand_under_the_same_conditions_as_any(workspace: Workspace):
    """`promote --store --challenge` carries it to the project's shelf and lets it shadow there, on record."""
    models = run_models(workspace, workspace.database, own=True)
    made_by(workspace, models.shelf.folder, "w1", bias=0.2, sealed=None, passed=False, missed=("events",))
    asked = PromoteOptions("w1", (), None, None, True, False, False, "shone in a replay", Path("data/tradewind.db"))
    done = promoted(None, asked)
    assert done.exit_code == 0
    project = Promotions(workspace)
    assert project.seat(PAIR, HOUR).challenger.version == "w1"  # type: ignore[union-attr]
    assert project.decisions()[-1].reason == "shone in a replay"
    assert models.promotions.version("w1").manifest == project.version("w1").manifest
    back = asked._replace(model=None, challenge=False, withdraw=True, symbols=(PAIR,), interval="1h")
    with pytest.raises(TradewindError, match="--store with a way back"):
        promoted(None, back)
    with pytest.raises(TradewindError, match="--withdraw needs a --reason"):
        promoted(None, back._replace(reason="", store=None))
    with pytest.raises(TradewindError, match="--withdraw takes no --model"):
        promoted(None, back._replace(model="w1", store=None))
