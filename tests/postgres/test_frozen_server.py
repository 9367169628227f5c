"""A server that stands still: everything it is sent is taken, nothing is answered."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.fakes.session_script import START, bar_closed
from tests.fakes.tcp_proxy import Proxy, proxy, to_file
from tests.postgres_server import Server
from tradewind.adapters.store import postgres_session
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.adapters.store.store import Store
from tradewind.errors import StoreAway, TradewindError


@pytest.fixture
def link(server: Server) -> Iterator[Proxy]:
    """A cable to the server."""
    with proxy(to_file(f"{server.folder}/.s.PGSQL.5432")) as one:
        yield one


@pytest.fixture
def far(link: Proxy, seat: PostgresSeat, tmp_path: Path) -> PostgresSeat:
    """The empty database at the other end of it."""
    name = seat.url.partition("///")[2].partition("?")[0]
    return PostgresSeat.of(f"postgresql://tradewind@127.0.0.1:{link.port}/{name}?sslmode=disable", tmp_path / "data")


def opened(place: PostgresSeat) -> Store:
    """As a service opens it: with little patience."""
    return Store.open(database_at(place, busy_timeout_s=1.0), START)


def again(place: PostgresSeat) -> Store:
    """As the next life opens it: as often as it takes."""
    for _ in range(600):
        with suppress(StoreAway):
            return opened(place)
        time.sleep(0.05)
    raise AssertionError("the server never came back")


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """All processes of the server stand still, as in a machine that is paused."""
    found = [server.process.pid]
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == server.process.pid:
                found.append(int(status.parent.name))
    for pid in found:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@pytest.mark.req("R08", "HZ36")
def test_a_paused_server_is_away_and_not_waited_for(server: Server, seat: PostgresSeat) -> None:
    """The kernel of its host still takes what is sent: no limit that the server keeps ends this."""
    store = opened(seat)
    store.journal.append(bar_closed(1), b"[]")
    with stopped(server):
        with pytest.raises(StoreAway, match="stands still"):
            store.journal.commit()
        with pytest.raises(StoreAway, match="did not answer a moment ago"):
            store.database.query("SELECT 1")
        with pytest.raises(TradewindError):
            opened(seat)
    store.close()
    with again(seat) as store:
        assert [entry.event for entry in store.journal.read()] == []


@pytest.mark.req("R08", "INV-16")
@pytest.mark.parametrize("arrives", [True, False], ids=["the commit arrives later", "the commit is lost"])
def test_a_commit_whose_answer_never_came_is_asked_for_and_never_guessed(
    link: Proxy, far: PostgresSeat, arrives: bool
) -> None:
    """Swallowed on its way there, then delivered or not: what the journal holds is what the server kept, once."""
    store = opened(far)
    store.journal.append(bar_closed(1), b"[]")
    store.journal.commit()
    link.swallow = lambda chunk: b"COMMIT" in chunk
    store.journal.append(bar_closed(2), b"[]")
    with pytest.raises(StoreAway):
        store.journal.commit()
    link.swallow = lambda _: False
    if arrives:
        link.thaw()
    else:
        link.drop()
        link.thaw()
    for _ in range(600):  # the same writer asks, as soon as it is let in
        try:
            store.journal.commit()
            break
        except StoreAway:
            time.sleep(0.05)
    assert [entry.event for entry in store.journal.read()] == [bar_closed(1), bar_closed(2)]
    store.close()
    with again(far) as store:
        assert [entry.event for entry in store.journal.read()] == [bar_closed(1), bar_closed(2)]


@pytest.mark.req("R08")
def test_a_life_that_begins_while_the_old_session_goes_on_waits_for_its_end(
    link: Proxy, far: PostgresSeat, seat: PostgresSeat
) -> None:
    """The server holds a session that this side gave up: nobody reads a journal that may still grow by it."""
    store = opened(far)
    store.journal.append(bar_closed(1), b"[]")
    link.swallow = lambda chunk: b"COMMIT" in chunk
    with pytest.raises(StoreAway):
        store.journal.commit()
    store.close()
    link.swallow = lambda _: False
    with pytest.raises(StoreAway, match=r"earlier session|locked"):
        opened(seat)  # by another way, which is open
    link.thaw()
    with again(seat) as store:
        assert [entry.event for entry in store.journal.read()] in ([], [bar_closed(1)])
        store.journal.append(bar_closed(len(list(store.journal.read())) + 1), b"[]")
        store.journal.commit()


def test_a_statement_that_takes_long_on_a_server_that_answers_is_waited_for(far: PostgresSeat) -> None:
    """Slow is not away: the server says that it is there, and the statement comes to its end."""
    with opened(far) as store:
        took = postgres_session.PATIENCE_S + 0.5
        assert store.database.query(f"SELECT pg_sleep({took}), 7")[1][0][1] == 7


def test_a_server_that_answers_nothing_from_the_first_byte_on_is_away(link: Proxy, far: PostgresSeat) -> None:
    """Before there was any session with it."""
    link.freeze()
    with pytest.raises(StoreAway):
        opened(far)


def test_no_thread_stands_still_for_two_seconds() -> None:
    """The bound is the sum of two limits; a test of the time itself would fail on a busy machine."""
    assert postgres_session.PATIENCE_S + postgres_session.LEAST_PROBE_S < 2.0


def test_a_session_that_goes_silent_frees_other_threads_of_it_too(server: Server, seat: PostgresSeat) -> None:
    """Four that ask at once: each has its answer, and none waits behind the others."""
    database = database_at(seat, busy_timeout_s=1.0)
    database.prepare(START)
    found: list[type[BaseException]] = []

    def asks() -> None:
        try:
            database.query("SELECT 1")
        except TradewindError as fault:
            found.append(type(fault))

    with stopped(server):
        threads = [threading.Thread(target=asks) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
    assert found == [StoreAway] * 4
    database.close()
    psycopg.connect(seat.url).close()
