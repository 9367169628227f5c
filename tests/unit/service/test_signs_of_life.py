"""What the service leaves for those outside: datagrams to systemd, the beat file, rows of errors."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.fakes.clock import VirtualClock
from tradewind.adapters.beat_file import BeatFile
from tradewind.adapters.host_resources import resources
from tradewind.adapters.sd_notify import SystemdNotifier
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.store import Store
from tradewind.app.ask.service_state import ready, service_view
from tradewind.app.config import built_in
from tradewind.app.service.error_book import KEPT, ErrorBook
from tradewind.app.service.service import Service
from tradewind.app.service.supervision import Policy
from tradewind.app.service_note import noted
from tradewind.errors import Unavailable
from tradewind.model.timeframe import MINUTE, SECOND
from tradewind.ports.transport import Traffic


@pytest.fixture
def systemd(tmp_path):
    """The socket of a service manager; ``heard()`` is what it was told since."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = tmp_path / "notify"
    end.bind(str(path))
    end.setblocking(False)

    def heard() -> list[str]:
        found = []
        while True:
            try:
                found.append(end.recv(4096).decode())
            except BlockingIOError:
                return found

    yield str(path), heard
    end.close()


def test_systemd_hears_ready_life_and_the_end(systemd) -> None:
    path, heard = systemd
    notifier = SystemdNotifier({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "4000000"}, 7)
    notifier.ready()
    for second in range(1, 7):
        notifier.alive(second * SECOND)
    notifier.stopping()
    assert heard() == ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


@pytest.mark.parametrize(
    "environment", [{}, {"WATCHDOG_USEC": "1000"}, {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "1000"}]
)
def test_without_systemd_nothing_happens(environment) -> None:
    notifier = SystemdNotifier(environment, 7)
    notifier.ready()
    notifier.alive(100 * SECOND)


def test_a_watchdog_meant_for_another_process_is_not_fed(systemd) -> None:
    path, heard = systemd
    notifier = SystemdNotifier({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "8"}, 7)
    notifier.alive(100 * SECOND)
    assert heard() == []


def settings(tmp_path):
    config = built_in().config
    return msgspec.structs.replace(config, paths=msgspec.structs.replace(config.paths, logs=str(tmp_path / "logs")))


def service(tmp_path, systemd="", clock=None) -> Service:
    environment = {"NOTIFY_SOCKET": systemd, "WATCHDOG_USEC": "2000000"} if systemd else {}
    made = Service(settings(tmp_path), tmp_path / "x.db", clock or VirtualClock(), print, print, environment, Traffic())
    made.holds_store()
    return made


def test_a_silent_vital_task_keeps_the_watchdog_from_being_fed(tmp_path, systemd) -> None:
    """FLT-35: systemd ends a service that is up and does nothing."""
    path, heard = systemd
    clock = VirtualClock()
    made = service(tmp_path, path, clock)
    made.supervision.add("market", Policy(stale_after=MINUTE, vital=True), 0)
    made.supervision.started("market", 0)
    for _ in range(12):
        clock.advance(10 * SECOND)
        made.beat()
    assert heard() == ["WATCHDOG=1"] * 6
    made.supervision.beat("market", clock.monotonic())
    made.beat()
    assert heard() == ["WATCHDOG=1"]


def test_the_beat_file_says_what_the_service_is(tmp_path) -> None:
    made = service(tmp_path)
    made.begins()
    made.supervision.add("market", Policy(), 0)
    made.ready()
    found = noted(BeatFile(tmp_path / "x.db"))
    assert (found.state, found.pid, found.lives) == ("running", os.getpid(), 1)
    assert [one.name for one in found.tasks] == ["market"]
    made.ends("stopped")
    assert noted(BeatFile(tmp_path / "x.db")).state == "stopped"
    assert (tmp_path / "x.db.beat").stat().st_mode & 0o777 == 0o600


def test_the_note_of_a_process_that_was_killed_is_not_taken_for_the_next_one(tmp_path) -> None:
    """A second after kill -9 the next process holds the store and has not spoken: it is not up and well yet."""
    made = service(tmp_path)
    made.begins()
    made.ready()
    now = noted(BeatFile(tmp_path / "x.db")).ts
    script = (
        "import sys, pathlib\nfrom tradewind.adapters.store.lease import WriterLock\n"
        "lock = WriterLock(pathlib.Path(sys.argv[1]))\nlock.acquire()\nprint('held', flush=True)\nsys.stdin.read()\n"
    )
    own = WriterLock(tmp_path / "x.db")
    own.acquire()
    assert ready(service_view(tmp_path / "x.db", now)) == ""
    own.release()
    words = [sys.executable, "-c", script, str(tmp_path / "x.db")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        view = service_view(tmp_path / "x.db", now)
        other.stdin.close()
    assert not view.fresh
    assert f"process {os.getpid()}" in ready(view)
    assert "not heard any more" in ready(view)


def test_a_process_without_the_store_leaves_no_sign_of_life(tmp_path) -> None:
    """INV-16: a second instance that was refused must not speak for the first."""
    refused = Service(settings(tmp_path), tmp_path / "x.db", VirtualClock(), print, print, {}, Traffic())
    refused.begins()
    refused.ends("failed", "another process is writing")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"ts": 1}'])
def test_a_missing_or_foreign_beat_file_is_no_note(tmp_path, content) -> None:
    file = BeatFile(tmp_path / "x.db")
    if content is not None:
        file.write(content)
    assert noted(file) is None


@pytest.mark.req("Q19")
def test_errors_become_rows_of_error_log_and_a_flood_becomes_one(tmp_path) -> None:
    book = ErrorBook()
    for second in range(50):
        book.note(second * SECOND, "Retryable", "the venue is away", "feed")
    book.note(70 * SECOND, "KeyError", "'x'", "learning")
    with Store.open(tmp_path / "x.db", 0) as store:
        book.drain(store.log_error)
        book.drain(store.log_error)
        rows = store.database.query("SELECT timestamp, error_type, message FROM error_log ORDER BY timestamp DESC")[1]
    assert rows == [
        ("1970-01-01 00:01:10", "KeyError", "'x'"),
        ("1970-01-01 00:00:00", "Retryable", "the venue is away (50 times)"),
    ]
    assert book.total == 51


def test_an_error_that_cannot_be_written_stays_until_it_can() -> None:
    book = ErrorBook()
    book.note(0, "A", "a", "x")

    def refuse(*_: object) -> None:
        raise Unavailable("the disk is full")

    with pytest.raises(Unavailable):
        book.drain(refuse)
    rows: list[tuple[object, ...]] = []
    book.drain(lambda *row: rows.append(row))
    assert rows == [(0, "A", "a", "x")]


def test_undrained_errors_are_bounded() -> None:
    """INV-21: a disk that refuses for days must not fill the memory."""
    book = ErrorBook()
    for number in range(KEPT + 100):
        book.note(number * MINUTE, "A", str(number), "x")
    rows: list[object] = []
    book.drain(lambda *row: rows.append(row))
    assert (len(rows), book.dropped, book.total) == (KEPT, 100, KEPT + 100)


def test_the_figures_of_this_process_are_those_of_the_host(tmp_path) -> None:
    (tmp_path / "x.db").write_bytes(b"12345")
    found = resources(tmp_path / "x.db", tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert found.rss > 10_000_000
    assert found.peak_rss >= found.rss * 0.9
    assert (found.database, found.logs) == (5, 0)
    assert abs(found.open_files - before) <= 2
    assert found.disk_free > 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM):
        assert resources(tmp_path / "x.db", tmp_path).connections == found.connections + 1
