"""``tradewind risk``: the account under its limits, and the rules of prop firms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.app.ask.risk_status import RiskStatus, risk_status
from tradewind.app.database import database_path
from tradewind.app.firm_files import firm_file, firm_rules, shipped_firms
from tradewind.app.signal_text import percent, utc
from tradewind.cli.contract import Report, table
from tradewind.cli.overrides import in_emergency, readable
from tradewind.model.stamp import head_of


def status_answer(config: Path | None, store: Path | None) -> Report:
    """The account of the store's run."""
    settings = in_emergency(config)
    found = risk_status(store or database_path(settings), lambda preset, interval: readable(config, preset, interval))
    return Report(found, _parts(found))


def firms_answer(show: str) -> Report:
    """The shipped firms, or the file of one."""
    if show:
        rules = firm_rules(show)
        text = firm_file(show).read_text("utf-8")
        return Report({"firm": show, "rules": rules, "file": text}, text)
    found = {name: firm_rules(name) for name in shipped_firms()}
    rows = [
        (
            name,
            one.title,
            percent(one.daily_loss.share),
            f"{percent(one.total_loss.share)} {one.total_loss.kind}",
            ", ".join(one.stages),
            one.time_zone,
        )
        for name, one in found.items()
    ]
    columns = ["name", "firm", "day's loss", "total loss", "stages", "day begins at midnight in"]
    return Report({"firms": found}, table("Prop firms", columns, rows, note="Use one with `--risk-preset NAME`."))


def _parts(found: RiskStatus) -> list[Any]:
    money = [
        ("realised", found.realised),
        ("unrealised", found.unrealised),
        ("balance (opening + realised)", found.balance),
        ("equity (balance + unrealised)", found.equity),
        ("result of the day", found.day_result),
        ("planned loss of open positions", found.open_risk),
    ]
    head = f"{head_of(simulated=found.simulated, unproven=found.unproven)}Account, {found.currency}"
    state = f"State {found.state.upper()}; {found.positions} open, {found.trades} closed"
    day = f"; day {found.day} ends {utc(found.day_end)}" if found.day else ""
    parts: list[Any] = [
        table(head, ["what", found.currency], [(name, f"{value:,.2f}") for name, value in money], note=state + day)
    ]
    rows = [
        (one.name, f"{one.floor:,.2f}", f"{one.allowed:,.2f}", f"{one.used:,.2f}", f"{one.remaining:,.2f}",
         percent(one.share_used))
        for one in found.limits
    ]  # fmt: skip
    parts.append(table("Limits", ["limit", "floor", "allowed", "used", "remaining", "share used"], rows))
    if found.latches:
        held = [
            (one.cause, one.state, one.since, one.actor or "limit", one.reason or None,
             utc(one.until) if one.until else "a person clears it")
            for one in found.latches
        ]  # fmt: skip
        parts.append(table("What holds", ["cause", "state", "since (UTC)", "by", "reason", "until"], held))
    if found.firm:
        best = "none yet" if found.best_day is None else f"{percent(found.best_day)} of the profit"
        parts.append(
            f"{found.firm}, {found.stage}: {found.verdict or 'not begun'}, {found.trading_days} trading days,"
            f" best day {best}"
        )
    if found.waiting_orders:
        parts.append(f"{found.waiting_orders} orders wait in the inbox for a run to obey them.")
    if not found.running:
        parts.append("No run is alive.")
    return parts
