"""The trial ledger of a project, held against the signed verdicts that rest on it and against the strategy book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.store.strategy_book import JudgedRow, StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.ledger_footing import RESTORE
from tradewind.app.settings.root import AppConfig
from tradewind.app.strategy_pool import ledger_path
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Rejected
from tradewind.model.trial import spec_number
from tradewind.research.verdict import ledger_head_of, verdict_name

RESTORE_BOTH: Final = f"{RESTORE}, and data/verdicts with data/verdict.key; or begin a project in a new folder"


class _Known(NamedTuple):
    """What the ledger must hold: ``named`` (entry -> hash, verdict) by the genuine verdicts on file, ``lost`` what the
    strategy book says was judged and of which no genuine verdict is on file.
    """

    named: Mapping[int, tuple[str, str]]
    lost: Sequence[JudgedRow]


def project_ledger(config: AppConfig, data: Path, folder: Path = Path()) -> TrialLedger:
    """The ledger, opened to write; ``data`` is the project's data folder, in which the verdicts are.

    A ledger that was deleted, emptied or put back by an older copy has forgotten trials and looks: spent windows would
    be new again. What the verdicts of this project name must be in it; and where the strategy book knows of a verdict
    whose file is gone, the trial and the look behind it.

    Raises:
        Corrupt: it does not hold an entry that a signed verdict rests on, or another one in its place; or nothing of a
            strategy that was judged.
        Unavailable: verdicts are on file and the key that signed them is missing.
        Misconfigured: the book's schema is another version's.
        Retryable: another process writes it.
    """
    path = ledger_path(config, folder)
    known = _known(config, data, folder)
    _require_file(path, known)
    ledger = TrialLedger(path)
    try:
        _require_all(ledger, path, known)
    except Corrupt:
        ledger.close()
        raise
    return ledger


def look_at_ledger(config: AppConfig, data: Path, folder: Path = Path()) -> TrialLedger | None:
    """The ledger, read beside whoever writes it, each of its hashes checked; None where none was begun.

    Raises:
        Corrupt, Unavailable: as for ``project_ledger``, or an entry is not what was written.
    """
    path = ledger_path(config, folder)
    known = _known(config, data, folder)
    _require_file(path, known)
    if not path.is_file() and not path.with_name(f"{path.name}.head").exists():
        return None
    ledger = TrialLedger.read(path)
    ledger.verify()
    _require_all(ledger, path, known)
    return ledger


def proves_something(config: AppConfig, data: Path, folder: Path = Path()) -> bool:
    """Whether anything was ever tried or judged in a project: its ledger, a verdict, or a judged row of its book."""
    path = ledger_path(config, folder)
    if path.is_file() or path.with_name(f"{path.name}.head").exists() or VerdictFiles(data).names():
        return True
    database = Workspace(config, folder).database
    if not database.is_file():
        return False
    with StrategyBook.read(database) as book:
        return bool(book.with_verdict())


def _require_file(path: Path, known: _Known) -> None:
    if path.is_file():
        return
    if known.lost:
        raise _forgotten(path, known.lost, "the trial ledger is missing")
    if known.named:
        entry, (_, verdict) = max(known.named.items())
        raise Corrupt(
            f"the trial ledger is missing, the verdict {verdict} rests on its entry {entry}",
            where=str(path),
            next_step=RESTORE,
        )


def _require_all(ledger: TrialLedger, path: Path, known: _Known) -> None:
    for entry, (digest, verdict) in sorted(known.named.items(), reverse=True):
        _require(ledger, path, entry, digest, verdict)
    if not known.lost:
        return
    tried = frozenset(np.unique(ledger.trials().spec).tolist())
    read = frozenset((one.look.spec_hash, one.look.symbol) for one in ledger.looks_of())
    gone = [
        row
        for row in known.lost
        if spec_number(row.spec_hash) not in tried or (row.opened and (row.spec_hash, row.symbol) not in read)
    ]
    if gone:
        raise _forgotten(path, gone, f"the trial ledger ({ledger.head[0]} entries) knows nothing of")


def _forgotten(path: Path, rows: Sequence[JudgedRow], said: str) -> Corrupt:
    """What the book knows to be judged, and neither a signed verdict nor the ledger."""
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    read = sum(row.opened for row in rows)
    joint = "" if said.endswith("of") else ";"
    return Corrupt(
        f"{said}{joint} {rows[0].id} on {rows[0].symbol}{more}, which the strategy book says were judged ({read} on"
        " sealed bars), and their signed verdicts are gone: every window that was read would be new again",
        where=str(path),
        next_step=RESTORE_BOTH,
    )


def _require(ledger: TrialLedger, path: Path, entry: int, digest: str, verdict: str) -> None:
    found = ledger.hash_of(entry)
    if found is None:
        raise Corrupt(
            f"the trial ledger ends at entry {ledger.head[0]}, the verdict {verdict} rests on its entry {entry}",
            where=str(path),
            next_step=RESTORE,
        )
    if found != digest:
        raise Corrupt(
            f"entry {entry} of the trial ledger is {found[:16]}, the verdict {verdict} rests on {digest[:16]}",
            where=str(path),
            next_step=RESTORE,
        )


def _known(config: AppConfig, data: Path, folder: Path) -> _Known:
    """Genuine verdicts of any schema, and the book's rows without one; damaged and foreign files say nothing."""
    files = VerdictFiles(data)
    key = files.required_key()
    named: dict[int, tuple[str, str]] = {}
    genuine: set[str] = set()
    for name in files.names() if key is not None else ():
        try:
            entry, digest = ledger_head_of(files.read(name), key)
        except (Corrupt, Rejected):
            continue
        genuine.add(name[name.find(".") :])
        if entry:
            named.setdefault(entry, (digest, name))
    database = Workspace(config, folder).database
    if not database.is_file():
        return _Known(named, ())
    with StrategyBook.read(database) as book:
        rows = book.with_verdict()
    return _Known(named, [row for row in rows if verdict_name("", row.spec_hash, row.symbol) not in genuine])
