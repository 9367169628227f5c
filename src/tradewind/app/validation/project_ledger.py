"""The trial ledger of a project, held against the signed verdicts that rest on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.settings.root import AppConfig
from tradewind.app.strategy_pool import ledger_path
from tradewind.errors import Corrupt, Rejected
from tradewind.research.verdict import ledger_head_of

RESTORE: Final = "restore the ledger from its backup, with its .head file"


def project_ledger(config: AppConfig, data: Path, folder: Path = Path()) -> TrialLedger:
    """The ledger, opened to write; ``data`` is the project's data folder, in which the verdicts are.

    A ledger that was deleted, emptied or put back by an older copy has forgotten trials and looks: spent windows would
    be new again. What the verdicts of this project name must be in it.

    Raises:
        Corrupt: it does not hold an entry that a signed verdict rests on, or another one in its place.
        Unavailable: verdicts are on file and the key that signed them is missing.
        Retryable: another process writes it.
    """
    path = ledger_path(config, folder)
    named = _heads(VerdictFiles(data))
    _require_file(path, named)
    ledger = TrialLedger(path)
    try:
        _require_all(ledger, path, named)
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
    named = _heads(VerdictFiles(data))
    _require_file(path, named)
    if not path.is_file() and not path.with_name(f"{path.name}.head").exists():
        return None
    ledger = TrialLedger.read(path)
    ledger.verify()
    _require_all(ledger, path, named)
    return ledger


def _require_file(path: Path, named: Mapping[int, tuple[str, str]]) -> None:
    if named and not path.is_file():
        entry, (_, verdict) = max(named.items())
        raise Corrupt(
            f"the trial ledger is missing, the verdict {verdict} rests on its entry {entry}",
            where=str(path),
            next_step=RESTORE,
        )


def _require_all(ledger: TrialLedger, path: Path, named: Mapping[int, tuple[str, str]]) -> None:
    for entry, (digest, verdict) in sorted(named.items(), reverse=True):
        _require(ledger, path, entry, digest, verdict)


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


def _heads(files: VerdictFiles) -> dict[int, tuple[str, str]]:
    """``entry -> (hash, verdict)`` of every genuine verdict of any schema; damaged and foreign ones say nothing."""
    key = files.required_key()
    found: dict[int, tuple[str, str]] = {}
    for name in files.names() if key is not None else ():
        try:
            entry, digest = ledger_head_of(files.read(name), key)
        except (Corrupt, Rejected):
            continue
        if entry:
            found.setdefault(entry, (digest, name))
    return found
