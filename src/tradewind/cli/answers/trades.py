"""``tradewind trades``: closed trades, the worst ones and what they have in common, the export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tradewind.adapters.store.codec import decode_event
from tradewind.adapters.store.reader import StoreReader
from tradewind.app.database import database_path
from tradewind.app.signal_text import utc
from tradewind.app.trade_export import export, verify
from tradewind.cli.contract import Report, table
from tradewind.cli.overrides import in_emergency
from tradewind.errors import Misconfigured
from tradewind.model.event import Started
from tradewind.model.stamp import head_of

_FIELDS: Final = (
    "signal_id, symbol, timeframe, predicted_direction, lots, ts_entry, ts_exit, entry, exit, exit_leg, net, r, mae_r,"
    " mfe_r, confidence"
)
LIST: Final = f"SELECT {_FIELDS} FROM trade_outcomes ORDER BY id DESC LIMIT ?"  # noqa: S608  names of this module
WORST: Final = f"SELECT {_FIELDS} FROM trade_outcomes ORDER BY pnl_absolute ASC, id ASC LIMIT ?"  # noqa: S608  the same
_LOSSES: Final = (
    "SELECT symbol, timeframe, predicted_direction, exit_leg, (ts_entry / 3600000000000) % 24, pnl_absolute"
    " FROM trade_outcomes"
)
_NAMES: Final = tuple(name.strip() for name in _FIELDS.split(","))
_PATTERNS: Final = ("symbol", "timeframe", "direction", "exit", "hour (UTC)")


def list_answer(config: Path | None, store: Path | None, number: int) -> Report:
    """The newest trades."""
    with _opened(config, store) as database:
        rows, head = database.query(LIST, (number,))[1], _head(database)
    return Report({"trades": _documents(rows)}, _drawn(f"{head}Closed trades, newest first", rows))


def worst_answer(config: Path | None, store: Path | None, number: int) -> Report:
    """The dearest losses, and where losses gather: trades, losses and their sum by symbol, exit, hour and so on."""
    with _opened(config, store) as database:
        rows, head = database.query(WORST, (number,))[1], _head(database)
        every = database.query(_LOSSES)[1]
    patterns = _patterns(every)
    document = {"trades": _documents(rows), "patterns": patterns, "of": len(every)}
    drawn = [
        (one["by"], one["value"], one["trades"], one["losses"], f"{one['loss_rate']:.0%}", f"{one['result']:,.2f}")
        for one in patterns
    ]
    columns = ["by", "value", "trades", "losses", "lost", "result"]
    return Report(document, [_drawn(f"{head}Worst trades", rows), table("Where the losses are", columns, drawn)])


def export_answer(config: Path | None, store: Path | None, year: int | None, out: Path | None) -> Report:
    """The CSV, to a file or to stdout."""
    with _opened(config, store) as database:
        made = export(database, year)
    document = {"trades": made.trades, "hash": made.head, "year": year, "file": None if out is None else str(out)}
    if out is None:
        return Report(document | {"csv": made.text}, made.text)
    try:
        out.write_text(made.text, "utf-8")
    except OSError as error:
        raise Misconfigured(f"cannot be written ({error.strerror})", where=str(out)) from error
    return Report(document, f"{out}: {made.trades} trades; last hash {made.head}, to be kept elsewhere.")


def verify_answer(file: Path) -> Report:
    """Whether an export is as it was written."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"cannot be read ({error})", where=str(file)) from error
    trades, head = verify(text, str(file))
    said = f"{file}: {trades} trades, every hash holds; the last is {head}"
    return Report({"file": str(file), "trades": trades, "hash": head}, said)


def _opened(config: Path | None, store: Path | None) -> StoreReader:
    return StoreReader(store or database_path(in_emergency(config)))


def _head(database: StoreReader) -> str:
    """The stamp of the store's run."""
    rows = database.query("SELECT event FROM journal ORDER BY seq LIMIT 1")[1]
    event = decode_event(rows[0][0]) if rows else None
    return head_of(simulated=event.simulated, unproven=event.unproven) if isinstance(event, Started) else ""


def _documents(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(_NAMES, row, strict=True)) for row in rows]


def _drawn(title: str, rows: Sequence[Sequence[Any]]) -> Any:
    columns = ["signal", "trade", "opened", "closed", "entry", "exit", "by", "net", "R"]
    lines = []
    for signal, symbol, timeframe, direction, lots, opened, closed, entry, left, leg, net, r, *_ in rows:
        trade = f"{direction} {lots:g} {symbol} {timeframe}"
        prices = (f"{entry:.10g}", f"{left:.10g}")
        lines.append((signal, trade, utc(opened), utc(closed), *prices, leg, f"{float(net):+,.2f}", f"{r:+.2f}"))
    return table(title, columns, lines)


def _patterns(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Groups of at least five trades that lose more often than all trades do, the dearest first."""
    overall = sum(row[-1] < 0 for row in rows) / len(rows) if rows else 0.0
    trades: Counter[tuple[str, str]] = Counter()
    losses: Counter[tuple[str, str]] = Counter()
    results: dict[tuple[str, str], float] = {}
    for row in rows:
        for by, value in zip(_PATTERNS, row[:-1], strict=True):
            key = (by, str(value))
            trades[key] += 1
            losses[key] += row[-1] < 0
            results[key] = results.get(key, 0.0) + row[-1]
    worse = [key for key, n in trades.items() if n >= 5 and losses[key] / n > overall and results[key] < 0.0]
    return [
        {"by": key[0], "value": key[1], "trades": trades[key], "losses": losses[key],
         "loss_rate": losses[key] / trades[key], "result": round(results[key], 2)}
        for key in sorted(worse, key=results.__getitem__)[:10]
    ]  # fmt: skip
