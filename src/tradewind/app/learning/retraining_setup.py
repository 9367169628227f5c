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
from tradewind.app.models.run_models import RunModels
from tradewind.app.models.serving import seats_for
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import iso_time
from tradewind.app.workspace import Workspace
from tradewind.engine.modes import Modes
from tradewind.errors import TradewindError
from tradewind.model.mode import RetrainAsked
from tradewind.predictors.manifest import Manifest

SIMPLE: Final = "logistic"
"""What is trained where nobody sits there and nothing is asked for."""
FETCHED_DAYS: Final = 60
MODELS: Final = "TRADEWIND__PATHS__MODELS"
"""The setting ``paths.models`` as the environment of a training names it."""


def retraining_for(
    config: AppConfig,
    modes: Modes,
    say: Callable[[str], None],
    models: RunModels,
    *,
    file: Path | None = None,
    waits: bool = False,
) -> Retraining:
    """Trainings of a run under ``config``, which was read from ``file``; its candidates go where ``models`` says.

    ``waits``: time stands still meanwhile.
    """
    workspace = Workspace(config)
    promotions = models.promotions
    held = config

    def words_of(asked: RetrainAsked) -> Sequence[Sequence[str]]:
        own = held.continuous_learning.retraining
        sits = champion_of(promotions, asked)
        kind = own.type or (SIMPLE if sits is None else sits.kind)
        sizes = size_words(sits) if sits is not None and sits.kind == kind else []
        return training_words(held, asked, kind, file=file, recorded=models.own, sizes=sizes)

    trainer = TrainingProcess(
        workspace.folder,
        {**process_environment(), **({MODELS: str(models.shelf.folder)} if models.own else {})},
        words_of,
        WallClock(),
    )

    def follow(read: AppConfig) -> float:
        nonlocal held
        held = read
        own = read.continuous_learning.retraining
        trainer.hold_to(interpreter=own.interpreter, limit_s=own.time_limit_seconds, cpu_s=own.budget_seconds)
        return target_of(read)

    return Retraining(modes, trainer, SeatChanges(promotions), say, target=follow(config), waits=waits, follow=follow)


def champion_of(promotions: Promotions, asked: RetrainAsked) -> Manifest | None:
    """Who sits there; None where nobody does, or it cannot be read: that is told where it is served."""
    try:
        champion = promotions.seat(asked.symbol, asked.timeframe).champion
        return None if champion is None else promotions.version(champion.version).manifest
    except TradewindError:
        return None


def size_words(model: Manifest) -> list[str]:
    """The options of ``train`` that make a net of the sizes of ``model``; none for what has none."""
    order = model.card.get("order", {})
    if not model.artifact.endswith(".onnx"):
        return []
    rate = order.get("plan", {}).get("rate", 0.0)
    words = ["--length", str(model.length), *(["--size", order["size"]] if order.get("size") else [])]
    words += ["--rate", f"{rate!r}"] if rate else []
    return words + [word for name, one in order.get("options", {}).items() for word in ("--option", f"{name}={one!r}")]


def training_words(
    config: AppConfig, asked: RetrainAsked, kind: str, *, file: Path | None, recorded: bool = False,
    sizes: Sequence[str] = (),
) -> list[list[str]]:  # fmt: skip
    """The commands of a training: newer candles where they are fetched, then the fit, with no bar left out.

    What it is worth shows on bars to come, beside the champion. Of a ``recorded`` market, or one with a clock of its
    own, only the bars up to the question are known: those after it are stored already, and a model may not learn of
    what it has to forecast. A seat that fell learns what lies after its fall.
    """
    own = config.continuous_learning.retraining
    named = [] if file is None else ["--config", str(file)]
    series = ["--symbol", asked.symbol, "--interval", str(asked.timeframe)]
    fit = ["--epochs", str(own.max_epochs), "--patience", str(own.patience), "--budget", f"{own.budget_seconds:g}"]
    known = ["--until", iso_time(asked.ts)] if recorded else []
    since = ["--since", iso_time(asked.since)] if asked.since else []
    news = ["--with-sentiment"] if _reads_news(config, asked) else []
    train = ["train", *series, "--type", kind, *sizes, "--no-seal", *fit, *known, *since, *news, *named]
    if recorded or not own.fetch:
        return [train]
    return [["data", "fetch", *series, "--days", str(FETCHED_DAYS), *named], train]


def _reads_news(config: AppConfig, asked: RetrainAsked) -> bool:
    """Whether who sits there reads what articles said: a model of other inputs could not take the seat."""
    return any(one.schema.reads_news for one in seats_for(config, asked.symbol, (asked.timeframe,), simulated=True))
