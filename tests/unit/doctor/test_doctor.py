"""The doctor names the cause and the next step, and leaves with the matching exit code."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli_runner import run_cli
from tests.unit.candles.bars import walk
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.app.doctor.finding import State
from tradewind.app.doctor.machine import look_at_disk, look_at_packages
from tradewind.app.doctor.markets import clock_finding, look_at_providers
from tradewind.app.doctor.stored import look_at_candles, look_at_clock, look_at_store
from tradewind.errors import Misconfigured
from tradewind.model.bar import Bar
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.market import Capabilities, Health

SATURDAY = int(datetime(2024, 1, 6, 12, tzinfo=UTC).timestamp()) * SECOND
MONDAY = int(datetime(2024, 1, 8, 12, tzinfo=UTC).timestamp()) * SECOND


class Venue:
    """A provider that serves EUR/USD and BTC/USDT and is in the state it is told to be in."""

    name = "venue"
    capabilities = Capabilities(timeframes=(Timeframe.H1,))

    def __init__(self, state: str = "ok", offset: float | None = None) -> None:
        self.health = Health(self.name, state, "no route to host" if state != "ok" else "", 12.0, offset)

    def symbols(self) -> tuple[str, ...]:
        return ("EUR/USD", "BTC/USDT")

    def venue_symbol(self, symbol: str) -> str:
        if symbol not in self.symbols():
            raise Misconfigured(f"no {symbol} here", allowed=", ".join(self.symbols()))
        return symbol.replace("/", "")

    async def self_test(self) -> Health:
        return self.health

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        return ()

    def stream(self, symbols: Sequence[str], timeframe: Timeframe):
        raise NotImplementedError

    async def close(self) -> None:
        return None


def look(venue: Venue, symbol: str, now: int):
    found = asyncio.run(look_at_providers([venue], [resolve(symbol)], now, 30.0))
    return {finding.topic: finding for finding in found}


@pytest.mark.req("A22")
@pytest.mark.parametrize(
    ("venue", "symbol", "now", "state", "cause"),
    [
        (Venue(), "GBP/USD", MONDAY, State.FAIL, "symbol: no GBP/USD here"),
        (Venue("unreachable"), "EUR/USD", MONDAY, State.FAIL, "connectivity: venue is unreachable"),
        (Venue(), "EUR/USD", SATURDAY, State.WARN, "market closed: weekend, opens 2024-01-07 22:00 UTC"),
        (Venue(), "BTC/USDT", SATURDAY, State.OK, "served as BTCUSDT, market open"),
        (Venue(), "EUR/USD", MONDAY, State.OK, "served as EURUSD, market open"),
    ],
)
def test_missing_data_is_traced_to_symbol_connection_or_market_hours(venue, symbol, now, state, cause):
    finding = look(venue, symbol, now)["data"]
    assert (finding.state, finding.detail) == (state, cause)
    assert state is State.OK or finding.next_step


def test_a_provider_without_its_key_is_disabled_and_not_a_fault():
    found = look(Venue("disabled"), "EUR/USD", MONDAY)
    assert found["providers"].state is State.SKIPPED
    assert "data" not in found
    assert "credentials" in found["providers"].next_step


@pytest.mark.req("X16")
@pytest.mark.parametrize(
    ("offset", "state"), [(0.5, State.OK), (-30.0, State.OK), (90.0, State.FAIL), (-90.0, State.FAIL)]
)
def test_a_clock_too_far_from_the_venue_is_a_fault(offset, state):
    finding = look(Venue(offset=offset), "EUR/USD", MONDAY)["clock"]
    assert finding.state is state
    assert f"{offset:+.1f} s" in finding.detail
    assert clock_finding("x", offset, 30.0).state is state


def test_symbols_without_history_come_with_the_command_that_brings_it(tmp_path):
    (finding,) = look_at_candles(CandleStore(tmp_path), ("EUR/USD",))
    assert finding.state is State.WARN
    assert "tradewind data import FILE --symbol PAIR" in finding.next_step
    assert finding.name == "EUR/USD"
    (clock,) = look_at_clock(CandleStore(tmp_path), MONDAY)
    assert clock.state is State.OK


def test_a_series_without_its_manifest_is_damage_and_not_missing_history(tmp_path):
    """Advice to import would end in a refusal: the finding names the repair."""
    store = CandleStore(tmp_path)
    store.write("EUR/USD", Timeframe.H1, walk(30), "test")
    (tmp_path / "EUR-USD" / "1h" / "manifest.json").unlink()
    (found,) = look_at_candles(store, ("EUR/USD",))
    assert (found.state, "manifest is missing" in found.detail) == (State.FAIL, True)
    assert "data verify --repair" in found.next_step


def test_packages_are_compared_with_the_lock(tmp_path):
    lock = tmp_path / "base.txt"
    lock.write_text(
        "pytest==0.0.1 \\\n    --hash=sha256:00\nno-such-thing==1 \\\nonly-elsewhere==1 ; sys_platform == 'x' \\\n"
    )
    findings = {finding.name: finding for finding in look_at_packages(lock)}
    assert findings["missing"].detail == "no-such-thing"
    assert findings["not as locked"].detail.endswith("(lock: 0.0.1)")


def test_disk_space_is_looked_at_where_the_data_will_go(tmp_path):
    (finding,) = look_at_disk(tmp_path / "not" / "there" / "yet")
    assert finding.topic == "disk"


def test_the_verb_leaves_with_2_for_configuration_and_with_0_when_nothing_fails(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_cli("doctor", "python", "disk", "config", "--json").document["healthy"] is True
    Path("tradewind.toml").write_text("colour = 1\n")
    ran = run_cli("doctor", "config", "python")
    assert ran.exit_code == 2
    assert "colour is unknown" in ran.stdout
    assert run_cli("doctor", "nonsense").exit_code == 2


@pytest.mark.req("A22")
def test_an_unreachable_venue_is_named_as_the_cause(tmp_path, monkeypatch):
    """Black box: nothing listens where the venues should be."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRADEWIND__MARKET__PROVIDERS", "binance")
    monkeypatch.setenv("TRADEWIND__SYMBOLS", "BTC/USDT,EUR/USD")
    ran = run_cli("doctor", "data", "--gateway", "http://127.0.0.1:9", "--json")
    assert ran.exit_code == 3
    details = {finding["name"]: finding["detail"] for finding in ran.document["findings"]}
    assert details["BTC/USDT from binance"] == "connectivity: binance is unreachable"
    assert details["EUR/USD from binance"].startswith("symbol: ")


def test_a_store_that_is_not_there_yet_is_fine_and_a_broken_one_is_not(tmp_path):
    (finding,) = look_at_store(tmp_path / "tradewind.db")
    assert finding.state is State.OK
    (tmp_path / "tradewind.db").write_bytes(b"this is no database" * 400)
    findings = list(look_at_store(tmp_path / "tradewind.db"))
    assert State.FAIL in {finding.state for finding in findings}
    assert any("db check" in finding.next_step or finding.next_step for finding in findings)
