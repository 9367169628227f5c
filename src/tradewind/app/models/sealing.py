"""Sealed bars of models: the newest fifth of a series, of which training reads nothing and which are opened once.

As with strategies a sealed window counts once for each kind of model: the trial ledger of the project holds who read
which bars. What a kind has read is spent; the next model of that kind may be trained on it, and its own sealed bars are
those that came after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.app.feature_sets import SeriesBars
from tradewind.app.validation.project_ledger import look_at_ledger, project_ledger
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt
from tradewind.model.trial import Look, Looked

SHARE: Final = 0.2
"""Share of the bars that is sealed."""
FAMILY: Final = "model "
"""What the families of models begin with in the ledger: ``model lstm``."""


class Opened(NamedTuple):
    """``look`` counts the versions that had read any of the bars, this one included; ``contaminated`` is what spent
    them before for this kind, empty where nothing did."""

    look: int
    contaminated: str


def seal_of(workspace: Workspace, bars: Sequence[SeriesBars], kind: str) -> int:
    """Where the sealed bars of ``kind`` begin, UTC nanoseconds, one time for all of ``bars``.

    Their last fifth by time, of the series where it begins first; later where the kind has read them already.

    Raises:
        Corrupt, Unavailable: as ``look_at_ledger``.
    """
    ledger = look_at_ledger(workspace.config, workspace.data, workspace.folder)
    looks = () if ledger is None else ledger.looks_of(family=FAMILY + kind)
    found = []
    for one in bars:
        first, last = int(one.columns.ts_open[0]), int(one.columns.ts_close[-1])
        series = (one.symbol, str(one.timeframe))
        spent = (each.look.end for each in looks if (each.look.symbol, each.look.timeframe) == series)
        found.append(max(first + round((1.0 - SHARE) * (last - first)), min(max(spent, default=0), last)))
    return min(found)


def open_sealed(workspace: Workspace, look: Look, version: str, now: int) -> Opened:
    """Writes down, durable on return, that ``version`` reads the bars of ``look``: call it before the first is read.

    What spent them is a look of another version of its kind. A version that reads its own bars again changed nothing
    in between.

    Raises:
        Corrupt, Retryable, Unavailable: as ``project_ledger``.
    """
    with project_ledger(workspace.config, workspace.data, workspace.folder) as ledger:
        (found,) = ledger.record_look([look], opening=f"evaluate {version}", now=now)
        earlier = [
            one
            for one in _read_before(ledger, look)
            if one.entry < found.entry and one.look.spec_hash != look.spec_hash
        ]
    spent = [one for one in earlier if one.look.family == look.family]
    why = f"another {look.family} had read some of these bars: {spent[0].said}" if spent else ""
    return Opened(1 + len({one.look.spec_hash for one in earlier}), why)


def _read_before(ledger: TrialLedger, look: Look) -> list[Looked]:
    """Looks of models at any of the bars of ``look``."""
    return [
        one
        for one in ledger.looks_of(symbol=look.symbol)
        if one.look.family.startswith(FAMILY)
        and one.look.timeframe == look.timeframe
        and one.look.start < look.end
        and look.start < one.look.end
    ]


def require_looks(workspace: Workspace, readers: Mapping[str, int]) -> None:
    """That the ledger knows of the looks that decisions were taken by: ``readers`` are ``version -> decision``.

    A ledger that was taken away would make bars new that were read.

    Raises:
        Corrupt: it does not know of one of them.
        Corrupt, Unavailable: as ``look_at_ledger``.
    """
    ledger = look_at_ledger(workspace.config, workspace.data, workspace.folder)
    known = set() if ledger is None else {one.look.spec_hash for one in ledger.looks_of()}
    for version, number in readers.items():
        if _named(version) not in known:
            raise Corrupt(
                f"the trial ledger knows of no sealed bars read by {version}, which decision {number} was taken by",
                where="data/trials.ledger",
                allowed="the ledger in which the look was written down",
                next_step="restore it from a backup; tradewind models decisions shows the decision",
            )


def record_looks(workspace: Workspace, looks: Sequence[Look], opening: str, now: int) -> int:
    """Writes down, durable on return, that versions read bars outside an evaluation; how many others had read some.

    Raises:
        Corrupt, Retryable, Unavailable: as ``project_ledger``.
    """
    with project_ledger(workspace.config, workspace.data, workspace.folder) as ledger:
        found = ledger.record_look(looks, opening=opening, now=now)
        mine = {one.spec_hash for one in looks}
        first = min(one.entry for one in found)
        earlier = [
            one.look.spec_hash
            for look in looks
            for one in _read_before(ledger, look)
            if one.entry < first and one.look.spec_hash not in mine
        ]
    return len(set(earlier))


def look_of(version: str, kind: str, symbol: str, timeframe: str, window: tuple[int, int], data_hash: str) -> Look:
    """The look of a version at the bars ``[start, end)`` of a series."""
    return Look(_named(version), FAMILY + kind, symbol, timeframe, window[0], window[1], data_hash)


def _named(version: str) -> str:
    return hashlib.sha256(version.encode()).hexdigest()[:16]
