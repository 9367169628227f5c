"""What the store knows of drift, selection and outcomes, for people: read beside a running service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tradewind.adapters.store.reader import Queryable
from tradewind.adapters.store.schema import utc_text
from tradewind.errors import Misconfigured
from tradewind.model.drift import DriftCheck, MemberReplaced, PartDrift, Severity
from tradewind.model.outcome import SignalOutcome
from tradewind.model.timeframe import DAY, Timeframe

SCHEMA: Final = 1
_CHECKS: Final = "SELECT payload FROM drift_checks WHERE day = ? ORDER BY symbol, member"
_DAYS: Final = "SELECT DISTINCT day FROM drift_checks ORDER BY day DESC LIMIT 14"
_ALARMS: Final = (
    "SELECT timestamp, symbol, member, severity, level, degradation, action, escalated, confirmed FROM drift_alarms"
    " WHERE timestamp >= ? AND timestamp <= ? ORDER BY id"
)
_CHANGES: Final = (
    "SELECT ts, symbol, member, replacement, severity, level, reason FROM member_changes"
    " WHERE timestamp >= ? AND timestamp <= ? ORDER BY id"
)
_CHOICE: Final = (
    "SELECT timestamp, state, method, action, value, explored, applied, weights FROM selector_choices WHERE symbol = ?"
    " ORDER BY ts DESC LIMIT ?"
)
_CYCLE: Final = "SELECT timestamp, number, entries FROM learning_cycles ORDER BY ts DESC LIMIT 1"
_TRADES: Final = (
    "SELECT signal_id, symbol, timeframe, ts, source, result, member, r, leg, coalesce(ts_entry, 0), entry, exit"
    " FROM signal_outcomes WHERE ts > ? AND ts <= ? AND result <> 'expired' ORDER BY ts"
)
_JOINED: Final = (
    "SELECT s.id, s.timestamp, s.symbol, s.timeframe, s.direction, s.status, p.ts_entry, p.entry, p.lots, t.exit_leg,"
    " t.net, o.source, o.result, o.r, o.member FROM signals AS s LEFT JOIN positions AS p ON p.signal_id = s.id"
    " LEFT JOIN trade_outcomes AS t ON t.signal_id = s.id LEFT JOIN signal_outcomes AS o ON o.signal_id = s.id"
    " WHERE s.ts > ? ORDER BY s.ts"
)


class RecentMetrics(msgspec.Struct, frozen=True):
    """Trades of the look-back: ``profit_factor`` and ``sharpe`` (of single trades) are None where undefined."""

    trades: int
    win_rate: float | None
    profit_factor: float | None
    sharpe: float | None


class WinRate(msgspec.Struct, frozen=True):
    """``degradation = (baseline - recent) / baseline`` with its 95% interval; ``band`` is of the effect alone."""

    baseline: float | None
    recent: float | None
    degradation: float | None
    degradation_low: float | None
    degradation_high: float | None
    band: Severity
    alert: bool


class StrategyDrift(msgspec.Struct, frozen=True):
    """One strategy on one symbol. ``status`` is unknown, ok, watch or drifted, from the detectors' severity alone."""

    strategy: str
    symbol: str
    timeframe: str
    at: str
    severity: Severity
    status: str
    level: float
    outcomes: int
    decaying: bool
    action: str
    recent_metrics: RecentMetrics
    win_rate: WinRate
    parts: tuple[PartDrift, ...]
    note: str


class DriftReport(msgspec.Struct, frozen=True):
    """Everything known of a day (UTC). ``days`` are the newest days that have a report."""

    schema: int
    date: str
    simulated: bool
    strategies: tuple[StrategyDrift, ...]
    alarms: tuple[dict[str, Any], ...]
    replaced: tuple[MemberReplaced, ...]
    days: tuple[str, ...]


class SelectorView(msgspec.Struct, frozen=True):
    """The selector on one symbol: the state in force, who is first, and the newest choices, newest first."""

    symbol: str
    state: str
    method: str
    applied: bool
    action: str
    value: float | None
    weights: dict[str, float]
    choices: tuple[dict[str, Any], ...]
    entries: int
    simulated: bool


def day_of(text: str | None, known: tuple[str, ...]) -> str:
    """``2025-11-03`` or ``20251103`` as a day; the newest known one for None.

    Raises:
        Misconfigured: it is no day.
    """
    if text is None:
        return known[0] if known else ""
    try:
        return datetime.strptime(text.replace("-", ""), "%Y%m%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError as error:
        raise Misconfigured(f"{text!r} is no day", where="--date", allowed="YYYY-MM-DD or YYYYMMDD") from error


def drift_report(store: Queryable, date: str | None, *, simulated: bool) -> DriftReport:
    """The report of a day, the newest one for None; a day on which nothing was checked has no strategies."""
    days = tuple(str(day) for (day,) in store.query(_DAYS)[1])
    day = day_of(date, days)
    span = (f"{day} 00:00:00", f"{day} 23:59:59")
    names, rows = store.query(_ALARMS, span)
    checks = [msgspec.json.decode(payload, type=DriftCheck) for (payload,) in store.query(_CHECKS, (day,))[1]]
    return DriftReport(
        schema=SCHEMA,
        date=day,
        simulated=simulated,
        strategies=tuple(map(strategy_drift, sorted(checks, key=lambda one: (-one.severity.rank, -one.level)))),
        alarms=tuple(dict(zip(names, row, strict=True)) for row in rows),
        replaced=tuple(
            MemberReplaced(ts, symbol, member, seat, Severity(severity), level, reason)
            for ts, symbol, member, seat, severity, level, reason in store.query(_CHANGES, span)[1]
        ),
        days=days,
    )


def strategy_drift(one: DriftCheck) -> StrategyDrift:
    """A check in the words of the report."""
    effect = one.effect
    part = {each.name: each.recent for each in one.parts}
    status = {Severity.UNKNOWN: "unknown", Severity.NONE: "ok", Severity.LOW: "watch", Severity.MEDIUM: "watch"}
    return StrategyDrift(
        strategy=one.member,
        symbol=one.symbol,
        timeframe=str(one.timeframe),
        at=utc_text(one.ts),
        severity=one.severity,
        status="insufficient" if one.severity is Severity.NONE and one.note else status.get(one.severity, "drifted"),
        level=one.level,
        outcomes=one.seen,
        decaying=one.decaying,
        action=one.action,
        recent_metrics=RecentMetrics(effect.n, effect.recent_win_rate, part.get("profit_factor"), part.get("sharpe")),
        win_rate=WinRate(
            one.baseline_win_rate,
            effect.recent_win_rate,
            effect.degradation,
            effect.low,
            effect.high,
            effect.band,
            effect.alert,
        ),
        parts=one.parts,
        note=one.note,
    )


def selector_view(store: Queryable, symbol: str, last: int, *, simulated: bool) -> SelectorView:
    """The selector on ``symbol`` as the run left it at its newest cycle."""
    names, rows = store.query(_CHOICE, (symbol, last))
    choices = [dict(zip(names, row, strict=True)) for row in rows]
    for one in choices:
        one["weights"] = msgspec.json.decode(one["weights"])
        one["explored"], one["applied"] = bool(one["explored"]), bool(one["applied"])
    cycles = store.query(_CYCLE)[1]
    newest: dict[str, Any] = choices[0] if choices else {}
    return SelectorView(
        symbol=symbol,
        state=newest.get("state", "unknown"),
        method=newest.get("method", ""),
        applied=newest.get("applied", False),
        action=newest.get("action", ""),
        value=newest.get("value"),
        weights=newest.get("weights", {}),
        choices=tuple(choices),
        entries=int(cycles[0][2]) if cycles else 0,
        simulated=simulated,
    )


def recent_trades(store: Queryable, now: int, days: float = 30.0) -> tuple[SignalOutcome, ...]:
    """Outcomes of the last ``days`` until ``now``, oldest first; expired signals are no trades."""
    rows = store.query(_TRADES, (now - round(days * DAY), now))[1]
    return tuple(
        SignalOutcome(name, symbol, Timeframe(timeframe), ts, source, result, member, r, leg, entered, entry, out)
        for name, symbol, timeframe, ts, source, result, member, r, leg, entered, entry, out in rows
    )


def joined(store: Queryable, since: int = 0) -> list[dict[str, Any]]:
    """Signal, order or position, fill and outcome by the signal's id, oldest first."""
    names, rows = store.query(_JOINED, (since,))
    return [dict(zip(names, row, strict=True)) for row in rows]
