"""A group of verbs that do one thing each, to see what the contract makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import typer

from tradewind.cli.contract import Report, group, progress, table, verb
from tradewind.cli.options import IntervalOption, SymbolOption, TimeRangeOption
from tradewind.errors import Corrupt, Misconfigured, Rejected, TimedOut, Unavailable

app = group("Verbs of the test.")


@app.command()
@verb
def tell(
    symbol: SymbolOption = "EUR/USD",
    interval: IntervalOption = "1h",  # type: ignore[assignment]
    timerange: TimeRangeOption = None,
    config: Path | None = None,
) -> Report:
    """Says what it was given."""
    print("a chatty library")
    with progress("Working", total=1) as advance:
        advance()
    document = {
        "symbol": symbol,
        "interval": interval,
        "range": timerange,
        "config": str(config),
        "nan": np.float64("nan"),
    }
    return Report(
        document, human=["plain [text]", table("Given", ["what", "value"], [("symbol", symbol), ("x", None)])]
    )


@app.command()
@verb
def fail(kind: str, code: int = 0) -> Report:
    """Ends the way it is told to."""
    errors = {
        "misconfigured": Misconfigured("wrong key", where="risk.x", allowed="risk.y", next_step="rename it"),
        "unavailable": Unavailable("no venue"),
        "rejected": Rejected("gate failed"),
        "timed_out": TimedOut("waited 5 s"),
        "corrupt": Corrupt("bad digest"),
        "bug": ZeroDivisionError("secret-free message\nsecond line"),
        "full": OSError(28, "No space left on device", "store.db"),
        "pipe": BrokenPipeError(32, "Broken pipe"),
        "interrupt": KeyboardInterrupt(),
    }
    if kind in errors:
        raise errors[kind]
    return Report({"kind": kind}, human=kind, exit_code=code)


@app.command()
def bare() -> None:
    """A command outside the contract."""
    raise typer.Exit(5)
