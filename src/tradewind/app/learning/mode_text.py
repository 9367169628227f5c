"""Words of modes and trainings: one line each, the same on the console, in the log and in the golden tests."""

from __future__ import annotations

from tradewind.model.mode import ChallengerJudged, Mode, ModeChanged, ModelScore, ModeRulesChanged, RetrainAsked
from tradewind.model.timeframe import Timeframe
from tradewind.model.training import TrainingEnd


def started_line(asked: RetrainAsked) -> str:
    """``[BTC/USDT 1h] Starting retraining (reason: drift)``."""
    also = f", also {', '.join(asked.also)}" if asked.also else ""
    by = f", by {asked.by}" if asked.by else ""
    return f"{_seat(asked.symbol, asked.timeframe)} Starting retraining (reason: {asked.trigger}{by}{also})"


def ended_lines(asked: RetrainAsked, end: TrainingEnd, target: float, *, passed: bool, held: str = "") -> list[str]:
    """What a training came to: its confidence on held-out bars and how long it took, and whether that is enough.

    ``held`` is the challenger whose trial goes on, so that no other takes its place.
    """
    seat = _seat(asked.symbol, asked.timeframe)
    if end.fault is not None:
        return [f"WARNING: {seat} Retraining failed after {end.duration_s:.1f}s: {end.fault}"]
    shown = "undefined" if end.confidence is None else f"{end.confidence:.2%}"
    lines = [f"{seat} Retraining successful! Confidence: {shown}, Duration: {end.duration_s:.1f}s ({end.version})"]
    if end.confidence is not None and end.confidence >= target:
        lines.append(f"{seat} Target confidence reached: {shown}")
    else:
        lines.append(f"{seat} Target confidence of {target:.2%} not reached: the model that sits there stays")
    if not end.passed:
        lines.append(f"{seat} Gate not met: {', '.join(end.missed) or 'unknown'}; the model that sits there stays")
    elif passed and held:
        lines.append(f"{seat} {end.version} stays on the shelf: {held} is on trial")
    elif passed:
        lines.append(f"{seat} {end.version} shadows from now on")
    return lines


def changed_line(one: ModeChanged) -> str:
    """``Transitioned to TRADING mode (confidence: 81.23%)``, with why where it is not the confidence alone."""
    known = "undefined" if one.seen.confidence is None else f"{one.seen.confidence:.2%}"
    parts = [f"confidence: {known}", f"{one.seen.n} shadow events"]
    if one.reason == "drift":
        parts.append(f"drift score {one.seen.drift_score:.2f}, limit {one.limit:.2f}")
    elif one.reason == "model":
        parts.append("another model sits there")
    if one.after is Mode.TRADING and one.seen.needs:
        parts.append(f"evidence {one.seen.evidence:.1f} of {one.seen.needs:g}")
    return f"{_seat(one.symbol, one.timeframe)} Transitioned to {one.after} mode ({'; '.join(parts)})"


def rules_line(one: ModeRulesChanged) -> str:
    """Every changed rule with its old and its new value."""
    changes = ", ".join(f"{name} {old:g} -> {one.new[name]:g}" for name, old in one.old.items())
    return f"Rules of modes and retraining changed ({one.source}): {changes}"


def duel_line(one: ChallengerJudged) -> str:
    """Who won, by what."""
    verdict = "takes the seat" if one.verdict == "promote" else "is taken off"
    return (
        f"{_seat(one.symbol, one.timeframe)} Challenger {one.challenger.version} {verdict} ({one.reason}):"
        f" {_score(one.challenger)} against {_score(one.champion)} of {one.champion.version} on {one.n} forecasts"
    )


def _seat(symbol: str, timeframe: Timeframe) -> str:
    return f"[{symbol} {timeframe}]"


def _score(one: ModelScore) -> str:
    right = "undefined" if one.accuracy is None else f"{one.accuracy:.1%} right"
    return right if one.mean_r is None else f"{right}, {one.mean_r:+.3f} R in {one.events} shadow trades"
