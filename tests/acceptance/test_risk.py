"""Black box: the account under its limits, as a person asks for it, and what a person may order."""

from __future__ import annotations

import csv
import io
import json
import signal
from decimal import Decimal

import pytest

from tests.acceptance.conftest import Finished
from tests.acceptance.project import Project
from tests.acceptance.test_control import RUN, SETTINGS, fills_after
from tests.acceptance.test_live_run import begun
from tradewind.adapters.store.codec import decode_outputs
from tradewind.adapters.store.store import Store
from tradewind.app.trade_export import safe
from tradewind.model.order import Charge, Fill
from tradewind.model.outcome import Trade


@pytest.fixture
def busy(own_market: Project) -> Project:
    """A project whose run signals often."""
    return own_market.configured(SETTINGS)


@pytest.mark.req("G02", "R17", "HZ28")
def test_risk_status_equals_a_replay_of_the_ledger_to_the_cent(busy: Project) -> None:
    """Realised, unrealised and equity are three numbers; cash is opening + every fill and charge of the journal."""
    ran = busy.types(*RUN, "--iterations", "1400", "--json")
    assert ran.exit_code == 0, ran.stderr
    shown = busy.types("risk", "status", "--json").document
    cash = Decimal("10000")
    with Store.read(busy.folder / "data" / "tradewind.db") as store:
        for entry in store.journal.read():
            for output in decode_outputs(entry.outputs):
                if isinstance(output, Trade):
                    cash += Decimal(output.gross) - Decimal(output.spread_cost) - Decimal(output.slippage_cost)
                elif isinstance(output, Fill):
                    cash -= Decimal(output.commission)
                elif isinstance(output, Charge):
                    cash += Decimal(output.amount)
    assert shown["trades"] > 5
    assert shown["balance"] == float(round(cash, 2)) == float(round(Decimal(ran.document["balance"]), 2))
    assert shown["equity"] == pytest.approx(ran.document["equity"], abs=0.011)
    assert shown["realised"] == pytest.approx(shown["balance"] - 10_000.0, abs=0.005)
    assert shown["equity"] == pytest.approx(shown["balance"] + shown["unrealised"], abs=0.011)
    assert shown["simulated"] is True
    human = busy.types("risk", "status").stdout
    for word in ("SIMULATED", "realised", "unrealised", "equity", "day's loss", "remaining", "State NORMAL"):
        assert word in human


@pytest.mark.req("G07", "G08", "G11", "DIS06", "DIS07", "DIS08")
@pytest.mark.parametrize(
    ("preset", "position", "daily", "drawdown"),
    [("tight", "5.00%", "3.00%", "12.00%"), ("first-live", "2.00%", "5.00%", "15.00%"),
     ("ftmo-2step", "10.00%", "4.00%", "8.00%"), ("ftmo-1step", "10.00%", "2.40%", "8.00%")],
)  # fmt: skip
def test_a_risk_preset_prints_its_limits_and_the_run_keeps_them(
    busy: Project, preset: str, position: str, daily: str, drawdown: str
) -> None:
    """The flag stands above the file; replay and status find the run's own limits again."""
    busy.configured(SETTINGS + "[risk]\nmax_drawdown = 0.5\ndrawdown_alert = 0.4\nmax_position_size = '50%'\n"
                    if preset == "tight" else SETTINGS)  # fmt: skip
    ran = busy.types(*RUN, "--risk-preset", preset, "--iterations", "900")
    assert f"position at most {position}, daily loss at most {daily}, drawdown at most {drawdown}" in ran.stderr
    shown = busy.types("risk", "status", "--json").document
    limits = {one["name"]: one for one in shown["limits"]}
    assert shown["max_drawdown"] == float(drawdown.rstrip("%")) / 100
    if preset.startswith("ftmo"):
        assert (shown["firm"], shown["stage"], shown["verdict"]) == (preset, "challenge", "IN_PROGRESS")
        assert limits["firm, day"]["allowed"] == (500.0 if preset == "ftmo-2step" else 300.0)
        floor = limits["firm, total"]["floor"]
        assert floor == 9_000.0 if preset == "ftmo-2step" else 9_000.0 <= floor < 10_000.0
    assert busy.types("replay", "--verify").exit_code == 0


@pytest.mark.req("G13")
def test_what_is_used_and_left_of_the_firms_limits_is_in_the_status_and_marked_each_day(busy: Project) -> None:
    """Used + remaining = allowed where the day stands below its anchor; one mark a day, floors in each."""
    assert busy.types(*RUN, "--risk-preset", "ftmo-2step", "--quiet").exit_code == 0
    for one in busy.types("risk", "status", "--json").document["limits"]:
        assert one["used"] + one["remaining"] >= one["allowed"] - 0.02
    marks = busy.rows("SELECT day, daily_floor, day_balance, total_floor FROM equity_marks WHERE kind = 'day'")
    assert len(marks) > 50
    assert len({day for day, *_ in marks}) == len(marks)
    assert all(floor == pytest.approx(balance - 500.0, abs=0.006) for _, floor, balance, _ in marks)
    assert {total for *_, total in marks} == {9_000.0}
    assert busy.types("db", "check").exit_code == 0


@pytest.mark.req("G11")
def test_a_firm_file_of_a_users_own_is_used_and_a_wrong_one_refused_with_its_key(busy: Project) -> None:
    own = busy.types("risk", "firms", "--show", "ftmo-2step", "--json").document["file"]
    (busy.folder / "mine.toml").write_text(own.replace("share = 0.05", "share = 0.04"))
    busy.configured(SETTINGS + '[risk]\nfirm = "mine.toml"\n')
    assert busy.types(*RUN, "--iterations", "900", "--quiet").exit_code == 0
    limits = {one["name"]: one for one in busy.types("risk", "status", "--json").document["limits"]}
    assert limits["firm, day"]["allowed"] == 400.0
    (busy.folder / "mine.toml").write_text(own.replace("share = 0.05", "share = 5"))
    refused = busy.types(*RUN, "--store", "other.db")
    assert refused.exit_code == 2
    assert "mine.toml: daily_loss.share" in refused.stderr


@pytest.mark.req("O11", "HZ30", "H18")
def test_a_rollback_from_another_shell_ends_the_run_in_order_and_again_changes_nothing(busy: Project) -> None:
    """Four lines; the process closes what is open and ends by itself; the journal stays; no entry follows."""
    process = begun(busy, *RUN, "--speed", "400000")
    assert process.stdout is not None
    assert any(line.startswith("Id  ") for line in process.stdout), "no signal was ever told"
    first = busy.types("rollback", "--reason", "drill", "--wait", "20")
    assert first.exit_code == 0, first.stderr
    lines = first.stdout.strip().splitlines()
    assert [line.split(":")[0] for line in lines] == [f"Rollback {n}/4" for n in range(1, 5)]
    assert "have stopped (done, state stopped)" in lines[0]
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    seq = busy.rows("SELECT max(seq) FROM journal WHERE kind = 'command'")[0][0]
    assert busy.rows("SELECT count(*) FROM positions WHERE status = 'open'") == [[0]]
    assert not [one for one in fills_after(busy, seq) if one["leg"] == "entry"]
    again = busy.types("rollback", "--json")
    assert again.exit_code == 0
    assert again.document["rollback"]["open"] == []
    assert busy.types(*RUN, "--iterations", "50", "--quiet").exit_code == 0
    assert busy.types("risk", "status", "--json").document["state"] == "stopped"
    assert busy.rows("SELECT result FROM (SELECT status AS result FROM command_inbox ORDER BY id)") == [
        ["done"], ["unchanged"],
    ]  # fmt: skip
    assert busy.types("replay", "--verify").exit_code == 0


@pytest.mark.req("G10")
def test_a_death_and_a_restart_find_the_same_latches(busy: Project) -> None:
    process = begun(busy, *RUN, "--speed", "400000")
    assert process.stdout is not None
    assert any(line.startswith("Id  ") for line in process.stdout)
    assert busy.types("liquidate", "--reason", "drill", "--wait", "20").exit_code == 0
    before = busy.rows("SELECT cause, state, reason FROM guard_state")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert busy.types(*RUN, "--iterations", "60", "--quiet").exit_code == 0
    assert busy.rows("SELECT cause, state, reason FROM guard_state") == before == [["liquidate", "reducing", "drill"]]


@pytest.mark.req("G19")
def test_the_five_drawdown_bands_are_explained_in_one_table(project: Project) -> None:
    ran = project.types("config", "explain", "drawdown")
    assert ran.exit_code == 0
    for band, level in (
        ("train", "0.25"),
        ("30 days", "0.2"),
        ("rollback", "0.15"),
        ("tight", "0.12"),
        ("good", "0.1"),
    ):
        assert any(band in line and level in line for line in ran.stdout.splitlines()), band


@pytest.mark.req("Q23")
def test_the_worst_trades_are_those_of_the_statement(finished: Finished) -> None:
    project = finished.project
    shown = project.types("trades", "worst", "-n", "10", "--json").document["trades"]
    wanted = project.rows("SELECT signal_id, net FROM trade_outcomes ORDER BY pnl_absolute ASC LIMIT 10")
    assert [[one["signal_id"], one["net"]] for one in shown] == wanted
    assert len(project.types("trades", "list", "-n", "3", "--json").document["trades"]) == min(3, len(wanted))


@pytest.mark.req("X23")
def test_an_export_proves_itself_and_an_edited_row_is_found(finished: Finished) -> None:
    """Every row carries the hash of all before; an edit, a missing or a moved row is named by its line."""
    project = finished.project
    every = project.types("trades", "export", "--json").document
    total = project.rows("SELECT count(*) FROM trade_outcomes")[0][0]
    assert every["trades"] == total > 0
    years = {row["closed_utc"][:4] for row in csv.DictReader(io.StringIO(every["csv"]))}
    counts = [project.types("trades", "export", "--year", year, "--json").document["trades"] for year in sorted(years)]
    assert sum(counts) == total
    path = project.folder / "trades.csv"
    assert project.types("trades", "export", "--out", str(path)).exit_code == 0
    assert project.types("trades", "verify", str(path), "--json").document["hash"] == every["hash"]
    lines = path.read_text().splitlines()
    for broken, line in (
        ([*lines[:1], lines[1].replace(",BUY,", ",SELL,") if ",BUY," in lines[1] else lines[1].replace("SELL", "BUY"),
          *lines[2:]], 2),
        ([lines[0], *lines[2:]], 2),
    ):  # fmt: skip
        path.write_text("\n".join(broken) + "\n")
        ran = project.types("trades", "verify", str(path))
        assert ran.exit_code == 1
        assert f"line {line}" in ran.stderr


@pytest.mark.req("X23")
def test_a_cell_that_a_spreadsheet_would_run_is_prefixed_and_numbers_are_not() -> None:
    assert safe("symbol", "=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert safe("signal_id", "@SUM(A1)") == "'@SUM(A1)"
    assert safe("net", "-12.50") == "-12.50"


def test_risk_asks_for_a_run_first(project: Project) -> None:
    assert project.types("risk", "status").exit_code == 3
    assert project.types("trades", "list").exit_code == 3
    listed = project.types("risk", "firms", "--json").document["firms"]
    assert sorted(listed) == ["ftmo-1step", "ftmo-2step"]
    assert json.dumps(listed)
