"""Black box: strategies drawn, listed, shown, switched; judgements come in the way the research job writes them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import talib

from tests.acceptance.project import HOUR, Project, straight
from tests.cli_runner import Ran
from tests.fakes.judged import NOW, SYMBOL, drawn, passed, refused
from tests.fakes.proofs import prove
from tests.unit.ledger.trials import START, batch, look
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.model.strategy import Judgement
from tradewind.validation.significance import wilson

MEMBERS = drawn(30)
BARS_FROM = 1_700_000_000_000_000_000 // HOUR * HOUR


def judged(project: Project, *judgements: Judgement, symbol: str = SYMBOL) -> dict[str, str]:
    """Enters strategies and what became of them; ``spec hash -> id``."""
    with StrategyBook.open(project.folder / "data" / "tradewind.db", NOW) as book:
        book.add(MEMBERS, NOW, symbol=symbol, asset_class="fx")
        book.judge(judgements, NOW)
        return {one.spec_hash: one.id for one in book.select()}


def generated(project: Project, *words: str) -> dict:
    ran = project.types("strategy", "generate", *words, "--json")
    assert ran.exit_code == 0, ran.stdout
    return ran.document


@pytest.mark.req("B01")
def test_a_hundred_distinct_strategies_and_the_same_ones_for_the_same_seed(project: Project, tmp_path: Path) -> None:
    """Distinct by hash and by parameters; one hash over all of them; the population is what was asked for."""
    one = generated(project, "-n", "100", "--seed", "7")
    found = one["strategies"]
    assert len(found) == len({each["spec_hash"] for each in found}) == len({each["id"] for each in found}) == 100
    assert len({(each["family"], str(sorted(each["params"].items()))) for each in found}) == 100
    assert one["hash"] == hashlib.sha256("\n".join(each["spec_hash"] for each in found).encode()).hexdigest()[:16]
    elsewhere = Project(tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    assert generated(elsewhere, "-n", "100", "--seed", "7")["hash"] == one["hash"]
    assert generated(elsewhere, "-n", "100", "--seed", "8")["hash"] != one["hash"]
    again = generated(project, "-n", "100", "--seed", "7")
    assert (again["new"], again["known"], again["strategies"]) == (0, 100, found)
    assert project.rows("SELECT count(*), count(DISTINCT spec_hash) FROM strategies") == [[100, 100]]
    assert generated(project)["count"] == 100  # generator.max_strategies


@pytest.mark.req("B01")
def test_a_search_draws_what_was_asked_for_and_refuses_what_it_does_not_know(project: Project) -> None:
    found = generated(
        project, "-n", "40", "--family", "RSI_Reversion", "--timeframe", "4h", "--preset", "crypto",
        "--stop-mode", "pct",
    )["strategies"]  # fmt: skip
    assert {(each["family"], each["timeframe"]) for each in found} == {("RSI_Reversion", "4h")}
    assert all(0.003 <= each["params"]["exits"]["stop_pct"] <= 0.009 for each in found)
    assert {each["params"]["exits"]["stop_mode"] for each in found} == {"pct"}
    for words in (("--family", "Nothing"), ("--preset", "wide"), ("--stop-mode", "none"), ("-n", "0")):
        ran = project.types("strategy", "generate", *words, "--json")
        assert (ran.exit_code, "error" in ran.document) == (2, True), words


@pytest.mark.req("B02")
def test_families_are_listed_with_ranges_and_sources(project: Project) -> None:
    """At least twelve families of eight kinds, each with its parameters, their values, a default and a source."""
    families = project.types("strategy", "families", "--json").document["families"]
    assert len(families) >= 12
    kinds = {"trend", "breakout", "reversion", "momentum", "volatility", "session", "channel", "multi-timeframe"}
    assert {one["kind"] for one in families} >= kinds
    for one in families:
        own = [each for each in one["parameters"] if not each["name"].startswith("exits.")]
        assert own, one["family"]
        assert all(len(each["values"]) > 1 and each["default"] is not None for each in own), one["family"]
        assert re.search(r"\b(19|20)\d\d\b", one["source"]), one["family"]
        assert one["idea"], one["family"]
    text = project.types("strategy", "families").stdout
    assert all(one["family"] in text for one in families)


@pytest.mark.req("B04")
def test_a_stop_is_said_in_percent_and_in_pips_of_each_pair(project: Project) -> None:
    """By hand: 0.2% of 1.1 is 22 pips of EUR/USD, of 150 yen 30 pips of 0.01, of gold at 2000 40 pips of 0.10."""
    found = generated(project, "-n", "60", "--stop-mode", "pct")["strategies"]
    one = found[0]
    share = one["params"]["exits"]["stop_pct"]
    prices = {"EUR/USD": (1.1, 0.0001), "USD/JPY": (150.0, 0.01), "XAU/USD": (2000.0, 0.10)}
    typed = [word for name, (price, _) in prices.items() for word in ("--price", f"{name}={price}")]
    ran = project.types("strategy", "show", one["id"], *typed, "--json")
    assert ran.exit_code == 0, ran.stdout
    stops = {stop["symbol"]: stop for stop in ran.document["stops"]}
    target = one["params"]["exits"]["target_r"]
    for name, (price, pip) in prices.items():
        assert stops[name]["pip"] == pip
        assert stops[name]["stop_percent"] == pytest.approx(100 * share)
        assert stops[name]["stop_pips"] == pytest.approx(share * price / pip)
        assert stops[name]["target_pips"] == pytest.approx(target * share * price / pip)
        assert stops[name]["atr_pips"] is None
    assert 15 <= stops["EUR/USD"]["stop_pips"] <= 33  # 0.15% to 0.3%: never the 100 to 300 pips of old
    human = project.types("strategy", "show", one["id"], *typed).stdout
    assert f"{100 * share:.4g}% of price" in human
    assert f"{share * 150 / 0.01:.6g}" in human


@pytest.mark.req("B04")
def test_an_atr_stop_is_measured_on_the_stored_candles(project: Project) -> None:
    """Pips from the last close and the average true range by TA-Lib, for a yen pair and for gold."""
    rng = np.random.default_rng(3)
    for symbol, level, pip in (("USD/JPY", 150.0, 0.01), ("XAU/USD", 2000.0, 0.10)):
        closes = np.round(level * np.exp(np.cumsum(rng.normal(0, 0.001, 400))), 2)
        bars = straight(closes.tolist(), start=BARS_FROM, reach=round(0.0007 * level, 2))
        project.imports(bars, symbol)
        ids = generated(project, "-n", "30", "--stop-mode", "atr")["strategies"]
        exits = ids[0]["params"]["exits"]
        ran = project.types("strategy", "show", ids[0]["id"], "--symbol", symbol, "--json")
        (stop,) = ran.document["stops"]
        span = talib.ATR(bars.high, bars.low, bars.close, exits["atr_period"])[-1]
        assert stop["price"] == bars.close[-1]
        assert stop["atr"] == pytest.approx(span, rel=1e-9)
        assert stop["stop_pips"] == stop["atr_pips"] == pytest.approx(exits["stop_atr"] * span / pip)
        assert stop["stop_percent"] == pytest.approx(100 * exits["stop_atr"] * span / bars.close[-1])
        assert stop["simulated"] is True


def test_an_unknown_stop_is_said_to_be_unknown(project: Project) -> None:
    """No candles and no price: dashes and what to do, no number."""
    one = generated(project, "-n", "3")["strategies"][0]
    stop = project.types("strategy", "show", one["id"], "--symbol", "EUR/USD", "--json").document["stops"][0]
    assert (stop["price"], stop["stop_pips"], stop["stop_percent"]) == (None, None, None)
    assert (
        "Unknown for EUR/USD: import or fetch candles"
        in project.types("strategy", "show", one["id"], "-p", "EUR/USD").stdout
    )
    assert project.types("strategy", "show", one["id"], "--price", "EUR/USD=zero").exit_code == 2
    assert project.types("strategy", "show", "Nobody_1h_v1").exit_code == 2


@pytest.mark.req("B06")
def test_every_name_is_family_timeframe_version(project: Project) -> None:
    generated(project, "-n", "60", "--seed", "1")
    generated(project, "-n", "60", "--seed", "2", "--timeframe", "4h")
    listed = project.types("strategy", "list", "--all", "--json").document["strategies"]
    families = {one["family"] for one in project.types("strategy", "families", "--json").document["families"]}
    assert len(listed) == 120
    for one in listed:
        found = re.fullmatch(r"([A-Z][A-Za-z0-9_]*)_(1h|4h)_v([1-9]\d*)", one["id"])
        assert found, one["id"]
        assert found[1] in families
        assert (found[1], found[2], int(found[3])) == (one["family"], one["timeframe"], one["version"])


@pytest.mark.req("B07")
def test_no_stored_strategy_lacks_its_stop_or_its_target(project: Project) -> None:
    generated(project, "-n", "200")
    lacking = "stop_loss IS NULL OR stop_loss = '' OR take_profit IS NULL OR take_profit = ''"
    assert project.rows(f"SELECT count(*) FROM strategies WHERE {lacking}") == [[0]]
    assert project.rows("SELECT count(*) FROM strategies WHERE json_extract(params, '$.exits.target_r') > 0") == [[200]]


@pytest.mark.req("B08")
def test_a_validated_strategy_shows_every_attribute(project: Project) -> None:
    ids = judged(project, passed(MEMBERS[0]))
    shown = project.types("strategy", "show", ids[passed(MEMBERS[0]).spec_hash], "--json").document
    for key in ("id", "name", "win_rate", "profit_factor", "sharpe_ratio", "confidence", "trades"):
        assert shown[key] is not None, key
    assert (shown["status"], shown["verdict"], shown["verdict_hash"]) == ("validated", "PASS", "ab" * 32)
    assert shown["win_rate"] == pytest.approx(0.65)
    assert shown["win_rate_low"] == pytest.approx(wilson(130, 200)[0])
    row = "SELECT id, name, win_rate, profit_factor, sharpe_ratio, confidence, trades FROM strategies"
    (stored,) = project.rows(f"{row} WHERE status = 'validated'")
    assert None not in stored


@pytest.mark.req("B09", "HZ26")
def test_the_ranking_holds_its_bars_and_no_lucky_trade_leads_it(project: Project) -> None:
    """Sorted by the Wilson lower bound, at most as many as asked; 1 of 1 stands behind 130 of 200."""
    counts = [(1, 1), (200, 130), (60, 45), (400, 210), (35, 30)]
    ids = judged(project, *(passed(one, n, wins) for one, (n, wins) in zip(MEMBERS, counts, strict=False)))
    words = ("strategy", "list", "--min-confidence", "50", "--min-trades", "1", "--limit", "100", "--json")
    listed = project.types(*words).document["strategies"]
    bounds = [one["win_rate_low"] for one in listed]
    assert len(listed) == len(counts)
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] == pytest.approx(wilson(1, 1)[0])
    assert listed[-1]["trades"] == 1
    assert set(ids.values()) >= {one["id"] for one in listed}
    by_default = project.types("strategy", "list", "--json").document["strategies"]
    assert [one["trades"] for one in by_default] == [n for n, w in sorted(counts, key=lambda c: -wilson(c[1], c[0])[0])
                                                     if n >= 30]  # fmt: skip
    assert len(project.types("strategy", "list", "--limit", "2", "--json").document["strategies"]) == 2
    nothing = project.types("strategy", "list", "--min-confidence", "95", "--json")
    assert nothing.exit_code == 3
    assert project.types("strategy", "list", "--min-confidence", "0.5").exit_code == 2


def failed_loudly(ran: Ran) -> bool:
    error = ran.document["error"]
    return ran.exit_code == 3 and "tradewind research" in error["message"]


@pytest.mark.req("B10", "HZ03")
def test_an_empty_pool_fails_with_the_instruction_and_a_lowered_bar_is_said(project: Project) -> None:
    """No store, no strategy, refused ones alone, 39%: exit 3 and what to run. 45%: they are given, with a warning."""
    assert failed_loudly(project.types("strategy", "list", "--json"))
    generated(project, "-n", "5")
    assert failed_loudly(project.types("strategy", "list", "--json"))
    judged(project, refused(MEMBERS[0]), passed(MEMBERS[1], confidence=0.39))
    assert failed_loudly(project.types("strategy", "list", "--json"))
    judged(project, passed(MEMBERS[1], confidence=0.45))
    lowered = project.types("strategy", "list", "--json")
    assert (lowered.exit_code, lowered.document["min_confidence"], len(lowered.document["strategies"])) == (0, 0.4, 1)
    assert "WARNING" in lowered.stderr
    assert "lowered to 40%" in lowered.stderr
    assert failed_loudly(project.types("strategy", "list", "--min-confidence", "50", "--json"))
    judged(project, passed(MEMBERS[1], confidence=0.5))
    reached = project.types("strategy", "list", "--json")
    assert (reached.exit_code, reached.document["min_confidence"]) == (0, 0.5)
    assert "lowered" not in reached.stderr


@pytest.mark.req("B11")
def test_the_population_is_counted_and_never_padded(project: Project) -> None:
    judged(project, *(passed(one) for one in MEMBERS[:7]), *(refused(one) for one in MEMBERS[7:]))
    ran = project.types("strategy", "list", "--json")
    assert ran.document["population"] == {"validated": 7, "target": 100, "short": 93}
    assert ran.document["counts"]["rejected"] == 23
    assert project.rows("SELECT count(*) FROM strategies WHERE status = 'validated'") == [[7]]
    assert "93 short of the 100" in project.types("strategy", "list").stdout


@pytest.mark.req("B12")
def test_a_disabled_strategy_is_out_of_the_pool_and_the_change_is_kept(project: Project) -> None:
    """Who, when, why; it can be taken back, a refused one cannot be switched on."""
    ids = judged(project, passed(MEMBERS[0]), passed(MEMBERS[1]), refused(MEMBERS[2]))
    name, other, bad = (ids[each(m).spec_hash] for each, m in zip((passed, passed, refused), MEMBERS, strict=False))
    ran = project.types("strategy", "disable", name, "--reason", "drift CRITICAL", "--by", "ann", "--json")
    assert (ran.exit_code, ran.document["status"], ran.document["changed"]) == (0, "disabled", True)
    assert [one["id"] for one in project.types("strategy", "list", "--json").document["strategies"]] == [other]
    audit = "SELECT strategy_id, action, actor, reason, status_from, status_to FROM strategy_audit"
    assert project.rows(audit) == [[name, "disable", "ann", "drift CRITICAL", "validated", "disabled"]]
    assert project.types("strategy", "disable", name, "--json").document["changed"] is False
    assert project.types("strategy", "enable", name, "--reason", "over").exit_code == 0
    assert len(project.types("strategy", "list", "--json").document["strategies"]) == 2
    assert len(project.rows(audit)) == 2
    refusal = project.types("strategy", "enable", bad, "--json")
    assert refusal.exit_code == 4
    assert "profit factor 0.91" in refusal.document["error"]["message"]
    assert "drift CRITICAL" in project.types("strategy", "show", name).stdout


@pytest.mark.req("B14")
def test_health_is_a_score_with_its_components(project: Project) -> None:
    judged(project, passed(MEMBERS[0]), passed(MEMBERS[1], 40, 20, retention=None))
    found = project.types("strategy", "health", "--json").document["strategies"]
    assert [one["score"] > 0 for one in found] == [True, True]
    for one in found:
        known = {name: part for name, part in one["components"].items() if part is not None}
        assert set(one["missing"]) == set(one["components"]) - set(known)
        assert all(0 <= part <= 100 for part in known.values())
        weights = {name: one["weights"][name] for name in known}
        mean = sum(weights[name] * part for name, part in known.items()) / sum(weights.values())
        assert one["score"] == pytest.approx(mean)
    assert found[0]["components"]["evidence"] == 100
    assert [one["missing"] for one in found] == [[], ["decay"]]
    assert project.types("strategy", "health", found[0]["id"]).exit_code == 0


@pytest.mark.req("X03")
def test_everything_that_was_generated_stays_with_its_reason(project: Project) -> None:
    """The refused are listed with `--all`, in any number, and in no ranking."""
    ids = judged(project, *(refused(one, f"FAIL: test {n}") for n, one in enumerate(MEMBERS[:29])), passed(MEMBERS[29]))
    everything = project.types("strategy", "list", "--all", "--json").document["strategies"]
    assert {one["id"] for one in everything} == set(ids.values())
    assert sorted(one["reason"] for one in everything if one["status"] == "rejected") == sorted(
        f"FAIL: test {n}" for n in range(29)
    )
    assert "FAIL: test 17" in project.types("strategy", "list", "--all").stdout
    assert len(project.types("strategy", "list", "--json").document["strategies"]) == 1


@pytest.mark.req("X04")
def test_every_read_of_a_sealed_window_is_kept_and_a_second_one_is_stamped(project: Project) -> None:
    """The ledger outlives the database; the second job of the same family over the same window is contaminated."""
    path = project.folder / "data" / "trials.ledger"
    generated(project, "-n", "5")
    assert project.types("strategy", "ledger", "--json").exit_code == 3
    with TrialLedger(path) as ledger:
        ledger.append(batch(50, 1), START)
        ledger.record_look([look(1), look(2)], opening="job-1", now=START)
    for name in ("tradewind.db", "tradewind.db-wal", "tradewind.db-shm"):
        (project.folder / "data" / name).unlink(missing_ok=True)
    with TrialLedger(path) as ledger:
        ledger.record_look([look(3), look(4, family="RSI_Reversion")], opening="job-2", now=START)
    ran = project.types("strategy", "ledger", "--json")
    assert (ran.exit_code, ran.document["trials"], ran.document["contaminated"]) == (0, 50, 1)
    stamps = [(one["look"]["family"], one["contaminated"]) for one in ran.document["looks"]]
    assert stamps == [("EMA_Crossover", False)] * 2 + [("EMA_Crossover", True), ("RSI_Reversion", False)]
    assert "contaminated" in project.types("strategy", "ledger").stdout


@pytest.mark.req("X04")
def test_a_changed_byte_of_the_ledger_stops_the_verb_and_names_the_entry(project: Project) -> None:
    path = project.folder / "data" / "trials.ledger"
    with TrialLedger(path) as ledger:
        for seed in (1, 2, 3):
            ledger.append(batch(20, seed), START)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    ran = project.types("strategy", "ledger", "--json")
    assert ran.exit_code == 1
    assert "entry 2 is damaged" in ran.document["error"]["message"]


def test_evidence_of_simulated_bars_says_so_wherever_it_is_shown(project: Project) -> None:
    """Rule: a win rate earned on SIMULATED bars never stands there as if it were a market's."""
    judged(project, passed(MEMBERS[0], 300, 200), passed(MEMBERS[1], 300, 190))
    prove(project.folder, MEMBERS[:1], SYMBOL)
    prove(project.folder, MEMBERS[1:2], SYMBOL, simulated=False)
    listed = project.types("strategy", "list", "--json").document["strategies"]
    assert [one["simulated"] for one in listed] == [True, False]
    health = project.types("strategy", "health", "--json").document["strategies"]
    assert sorted(one["simulated"] for one in health) == [False, True]
    for words in (("list",), ("health",), ("show", listed[0]["id"])):
        assert "SIMULATED" in project.types("strategy", *words).stdout, words
    assert project.types("strategy", "show", listed[0]["id"], "--json").document["simulated"] is True


def test_a_damaged_verdict_is_named_with_its_file(project: Project) -> None:
    """Rule: damage is always said with the file it is in."""
    judged(project, passed(MEMBERS[0], 300, 200))
    (path,) = prove(project.folder, MEMBERS[:1], SYMBOL)
    path.write_text(path.read_text("utf-8").replace("PASS", "FAIL"), "utf-8")
    ran = project.types("report")
    assert ran.exit_code == 1
    assert path.name in ran.stderr
