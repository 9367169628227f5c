"""Black box: what `run` does in each mode, what it says, and what is in the store afterwards."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.acceptance.conftest import Finished
from tests.acceptance.project import Project, straight

RUN = ("run", "--allow-unproven", "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h")
MONDAY = 1_704_067_200 * 1_000_000_000
STAMP = re.escape(" [SIMULATED UNPROVEN]")


@pytest.mark.req("H01")
@pytest.mark.parametrize(("mode", "positions"), [("dryrun", 0), ("paper", 1)])
def test_dryrun_decides_and_paper_fills(own_market: Project, mode: str, positions: int) -> None:
    """The same bars, the same signals until the first fill; only paper has positions."""
    ran = own_market.types(*RUN, "--mode", mode, "--iterations", "900", "--json")
    assert ran.exit_code == 0, ran.stderr
    assert ran.document["counts"]["signals"] > 0
    assert (own_market.rows("SELECT count(*) FROM positions")[0][0] > 0) is bool(positions)


@pytest.mark.req("H01")
@pytest.mark.parametrize("words", [(), ("--execution", "auto"), ("--execution", "approve")])
def test_live_is_refused_with_exit_2_and_changes_nothing(own_market: Project, words: tuple[str, ...]) -> None:
    ran = own_market.types(*RUN, "--mode", "live", *words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "does not exist yet" in ran.stderr or "unknown execution" in ran.stderr
    assert "paper" in ran.stderr
    assert not (own_market.folder / "data" / "tradewind.db").exists()


@pytest.mark.req("H01", "W12")
def test_the_mode_of_the_environment_is_the_mode_of_the_run(
    own_market: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_MODE", "live")
    assert own_market.types(*RUN).exit_code == 2
    monkeypatch.setenv("RUNTIME_MODE", "paper")
    assert own_market.types(*RUN, "--iterations", "900", "--quiet").exit_code == 0
    assert own_market.rows("SELECT count(*) FROM positions")[0][0] > 0
    refused = own_market.types(*RUN, "--mode", "paper", "--execution", "none")
    assert refused.exit_code == 2
    assert "contradicts" in refused.stderr


@pytest.mark.req("H02")
def test_three_iterations_are_three_closes_and_exit_0(own_market: Project) -> None:
    ran = own_market.types(*RUN, "--mode", "dryrun", "--iterations", "3", "--json")
    assert ran.exit_code == 0
    assert (ran.document["loop"]["steps"], ran.document["loop"]["stopped"]) == (3, "iterations")
    assert ran.document["counts"]["decisions"] == 3
    assert len(own_market.decisions()) == 3
    again = own_market.types(*RUN, "--mode", "dryrun", "--iterations", "3", "--json")
    assert again.document["counts"]["decisions"] == 3
    assert [after["ts"] - before["ts"] for before, after in pairwise(own_market.decisions())] == [3600 * 10**9] * 5


@pytest.mark.req("H03")
def test_without_execution_signals_are_told_and_no_order_is_ever_made(own_market: Project) -> None:
    """The journal of outputs is the audit log: no order, no fill, no position; the signals are told in full."""
    ran = own_market.types(*RUN, "--execution", "none", "--iterations", "900")
    assert ran.exit_code == 0
    assert "SIGNAL" in ran.stdout
    assert "Entry zone" in ran.stdout
    assert "Paper trade" not in ran.stdout
    kinds = {
        output["type"] for (outputs,) in own_market.rows("SELECT outputs FROM journal") for output in as_list(outputs)
    }
    assert "signal" in kinds
    assert kinds <= {"signal", "no_trade", "no_decision"}
    assert own_market.rows("SELECT count(*) FROM positions") == [[0]]


@pytest.mark.req("H04")
def test_paper_fills_at_the_next_open_plus_its_costs(finished: Finished) -> None:
    """Every position: entry = next open, moved against the trader by spread, slippage and less than a tick."""
    made = finished.project
    opens = {
        (symbol, ts): (price, spread)
        for symbol, ts, price, spread in made.rows("SELECT symbol, ts_open, open, spread FROM candles")
    }
    slippage, tick = 0.0002, {"BTC/USDT": 0.01, "EUR/USD": 0.00001}
    rows = made.rows(
        "SELECT p.symbol, p.direction, p.entry, p.status, p.pnl, s.ts, p.ts_entry FROM positions p "
        "JOIN signals s ON s.id = p.signal_id"
    )
    assert len(rows) > 50
    for symbol, direction, entry, status, pnl, decided, _ in rows:
        opening, spread = opens[symbol, decided] if (symbol, decided) in opens else next_open(opens, symbol, decided)
        side = 1 if direction == "BUY" else -1
        crossed = spread / 2 if symbol == "BTC/USDT" else (spread if side > 0 else 0.0)
        expected = opening + side * (crossed + slippage * opening)
        assert 0 <= side * (entry - expected) < tick[symbol] * 1.001 + 1e-9 * expected
        assert (status == "closed") == (pnl is not None)
    assert {row[3] for row in rows} <= {"open", "closed"}
    assert sum(row[3] == "closed" for row in rows) > 50


@pytest.mark.req("H04", "H05")
def test_fills_and_closed_trades_are_told_in_the_words_of_the_log(finished: Finished) -> None:
    said = finished.ran.stdout.splitlines()
    opened = [line for line in said if line.startswith("✓ Paper trade executed: ")]
    closed = [line for line in said if line.startswith("Trade closed: ")]
    assert len(opened) > 50
    assert len(closed) > 50
    for line in opened:
        assert re.fullmatch(
            rf"✓ Paper trade executed: (BUY|SELL) (BTC/USDT @ \$\d+\.\d\d|EUR/USD @ \$\d\.\d{{5}}){STAMP}", line
        ), line
    for line in closed:
        assert re.fullmatch(rf"Trade closed: (✓ WIN|✗ LOSS) \([+-]\d+\.\d\d%\){STAMP}", line), line


@pytest.mark.req("H05")
def test_the_words_of_a_closed_trade_agree_with_the_books(finished: Finished) -> None:
    """As many WIN lines as outcomes with a positive net, in the same order."""
    told = [" WIN " in line for line in finished.ran.stdout.splitlines() if line.startswith("Trade closed: ")]
    booked = [float(net) > 0 for (net,) in finished.project.rows("SELECT net FROM trade_outcomes ORDER BY id")]
    assert told == booked


@pytest.mark.req("E14")
def test_signals_and_trades_are_the_result_and_go_where_the_result_goes(own_market: Project) -> None:
    """`run > signals.txt` has every signal, also from a terminal that draws a bar; warnings and errors stay outside."""
    words = ("-m", "tradewind", *RUN, "--execution", "paper", "--iterations", "900")
    ours, theirs = pty.openpty()  # stderr is a terminal, as when a person redirects stdout alone
    file = own_market.folder / "signals.txt"
    with file.open("wb") as out:
        done = subprocess.Popen([sys.executable, *words], cwd=own_market.folder, env=own_market.variables(), stdout=out,
                                stderr=theirs)  # fmt: skip
        os.close(theirs)
        drawn = b"".join(iter(lambda: read_terminal(ours), b""))
        assert done.wait(120) == 0
    told = file.read_text()
    count = len(own_market.rows("SELECT id FROM signals"))
    assert told.count("SIMULATED UNPROVEN SIGNAL ") == told.count("TRADING MODE: ") == count > 0
    assert "Paper trade executed" in told
    assert b"SIGNAL" not in drawn
    assert b"Run" in drawn
    assert "\x1b" not in told


def read_terminal(handle: int) -> bytes:
    """What is there; nothing when the other side has closed."""
    try:
        return os.read(handle, 65536)
    except OSError:
        return b""


@pytest.mark.req("E14")
def test_with_json_and_quiet_stdout_is_the_document_alone(own_market: Project) -> None:
    """Programs read one document; people beside them still read the signals, unless they asked for quiet."""
    ran = own_market.types(*RUN, "--execution", "paper", "--iterations", "900", "--json")
    assert ran.document["counts"]["signals"] == ran.stderr.count("SIMULATED UNPROVEN SIGNAL ") > 0
    quiet = own_market.types(*RUN, "--execution", "paper", "--iterations", "300", "--quiet")
    assert "SIGNAL " not in quiet.stdout + quiet.stderr


@pytest.mark.req("E14")
def test_every_signal_has_its_log_line(finished: Finished) -> None:
    lines = [line for line in finished.ran.stdout.splitlines() if line.startswith("TRADING MODE: ")]
    stored = finished.project.rows("SELECT direction, confidence FROM signals ORDER BY journal_seq, timestamp")
    assert len(lines) == len(stored) > 100
    for line in lines:
        assert re.fullmatch(rf"TRADING MODE: (BUY|SELL) @ \d{{1,3}}\.\d\d% \(\w+\){STAMP}", line), line
    told = sorted(line.removesuffix(" [SIMULATED UNPROVEN]") for line in lines)
    assert told == sorted(f"TRADING MODE: {side} @ {100 * level:.2f}% (replay)" for side, level in stored)


@pytest.mark.req("H19")
def test_a_predictor_that_was_never_promoted_stops_a_paper_run_and_none_at_all_lets_it_start(
    own_market: Project,
) -> None:
    own_market.configured('[[predictors]]\nname = "lstm"\n')
    refused = own_market.types(*RUN, "--execution", "paper", "--iterations", "3")
    assert refused.exit_code == 2
    assert "lstm: no promoted model for BTC/USDT 1h" in refused.stderr
    assert "models/promoted" in refused.stderr
    assert not (own_market.folder / "data" / "tradewind.db").exists()
    assert own_market.types(*RUN, "--mode", "dryrun", "--iterations", "3").exit_code == 0
    (own_market.folder / "data" / "tradewind.db").unlink()
    for name in own_market.folder.glob("data/tradewind.db*"):
        name.unlink()
    own_market.configured('[[predictors]]\nname = "dice"\nsource = "mock"\n')
    assert "makes its predictions up" in own_market.types(*RUN, "--execution", "paper").stderr
    own_market.configured("")
    assert own_market.types(*RUN, "--execution", "paper", "--iterations", "3").exit_code == 0


@pytest.mark.req("X17")
def test_a_frozen_price_is_answered_with_stale_after_three_bars(project: Project) -> None:
    """Bars that do not move at all are no calm market: no decision, reason `stale`, until the price moves again."""
    wave = [100.0 * (1 + 0.004 * ((i * 7) % 13)) for i in range(300)]
    closes = wave + [wave[-1]] * 6 + wave[1:20]
    project.imports(straight(closes, start=MONDAY), "BTC/USDT")
    assert project.types(*RUN, "--execution", "paper", "--quiet").exit_code == 0
    stale = [one for one in project.decisions() if one.get("reason", {}).get("code") == "stale"]
    assert [(one["ts"] - MONDAY) // (3600 * 10**9) for one in stale] == [303, 304, 305, 306]
    assert (stale[0]["reason"]["value"], stale[0]["reason"]["limit"]) == (3.0, 3.0)


def as_list(outputs: object) -> list[dict]:
    found = json.loads(outputs) if isinstance(outputs, str) else outputs
    return found if isinstance(found, list) else []


def next_open(opens: dict, symbol: str, after: int) -> tuple[float, float]:
    return opens[min(key for key in opens if key[0] == symbol and key[1] > after)]


@pytest.mark.req("X05")
def test_a_recorded_run_has_its_picture_made_from_the_journal_alone(finished: Finished, tmp_path: Path) -> None:
    """`replay --report` needs no candles: bars, trades and verdicts come from the store, and the bytes are the same."""
    shutil.copytree(finished.project.folder, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "data" / "candles")
    own = Project(tmp_path)
    first = own.types("replay", "--report", "one.html", "--json")
    assert first.exit_code == 0, first.stderr
    assert (first.document["run"]["byte_equal"], first.document["report"]) == (True, "one.html")
    assert own.types("replay", "--report", "two.html").exit_code == 0
    page = (tmp_path / "one.html").read_text("utf-8")
    assert page == (tmp_path / "two.html").read_text("utf-8")
    assert "every decision byte for byte the recorded one" in page
    assert "SIMULATED" in page
    counts = first.document["run"]["counts"]
    assert f"All {counts['trades']:,} trades" in page
    assert f"{counts['decisions']:,} decisions, {counts['signals']:,} signals" in page


def test_a_run_that_was_asked_for_a_report_writes_it_when_it_is_done(own_market: Project) -> None:
    ran = own_market.types(
        *RUN, "--execution", "paper", "--iterations", "900", "--quiet", "--report", "run.html", "--json"
    )
    assert ran.exit_code == 0, ran.stderr
    assert ran.document["report"] == "run.html"
    page = (own_market.folder / "run.html").read_text("utf-8")
    assert f"{ran.document['counts']['decisions']:,} decisions" in page
