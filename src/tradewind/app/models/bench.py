"""What a training costs on this machine: each stage timed, and what a whole one would take.

Nothing is kept. Of a net a few epochs are run; the time of an epoch is in proportion to samples, so that of any size
and number of epochs follows. Early stopping makes it less, never more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import msgspec

from tradewind.app.models.material import checked_inputs, material_of
from tradewind.app.settings.root import AppConfig
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.clock import Clock
from tradewind.research.model_training import NETS, Order, Progress, train_model

EPOCHS: Final = 3
SOURCE_SAMPLES: Final = 4_821
SOURCE_SECONDS: Final = (164.0, 191.0)
"""What the documents Tradewind follows name for one training of 4,821 samples, on hardware they do not state."""
MONTH_OF_5M: Final = 8_640
"""Bars of 30 days at five minutes."""


class Stage(msgspec.Struct, frozen=True):
    """Seconds that passed and those of the processor."""

    name: str
    wall: float
    cpu: float


class Bench(msgspec.Struct, frozen=True):
    """``fit`` samples of ``bars`` bars; ``epoch`` processor seconds of one (None: it has no epochs).

    ``whole`` is a training of as many epochs as were asked for, ``source`` one of 4,821 samples, ``month`` one of all
    samples of 30 days of five-minute bars over 100 epochs; processor seconds, upper bounds where epochs can stop early.
    """

    kind: str
    bars: int
    fit: int
    stages: tuple[Stage, ...]
    epochs: int
    asked: int
    epoch: float | None
    whole: float
    source: float
    month: float


def bench(
    config: AppConfig, symbols: Sequence[str], interval: Timeframe, order: Order, samples: int, clock: Clock
) -> Bench:
    """Times reading and features, the check of the inputs, and the fit; ``clock`` says what passed.

    Raises:
        Unavailable: nothing is stored of a symbol, or too little.
        Misconfigured: as ``train_model``.
    """
    stages: list[Stage] = []
    mark = clock.monotonic(), time.process_time()

    def stage(name: str) -> None:
        nonlocal mark
        now = clock.monotonic(), time.process_time()
        stages.append(Stage(name, (now[0] - mark[0]) / SECOND, now[1] - mark[1]))
        mark = now

    material = material_of(config, symbols, interval, order.kind, order.length, samples)
    stage("features")
    checked_inputs(config, [part.data.features for part in material.parts], material.bars)
    stage("validation")
    few = min(EPOCHS, order.plan.epochs)
    plan = msgspec.structs.replace(order.plan, epochs=few, patience=few)
    ends: list[float] = [time.process_time()]

    def told(_: Progress) -> None:
        ends.append(time.process_time())

    found = train_model(msgspec.structs.replace(order, plan=plan), material.parts, told=told)
    stage("training")
    net = order.kind in NETS
    epochs = len(ends) - 1
    epoch = (ends[-1] - ends[0]) / epochs if net else None
    rest = stages[-1].cpu - (epoch or 0.0) * epochs
    fit = found.sizes[0]

    def whole(count: int, of: int) -> float:
        return rest * of / fit + (epoch or 0.0) * count * of / fit

    return Bench(
        kind=order.kind,
        bars=sum(len(one.columns.close) for one in material.bars),
        fit=fit,
        stages=tuple(stages),
        epochs=epochs,
        asked=order.plan.epochs,
        epoch=epoch,
        whole=whole(order.plan.epochs, fit),
        source=whole(order.plan.epochs, SOURCE_SAMPLES),
        month=whole(100, MONTH_OF_5M),
    )
