"""Black box: live runs over the stand-in, in processes of their own: start, stop, go on, and what they refuse."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.acceptance.project import Project
from tests.fakes.venue import START, in_background, made_up
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.market.stand_in.server import StandInServer
from tradewind.adapters.wall_clock import WallClock
from tradewind.model.timeframe import HOUR, MINUTE, Timeframe

KEYS = {"OANDA_API_KEY": "stand-in-key", "OANDA_ACCOUNT_ID": "101-001-0000001-001"}  # pragma: allowlist secret
SYMBOLS = ("-p", "BTCUSDT", "-i", "1h", "--execution", "paper", "--allow-unproven")
CONFIG = "[market]\nhistory_days = 8\nrequests_per_minute = 5000\n"


def series(bars: int = 4_000, symbol: str = "BTC/USDT") -> Series:
    return Series(symbol, Timeframe.H1, made_up(bars, Timeframe.H1, first=40_000.0))


def words(server: StandInServer, feed: str, *more: str, provider: str = "binance") -> tuple[str, ...]:
    return ("run", "--feed", feed, "--provider", provider, "--gateway", server.url, *SYMBOLS, *more)


def decided(project: Project) -> list[int]:
    return [ts for (ts,) in project.rows("SELECT ts FROM decisions WHERE timeframe = '1h' ORDER BY ts")]


def begun(project: Project, *typed: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """A verb in a process of its own, still running."""
    return subprocess.Popen(
        [sys.executable, "-m", "tradewind", *typed], cwd=project.folder, env=project.variables(environment),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def heard(process: subprocess.Popen[str], pattern: str) -> str:
    """The first line of stderr that matches; fails when the process ends before."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if re.search(pattern, line):
            return line
    raise AssertionError(f"never said {pattern}: {''.join(lines)}")


@pytest.mark.req("A20", "R03", "C15")
@pytest.mark.parametrize("feed", ["stream", "poll"])
def test_a_run_stopped_and_started_again_decides_what_it_missed_once(project: Project, feed: str) -> None:
    """While the process was gone the market went on; each close is decided once, none is left out."""
    project.configured(CONFIG + "poll_interval = 1\n")
    with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=40) as server:
        first = project.types(*words(server, feed, "--iterations", "12", "--json"))
        time.sleep(1.0)
        second = project.types(*words(server, feed, "--iterations", "12", "--json"))
    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr + second.stderr
    assert second.document["recovery"]["head_seq"] >= first.document["head_seq"]
    assert second.document["counts"]["bars"] > 12
    found = decided(project)
    assert found == list(range(found[0], found[-1] + HOUR, HOUR))
    causes = {
        cause for (cause,) in project.rows("SELECT DISTINCT json_extract(event, '$.cause') FROM journal") if cause
    }
    assert "backfill" in causes
    assert project.types("replay", "--verify").exit_code == 0
    assert project.types("db", "check").exit_code == 0


@pytest.mark.req("C15")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_stream_within_two_seconds_and_nothing_is_lost(project: Project, number: int) -> None:
    """Ctrl+C and SIGTERM: exit 0, the result is printed, the journal is whole."""
    project.configured(CONFIG)
    with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=20) as server:
        process = begun(project, *words(server, "stream", "--json"))
        heard(process, "Candle closed")
        asked = time.monotonic()
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
        took = time.monotonic() - asked
    assert process.returncode == 0
    assert json.loads(out)["loop"]["stopped"] == "asked"
    assert took < 2.0 * patience()
    assert project.types("replay", "--verify").exit_code == 0


def patience() -> float:
    """How much slower than an idle machine this one may be: by its load, which lags, or the tests that run beside."""
    return max(1.0, os.getloadavg()[0], float(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


@pytest.mark.req("C15")
def test_a_signal_ends_the_warm_up_too(project: Project) -> None:
    """The venue shuts the run out for a minute in the middle of its history; nobody waits for that."""
    project.configured(CONFIG)
    faults = [Fault("rate_limit", count=1, seconds=60.0)]
    with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=20) as server:
        process = begun(project, *words(server, "stream", "--json"))
        while server.venue.counters.requests < 2:
            time.sleep(0.01)
        server.venue.faults.arm(faults[0])
        while not server.venue.counters.refused:
            time.sleep(0.01)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        took = time.monotonic() - asked
    assert process.returncode in (0, 3, 130), err
    assert took < 2.0 * patience()
    assert "Traceback" not in err


@pytest.mark.req("A23")
def test_orders_of_unproven_strategies_on_bars_that_arrive_are_refused(project: Project) -> None:
    """A gateway that does not call its bars SIMULATED may pass a real venue on: nobody is asked, nothing leaves."""
    project.configured(CONFIG)
    with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=20) as server:
        for execution in ("approve", "auto"):
            ran = project.types(*words(server, "stream"), "--execution", execution)
            assert ran.exit_code == 2
            assert "unproven strategies would give orders" in ran.stderr


def test_a_wrong_key_is_refused_with_the_name_of_its_variable(project: Project) -> None:
    project.configured(CONFIG)
    with in_background([series(symbol="EUR/USD")], now=START + 300 * HOUR) as server:
        ran = project.types_outside(
            "run", "--feed", "stream", "--provider", "oanda", "--gateway", server.url, "-p", "EURUSD", "-i", "1h",
            "--shadow",
            environment=KEYS | {"OANDA_API_KEY": "wrong"},  # pragma: allowlist secret
        )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (3, "")
    assert "oanda is refused" in ran.stderr
    assert "OANDA_API_KEY" in ran.stderr
    assert "wrong" not in ran.stderr.replace("wrong key", "")
    assert not (project.folder / "data" / "tradewind.db").exists()


def host_clock(bars: int = 400) -> tuple[Series, int]:
    """Bars that end in the present, and now."""
    now = WallClock().now()
    start = now // HOUR * HOUR - (bars - 20) * HOUR
    return Series("BTC/USDT", Timeframe.H1, made_up(bars, Timeframe.H1, start=start, first=40_000.0)), now


@pytest.mark.req("X16")
@pytest.mark.parametrize(("skew", "limit", "code"), [(90.0, 30, 3), (-90.0, 30, 3), (90.0, 120, 0), (8.0, 30, 0)])
def test_a_clock_that_differs_is_refused_beyond_the_configured_limit_and_named_below(
    project: Project, skew: float, limit: int, code: int
) -> None:
    project.configured(CONFIG + f"max_clock_offset = {limit}\n")
    one, now = host_clock()
    with in_background([one], now=now, time=WallClock().now) as server:
        server.venue.faults.arm(Fault("skew", seconds=skew))
        server.venue.market.skew_ns = server.venue.faults.skew_ns
        process = begun(project, *words(server, "stream"))
        if code:
            out, err = process.communicate(timeout=60)
            assert out == ""
            assert f"at most {limit} s" in err
            assert "timedatectl" in err
        else:
            warning = heard(process, "WARNING: this machine's clock is")
            assert f"{-skew:+.0f}"[:2] in warning
            heard(process, "subscribed")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    assert process.returncode == code


@pytest.mark.req("A04")
def test_several_providers_fill_each_other_and_the_journal_names_each_bars_source(
    project: Project, tmp_path: Path
) -> None:
    """Bars the first venue lacks come from the second, in the history a run warms up on and while it streams."""
    project.configured(CONFIG)
    bars = made_up(500, Timeframe.H1, first=40_000.0)
    holes = [Fault("blank", index=200, bars=20, symbol="BTC/USDT")]
    one = Series("BTC/USDT", Timeframe.H1, bars)
    with in_background([one], now=START + 300 * HOUR + MINUTE, bars_per_s=20, plan=holes) as server:
        ran = project.types(*words(server, "stream", "--iterations", "5", "--json", provider="binance,kraken"))
        assert ran.exit_code == 0, ran.stderr
    sources = dict(project.rows("SELECT json_extract(event, '$.source'), count(*) FROM journal WHERE kind = 'bar' "
                                "GROUP BY 1"))  # fmt: skip
    assert set(sources) == {"binance"}, "the one stand-in lacks them for both venues"
    status = project.types("status", "--json").document["sources"]["sources"][0]
    assert [one["name"] for one in status["providers"]] == ["binance", "kraken"]
    assert status["providers"][0]["budget"]["granted"] > 0
    assert status["symbols"] == ["BTC/USDT"]
    assert "binance" in project.types("status").stdout


@pytest.mark.req("A14")
def test_a_symbol_nobody_streams_is_polled_and_that_is_said(project: Project) -> None:
    """DIS03: Yahoo has no stream."""
    project.configured(CONFIG + "poll_interval = 1\n")
    with in_background([series(symbol="EUR/USD")], now=START + 300 * HOUR + MINUTE, bars_per_s=20) as server:
        ran = project.types("run", "--feed", "stream", "--provider", "yahoo", "--gateway", server.url, "-p", "EURUSD",
                            "-i", "1h", "--iterations", "3", "--shadow")  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    assert "yahoo does not stream EUR/USD: polled every 1 s instead" in ran.stderr
    assert "[EUR/USD @ 1h] polled every 1 s" in ran.stderr


@pytest.mark.req("A20")
def test_what_becomes_of_a_feed_is_said_in_a_line(project: Project) -> None:
    """Disconnected once, then connected again; the candles of the store have no hole."""
    project.configured(CONFIG)
    cut = [Fault("disconnect", at_bar=20, seconds=0.5, bars=1)]
    with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=20, plan=cut) as server:
        ran = project.types(*words(server, "stream", "--iterations", "60"))
    assert ran.exit_code == 0, ran.stderr
    said = [line for line in ran.stderr.splitlines() if line.startswith("[BTC/USDT] feed ")]
    assert [line.split()[2].rstrip(":") for line in said] == ["disconnected", "connected"]
    opens = [ts for (ts,) in project.rows("SELECT ts_open FROM candles WHERE timeframe = '1h' ORDER BY ts_open")]
    assert opens == list(range(opens[0], opens[-1] + HOUR, HOUR))


@pytest.mark.req("X17")
def test_a_frozen_feed_gives_no_trade_because_it_is_stale(project: Project) -> None:
    """Three bars at one price; a longer patience is a setting. The market waits until the run listens."""
    for limit, wanted in ((3, True), (50, False)):
        (project.folder / str(limit)).mkdir()
        here = Project(project.folder / str(limit)).configured(CONFIG + f"stale_bars = {limit}\n")
        faults = [Fault("freeze", at_bar=5, bars=8)]
        with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s="ack", plan=faults) as server:
            ran = here.types(*words(server, "stream", "--iterations", "30", "--json"))
        assert ran.exit_code == 0, ran.stderr
        assert ("stale" in ran.document["counts"]["reasons"]) is wanted


def test_the_simulated_market_runs_without_any_server_and_says_what_it_is(project: Project) -> None:
    """SIMULATED everywhere; the same market goes on where the run stopped; it does not mix with real venues."""
    project.configured(CONFIG)
    typed = (
        "run",
        "--allow-unproven",
        "--feed",
        "stream",
        "-p",
        "BTCUSDT,EURUSD",
        "-i",
        "1h",
        "--execution",
        "paper",
        "--iterations",
        "40",
    )
    first = project.types(*typed, "--provider", "simulated", "--json")
    assert first.exit_code == 0, first.stderr
    assert first.document["simulated"]
    assert first.document["network"]["requests"] == 0
    second = project.types(*typed, "--provider", "simulated", "--speed", "360000")
    assert second.exit_code == 0, second.stderr
    assert "SIMULATED UNPROVEN Run" in second.stdout
    found = decided_of(project, "BTC/USDT")
    assert found == list(range(found[0], found[-1] + HOUR, HOUR))
    mixed = project.types(*typed, "--provider", "simulated,binance")
    assert mixed.exit_code == 2
    assert "SIMULATED" in mixed.stderr
    listed = {one["name"]: one for one in project.types("data", "providers", "--json").document}
    assert "SIMULATED" in listed["simulated"]["notes"]


def decided_of(project: Project, symbol: str) -> list[int]:
    statement = f"SELECT ts FROM decisions WHERE timeframe = '1h' AND symbol = '{symbol}' ORDER BY ts"
    return [ts for (ts,) in project.rows(statement)]


@pytest.mark.req("A09")
def test_a_venue_that_has_no_more_bars_is_not_waited_for_in_silence(project: Project) -> None:
    """Its clock stands still, so nothing is ever due and no guard can trip: the run says what it sees."""
    project.configured(CONFIG)
    with in_background([series(bars=330)], now=START + 300 * HOUR + MINUTE, bars_per_s=40) as server:
        process = begun(project, *words(server, "stream"))
        heard(process, "clock stands still")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.req("C15")
def test_a_venue_with_a_clock_of_its_own_is_polled_at_its_pace(project: Project) -> None:
    """An hour of this machine would be days of the venue's; every bar is decided soon after it closed."""
    project.configured(CONFIG)
    with in_background([series()], now=START + 300 * HOUR + MINUTE, bars_per_s=20) as server:
        ran = project.types(*words(server, "poll", "--iterations", "40", "--json"))
    assert ran.exit_code == 0, ran.stderr
    found = decided(project)
    assert found == list(range(found[0], found[-1] + HOUR, HOUR))
    assert "polled every 1 s" in ran.stderr
