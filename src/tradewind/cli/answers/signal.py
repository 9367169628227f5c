"""``tradewind signal``: the signal for one pair now, or why there is none."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.ask.desk import Desk
from tradewind.app.ask.freshness import span
from tradewind.app.ask.signal_now import DecisionNow, SignalNow, signal_now
from tradewind.app.signal_text import reason_line, refusal_lines, signal_lines
from tradewind.cli.contract import Report, progress
from tradewind.cli.overrides import configured
from tradewind.model.decision import Signal
from tradewind.model.instrument import Instrument
from tradewind.model.stamp import head_of
from tradewind.model.timeframe import Timeframe


def answer(
    config: Path | None, pair: str, interval: Timeframe | None, preset: str | None, store: Path | None
) -> Report:
    """The signal for one pair now, or NO TRADE with every reason."""
    desk = Desk(lambda chosen, asked: configured(config, chosen, asked), preset, interval, store)
    symbol = desk.symbol(pair)
    with progress(f"Decide {symbol}", None) as advance:
        found = signal_now(desk, symbol, WallClock().now(), advance)
    asked = f" --interval {interval}" if interval else ""
    asked += f" --preset {preset}" if preset else ""
    asked += f" --store {shlex.quote(str(store))}" if store else ""
    asked += f" --config {shlex.quote(str(config))}" if config else ""
    return Report(found, human=lines(found, desk.instrument(symbol), asked))


def lines(found: SignalNow, instrument: Instrument, asked: str = "") -> list[Any]:
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
