"""Carries what seats ask for to a trainer and back, and what a duel decided to the shelf.

A question is an output of the engine (``RetrainAsked``) and its answer an input (``ModelTrained``), so a replay of the
journal needs no trainer. What is still open when a run goes on is asked again: who asked stands in the engine's state.
A model that met its gate and the target takes the challenger's place, unless another one is on trial there; nothing
else comes of a training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from tradewind.app.learning.mode_text import (
    changed_line,
    duel_line,
    ended_lines,
    rules_line,
    started_line,
)
from tradewind.app.settings.root import AppConfig
from tradewind.engine.modes import Modes
from tradewind.errors import TradewindError
from tradewind.model.event import ModelTrained
from tradewind.model.mode import ChallengerJudged, ModeChanged, ModeRulesChanged, RetrainAsked
from tradewind.model.output import Output
from tradewind.model.timeframe import Timeframe
from tradewind.model.training import TrainingEnd
from tradewind.ports.trainer import Trainer


class Seats(Protocol):
    """What is done about the places of a seat; each says what came of it in one line."""

    def challenge(self, symbol: str, timeframe: Timeframe, version: str, reason: str, now: int) -> str:
        """Lets a version shadow beside the champion."""
        ...

    def settle(self, verdict: ChallengerJudged, now: int) -> str:
        """Promotes the challenger, or takes it off, with both scores on record."""
        ...


class Retraining:
    """Trainings of one run, one at a time. ``target`` is the held-out confidence a candidate must show.

    ``waits``: a training that is due is waited for, for runs over recorded markets whose time does not pass by itself.
    ``follow`` holds the trainer to another configuration and gives the target under it.
    """

    def __init__(
        self,
        modes: Modes,
        trainer: Trainer,
        seats: Seats,
        say: Callable[[str], None],
        *,
        target: float,
        waits: bool = False,
        follow: Callable[[AppConfig], float] | None = None,
    ) -> None:
        self._modes = modes
        self._trainer = trainer
        self._seats = seats
        self._say = say
        self._target = target
        self._waits = waits
        self._follow = follow
        self._running: RetrainAsked | None = None
        self._moved = False

    @property
    def moved(self) -> bool:
        """Whether a seat was changed since this was asked last: who serves there has to be told."""
        moved, self._moved = self._moved, False
        return moved

    def follow(self, config: AppConfig) -> None:
        """Another configuration holds from now on: for the next training, and for how long this one may take."""
        if self._follow is not None:
            self._target = self._follow(config)

    def due(self, now: int) -> list[ModelTrained]:
        """Starts what is asked for, or gives what has ended, one at a time; ``now`` stamps it."""
        if self._running is None:
            self._begin()
        if self._running is None:
            return []
        end = self._trainer.ended()
        while end is None and self._waits:
            self._trainer.wait()
            end = self._trainer.ended()
        if end is None:
            return []
        asked, self._running = self._running, None
        return [self._answer(asked, end, now)]

    def watch(self, outputs: Sequence[Output], now: int) -> None:
        """What durable outputs say is told, and the verdict of a duel carried out."""
        for one in outputs:
            if isinstance(one, ModeChanged):
                self._say(changed_line(one))
            elif isinstance(one, ModeRulesChanged):
                self._say(rules_line(one))
            elif isinstance(one, ChallengerJudged):
                self._settle(one, now)

    def resumed(self, now: int) -> None:
        """A run goes on: verdicts that an earlier life may not have carried out are."""
        for one in self._modes.verdicts(now):
            self._settle(one, now)

    def stop(self) -> None:
        """The run ends; a training that runs is asked for again by the next life."""
        self._trainer.stop()

    def _begin(self) -> None:
        waiting = [one.running for one in self._modes.watches.values() if one.running is not None]
        if waiting and not self._trainer.busy:
            self._running = min(waiting, key=lambda one: (one.ts, one.symbol, one.timeframe.rank))
            self._say(started_line(self._running))
            self._trainer.start(self._running)

    def _answer(self, asked: RetrainAsked, end: TrainingEnd, now: int) -> ModelTrained:
        reached = end.confidence is not None and end.confidence >= self._target
        passed = end.version is not None and end.passed and reached
        held = self._modes.on_trial(asked.symbol, asked.timeframe, now)
        for line in ended_lines(asked, end, self._target, passed=passed, held=held):
            self._say(line)
        if passed and end.version is not None and not held:
            reason = f"retrained ({asked.trigger})"
            self._carry(lambda: self._seats.challenge(asked.symbol, asked.timeframe, str(end.version), reason, now))
        return ModelTrained(
            ts=now,
            symbol=asked.symbol,
            timeframe=asked.timeframe,
            version=end.version,
            fault=end.fault,
            confidence=end.confidence,
            calibration_error=end.calibration_error,
            passed=passed,
            duration_s=round(end.duration_s, 3),
        )

    def _settle(self, verdict: ChallengerJudged, now: int) -> None:
        self._say(duel_line(verdict))
        self._carry(lambda: self._seats.settle(verdict, now))

    def _carry(self, act: Callable[[], str]) -> None:
        """Does something about a seat; the run goes on with who sits there where it cannot be done."""
        try:
            self._say(act())
            self._moved = True
        except TradewindError as error:
            self._say(f"WARNING: the seat is as it was: {error}")
