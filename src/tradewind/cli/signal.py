"""``tradewind signal``: the signal for one pair now, or why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.ask.desk import Desk
from tradewind.app.ask.freshness import span
from tradewind.app.ask.signal_now import DecisionNow, SignalNow, signal_now
from tradewind.app.signal_text import reason_line, refusal_lines, signal_lines
from tradewind.cli.contract import Report, progress, single, verb
from tradewind.cli.options import OptionalIntervalOption, PairArgument, PresetOption
from tradewind.cli.overrides import configured
from tradewind.cli.run import StoreOption
from tradewind.model.decision import Signal
from tradewind.model.instrument import Instrument

app = single()


@app.command()
@verb
def signal(
    config: Path | None,
    pair: PairArgument,
    interval: OptionalIntervalOption = None,
    preset: PresetOption = None,
    store: StoreOption = None,
) -> Report:
    """The signal for one pair now, or NO TRADE with every reason; a signal too old to act on says EXPIRED."""
    desk = Desk(lambda chosen, asked: configured(config, chosen, asked), preset, interval, store)
    symbol = desk.symbol(pair)
    with progress(f"Decide {symbol}", None) as advance:
        answer = signal_now(desk, symbol, WallClock().now(), advance)
    return Report(answer, human=lines(answer, desk.instrument(symbol)))


def lines(answer: SignalNow, instrument: Instrument) -> list[Any]:
    """The answer as a person reads it."""
    head = "SIMULATED " if answer.simulated else ""
    origin = "the store's run" if answer.origin == "store" else "a run in memory"
    text = [
        f"{head}{answer.symbol}: {answer.data.text()}",
        f"From {origin} ({answer.where}, configuration {answer.config_hash})",
    ]
    for one in answer.decisions:
        text += ["", *_lines(one, instrument, answer.now)]
    return [*text, "", f"Next: tradewind why {answer.symbol}"]


def _lines(one: DecisionNow, instrument: Instrument, now: int) -> list[str]:
    if not isinstance(one.decision, Signal):
        first = [f"Blocked first by {one.blocked_by}"] if len(one.reasons) > 1 else []
        return [*refusal_lines(one.decision), *first]
    shown = signal_lines(one.decision, instrument)
    if one.state == "EXPIRED":
        late = span((now - one.decision.valid_until) / 1e9)
        return [f"EXPIRED {late} ago, do not act on it:", *shown]
    if one.state != "valid":
        return [f"DO NOT ACT: {reason_line(one.reasons[0])}", *shown]
    return shown
