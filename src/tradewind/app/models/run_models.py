"""Whose models a run works with: the project's, or its own where its time is not that of people.

A run over recorded bars, or on a clock of its own, trains and decides in the past of the project. What comes of it
stays in a folder beside its store: who serves the project is never changed by a look back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from tradewind.adapters.models.run_shelf import RunShelf, folder_beside
from tradewind.app.models.library import ModelLibrary
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.versions import shelf_of
from tradewind.app.workspace import Workspace


class OwnModels(msgspec.Struct, frozen=True):
    """Models that a run made for itself, and where they lie; the project's own seats know nothing of them."""

    store: str
    folder: str
    versions: tuple[str, ...]

    def text(self) -> str:
        """For a person, with the way to look at them and to take one over."""
        return (
            f"{len(self.versions)} in {self.folder}; the project's seats are as they were (`tradewind models decisions"
            f" --store {self.store}` shows its own, `tradewind promote --store {self.store} --model VERSION` takes one"
            " over)"
        )


def _nobody(line: str) -> None:
    """Nobody hears it."""


class RunModels(NamedTuple):
    """``promotions`` decides about the seats of a run, ``library`` has every version its journal may name.

    ``shelf`` holds what it made itself. ``own``: its decisions are its own too, and nobody else's.
    """

    promotions: Promotions
    library: ModelLibrary
    shelf: RunShelf
    store: Path
    own: bool

    @property
    def made(self) -> OwnModels | None:
        """What it made for itself alone; None where that is nothing."""
        return own_models(self.shelf, self.store) if self.own else None


def own_models(shelf: RunShelf, store: Path) -> OwnModels | None:
    """What the run in ``store`` made for itself alone, as it lies on ``shelf``; None where that is nothing."""
    made = shelf.own_versions()
    return OwnModels(str(store), str(shelf.folder), made) if made else None


def run_shelf(workspace: Workspace, store: Path) -> RunShelf:
    """What the run in ``store`` made, over the project's models."""
    return RunShelf(folder_beside(store), shelf_of(workspace))


def run_models(
    workspace: Workspace, store: Path, *, own: bool, begins: bool = False, say: Callable[[str], None] = _nobody
) -> RunModels:
    """The models of the run in ``store``. ``own``: its time is not that of people, so it decides for itself alone.

    Otherwise it decides about the project's seats; a version that it made before, on recorded bars, is still found.
    A run that ``begins`` where an earlier one left models puts those aside, and says so.
    """
    shelf = run_shelf(workspace, store)
    if begins and (aside := shelf.set_aside()) is not None:
        say(f"the models of an earlier run in {store} lie in {aside} now")
    every = Promotions(workspace, shelf)
    return RunModels(every if own else Promotions(workspace), ModelLibrary(every), shelf, store, own)
