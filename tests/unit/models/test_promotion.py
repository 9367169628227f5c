"""Seats: who may take one, what a refusal changes, and that no decision is lost."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.fakes.shelved_models import shelved
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.config import load_config
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.versions import KIND
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Rejected, Unavailable
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.seats import Duel, Score
from tradewind.research.signing import signed_bytes

PAIR, HOUR = "BTC/USDT", Timeframe.H1


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(load_config(environment={}, folder=tmp_path), tmp_path)


def duel(champion: str, challenger: str, verdict: str = "better", mean: float = 0.1) -> Duel:
    """Two scores, as the comparison would hand them over."""
    one, two = (Score(name, 400, 0.5, 0.25, 200, 0.5, 0.0) for name in (champion, challenger))
    return Duel(
        one, two, 1, 2, 400, mean, mean - 0.05, mean + 0.05, 30.0, 30.0, champion_drifted=False, verdict=verdict
    )


@pytest.mark.req("I11")
@pytest.mark.parametrize(
    ("given", "missed"),
    [
        ({"passed": False, "missed": ("accuracy.low", "events")}, ("accuracy.low", "events")),
        ({"sealed": None}, ("sealed",)),
        ({"sealed": False}, ("accuracy.low",)),
    ],
)
def test_who_missed_a_gate_is_refused_and_nothing_changes(workspace: Workspace, given, missed):
    """A refusal names the criteria, is on record, and leaves the folder of promoted models as it was."""
    shelved(workspace, "weak", **given)
    promotions = Promotions(workspace)
    decision = promotions.promote(PAIR, HOUR, "weak", "", 10)
    assert (decision.outcome, decision.missed, decision.number) == ("refused", missed, 1)
    assert not (promotions.shelf.folder / "promoted").exists()
    assert promotions.seat(PAIR, HOUR).champion is None
    assert promotions.decisions() == (decision,)


@pytest.mark.req("I11", "I16", "J17")
def test_a_champion_gives_way_to_who_won_the_duel_and_to_nobody_else(workspace: Workspace):
    """Without a duel, with one that was lost or one of other versions the seat stays; both scores are on record."""
    for name in ("v1.0", "v1.1", "v1.2"):
        shelved(workspace, name, bias=len(name) * 0.1 + int(name[-1]), sealed=None if name != "v1.0" else True)
    promotions = Promotions(workspace)
    assert promotions.promote(PAIR, HOUR, "v1.0", "first", 10).done
    assert promotions.challenge(PAIR, HOUR, "v1.1", "retrained", 20).done
    before = promotions.shelf.choice("BTC-USDT-1h")
    for bad in (None, duel("v1.0", "v1.1", verdict="", mean=-0.1), duel("v1.0", "v1.2"), duel("v1.1", "v1.0")):
        refused = promotions.promote(PAIR, HOUR, "v1.1", "", 30, bad)
        assert (refused.outcome, refused.missed, refused.duel) == ("refused", ("duel",), bad)
    assert promotions.shelf.choice("BTC-USDT-1h") == before
    assert promotions.promote(PAIR, HOUR, "v1.1", "", 40, duel("v1.0", "v1.1")).done
    seat = promotions.seat(PAIR, HOUR)
    assert (seat.champion.version, seat.predecessor.version, seat.challenger) == ("v1.1", "v1.0", None)
    assert not promotions.promote(PAIR, HOUR, "v1.1", "", 50, duel("v1.1", "v1.1")).done
    recorded = promotions.decisions(PAIR, HOUR)
    assert [one.outcome for one in recorded] == ["done", "done", *["refused"] * 4, "done", "refused"]
    assert recorded[3].duel.champion.version == "v1.0"
    assert recorded[3].duel.mean == -0.1


def test_going_back_twice_is_where_it_began(workspace: Workspace):
    """Rule: the predecessor is heard again at once; a challenger stays; nothing to go back to is said."""
    promotions = Promotions(workspace)
    for name, bias in (("a", 0.0), ("b", 0.1), ("c", 0.2)):
        shelved(workspace, name, bias=bias)
    with pytest.raises(Rejected, match="nothing to go back to"):
        promotions.rollback(PAIR, HOUR, "why", 5)
    with pytest.raises(Rejected, match="nobody challenges"):
        promotions.withdraw(PAIR, HOUR, "why", 5)
    promotions.promote(PAIR, HOUR, "a", "", 10)
    promotions.promote(PAIR, HOUR, "b", "", 20, duel("a", "b"))
    promotions.challenge(PAIR, HOUR, "c", "", 25)
    back = promotions.rollback(PAIR, HOUR, "bad fills", 30)
    seat = promotions.seat(PAIR, HOUR)
    assert (seat.champion.version, seat.champion.reason, seat.predecessor.version) == ("a", "bad fills", "b")
    assert (back.champion, back.version, seat.challenger.version) == ("b", "a", "c")
    promotions.rollback(PAIR, HOUR, "again", 40)
    assert promotions.seat(PAIR, HOUR).champion.version == "b"
    assert promotions.withdraw(PAIR, HOUR, "not better", 50, duel("b", "c", "")).duel is not None
    assert promotions.seat(PAIR, HOUR).challenger is None


def test_a_change_that_was_cut_short_is_made_good(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """The decision is durable before the seat is changed; whoever decides next finishes what it says."""
    promotions = Promotions(workspace)
    shelved(workspace, "a")
    shelved(workspace, "b", bias=0.1)
    promotions.promote(PAIR, HOUR, "a", "", 10)

    def dies(seat: str, choice: bytes) -> None:
        raise Unavailable("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(promotions.shelf, "choose", dies)
        with pytest.raises(Unavailable):
            promotions.promote(PAIR, HOUR, "b", "", 20, duel("a", "b"))
    assert Promotions(workspace).seat(PAIR, HOUR).champion.version == "b", (
        "a run that starts now serves what was decided"
    )
    promotions.challenge(PAIR, HOUR, "a", "", 30)
    assert promotions.shelf.intended("BTC-USDT-1h") is None
    seat = promotions.seat(PAIR, HOUR)
    assert (seat.champion.version, seat.predecessor.version, seat.challenger.version) == ("b", "a", "a")


def test_a_seat_that_was_signed_and_never_decided_is_not_taken(workspace: Workspace, monkeypatch: pytest.MonkeyPatch):
    """The power went before the record was written: who sat there sits there."""
    promotions = Promotions(workspace)
    shelved(workspace, "a")
    shelved(workspace, "b", bias=0.1)
    promotions.promote(PAIR, HOUR, "a", "", 10)

    def dies(line: bytes) -> None:
        raise Unavailable("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(promotions.shelf, "decide", dies)
        with pytest.raises(Unavailable):
            promotions.promote(PAIR, HOUR, "b", "", 20, duel("a", "b"))
    assert promotions.shelf.intended("BTC-USDT-1h") is not None
    assert Promotions(workspace).seat(PAIR, HOUR).champion.version == "a"
    assert promotions.shelf.seats() == ("BTC-USDT-1h",)


def test_a_line_that_somebody_added_to_the_record_seats_nobody(workspace: Workspace):
    """Its hash is right and nothing signed stands behind it: refused, not served."""
    promotions = Promotions(workspace)
    shelved(workspace, "a")
    shelved(workspace, "b", bias=0.1, passed=False)
    first = promotions.promote(PAIR, HOUR, "a", "", 10)
    seat = promotions.seat(PAIR, HOUR)
    forged = msgspec.structs.replace(
        first, number=2, version="b", seat=msgspec.structs.replace(seat.challenged(seat.champion), decision=2), hash=""
    )
    promotions.shelf.decide(msgspec.json.encode(forged.sealed(first.hash)))
    with pytest.raises(Corrupt, match="decision 1, and decision 2 made another one"):
        Promotions(workspace).seat(PAIR, HOUR)
    before = promotions.shelf.choice("BTC-USDT-1h")
    with pytest.raises(Corrupt, match="decision 1, and decision 2 made another one"):
        promotions.challenge(PAIR, HOUR, "b", "shadows", 20)
    with pytest.raises(Corrupt, match="decision 1, and decision 2 made another one"):
        promotions.promote(PAIR, HOUR, "b", "", 20, duel("a", "b"))
    assert not promotions.written_anew(PAIR, HOUR, "b")
    assert promotions.shelf.choice("BTC-USDT-1h") == before, "a decision about another version signed the added line"


def test_the_record_of_decisions_cannot_be_rewritten(workspace: Workspace):
    """A line that was changed, removed or reordered is found by its number; a torn last one is written over."""
    promotions = Promotions(workspace)
    shelved(workspace, "a")
    for ts in (10, 20, 30):
        promotions.challenge(PAIR, HOUR, "a", f"try {ts}", ts)
    path = promotions.shelf.folder / "decisions.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"number": 4, "ts"')
    assert len(promotions.decisions()) == 3
    promotions.withdraw(PAIR, HOUR, "done", 40)
    assert [one.number for one in promotions.decisions()] == [1, 2, 3, 4]
    lines = whole.splitlines(keepends=True)
    for changed in (whole.replace(b"try 20", b"try 21"), b"".join(lines[1:]), lines[1] + lines[0], b"nonsense\n"):
        path.write_bytes(changed)
        with pytest.raises(Corrupt, match="was changed"):
            promotions.decisions()


@pytest.mark.req("I11", "H19")
def test_a_seats_file_counts_only_where_the_newest_decision_about_it_made_it(workspace: Workspace):
    """Signed files of another seat or of another day, one that is gone, and a record cut short are found, and said."""
    promotions = Promotions(workspace)
    shelved(workspace, "a")
    shelved(workspace, "b", bias=0.1)
    promotions.promote(PAIR, HOUR, "a", "", 10)
    promotions.challenge(PAIR, HOUR, "b", "", 20)
    shelf = promotions.shelf
    path, record = shelf.folder / "promoted" / "BTC-USDT-1h.json", shelf.folder / "decisions.jsonl"
    before = path.read_bytes()
    promotions.withdraw(PAIR, HOUR, "it is worse", 30)
    whole = path.read_bytes(), record.read_bytes()

    shelf.choose("ETH-USDT-1h", whole[0])
    with pytest.raises(Corrupt, match="that of BTC/USDT 1h"):
        promotions.seat("ETH/USDT", HOUR)
    path.write_bytes(before)
    with pytest.raises(Corrupt, match="decision 2, and decision 3 made another one"):
        promotions.seat(PAIR, HOUR)
    path.unlink()
    with pytest.raises(Corrupt, match="its file is gone, and decision 3"):
        promotions.seat(PAIR, HOUR)
    path.write_bytes(whole[0])
    record.write_bytes(b"".join(whole[1].splitlines(keepends=True)[:2]))
    with pytest.raises(Corrupt, match="names decision 3, of which there is no record"):
        promotions.seat(PAIR, HOUR)
    with pytest.raises(Corrupt, match="it ends with decision 2, the seat of BTC/USDT 1h names 3"):
        promotions.decisions()
    record.write_bytes(whole[1])
    assert promotions.seat(PAIR, HOUR).challenger is None
    assert len(promotions.decisions()) == 3
    path.write_bytes(before)
    with pytest.raises(Corrupt, match="tradewind promote --model a --symbol BTC/USDT --interval 1h writes it anew"):
        promotions.challenge(PAIR, HOUR, "b", "again", 40)
    assert not promotions.written_anew(PAIR, HOUR, "b")
    for fault in (before, b"no seat", None):
        path.unlink(missing_ok=True) if fault is None else path.write_bytes(fault)
        assert promotions.written_anew(PAIR, HOUR, "a")
        assert path.read_bytes() == whole[0], "who sits there was named, so that its file is written anew"
    assert not promotions.written_anew(PAIR, HOUR, "a")
    promotions.challenge(PAIR, HOUR, "b", "again", 50)
    assert promotions.seat(PAIR, HOUR).decision == 4
    record.write_bytes(whole[1])
    assert not promotions.written_anew(PAIR, HOUR, "a"), "the file is the newer one: the record was cut short"


def test_nobody_sits_by_a_file_of_somebody_else(workspace: Workspace, tmp_path: Path):
    """A seat is signed: one that was edited, or whose version was exchanged, is refused and named."""
    promotions = Promotions(workspace)
    shelved(workspace, "a")
    promotions.promote(PAIR, HOUR, "a", "", 10)
    shelf = promotions.shelf
    shelf.choose("BTC-USDT-1h", shelf.choice("BTC-USDT-1h").replace(b'"a"', b'"b"'))
    with pytest.raises(Corrupt, match="changed after it was signed"):
        promotions.seat(PAIR, HOUR)
    artifact = shelf.folder / "versions" / "a" / "model.json"
    artifact.write_bytes(artifact.read_bytes().replace(b'"bias":0.0', b'"bias":9.0'))
    with pytest.raises(Corrupt, match="sha256"):
        promotions.challenge(PAIR, HOUR, "a", "", 20)
    shelved(workspace, "other", bias=0.3)
    with pytest.raises(Rejected, match="speaks for BTC/USDT on 1h"):
        promotions.challenge("ETH/USDT", HOUR, "other", "", 20)


def test_a_seat_reads_back_as_it_was_written(workspace: Workspace):
    """Rule: msgspec round trip of a decision with everything in it."""
    shelved(workspace, "a")
    promotions = Promotions(workspace)
    promotions.promote(PAIR, HOUR, "a", "why", 10, duel("x", "a"))
    (decision,) = promotions.decisions()
    assert msgspec.json.decode(msgspec.json.encode(decision), type=type(decision)) == decision
    assert [one.symbol for one in promotions.seats()] == [PAIR]


def test_a_manifest_whose_channels_are_in_another_order_is_refused(workspace: Workspace):
    """Signed by the same project, of the right hash: its weights would meet other inputs than they were made for."""
    manifest = shelved(workspace, "a")
    shelf, key = Promotions(workspace).shelf, VerdictFiles(workspace.data).make_key()
    name, artifact, _ = shelf.read("a")
    turned = msgspec.structs.replace(manifest, version="turned", channels=manifest.channels[::-1])
    shelf.put("turned", name, artifact, signed_bytes(KIND, turned, key))
    assert Promotions(workspace).version("a").manifest == manifest
    with pytest.raises(Rejected, match="another order"):
        Promotions(workspace).version("turned")
