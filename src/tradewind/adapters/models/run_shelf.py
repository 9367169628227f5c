"""The models of one run: what it made and decided itself in a folder of its own, all else as the project has it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tradewind.adapters.models.shelf import ModelShelf

SUFFIX: Final = "-models"


def folder_beside(store: Path) -> Path:
    """Where the own models of the run in ``store`` lie: ``tradewind.db-models`` beside ``tradewind.db``."""
    return store.absolute().with_name(store.name + SUFFIX)


class RunShelf(ModelShelf):
    """Writes into ``folder`` and nowhere else; versions and seats that are not there are read from ``project``.

    A seat is the project's up to the run's first own decision about it, and the run's from there on.
    """

    def __init__(self, folder: Path, project: ModelShelf) -> None:
        super().__init__(folder)
        self._project = project

    @property
    def behind(self) -> ModelShelf:
        """The project's."""
        return self._project

    @property
    def began(self) -> bool:
        """Whether the run has made anything."""
        return self.folder.is_dir()

    def read(self, version: str) -> tuple[str, bytes, bytes]:
        """As ``ModelShelf.read``."""
        return super().read(version) if version in self.own_versions() else self._project.read(version)

    def stamp(self, version: str) -> tuple[tuple[str, int, int], ...]:
        """As ``ModelShelf.stamp``."""
        return super().stamp(version) or self._project.stamp(version)

    def versions(self) -> tuple[str, ...]:
        """The run's own and the project's, sorted."""
        return tuple(sorted({*self.own_versions(), *self._project.versions()}))

    def seats(self) -> tuple[str, ...]:
        """The run's own and the project's, sorted."""
        return tuple(sorted({*self.own_seats(), *self._project.seats()}))

    def choice(self, seat: str) -> bytes | None:
        """As ``ModelShelf.choice``."""
        return super().choice(seat) if self.chose(seat) else self._project.choice(seat)

    def evaluation(self, version: str) -> bytes | None:
        """As ``ModelShelf.evaluation``."""
        found = super().evaluation(version)
        return self._project.evaluation(version) if found is None else found

    def set_aside(self) -> Path | None:
        """Gives the folder another name, for a run that begins where an earlier one left models; None: there are none.

        What an earlier run decided is nothing that a new one may go on from, and nothing that may be lost.
        """
        if not self.began:
            return None
        numbers = (self.folder.with_name(f"{self.folder.name}.{number}") for number in range(1, 10_000))
        aside = next(path for path in numbers if not path.exists())
        self.folder.rename(aside)
        return aside
