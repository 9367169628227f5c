"""Why to believe it or not: gates, members, cost stress, baselines, and what kept bars from becoming signals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tradewind.app.html_report.data import GateGroup, MemberRow, ReportData
from tradewind.app.html_report.figures import DASH, SHARPE_DAYS, day, multiple, number, percent, tone
from tradewind.app.html_report.markup import Cell, badge, element, folded, section, table, text
from tradewind.app.signal_text import WORDS
from tradewind.model.report import Baseline, GateReport, GateRow, Verdict
from tradewind.research.proof import sealed_lower_bound
from tradewind.validation.significance import breakeven_win_rate, wilson

_STYLE = {
    Verdict.PASS: "good",
    Verdict.THRESHOLDS_ONLY: "warn",
    Verdict.FAIL: "bad",
    Verdict.INSUFFICIENT: "warn",
}
_FEW = 3
"""Verdicts that are shown unfolded; more are a list to open."""
_SHOWN = 5
"""Verdicts of a market listed at once; approved ones always are."""
_BEST = 10
_BASELINE_NOTE = (
    "Moves of the price with the whole account in or out, before costs; the run itself risks far less a trade."
)


def gates(data: ReportData) -> str:
    """One fold for each market with its count of verdicts, in it one for each candidate judged there."""
    return gate_section(data.gates, first=data.gates_first)


def gate_section(every: Sequence[GateGroup], *, first: bool) -> str:
    """The gates of each group; ``first`` unfolds them, for a page that is about the gates."""
    note = (
        "A strategy is approved when every criterion is met. The sealed window is the latest part of the data and "
        "took no part in choosing anything. The best stand first."
    )
    groups = [group for group in every if group.reports]
    alone = len(groups) == 1
    inner = "".join(_group(group, unfolded=alone or first, best=first) for group in groups)
    return section("Gates", inner, note, anchor="gates")


def _group(group: GateGroup, *, unfolded: bool, best: bool) -> str:
    few = len(group.reports) <= _FEW
    gates = [_gate(report, unfolded=few or (best and not place)) for place, report in enumerate(group.reports)]
    shown = max(_SHOWN, sum(report.approved for report in group.reports))
    inner = "".join(gates[:shown])
    if gates[shown:]:
        inner += folded(text(f"{len(gates) - shown} more, none of them approved"), "".join(gates[shown:]))
    lead = element("p", text(group.note), "note") if group.note else ""
    title = element("span", text(group.label or "All"), "name") + " " + _verdict_count(group)
    return folded(title, lead + element("div", inner, "inside"), unfolded=few or unfolded)


def _verdict_count(group: GateGroup) -> str:
    """``0 of 23 approved`` and what became of the others."""
    found = Counter(report.verdict for report in group.reports)
    passed = found[Verdict.PASS]
    head = badge(f"{passed} of {len(group.reports)} approved", "good" if passed else "bad")
    rest = f"{found[Verdict.FAIL]} failed, {found[Verdict.INSUFFICIENT]} with too little evidence"
    if found[Verdict.THRESHOLDS_ONLY]:
        rest = f"{found[Verdict.THRESHOLDS_ONLY]} met the thresholds only, {rest}"
    return head + " " + element("span", text(rest), "note")


def _gate(report: GateReport, *, unfolded: bool) -> str:
    word = "APPROVED" if report.approved else "REJECTED"
    title = " ".join(
        (
            element("span", text(report.subject or "candidate"), "name"),
            badge(f"{word} ({report.verdict.value})", _STYLE[report.verdict]),
            element("span", text(_standing(report)), "note"),
        )
    )
    headers = (
        Cell("Met"),
        Cell("Criterion"),
        Cell("Value", "num"),
        Cell("Threshold", "num"),
        Cell("n", "num"),
        Cell("95% CI", "num"),
        Cell("Note"),
    )
    about = (
        f"Profile {report.profile}; development {day(report.development.start)} to {day(report.development.end)}, "
        f"sealed {day(report.sealed.start)} to {day(report.sealed.end)}; {report.purged} trades across the boundary "
        f"left out; candidates looked at: {report.looked_at}."
    )
    warnings = "".join(element("p", text(flag), "note") for flag in report.flags)
    body = (
        table(headers, [_criterion(row) for row in report.rows], style="gates")
        + warnings
        + element("p", text(about), "note")
    )
    return folded(title, body, unfolded=unfolded)


def _standing(report: GateReport) -> str:
    """How many criteria are met, and what the expectancy is at least."""
    bound = sealed_lower_bound(report)
    least = "" if bound is None else f"; expectancy at least {multiple(bound, 3)}"
    return f"criteria met {report.met}/{len(report.rows)}{least}"


def _criterion(row: GateRow) -> tuple[Cell, ...]:
    bounds = (
        DASH
        if row.low is None or row.high is None
        else f"{number(row.low, row.digits)} to {number(row.high, row.digits)}"
    )
    return (
        Cell("✓" if row.passed else "✗", "good" if row.passed else "bad"),
        Cell(row.name),
        Cell(number(row.value, row.digits), "num"),
        Cell(f"{row.comparison} {number(row.threshold, row.digits)}", "num"),
        Cell(number(row.n, 0), "num"),
        Cell(bounds, "num"),
        Cell(row.note, "wide"),
    )


def members(data: ReportData) -> str:
    """The record of every member, from its own shadow trades, in the order given: the first, and all of them folded."""
    ranked = list(data.members)
    note = "Each alone on its own stop and target, net of costs. Passed ones first, then by what they earn at least."
    if len(ranked) <= _BEST:
        return section("Strategies", _member_table(ranked) if ranked else "", note)
    rest = folded(text(f"All {len(ranked)} strategies"), _member_table(ranked))
    return section("Strategies", _member_table(ranked[:_BEST]) + rest, f"The first {_BEST} of {len(ranked)}. {note}")


def _member_table(rows: list[MemberRow]) -> str:
    headers = (
        Cell("Symbol"),
        Cell("Strategy"),
        Cell("Frame"),
        Cell("n", "num"),
        Cell("Win rate", "num"),
        Cell("95% CI", "num"),
        Cell("Break-even", "num"),
        Cell("Expectancy", "num"),
        Cell("Verdict"),
    )
    return table(headers, [_member(row) for row in rows])


def _member(row: MemberRow) -> tuple[Cell, ...]:
    record = row.record
    bounds = wilson(record.wins, record.n)
    known = record.mean_win_r is not None and record.mean_loss_r not in (None, 0.0)
    payoff = abs((record.mean_win_r or 0.0) / (record.mean_loss_r or 1.0)) if known else None
    return (
        Cell(row.symbol),
        Cell(row.id),
        Cell(row.timeframe.value),
        Cell(number(record.n, 0), "num"),
        Cell(percent(record.wins / record.n if record.n else None), "num"),
        Cell(DASH if bounds is None else f"{percent(bounds[0])} to {percent(bounds[1])}", "num"),
        Cell(DASH if payoff is None else percent(breakeven_win_rate(payoff)), "num"),
        Cell(multiple(record.mean_r, 3), f"num {tone(record.mean_r)}"),
        Cell(DASH if row.verdict is None else row.verdict.value, "" if row.verdict is None else _STYLE[row.verdict]),
    )


def stress(data: ReportData) -> str:
    """The same signals at higher costs."""
    headers = (
        Cell("Spread and slippage"),
        Cell("n", "num"),
        Cell("Expectancy", "num"),
        Cell("Profit factor", "num"),
        Cell(f"Net {data.currency}", "num"),
        Cell("Signals passed over", "num"),
    )
    rows = [
        (
            Cell(f"× {row.factor:g}"),
            Cell(number(row.n, 0), "num"),
            Cell(multiple(row.expectancy_r, 3), f"num {tone(row.expectancy_r)}"),
            Cell(number(row.profit_factor), "num"),
            Cell(number(row.net, 2, signed=True), f"num {tone(row.net)}"),
            Cell(number(row.skipped, 0), "num"),
        )
        for row in data.stress
    ]
    note = (
        "The same signals in the same sizes when spread and slippage cost more; commission and swap as they are. A "
        "signal is passed over where wider spreads kept the trade before it open."
    )
    traded = any(row.n for row in data.stress)
    return section("Cost stress", table(headers, rows) if traded else "", note)


def baselines(data: ReportData) -> str:
    """What doing something naive would have earned."""
    return baseline_section(data.baselines, data.metrics.returns.n)


def baseline_section(found: Sequence[Baseline], days: int) -> str:
    """Naive alternatives over ``days`` days."""
    headers = (
        Cell("Alternative"),
        Cell("Return", "num"),
        Cell("Sharpe", "num"),
        Cell("Max drawdown", "num"),
        Cell("How"),
    )
    rows = [
        (
            Cell(row.name),
            Cell(percent(row.total_return, 2, signed=True), f"num {tone(row.total_return)}"),
            Cell(number(row.sharpe if days >= SHARPE_DAYS else None), "num"),
            Cell(percent(row.max_drawdown), "num"),
            Cell(row.note, "wide"),
        )
        for row in found
    ]
    return section("Against doing nothing clever", table(headers, rows) if rows else "", _BASELINE_NOTE)


def reasons(data: ReportData) -> str:
    """Why bars did not become signals, most frequent first."""
    counted = sorted(data.reasons, key=lambda item: (-item[1], item[0]))
    most = counted[0][1] if counted else 1
    rows = "".join(
        element(
            "li",
            element("div", element("span", text(code), "name") + element("span", text(WORDS.get(code, "")), "note"))
            + f'<meter min="0" max="{most}" value="{count}"></meter>'
            + element("span", text(number(count, 0)), "num"),
        )
        for code, count in counted
    )
    note = "Every reason of every bar without a signal; one bar may have several."
    return section("Why there was no trade", element("ul", rows, "reasons") if rows else "", note)
