"""``tradewind signal``: the signal for one pair now, or why there is none."""

from __future__ import annotations

import shlex
from pathlib import Path

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.ask.desk import Desk
from tradewind.app.ask.now_text import now_lines
from tradewind.app.ask.signal_now import signal_now
from tradewind.cli.contract import Report, progress
from tradewind.cli.overrides import configured
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
    return Report(found, human=now_lines(found, desk.instrument(symbol), asked))
