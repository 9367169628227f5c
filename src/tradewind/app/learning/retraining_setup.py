"""Builds what trains beside a run out of its configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tradewind.adapters.training_process import TrainingProcess
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.environment import process_environment
from tradewind.app.learning.mode_rules import target_of
from tradewind.app.learning.retraining import Retraining
from tradewind.app.learning.seat_changes import SeatChanges
from tradewind.app.models.promotion import Promotions
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.engine.modes import Modes
from tradewind.errors import TradewindError
from tradewind.model.mode import RetrainAsked

SIMPLE: Final = "logistic"
"""What is trained where nobody sits there and nothing is asked for."""
FETCHED_DAYS: Final = 60


def retraining_for(
    config: AppConfig, modes: Modes, say: Callable[[str], None], *, file: Path | None = None, recorded: bool = False
) -> Retraining:
    """Trainings of a run under ``config``, which was read from ``file``. ``recorded``: its market is stored bars."""
    workspace = Workspace(config)
    promotions = Promotions(workspace)
    own = config.continuous_learning.retraining

    def words_of(asked: RetrainAsked) -> Sequence[Sequence[str]]:
        kind = own.type or champion_kind(promotions, asked)
        return training_words(config, asked, kind, file=file, fetches=own.fetch and not recorded)

    trainer = TrainingProcess(
        workspace.folder,
        process_environment(),
        words_of,
        WallClock(),
        interpreter=own.interpreter,
        limit_s=own.time_limit_seconds,
        cpu_s=own.budget_seconds,
    )
    return Retraining(modes, trainer, SeatChanges(promotions), say, target=target_of(config), waits=recorded)


def champion_kind(promotions: Promotions, asked: RetrainAsked) -> str:
    """The type of model that sits there."""
    try:
        champion = promotions.seat(asked.symbol, asked.timeframe).champion
        return SIMPLE if champion is None else promotions.version(champion.version).manifest.kind
    except TradewindError:
        return SIMPLE  # what sits there is told of where it is served; a new one may be what is needed


def training_words(
    config: AppConfig, asked: RetrainAsked, kind: str, *, file: Path | None, fetches: bool
) -> list[list[str]]:
    """The commands of a training: newer candles where they are fetched, then the fit, with no bar left out.

    What it is worth shows on bars to come, beside the champion.
    """
    own = config.continuous_learning.retraining
    named = [] if file is None else ["--config", str(file)]
    series = ["--symbol", asked.symbol, "--interval", str(asked.timeframe)]
    fit = ["--epochs", str(own.max_epochs), "--patience", str(own.patience), "--budget", f"{own.budget_seconds:g}"]
    words = [["data", "fetch", *series, "--days", str(FETCHED_DAYS), *named]] if fetches else []
    return [*words, ["train", *series, "--type", kind, "--no-seal", *fit, *named]]
