"""A PostgreSQL server of our own for tests: an ordinary user's, in a temporary folder, reached by a socket file."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PLACES = ("/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin", "/usr/local/bin")
FOLDERS = ("/dev/shm", "/tmp")
USERS = ("postgres", "nobody")
START_S = 60


class Server:
    """A server in ``folder`` that can be killed and revived."""

    def __init__(self, folder: Path, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.folder = folder
        self._start = start
        self.revive()

    def revive(self) -> None:
        """Starts it and waits until it answers."""
        self.process = self._start()
        _wait(self)

    def stop(self) -> None:
        """Ends it in order."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(START_S)

    def url(self, name: str) -> str:
        """The URL of a database."""
        return f"postgresql:///{name}?host={self.folder}&user=tradewind"

    def create(self, name: str) -> str:
        """The URL of a new empty database called ``name``; one that is there stays as it is."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as session:
            if session.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                session.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def create_for(self, place: Path) -> str:
        """The URL of the database that stands for the file ``place``."""
        return self.create("t" + hashlib.sha256(str(place.absolute()).encode()).hexdigest()[:20])

    def kill(self) -> None:
        """Ends the server as a power cut ends it, without writing anything more."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(START_S)


def binaries() -> Path | None:
    """Where ``initdb`` and ``postgres`` are, None where PostgreSQL is not installed."""
    found = shutil.which("initdb", path=os.pathsep.join((*PLACES, os.environ.get("PATH", ""))))
    return Path(found).resolve().parent if found else None


def absence() -> str:
    """Why there can be no server here; ``""`` where there can."""
    if binaries() is None:
        return "PostgreSQL is not installed (Debian, Ubuntu: apt install postgresql-15)"
    try:
        import psycopg  # noqa: F401  whether it is there
    except ImportError:
        return "the driver for PostgreSQL is not installed (requirements/postgres.txt)"
    if os.geteuid() == 0 and _ordinary() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return ""


@contextmanager
def postgres_server(*settings: str) -> Iterator[Server]:
    """A server for the time of the block; ``settings`` such as ``fsync=off`` go to it."""
    programs = binaries()
    assert programs is not None
    # A socket's path must be short; in memory, where there is such a place, every sync costs nothing.
    folder = Path(tempfile.mkdtemp(prefix="tw-pg-", dir=next(place for place in FOLDERS if os.access(place, os.W_OK))))
    who = _ordinary() if os.geteuid() == 0 else None
    as_user: dict[str, Any] = {}
    if who is not None:
        os.chown(folder, who.pw_uid, who.pw_gid)
        as_user = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
    data = folder / "data"
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(folder)}
    quiet: dict[str, Any] = {"cwd": folder, "env": environment, "stdin": subprocess.DEVNULL, **as_user}
    server: Server | None = None
    try:
        made = subprocess.run(
            [programs / "initdb", "-D", data, "-U", "tradewind", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
            **quiet, capture_output=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr.decode()
        options = [word for setting in settings for word in ("-c", setting)]

        def start() -> subprocess.Popen[bytes]:
            with (folder / "log").open("ab") as log:
                return subprocess.Popen(
                    [programs / "postgres", "-D", data, "-k", folder, "-h", "", *options],
                    **quiet, stdout=log, stderr=log,
                )  # fmt: skip

        server = Server(folder, start)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: Server) -> None:
    import time

    import psycopg

    for _ in range(START_S * 20):
        try:
            psycopg.connect(server.url("postgres")).close()
            return
        except psycopg.OperationalError:
            assert server.process.poll() is None, (server.folder / "log").read_text()
            time.sleep(0.05)
    raise AssertionError((server.folder / "log").read_text())


def _ordinary() -> pwd.struct_passwd | None:
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None
