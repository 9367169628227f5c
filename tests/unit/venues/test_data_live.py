"""``tradewind data fetch|ping|providers|serve`` as a user meets them, against a stand-in venue on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.venue import START, in_background, made_up
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.cli.main import main
from tradewind.model.timeframe import DAY, MINUTE, Timeframe

NOW = START + 31 * DAY + 90 * 1_000_000_000


@pytest.fixture
def tw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command line in an empty folder: (exit code, stdout, stderr); JSON is decoded."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("TRADEWIND", "RUNTIME", "OANDA", "COINBASE"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRADEWIND__MARKET__REQUESTS_PER_MINUTE", "10000")
    capsys.readouterr()

    def run(*words: str) -> tuple[int, Any, str]:
        code = main(list(words))
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in words else out, err

    return run


def five_minutes(*symbols: str) -> list[Series]:
    bars = 31 * 288 + 10
    return [Series(name, Timeframe.M5, made_up(bars, Timeframe.M5, seed=place)) for place, name in enumerate(symbols)]


@pytest.mark.req("A13", "X16")
def test_thirty_days_of_five_minutes_are_8640_bars_each(tw: Any, tmp_path: Path) -> None:
    """BTC-USD,ETH-USD, 30 days, 5m: no duplicate, in order, and a second call fetches nothing."""
    series = five_minutes("BTC/USD", "ETH/USD")
    words = ("data", "fetch", "--symbols", "BTC-USD,ETH-USD", "--days", "30", "--interval", "5m", "--json")
    with in_background(series, now=NOW) as server:
        code, out, _ = tw(*words, "--provider", "coinbase", "--gateway", server.url)
        assert code == 0
        assert [(each["symbol"], each["received"], each["in_span"], each["expected"]) for each in out["fetched"]] == [
            ("BTC/USD", 8640, 8640, 8640),
            ("ETH/USD", 8640, 8640, 8640),
        ]
        code, again, _ = tw(*words, "--provider", "coinbase", "--gateway", server.url)
        assert (code, [each["received"] for each in again["fetched"]]) == (0, [0, 0])
    for one in series:
        stored = CandleStore(tmp_path / "data" / "candles").read(one.symbol, Timeframe.M5)
        truth = one.columns.slice(288, 288 + 8640)
        assert stored.ts_open.tolist() == truth.ts_open.tolist()
        assert stored.close.tolist() == truth.close.tolist()
        assert stored.volume.tolist() == truth.volume.tolist()


@pytest.mark.req("A13")
def test_an_interrupted_fetch_goes_on_where_it_stopped(tw: Any) -> None:
    """What came before the failure stays stored; the next call asks only for the rest."""
    words = ("data", "fetch", "--symbols", "BTC-USDT", "--days", "30", "--interval", "5m", "--provider", "binance")
    with in_background(five_minutes("BTC/USDT"), now=NOW) as server:
        code, first, _ = tw(*words, "--timerange", "20240102-20240112", "--gateway", server.url, "--json")
        assert (code, first["fetched"][0]["received"]) == (0, 2880)
        before = server.venue.counters.requests
        code, rest, _ = tw(*words, "--gateway", server.url, "--json")
        assert (code, rest["fetched"][0]["received"], rest["fetched"][0]["in_span"]) == (0, 5760, 8640)
        assert server.venue.counters.requests - before < 20


@pytest.mark.req("A12", "HZ05")
def test_a_capped_history_is_named_never_cut_silently(tw: Any) -> None:
    """Five years of 1h from Yahoo: what there is is stored, the 730 days are named, the exit code is not 0."""
    hours = 24 * 1100
    series = [Series("EUR/USD", Timeframe.H1, made_up(hours, Timeframe.H1, first=1.1, places=5))]
    with in_background(series, now=START + hours * 60 * MINUTE) as server:
        code, out, _ = tw(
            "data", "fetch", "--symbols", "EURUSD", "--days", "1826", "-i", "1h", "--provider", "yahoo",
            "--gateway", server.url, "--json",
        )  # fmt: skip
    assert code == 3
    assert "yahoo keeps 730 days of 1h" in out["fetched"][0]["shortfall"]
    assert "of 1826.0 days were obtained" in out["fetched"][0]["shortfall"]
    assert out["fetched"][0]["received"] > 729 * 24 - 2


@pytest.mark.req("A12", "A04")
def test_a_second_provider_stitches_what_the_first_does_not_reach(tw: Any) -> None:
    """Kraken keeps 720 bars; the older ones come from Binance and every bar says from whom."""
    with in_background(five_minutes("BTC/USDT"), now=NOW) as server:
        code, out, _ = tw(
            "data", "fetch", "--symbols", "BTC-USDT", "--days", "10", "-i", "5m", "--provider", "kraken,binance",
            "--gateway", server.url, "--json",
        )  # fmt: skip
    assert code == 0
    sources = out["fetched"][0]["sources"]
    assert sources["kraken"] + sources["binance"] == 2880
    assert 700 <= sources["kraken"] <= 720


def test_bars_of_a_simulated_venue_are_stored_as_simulated(tw: Any) -> None:
    """SIMULATED follows the bars through a fetch into the store."""
    with in_background(five_minutes("BTC/USDT"), now=NOW, label="SIMULATED") as server:
        code, out, _ = tw("data", "fetch", "-p", "BTCUSDT", "--days", "1", "-i", "5m", "--gateway", server.url)
        assert (code, "SIMULATED" in out) == (0, True)
    _, listed, _ = tw("data", "list", "--json")
    assert (listed[0]["rows"], listed[0]["simulated"], listed[0]["synthetic"]) == (288, True, 0)


@pytest.mark.req("A02")
def test_ping_exits_0_when_the_venue_is_up_and_3_when_it_is_down(tw: Any) -> None:
    """The crypto provider against the stand-in, running and stopped."""
    with in_background(five_minutes("BTC/USDT"), now=NOW) as server:
        code, up, _ = tw("data", "ping", "--provider", "crypto", "--gateway", server.url, "--json")
        assert (code, up["state"]) == (0, "ok")
    code, down, _ = tw("data", "ping", "--provider", "crypto", "--gateway", server.url, "--json")
    assert (code, down["state"]) == (3, "unreachable")


@pytest.mark.req("A03", "A23")
def test_good_bad_and_missing_coinbase_keys_are_three_results(tw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """ok, refused, disabled; the missing one names its variables."""
    with in_background(five_minutes("BTC/USD"), now=NOW) as server:

        def ping() -> tuple[int, str, str]:
            code, out, _ = tw("data", "ping", "--provider", "coinbase", "--gateway", server.url, "--json")
            return code, out["state"], out["detail"]

        missing = ping()
        monkeypatch.setenv("COINBASE_API_KEY", "stand-in-key")
        monkeypatch.setenv("COINBASE_API_SECRET", "a-secret")
        good = ping()
        monkeypatch.setenv("COINBASE_API_KEY", "somebody-else")
        bad = ping()
    assert [found[:2] for found in (good, bad, missing)] == [(0, "ok"), (3, "refused"), (3, "disabled")]
    assert "COINBASE_API_KEY" in missing[2]
    assert "a-secret" not in bad[2]


@pytest.mark.req("A01", "A23", "HZ17")
def test_providers_lists_at_least_three_fx_adapters_and_their_keys(tw: Any) -> None:
    """Each line says what is missing and what the time stamps mean; gold at Yahoo is flagged as a future."""
    code, out, _ = tw("data", "providers", "--json")
    lines = {each["name"]: each for each in out}
    assert code == 0
    assert len([each for each in out if "fx" in each["asset_classes"]]) >= 3
    assert lines["oanda"]["missing"] == ["OANDA_API_KEY", "OANDA_ACCOUNT_ID"]
    assert lines["yahoo"]["state"] == "ready"
    assert all("UTC" in each["bar_time"] for each in out)
    assert "future" in lines["yahoo"]["notes"]


@pytest.mark.req("A21")
def test_rate_limits_during_a_fetch_are_waited_out(tw: Any) -> None:
    """Five 429 with Retry-After: the bars come, and no request came too early."""
    with in_background(five_minutes("BTC/USDT"), now=NOW, plan=[Fault("rate_limit", count=5, seconds=0.2)]) as server:
        code, out, _ = tw(
            "data", "fetch", "-p", "BTCUSDT", "--days", "1", "-i", "5m", "--gateway", server.url, "--json"
        )
        assert (code, out["fetched"][0]["received"]) == (0, 288)
        assert (server.venue.counters.refused, server.venue.counters.too_early) == (5, 0)


def test_an_unknown_provider_or_symbol_lists_what_there_is(tw: Any) -> None:
    """Exit 2 with names, no stack trace."""
    code, _, err = tw("data", "ping", "--provider", "nobody")
    assert (code, "binance" in err, "Traceback" in err) == (2, True, False)
    code, _, err = tw("data", "fetch", "-p", "FOO/BAR")
    assert (code, "EUR/USD" in err) == (2, True)


def test_serve_refuses_a_public_address_unless_it_is_typed(tw: Any) -> None:
    """Loopback is the default; a speed or a plan that is none is refused before a port is opened."""
    code, _, err = tw("data", "serve", "--simulated", "--speed", "fast")
    assert (code, "ack" in err) == (2, True)
    Path("plan.json").write_text('[{"fault": "earthquake"}]')
    code, _, err = tw("data", "serve", "--simulated", "-i", "1h", "--faults", "plan.json")
    assert (code, "disconnect" in err) == (2, True)


def test_serve_runs_until_it_is_interrupted(tmp_path: Path) -> None:
    """The real process: serves, answers, and ends with exit 0 and one JSON document on Ctrl+C."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tradewind", "data", "serve", "--simulated", "-i", "1h", "-p", "BTCUSDT", "--port", "0",
         "--speed", "50", "--json"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "SIMULATED" in line
    url = next(word for word in line.split() if word.startswith("http")).rstrip(",")
    with urllib.request.urlopen(f"{url}/api.binance.com/api/v3/ping", timeout=20) as answer:
        assert answer.read() == b"{}"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert json.loads(out)["counters"]["requests"] == 1
