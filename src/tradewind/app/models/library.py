"""Models of a project's shelf as an engine asks for them: by version and hash, verified, loaded once."""

from __future__ import annotations

from collections.abc import Collection

from tradewind.app.models.promotion import Promotions
from tradewind.errors import Corrupt
from tradewind.predictors.served import ServedModel


class ModelLibrary:
    """Implements ``engine.forecasts.ModelSource``. What was loaded stays in memory until ``keep`` lets it go."""

    def __init__(self, promotions: Promotions) -> None:
        self._promotions = promotions
        self._loaded: dict[str, ServedModel] = {}

    def model(self, version: str, sha256: str) -> ServedModel:
        """The model, its signature, its bytes, its inputs and its answers to the probe checked.

        Raises:
            Unavailable: it is not there, or the key is missing.
            Corrupt, Rejected: it is not what was trained, or another model now has this version.
        """
        found = self._loaded.get(version)
        if found is None:
            found = self._promotions.version(version).served
        if found.manifest.sha256 != sha256:
            raise Corrupt(
                f"its artifact has sha256 {found.manifest.sha256[:16]}, {sha256[:16]} was asked for",
                where=f"model {version}",
                allowed="the model that was promoted",
                next_step="tradewind models restore FILE brings it back from a copy",
            )
        self._loaded[version] = found
        return found

    def keep(self, versions: Collection[str]) -> None:
        """Lets go of every other version."""
        for version in self._loaded.keys() - versions:
            del self._loaded[version]
