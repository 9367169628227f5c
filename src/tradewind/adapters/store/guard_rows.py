"""What the account guard says, as rows: the latches that hold now, and the account at each day and trade."""

from __future__ import annotations

from typing import Final

from tradewind.adapters.store.schema import utc_text
from tradewind.model.guard import AccountMark, Answered, GuardChanged

Statement = tuple[str, tuple[object, ...]]
_ANSWER: Final = (
    "UPDATE command_inbox SET status = ?, answered_ts = ?, state = ?, answer = ?, journal_seq = ?"
    " WHERE id = ? AND status = 'waiting'"
)
_SET: Final = (
    "INSERT INTO guard_state (cause, timestamp, ts, state, actor, reason, value, limit_value, until, journal_seq)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CLEAR: Final = "DELETE FROM guard_state WHERE cause = ?"
_MARK: Final = (
    "INSERT INTO equity_marks (timestamp, ts, kind, balance, equity, day, day_equity, day_balance, day_end, peak,"
    " daily_floor, total_floor, trading_days, best_day, verdict, journal_seq)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def guard_statements(output: Answered | GuardChanged | AccountMark, seq: int) -> list[Statement]:
    """The statements of one output of entry ``seq``."""
    if isinstance(output, Answered):
        if not output.id.isdigit():
            return []  # a request of another origin than the inbox
        return [(_ANSWER, (output.result, output.ts, output.state, output.detail, seq, int(output.id)))]
    stamp = utc_text(output.ts)
    if isinstance(output, GuardChanged):
        if output.cleared:
            return [(_CLEAR, (output.cause,))]
        told = (output.actor, output.reason, output.value, output.limit, output.until)
        return [(_SET, (output.cause, stamp, output.ts, output.state, *told, seq))]
    day = (output.day, output.day_equity, output.day_balance, output.day_end, output.peak)
    firm = (output.daily_floor, output.total_floor, output.trading_days, output.best_day, output.verdict)
    return [(_MARK, (stamp, output.ts, output.kind, output.balance, output.equity, *day, *firm, seq))]
