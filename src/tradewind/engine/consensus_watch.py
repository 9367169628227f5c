"""Whether signals win as often as they say: the consensus of a symbol under watch, held to its own stated chances."""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.model.decision import Signal
from tradewind.model.drift import DriftCheck, EffectSize, Severity
from tradewind.model.outcome import SignalOutcome
from tradewind.model.timeframe import Timeframe
from tradewind.validation.drift import DriftLimits, recommend_action, severity_of
from tradewind.validation.drift_detectors import WinDetector

NAME: Final = "consensus"


class ConsensusWatch(msgspec.Struct):
    """Every signal that states a win probability is one prediction, whoever led it and whether it was traded or not.

    The e-detector takes each against its own stated probability, so no baseline is needed: where the stated ones are
    true, the mean number of signals until the level reaches A is at least A. ``stated`` are those without an outcome,
    by id; ``expected`` is the sum of the probabilities of the ``wins.seen`` others, ``won`` how many of them won.
    """

    wins: WinDetector = msgspec.field(default_factory=WinDetector)
    stated: dict[str, float] = {}
    expected: float = 0.0
    won: int = 0
    checked: int = 0

    def add(self, signal: Signal) -> None:
        """A signal went out."""
        chance = signal.consensus.win_probability
        if chance is not None and 0.0 < chance < 1.0:
            self.stated[signal.id] = chance

    def end(self, ended: SignalOutcome) -> None:
        """A signal has its outcome, counted once; an expired one and a later report count nothing."""
        chance = self.stated.pop(ended.signal_id, None)
        if chance is None or ended.r is None:
            return
        self.wins.step(ended.r > 0.0, chance)
        self.expected += chance
        self.won += ended.r > 0.0

    @property
    def news(self) -> bool:
        """Whether a check could find something else than the last one."""
        return self.wins.seen != self.checked

    def check(self, symbol: str, timeframe: Timeframe, ts: int, limits: DriftLimits) -> DriftCheck:
        """What is to be said; severity NONE below ``limits.min_trades`` outcomes. It disables nobody."""
        seen, level = self.wins.seen, self.wins.level
        self.checked = seen
        enough = seen >= limits.min_trades
        severity = severity_of(level) if enough else Severity.NONE
        rate = self.won / seen if seen else None
        note = f"{self.won} of {seen} signals won, {self.expected:.1f} by their own word"
        return DriftCheck(
            member=NAME,
            symbol=symbol,
            timeframe=timeframe,
            ts=ts,
            severity=severity,
            level=level,
            predictions=level,
            trades=0.0,
            decay=0.0,
            decaying=False,
            seen=seen,
            action="REVIEW THE ENSEMBLE" if severity.rank else recommend_action(severity),
            effect=EffectSize(Severity.NONE, False, seen, rate, note="held to stated chances"),
            note=note if enough else f"insufficient: {note}",
        )
