"""Where a PostgreSQL database is, as the rest of the program carries it around: a local path that knows its server."""

from __future__ import annotations

import re
from pathlib import Path, PosixPath
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tradewind.errors import Misconfigured

SCHEMES: Final = ("postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2")
SUFFIX: Final = ".postgres"


class PostgresSeat(PosixPath):
    """The local file of a PostgreSQL database, with the ``url`` of the server that holds the data.

    Everything that lies beside a SQLite file (lock, marks, backups) lies beside the seat; the file itself holds the URL
    without its password, for people. So a database is passed around as one ``Path``, whatever it runs on, and only
    ``database_at`` and the reader look at what kind it is.
    """

    url: str

    @classmethod
    def of(cls, url: str, folder: Path) -> PostgresSeat:
        """The seat in ``folder`` of the database at ``url`` (``postgresql://user@host:port/name``).

        Raises:
            Misconfigured: the URL names no database.
        """
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query))
        name = unquote(parts.path.lstrip("/")) or asked.get("dbname", "")
        if not name:
            raise Misconfigured(
                "the URL names no database",
                where="database location",
                allowed="postgresql://USER@HOST:PORT/NAME",
                next_step="create a database for tradewind and name it in the URL",
            )
        host = parts.hostname or asked.get("host", "")
        port = str(parts.port or asked.get("port", ""))
        where = "local" if not host or host.startswith("/") else host
        text = f"{name}@{where}" + (f"-{port}" if port and port != "5432" else "")
        return cls.at(folder / (re.sub(r"[^A-Za-z0-9@._-]", "_", text) + SUFFIX), url)

    @classmethod
    def at(cls, path: str | Path, url: str) -> PostgresSeat:
        """The seat at ``path`` of the database at ``url``."""
        seat = cls(path)
        seat.url = "postgresql" + url[url.index("://") :]
        return seat

    @property
    def shown(self) -> str:
        """The URL without its password and without parameters."""
        parts = urlsplit(self.url)
        user = f"{parts.username}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
        return f"postgresql://{user}{parts.hostname or ''}{port}{parts.path}"

    @property
    def parent(self) -> Path:  # type: ignore[override]  # what is made of a seat is an ordinary path
        """The folder."""
        return Path(str(self)).parent

    def with_name(self, name: str) -> Path:  # type: ignore[override]  # as parent
        """The path beside it called ``name``."""
        return Path(str(self)).with_name(name)

    def absolute(self) -> Path:  # type: ignore[override]  # as parent
        """The whole path."""
        return Path(str(self)).absolute()

    def under(self, folder: Path) -> PostgresSeat:
        """The same database with its seat taken from ``folder``, where its own path is relative."""
        return PostgresSeat.at(folder / str(self), self.url)

    def __reduce__(self) -> tuple[object, ...]:
        return PostgresSeat.at, (str(self), self.url)
