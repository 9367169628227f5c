"""``tradewind strategy``: families, the search for strategies, and the book of all that were ever tried."""

from __future__ import annotations

from tradewind.cli.contract import parted

_SEARCH, _BOOK, _LEDGER = (f"tradewind.cli.strategy_{part}" for part in ("search", "book", "ledger"))

app = parted(
    "Strategies: families, candidates, the book of all that were tried, the ledger of trials.",
    {
        "families": _SEARCH,
        "generate": _SEARCH,
        "check": "tradewind.cli.strategy_check",
        "list": _BOOK,
        "show": _BOOK,
        "enable": _BOOK,
        "disable": _BOOK,
        "restore": "tradewind.cli.strategy_restore",
        "health": _BOOK,
        "ledger": _LEDGER,
    },
)
