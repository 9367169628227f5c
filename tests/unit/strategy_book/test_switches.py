"""What the book has switched off among the members of a plan, by what they do and not by what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests import scene
from tests.fakes.judged import NOW, drawn
from tradewind.adapters.store.reader import StoreReader
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.strategy_switches import StrategySwitches, order_line
from tradewind.app.wiring import plan_for
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.event import Command
from tradewind.model.timeframe import Timeframe

MEMBERS = drawn(12)
PLAN = plan_for(
    scene.settings(),
    {"BTC/USDT": Timeframe.H1, "EUR/USD": Timeframe.H1},
    executes=False,
    members=[replace(member, id=f"mine-{number}") for number, member in enumerate(MEMBERS)],
)


@pytest.fixture
def book(tmp_path: Path):
    with StrategyBook.open(tmp_path / "t.db", NOW) as opened:
        yield opened


def off(book: StrategyBook, name: str, by: str = "ann") -> None:
    book.disable(name, NOW, actor=by, reason="drift")


def test_a_member_is_meant_by_what_it_does_on_the_symbol_of_the_row(book: StrategyBook) -> None:
    """A row of one pair silences that pair, a row of none all pairs, a row of a third pair nobody."""
    (one,), (every,), (third,) = (
        book.add([member], NOW, symbol=symbol).ids
        for member, symbol in zip(MEMBERS, ("EUR/USD", "", "GBP/USD"), strict=False)
    )
    with StrategySwitches(PLAN, book.database.path) as switches:
        assert switches.off() == {}
        for name in (one, every, third):
            off(book, name)
        assert switches.off() == {"EUR/USD mine-0": "ann", "BTC/USDT mine-1": "ann", "EUR/USD mine-1": "ann"}


def test_another_strategy_of_the_same_name_is_not_meant(book: StrategyBook) -> None:
    """Numbers of the book and of the configuration are given independently of each other."""
    other = replace(PLAN.symbols[0].members[0], id=book.add([MEMBERS[5]], NOW).ids[0])
    plan = replace(PLAN, symbols=(replace(PLAN.symbols[0], members=(other,)),))
    off(book, other.id)
    with StrategySwitches(plan, book.database.path) as switches:
        assert switches.off() == {}


def test_orders_lead_from_what_is_silent_to_what_should_be(book: StrategyBook) -> None:
    """Each with who did it; none where nothing changed; who it was goes back to the last switch."""
    names = book.add(MEMBERS[:3], NOW, symbol="EUR/USD").ids
    with StrategySwitches(PLAN, book.database.path) as switches:
        assert switches.due(frozenset(), 7) == []
        off(book, names[0])
        off(book, names[1], "bob")
        orders = switches.due(frozenset({"EUR/USD mine-1", "EUR/USD mine-2", "BTC/USDT gone"}), 7)
        assert orders == [
            Command("disable", "ann", 7, "EUR/USD mine-0"),
            Command("enable", "strategy book", 7, "BTC/USDT gone"),
            Command("enable", "strategy book", 7, "EUR/USD mine-2"),
        ]
        assert switches.due(frozenset({"EUR/USD mine-0", "EUR/USD mine-1"}), 8) == []
        book.enable(names[1], NOW, actor="carl", reason="over")
        assert switches.due(frozenset({"EUR/USD mine-0", "EUR/USD mine-1"}), 9) == [
            Command("enable", "carl", 9, "EUR/USD mine-1")
        ]
    assert order_line(orders[0]) == "EUR/USD mine-0 is not heard any more: switched off in the strategy book by ann"
    assert order_line(orders[2]) == "EUR/USD mine-2 is heard again: switched on in the strategy book"


def test_a_book_that_comes_later_is_found_and_one_that_breaks_changes_nothing(tmp_path: Path) -> None:
    """The run goes on with the switches as they were and says so once, and once when the book can be read again."""
    path, said = tmp_path / "t.db", []
    with StrategySwitches(PLAN, path, said.append) as switches:
        assert switches.due(frozenset(), 1) == []
        with StrategyBook.open(path, NOW) as book:
            off(book, book.add(MEMBERS[:1], NOW, symbol="EUR/USD").ids[0])
            assert [one.argument for one in switches.due(frozenset(), 2)] == ["EUR/USD mine-0"]
            whole, switches._reader = switches._reader, _Broken()  # a disk that refuses, in place of one
            assert switches.due(frozenset(), 3) == switches.due(frozenset(), 4) == []
            switches._reader = whole
            assert [one.verb for one in switches.due(frozenset(), 5)] == ["disable"]
    assert [line.split(":")[0] for line in said] == [
        "WARNING", "The strategy book can be read again."
    ]  # fmt: skip


def test_a_book_of_another_version_is_refused_at_the_start(book: StrategyBook) -> None:
    with book.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(Misconfigured), StrategySwitches(PLAN, book.database.path):
        pass


class _Broken(StoreReader):
    def __init__(self) -> None:
        """Opens nothing."""

    def query(self, sql, parameters=()):
        raise Unavailable("disk I/O error")

    def changes(self):
        raise Unavailable("disk I/O error")

    def close(self):
        """Has nothing open."""
