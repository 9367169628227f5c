"""``tradewind data``: candles on disk, instruments and, where installed, the providers behind them."""

from __future__ import annotations

import importlib
from pathlib import Path

from tradewind.cli.contract import group

_PARTS = ("data_import", "data_store", "data_verify", "data_names", "data_live")

app = group("Candles: import, list, check; instruments and what providers call them.")
for _part in _PARTS:
    if (Path(__file__).parent / f"{_part}.py").exists():
        app.registered_commands += importlib.import_module(f"tradewind.cli.{_part}").app.registered_commands
