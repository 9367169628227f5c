"""Black box: what goes over the network is counted, and what keeps bars from coming is told by its cause."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.acceptance.project import Project
from tests.fakes.venue import START, in_background, made_up
from tests.ports import where_nobody_listens
from tradewind.adapters.market.stand_in.market import Series
from tradewind.model.timeframe import HOUR, MINUTE, Timeframe

MEGABYTE = 1_000_000


class Meter:
    """A forwarder on loopback that counts every byte of both directions."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname, parts.port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.up = self.down = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            threading.Thread(target=self._pump, args=(near, far, "up"), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, "down"), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        try:
            while data := source.recv(65536):
                setattr(self, way, getattr(self, way) + len(data))
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()


@contextmanager
def metered(url: str) -> Iterator[Meter]:
    meter = Meter(url)
    try:
        yield meter
    finally:
        meter.listener.close()


@pytest.mark.req("V07")
@pytest.mark.parametrize(("provider", "pair"), [("binance", "BTC/USDT"), ("yahoo", "EUR/USD")])
def test_the_bytes_that_are_counted_are_those_that_went_over_the_wire(
    project: Project, provider: str, pair: str
) -> None:
    """Within a fifth: status lines are not counted, what a client adds by itself is little."""
    bars = made_up(700, Timeframe.M5, first=1.1, places=5)
    with in_background([Series(pair, Timeframe.M5, bars)], now=START + 699 * 5 * MINUTE) as server:
        with metered(server.url) as meter:
            ran = project.types("data", "fetch", "-p", pair, "--days", "2", "-i", "5m", "--provider", provider,
                                "--gateway", meter.url, "--json")  # fmt: skip
            assert ran.exit_code == 0, ran.stdout
        network = ran.document["network"]
    assert ran.document["fetched"][0]["received"] > 500
    assert network["requests"] > 0
    assert 0.8 * meter.down <= network["received"] <= meter.down
    assert 0.5 * meter.up <= network["sent"] <= meter.up


@pytest.mark.req("V07")
def test_an_hour_of_polling_three_pairs_stays_far_below_five_megabytes(project: Project) -> None:
    """One fetch of the newest hour for each pair is what an hourly poll costs."""
    names = ("EUR/USD", "GBP/USD", "USD/JPY")
    bars = made_up(400, Timeframe.M5, first=1.1, places=5)
    with in_background([Series(name, Timeframe.M5, bars) for name in names], now=START + 399 * 5 * MINUTE) as server:
        ran = project.types("data", "fetch", "-p", ",".join(names), "--days", "0.0417", "-i", "5m",
                            "--provider", "yahoo", "--gateway", server.url)  # fmt: skip
        assert ran.exit_code == 0, ran.stderr
        again = project.types("data", "fetch", "-p", ",".join(names), "--days", "0.1", "-i", "5m",
                              "--provider", "yahoo", "--gateway", server.url, "--json")  # fmt: skip
    assert "KiB received" in ran.stdout
    assert 0 < again.document["network"]["received"] < 5 * MEGABYTE


@pytest.mark.req("A22")
def test_the_doctor_tells_an_unreachable_venue_from_a_symbol_it_does_not_have(project: Project) -> None:
    project.configured('symbols = ["BTC/USDT"]\n[market]\nproviders = ["binance"]\n')
    bars = made_up(50, Timeframe.H1)
    with in_background([Series("BTC/USDT", Timeframe.H1, bars)], now=START + 49 * HOUR) as server:
        fine = data_of(project, server.url)
        clock = project.types("doctor", "clock", "--gateway", server.url)
        assert clock.exit_code == 0, "bars of another year are simulated time, no fault of this host's clock"
        project.configured('symbols = ["SOL/USDT"]\n[market]\nproviders = ["binance"]\n')
        symbol = data_of(project, server.url)
    project.configured('symbols = ["BTC/USDT"]\n[market]\nproviders = ["binance"]\n')
    with where_nobody_listens() as url:
        unreachable = data_of(project, url)
    assert (fine["state"], "market open" in fine["detail"]) == ("ok", True)
    assert (symbol["state"], symbol["detail"].startswith("symbol: ")) == ("fail", True)
    assert (unreachable["state"], unreachable["detail"].startswith("connectivity: ")) == ("fail", True)
    assert symbol["next_step"]
    assert unreachable["next_step"]


def data_of(project: Project, url: str) -> dict[str, str]:
    """What ``doctor data`` found out about the provider."""
    findings = project.types("doctor", "data", "--gateway", url, "--json").document["findings"]
    return next(one for one in findings if "from binance" in one["name"])


@pytest.mark.req("A23")
def test_a_provider_without_its_key_is_reported_with_the_variable_and_the_others_go_on(project: Project) -> None:
    listed = {one["name"]: one for one in project.types("data", "providers", "--json").document}
    assert listed["oanda"]["state"] == "disabled"
    assert "OANDA_API_KEY" in listed["oanda"]["missing"]
    assert listed["yahoo"]["state"] == "ready"
    ran = project.types("data", "fetch", "-p", "EURUSD", "--provider", "oanda")
    assert ran.exit_code != 0
    assert "OANDA_API_KEY" in ran.stderr
    bars = made_up(300, Timeframe.M5, first=1.1, places=5)
    with in_background([Series("EUR/USD", Timeframe.M5, bars)], now=START + 299 * 5 * MINUTE) as server:
        other = project.types("data", "fetch", "-p", "EURUSD", "--days", "0.5", "-i", "5m", "--provider", "yahoo",
                              "--gateway", server.url)  # fmt: skip
    assert other.exit_code == 0, other.stderr
