"""Tables of orders, and the report of what was intended against what was filled."""

from __future__ import annotations

from pathlib import Path

from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.opening import database_at
from tradewind.app.database import database_path
from tradewind.app.order_report import Difference, OrderReport, order_lines, order_report
from tradewind.cli.answers.control import order_answer
from tradewind.cli.contract import DONE, NEGATIVE, Report, table
from tradewind.cli.control_options import Ordering
from tradewind.cli.overrides import configured

RAISED = (
    "intended and filled count steps of the lot; intended is what an order was first made for. A stop is raised with"
    " what its entry fills, so it may fill above that and is no overfill: one would be an alarm (overfilled)."
)


def list_answer(config: Path | None, store: Path | None, *, only_open: bool) -> Report:
    """The orders as a table."""
    path = store or database_path(configured(config))
    database = database_at(path)
    try:
        database.require()
        lines = order_lines(database, only_open=only_open)
    finally:
        database.close()
    columns = ["updated (UTC)", "order", "signal", "leg", "side", "intended", "filled", "state", "detail"]
    rows = [
        (one.updated, one.client_id[:12], one.signal_id, one.leg, "buy" if one.side > 0 else "sell", one.intended,
         one.filled, one.state, one.detail)
        for one in lines
    ]  # fmt: skip
    note = RAISED if any(one.filled > one.intended for one in lines) else ""
    note = note if lines else "No order went to a venue: orders.venue = engine keeps them in the engine."
    return Report({"store": str(path), "orders": lines}, table("Orders", columns, rows, note=note))


def reconcile_answer(ordering: Ordering) -> Report:
    """The report; where a run is at work, after it has been told to ask its venue."""
    path = ordering.store or database_path(configured(ordering.config))
    asked = order_answer("reconcile", ordering) if WriterLock(path).holder() is not None else None
    database = database_at(path)
    try:
        database.require()
        report = order_report(database)
    finally:
        database.close()
    document = {"store": str(path), "report": report, "order": asked.document["order"] if asked is not None else None}
    said = _text(report) if asked is None else f"{asked.human}\n{_text(report)}"
    return Report(document, said, NEGATIVE if report.unmatched else DONE)


def given_answer(verb: str, ordering: Ordering, signal: str = "") -> Report:
    """An order about orders, put into the inbox, and what became of it."""
    return order_answer(verb, ordering, signal)


def _text(report: OrderReport) -> str:
    share = report.filled_steps / report.intended_steps if report.intended_steps else 1.0
    lines = [
        f"{report.entries} entries are over: {report.whole} filled whole, {report.partly} in part, {report.unfilled}"
        f" not at all; {report.filled_steps} of {report.intended_steps} intended steps ({share:.1%}).",
        f"{report.open_positions} positions are open; unmatched: {len(report.unmatched)}.",
        *(_line(one) for one in report.unmatched),
    ]
    if report.differences:
        lines.append(f"Differences with the venue that were noticed during the run: {len(report.differences)}")
        lines += [_line(one) for one in report.differences[-10:]]
    return "\n".join(lines)


def _line(one: Difference) -> str:
    return f"  {one.code} {one.subject}: {one.detail}"
