"""``tradewind replay``: a recorded run can be read, repeated and held against its record, beside the writer too."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from tests import scene
from tests.parity.conftest import RUN, Project, run_in
from tradewind.adapters.store.codec import decode_outputs, encode_outputs
from tradewind.adapters.store.store import Store
from tradewind.model.decision import Signal


@pytest.mark.req("C15")
def test_a_paper_run_repeated_from_its_journal_decides_the_same_byte_for_byte(finished: Project) -> None:
    """The journal's inputs are enough: a new engine makes the same decisions and the same digest."""
    ran = run_in(finished.folder, "replay", "--verify", "--json")
    run = ran.document["run"]
    print(f"{run['counts']['signals']} signals, {run['counts']['trades']} closed trades (SIMULATED)")
    assert ran.exit_code == 0
    assert run["byte_equal"] is True
    assert run["replayed_digest"] == run["digest"] == finished.result["digest"]
    assert run["entries"] == finished.result["head_seq"]
    assert run["counts"] == finished.result["counts"]
    assert run["counts"]["signals"] >= scene.MIN_SIGNALS
    assert run["counts"]["trades"] >= scene.MIN_TRADES
    assert len(ran.document["signals"]) == run["counts"]["signals"]


def test_the_verdict_is_said_in_words(finished: Project) -> None:
    """People read `byte-equal`, the counts and the digest, and that the data is simulated."""
    ran = run_in(finished.folder, "replay", "--verify")
    assert ran.exit_code == 0
    for words in ("byte-equal", finished.result["digest"], "SIMULATED", f"{finished.result['counts']['signals']} sig"):
        assert words in ran.stdout


def test_without_verify_the_record_is_told(finished: Project) -> None:
    """Signals and trades come from the journal alone; nothing is repeated, no configuration is needed."""
    path = str(finished.database)
    ran = run_in(finished.folder, "replay", path, "--json")
    assert ran.exit_code == 0
    assert ran.document["run"]["byte_equal"] is None
    assert ran.document["run"]["counts"] == finished.result["counts"]
    said = run_in(finished.folder, "replay", "latest", "--last", "3").stdout
    assert ran.document["signals"][-1]["id"] in said.replace("\n", "")
    assert "SIMULATED" in said


def altered(project: Project, place: Path) -> tuple[int, float]:
    """A store with a sound chain in which one recorded signal is larger than it was; its entry and the false size."""
    with Store.read(project.database) as old, Store.open(place, 0) as new:
        changed = (0, 0.0)
        for entry in old.journal.read(1):
            outputs = decode_outputs(entry.outputs)
            for i, output in enumerate(outputs):
                if isinstance(output, Signal) and not changed[0] and entry.seq > 2000:
                    bracket = msgspec.structs.replace(output.bracket, lots=output.bracket.lots + 1.0)
                    outputs[i] = msgspec.structs.replace(output, bracket=bracket)
                    changed = (entry.seq, bracket.lots)
            new.journal.append(entry.event, encode_outputs(outputs))
        new.journal.commit()
    return changed


def test_the_first_difference_is_named_with_both_values(finished: Project, tmp_path: Path) -> None:
    """A record that the program does not reproduce is a negative verdict: entry, field, recorded and replayed value."""
    place = tmp_path / "altered.db"
    seq, lots = altered(finished, place)
    ran = run_in(finished.folder, "replay", "--verify", str(place), "--json")
    first = ran.document["run"]["difference"]
    assert ran.exit_code == 4
    assert ran.document["run"]["byte_equal"] is False
    assert (first["seq"], first["recorded"]) == (seq, lots)
    assert first["field"].endswith(".bracket.lots")
    assert first["replayed"] == pytest.approx(lots - 1.0)
    said = run_in(finished.folder, "replay", "--verify", str(place))
    assert said.exit_code == 4
    assert f"entry {seq}" in said.stdout
    assert "NOT byte-equal: 1 of" in said.stdout


def test_a_broken_chain_stops_the_replay_and_names_the_entry(copied: Project) -> None:
    """Bytes changed behind the program's back are damage, not a difference."""
    connection = sqlite3.connect(copied.database)
    connection.execute("UPDATE journal SET outputs = replace(outputs, '1', '2') WHERE seq = 1234")
    connection.commit()
    connection.close()
    for words in (("replay",), ("replay", "--verify")):
        ran = run_in(copied.folder, *words)
        assert ran.exit_code == 1
        assert "entry 1234 is damaged" in ran.stderr


def test_a_journal_of_another_configuration_is_refused_with_both_hashes(copied: Project) -> None:
    """Other settings give other decisions; saying so is better than a list of differences."""
    file = copied.folder / "tradewind.toml"
    file.write_text(file.read_text("utf-8") + "\n[risk]\nrisk_per_trade = 0.005\n", encoding="utf-8")
    ran = run_in(copied.folder, "replay", "--verify", "--json")
    assert ran.exit_code == 2
    message = ran.document["error"]["message"]
    assert f"a run of configuration {finished_hash(copied)}" in message
    assert "this configuration is" in message
    assert run_in(copied.folder, "replay").exit_code == 0
    assert run_in(copied.folder, *RUN).exit_code == 2


def finished_hash(project: Project) -> str:
    return str(project.result["config_hash"])


def test_what_flags_added_is_found_in_the_journal(stored_market: Path, tmp_path: Path) -> None:
    """A run started with flags is repeated without typing them again."""
    place = str(tmp_path / "flags.db")
    words = ("--symbol", "BTC/USDT", "--interval", "1h", "--preset", "crypto", "--iterations", "700", "--store", place)
    ran = run_in(
        stored_market, "run", "--allow-unproven", "--feed", "replay", "--execution", "none", "--quiet", "--json", *words
    )
    assert ran.exit_code == 0, ran.stderr
    again = run_in(stored_market, "replay", place, "--verify", "--json")
    assert again.exit_code == 0
    assert again.document["run"]["replayed_digest"] == ran.document["digest"]
    assert "execution=none" in again.document["run"]["asked"]


def test_a_replay_beside_the_writer_disturbs_nobody(copied: Project) -> None:
    """Reading takes no lock that a running process needs, and needs none that it holds."""
    with Store.open(copied.database, 0) as writer:
        ran = run_in(copied.folder, "replay", "--verify", "--json")
        assert ran.exit_code == 0
        assert writer.journal.head.seq == ran.document["run"]["entries"]


def test_nothing_to_replay_is_said_as_such(stored_market: Path, tmp_path: Path) -> None:
    """No store, or one nothing ran on: exit 3 and what to type."""
    missing = run_in(stored_market, "replay", str(tmp_path / "none.db"))
    assert missing.exit_code == 3
    with Store.open(tmp_path / "empty.db", 0):
        pass
    empty = run_in(stored_market, "replay", str(tmp_path / "empty.db"), "--verify")
    assert empty.exit_code == 3
    assert "tradewind run --feed replay" in empty.stderr
