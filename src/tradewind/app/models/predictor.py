"""Models outside a run: ask files of a project what they make of a window of inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.models.shelf import ARTIFACTS, MANIFEST
from tradewind.app.config import load_config
from tradewind.app.models.versions import manifest_of
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.engine.forecasts import DIGITS
from tradewind.errors import Misconfigured, Unavailable
from tradewind.features.input_schema import default_schema
from tradewind.model.forecast import Outcomes
from tradewind.predictors.conformal import Conformal
from tradewind.predictors.pooling import pooled
from tradewind.predictors.served import ServedModel, verified

_SETS: Final[dict[frozenset[int], Outcomes]] = {
    frozenset(): "neither",
    frozenset((1,)): "up",
    frozenset((-1,)): "down",
    frozenset((1, -1)): "either",
}


class Voice(msgspec.Struct, frozen=True):
    """What one model says: ``p_up`` calibrated, its set as it was promoted, and the share it has in the whole.

    ``calibration_error`` is what its calibration was found to be off by (null: not measured).
    """

    name: str
    version: str
    kind: str
    sha256: str
    p_up: float
    outcomes: Outcomes
    weight: float
    calibration_error: float | None = None


class Prediction(msgspec.Struct, frozen=True):
    """What models say together of one symbol. ``probs`` are of ``up`` and ``down``, ``confidence`` the greater one.

    ``side`` is +1 or -1, 0 where both are equal. ``version`` names every model that was asked, ``source`` where it
    comes from; nothing is ever made up.
    """

    symbol: str
    probs: dict[str, float]
    side: int
    confidence: float
    version: str
    voices: tuple[Voice, ...]
    source: str = "model"


class ModelPredictor:
    """Models of several kinds as one, verified before they are asked.

    Each path names the folder of a version (``models/versions/VERSION`` with artifact and manifest), with ``{symbol}``
    for the symbol as file names have it (``BTC-USDT``). Files of other kinds (``.pt``, pickles) are programs and are
    never opened. ``config`` is that of the project whose key signed the versions, by default of this folder.

    Raises:
        Misconfigured: no path at all.
    """

    def __init__(
        self,
        lstm_path: str | Path | None = None,
        transformer_path: str | Path | None = None,
        *,
        config: AppConfig | None = None,
        folder: Path | None = None,
        **more: str | Path,
    ) -> None:
        named = {"lstm": lstm_path, "transformer": transformer_path, **more}
        self.paths = {name.removesuffix("_path"): str(path) for name, path in named.items() if path is not None}
        if not self.paths:
            raise Misconfigured("no model", where="ModelPredictor", allowed="at least one path of a version's folder")
        self._workspace = Workspace(load_config(folder=folder) if config is None else config, folder)
        self._loaded: dict[str, dict[str, ServedModel]] = {}

    def models(self, symbol: str) -> dict[str, ServedModel]:
        """The models of ``symbol`` by name, loaded and verified once.

        Raises:
            Unavailable: a folder or the project's key is missing.
            Corrupt, Rejected: it is not what was trained.
            Misconfigured: a model that does not speak for the symbol, or no folder of a version.
        """
        found = self._loaded.get(symbol)
        if found is None:
            found = {name: self._load(path, symbol) for name, path in self.paths.items()}
            self._loaded[symbol] = found
        return found

    def predict(self, symbol: str, features: NDArray[np.float64] | NDArray[np.float32]) -> Prediction:
        """What the models make of ``features``, rows of raw inputs ``(n, k)``, the newest last.

        ``n`` must be at least the longest window of them; each reads its own.

        Raises:
            Unavailable: an input of a window is unknown (NaN), so there is no forecast.
            Misconfigured: features of another shape.
        """
        return asked(symbol, self.models(symbol), features)

    def _load(self, pattern: str, symbol: str) -> ServedModel:
        folder = Path(pattern.replace("{symbol}", symbol.replace("/", "-")))
        if folder.suffix in (".pt", ".pth", ".pkl", ".joblib"):
            raise Misconfigured(
                f"{folder.name} may hold a program, and is not opened",
                where="ModelPredictor",
                allowed="the folder of a version: an ONNX or JSON artifact with its manifest",
                next_step="tradewind train writes one",
            )
        names = [name for name in ARTIFACTS if (folder / name).is_file()]
        if len(names) != 1 or not (folder / MANIFEST).is_file():
            raise Unavailable(
                "no version of a model", where=str(folder), allowed=f"{MANIFEST} and one of {', '.join(ARTIFACTS)}",
                next_step="tradewind models list",
            )  # fmt: skip
        manifest = manifest_of(self._workspace, (folder / MANIFEST).read_bytes())
        if symbol not in manifest.symbols:
            raise Misconfigured(f"{manifest.version} speaks for {', '.join(manifest.symbols)}", where=symbol)
        schema = default_schema(manifest.timeframe, news="news_score" in manifest.channels)
        return verified(manifest, (folder / names[0]).read_bytes(), schema.hash)


def asked(
    symbol: str,
    models: dict[str, ServedModel],
    features: NDArray[np.float64] | NDArray[np.float32],
    weights: dict[str, float] | None = None,
) -> Prediction:
    """What ``models`` say together of one window of inputs, ``(n, k)``; as ``ModelPredictor.predict``."""
    voices = []
    for name, model in models.items():
        own = model.manifest
        if features.ndim != 2 or features.shape[1] != own.width or len(features) < own.length:
            raise Misconfigured(
                f"features of shape {features.shape}", where=own.version, allowed=f"({own.length} or more, {own.width})"
            )
        p = model.p_up(features[len(features) - own.length :])
        if p != p:
            raise Unavailable(
                "an input is unknown, so there is no forecast", where=f"{symbol}, {own.version}",
                next_step="give it a longer history",
            )  # fmt: skip
        p = round(p, DIGITS)
        held = Conformal.of(own.alpha, scores=own.scores).outcomes(p)
        weight = 1.0 if weights is None else weights[name]
        voices.append(Voice(name, own.version, own.kind, own.sha256, p, _SETS[held], weight, error_of(model)))
    return together(symbol, tuple(voices))


def together(symbol: str, voices: tuple[Voice, ...]) -> Prediction:
    """The logarithmic pool of what was said."""
    p = pooled([one.p_up for one in voices], [one.weight for one in voices])
    return Prediction(
        symbol=symbol,
        probs={"up": p, "down": 1.0 - p},
        side=(p > 0.5) - (p < 0.5),
        confidence=max(p, 1.0 - p),
        version="+".join(one.version for one in voices),
        voices=voices,
    )


def error_of(model: ServedModel) -> float | None:
    """The calibration error (ECE) of the worst symbol as its evaluation found it, None where none was measured."""
    told = [one.get("ece") for one in model.manifest.card.get("evaluations", ())]
    return max((float(one) for one in told if one is not None), default=None)
