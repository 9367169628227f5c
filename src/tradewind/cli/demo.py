"""``tradewind demo``: sixty seconds, offline, nothing to set up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tradewind.app.demo import (
    EDGE,
    DemoResult,
    DemoVerdicts,
    accepted_members,
    demo_config,
    judge_market,
    prepare_folder,
    trade_week,
    write_demo_config,
    write_demo_page,
)
from tradewind.app.signal_text import percent, utc
from tradewind.cli.contract import NEGATIVE, Report, progress, single, table, verb
from tradewind.cli.options import SeedOption

app = single()


@app.command()
@verb
def demo(
    seed: SeedOption = 1,
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo puts its data and report.")] = Path("demo"),
) -> Report:
    """Refuses a strategy without an edge, accepts proven ones, trades a simulated week, writes a report."""
    prepare_folder(folder)
    with progress("Judge strategies on two simulated markets", 2) as advance:
        config = demo_config(2)
        without, _ = judge_market(config, seed, None)
        advance(1)
        planted, columns = judge_market(config, seed, EDGE)
        advance(1)
    if not planted.passed:
        result = DemoResult(seed, without, planted, None, None, None, "", str(folder))
        return Report(result, human=[*_verdict_parts(without, planted), _NOTHING], exit_code=NEGATIVE)
    config = demo_config(len(planted.passed))
    week, again, measured = trade_week(config, planted, columns, folder, _say)
    page = folder / "reports" / "demo.html"
    write_demo_page(page, again, measured, without)
    quorum = config.ensemble.quorum
    write_demo_config(folder, accepted_members(config, planted), quorum)
    result = DemoResult(seed, without, planted, week, measured, week.digest == measured.digest, str(page), str(folder))
    return Report(result, human=[*_verdict_parts(without, planted), *_week_parts(result, again), _next(folder)])


_NOTHING = (
    "No strategy could be proven on this seed, so none may speak. That is an answer, not a fault; "
    "try another market with --seed."
)


def _verdict_parts(without: DemoVerdicts, planted: DemoVerdicts) -> list[Any]:
    """Both markets: how many members passed, and the whole gate of one of each."""
    parts: list[Any] = []
    for title, verdicts in (
        ("1. A market without an edge", without),
        ("2. The same market with a planted edge", planted),
    ):
        judged, passed = len(verdicts.proofs), len(verdicts.passed)
        shown = verdicts.shown
        parts.append(f"\n{title} ({verdicts.market}; edge: {verdicts.edge})")
        parts.append(f"{judged} strategies judged on their sealed last 20%, {passed} accepted. For example:")
        parts.append(_gate_table(shown.member, verdicts))
    if without.passed:
        parts.append("A strategy passed without an edge: by luck, as the gates allow in at most 1 of 20 such markets.")
    return parts


def _gate_table(member: str, verdicts: DemoVerdicts) -> Any:
    proof = verdicts.shown
    report = proof.report
    word = "ACCEPTED" if report.approved else "REFUSED"
    return table(
        f"SIMULATED  {word}  {member}: {report.verdict.value}, {report.met}/{len(report.rows)} criteria",
        ["criterion", "value", "needed", "n", "met", "note"],
        [
            (
                row.name,
                None if row.value is None else f"{row.value:.{row.digits}f}",
                None if row.threshold is None else f"{row.comparison} {row.threshold:.{row.digits}f}",
                row.n,
                "yes" if row.passed else "no",
                row.note,
            )
            for row in report.rows
        ],
    )


def _week_parts(result: DemoResult, again: Any) -> list[Any]:
    """Signals and outcomes of the week."""
    assert result.week is not None
    assert result.backtest is not None
    summary = again.summary
    trades = {trade.signal_id: trade for trade in summary.trades}
    rows = []
    for signal in summary.signals:
        trade = trades.get(signal.id)
        b = signal.bracket
        rows.append(
            (
                utc(signal.ts),
                signal.direction,
                f"{b.entry_low:.2f}-{b.entry_high:.2f}",
                f"{b.stop:.2f}",
                f"{b.target:.2f}",
                f"{b.lots:g}",
                f"{percent(signal.consensus.win_probability)} / {percent(signal.consensus.breakeven)}",
                percent(signal.consensus.confidence),
                "open" if trade is None else f"{'WIN' if trade.won else 'LOSS'} {trade.r:+.2f} R ({trade.exit_leg})",
            )
        )
    counts = result.week.counts
    closed = [trade.r for trade in summary.trades]
    mean = f", {sum(closed) / len(closed):+.2f} R a trade" if closed else ""
    same = "the same decisions, byte for byte" if result.replayed_equal else "OTHER DECISIONS: please report this"
    return [
        f"\n3. One week of paper trading, never seen before ({len(result.with_edge.passed)} accepted strategies)",
        table(
            "SIMULATED  Signals and outcomes",
            ["decided", "side", "entry zone", "stop", "target", "lots", "win chance / needed", "confidence", "outcome"],
            rows,
        ),
        f"{counts.signals} signals, {counts.trades} closed{mean}; balance {result.week.balance} of "
        f"{result.backtest.opening_balance:.2f}; every other bar has its reason on record.",
        f"A second engine made {same} (digest {result.week.digest[:16]}).",
        f"\nReport: {result.report}",
    ]


def _next(folder: Path) -> str:
    return (
        "\nNext:\n"
        f"  cd {folder} && tradewind why BTC/USDT        the whole chain behind the last decision\n"
        f"  cd {folder} && tradewind replay --verify     prove the week from its journal\n"
        "  tradewind init                               a project of your own\n"
        "  tradewind data import FILE --symbol EUR/USD --interval 1h\n"
        "  tradewind backtest --symbol EUR/USD --interval 1h\n"
    )


def _say(line: str) -> None:
    """Signals and trades as they happen, on stderr."""
    sys.stderr.write("SIMULATED  " + line + "\n")
