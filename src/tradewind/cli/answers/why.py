"""``tradewind why``: the whole chain behind one decision, with its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.app.ask import chain_text
from tradewind.app.ask.desk import Desk
from tradewind.app.ask.why import Answer
from tradewind.app.ask.why import why as chain_of
from tradewind.app.signal_text import refusal_lines, signal_lines, utc
from tradewind.app.wiring import ensemble_params
from tradewind.cli.contract import Report, progress, table
from tradewind.cli.overrides import configured
from tradewind.model.decision import Signal
from tradewind.model.stamp import head_of
from tradewind.model.timeframe import Timeframe


def answer(
    config: Path | None, pair: str, time: str, interval: Timeframe | None, preset: str | None, store: Path | None
) -> Report:
    """Explains the decision on one bar; ``time`` as it was typed."""
    desk = Desk(lambda chosen, asked: configured(config, chosen, asked), preset, interval, store)
    symbol = desk.symbol(pair)
    with progress(f"Rebuild {symbol}", None) as advance:
        found = chain_of(desk, symbol, time, advance)
    return Report(found, human=chain_parts(desk, found))


def chain_parts(desk: Desk, answer: Answer, *, told: bool = False) -> list[Any]:
    """The chain as a person reads it, in the order in which it was walked; ``told``: the decision was shown already."""
    chain = answer.chain
    instrument = desk.instrument(answer.symbol)
    head = head_of(simulated=answer.simulated, unproven=answer.unproven)
    title = f"{head}Why {answer.symbol} {answer.timeframe} at {utc(answer.ts)}: {chain_text.verdict_word(chain)}"
    decision = chain.decision
    parts: list[Any] = [*answer.notes, origin_line(answer)]
    if not told:
        if isinstance(decision, Signal):
            parts += signal_lines(decision, instrument)
        else:
            parts += refusal_lines(decision, head.strip())
    parts += ["Nearest change", *(f"  - {change.text}" for change in answer.nearest)]
    parts.append(table(title, ["bar", ""], chain_text.bar_rows(chain, instrument, answer.source, answer.cause)))
    columns = ["member", "vote", "weight", "rule", "trades", "win rate", "mean R"]
    parts.append(table("Members", columns, chain_text.member_rows(chain.members, answer.ts)))
    parts.append(table("Count", ["what", "value"], chain_text.tally_rows(chain, ensemble_params(desk.config))))
    if chain.filters:
        columns = ["filter", "bars", "inputs", "says"]
        parts.append(table("Filters", columns, chain_text.filter_rows(chain.filters)))
    if chain.risk is not None:
        rows = chain_text.risk_rows(chain.risk, instrument, desk.config.account.currency)
        parts.append(table("Risk", ["what", "value"], rows))
    return parts


def origin_line(answer: Answer) -> str:
    """Where the chain comes from, and how it compares with what was recorded."""
    if answer.origin == "store":
        return f"Recomputed from {answer.data}; it equals the recorded decision (configuration {answer.config_hash})."
    line = f"Computed from {answer.data} (configuration {answer.config_hash})"
    if answer.recorded is None:
        return f"{line}; no run has recorded this bar."
    same = "it equals" if answer.equal else "it DIFFERS from"
    return f"{line}; {same} the decision the store's run recorded."
