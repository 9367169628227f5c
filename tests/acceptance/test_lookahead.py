"""`tradewind lookahead`: strategies and people's own code, by the verb alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.project import Project, simulated

OWN = '''
import numpy as np


def centred(bars):
    """rolling(5, center=True)"""
    made = np.full(len(bars.close), np.nan)
    for i in range(2, len(made) - 2):
        made[i] = bars.close[i - 2 : i + 3].mean()
    return {"trailing": np.concatenate(([np.nan], np.diff(bars.close))), "centred": made}


def honest(bars):
    return np.cumsum(bars.volume)


def fills(bars):
    rows = []
    for i in range(60, len(bars.close), 37):
        out = i + 9
        left = (bars.ts_close[out], bars.close[out]) if out < len(bars.close) else (0, 0)
        rows.append((bars.ts_open[i], left[0], 1, bars.close[i], left[1]))
    return rows


def broken(bars):
    return bars.close[200] + bars.close
'''


@pytest.fixture
def own(project: Project) -> Project:
    project.imports(simulated("EUR/USD", 900), "EUR/USD")
    (project.folder / "own.py").write_text(OWN)
    return project


@pytest.mark.req("X01")
def test_the_strategies_of_a_project_do_not_look_ahead(own):
    """Rule: exit 0, with what was compared; a family can be named."""
    ran = own.types("lookahead", "EMA_Crossover", "RSI_Reversion", "--symbol", "EUR/USD", "--interval", "1h", "--json")
    assert ran.exit_code == 0, ran.stderr
    report = ran.document["reports"][0]
    assert ran.document["clean"] is True
    assert ran.document["source"] == "SIMULATED"
    assert report["streamed"] is True
    assert report["cuts"] >= 200
    assert report["columns"] > 8
    swept = ran.document["reports"][1]
    assert swept["subject"].endswith("in the sweep")
    assert swept["trades"] == report["trades"] > 0
    assert (
        "no look-ahead at the bars that were tried"
        in own.types("lookahead", "EMA_Crossover_1h_v1", "-p", "EUR/USD").stdout
    )


@pytest.mark.req("X01")
def test_a_leak_in_a_persons_own_code_is_named_with_exit_4(own):
    """Rule: the column, the bar, both values; the honest columns beside it are not named."""
    ran = own.types("lookahead", "--columns", "own.py:centred", "--columns", "own.py:honest", "-p", "EUR/USD", "--json")
    assert ran.exit_code == 4, ran.stderr
    (leak,) = ran.document["reports"][0]["leaks"]
    assert leak["column"] == "centred"
    assert leak["bar"] == leak["known"] - 1 or leak["bar"] == leak["known"] - 2
    assert isinstance(leak["full"], float)
    assert leak["replayed"] is None
    assert ran.document["reports"][1]["leaks"] == []
    shown = own.types("lookahead-analysis", "--columns", "own.py:centred", "-p", "EUR/USD")
    assert shown.exit_code == 4
    assert "LOOK-AHEAD" in shown.stdout
    assert "centred" in shown.stdout


@pytest.mark.req("X01")
def test_trades_filled_before_their_bar_had_that_price_are_named(own):
    """Rule: the price is recognised; also before there are candles, on a SIMULATED market that says so."""
    for extra in ((), ("--simulated", "--interval", "1h")):
        ran = own.types("lookahead", "--trades", "own.py:fills", "-p", "EUR/USD", "--json", *extra)
        assert ran.exit_code == 4, ran.stderr
        (leak,) = ran.document["reports"][0]["leaks"]
        assert leak["column"] == "fills trades"
        assert "the price is the close of the bar itself" in leak["why"]
        assert ran.document["source"] == "SIMULATED"


def test_what_cannot_be_examined_is_said_with_exit_2_or_3(own):
    """Rule: no such strategy, no such function, a function that fails on few bars, no candles: each with the way on."""
    cases = (
        (("EMA_Crosover",), 2, "did you mean 'EMA_Crossover"),
        (("--columns", "own.py:nothing"), 2, "no function nothing"),
        (("--columns", "other.py:x"), 2, "FILE.py:NAME"),
        (("--columns", "own.py:broken"), 2, f"own.py, line {OWN[: OWN.index('close[200]')].count(chr(10)) + 1}"),
        (("-p", "GBP/USD"), 3, "no GBP/USD"),
    )
    for words, code, said in cases:
        words = words if "-p" in words else (*words, "-p", "EUR/USD")
        ran = own.types("lookahead", *words)
        assert ran.exit_code == code, (words, ran.stdout, ran.stderr)
        assert said in ran.stderr, ran.stderr
    assert "--first" in own.types("lookahead", "--columns", "own.py:broken", "-p", "EUR/USD").stderr


def test_a_family_in_the_projects_folder_is_examined_by_name(own):
    """Rule: a user's family is like one that comes with the program."""
    example = Path(__file__).resolve().parents[2] / "examples" / "strategies" / "midweek_breakout.py"
    (own.folder / "strategies").mkdir(exist_ok=True)
    (own.folder / "strategies" / "midweek_breakout.py").write_text(example.read_text())
    ran = own.types("lookahead", "Midweek_Breakout", "-p", "EUR/USD", "--json")
    assert ran.exit_code == 0, ran.stderr
    assert ran.document["reports"][0]["subject"] == "Midweek_Breakout_1h_v1"
