"""Where the store's file is, and whether this version can read it. Nothing here opens it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.seat import SCHEMES, PostgresSeat
from tradewind.errors import Corrupt, Misconfigured, TradewindError, Unavailable

SCHEMA_REVISION: Final = "0012"


def path_of(location: str | Path, folder: Path | None = None) -> Path:
    """The file a location names: a path, ``sqlite:///relative`` or ``sqlite:////absolute``, or the ``PostgresSeat`` in
    ``folder`` of a ``postgresql://`` URL.

    Raises:
        Misconfigured: another kind of database.
    """
    if isinstance(location, Path):
        return _meant(location)
    text = location
    if text.startswith("sqlite:///"):
        text = text.removeprefix("sqlite:///")
    elif "://" in text:
        scheme = text.split("://")[0]
        if scheme in SCHEMES:
            return PostgresSeat.of(text, Path() if folder is None else folder)
        raise Misconfigured(
            f"{scheme} databases are not supported",
            where="database location",
            allowed="a file path, sqlite:///PATH or postgresql://USER@HOST:PORT/NAME",
            next_step="name a SQLite file or a PostgreSQL database",
        )
    if text in {"", ":memory:"}:
        raise Misconfigured("the database needs a file", where="database location", allowed="a path or sqlite:///PATH")
    return _meant(Path(text))


def _meant(path: Path) -> Path:
    """The file behind a second name: a store has one lock and one mark, whatever it is called.

    Raises:
        Misconfigured: it is a folder.
    """
    if path.is_dir():
        raise Misconfigured(
            f"{path} is a folder", where="database location", allowed="a file", next_step="name FILE.db in it"
        )
    return path.resolve() if path.is_symlink() else path


def absent(path: Path) -> TradewindError:
    """There is no file at ``path``: none was made yet, or one that entries were acknowledged from is gone."""
    return lost(path, "the database is gone") or Unavailable(
        "there is no database", where=str(path), next_step="run tradewind db init"
    )


def lost(path: Path, what: str) -> Corrupt | None:
    """What to say of a file that is not what entries were acknowledged from; None where none ever were."""
    mark = HeadMark(path)
    remembered = mark.read()
    if remembered is None:
        return None
    return Corrupt(
        f"{what}: entry {remembered[0]} was acknowledged from it",
        where=str(path),
        next_step=f"restore the last backup; to start anew on purpose, delete {mark.path}",
    )


def require_current(path: Path, revision: str | None) -> None:
    """Raises ``Misconfigured`` unless ``revision``, None for an empty file, is this version's.

    Raises:
        Corrupt: the file is empty and was not always so.
    """
    if revision == SCHEMA_REVISION:
        return
    refuse_newer(path, revision)
    if revision is None and (fault := lost(path, "the database is empty")):
        raise fault
    raise Misconfigured(
        f"the schema is {revision or 'missing'}",
        where=str(path),
        allowed=SCHEMA_REVISION,
        next_step="run tradewind db init",
    )


def refuse_newer(path: Path, revision: str | None) -> None:
    """Raises ``Misconfigured`` where the file was made by a newer version."""
    if revision is not None and revision > SCHEMA_REVISION:
        raise Misconfigured(
            f"the schema is {revision}, made by a newer version",
            where=str(path),
            allowed=f"up to {SCHEMA_REVISION}",
            next_step="update tradewind, or use another database",
        )
