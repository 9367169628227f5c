"""``tradewind demo``: sixty seconds, offline, nothing to set up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.demo import (
    EDGE,
    HISTORY_BARS,
    DemoResult,
    DemoVerdicts,
    demo_config,
    demo_page,
    judge_market,
    judgements,
    prepare_folder,
    trade_week,
    write_demo_config,
)
from tradewind.app.run_page import write_page
from tradewind.app.run_summary import RunSummary
from tradewind.app.signal_text import percent, utc
from tradewind.cli.contract import NEGATIVE, Report, progress, table
from tradewind.model.decision import Signal
from tradewind.model.instrument import Instrument
from tradewind.model.outcome import Trade
from tradewind.model.report import GateReport, GateRow


def answer(seed: int, folder: Path) -> Report:
    """Judges on two markets, trades the accepted, writes the folder the printed commands work in."""
    prepare_folder(folder)
    config = demo_config()
    with progress("Judge strategies on two SIMULATED markets", judgements(config)) as advance:
        without, _ = judge_market(config, seed, None, None, advance)
        planted, columns = judge_market(config, seed, EDGE, folder, advance)
    if not planted.passed:
        result = DemoResult(seed, without, planted, None, None, None, "", str(folder))
        return Report(result, human=[*_verdict_parts(without, planted), _NOTHING], exit_code=NEGATIVE)
    config = write_demo_config(folder, len(planted.passed))
    with progress("Trade one week on paper", None):
        week, run, measured = trade_week(config, planted, columns, folder, WallClock().now(), _say)
    page = write_page(folder / "reports" / "demo.html", demo_page(run, measured, without, planted))
    same = week.digest == measured.digest
    shown = msgspec.structs.replace(measured, proofs=())  # they are in the verdicts already
    result = DemoResult(seed, without, planted, week, shown, same, str(page), str(folder))
    instrument = run.plan.symbols[0].instrument
    parts = [
        *_verdict_parts(without, planted),
        *_week_parts(result, run.summary, instrument),
        _next(folder, run.summary),
    ]
    return Report(result, human=parts)


_NOTHING = (
    "\nNo strategy could be proven on this market, so none may speak and nothing was traded. That is an answer, not a\n"
    "fault (exit code 4). Another market: tradewind demo --seed N\n"
)


def _verdict_parts(without: DemoVerdicts, planted: DemoVerdicts) -> list[Any]:
    """Both markets: how many members passed, and the gate of the best of each; all of it is in the report."""
    parts: list[Any] = []
    for title, verdicts in (
        ("1. A market without an edge", without),
        ("2. The same market with a planted edge", planted),
    ):
        judged, passed = len(verdicts.proofs), len(verdicts.passed)
        parts.append(f"\n{title}\n   {verdicts.market}, {HISTORY_BARS:,} bars; edge: {verdicts.edge}")
        seen = sum(verdicts.opened(proof) for proof in verdicts.proofs)
        parts.append(
            f"   {judged} strategies judged by the honest gates; {seen} earned a look at their sealed last 20%, "
            f"{passed} accepted.\n   The best of them:\n"
        )
        parts.append(_gate_table(verdicts))
    if without.passed:
        parts.append(
            "A strategy passed without an edge: luck, which the gates let through on at most 1 of 20 such markets."
        )
    return parts


def _telling(report: GateReport) -> list[GateRow]:
    """What decided: of a refused one everything that was looked at, of an accepted one the last stages."""
    if report.approved:
        return [row for row in report.rows if row.stage in ("batch", "sealed")]
    return [row for row in report.rows if row.n]


def _gate_table(verdicts: DemoVerdicts) -> Any:
    proof = verdicts.shown
    report = proof.report
    word = "ACCEPTED" if report.approved else "REFUSED"
    return table(
        f"SIMULATED  {word}  {proof.member}: {report.verdict.value}, {report.met}/{len(report.rows)} criteria",
        ["criterion", "value", "needed", "n", "met", "note"],
        [
            (
                row.name,
                None if row.value is None else f"{row.value:.{row.digits}f}",
                None if row.threshold is None else f"{row.comparison} {row.threshold:.{row.digits}f}",
                row.n,
                "yes" if row.passed else "NO",
                row.note,
            )
            for row in _telling(report)
        ],
    )


def _week_parts(result: DemoResult, summary: RunSummary, instrument: Instrument) -> list[Any]:
    """Signals and outcomes of the week."""
    assert result.week is not None
    assert result.measured is not None
    trades = {trade.signal_id: trade for trade in summary.trades}
    rows = [_signal_row(signal, trades.get(signal.id), instrument) for signal in summary.signals]
    counts, measured = result.measured.counts, result.measured
    closed = [trade.r for trade in summary.trades]
    mean = f", {sum(closed) / len(closed):+.2f} R a trade after costs" if closed else ""
    unsure = min((one.consensus.confidence or 0.0 for one in summary.signals), default=None)
    sure = "" if unsure is None else f"Each signal had a confidence of at least {_at_least(unsure)} to pay after costs."
    same = "the same decisions, byte for byte" if result.replayed_equal else "OTHER DECISIONS: please report this"
    accepted = len(result.with_edge.passed)
    shadow = len(result.with_edge.proofs) - accepted
    return [
        f"\n3. One week of paper trading that none of them was judged on\n"
        f"   {accepted} strategies are heard, on their signed verdicts; {shadow} others vote in the shadow.\n"
        f"   {counts.history:,} bars only to warm up\n",
        table(
            "SIMULATED  Signals and outcomes",
            ["decided UTC", "side", "entry", "stop", "target", "win chance", "needed", "outcome"],
            rows,
        ),
        f"{counts.decisions} bars decided: {counts.signals} signals, {counts.trades} closed{mean}.",
        *([sure] if sure else []),
        f"Equity {measured.opening_balance:,.2f} -> {measured.closing_equity:,.2f}, open positions at market. "
        "Every other bar has its reasons on record.",
        f"A second engine made {same} (digest {result.week.digest[:16]}).",
        f"\nReport: {result.report}",
    ]


def _signal_row(signal: Signal, trade: Trade | None, instrument: Instrument) -> tuple[str, ...]:
    b, digits = signal.bracket, instrument.digits
    return (
        utc(signal.ts)[5:16],
        signal.direction,
        f"{b.entry:.{digits}f}",
        f"{b.stop:.{digits}f}",
        f"{b.target:.{digits}f}",
        percent(signal.consensus.win_probability),
        percent(signal.consensus.breakeven),
        "open" if trade is None else f"{trade.r:+.2f} R {trade.exit_leg}",
    )


def _at_least(share: float) -> str:
    """A probability that is never rounded up to certainty."""
    return percent(int(share * 10_000) / 10_000 if share < 1.0 else 0.9999)


def _next(folder: Path, summary: RunSummary) -> str:
    example = summary.signals[-1].id if summary.signals else "SIGNAL"
    return (
        f"\nNext, in the demo's folder:  cd {folder}\n"
        "  tradewind why BTC/USDT       the whole chain behind the last decision\n"
        "  tradewind replay --verify    repeat the week from its journal, byte for byte\n"
        f"  tradewind explain {example}\n"
        "                               one signal and what became of it\n"
        "\nThen, with your own data:\n"
        "  tradewind init FOLDER        a project with a commented configuration\n"
        "  tradewind data import FILE --symbol EUR/USD --interval 1h\n"
        "  tradewind backtest --symbol EUR/USD --interval 1h\n"
    )


def _say(line: str) -> None:
    """Signals and trades as they happen, beside the demonstration that is printed afterwards as a whole."""
    sys.stderr.write("SIMULATED  " + line + "\n")
