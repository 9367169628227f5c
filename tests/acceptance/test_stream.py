"""Black box: a venue of its own process, and a run that streams from it; only closed candles are acted upon."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.project import Project
from tests.cli_runner import Ran
from tests.fakes.venue import START, in_background, made_up
from tradewind.adapters.market.stand_in.market import Series
from tradewind.model.timeframe import HOUR, Timeframe


@contextmanager
def serving(project: Project, *words: str) -> Iterator[str]:
    """``tradewind data serve`` in a process of its own; gives its address."""
    command = [sys.executable, "-m", "tradewind", "data", "serve", "--port", "0", *words, "--json"]
    process = subprocess.Popen(command, cwd=project.folder, env=project.variables(), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"http://[\d.:]+", line)
        assert found, line
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["counters"]["streams"] > 0


def streamed(project: Project, url: str, *words: str) -> Ran:
    ran = project.types("run", "--feed", "stream", "--provider", "binance", "--gateway", url, "-p", "BTCUSDT", *words)
    assert ran.exit_code == 0, ran.stderr
    return ran


@pytest.mark.req("A14", "A15", "C15")
def test_a_streamed_paper_run_of_stored_bars_says_each_close_and_can_be_replayed(
    market: Project, tmp_path: Path
) -> None:
    """Subscribed, warmed up, then one line a closed candle; SIMULATED follows the bars through the venue's socket."""
    venue, trader = Project(tmp_path / "venue"), Project(tmp_path / "trader")
    shutil.copytree(market.folder / "data" / "candles", venue.folder / "data" / "candles")
    trader.folder.mkdir()
    with serving(venue, "-p", "BTCUSDT", "-i", "1h", "--speed", "ack", "--timerange", "20200301-") as url:
        ran = streamed(trader, url, "-i", "1h", "--execution", "paper", "--allow-unproven", "--iterations", "120")
    lines = ran.stderr.splitlines()
    assert "[BTC/USDT @ 1h] subscribed" in lines
    closed = [
        line for line in lines if re.match(r"\[BTC/USDT @ 1h\] Candle closed: O=[\d.]+ H=[\d.]+ L=[\d.]+ C=", line)
    ]
    assert len(closed) == 120
    decided = trader.rows("SELECT count(*) FROM decisions WHERE kind != 'no_decision'")[0][0]
    assert decided == 120
    assert "SIMULATED" in ran.stdout
    verified = trader.types("replay", "--verify")
    assert verified.exit_code == 0, verified.stdout + verified.stderr
    assert trader.types("db", "check").exit_code == 0


@pytest.mark.req("A14")
def test_six_timeframes_are_subscribed_or_made_and_each_is_named(market: Project, tmp_path: Path) -> None:
    """1m to 1d: the run says for every one of the six that it watches it."""
    trader = Project(tmp_path)
    weights = {"1m": 0.2, "5m": 0.2, "15m": 0.2, "1h": 0.2, "4h": 0.1, "1d": 0.1}
    listed = ", ".join(f"{{interval = '{name}', weight = {weight}}}" for name, weight in weights.items())
    trader.configured(f"[timeframes]\nintervals = [{listed}]\n[market]\nhistory_days = 1.0\n")
    bars = made_up(1600, Timeframe.M1, first=40_000.0)
    with in_background([Series("BTC/USDT", Timeframe.M1, bars)], now=START + 24 * HOUR, bars_per_s="ack") as server:
        ran = streamed(trader, server.url, "--execution", "none", "--shadow", "--iterations", "30")
    for name in weights:
        assert re.search(rf"\[BTC/USDT @ [^\]]*\b{name}\b", ran.stderr), (name, ran.stderr[:500])


@pytest.mark.req("A15")
def test_forming_candles_alone_decide_nothing_and_one_close_decides_once(tmp_path: Path) -> None:
    """The venue streams four forming states a candle; the store holds one decision a close and none in between."""
    trader = Project(tmp_path)
    bars = made_up(400, Timeframe.H1, first=40_000.0)
    with in_background([Series("BTC/USDT", Timeframe.H1, bars)], now=START + 300 * HOUR, bars_per_s="ack") as server:
        streamed(trader, server.url, "-i", "1h", "--execution", "none", "--shadow", "--iterations", "20", "--quiet")
    rows = trader.rows("SELECT ts, count(*) FROM decisions GROUP BY ts ORDER BY ts")
    assert {count for _, count in rows} == {1}
    assert {ts % HOUR for ts, _ in rows} == {0}
    taken = [ts for ts, _ in rows if ts > START + 300 * HOUR]
    assert len(taken) >= 15  # the warm-up may have held the first of the twenty
    assert taken == list(range(taken[0], taken[-1] + HOUR, HOUR))


@pytest.mark.req("A16")
def test_a_polled_run_asks_the_venue_and_decides_the_same_bars(tmp_path: Path) -> None:
    trader = Project(tmp_path).configured("[market]\npoll_interval = 1\n")
    bars = made_up(400, Timeframe.H1, first=40_000.0)
    with in_background([Series("BTC/USDT", Timeframe.H1, bars)], now=START + 300 * HOUR, bars_per_s=5) as server:
        ran = trader.types("run", "--feed", "poll", "--provider", "binance", "--gateway", server.url, "-p", "BTCUSDT",
                           "-i", "1h", "--execution", "none", "--shadow", "--iterations", "5", "--json")  # fmt: skip
        assert ran.exit_code == 0, ran.stderr
        assert server.venue.counters.streams == 0
    assert ran.document["loop"]["stopped"] == "iterations"
    assert sum(ts > START + 300 * HOUR for (ts,) in trader.rows("SELECT ts FROM decisions")) >= 4


def test_a_venue_that_is_not_there_ends_the_run_before_anything_is_written(project: Project) -> None:
    ran = project.types("run", "--feed", "stream", "--provider", "binance", "--gateway", "http://127.0.0.1:9", "-p",
                        "BTCUSDT", "-i", "1h", "--shadow")  # fmt: skip
    assert (ran.exit_code, ran.stdout) == (3, "")
    assert "binance" in ran.stderr or "127.0.0.1:9" in ran.stderr
    assert "Next: " in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (project.folder / "data" / "tradewind.db").exists()
