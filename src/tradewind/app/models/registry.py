"""Which versions a project has, and which of them somebody means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tradewind.app.models.promotion import Promotions
from tradewind.app.models.versions import manifest_of
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured, TradewindError, Unavailable
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import Manifest

PLACES: Final = ("champion", "predecessor", "challenger")
LIST: Final = "tradewind models list"


def manifests(workspace: Workspace, promotions: Promotions) -> tuple[dict[str, Manifest], dict[str, str]]:
    """``version -> manifest`` of every version whose signature holds, oldest first, and ``version -> fault`` of others.

    Artifacts are not opened.
    """
    found: list[Manifest] = []
    faults: dict[str, str] = {}
    for version in promotions.shelf.versions():
        try:
            found.append(manifest_of(workspace, promotions.shelf.read(version)[2], version))
        except TradewindError as fault:
            faults[version] = str(fault)
    found.sort(key=lambda one: (one.provenance.created, one.version))
    return {one.version: one for one in found}, faults


def named_version(promotions: Promotions, text: str, symbol: str = "", timeframe: Timeframe | None = None) -> str:
    """The version that ``text`` means: its name or the beginning of it, a path to it, or a place of a seat.

    ``champion``, ``predecessor`` and ``challenger`` need ``symbol`` and ``timeframe``.

    Raises:
        Unavailable: there is none, or nobody in that place.
        Misconfigured: several begin like that, or a place without a seat.
    """
    if text in PLACES:
        return _in_place(promotions, text, symbol, timeframe)
    path = Path(text)
    name = path.parent.name if path.name in ("manifest.json", "model.json", "model.onnx") else path.name
    every = promotions.shelf.versions()
    if name in every:
        return name
    alike = [one for one in every if name and one.startswith(name)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise Misconfigured(
            f"{len(alike)} versions begin with {name!r}", where="--model", allowed=", ".join(alike[:5]), next_step=LIST
        )
    raise Unavailable(
        f"no version is called {text!r}",
        where=str(promotions.shelf.folder),
        allowed=", ".join(every[-5:]) or "none yet",
        next_step=f"tradewind train, or {LIST}",
    )


def newest_version(
    known: Sequence[Manifest], symbol: str, timeframe: Timeframe | None = None, kind: str = ""
) -> Manifest:
    """The newest version for a symbol, of a timeframe and a kind where these are named; ``known`` oldest first.

    Raises:
        Unavailable: there is none.
    """
    for one in reversed(known):
        if symbol in one.symbols and timeframe in (None, one.timeframe) and kind in ("", one.kind):
            return one
    words = " ".join(filter(None, (kind, symbol, str(timeframe or ""))))
    raise Unavailable(f"no model of {words}", where="models", next_step=f"tradewind train, or {LIST}")


def _in_place(promotions: Promotions, place: str, symbol: str, timeframe: Timeframe | None) -> str:
    if not symbol or timeframe is None:
        raise Misconfigured(f"the {place} of no seat", where="--model", next_step="name --symbol and --interval too")
    seated = getattr(promotions.seat(symbol, timeframe), place)
    if seated is None:
        raise Unavailable(f"{symbol} {timeframe} has no {place}", where="seats", next_step=LIST)
    version: str = seated.version
    return version
