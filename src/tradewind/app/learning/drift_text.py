"""Words of drift and of outcomes: the alarm, the report of a day, a replacement. Plain lines, the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tradewind.app.signal_text import percent, utc
from tradewind.model.drift import DriftAlarm, DriftCheck, MemberReplaced, PartDrift, Severity
from tradewind.model.outcome import SignalOutcome

_PARTS: Final = {"profit_factor": "profit factor", "sharpe": "Sharpe of trades", "distribution": "distribution of R"}


def alarm_lines(alarm: DriftAlarm) -> list[str]:
    """``DRIFT ALERT - CRITICAL`` with strategy, win rates, degradation, action and details."""
    one = alarm.check
    severity = max(one.severity, Severity.LOW, key=lambda level: level.rank) if one.decaying else one.severity
    details = [f"level {one.level:,.0f} of {one.seen} outcomes"]
    if one.decaying:
        details.append(f"a slow decay, level {one.decay:,.0f}")
    if alarm.fleet_limit is not None and severity is Severity.CRITICAL:
        among = "above" if alarm.confirmed else "below"
        details.append(f"{among} the fleet's limit of {alarm.fleet_limit:,.0f}")
    details += [part_text(part) for part in one.parts if part.drifted]
    if alarm.escalated:
        details.append("worse than told before")
    if one.note:
        details.append(one.note)
    return [
        f"DRIFT ALERT - {severity}",
        f"Strategy: {one.subject}",
        f"Recent WR: {percent(one.effect.recent_win_rate)}",
        f"Baseline WR: {percent(one.baseline_win_rate)}",
        f"Degradation: {percent(one.effect.degradation)}",
        f"Action: {one.action}",
        f"Details: {'; '.join(details)}",
    ]


def replaced_lines(change: MemberReplaced) -> list[str]:
    """Who was taken off and who sits in the place."""
    seat = f"{change.replacement} takes its place" if change.replacement else f"nobody takes its place: {change.reason}"
    return [
        f"{change.symbol} {change.member} is not heard any more: {change.severity} drift",
        f"Level        {change.level:,.0f}",
        f"Seat         {seat}",
        f"At           {utc(change.ts)}",
    ]


def outcome_lines(ended: SignalOutcome) -> list[str]:
    """What became of a signal that no account traded, or what a person said of it."""
    how = f"reported by {ended.actor}" if ended.source == "report" else "by prices, nobody traded it"
    if ended.result == "expired":
        how = "could not be entered in time"
    r = "" if ended.r is None else f" {ended.r:+.2f} R"
    before = f" (was {ended.overrides})" if ended.overrides else ""
    leg = f", out by {ended.leg}" if ended.leg else ""
    return [f"{ended.symbol} signal {ended.result}{r}{before}: {how}{leg}", f"Signal       {ended.signal_id}"]


def report_lines(day: str, checks: Sequence[DriftCheck], alarms: int, changes: Sequence[MemberReplaced]) -> list[str]:
    """The report of a day: one line a strategy, the worst first; then who was taken off."""
    if not checks:
        return [f"Drift report {day}: nothing was checked that day"]
    ranked = sorted(checks, key=lambda one: (-one.severity.rank, -one.level, one.subject))
    unknown = sum(one.severity is Severity.UNKNOWN for one in checks)
    lines = [f"Drift report {day}: {len(checks)} checked, {alarms} alarms, {unknown} without a baseline"]
    for one in ranked:
        recent, lost = percent(one.effect.recent_win_rate), percent(one.effect.degradation)
        seen = f"WR {recent} of {one.effect.n}, baseline {percent(one.baseline_win_rate)}, degradation {lost}"
        lines.append(f"{one.severity:8} {one.subject}: {seen}; level {one.level:,.0f}; {one.action}")
    lines += [f"Taken off: {one.symbol} {one.member}, seat: {one.replacement or 'empty'}" for one in changes]
    return lines


def part_text(part: PartDrift) -> str:
    """One other view in a few words."""
    name = _PARTS.get(part.name, part.name)
    if part.name == "distribution":
        return f"{name} shifted (D {part.recent:.2f}, p {part.value:.2g})"
    return f"{name} {part.baseline:.2f} to {part.recent:.2f} ({part.value:.0%} worse)"
