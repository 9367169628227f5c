"""The signal for one pair now, in words; the same ones on the command line and in a chat."""

from __future__ import annotations

from tradewind.app.ask.freshness import span
from tradewind.app.ask.signal_now import DecisionNow, SignalNow
from tradewind.app.signal_text import reason_line, refusal_lines, signal_lines
from tradewind.model.decision import Signal
from tradewind.model.instrument import Instrument
from tradewind.model.stamp import head_of


def now_lines(found: SignalNow, instrument: Instrument, asked: str = "") -> list[str]:
    """The answer as a person reads it; ``asked`` are the options that the next command needs to speak of the same."""
    head = head_of(simulated=found.simulated, unproven=found.unproven)
    origin = "the store's run" if found.origin == "store" else "a run in memory"
    text = [
        f"{head}{found.symbol}: {found.data.text()}",
        f"From {origin} ({found.where}, configuration {found.config_hash})",
    ]
    for one in found.decisions:
        text += ["", *_lines(one, instrument, found.now, head.strip())]
    return [*text, "", f"Next: tradewind why {found.symbol}{asked}"]


def _lines(one: DecisionNow, instrument: Instrument, now: int, stamp: str) -> list[str]:
    if not isinstance(one.decision, Signal):
        first = [f"Blocked first by {one.blocked_by}"] if len(one.reasons) > 1 else []
        return [*refusal_lines(one.decision, stamp), *first]
    shown = signal_lines(one.decision, instrument)
    if one.state == "EXPIRED":
        late = span((now - one.decision.valid_until) / 1e9)
        return [f"EXPIRED {late} ago, do not act on it:", *shown]
    if one.state != "valid":
        return [f"DO NOT ACT: {reason_line(one.reasons[0])}", *shown]
    return shown
