"""``tradewind db init|selftest|check|sql``: create, check, try and query the store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from tradewind.adapters.store.inspection import Finding, inspect
from tradewind.adapters.store.location import SCHEMA_REVISION
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.selftest import selftest as try_store
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.backups import Backups
from tradewind.app.config import load_config
from tradewind.app.database import database_path
from tradewind.cli.contract import DONE, INTERNAL, Report, single, table, verb
from tradewind.cli.overrides import in_emergency
from tradewind.errors import Misconfigured

app = single()
_LIMIT_S = 30.0
_MOST_ROWS = 100_000
_READING = ("select", "with", "pragma", "explain", "values")


@app.command()
@verb
def init(config: Path | None) -> Report:
    """Create the database, or bring its schema up to date; what is in it stays."""
    database = database_at(database_path(load_config(config)))
    try:
        changed = database.prepare(WallClock().now())
    finally:
        database.close()
    done = "created or updated" if changed else "up to date already"
    return Report(
        {"database": str(database.path), "schema": SCHEMA_REVISION, "changed": changed},
        human=f"{database.path}: schema {SCHEMA_REVISION}, {done}",
    )


@app.command()
@verb
def check(config: Path | None) -> Report:
    """Verify pages, references, the journal's hash chain, and that every table follows from the journal."""
    settings = in_emergency(config)
    database = database_at(database_path(settings))
    try:
        findings = inspect(database)
        size = database.size() if findings[0].ok else None
    finally:
        database.close()
    grown = Backups(settings).growth(WallClock().now()) if size is not None else None
    return _report(findings, str(database.path), "Check", {"bytes": size, "growth_bytes_per_day": grown})


@app.command()
@verb
def selftest(config: Path | None) -> Report:
    """Try a store of its own on the same disk: create, commit, lock, reopen, verify. The real one is not touched."""
    path = database_path(load_config(config))
    return _report(try_store(path, WallClock()), str(path.parent), "Self-test")


@app.command()
@verb
def sql(
    statement: Annotated[str, typer.Argument(help="One statement that reads: SELECT, WITH, PRAGMA, EXPLAIN.")],
    config: Path | None,
) -> Report:
    """Run one reading statement on the database: at most 30 seconds (exit 5), at most 100,000 rows."""
    found = re.match(r"[A-Za-z]+", statement.strip())
    word = found[0].lower() if found else statement.strip()[:20]
    if word not in _READING:
        raise Misconfigured(
            f"{word or 'an empty text'} is not a reading statement",
            where="tradewind db sql",
            allowed=", ".join(_READING),
            next_step="write a SELECT; the store is written by tradewind alone",
        )
    database = database_at(database_path(load_config(config)))
    try:
        database.require()
        columns, rows = database.ask(statement, limit_s=_LIMIT_S, most_rows=_MOST_ROWS)
    finally:
        database.close()
    shown = [[_cell(cell) for cell in row] for row in rows]
    document = {"columns": columns, "rows": shown}
    return Report(document, human=table("", columns, shown, note=f"rows: {len(rows)}") if columns else "no rows")


def _report(findings: list[Finding], where: str, title: str, more: dict[str, Any] | None = None) -> Report:
    ok = all(finding.ok for finding in findings)
    document = {"database": where, "ok": ok, "checks": [finding._asdict() for finding in findings], **(more or {})}
    rows = [(finding.check, "ok" if finding.ok else "FAILED", finding.detail) for finding in findings]
    human = table(f"{title} of {where}", ["check", "result", "detail"], rows)
    return Report(document, human, DONE if ok else INTERNAL)


def _cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode() if value[:1] in (b"{", b"[") else value.hex()
    return value
