"""``tradewind backtest``: the strategies over stored candles, costs included."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.backtest import Backtest
from tradewind.app.cost_stress import FACTORS, cost_stress
from tradewind.app.measured_run import FinishedRun, MeasuredRun, measure
from tradewind.app.models.serving import serving_of
from tradewind.app.recordings import Material, material_for, with_calendar
from tradewind.app.run_page import report_data, require_page, write_page
from tradewind.app.sealed_bars import SealedBars
from tradewind.app.sentiment_run import sentiment_worth, with_sentiment
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import percent, utc
from tradewind.app.wiring import plan_for
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.member_tables import member_tables
from tradewind.cli.answers.sentiment_tables import worth_tables
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table, warn
from tradewind.cli.options import Period, TimeRange
from tradewind.cli.overrides import configured
from tradewind.engine.guard import Guard
from tradewind.errors import Misconfigured
from tradewind.model.guard import GuardState
from tradewind.model.instrument import AssetClass
from tradewind.model.instruments import resolve
from tradewind.model.report import Verdict
from tradewind.model.stamp import head_of
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.validation.trade_metrics import TradeMetrics

_CLOSURE = 4 * DAY


class BacktestOptions(NamedTuple):
    """What was typed after ``tradewind backtest``; None and empty where nothing was."""

    symbols: tuple[str, ...]
    interval: Timeframe | None
    timerange: TimeRange | None
    period: Period | None
    detail: str
    preset: str | None
    seed: int
    page: Path | None
    stress: bool
    writes: bool
    sealed: bool = False
    sentiment: bool = False
    system: str = ""


def answer(config: Path | None, asked: BacktestOptions) -> Report:
    """Runs over stored candles, measures, and writes the page."""
    settings = configured(config, asked.preset, asked.interval)
    workspace = Workspace(settings)
    symbols = _symbols(workspace, asked)
    if asked.page is not None:
        require_page(asked.page)
    guarded = SealedBars(settings, workspace, symbols, asked.interval, asked.detail, all_members=asked.sealed)
    span, kept_back = _span(asked, guarded.start, workspace.newest(symbols, asked.interval, asked.detail))
    bars = material_for(
        workspace, symbols, interval=asked.interval, detail=asked.detail, start=span.start, end=span.end
    )
    material = with_calendar(workspace, bars)
    if asked.sentiment:
        settings, material = with_sentiment(settings, material, workspace)
    warn(material.warnings)
    looks = 0
    if asked.sealed:
        looks = guarded.record(span.start, span.end, bars.data_hash, WallClock().now())
    if looks:
        warn([f"{looks} looks into sealed windows are in the trial ledger: bars read here prove nothing of these"
              " strategies any more"])  # fmt: skip
    short = _short_of(asked.period, span, material)
    run, result = run_backtest(settings, material, asked.seed, stress=asked.stress)
    target = asked.page or workspace.reports / "backtest.html"
    written = write_page(target, report_data(run, result, "Backtest")) if asked.writes else None
    place = None if written is None else str(written)
    document: dict[str, Any] = {
        "result": result, "report": place, "shortfall": short, "sealed_from": kept_back, "looks": looks
    }  # fmt: skip
    closing: list[Any] = [short] if short else []
    if asked.sentiment:
        worth = sentiment_worth(settings, material, asked.seed, result)
        document["sentiment"] = worth
        closing += worth_tables(worth)
    if kept_back is not None:
        closing.append(f"The bars from {utc(kept_back)} on were left out: a proof of these strategies, or of others of"
                       " their families that trade more seldom, is judged on them once. --sealed shows them, and writes"
                       " that down.")  # fmt: skip
    others = sorted({one.symbol for one in workspace.candles.datasets()} - set(symbols)) if not asked.symbols else []
    if others:
        closing.append(f"Stored but not in `symbols` of the configuration: {', '.join(others)}. Add them, or name them"
                       " with --symbol.")  # fmt: skip
    closing.append(f"Report: {written}" if written else "No report written.")
    proven = any(proof.report.verdict is Verdict.PASS for proof in result.proofs)
    return Report(document, [*result_tables(result), *closing], DONE if proven else NEGATIVE)


def _symbols(workspace: Workspace, asked: BacktestOptions) -> tuple[str, ...]:
    """The pairs to run; of one market where it is named: those asked for or configured, else those that are stored."""
    symbols = workspace.symbols(asked.symbols)
    if not asked.system:
        return symbols
    if asked.system not in ("crypto", "forex"):
        raise Misconfigured(f"{asked.system!r}", where="--system", allowed="crypto, forex")
    stored = tuple(sorted({one.symbol for one in workspace.candles.datasets()}))
    for pairs in (symbols, () if asked.symbols else stored):
        coins = [resolve(one, workspace.config.instruments).asset_class is AssetClass.CRYPTO for one in pairs]
        found = tuple(one for one, coin in zip(pairs, coins, strict=True) if coin == (asked.system == "crypto"))
        if found:
            return found
    raise Misconfigured(
        f"no {asked.system} pair is configured or stored", where="--system", allowed="pairs of that market"
    )


def _span(asked: BacktestOptions, seal: int | None, newest: int) -> tuple[TimeRange, int | None]:
    """The bars to run over, and where those begin that were left out because a proof is judged on them."""
    span = asked.timerange or TimeRange()
    if asked.sealed or seal is None or (span.end is not None and span.end <= seal):
        return (span if asked.period is None else _counted_back(asked.period, asked.timerange, newest)), None
    if span.start is not None and span.start >= seal:
        raise Misconfigured(
            f"all of the asked range is sealed: a proof of these strategies, or of others of their families that trade"
            f" more seldom, is judged on the bars from {utc(seal)} on",
            where="--timerange",
            allowed=f"bars before {utc(seal)}",
            next_step="ask for earlier bars; or look with --sealed: it is written down, and proves nothing afterwards",
        )
    if asked.period is not None:
        span = _counted_back(asked.period, asked.timerange, seal)
    return TimeRange(span.start, seal), seal


def _counted_back(period: Period, timerange: TimeRange | None, newest: int) -> TimeRange:
    if timerange is not None:
        raise Misconfigured("--period and --timerange were both given", allowed="one of them")
    return TimeRange(period.before(newest), None)


def _short_of(period: Period | None, span: TimeRange, material: Material) -> str:
    """What a period lacks because nothing older is stored; a closed market at its start is not held against it."""
    if period is None or span.start is None or material.first_ts - span.start <= _CLOSURE:
        return ""
    return f"{period.text} were asked for; the stored bars begin {utc(material.first_ts)}, not {utc(span.start)}"


def run_backtest(
    settings: AppConfig, material: Material, seed: int, *, stress: bool
) -> tuple[FinishedRun, MeasuredRun]:
    """Runs with a progress bar and measures; ``stress`` repeats the signals at higher costs."""
    plan = plan_for(settings, material.bases, executes=True, simulated=material.simulated)
    serving = serving_of(settings, plan)
    backtest = Backtest(plan, material.recordings, calendar=material.calendar, news=material.news, serving=serving)
    with progress("Backtest", material.bars) as advance:
        backtest.run(advance)
    warn(stopped_lines(backtest.engine.guard))
    run = backtest.finished
    result = measure(run, material.data_hash, seed, naive=True)
    if stress:
        with progress("Cost stress", len(FACTORS) * material.bars) as advance:
            rows = cost_stress(plan, material.recordings, run.summary.signals, run.summary.trades, advance)
        result = msgspec.structs.replace(result, stress=rows)
    return run, result


def stopped_lines(guard: Guard) -> list[str]:
    """What the account's limits cut off, one line a cause."""
    return [
        f"trading stopped at {utc(latch.ts)} by {cause}"
        + (
            f" ({latch.value:.3g}, limit {latch.limit:.3g})"
            if latch.value is not None and latch.limit is not None
            else ""
        )
        + "; what would have come later is not in these numbers, `risk.max_drawdown` says how far it may fall"
        for cause, latch in guard.latches.items()
        if latch.state is GuardState.STOPPED
    ]


def result_tables(result: MeasuredRun) -> list[Any]:
    """The result as a person reads it."""
    counts, trades, returns = result.counts, result.metrics.trades, result.metrics.returns
    head = head_of(simulated=result.stamp.simulated, unproven=result.stamp.unproven)
    summary = table(
        f"{head}Backtest {', '.join(result.symbols)} on {', '.join(result.timeframes)}",
        ["what", "value"],
        [
            ("first bar closed", utc(counts.first_ts)),
            ("last bar closed", utc(counts.last_ts)),
            ("data from", "; ".join(result.origins)),
            ("bars", counts.bars_text()),
            ("decisions", f"{counts.decisions:,}: {counts.signals:,} signals, {counts.no_trade:,} no trade, "
                          f"{counts.no_decision:,} no decision"),
            ("signals", result.rate.text()),
            ("signals by tier", ", ".join(f"{tier} {n}" for tier, n in counts.tiers.items())),
            ("trades", f"{trades.n} closed, {result.open_positions} open, {counts.ambiguous} ambiguous inside one bar"),
            ("win rate", _win_rate(trades)),
            ("expectancy", _r(trades.expectancy)),
            ("profit factor", _number(trades.profit_factor)),
            ("cost to risk", percent(trades.cost_to_risk)),
            ("Sharpe (daily, annual)", _number(returns.sharpe)),
            ("max drawdown", percent(returns.max_drawdown)),
            ("equity", f"{result.opening_balance:.2f} -> {result.closing_equity:.2f}"),
            ("costs paid", ", ".join(f"{name} {value:.2f}" for name, value in result.costs.items())),
            ("data, configuration", f"{result.stamp.data_hash}, {result.stamp.config_hash}"),
            ("decision digest", result.digest[:16]),
        ],
    )  # fmt: skip
    reasons = table(
        "Why there was no trade (every reason counts)", ["reason", "times"], list(counts.reasons.items())[:12]
    )
    return [summary, *_against(result), *member_tables(result.proofs), reasons]


def _win_rate(trades: TradeMetrics) -> str | None:
    """The share of winners with its interval and what it has to beat; none of it without a trade."""
    if not trades.n:
        return None
    interval = f"95% {percent(trades.win_rate_low)} to {percent(trades.win_rate_high)}"
    return f"{percent(trades.win_rate)} ({interval}; break-even {percent(trades.breakeven)})"


def _against(result: MeasuredRun) -> list[Any]:
    """The cost stress where it was asked for, and what doing nothing clever would have earned."""
    parts: list[Any] = []
    if result.stress and not result.metrics.trades.n:
        parts.append("Cost stress: no trade was closed, so there is nothing to stress.")
    elif result.stress:
        rows = [
            (
                f"x {row.factor:g}",
                row.n,
                _r(row.expectancy_r),
                _number(row.profit_factor),
                f"{row.net:+.2f}",
                row.skipped,
            )
            for row in result.stress
        ]
        columns = ["spread, slippage", "trades", "expectancy", "profit factor", "net", "signals passed over"]
        parts.append(table("The same signals at higher costs", columns, rows))
    if result.baselines:
        naive = [
            (row.name, f"{100.0 * row.total_return:+.2f}%", _number(row.sharpe), percent(row.max_drawdown))
            for row in result.baselines
        ]
        parts.append(table("Naive alternatives, before costs", ["what", "return", "Sharpe", "max drawdown"], naive))
    return parts


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def _r(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f} R a trade"
