"""What the ``data`` verbs share: their options, the folder they work on, times for people."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tradewind.app.settings.root import AppConfig
from tradewind.model.timeframe import SECOND

OptionalSymbolOption = Annotated[
    str, typer.Option("--symbol", "--pair", "-p", help="Pair such as EUR/USD; from the file's name when left out.")
]
FormatOption = Annotated[str, typer.Option("--format", help="Kind of file; found out from the content when left out.")]
ZoneOption = Annotated[
    str,
    typer.Option("--tz", help="Zone of times that carry none, such as Europe/Athens (MetaTrader's default) or UTC."),
]
StampOption = Annotated[str, typer.Option("--stamp", help="open or close: which end of the bar the file's times are.")]


def candle_folder(config: AppConfig) -> Path:
    """Where the candles of a configuration lie."""
    return Path(config.paths.data) / "candles"


def minute(ts: int) -> str:
    """UTC minutes: ``2023-03-24 12:40Z``."""
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d %H:%MZ")


def paired(symbol: str, *, simulated: bool) -> str:
    """The pair as it is shown; no made-up market passes for a real one."""
    return f"{symbol} SIMULATED" if simulated else symbol
