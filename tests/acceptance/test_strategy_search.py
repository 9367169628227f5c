"""Black box: what a search draws by default, and strategy files of the user."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import time

import pytest

from tests.acceptance.project import HOUR, ROOT, Project, straight
from tests.acceptance.test_live_run import begun

BARS_FROM = 1_700_000_000_000_000_000 // HOUR * HOUR
EXAMPLE = ROOT / "examples" / "strategies" / "midweek_breakout.py"


@pytest.fixture
def project(tmp_path) -> Project:
    """An empty folder to type in."""
    return Project(tmp_path)


@pytest.mark.req("B03", "HZ02")
def test_ten_thousand_default_strategies_have_stops_of_fifteen_to_thirty_pips(project: Project) -> None:
    """0.0015 <= stop <= 0.003 of price under fx-tight, which is the default; 0.01 to 0.03 is never produced."""
    drawn = project.types("strategy", "generate", "-n", "10000", "--seed", "7", "--json")
    assert drawn.exit_code == 0, drawn.stderr
    assert drawn.document["preset"] == "fx-tight"
    stops = [one["params"]["exits"]["stop_pct"] for one in drawn.document["strategies"]]
    assert len(stops) == 10_000
    assert (min(stops), max(stops)) == (0.0015, 0.003)


@pytest.mark.req("B05")
def test_every_family_gives_strategies_with_a_stop_by_the_range(project: Project) -> None:
    """`--stop-mode atr`: in each family the stop is a multiple of the average true range, and of nothing else."""
    families = project.types("strategy", "families", "--json").document["families"]
    names = [one["family"] for one in families if one["up_to"] == "1d"]
    drawn = project.types("strategy", "generate", "-n", str(2 * len(names)), "--stop-mode", "atr", "--interval", "1d",
                          "--json").document["strategies"]  # fmt: skip
    assert sorted({one["family"] for one in drawn}) == sorted(names)
    for one in drawn:
        exits = one["params"]["exits"]
        assert exits["stop_mode"] == "atr"
        assert one["stop_loss"].startswith(f"{exits['stop_atr']:g} x ATR({exits['atr_period']})")


@pytest.mark.req("B02")
def test_a_family_of_the_user_is_listed_checked_and_searched(project: Project) -> None:
    """A file copied into the folder `strategies` is a family like any other; one that is broken stops the start."""
    (project.folder / "strategies").mkdir()
    shutil.copy(EXAMPLE, project.folder / "strategies")
    listed = project.types("strategy", "families", "--json").document["families"]
    assert "Midweek_Breakout" in [one["family"] for one in listed]
    checked = project.types("strategy", "check", "strategies/midweek_breakout.py", "--json")
    assert (checked.exit_code, checked.document["families"][0]["faults"]) == (0, [])
    drawn = project.types("strategy", "generate", "-n", "20", "--family", "Midweek_Breakout", "--json")
    assert len({one["spec_hash"] for one in drawn.document["strategies"]}) == 20
    (project.folder / "strategies" / "broken.py").write_text("def rule(:\n")
    refused = project.types("strategy", "generate", "-n", "20")
    assert refused.exit_code == 2
    assert "broken.py, line 1: SyntaxError" in refused.stderr.replace("\n", " ")


@pytest.mark.req("B01")
@pytest.mark.parametrize(("count", "code"), [("0", 2), ("1", 0), ("100", 0), ("100001", 2)])
def test_the_population_is_bounded(project: Project, count: str, code: int) -> None:
    """1 to 100,000; nothing is written where it is refused, nor with `--dry-run`, which draws the same ones."""
    dry = project.types("strategy", "generate", "-n", count, "--seed", "7", "--dry-run", "--json")
    assert dry.exit_code == code
    assert not (project.folder / "data").exists()
    if code:
        assert "--count" in dry.document["error"]["message"]
        return
    assert (dry.document["new"], dry.document["known"]) == (0, 0)
    ran = project.types("strategy", "generate", "-n", count, "--seed", "7", "--json").document
    assert (ran["count"], ran["new"], ran["hash"]) == (int(count), int(count), dry.document["hash"])
    drawn = [(one["spec_hash"], one["params"]) for one in dry.document["strategies"]]
    assert drawn == [(one["spec_hash"], one["params"]) for one in ran["strategies"]]
    assert {one["id"] for one in dry.document["strategies"]} == {None}


@pytest.mark.req("B01")
@pytest.mark.parametrize(("most", "code"), [(0, 2), (1, 0), (7, 0)])
def test_the_default_population_is_a_setting(project: Project, most: int, code: int) -> None:
    project.configured(f"[generator]\nmax_strategies = {most}\n")
    ran = project.types("strategy", "generate", "--json")
    assert ran.exit_code == code
    assert code or ran.document["count"] == most


@pytest.mark.req("B01")
def test_a_family_that_cannot_give_so_many_says_how_many_it_can(project: Project) -> None:
    """And gives exactly that many, all different, when asked for them; one more is refused again."""
    small = EXAMPLE.read_text("utf-8")
    small = re.sub(r"scale\(8, 120\).*", 'whole(20, 21), "first_day": whole(1, 1), "last_day": whole(3, 3)},', small)
    small = small.replace("whole(3, 3)},", "whole(3, 3)},\n    ways_out=ONE_WAY,")
    small = small.replace(
        "STRATEGY =", 'ONE_WAY = {"target_r": scale(2.0, 2.0), "time_stop_bars": whole(48, 48)}\n\nSTRATEGY ='
    )
    (project.folder / "strategies").mkdir()
    (project.folder / "strategies" / "midweek_breakout.py").write_text(small)
    words = ("strategy", "generate", "--family", "Midweek_Breakout", "--stop-mode", "pct", "--json")
    message = project.types(*words, "-n", "100000").document["error"]["message"]
    most = int(re.search(r"at most (\d+)", message)[1])
    assert most % (2 * 16) == 0, "two periods, sixteen stops from 0.0015 to 0.003, and so many ways to follow"
    drawn = project.types(*words, "-n", str(most)).document["strategies"]
    assert len({str(one["params"]) for one in drawn}) == len({one["spec_hash"] for one in drawn}) == most
    assert project.types(*words, "-n", str(most + 1)).exit_code == 2


@pytest.mark.req("B02")
def test_every_family_passes_its_check_through_the_verb(project: Project) -> None:
    """Each votes both ways on a SIMULATED market and never in one that stands still, and looks nowhere ahead."""
    checked = project.types("strategy", "check", "--json")
    assert checked.exit_code == 0, checked.stdout
    assert checked.document["simulated"] is True
    faults = {one["family"]: one["faults"] for one in checked.document["families"]}
    assert len(faults) >= 12
    assert [one for one in faults.values() if one] == []
    listed = project.types("strategy", "families", "--json").document["families"]
    assert set(faults) == {one["family"] for one in listed}


@pytest.mark.req("B02")
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("(day >= params.first_day)", "(day >= 8)"), "never"),
        (("close() > donchian(params.period", "close() >= donchian(params.period"), "stands still"),
    ],
    ids=["must fire", "must not fire"],
)
def test_a_family_that_never_votes_or_votes_in_a_dead_market_fails_its_check(
    project: Project, change: tuple[str, str], fault: str
) -> None:
    (project.folder / "strategies").mkdir()
    text = EXAMPLE.read_text("utf-8")
    assert change[0] in text
    (project.folder / "strategies" / "midweek_breakout.py").write_text(text.replace(*change))
    checked = project.types("strategy", "check", "strategies/midweek_breakout.py", "--json")
    assert checked.exit_code == 4, checked.stdout
    assert fault in " ".join(checked.document["families"][0]["faults"])


@pytest.mark.req("B03")
@pytest.mark.parametrize("preset", ["metal", "crypto"])
def test_wider_stops_are_drawn_only_where_their_preset_was_typed(project: Project, preset: str) -> None:
    """And the answer names it; no preset draws one percent."""
    words = ("strategy", "generate", "-n", "300", "--stop-mode", "pct", "--dry-run", "--json")
    wide, tight = project.types(*words, "--preset", preset).document, project.types(*words).document
    assert (wide["preset"], tight["preset"]) == (preset, "fx-tight")
    assert 0.003 < max(one["params"]["exits"]["stop_pct"] for one in wide["strategies"]) < 0.01
    assert max(one["params"]["exits"]["stop_pct"] for one in tight["strategies"]) <= 0.003


@pytest.mark.req("B05")
def test_the_stop_of_every_family_follows_the_average_true_range(project: Project) -> None:
    """Bars of 20 pips and bars of 40: twice the stop for a strategy of each family; a percent stop stays as it is."""
    for symbol, reach in (("EUR/USD", 0.0010), ("GBP/USD", 0.0020)):
        project.imports(straight([1.25] * 300, start=BARS_FROM, reach=reach), symbol)
    families = [one["family"] for one in project.types("strategy", "families", "--json").document["families"]]
    for mode, factor in (("atr", 2.0), ("pct", 1.0)):
        words = ("strategy", "generate", "-n", str(len(families)), "--stop-mode", mode, "--json")
        drawn = project.types(*words).document["strategies"]
        assert sorted(one["family"] for one in drawn) == sorted(families)
        for one in drawn:
            ran = project.types("strategy", "show", one["id"], "--symbol", "EUR/USD,GBP/USD", "--json").document
            calm, wild = sorted(ran["stops"], key=lambda stop: stop["symbol"])
            assert wild["stop_pips"] == pytest.approx(factor * calm["stop_pips"], rel=1e-9), one["id"]
            exits = one["params"]["exits"]
            wanted = exits["stop_atr"] * 20.0 if mode == "atr" else exits["stop_pct"] * 12_500.0
            assert calm["stop_pips"] == pytest.approx(wanted, rel=1e-9), one["id"]


@pytest.mark.req("B01")
def test_three_processes_at_once_enter_every_strategy_once(project: Project) -> None:
    """The same and other seeds side by side: nobody is refused, no number is given twice, nothing is lost."""
    words = [("-n", "3000", "--seed", seed, "--json") for seed in ("1", "2", "1")]
    lives = [begun(project, "strategy", "generate", *each) for each in words]
    said = [life.communicate(timeout=120) for life in lives]
    assert [life.returncode for life in lives] == [0, 0, 0], said
    (counts,) = project.rows("SELECT count(*), count(DISTINCT spec_hash), count(DISTINCT id) FROM strategies")
    assert counts == [6000, 6000, 6000]
    assert project.types("db", "check").exit_code == 0


@pytest.mark.req("B01")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_generate_that_is_stopped_in_the_middle_is_typed_again(project: Project, number: signal.Signals) -> None:
    """What it entered before it died is found, the rest is added; Ctrl+C is exit 130 without a stack trace."""
    words = ("strategy", "generate", "-n", "12000", "--seed", "5", "--json")
    for _ in range(4):  # where the machine is so busy that it came too late, once more
        life = begun(project, *words)
        while not entered(project):
            assert life.poll() is None
            time.sleep(0.002)
        life.send_signal(signal.SIGSTOP)  # it stands still wherever it is, and cannot end meanwhile
        some = entered(project)
        life.send_signal(number)
        life.send_signal(signal.SIGCONT)
        out, err = life.communicate(timeout=240)
        if some < 10_000:  # what was being entered, and one transaction after it
            break
        shutil.rmtree(project.folder / "data")
    assert "Traceback" not in err
    assert life.returncode == (-9 if number is signal.SIGKILL else 130), out
    kept = entered(project)
    assert some <= kept < 12_000
    assert project.types("db", "check").exit_code == 0
    again = project.types(*words).document
    assert (again["known"], again["new"]) == (kept, 12_000 - kept)
    assert len({one["id"] for one in again["strategies"]}) == entered(project) == 12_000


def entered(project: Project) -> int:
    """Rows of the book, read from outside; 0 while there is none."""
    path = project.folder / "data" / "tradewind.db"
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", timeout=5, uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM strategies").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_what_is_mistyped_is_refused_with_the_nearest_name(project: Project) -> None:
    """A family that is nearly right is named, an id in another case is found; no control character is kept."""
    drawn = project.types("strategy", "generate", "-n", "1", "--family", "EMA_Crossover", "--json").document
    name = drawn["strategies"][0]["id"]
    for words in (("generate",), ("list",), ("list", "--all"), ("families",)):
        ran = project.types("strategy", *words, "--family", "ema-cross", "--json")
        assert ran.exit_code == 2, words
        assert "use EMA_Crossover, if that was meant" in ran.document["error"]["message"]
    assert project.types("strategy", "show", name.lower(), "--json").document["id"] == name
    for option, text in (("--reason", "a\x1b[31mred"), ("--reason", "two\nlines"), ("--by", "\u202eann"),
                         ("--reason", "x" * 201)):  # fmt: skip
        ran = project.types("strategy", "disable", name, option, text, "--json")
        assert (ran.exit_code, option in ran.document["error"]["message"]) == (2, True)
    assert project.types("strategy", "disable", name, "--reason", "x" * 200).exit_code == 0


def test_a_pair_without_candles_is_named_with_the_ways_to_leave_it_out(project: Project) -> None:
    """Rule: where a configured pair has no candles the message says how to choose others."""
    ran = project.types("research", "-n", "10", "--symbol", "XAU/USD")
    assert ran.exit_code == 3
    assert "no XAU/USD" in ran.stderr
    assert "--symbol" in ran.stderr
    assert "`symbols` of tradewind.toml" in ran.stderr
