"""``tradewind db backup|restore|migrate``: copies of the store, the way back, the way to another database."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, get_args

import msgspec
import typer
from rich.console import RenderableType

from tradewind.adapters.store.backup import Kind, Manifest
from tradewind.adapters.store.backup_shelf import last_good
from tradewind.adapters.store.location import path_of
from tradewind.adapters.store.moving import move
from tradewind.adapters.store.restored import Restored
from tradewind.adapters.store.restoring import restore as put_back
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.backups import Backups, document, taken_line
from tradewind.app.config import load_config
from tradewind.app.settings.root import AppConfig
from tradewind.cli.contract import Report, single, table, verb
from tradewind.cli.overrides import in_emergency
from tradewind.errors import Misconfigured, TradewindError

app = single()


@app.command()
@verb
def backup(
    config: Path | None = None,
    kind: Annotated[str, typer.Option("--kind", help=f"What it is for: {', '.join(get_args(Kind))}.")] = "manual",
    output: Annotated[Path | None, typer.Option("--output", help="Folder; backup.folder when left out.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only list the backups there are.")] = False,
) -> Report:
    """Copy the store while it is written, verify the copy, keep it, and remove what need not stay."""
    backups = _backups(in_emergency(config), output)
    if listed:
        return _list(backups)
    if kind not in get_args(Kind):
        raise Misconfigured(f"there is no kind {kind!r}", where="--kind", allowed=", ".join(get_args(Kind)))
    taken = backups.take(kind, WallClock().now())  # type: ignore[arg-type]  # looked up one line above
    return Report(document(taken), human=taken_line(taken))


@app.command()
@verb
def restore(
    file: Annotated[Path | None, typer.Argument(help="The backup.")] = None,
    config: Path | None = None,
    newest: Annotated[
        bool, typer.Option("--last-good", help="Take the newest backup that is whole, on this host or in the bucket.")
    ] = False,
) -> Report:
    """Put a backup in the place of the store, which is kept beside it; say what is lost and how long it took."""
    backups, clock = _backups(load_config(config), None), WallClock()
    if (file is None) is not newest:
        raise Misconfigured(
            "name a backup, or say --last-good", where="tradewind db restore", allowed="one of the two",
            next_step="tradewind db backup --list shows what there is",
        )  # fmt: skip
    started = clock.monotonic()
    notes: list[str] = []
    if file is not None:
        found = put_back(file, backups.database, clock.now())
    else:
        with tempfile.TemporaryDirectory(prefix="tradewind-fetched-") as name:
            path, _ = last_good(backups.shelves(), Path(name), notes.append)
            found = put_back(path, backups.database, clock.now())
    seconds = (clock.monotonic() - started) / 1e9
    return Report(_restored(found, backups.database, seconds, notes), human=_told(found, backups, seconds, notes))


@app.command()
@verb
def migrate(
    config: Path | None = None,
    source: Annotated[str, typer.Option("--from", help="sqlite:///PATH, or the URL of a server.")] = "",
    target: Annotated[str, typer.Option("--to", help="postgresql://..., or sqlite:///PATH.")] = "",
) -> Report:
    """Copy the store into another database and compare every table; needs a backup of the last hour (exit 4)."""
    settings = load_config(config)
    data = Path(settings.paths.data)
    backups = Backups(settings)
    if not target and not source:
        raise Misconfigured("say where to", where="tradewind db migrate", next_step="--to postgresql://USER@HOST/NAME")
    one = path_of(source, data) if source else backups.database
    two = path_of(target, data) if target else backups.database
    found = move(one, two, backups.of(one), WallClock().now())
    rows = [(name, each.rows, each.sha256[:16]) for name, each in found.tables.items()]
    done = "copied, every table compared" if found.changed else "was there already, nothing was written"
    note = f"{sum(each.rows for each in found.tables.values()):,} rows: {done}. Set DB_URL to run on it."
    title = f"{found.source} to {found.target}"
    return Report(msgspec.to_builtins(found), human=table(title, ["table", "rows", "sha256"], rows, note=note))


def _backups(settings: AppConfig, output: Path | None) -> Backups:
    backups = Backups(settings)
    if output is not None:
        backups.folder = output
    return backups


def _list(backups: Backups) -> Report:
    found: list[tuple[str, Manifest]] = []
    faults: list[str] = []
    for shelf in backups.shelves():
        try:
            found += [(shelf.where, one) for one in shelf.manifests()]
        except TradewindError as fault:
            faults.append(str(fault))
    rows = [
        (one.name, where, one.kind, one.timestamp, one.seq, one.rows, f"{one.bytes / 1e6:.1f} MB")
        for where, one in found
    ]
    columns = ["backup", "in", "kind", "taken (UTC)", "last entry", "rows", "size"]
    documents = [{"in": where, **msgspec.to_builtins(one)} for where, one in found]
    return Report(
        {"backups": documents, "faults": faults}, human=table("Backups", columns, rows, note="; ".join(faults))
    )


def _restored(found: Restored, database: Path, seconds: float, notes: list[str]) -> dict[str, object]:
    return {
        "database": str(database),
        **msgspec.to_builtins(found),
        "lost": found.lost,
        "rto_seconds": round(seconds, 3),
        "passed_over": notes,
    }


def _told(found: Restored, backups: Backups, seconds: float, notes: list[str]) -> RenderableType:
    kept = f"What was there lies in {found.kept}. " if found.kept else ""
    words = [*notes, f"{found.words()}. {kept}Restored and verified in {seconds:.1f} s (RTO)."]
    return table(f"Restored {backups.database}", ["table", "rows"], sorted(found.rows.items()), note="\n".join(words))
