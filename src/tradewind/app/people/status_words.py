"""How the run is, in lines for a chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tradewind.app.ask.freshness import span
from tradewind.app.ask.status import Status
from tradewind.app.signal_text import percent, utc
from tradewind.model.stamp import head_of


def status_lines(found: Status) -> list[str]:
    """What runs, what it saw last, what it holds."""
    run = found.run
    if run is None:
        return ["Status", f"No run in the store. {'; '.join(found.warnings)}".strip()]
    head = head_of(simulated=run.simulated, unproven=run.unproven)
    state = "running" if found.writer.running else "not running"
    lines = [f"{head}Status: {state}{', PAUSED' if run.paused else ''}", f"Execution: {run.trades_by}"]
    lines += [f"WARNING: {warning}" for warning in found.warnings]
    lines.append(f"Last entry: {utc(run.last_ts)}, {span((found.now - run.last_ts) / 1e9)} ago")
    for one in found.symbols:
        data = "no bar yet" if one.data is None else f"{utc(one.data.last_bar)}, {span(one.data.age_s)} old"
        market = "open" if one.next_open is None else f"{one.market} until {utc(one.next_open)}"
        feed = f", feed {one.feed} {one.feed_detail}".rstrip() if one.feed else ""
        lines.append(f"{one.symbol}: {data}, market {market}{feed}")
    if found.last_day is not None:
        lines.append(f"Last 24 h: {found.last_day.decisions} decisions, {found.last_day.signals} signals")
    return [*lines, *_account(found)]


def table_lines(found: Status) -> list[str]:
    """Open positions, one short line each."""
    held = found.account.positions if found.account is not None else ()
    return [f"{len(held)} open positions", *_positions(found)]


def balance_lines(found: Status, *, counted: bool = False) -> list[str]:
    """Balance and equity, or the number of open positions."""
    if found.account is None:
        return ["Balance", "Nothing is traded: this run only gives signals."]
    if counted:
        return [f"{len(found.account.positions)} open positions", *_positions(found)]
    return ["Balance", *_account(found)]


def health_lines(found: Status, deliveries: Sequence[Sequence[Any]], now: int) -> list[str]:
    """Whether everything moves: writer, age of the last entry, deliveries by state, errors."""
    age = "-" if found.run is None else span((now - found.run.last_ts) / 1e9)
    told = ", ".join(f"{count} {state}" for state, count in deliveries) or "none"
    lines = [
        "Health",
        f"Writer: {'alive, process ' + str(found.writer.pid) if found.writer.running else 'not running'}",
        f"Last entry: {age} ago",
        f"Deliveries: {told}",
    ]
    return lines + [f"{one.timestamp} {one.error_type}: {one.message}" for one in found.errors[:3]]


def _account(found: Status) -> list[str]:
    account = found.account
    if account is None:
        return []
    return [
        f"Balance: {account.balance:.2f} {account.currency}, equity {account.equity:.2f}",
        f"Drawdown: {percent(account.drawdown)}",
        f"Trades: {account.trades} closed, {len(account.positions)} open",
        *_positions(found),
    ]


def _positions(found: Status) -> list[str]:
    return [
        f"{one.direction} {one.lots:g} {one.symbol} at {one.entry:.10g}"
        + ("" if one.floating is None else f", {one.floating:+.2f}")
        for one in (found.account.positions if found.account is not None else ())
    ]
