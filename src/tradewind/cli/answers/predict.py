"""``tradewind predict``: the answer of the models, each alone and all together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.models.predicting import Answer, Latency, predict
from tradewind.app.models.predictor import Voice
from tradewind.app.signal_text import utc
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import DONE, NEGATIVE, Report, table
from tradewind.cli.options import split_symbols
from tradewind.model.stamp import SIMULATED
from tradewind.model.timeframe import DAY, Timeframe

LONG_CLOSED: Final = 4 * DAY
"""No market is closed for longer; an older bar is not the newest there is."""
ONE_SIDE: Final = ("up", "down")
SIDES = {1: "up", -1: "down", 0: "undecided"}


def answer(
    config: Path | None, symbol: str, interval: Timeframe | None, model: str | None, *, explains: bool, bench: bool
) -> Report:
    """Asks, and says what it means; a latency above the limit is a negative verdict."""
    settings = load_config(config)
    (name,) = Workspace(settings).symbols((symbol,))
    timeframes = (interval,) if interval else tuple(one.interval for one in settings.timeframes.intervals)
    found = predict(
        settings, name, timeframes, split_symbols([model]) if model else (), bench=WallClock() if bench else None
    )
    now = WallClock().now()
    aged = [
        f"the newest bar of {name} {one.timeframe} closed {utc(one.ts)}, {(now - one.ts) / DAY:.1f} days ago: this is"
        " what the models said then; tradewind data fetch brings newer ones"
        for one in found.timeframes
        if now - one.ts > max(2 * one.timeframe.ns, LONG_CLOSED)
    ]
    found = msgspec.structs.replace(found, notes=(*found.notes, *aged))
    late = found.latency is not None and not found.latency.met
    document = msgspec.to_builtins(found)
    return Report(document, human=_text(found, explains=explains), exit_code=NEGATIVE if late else DONE)


def _text(found: Answer, *, explains: bool) -> list[Any]:
    whole = found.together
    made = f"{SIMULATED} " if found.simulated else ""
    lines: list[Any] = [
        f"{made}{found.symbol}: {SIDES[whole.side]}, P(up) {whole.probs['up']:.1%}, confidence {whole.confidence:.1%}"
        f" ({whole.source}: {whole.version})"
    ]
    voices = [voice for one in found.timeframes for voice in one.champion.voices]
    if not any(voice.outcomes in ONE_SIDE for voice in voices):
        lines.append("No run would act on it: no model leaves only one side in its prediction set.")
    if explains:
        rows = []
        for one in found.timeframes:
            rows += [_row(one.timeframe, one.ts, voice, f"{one.share:.2f}") for voice in one.champion.voices]
            if one.challenger is not None:
                rows += [_row(one.timeframe, one.ts, voice, "not heard") for voice in one.challenger.voices]
        columns = ["timeframe", "close", "seat", "model", "P(up)", "set", "calibration error", "share"]
        lines.append(table("What each model says", columns, rows))
        lines.append(
            "Together: the logarithmic pool of the champions, 1 / (1 + exp(-sum(share x log odds))). Confidence is the"
            " probability of the likelier side, as calibrated; the error beside it is the ECE of its evaluation."
        )
    if found.latency is not None:
        lines.append(_timed(found.latency))
    lines += [f"WARNING: {note}" for note in found.notes]
    lines.append("No signal: what is traded is decided by `tradewind run`; next: tradewind why, tradewind models list")
    return lines


def _row(timeframe: Timeframe, ts: int, voice: Voice, share: str) -> tuple[str, ...]:
    error = "not measured" if voice.calibration_error is None else f"{voice.calibration_error:.3f}"
    who = f"{voice.version} ({voice.kind}, {voice.sha256[:12]})"
    seat = "none" if voice.name == voice.version else voice.name  # a version that was named stands for itself
    return (str(timeframe), utc(ts), seat, who, f"{voice.p_up:.1%}", voice.outcomes, error, share)


def _timed(one: Latency) -> str:
    verdict = "within" if one.met else "ABOVE"
    return (
        f"{one.n} answers: p50 {one.p50_ms:.2f} ms, p95 {one.p95_ms:.2f} ms, p99 {one.p99_ms:.2f} ms,"
        f" {verdict} {one.limit_ms:g} ms"
    )
