"""Black box: a strategy that is switched off is absent from the next vote, of a run that is going on too."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_live_run import begun, heard

RUN = ("run", "--allow-unproven", "--feed", "replay", "-p", "BTC/USDT", "-i", "1h")
SETTINGS = """
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[filters]
enabled = []
[ensemble]
quorum = 1
"""


def inline(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {inline(one)}' for name, one in value.items() if one is not None)} }}"
    return json.dumps(value)


@pytest.fixture
def pool(own_market: Project) -> tuple[Project, dict[str, str]]:
    """A project whose ensemble are strategies drawn before, under names of its own; ``name -> id in the book``."""
    drawn = own_market.types("strategy", "generate", "-n", "48", "--json").document["strategies"]
    names = {f"voter-{number}": one["id"] for number, one in enumerate(drawn)}
    members = [
        f'[[strategies.members]]\nid = "{name}"\nfamily = "{one["family"]}"\ntimeframe = "1h"\n'
        f"params = {inline(one['params'])}\n"
        for name, one in zip(names, drawn, strict=True)
    ]
    return own_market.configured(SETTINGS + "".join(members)), names


def voices(decisions: Iterable[dict[str, Any]]) -> Counter[str]:
    """How often each strategy was one of the voters of a decision."""
    return Counter(name for one in decisions for name in (one.get("consensus") or {}).get("voters", ()))


def orders(project: Project) -> list[tuple[str, str, str]]:
    rows = project.rows("SELECT event FROM journal WHERE kind = 'command' ORDER BY seq")
    return [(one["verb"], one["actor"], one["argument"]) for one in (json.loads(row[0]) for row in rows)]


@pytest.mark.req("B12")
def test_a_disabled_strategy_is_absent_from_the_next_vote_until_it_is_enabled(pool: tuple[Project, dict]) -> None:
    """Votes, status, why, the journal and its replay; another strategy of the same pool goes on voting."""
    project, names = pool
    first = project.types(*RUN, "--iterations", "1200", "--json")
    assert first.exit_code == 0, first.stderr
    (loud, _), (other, _), *_ = voices(project.decisions()).most_common()
    switched = project.types("strategy", "disable", names[loud], "--reason", "drift CRITICAL", "--by", "ann", "--json")
    assert (switched.exit_code, switched.document["changed"]) == (0, True)
    last = project.decisions()[-1]["ts"]
    second = project.types(*RUN, "--iterations", "600")
    assert f"BTC/USDT {loud} is not heard any more: switched off in the strategy book by ann" in second.stderr
    silent = voices(project.decisions(f"ts > {last}"))
    assert loud not in silent
    assert silent[other] > 0
    assert orders(project) == [("disable", "ann", f"BTC/USDT {loud}")]
    shown = project.types("status", "--json").document["run"]
    assert shown["silenced"] == [f"BTC/USDT {loud}"]
    assert loud in project.types("status").stdout
    members = project.types("why", "BTC/USDT", "--json").document["chain"]["members"]
    assert [one["member"] for one in members if one["silenced"]] == [loud]
    assert project.types("strategy", "enable", names[loud], "--by", "bob").exit_code == 0
    last = project.decisions()[-1]["ts"]
    third = project.types(*RUN)
    assert f"BTC/USDT {loud} is heard again: switched on in the strategy book by bob" in third.stderr
    assert voices(project.decisions(f"ts > {last}"))[loud] > 0
    assert project.types("status", "--json").document["run"]["silenced"] == []
    audit = "SELECT action, actor, reason FROM strategy_audit ORDER BY id"
    assert project.rows(audit) == [["disable", "ann", "drift CRITICAL"], ["enable", "bob", "no reason given"]]
    assert project.types("replay", "--verify", "--json").document["run"]["byte_equal"] is True
    assert project.types("db", "check").exit_code == 0


@pytest.mark.req("B12")
def test_a_running_process_obeys_and_one_that_was_killed_goes_on_in_silence(pool: tuple[Project, dict]) -> None:
    """Nobody restarts anything: the order reaches the run that is going on, and the journal keeps it."""
    project, names = pool
    assert project.types(*RUN, "--iterations", "900", "--quiet").exit_code == 0
    (loud, _), *_ = voices(project.decisions()).most_common()
    process = begun(project, *RUN, "--speed", "180000")
    assert process.stdout is not None
    assert any(line.startswith("Id  ") for line in process.stdout), "no signal was ever told"
    assert project.types("strategy", "disable", names[loud], "--by", "ann").exit_code == 0
    heard(process, f"{loud} is not heard any more")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    (ordered,) = project.rows("SELECT seq FROM journal WHERE kind = 'command'")[0]
    again = project.types(*RUN, "--iterations", "500")
    assert again.exit_code == 0
    assert "not heard" not in again.stderr
    assert orders(project) == [("disable", "ann", f"BTC/USDT {loud}")]
    after = project.decisions(f"journal_seq > {ordered}")
    assert len(after) >= 500
    assert loud not in voices(after)
    assert voices(after)
    assert project.types("replay", "--verify").exit_code == 0


@pytest.mark.req("B12")
def test_a_live_run_obeys_before_its_next_candle(pool: tuple[Project, dict]) -> None:
    """A real hour passes between two candles of the SIMULATED market; the order is in the journal in a moment."""
    project, names = pool
    process = begun(project, "run", "--feed", "stream", "--provider", "simulated", "-p", "BTC/USDT", "-i", "1h",
                    "--speed", "1", "--execution", "paper", "--allow-unproven")  # fmt: skip
    try:
        heard(process, "SIMULATED|subscribed")
        assert project.types("strategy", "disable", names["voter-3"], "--by", "ann").exit_code == 0
        heard(process, "voter-3 is not heard any more")
        for _ in range(50):
            shown = project.types("status", "--json").document["run"]
            if shown["silenced"]:
                break
            time.sleep(0.1)
        assert shown["silenced"] == ["BTC/USDT voter-3"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.req("B12")
def test_answers_from_stored_candles_leave_out_what_is_switched_off(pool: tuple[Project, dict]) -> None:
    """No run at all: `signal` and `why` build their decision without the strategy, and show that it is off."""
    project, names = pool
    before = project.types("why", "BTC/USDT", "--json").document["chain"]["members"]
    voting = [one["member"] for one in before if one["vote"] is not None]
    assert project.types("strategy", "disable", names["voter-1"]).exit_code == 0
    for name in voting:
        assert project.types("strategy", "disable", names[name]).exit_code == 0
    chain = project.types("why", "BTC/USDT", "--json").document["chain"]
    assert {one["member"] for one in chain["members"] if one["silenced"]} == {"voter-1", *voting}
    assert not [one for one in chain["members"] if one["vote"] is not None and one["member"] in voting]
    assert "switched off" in project.types("why", "BTC/USDT").stdout
