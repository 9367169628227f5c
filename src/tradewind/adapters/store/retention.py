"""Which rows go when they are old. What the journal, the account and people's words rest on is kept for good.

A row goes when its own time lies further back than the days that are kept; the newest row of a table always stays, so
that ids are not given twice. Rows that follow from the journal can be made from it again. A pass takes at most some
thousand rows of a table whose rows do not go by ranges of an index, and the next pass goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tradewind.adapters.store.database import Cursor, Writer
from tradewind.adapters.store.schema import utc_text

PORTION: Final = 2_000
COUNTED: Final = ("candles", "snapshots")
"""Tables that keep so many rows of each series rather than so many days."""
AGED: Final = (
    "decisions", "confidence_history", "drift_checks", "learning_cycles", "selector_choices", "learning_states",
    "forecasts", "articles", "error_log", "heartbeats", "command_inbox", "outbox", "deliveries",
)  # fmt: skip
KEPT_FOR_GOOD: Final = (
    "journal", "signals", "positions", "trade_outcomes", "signal_outcomes", "outcome_audit", "drift_alarms",
    "member_changes", "equity_marks", "guard_state", "orders", "venue_requests", "strategies", "strategy_audit",
    "retraining_history", "config_history", "datasets", "lease", "meta",
)  # fmt: skip
"""A few rows a day, or what every other table follows from."""

_DECISIONS: Final = "DELETE FROM decisions WHERE symbol = ? AND timeframe = ? AND ts < ?"
_CONFIDENCE: Final = (
    "DELETE FROM confidence_history WHERE symbol = ? AND timestamp < ? AND id <>"
    " (SELECT max(id) FROM confidence_history)"
)  # fmt: skip
_CHOICES: Final = (
    "DELETE FROM selector_choices WHERE symbol = ? AND ts < ? AND id < (SELECT max(id) FROM selector_choices)"
)
_FORECASTS: Final = "DELETE FROM forecasts WHERE ts < ?"
_ARTICLES: Final = "DELETE FROM articles WHERE ts < ?"
_CYCLES: Final = "DELETE FROM learning_cycles WHERE ts < ? AND id < (SELECT max(id) FROM learning_cycles)"
_CHECKS: Final = "DELETE FROM drift_checks WHERE day < ?"
_STATES: Final = (
    "DELETE FROM learning_states WHERE state = 'cycle' AND timestamp < ? AND id < (SELECT max(id) FROM learning_states)"
)
_ERRORS: Final = "DELETE FROM error_log WHERE timestamp < ? AND id < (SELECT max(id) FROM error_log)"
_BEATS: Final = "DELETE FROM heartbeats WHERE ts < ? AND id < (SELECT max(id) FROM heartbeats)"
_OLDEST_ORDERS: Final = (
    "SELECT id FROM command_inbox WHERE status <> 'waiting' AND ts < ? AND id <"
    " (SELECT max(id) FROM command_inbox) ORDER BY id LIMIT ?"
)
_OLDEST_TOLD: Final = (
    "SELECT id FROM outbox WHERE ts < ? AND last_ts < ? AND id < (SELECT max(id) FROM outbox) AND NOT EXISTS"
    " (SELECT 1 FROM deliveries WHERE outbox_id = outbox.id AND (state IN ('pending', 'sending', 'ambiguous') OR id ="
    " (SELECT max(id) FROM deliveries))) ORDER BY id LIMIT ?"
)


def prune(writer: Writer, series: Iterable[tuple[str, str]], before: int, market_before: int) -> dict[str, int]:
    """Removes what is older, in one transaction; rows removed by table, those with none left out.

    ``before`` is a time of the host, ``market_before`` one of the market: rows that follow from bars carry its time.
    ``series`` are ``(symbol, timeframe)`` of the run.
    """
    known = sorted(series)
    symbols = sorted({symbol for symbol, _ in known})
    earlier = min(before, market_before)
    text, market_text = utc_text(before), utc_text(market_before)
    gone: dict[str, int] = {}

    def take(cursor: Cursor, table: str, statement: str, *row: object) -> None:
        cursor.execute(statement, row)
        if cursor.rowcount > 0:
            gone[table] = gone.get(table, 0) + cursor.rowcount

    with writer.transaction() as cursor:
        for symbol, timeframe in known:
            take(cursor, "decisions", _DECISIONS, symbol, timeframe, market_before)
        for symbol in symbols:
            take(cursor, "confidence_history", _CONFIDENCE, symbol, market_text)
            take(cursor, "selector_choices", _CHOICES, symbol, market_before)
        take(cursor, "learning_cycles", _CYCLES, market_before)
        take(cursor, "forecasts", _FORECASTS, market_before)
        take(cursor, "articles", _ARTICLES, market_before)
        take(cursor, "drift_checks", _CHECKS, market_text[:10])
        take(cursor, "learning_states", _STATES, text)
        take(cursor, "error_log", _ERRORS, text)
        take(cursor, "heartbeats", _BEATS, before)
        for number in cursor.execute(_OLDEST_ORDERS, (before, PORTION)).fetchall():
            take(cursor, "command_inbox", "DELETE FROM command_inbox WHERE id = ?", *number)
        for number in cursor.execute(_OLDEST_TOLD, (earlier, earlier, PORTION)).fetchall():
            take(cursor, "deliveries", "DELETE FROM deliveries WHERE outbox_id = ?", *number)
            take(cursor, "outbox", "DELETE FROM outbox WHERE id = ?", *number)
    return gone
