"""What only shows in a long run: a full memory of orders, a temporary file, a price that nobody believes."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec
import numpy as np
import pytest

from tradewind.engine.orders.book import REMEMBERED, Book, Order
from tradewind.fleetsim.apsw_driver import VFS_NAME
from tradewind.fleetsim.evidence import Durable
from tradewind.fleetsim.firm_laws import FirmLaws
from tradewind.fleetsim.invariants import BOUNDS
from tradewind.fleetsim.mortal import MortalDisk
from tradewind.model.bar import Bar
from tradewind.model.decision import NoDecision, Reason
from tradewind.model.event import BarClosed
from tradewind.model.instruments import resolve
from tradewind.model.order import Leg, OrderIntent
from tradewind.model.timeframe import MINUTE, Timeframe
from tradewind.model.venue import OrderKind
from tradewind.ports.store import Entry


def _order(number: int) -> Order:
    """An order at the end of its life, with everything in it that a year can put there."""
    name, signal = f"{number:032x}", f"BTC-USDT-15m-20200319T{number:04}Z-S-8d246b"
    ts = 1_584_635_100_000_000_000 + number
    order = Order(name, signal, "BTC/USDT", Leg.ENTRY, OrderKind.MARKET, -1, 475_445, 1_157_653, ts)
    order.phase, order.ended, order.pending_action = "over", "filled", "cancel"
    order.filled = order.reported = order.most = order.derived = 475_445
    order.sent_ts = order.asked_ts = order.pending_ts = order.retry_at = order.ask_at = order.until = ts
    order.average_ticks, order.value, order.zone = 1_157_653.25, 475_445 * 1_157_653, (1_154_173, 1_155_565)
    order.trades = [f"t{number}-{part}" for part in range(4)]
    return order


def test_the_memory_of_orders_is_full_long_before_the_state_is_too_big() -> None:
    """Ten thousand orders later the newest are known, and all of them leave room in what a state may hold."""
    book = Book()
    for number in range(10_000):
        order = _order(number)
        book.own[order.client_id] = order
        book.retire(order)
    assert list(book.past) == [f"{number:032x}" for number in range(10_000 - REMEMBERED, 10_000)]
    stored = msgspec.msgpack.encode(book)
    assert len(stored) < BOUNDS["state bytes"] * 0.7
    assert msgspec.msgpack.decode(stored, type=Book) == book


@pytest.mark.parametrize("seed", range(4))
def test_a_temporary_file_is_no_matter_of_a_power_cut(tmp_path: Path, seed: int) -> None:
    """What has no name is gone with the process; what has one is taken back, and nothing else is touched."""
    disk = MortalDisk(np.random.default_rng(seed))
    connection = apsw.Connection(str(tmp_path / "a.db"), vfs=VFS_NAME)
    connection.execute("PRAGMA temp_store=FILE; PRAGMA temp.cache_size=4; CREATE TABLE kept(x); CREATE TEMP TABLE t(x)")
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
    connection.execute(f"{numbers} INSERT INTO t SELECT randomblob(400) FROM n")
    disk.cut()
    disk.bury()
    connection.close()
    disk.settle()
    with apsw.Connection(str(tmp_path / "a.db")) as after:
        assert after.execute("SELECT name FROM sqlite_master").fetchall() == [("kept",)]


def test_a_price_that_the_service_refused_marks_no_account() -> None:
    """A close of 0 in the bar that brings an order would make its distance to the stop the whole price."""
    btc = resolve("BTC/USDT")
    laws = FirmLaws({"BTC/USDT": btc}, 10_000.0, 0.0)

    def durable(number: int, close: float, *outputs: object) -> Durable:
        begin = 1_584_635_040_000_000_000 + number * MINUTE
        low, high = min(close, 11_541.74) if close else 11_541.74, 11_549.62
        bar = Bar("BTC/USDT", Timeframe.M1, begin, begin + MINUTE, 11_548.69, high, low, close, 1.0)
        event = BarClosed(bar, "venue", "SIMULATED venue", begin + MINUTE)
        entry = Entry(number + 1, begin + MINUTE, event, b"", b"", b"")
        close_of = ("BTC/USDT", Timeframe.M1, begin + MINUTE)
        return Durable(entry, list(outputs), begin + MINUTE, False, bar, close_of, False)  # type: ignore[arg-type]

    assert not list(laws.entry(durable(0, 11_548.69)))
    ts = 1_584_635_160_000_000_000
    refused = NoDecision("BTC/USDT", Timeframe.M1, ts, Reason(code="bad_data", detail="bad_ohlc"))
    order = OrderIntent("c" * 32, "s", "BTC/USDT", -1, 475_445, btc.to_ticks(11_576.53), btc.to_ticks(11_493.01), 0, ts)
    assert not [one for one in laws.entry(durable(1, 0.0, refused, order)) if "INV-09" in one]
    assert not [one for one in laws.entry(durable(2, 1_154_869.0, refused)) if "INV-09" in one]
    assert abs(laws.equity - 10_000.0) < 1e-9


def test_an_order_whose_stop_costs_more_than_the_floor_leaves_is_still_a_breach() -> None:
    """The same order a hundred times as large, at a price that counts."""
    btc = resolve("BTC/USDT")
    laws = FirmLaws({"BTC/USDT": btc}, 10_000.0, 0.0)
    begin = 1_584_635_040_000_000_000
    bar = Bar("BTC/USDT", Timeframe.M1, begin, begin + MINUTE, 11_548.0, 11_550.0, 11_540.0, 11_548.0, 1.0)
    stop, target = btc.to_ticks(11_576.53), btc.to_ticks(11_493.01)
    order = OrderIntent("c" * 32, "s", "BTC/USDT", -1, 47_544_500, stop, target, 0, bar.ts_close)
    entry = Entry(1, bar.ts_close, BarClosed(bar, "venue", "SIMULATED venue", bar.ts_close), b"", b"", b"")
    close = ("BTC/USDT", Timeframe.M1, bar.ts_close)
    found = list(laws.entry(Durable(entry, [order], bar.ts_close, False, bar, close, False)))
    assert len(found) == 1
    assert "INV-09" in found[0]
