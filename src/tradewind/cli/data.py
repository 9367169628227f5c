"""``tradewind data``: candles on disk, instruments and, where installed, the providers behind them."""

from __future__ import annotations

from tradewind.cli.contract import parted

_IMPORT, _LIST, _STORE, _VERIFY, _NAMES, _LIVE = (
    f"tradewind.cli.data_{part}" for part in ("import", "list", "store", "verify", "names", "live")
)

app = parted(
    "Candles: import, list, check; instruments and what providers call them.",
    {
        "import": _IMPORT,
        "list": _LIST,
        "status": _STORE,
        "drop": _STORE,
        "restore": _STORE,
        "verify": _VERIFY,
        "pairs": _NAMES,
        "resolve": _NAMES,
        "fetch": _LIVE,
        "ping": _LIVE,
        "providers": _LIVE,
        "serve": _LIVE,
    },
)
