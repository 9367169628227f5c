"""Black box: strategies of the book put to the proof, what is printed, and what is kept."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.planted_market import CONFIGURATION, ENTERED, MEMBERS, SYMBOL, market, project_at
from tests.unit.ledger.trials import batch
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.own_strategies import own_families
from tradewind.errors import Unavailable
from tradewind.features.rule import member_of
from tradewind.model.report import Verdict
from tradewind.model.timeframe import DAY, HOUR, Timeframe
from tradewind.research.verdict import verify
from tradewind.strategies import donchian_breakout, family

SHORT = MEMBERS[:12]


@pytest.fixture(scope="module")
def bars():
    return market()


@pytest.fixture(scope="module")
def proven(bars, tmp_path_factory):
    """A project after its first validation, and what that printed."""
    project = Project(project_at(tmp_path_factory.mktemp("proven"), bars, SHORT))
    ran = project.types("validate", "--seed", "7", "--json")
    return project, ran


@pytest.fixture
def fresh(bars, tmp_path):
    """A project nobody has validated in."""
    return Project(project_at(tmp_path / "fresh", bars, SHORT))


def strategies(ran):
    (batch,) = ran.document["batches"]
    return batch["strategies"]


def of_verdict(ran, verdict):
    return next(one for one in strategies(ran) if one["verdict"] == verdict)


@pytest.mark.req("D24", "X25")
def test_only_what_passes_is_validated_and_everything_else_keeps_its_reason(proven):
    """The book says validated for an honest PASS and for nothing else; a failing strategy is in no ranking."""
    project, ran = proven
    assert ran.exit_code == 0
    passed = {one["id"] for one in strategies(ran) if one["verdict"] == "PASS"}
    assert passed
    assert len(passed) < len(SHORT)
    assert ran.document["approved"] == len(passed)
    listed = project.types("strategy", "list", "--all", "--json").document["strategies"]
    assert len(listed) == len(SHORT)
    assert {one["id"] for one in listed if one["status"] == "validated"} == passed
    for one in listed:
        assert (one["reason"] == "") == (one["id"] in passed)
    ranked = project.types("strategy", "list", "--min-confidence", "50", "--min-trades", "1", "--json")
    assert {one["id"] for one in ranked.document["strategies"]} <= passed


@pytest.mark.req("D24", "HZ18", "B10")
def test_a_run_hears_what_passed_and_nobody_else(proven):
    """From bars to a signal: the voters are those of the book that are validated, on the bars they were proven on."""
    project, ran = proven
    passed = {one["id"] for one in strategies(ran) if one["verdict"] == "PASS"}
    words = ("run", "--feed", "replay", "--store", "run.db", "--iterations", "3000", "--json", "--quiet")
    heard = project.types(*words, "-p", SYMBOL)
    assert heard.exit_code == 0, heard.stderr
    assert (heard.document["unproven"], heard.document["counts"]["signals"] > 0) == (False, True)
    told = project.types("replay", "run.db", "--json").document["signals"]
    assert {name for one in told for name in one["consensus"]["voters"]} <= passed
    unknown = project.types(
        "run", "--feed", "replay", "--store", "other.db", "-p", SYMBOL, "--provider", "x", "-i", "4h"
    )
    assert unknown.exit_code == 4
    assert "not on 4h" in unknown.stderr


@pytest.mark.req("D24", "HZ18")
def test_every_verdict_is_a_signed_file_on_its_data_and_its_ledger(proven):
    """Whatever came out is signed with the project's key and names data, configuration, code, seed and ledger."""
    project, ran = proven
    files = VerdictFiles(project.folder / "data")
    for one in strategies(ran):
        signed = verify((project.folder / one["verdict_path"]).read_bytes(), files.key())
        assert signed.strategy.spec_hash == one["spec_hash"]
        assert signed.approved == one["approved"]
        assert signed.judgement.report("source") is not None
        assert signed.judgement.report("honest") is not None
        assert signed.stamp.data_hash == ran.document["batches"][0]["stamp"]["data_hash"]
        assert signed.stamp.seeds == {"gate": 7}
        assert signed.stamp.simulated
        assert int(signed.stamp.ledger_head.split(":")[0]) >= 1


@pytest.mark.req("C05", "C07")
def test_windows_are_chronological_and_their_dates_and_the_sealed_length_are_printed(proven):
    """Train, test and sealed follow one another without overlap; train is four fifths of what lies before the seal."""
    project, ran = proven
    batch = ran.document["batches"][0]
    for one in strategies(ran):
        windows = one["windows"]
        train, test, sealed = windows["train"], windows["test"], windows["sealed"]
        assert train["start"] == batch["first_ts"]
        assert train["end"] == test["start"] < test["end"] == sealed["start"] < sealed["end"] == batch["last_ts"]
        before = test["end"] - train["start"]
        assert train["end"] - train["start"] == pytest.approx(0.8 * before, rel=1e-9)
        assert sealed["end"] - sealed["start"] >= max(184 * DAY, 0.2 * (sealed["end"] - train["start"]))
    ran = project.types("validate", strategies(ran)[0]["id"], "--seed", "7")
    dates = [f"{name} 20" for name in ("train", "test", "sealed")]
    assert all(date in ran.stdout for date in dates)
    assert " days, " in ran.stdout
    assert "trades expected)" in ran.stdout


@pytest.mark.req("D23")
def test_source_and_honest_are_both_printed_and_approved_stands_for_pass_alone(fresh):
    """The gate table of one strategy: a line a criterion, the count, and the word with the verdict in brackets."""
    name = next(one.id for one in SHORT if one.family == "Donchian_Breakout")
    stored = next(
        one["id"]
        for one in fresh.types("strategy", "list", "--all", "--json").document["strategies"]
        if one["family"] == name.split("_1h")[0]
    )
    text = fresh.types("validate", stored, "--seed", "7").stdout
    assert text.index("Profile: source") < text.index("Profile: honest (decides)")
    lines = text.splitlines()
    verdicts = [line for line in lines if line.startswith("Verdict: ")]
    assert len(verdicts) == 2
    for line in verdicts:
        word, verdict = line.removeprefix("Verdict: ").partition(")")[0].split(" (")
        assert word == ("APPROVED" if verdict == "PASS" else "REJECTED")
        assert verdict in {one.value for one in Verdict}
    assert sum(line.startswith("Criteria Met: ") for line in lines) == 2
    rows = [line for line in lines if line[:1] in "✓✗" and line]
    assert len(rows) >= 12 + 25
    assert all(": " in line and "(threshold: " in line for line in rows)


@pytest.mark.req("D09")
def test_the_steps_are_printed_with_how_many_came_and_how_many_were_left(fresh):
    """Each stage of the proof with its counts, the walk forward among them."""
    text = fresh.types("validate", "--seed", "7").stdout.replace("\n", " ")
    for profile in ("source", "honest"):
        assert f"Profile {profile}, of those that came to each step: " in text
    assert "train: validated: " in text
    assert "walk_forward: validated: " in text
    again = fresh.types("validate", "--status", "rejected", "--seed", "7", "--json")
    counts = again.document["batches"][0]["funnel"]
    assert counts["source"][0] == {
        "stage": "train",
        "entered": again.document["judged"],
        "validated": counts["source"][1]["entered"],
    }
    stages = [one["stage"] for one in counts["honest"]]
    assert stages == ["windows", "train", "test", "walk_forward", "robustness", "batch", "sealed"]


@pytest.mark.req("X04", "HZ24")
def test_a_second_validation_on_the_same_window_is_contaminated_and_undoes_nothing(bars, tmp_path):
    """The ledger remembers: nobody passes by being looked at twice, and a verdict that was earned stays."""
    project = Project(project_at(tmp_path / "twice", bars, SHORT))
    first = project.types("validate", "--seed", "7", "--json")
    name = of_verdict(first, "PASS")["id"]
    before = {path.name: path.read_bytes() for path in (project.folder / "data" / "verdicts").iterdir()}
    again = project.types("validate", name, "--seed", "7", "--json")
    assert again.exit_code == 4
    (one,) = strategies(again)
    assert one["verdict"] == "INSUFFICIENT"
    assert "read BTC/USDT 1h of this window before" in one["contamination"]
    assert one["earlier_verdict_stands"]
    assert project.types("strategy", "show", name, "--json").document["status"] == "validated"
    assert {path.name: path.read_bytes() for path in (project.folder / "data" / "verdicts").iterdir()} == before
    text = project.types("validate", name, "--seed", "7").stdout
    assert "CONTAMINATED" in text
    assert "The earlier passed verdict stands" in text
    several = project.types("validate", name, of_verdict(first, "THRESHOLDS-ONLY")["id"], "--seed", "7").stdout
    assert "CONTAMINATED: 2 of them; " in several
    # One that never passed gets nothing out of another try either.
    other = of_verdict(first, "THRESHOLDS-ONLY")["id"]
    (refused,) = strategies(project.types("validate", other, "--seed", "8", "--json"))
    assert refused["verdict"] == "INSUFFICIENT"
    assert project.types("strategy", "show", other, "--json").document["status"] != "validated"


@pytest.mark.req("X04", "HZ24")
@pytest.mark.parametrize(
    ("edit", "symbol", "said"),
    [
        (("", ""), SYMBOL, "whose rule compares what Mine compares"),
        (("donchian(params.period, \"upper\").lag()", "highest(params.period + 9).lag()"), SYMBOL,
         "whose rule compares what Mine compares"),
        (("exits=params.exits", "exits=params.exits"), "ETH/USDT", f"{SYMBOL} 1h, whose bars are those of ETH/USDT,"),
        (("donchian(params.period, \"upper\").lag()", "donchian(params.period, \"upper\").lag() + rsi(14) * 0.0"),
         SYMBOL, "which trades as Mine does"),
    ],
)  # fmt: skip
def test_a_copy_under_another_name_has_read_what_its_twin_read(bars, tmp_path, edit, symbol, said):
    """A family file copied and renamed, rewritten so that it trades the same, the same candles as another pair."""
    one = tuple(one for one in SHORT if one.family == "Donchian_Breakout")
    project = Project(project_at(tmp_path / "twin", bars, one))
    first = project.types("validate", "--seed", "7", "--json")
    assert any(one["evidence"]["sealed"] for one in strategies(first))
    text = Path(donchian_breakout.__file__).read_text("utf-8").replace("Donchian_Breakout", "Mine")
    text = text.replace("import close, donchian", "import close, donchian, highest, rsi")
    (project.folder / "strategies").mkdir()
    (project.folder / "strategies" / "mine.py").write_text(text.replace(*edit) if edit[0] else text)
    mine = own_families(project.folder / "strategies")["Mine"]
    copies = [member_of(mine, each.timeframe, mine.params_of(msgspec.to_builtins(each.params)), k + 1)
              for k, each in enumerate(one)]  # fmt: skip
    if symbol != SYMBOL:
        CandleStore(project.folder / "data" / "candles").write(symbol, Timeframe.H1, bars, SOURCE)
    with StrategyBook.open(project.folder / "data" / "tradewind.db", ENTERED) as book:
        book.add(copies, ENTERED)
    again = project.types("validate", "--family", "Mine", "-p", symbol, "--seed", "7", "--json")
    assert again.exit_code == 4, again.stderr
    looked = [one for one in strategies(again) if one["evidence"]["sealed"]]
    assert looked
    assert all(said in one["contamination"] and one["verdict"] != "PASS" for one in looked)


@pytest.mark.req("X04", "HZ24")
@pytest.mark.parametrize("how", ["an hour later", "noise"])
def test_a_market_under_another_name_is_known_by_how_its_weeks_move(bars, tmp_path, how):
    """The same candles an hour later, or with five basis points of noise on every price: no new window."""
    one = tuple(one for one in SHORT if one.family == "Donchian_Breakout")
    project = Project(project_at(tmp_path / "moved", bars, one))
    assert any(each["evidence"]["sealed"] for each in strategies(project.types("validate", "--seed", "7", "--json")))
    if how == "noise":
        noise = np.exp(5e-4 * np.random.default_rng(5).normal(size=bars.close.size))
        prices = {name: getattr(bars, name) * noise for name in ("open", "high", "low", "close")}
        other = bars._replace(**prices)
    else:
        other = bars._replace(ts_open=bars.ts_open + HOUR, ts_close=bars.ts_close + HOUR)
    CandleStore(project.folder / "data" / "candles").write("ETH/USDT", Timeframe.H1, other, SOURCE)
    with StrategyBook.open(project.folder / "data" / "tradewind.db", ENTERED) as book:
        book.add(one, ENTERED, symbol="ETH/USDT", asset_class="crypto")
    names = project.types("strategy", "list", "--all", "-p", "ETH/USDT", "--json").document["strategies"]
    again = project.types("validate", *(each["id"] for each in names), "-p", "ETH/USDT", "--seed", "7", "--json")
    looked = [each for each in strategies(again) if each["evidence"]["sealed"]]
    assert looked
    said = f"read {SYMBOL} 1h, whose weeks move as those of ETH/USDT,"
    assert all(said in each["contamination"] and each["verdict"] != "PASS" for each in looked)


@pytest.mark.req("X04", "HZ18")
@pytest.mark.parametrize("damaged", [False, True])
def test_a_lost_verdict_is_said_to_be_lost_and_nothing_takes_its_place(bars, tmp_path, damaged):
    """What counts is the signed file: without it nothing stands, and no later reading makes a backup worthless."""
    project = Project(project_at(tmp_path / "lost", bars, SHORT))
    first = project.types("validate", "--seed", "7", "--json")
    one = of_verdict(first, "PASS")
    path = project.folder / one["verdict_path"]
    kept = path.read_bytes()
    if damaged:
        path.write_bytes(kept.replace(b"PASS", b"FAIL"))
    else:
        path.unlink()
    left = path.read_bytes() if damaged else None
    ran = project.types("validate", one["id"], "--seed", "7", "--json")
    assert (strategies(ran)[0]["earlier_verdict_stands"], strategies(ran)[0]["earlier_verdict_lost"]) == (False, True)
    text = project.types("validate", one["id"], "--seed", "7").stdout
    assert "The earlier passed verdict is LOST" in text
    assert "verdict stands" not in text
    assert (path.read_bytes() if path.exists() else None) == left
    path.write_bytes(kept)
    heard = project.types("run", "--feed", "replay", "-p", SYMBOL, "--iterations", "3", "--json", "--quiet")
    assert heard.exit_code == 0, heard.stderr


@pytest.mark.req("HZ18", "B10")
@pytest.mark.parametrize("lost", ["verdicts", "key"])
def test_what_was_judged_on_simulated_bars_says_so_when_its_file_is_lost(proven, tmp_path, lost):
    """The book keeps the label; a run names the lost ones before all who were refused."""
    project = Project(tmp_path / "unlabelled")
    shutil.copytree(proven[0].folder, project.folder)
    passed = {one["id"] for one in strategies(proven[1]) if one["verdict"] == "PASS"}
    data = project.folder / "data"
    (data / "verdict.key").unlink()
    if lost == "verdicts":
        shutil.rmtree(data / "verdicts")
    listed = project.types("strategy", "list", "--all", "--json").document["strategies"]
    assert {one["id"] for one in listed if one["verdict_missing"]} == passed
    assert all(one["simulated"] for one in listed if one["verdict"])
    ran = project.types("run", "--feed", "replay", "-p", SYMBOL, "--iterations", "3")
    assert ran.exit_code == 4
    text = ran.stderr
    for name in passed:
        assert f"{name} on {SYMBOL} SIMULATED was validated and its signed verdict is LOST" in text
        assert f"nearest: {name} on {SYMBOL} SIMULATED" in text
    assert text.index("is LOST") < text.index("nearest:")


def test_a_verdict_on_file_stands_where_the_book_has_forgotten_it(bars, tmp_path):
    """Rule: the file is the proof. A book that was lost and validated anew takes nothing back and hears nobody."""
    project = Project(project_at(tmp_path / "forgot", bars, SHORT))
    one = of_verdict(project.types("validate", "--seed", "7", "--json"), "PASS")
    before = (project.folder / one["verdict_path"]).read_bytes()
    for path in (project.folder / "data").glob("tradewind.db*"):
        path.unlink()
    with StrategyBook.open(project.folder / "data" / "tradewind.db", ENTERED) as book:
        book.add(SHORT, ENTERED)
    ran = project.types("validate", "--seed", "7", "--json")
    again = next(each for each in strategies(ran) if each["spec_hash"] == one["spec_hash"])
    assert (again["earlier_verdict_stands"], again["verdict"]) == (True, "INSUFFICIENT")
    assert (project.folder / one["verdict_path"]).read_bytes() == before
    silent = project.types("run", "--feed", "replay", "-p", SYMBOL, "--iterations", "3")
    assert silent.exit_code == 4
    assert "tradewind strategy restore" in silent.stderr


@pytest.mark.req("HZ18")
def test_a_verdict_does_not_speak_where_the_bars_it_was_judged_on_are_others(bars, tmp_path):
    """Later bars change nothing; one changed price of its windows does, and so does its label; gone bars are told."""
    project = Project(project_at(tmp_path / "bars", bars.slice(0, 23_000), SHORT))
    assert project.types("validate", "--seed", "7").exit_code == 0
    store = CandleStore(project.folder / "data" / "candles")
    words = ("run", "--feed", "replay", "-p", SYMBOL, "--iterations", "3")
    store.write(SYMBOL, Timeframe.H1, bars, SOURCE)
    ran = project.types(*words, "--store", "later.db")
    assert ran.exit_code == 0, ran.stderr
    assert "not compared" not in ran.stderr
    close = bars.close.copy()
    close[10_000] = bars.low[10_000]
    store.write(SYMBOL, Timeframe.H1, bars._replace(close=close), SOURCE, on_conflict="replace")
    month = str(np.datetime64(int(bars.ts_open[10_000]), "ns"))[:7]
    ran = project.types(*words, "--store", "other.db")
    assert ran.exit_code == 4
    assert f"was validated on other bars than those stored of {SYMBOL} 1h: {month} differs" in ran.stderr
    store.drop(SYMBOL, Timeframe.H1)
    store.write(SYMBOL, Timeframe.H1, bars.slice(23_000, 24_000), SOURCE)
    ran = project.types(*words[:-2], "--store", "short.db", "--json")
    assert ran.exit_code == 0, ran.stderr
    assert "not compared with the bars it was judged on" in ran.stderr
    assert "the bars of its windows are not stored" in ran.stderr
    assert ran.document["counts"]["signals"] > 0
    with sqlite3.connect(project.folder / "short.db") as database:
        assert {one for (one,) in database.execute("SELECT stamp FROM signals")} == {"SIMULATED UNCHECKED"}
    again = project.types("replay", "--verify", "short.db")  # the run's own first entry says so, not today's folder
    assert again.exit_code == 0, again.stderr + again.stdout
    # Half a year of other bars is enough to see it, wherever they begin.
    store.drop(SYMBOL, Timeframe.H1)
    store.write(SYMBOL, Timeframe.H1, bars._replace(close=close).slice(8_000, 14_000), SOURCE)
    ran = project.types(*words, "--store", "part.db")
    assert (ran.exit_code, f"{month} differs" in ran.stderr) == (4, True)


@pytest.mark.req("HZ18")
def test_a_verdict_of_received_bars_does_not_speak_where_they_turn_out_to_be_simulated(bars, tmp_path):
    """Imported under another name they looked received; with the label back the proof is gone."""
    project = Project(project_at(tmp_path / "washed", bars.slice(0, 100), SHORT))
    store = CandleStore(project.folder / "data" / "candles")
    store.drop(SYMBOL, Timeframe.H1)
    store.write(SYMBOL, Timeframe.H1, bars, "file:washed")
    assert project.types("validate", "--seed", "7").exit_code == 0
    words = ("run", "--feed", "replay", "-p", SYMBOL, "--iterations", "3")
    assert project.types(*words, "--store", "one.db").exit_code == 0
    store.drop(SYMBOL, Timeframe.H1)
    store.write(SYMBOL, Timeframe.H1, bars, SOURCE)
    ran = project.types(*words, "--store", "two.db")
    assert ran.exit_code == 4
    assert "in its windows are SIMULATED" in ran.stderr


@pytest.mark.req("X04")
def test_a_validation_that_was_cut_off_after_its_look_goes_on_when_it_is_typed_again(bars, tmp_path):
    """No room for verdicts: exit 3, the look is in the ledger. The same words again: the same reading, and a PASS."""
    project = Project(project_at(tmp_path / "cut", bars, SHORT))
    blocked = project.folder / "data" / "verdicts"
    blocked.write_text("not a folder")
    cut = project.types("validate", "--seed", "7", "--json")
    assert cut.exit_code == 3
    assert project.types("strategy", "ledger", "--json").document["looks"]
    blocked.unlink()
    ran = project.types("validate", "--seed", "7", "--json")
    assert ran.exit_code == 0
    assert not any(one["contamination"] for one in strategies(ran))
    assert of_verdict(ran, "PASS")
    assert list((project.folder / "data" / "validations").iterdir()) == []
    again = project.types("validate", of_verdict(ran, "PASS")["id"], "--seed", "7", "--json")
    assert strategies(again)[0]["contamination"]


@pytest.mark.req("X05")
def test_the_same_seed_data_and_book_give_the_same_evidence(bars, tmp_path):
    """Two projects, one with two processes: everything measured and judged is equal to the last digit."""
    found = []
    for folder, workers in (("one", "1"), ("two", "2")):
        project = Project(project_at(tmp_path / folder, bars, SHORT))
        ran = project.types("validate", "--seed", "7", "--workers", workers, "--json")
        text = json.dumps([{k: v for k, v in one.items() if k != "verdict_path"} for one in strategies(ran)])
        stamp = ran.document["batches"][0]["stamp"]
        assert stamp.pop("ledger_head")  # its entries carry the time at which they were made
        found.append((text, ran.document["batches"][0]["batch"], stamp))
    assert found[0] == found[1]
    assert found[0][2]["data_hash"]
    assert found[0][2]["config_hash"]


@pytest.mark.req("X02", "X20")
def test_noise_promotes_nobody_and_says_so(tmp_path):
    """A hundred generated strategies on noise: no edge found, exit 4, every one of them in the ledger."""
    project = Project(project_at(tmp_path / "noise", market(None, 5), ()))
    project.types("strategy", "generate", "-n", "100", "--seed", "3", "--preset", "crypto")
    ran = project.types("validate", "--seed", "7")
    assert ran.exit_code == 4
    assert "No edge found: none of 100 strategies passed the gates of profile honest." in ran.stdout
    assert "APPROVED" not in ran.stdout
    ledger = project.types("strategy", "ledger", "--json").document
    assert ledger["trials"] == 100
    assert project.types("strategy", "list", "--json").exit_code == 3
    silent = project.types("run", "--feed", "replay")
    assert silent.exit_code == 4
    assert "none may speak" in silent.stderr
    assert "strategy book: 100 strategies" in silent.stderr


@pytest.mark.req("C13", "C08")
def test_the_evidence_holds_false_signals_and_what_costs_take_of_the_risk(proven):
    """False signal rate = closed trades that lost / all closed; cost to risk beside it, for every window measured."""
    _, ran = proven
    for one in strategies(ran):
        for window in ("train", "test"):
            trades = one["evidence"][window]["trades"]
            if trades["n"]:
                assert trades["false_signal_rate"] == pytest.approx(trades["losses"] / trades["n"])
                assert 0.0 < trades["cost_to_risk"] < 1.0


@pytest.mark.req("D24")
def test_the_profile_that_decides_can_be_named_and_bare_thresholds_validate_nobody(bars, tmp_path):
    """--profile source may say PASS; the book calls validated only what the honest gates pass as well."""
    project = Project(project_at(tmp_path / "source", bars, SHORT))
    ran = project.types("validate", "--profile", "source", "--seed", "7", "--json")
    assert ran.document["profile"] == "source"
    passed = {one["id"] for one in strategies(ran) if one["verdict"] == "PASS"}
    honest = {one["id"] for one in strategies(ran) if one["verdicts"]["honest"] == "PASS"}
    assert honest < passed
    listed = project.types("strategy", "list", "--all", "--json").document["strategies"]
    assert {one["id"] for one in listed if one["status"] == "validated"} == honest
    strict = Project(project_at(tmp_path / "strict", bars, SHORT)).types("validate", "--profile", "strict", "--json")
    assert {"source", "honest", "strict"} == set(strategies(strict)[0]["verdicts"])


def test_what_cannot_be_judged_is_refused_before_anything_is_written(fresh, tmp_path):
    """An unknown profile, an unknown strategy, two ranges: exit 2. Nothing in the book, or no candles: exit 3."""
    for words in (("--profile", "easy"), ("Nobody_1h_v9",), ("--period", "1y", "--timerange", "20200101-")):
        assert fresh.types("validate", *words, "--json").exit_code == 2, words
    assert not (fresh.folder / "data" / "trials.ledger").exists()
    empty = Project(project_at(tmp_path / "empty", market(bars=200), ()))
    ran = empty.types("validate", "--json")
    assert (ran.exit_code, ran.document["error"]["type"]) == (3, "Unavailable")
    assert "strategy generate" in ran.document["error"]["next_step"]
    assert fresh.types("validate", "-p", "EUR/USD", "--json").exit_code == 3


@pytest.mark.req("V05")
def test_a_hundred_strategies_on_five_years_of_daily_bars_are_judged_by_one_command(tmp_path):
    """Every one of them gets a verdict; with so few trades most of them too little evidence, and none approval."""
    from tradewind.adapters.market.candle_store import CandleStore
    from tradewind.engine.aggregate import aggregate
    from tradewind.model.instruments import resolve
    from tradewind.model.session import calendar_of
    from tradewind.model.timeframe import Timeframe

    hours = market(None, 6, bars=5 * 365 * 24)
    project = Project(project_at(tmp_path / "daily", market(bars=100), ()))
    days = aggregate(hours, calendar_of(resolve(SYMBOL).calendar), Timeframe.D1)
    CandleStore(project.folder / "data" / "candles").write(SYMBOL, Timeframe.D1, days, "SIMULATED")
    project.types("strategy", "generate", "-n", "100", "--seed", "3", "--interval", "1d", "--preset", "crypto")
    ran = project.types("validate", "--json")
    assert ran.exit_code == 4
    assert len(strategies(ran)) == ran.document["judged"] == 100
    assert {one["verdict"] for one in strategies(ran)} <= {"INSUFFICIENT", "FAIL"}
    assert len(list(Path(project.folder / "data" / "verdicts").iterdir())) == 100


@pytest.mark.req("D24", "X11")
@pytest.mark.parametrize("setting", ["multiplier = 0.5", "spread = 0.0", "slippage = 0.0001"])
def test_a_proof_below_the_instruments_own_costs_is_refused_before_anything_is_written(fresh, setting):
    """Exit 2 of validate and of research; no trial, no verdict."""
    file = fresh.folder / "tradewind.toml"
    cheap = fresh.configured((file.read_text() if file.exists() else "") + f"\n[costs]\n{setting}\n")
    for verb in (("validate",), ("research", "--symbol", SYMBOL, "-n", "5")):
        ran = cheap.types(*verb, "--seed", "7")
        assert ran.exit_code == 2, ran.stderr
        assert "a proof below the instrument's own costs proves nothing" in ran.stderr
    assert not (cheap.folder / "data" / "verdicts").exists()
    assert not (cheap.folder / "data" / "trials.ledger").exists()


@pytest.mark.req("D24", "X11")
def test_a_built_in_pair_that_is_described_anew_costs_what_is_built_in(fresh):
    """Costs taken to nothing by [[instruments]]: exit 2, nothing is opened."""
    costs = "[instruments.costs]\nspread_fraction = 0.0\nslippage_fraction = 0.0\n"
    table = f'[[instruments]]\nsymbol = "{SYMBOL}"\n{costs}'
    ran = fresh.configured(CONFIGURATION + table).types("validate")
    assert ran.exit_code == 2, ran.stderr
    assert f"the built-in {SYMBOL} has spread 0.0001 instead of 0" in ran.stderr
    assert not (fresh.folder / "data" / "verdicts").exists()


@pytest.mark.req("D24", "X11")
def test_a_run_at_higher_costs_hears_nobody_and_says_why(proven, monkeypatch):
    """What passed at the instrument's costs is not heard at three times as much."""
    project, _ = proven
    monkeypatch.setenv("TRADEWIND__COSTS__MULTIPLIER", "3")
    ran = project.types("run", "--feed", "replay", "--store", "dear.db", "-p", SYMBOL)
    assert ran.exit_code == 4
    assert "at lower costs than those of" in ran.stderr


@pytest.mark.req("D24", "HZ18")
@pytest.mark.parametrize("loss", ["gone", "empty", "other"])
def test_a_ledger_that_lost_what_a_verdict_rests_on_makes_no_window_new_again(proven, tmp_path, loss):
    """Deleted, emptied or another one in its place: exit 1 of every verb that writes trials or looks."""
    project = Project(Path(shutil.copytree(proven[0].folder, tmp_path / "copy")))
    ledger = project.folder / "data" / "trials.ledger"
    ledger.unlink()
    ledger.with_name("trials.ledger.head").unlink(missing_ok=True)
    if loss == "empty":
        ledger.touch()
    elif loss == "other":
        with TrialLedger(ledger) as other:
            for seed in range(1, 60):
                other.append(batch(3, seed), seed)
    for verb in (("validate",), ("research", "--symbol", SYMBOL, "-n", "5")):
        ran = project.types(*verb, "--seed", "7")
        assert ran.exit_code == 1, ran.stderr
        assert "of the trial ledger is" in ran.stderr if loss == "other" else "rests on its entry" in ran.stderr
        assert "restore the ledger from its backup" in ran.stderr
        assert ledger.exists() == (loss != "gone")
    assert project.types("strategy", "ledger").exit_code == 1
    run = project.types("run", "--feed", "replay", "--store", "lost.db", "-p", SYMBOL)
    assert run.exit_code == 4, run.stderr
    assert "of the trial ledger, which is not there as it was" in run.stderr


@pytest.mark.req("D24", "HZ18")
@pytest.mark.parametrize("loss", ["gone", "other"])
def test_a_book_that_knows_of_verdicts_refuses_when_they_and_the_ledger_are_gone(proven, tmp_path, loss):
    """Exit 1 of every verb that writes trials or looks, and of the ledger's own; nothing is begun in their place."""
    project = Project(Path(shutil.copytree(proven[0].folder, tmp_path / "copy")))
    data = project.folder / "data"
    kept = {path.relative_to(data): path.read_bytes() for path in (*data.glob("trials*"), *data.glob("verdicts/*"))}
    for name in kept:
        (data / name).unlink()
    if loss == "other":
        with TrialLedger(data / "trials.ledger") as other:
            other.append(batch(3, 1), 1)
    size = (data / "trials.ledger").stat().st_size if loss == "other" else None
    for verb in (
        ("validate",),
        ("research", "--symbol", SYMBOL, "-n", "5"),
        ("optimize", "--family", "Donchian_Breakout", "--symbol", SYMBOL, "--trials", "2"),
        ("backtest", "--sealed", "--no-report"),
    ):
        ran = project.types(*verb, "--seed", "7")
        assert ran.exit_code == 1, (verb, ran.stderr)
        assert "which the strategy book says were judged" in ran.stderr
        assert "restore the ledger from its backup" in ran.stderr
    assert project.types("strategy", "ledger").exit_code == 1
    assert size == ((data / "trials.ledger").stat().st_size if loss == "other" else None)
    assert loss == "other" or not (data / "trials.ledger").exists()
    for name, content in kept.items():
        (data / name).write_bytes(content)
    assert project.types("strategy", "ledger").exit_code == 0


@pytest.mark.req("D24", "HZ18")
def test_no_new_key_is_made_beside_verdicts_of_a_lost_one(proven, tmp_path):
    """Exit 3, no look at a window and no key: restoring the backup brings everything back."""
    project = Project(Path(shutil.copytree(proven[0].folder, tmp_path / "copy")))
    files = VerdictFiles(project.folder / "data")
    key, ledger = files.key_path.read_bytes(), (project.folder / "data" / "trials.ledger").read_bytes()
    files.key_path.unlink()
    for verb in (("validate",), ("research", "--symbol", SYMBOL, "-n", "5")):
        ran = project.types(*verb, "--seed", "7")
        assert ran.exit_code == 3, ran.stderr
        assert "restore it from its backup" in ran.stderr
    with pytest.raises(Unavailable, match="a new one would orphan them"):
        files.make_key()
    assert not files.key_path.exists()
    assert (project.folder / "data" / "trials.ledger").read_bytes() == ledger
    files.key_path.write_bytes(key)
    files.key_path.chmod(0o600)
    run = ("run", "--feed", "replay", "--store", "back.db", "--iterations", "50", "--quiet", "-p", SYMBOL)
    assert project.types(*run).exit_code == 0


@pytest.mark.req("HZ18")
def test_who_is_switched_off_is_not_counted_as_heard(proven, tmp_path):
    """One fewer with one of them switched off, as the run says it at its end."""
    project = Project(Path(shutil.copytree(proven[0].folder, tmp_path / "copy")))
    passed = [one["id"] for one in strategies(proven[1]) if one["verdict"] == "PASS"]
    assert project.types("strategy", "disable", passed[0]).exit_code == 0
    run = ("run", "--feed", "replay", "--store", "off.db", "--iterations", "50", "-p", SYMBOL, "--json", "--quiet")
    assert project.types(*run).document["heard"] == len(passed) - 1


@pytest.mark.req("D24")
@pytest.mark.parametrize(
    "words",
    [("validate", "--profile", ""), ("validate", ""), ("validate", "--symbol", " "), ("research", "--profile", "")],
)
def test_an_empty_word_is_no_name_and_no_default(fresh, words):
    """As an empty shell variable makes it: exit 2 before a book or a window is opened."""
    book = (fresh.folder / "data" / "tradewind.db").read_bytes()
    ran = fresh.types(*words)
    assert ran.exit_code == 2, ran.stderr
    assert not (fresh.folder / "data" / "trials.ledger").exists()
    assert (fresh.folder / "data" / "tradewind.db").read_bytes() == book


OWN = """
symbols = ["BTC/USDT"]
[ensemble]
quorum = 1
[[strategies.members]]
family = "Donchian_Breakout"
params = { period = 23 }
"""
BACKTEST = ("backtest", "-p", SYMBOL, "-i", "1h", "--no-report", "--json")


def ends(ran):
    return ran.document["result"]["counts"]["last_ts"]


@pytest.mark.req("X04", "HZ24")
def test_a_backtest_of_ones_own_numbers_ends_before_the_window_they_are_proven_on(bars, tmp_path):
    """Numbers turned until it looks good: the sealed window was in none of it, and the proof is a first read."""
    project = Project(project_at(tmp_path / "own", bars, ())).configured(OWN)
    before = project.types(*BACKTEST)
    assert before.exit_code in (0, 4), before.stderr
    seal = before.document["sealed_from"]
    assert ends(before) - HOUR <= seal <= bars.ts_close[-1] - 184 * DAY
    assert before.document["looks"] == 0
    assert not (project.folder / "data" / "trials.ledger").exists()
    assert "--sealed shows them" in project.types(*BACKTEST[:-1]).stdout
    donchian = family("Donchian_Breakout")
    member = member_of(donchian, Timeframe.H1, donchian.params_of({"period": 23}), 1)
    with StrategyBook.open(project.folder / "data" / "tradewind.db", ENTERED) as book:
        book.add([member], ENTERED)
    (judged,) = strategies(project.types("validate", "--seed", "7", "--json"))
    assert judged["windows"]["sealed"]["start"] >= seal
    assert judged["contamination"] == ""
    # The last year before the window, a range that reaches into it, one that lies in it.
    year = project.types(*BACKTEST, "--period", "1y")
    assert year.document["result"]["counts"]["bars"] <= 366 * 24
    assert ends(year) - HOUR <= seal
    day = str(np.datetime64(int(seal) - 90 * DAY, "ns"))[:10].replace("-", "")
    assert ends(project.types(*BACKTEST, "--timerange", f"{day}-")) - HOUR <= seal
    late = str(np.datetime64(int(seal) + DAY * 2, "ns"))[:10].replace("-", "")
    refused = project.types(*BACKTEST, "--timerange", f"{late}-")
    assert refused.exit_code == 2
    assert "all of the asked range is sealed" in refused.document["error"]["message"]


@pytest.mark.req("X04", "HZ24")
def test_a_sealed_look_at_a_part_is_a_look_at_that_part(bars, tmp_path):
    """--sealed with a range that ends before the stored bars: the ledger holds what was shown, and no more."""
    project = Project(project_at(tmp_path / "part", bars, ())).configured(OWN)
    seal = project.types(*BACKTEST).document["sealed_from"]
    until = int(seal) + 60 * DAY
    ran = project.types(*BACKTEST, "--sealed", "--timerange", f"-{until // 1_000_000_000}")
    assert ends(ran) == until
    (row,) = project.types("strategy", "ledger", "--json").document["looks"]
    assert (row["look"]["start"], row["look"]["end"]) == (seal, until)
    early = project.types(*BACKTEST, "--sealed", "--timerange", f"-{int(seal) // 1_000_000_000}")
    assert early.document["looks"] == 0


@pytest.mark.req("X04", "HZ24")
@pytest.mark.parametrize(("left_out", "spent"), [(29, False), (31, True)])
def test_a_range_that_ends_before_the_stored_bars_do_proves_nothing(bars, tmp_path, left_out, spent):
    """Its sealed window lies where everything else has looked; a month of arriving candles is left to long jobs."""
    project = Project(project_at(tmp_path / "range", bars, SHORT))
    end = int(bars.ts_close[-1] - left_out * DAY) // 1_000_000_000
    ran = project.types("validate", "--seed", "7", "--timerange", f"-{end}", "--json")
    looked = [one for one in strategies(ran) if one["evidence"]["sealed"]]
    assert looked
    assert {("open to be looked at" in one["contamination"]) for one in looked} == {spent}
    assert (ran.exit_code == 4) is spent


@pytest.mark.req("X04", "HZ24")
def test_a_backtest_into_the_sealed_window_is_a_look_like_any_other(bars, tmp_path):
    """--sealed shows every bar, the ledger knows, and neither the strategy nor its family is proven there any more."""
    project = Project(project_at(tmp_path / "look", bars, ())).configured(OWN)
    shown = project.types(*BACKTEST, "--sealed")
    assert ends(shown) == bars.ts_close[-1]
    assert (shown.document["sealed_from"], shown.document["looks"]) == (None, 1)
    assert "are in the trial ledger" in shown.stderr
    again = project.types(*BACKTEST, "--sealed")  # the same reading: one look
    assert again.document["result"] == shown.document["result"]
    (row,) = project.types("strategy", "ledger", "--json").document["looks"]
    assert row["opening"].startswith("backtest ")
    with StrategyBook.open(project.folder / "data" / "tradewind.db", ENTERED) as book:
        book.add([one for one in SHORT if one.family == "Donchian_Breakout"], ENTERED)
    ran = project.types("validate", "--seed", "7", "--json")
    looked = [one for one in strategies(ran) if one["evidence"]["sealed"]]
    assert looked
    assert all("opening backtest" in one["contamination"] and one["verdict"] != "PASS" for one in looked)


@pytest.mark.req("X04", "HZ24")
def test_a_backtest_on_sealed_bars_is_written_down_in_a_project_that_proved_nothing_yet(bars, tmp_path):
    """Strategies as they are shipped and no ledger: --sealed begins it, and their families are spent on that window."""
    project = Project(project_at(tmp_path / "first", bars, SHORT))
    shown = project.types(*BACKTEST, "--sealed")
    assert ends(shown) == bars.ts_close[-1]
    looks = project.types("strategy", "ledger", "--json").document["looks"]
    assert len(looks) == shown.document["looks"] > 1
    looked = [one for one in strategies(project.types("validate", "--json")) if one["evidence"]["sealed"]]
    assert looked
    assert all("opening backtest" in one["contamination"] for one in looked)


@pytest.mark.req("X04", "HZ24")
@pytest.mark.parametrize("left", ["verdicts", "book"])
def test_a_ledger_that_is_moved_aside_opens_no_window_to_a_backtest(proven, tmp_path, left):
    """The signed verdicts know that something was proven, and so does the book alone."""
    project = Project(Path(shutil.copytree(proven[0].folder, tmp_path / "aside")))
    data = project.folder / "data"
    for path in (*data.glob("trials*"), *(data.glob("verdicts/*") if left == "book" else ())):
        path.unlink()
    if left == "verdicts":
        (data / "tradewind.db").unlink()
    ran = project.types(*BACKTEST)
    assert ends(ran) - HOUR <= ran.document["sealed_from"]
    assert project.types(*BACKTEST, "--sealed").exit_code == 1


def test_a_backtest_of_what_is_shipped_shows_all_bars_where_nothing_is_being_proven(bars, tmp_path):
    """No ledger, no numbers of one's own: the first backtest just works. With a ledger the windows are guarded."""
    project = Project(project_at(tmp_path / "plain", bars, SHORT))
    first = project.types(*BACKTEST)
    assert (ends(first), first.document["sealed_from"]) == (bars.ts_close[-1], None)
    assert not (project.folder / "data" / "trials.ledger").exists()
    assert project.types("validate", "--seed", "7").exit_code == 0
    guarded = project.types(*BACKTEST)
    assert ends(guarded) - HOUR <= guarded.document["sealed_from"] < bars.ts_close[-1] - 184 * DAY
