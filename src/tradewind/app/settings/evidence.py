"""What must exist before a configuration may trade, on paper or with money."""

from __future__ import annotations

from pathlib import Path

from tradewind.app.settings.root import AppConfig
from tradewind.errors import Misconfigured


def require_promoted_models(config: AppConfig, mode: str, folder: Path | None = None) -> None:
    """Stops paper and live where a configured predictor has no promoted model, or makes its predictions up.

    ``mode`` is dryrun, paper or live. A configuration without predictors starts: its votes come from strategies alone.

    Raises:
        Misconfigured: naming each predictor and the file that is looked for.
    """
    if mode == "dryrun" or not config.predictors:
        return
    promoted = (Path() if folder is None else folder) / config.paths.models / "promoted"
    faults = []
    for predictor in config.predictors:
        if predictor.source != "promoted":
            faults.append(f"{predictor.name} makes its predictions up (source {predictor.source})")
        elif not any(promoted.glob(f"{predictor.name}*")):
            faults.append(f"{predictor.name} has no promoted model")
    if faults:
        raise Misconfigured(
            "; ".join(faults),
            where="predictors",
            allowed=f"in {mode} mode: models promoted into {config.paths.models}/promoted, named after the predictor",
            next_step="promote a model, remove the predictor, or run with --mode dryrun",
        )
