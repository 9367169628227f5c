"""What a person asks of a finished paper run over a planted market: signal, why, explain, filters, status."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import jsonschema
import msgspec
import pytest

from tests.cli_runner import Ran, run_cli
from tests.fakes.planted_market import planted_project
from tests.fakes.proofs import prove
from tradewind.adapters.market.simulated import START
from tradewind.adapters.store.store import Store
from tradewind.app.ask.published import published, signal_schema
from tradewind.app.signal_text import WORDS
from tradewind.model.decision import Signal
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.strategies import default_members

ROOT = Path(__file__).resolve().parents[2]


class Project:
    """A folder in which a paper run over the planted market has ended."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.run = self.ask("run", "--allow-unproven", "--execution", "paper", "--json")

    def ask(self, *words: str) -> Ran:
        return run_cli(*words, "--config", str(self.config))

    def rows(self, statement: str) -> list[dict[str, object]]:
        found = self.ask("db", "sql", statement, "--json").document
        return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(planted_project(tmp_path_factory.mktemp("planted")))
    assert made.run.exit_code == 0, made.run.stderr
    return made


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Candles and a proof of every strategy, and no run."""
    folder = tmp_path_factory.mktemp("fresh")
    one = Project.__new__(Project)
    one.config = planted_project(folder, 1500)
    prove(folder, default_members([Timeframe.H1]), "BTC/USDT")
    return one


def test_the_market_gives_enough_signals_to_ask_about(project):
    counts = project.run.document["counts"]
    assert counts["signals"] >= 100
    assert counts["trades"] >= 50


@pytest.mark.req("A09")
@pytest.mark.parametrize("verb", ["signal", "why"])
def test_an_unknown_pair_is_refused_naming_the_pairs_there_are(project, verb):
    """Exit 2, the list, no stack trace."""
    ran = project.ask(verb, "FOO/BAR")
    assert ran.exit_code == 2
    assert "EUR/USD" in ran.stderr
    assert "BTC/USDT" in ran.stderr
    assert "Traceback" not in ran.stderr + ran.stdout


@pytest.mark.req("A09")
def test_a_pair_without_data_says_what_is_known_of_the_cause(project):
    """Exit 3; symbol, market and connection are told apart."""
    ran = project.ask("signal", "EUR/USD")
    assert ran.exit_code == 3
    assert "no candles of it are stored" in ran.stderr
    assert "The symbol is known, its market is" in ran.stderr
    assert "tradewind data ping" in ran.stderr


def test_the_next_command_speaks_of_what_was_asked(project):
    """`why` without --interval answers for another timeframe: the hint carries what was typed."""
    ran = project.ask("signal", "BTC/USDT", "--interval", "4h")
    hint = ran.stdout.splitlines()[-1]
    assert hint.startswith("Next: tradewind why BTC/USDT --interval 4h --config ")
    told = run_cli(*shlex.split(hint)[2:])
    assert told.exit_code == 0
    assert "4h" in " ".join(told.stdout.splitlines()[:3])
    assert "--interval" not in project.ask("signal", "BTC/USDT").stdout.splitlines()[-1]


@pytest.mark.req("E12")
def test_a_blocked_pair_answers_no_trade_with_the_first_reason_and_all_of_them(project):
    """No trade is an answer: exit 0, the first blocking reason named, every reason with its number and limit."""
    ran = project.ask("signal", "BTC/USDT")
    answer = project.ask("signal", "BTC/USDT", "--json").document
    last = answer["decisions"][0]
    assert (ran.exit_code, last["state"]) == (0, "no_trade")
    assert last["blocked_by"] == last["reasons"][0]["code"]
    assert "SIMULATED" in ran.stdout
    assert "NO TRADE BTC/USDT 1h" in ran.stdout
    assert f"Blocked first by {last['blocked_by']}" in ran.stdout
    for reason in last["reasons"]:
        assert WORDS[reason["code"]] in ran.stdout


def test_a_fresh_project_is_answered_by_a_run_in_memory_and_writes_nothing(fresh):
    """The store is made by runs only; both answers are of the same bar and configuration."""
    before = sorted(path.name for path in fresh.config.parent.rglob("*"))
    answer = fresh.ask("signal", "BTCUSDT", "--json").document
    assert (answer["origin"], answer["simulated"], answer["data"]["cause"]) == ("candles", True, "behind")
    why = fresh.ask("why", "BTC/USDT", "--json").document
    assert (why["origin"], why["recorded"], why["ts"]) == ("candles", None, answer["decisions"][0]["ts"])
    assert why["chain"]["decision"] == answer["decisions"][0]["decision"]
    assert sorted(path.name for path in fresh.config.parent.rglob("*")) == before


@pytest.mark.req("X13")
def test_an_old_signal_says_expired_and_how_old_the_data_are(project, tmp_path):
    """The store ends at a signal of 2020: nobody may act on it now."""
    signal = project.rows("SELECT id, ts, journal_seq FROM signals ORDER BY ts LIMIT 1 OFFSET 60")[0]
    config = planted_project(tmp_path)
    steps = project.rows(f"SELECT count(*) AS n FROM decisions WHERE ts <= {signal['ts']}")[0]["n"]
    run_cli("run", "--allow-unproven", "--execution", "paper", "--iterations", str(steps), "--quiet", "-c", str(config))
    for path in (tmp_path / "data" / "candles").rglob("*.*"):
        path.unlink()
    ran = run_cli("signal", "BTC/USDT", "-c", str(config))
    answer = run_cli("signal", "BTC/USDT", "--json", "-c", str(config)).document
    last = answer["decisions"][0]
    assert (ran.exit_code, answer["origin"], last["state"]) == (0, "store", "EXPIRED")
    assert last["signal"]["id"] == signal["id"]
    assert "EXPIRED" in ran.stdout
    assert "do not act on it" in ran.stdout
    assert f"Valid until  {last['signal']['valid_until'][:10]}" in ran.stdout
    assert "the market has traded" in ran.stdout


@pytest.mark.req("X21")
def test_why_tells_the_whole_chain_of_a_signal_out_of_the_journal(project):
    """Bar, rules with numbers, votes, records, count, filters, risk; and it equals what was recorded."""
    row = project.rows("SELECT id, timestamp FROM signals ORDER BY ts LIMIT 1 OFFSET 100")[0]
    ran = project.ask("why", "BTC/USDT", *str(row["timestamp"]).split())
    answer = project.ask("why", "BTC/USDT", str(row["timestamp"]), "--json").document
    chain = answer["chain"]
    assert (ran.exit_code, answer["origin"], answer["equal"]) == (0, "store", True)
    assert chain["decision"]["id"] == row["id"]
    assert chain["risk"]["bracket"] == chain["decision"]["bracket"]
    assert chain["consensus"] == chain["decision"]["consensus"]
    voters = set(chain["consensus"]["voters"])
    views = {view["member"]: view for view in chain["members"]}
    assert voters <= {name for name, view in views.items() if view["vote"]}
    assert sum(view["weight"] for view in views.values() if view["vote"]) == pytest.approx(
        chain["tally"]["long"] + chain["tally"]["short"]
    )
    assert [view["objection"] for view in chain["filters"]] == [None] * len(chain["filters"])
    for part in (
        "it equals the recorded decision",
        "SIMULATED UNPROVEN Why",
        "Members",
        "Count",
        "Filters",
        "Risk",
        *voters,
    ):
        assert part in ran.stdout


def test_a_time_between_bars_means_the_last_bar_closed_before_it(project):
    closed = project.ask("why", "BTC/USDT", "2020-06-03", "13:00", "--json").document
    between = project.ask("why", "BTC/USDT", "2020-06-03T13:59:59+00:00", "--json").document
    zoned = project.ask("why", "BTC/USDT", "2020-06-03T15:20+02:00", "--json").document
    assert closed["ts"] == between["ts"] == zoned["ts"] == 1_591_189_200_000_000_000


@pytest.mark.parametrize(("time", "says"), [("2019-12-31", "lies before the data"), ("soon", "is not a time")])
def test_a_time_that_cannot_be_answered_is_refused_with_what_can(project, time, says):
    ran = project.ask("why", "BTC/USDT", time)
    assert ran.exit_code == 2
    assert says in ran.stderr
    assert "2020-01-0" in ran.stderr


@pytest.mark.req("X21", "H04")
@pytest.mark.req("F10")
def test_an_answer_about_another_bar_than_was_asked_for_says_so(project):
    """A time after the data is answered with the last decision, and a closed market with the one before it closed."""
    later = project.ask("why", "BTC/USDT", "2035-01-01 10:00")
    assert later.exit_code == 0
    assert "2035-01-01 10:00 UTC was asked for; no 1h bar is known of it. This is the last decision" in " ".join(
        later.stdout.split()
    )
    assert "was asked for" not in project.ask("why", "BTC/USDT").stdout


@pytest.mark.req("F10")
def test_a_run_that_has_nothing_new_to_decide_says_so_and_where_it_stands(fresh, tmp_path):
    words = ("run", "--allow-unproven", "--execution", "paper", "--store", str(tmp_path / "again.db"))
    first = fresh.ask(*words, "--json").document["loop"]
    again = fresh.ask(*words)
    assert again.exit_code == 0
    assert "nothing new to decide" in again.stdout
    assert "1970" not in again.stdout
    told = fresh.ask(*words, "--json").document
    assert (told["loop"]["last_ts"], told["rate"]["open_hours"]) == (first["last_ts"], 0.0)


def test_explain_tells_a_signal_and_what_became_of_it_with_itemised_costs(project):
    """Position open to closed, costs that add up to the net, the chain behind it."""
    row = project.rows("SELECT id, status, r FROM signals WHERE status = 'lost' ORDER BY ts LIMIT 1")[0]
    ran = project.ask("explain", str(row["id"]))
    document = project.ask("explain", str(row["id"]), "--json").document
    fate = document["fate"]
    assert (ran.exit_code, fate["status"], fate["signal"]["id"]) == (0, "lost", row["id"])
    assert next(fill["leg"] for fill in fate["fills"]) == "entry"
    assert len(fate["trades"]) == 1
    assert fate["outcome"]["r"] == row["r"]
    trade = fate["trades"][0]
    parts = [float(trade[name]) for name in ("gross", "swap")]
    costs = [float(trade[name]) for name in ("spread_cost", "slippage_cost", "commission")]
    assert sum(parts) - sum(costs) == pytest.approx(float(trade["net"]), abs=1e-8)
    assert document["chain"]["equal"] is True
    assert document["run"]["config_hash"] in ran.stdout
    for word in ("entry filled", "stop filled", "gross", "spread", "slippage", "net"):
        assert word in ran.stdout


def test_explain_without_an_id_lists_and_with_a_wrong_one_names_the_nearest(project):
    listed = project.ask("explain", "--last", "5", "--json").document
    assert len(listed) == 5
    wrong = project.ask("explain", listed[0]["id"][:-3] + "xyz")
    assert wrong.exit_code == 2
    assert listed[0]["id"] in wrong.stderr
    assert project.ask("explain", listed[0]["id"][-6:], "--json").document["fate"]["signal"]["id"] == listed[0]["id"]


def test_nothing_has_run_is_exit_3_with_the_next_step(fresh):
    for words in (("explain",), ("filters", "stats"), ("status",)):
        ran = fresh.ask(*words)
        assert ran.exit_code == 3
        assert "tradewind run" in ran.stderr + ran.stdout


@pytest.mark.req("F10")
def test_the_counted_blocks_sum_to_the_blocked_bars(project):
    """Each block is recorded with its filter, value and limit; the table is not empty and sums up."""
    found = project.ask("filters", "stats", "--days", "30", "--last", "3", "--json").document
    assert found["rows"]
    assert found["blocked"] > 0
    assert sum(row["first"] for row in found["rows"]) == found["blocked"] == found["decisions"] - found["signals"]
    filters = [row for row in found["rows"] if row["part"] == "filters"]
    assert filters
    assert all(row["value"] is not None and row["limit"] is not None for row in filters)
    assert len(found["newest"]) == 3
    assert all(block["reasons"] for block in found["newest"])
    whole = project.ask("filters", "stats", "--days", "0", "--json").document
    counts = project.run.document["counts"]
    assert whole["blocked"] == counts["no_trade"] + counts["no_decision"]
    assert {row["code"]: row["times"] for row in whole["rows"]} == counts["reasons"]


@pytest.mark.req("E11")
def test_every_signal_of_the_run_fits_the_published_schema(project):
    """docs/signal-schema.json is what other programs may rely on."""
    schema = json.loads((ROOT / "docs" / "signal-schema.json").read_text("utf-8"))
    assert schema == json.loads(json.dumps(signal_schema())), "run `make schema`"
    check = jsonschema.Draft202012Validator(schema)
    made = msgspec.convert(project.ask("replay", "--json").document["signals"], list[Signal], strict=False)
    shown = [json.loads(msgspec.json.encode(published(one))) for one in made]
    assert len(shown) >= 100
    for one in shown:
        check.validate(one)
    assert project.ask("explain", made[0].id, "--json").document["fate"]["signal"] == shown[0]
    broken = {**shown[0], "confidence": 1.2, "direction": "HOLD"}
    assert len(list(check.iter_errors(broken))) == 2


@pytest.mark.req("E10")
def test_every_signal_has_the_tier_of_its_confidence(project):
    """high from 0.95, medium from 0.90, low below; the mix is in the table people query."""
    rows = project.rows("SELECT tier, min(confidence) AS low, max(confidence) AS high, count(*) AS n FROM signals"
                        " GROUP BY tier ORDER BY tier")  # fmt: skip
    bounds = {row["tier"]: (row["low"], row["high"]) for row in rows}
    assert set(bounds) == {"high", "medium", "low"}
    assert bounds["high"][0] >= 0.95 > bounds["medium"][1] >= bounds["medium"][0] >= 0.90 > bounds["low"][1]
    assert bounds["low"][0] >= 0.80


@pytest.mark.req("E05", "HZ20")
def test_the_entry_zone_is_shown_and_never_wider_than_a_quarter_of_the_stop_distance(tmp_path):
    """With +-0.2% wanted, stops of about 0.5% cap it; the chain says so."""
    config = planted_project(tmp_path, 1500, settings="[risk]\nentry_zone = 0.002")
    project = Project(config)
    rows = project.rows("SELECT id, timestamp, entry, entry_low, entry_high, stop_loss FROM signals")
    halves = [(row["entry_high"] - row["entry_low"]) / 2 for row in rows]
    caps = [0.25 * abs(row["entry"] - row["stop_loss"]) for row in rows]
    assert all(half <= min(0.002 * row["entry"], cap) + 1e-9 for half, cap, row in zip(halves, caps, rows, strict=True))
    capped = next(row for half, row in zip(halves, rows, strict=True) if half < 0.0019 * row["entry"])
    shown = project.ask("why", "BTC/USDT", capped["timestamp"]).stdout
    assert f"Entry zone   {capped['entry_low']:.2f} - {capped['entry_high']:.2f}" in shown
    assert "25% of the stop distance" in shown
    assert "capped to" in shown


@pytest.mark.req("E14", "H04", "H05")
def test_a_run_tells_signals_executions_and_closes_in_the_lines_operators_know(tmp_path):
    config = planted_project(tmp_path, 1500)
    told = run_cli("run", "--allow-unproven", "--execution", "paper", "-c", str(config)).stdout
    assert "TRADING MODE: BUY @ " in told or "TRADING MODE: SELL @ " in told
    assert "✓ Paper trade executed: " in told
    assert " BTC/USDT @ $" in told
    assert "Trade closed: ✗ LOSS (-" in told or "Trade closed: ✓ WIN (+" in told


@pytest.mark.req("E13")
def test_a_thirty_day_replay_prints_its_signals_of_a_market_open_day(tmp_path):
    config = planted_project(tmp_path, 720)
    ran = run_cli("run", "--allow-unproven", "--execution", "none", "--quiet", "-c", str(config))
    assert "per market-open day" in ran.stdout
    rate = run_cli("backtest", "--no-report", "--json", "-c", str(config)).document["result"]["rate"]
    assert rate["open_hours"] == pytest.approx(719.0)
    assert rate["signals"] == pytest.approx(rate["per_open_day"] * rate["open_hours"] / 24)


def test_status_while_nothing_has_run_tells_the_markets_and_the_next_step(fresh):
    """Exit 3, clear text; the market's state needs no run."""
    ran = fresh.ask("status")
    assert ran.exit_code == 3
    assert "nothing has run yet" in ran.stdout
    assert "tradewind run" in ran.stdout
    found = fresh.ask("status", "--json").document
    assert (found["run"], found["symbols"][0]["market"]) == (None, "open")


def test_status_of_a_finished_run_agrees_with_the_run_itself(project):
    """Counts, account, digest and configuration are the run's; the store says that nobody writes."""
    found = project.ask("status", "--json").document
    result = project.run.document
    assert (found["writer"]["running"], found["run"]["simulated"]) == (False, True)
    assert (found["run"]["digest"], found["run"]["entries"]) == (result["digest"], result["head_seq"])
    assert found["run"]["same_settings"] is True
    assert found["counted"]["signals"] == result["counts"]["signals"]
    assert found["counted"]["decisions"] == result["counts"]["decisions"]
    assert found["account"]["trades"] == result["counts"]["trades"]
    assert found["account"]["balance"] == pytest.approx(float(result["balance"]), abs=1e-8)
    shown = project.ask("status").stdout
    for word in ("SIMULATED UNPROVEN Run in", "not running", "as now configured", "Balance", "BTC/USDT", "whole run"):
        assert word in shown


@pytest.mark.req("H04")
def test_status_shows_an_open_position_valued_as_the_run_values_it(project, tmp_path):
    """Stopped two bars into a trade: entry, stop, target, floating; equity to the cent of the engine's own."""
    long = "SELECT ts_entry, signal_id FROM trade_outcomes WHERE ts_exit - ts_entry >= 10800000000000 LIMIT 1"
    trade = project.rows(long)[0]
    steps = (trade["ts_entry"] - START) // HOUR + 2
    held = Project.__new__(Project)
    held.config = planted_project(tmp_path)
    result = held.ask(
        "run", "--allow-unproven", "--execution", "paper", "--iterations", str(steps), "--quiet", "--json"
    ).document
    account = held.ask("status", "--json").document["account"]
    assert result["open_positions"] == len(account["positions"]) == 1
    position = account["positions"][0]
    assert position["signal_id"] == trade["signal_id"]
    assert position["floating"] != 0.0
    assert account["equity"] == pytest.approx(result["equity"], abs=1e-6)
    assert account["balance"] == pytest.approx(float(result["balance"]), abs=1e-8)
    assert trade["signal_id"] in held.ask("status").stdout


def test_status_beside_a_running_writer_sees_it_and_disturbs_nothing(project, tmp_path):
    """The lock is the operating system's; a look neither waits for it nor takes it from anybody."""
    copy = tmp_path / "beside.db"
    held = project.config.parent / "data" / "tradewind.db"
    copy.write_bytes(held.read_bytes())
    with Store.open(copy, 1):
        found = project.ask("status", "--store", str(copy), "--json").document
        assert found["writer"] == {"running": True, "pid": str(os.getpid()), "since": "1970-01-01 00:00:00"}
    again = project.ask("status", "--store", str(copy), "--json").document
    assert again["writer"]["running"] is False


def test_status_says_when_the_configuration_is_no_longer_the_run_s(project):
    before = project.config.read_text("utf-8")
    project.config.write_text(before + "\n[risk]\nrisk_per_trade = 0.02\n", encoding="utf-8")
    try:
        found = project.ask("status", "--json").document
        why = project.ask("why", "BTC/USDT", "--json").document
    finally:
        project.config.write_text(before, encoding="utf-8")
    assert found["run"]["same_settings"] is False
    assert any("not the run's" in warning for warning in found["warnings"])
    assert (why["origin"], why["recorded"] is not None) == ("candles", True)
    assert "cannot be rebuilt" in why["notes"][0]
