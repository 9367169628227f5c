"""What follows from the outputs of learning: rows of outcomes, checks, alarms, replacements, cycles and choices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Table

from tradewind.adapters.store import learning_schema as tables
from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.schema import utc_text
from tradewind.model.drift import DriftAlarm, DriftCheck, LearningCycle, MemberReplaced, SelectorChoice
from tradewind.model.outcome import SignalOutcome

Learnt = SignalOutcome | DriftAlarm | MemberReplaced | LearningCycle | SelectorChoice
LEARNT: Final = (SignalOutcome, DriftAlarm, MemberReplaced, LearningCycle, SelectorChoice)
Statement = tuple[str, tuple[object, ...]]


def _insert(table: Table) -> str:
    names = [column.name for column in table.columns if column.name != "id"]
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608  constants


def _upsert(table: Table) -> str:
    keys = [column.name for column in table.primary_key]
    rest = [column.name for column in table.columns if column.name not in keys]
    changes = ", ".join(f"{name} = excluded.{name}" for name in rest)
    return f"{_insert(table)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"


_OUTCOME: Final = _upsert(tables.signal_outcomes)
_AUDIT: Final = _insert(tables.outcome_audit)
_STATUS: Final = "UPDATE signals SET status = ?, r = ? WHERE id = ?"
_CHECK: Final = _upsert(tables.drift_checks)
_ALARM: Final = _insert(tables.drift_alarms)
_CHANGE: Final = _insert(tables.member_changes)
_CYCLE: Final = _insert(tables.learning_cycles)
_CHOICE: Final = _insert(tables.selector_choices)


def statements(output: Learnt, seq: int) -> Iterator[Statement]:
    """The statements of one output of journal entry ``seq``, in the order they must run."""
    if isinstance(output, SignalOutcome):
        yield from _outcome(output, seq)
    elif isinstance(output, LearningCycle):
        stamp = (utc_text(output.ts), output.ts)
        counts = (output.number, output.checked, output.alarms, output.failed, output.entries, output.fleet_limit)
        yield _CYCLE, (*stamp, *counts, seq)
        for one in output.checks:
            yield _check(one, seq)
    elif isinstance(output, DriftAlarm):
        one = output.check
        said = (str(one.severity), one.level, one.effect.degradation, one.action)
        marks = (int(output.escalated), int(output.confirmed))
        yield _ALARM, (utc_text(one.ts), one.ts, one.symbol, one.member, *said, *marks, seq)
    elif isinstance(output, MemberReplaced):
        who = (output.symbol, output.member, output.replacement)
        yield _CHANGE, (utc_text(output.ts), output.ts, *who, str(output.severity), output.level, output.reason, seq)
    else:
        chosen = (output.symbol, output.state, output.method, output.action, output.value)
        marks = (int(output.explored), int(output.applied))
        yield _CHOICE, (utc_text(output.ts), output.ts, *chosen, *marks, encode_text(output.weights), seq)


def _check(one: DriftCheck, seq: int) -> Statement:
    stamp = utc_text(one.ts)
    key = (one.symbol, one.member, stamp[:10])
    return _CHECK, (*key, stamp, one.ts, str(one.severity), one.level, encode_text(one), seq)


def _outcome(one: SignalOutcome, seq: int) -> Iterator[Statement]:
    stamp = (utc_text(one.ts), one.ts)
    series = (one.symbol, one.timeframe.value, one.member)
    met = (one.leg, one.ts_entry or None, one.entry, one.exit, one.amount)
    yield _OUTCOME, (one.signal_id, *stamp, *series, one.source, one.result, one.r, *met, seq)
    if one.source == "report":
        said = (one.overrides, one.result, one.amount, one.actor, one.reason, one.request)
        yield _AUDIT, (*stamp, one.signal_id, *said, seq)
    if one.source != "trade":  # the account's own word has set the status already
        yield _STATUS, (one.result, one.r, one.signal_id)
