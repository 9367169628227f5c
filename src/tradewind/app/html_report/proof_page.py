"""The page about a proof: one strategy or a whole search, from the verdict down to the numbers it rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np

from tradewind.app.html_report import series
from tradewind.app.html_report.data import EquityCurve, GateGroup
from tradewind.app.html_report.figures import DASH, day, multiple, number, percent, tone
from tradewind.app.html_report.markup import Cell, element, section, table, text
from tradewind.app.html_report.page import assembled
from tradewind.app.html_report.pictures import Mark, Pair, histogram, paired_bars
from tradewind.app.html_report.proof import baseline_section, gate_section
from tradewind.app.html_report.summary import finding_list, provenance_of, titled
from tradewind.model.report import Baseline, Stamp, Window
from tradewind.model.stamp import head_of
from tradewind.validation.gates_evidence import Robustness, WindowEvidence
from tradewind.validation.gates_profiles import StageCount
from tradewind.validation.histogram import Histogram
from tradewind.validation.trade_metrics import TradeMetrics

_KEEPS: Final = 0.85


class WindowColumn(msgspec.Struct, frozen=True):
    """A window by its name and what was measured in it; None where it was not opened."""

    name: str
    window: Window
    evidence: WindowEvidence | None = None


class FoldPicture(msgspec.Struct, frozen=True):
    """One fold of the walk forward."""

    train_window: Window
    validation_window: Window
    train: TradeMetrics
    validation: TradeMetrics


class SearchPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A batch: ``sharpe`` annual and ``logits`` of CSCV, before every seal; ``chosen`` are pointed out by name.

    ``note`` says what was tried. Undefined is None.
    """

    label: str
    sharpe: Histogram
    chosen: tuple[tuple[str, float], ...] = ()
    logits: Histogram | None = None
    pbo: float | None = None
    note: str = ""


class ProofPage(msgspec.Struct, frozen=True, kw_only=True):
    """Input of ``render_proof``. ``equity`` is 100 at the start; ``seal`` is where its sealed part begins, None where
    that was not opened. ``funnel`` is the way of all that were judged, under a label. Empty parts are not shown.
    """

    title: str
    subtitles: tuple[str, ...]
    stamp: Stamp
    findings: tuple[tuple[str, bool | None], ...]
    equity: EquityCurve | None = None
    seal: int | None = None
    risk: float = 0.01
    windows: tuple[WindowColumn, ...] = ()
    folds: tuple[FoldPicture, ...] = ()
    searches: tuple[SearchPicture, ...] = ()
    robustness: Robustness | None = None
    gates: tuple[GateGroup, ...] = ()
    funnel: tuple[tuple[str, tuple[StageCount, ...]], ...] = ()
    baselines: tuple[Baseline, ...] = ()
    days: int = 0
    provenance: tuple[tuple[str, str], ...] = ()


def render_proof(page: ProofPage) -> str:
    """The page as one HTML text that fetches nothing; the same input gives the same bytes.

    Raises:
        Unavailable: the chart library is not installed.
    """
    values: dict[str, object] = {"charts": [], "equity": None}
    if page.equity is not None:
        seal = None if page.seal is None else page.seal // 1_000_000_000
        values["equity"] = series.equity_json(page.equity) | {"seal": seal, "log": True}
    main = "".join(
        (
            finding_list(page.findings),
            _funnel(page),
            _windows(page),
            _equity(page),
            _folds(page.folds),
            "".join(map(_search, page.searches)),
            _stress(page.robustness),
            gate_section(page.gates, first=True),
            baseline_section(page.baselines, page.days),
            provenance_of(page.stamp, page.provenance),
        )
    )
    stamped = head_of(simulated=page.stamp.simulated, unproven=page.stamp.unproven) + page.title
    return assembled(stamped, titled(page.title, page.subtitles, page.stamp), main, values)


def _funnel(page: ProofPage) -> str:
    headers = (Cell("Stage"), Cell("Came to it", "num"), Cell("Met all of it", "num"))
    parts = []
    for label, counts in page.funnel:
        rows = [
            (Cell(one.stage), Cell(number(one.entered, 0), "num"), Cell(number(one.validated, 0), "num"))
            for one in counts
        ]
        parts.append(element("p", text(label), "note") + table(headers, rows))
    return section("What was left after each stage", "".join(parts))


def _windows(page: ProofPage) -> str:
    """One column a window, one row a measure."""
    if not page.windows:
        return ""
    headers = [Cell(""), *(Cell(one.name, "num") for one in page.windows)]
    rows = [
        [Cell("From"), *(Cell(day(one.window.start), "num") for one in page.windows)],
        [Cell("To"), *(Cell(day(one.window.end), "num") for one in page.windows)],
    ]
    rows += [
        [Cell(name), *(Cell(DASH if one.evidence is None else shown(one.evidence), "num") for one in page.windows)]
        for name, shown in _MEASURES
    ]
    note = "Net of costs. The sealed window is the latest part of the data and took no part in choosing anything."
    if any(one.evidence is None for one in page.windows):
        note += " It was not opened: an earlier criterion was missed, so it stays unread."
    return section("Windows", table(headers, rows, style="tight"), note)


_MEASURES: Final[tuple[tuple[str, Callable[[WindowEvidence], str]], ...]] = (
    ("Trades", lambda one: number(one.trades.n, 0)),
    ("Win rate", lambda one: percent(one.trades.win_rate)),
    ("95% from", lambda one: percent(one.trades.win_rate_low)),
    ("95% to", lambda one: percent(one.trades.win_rate_high)),
    ("Break-even", lambda one: percent(one.trades.breakeven)),
    ("Profit factor", lambda one: number(one.trades.profit_factor)),
    ("Expectancy", lambda one: multiple(one.trades.expectancy, 3)),
    ("Sharpe", lambda one: number(one.returns.sharpe)),
    ("Max drawdown", lambda one: percent(one.returns.max_drawdown)),
    ("False signals", lambda one: percent(one.trades.false_signal_rate)),
    ("Cost / risk", lambda one: percent(one.trades.cost_to_risk)),
    ("Ambiguous exits", lambda one: percent(one.trades.ambiguous_share)),
)


def _equity(page: ProofPage) -> str:
    if page.equity is None:
        return ""
    if not float(np.ptp(np.append(page.equity.equity, page.equity.start_equity))):
        return section("Equity and drawdown", "<p>No trade moved the equity.</p>")
    note = (
        f"100 at the start, {percent(page.risk, 0)} of it lost at a stop, marked at the end of each trading day, net."
    )
    note += (
        " It ends where the sealed window begins, which was not opened."
        if page.seal is None
        else f" The sealed window begins on {day(page.seal)}."
    )
    missing = "<noscript><p>This chart needs JavaScript; every number and picture below does not.</p></noscript>"
    frame = element("div", "", "chart", id="equity", role="img", aria_label="Equity and drawdown")
    return section("Equity and drawdown (%)", missing + frame, note)


def _folds(folds: Sequence[FoldPicture]) -> str:
    if not folds:
        return ""
    pairs = [
        Pair(str(place), one.train.win_rate, one.validation.win_rate,
             None if one.train.win_rate is None else _KEEPS * one.train.win_rate)
        for place, one in enumerate(folds, start=1)
    ]  # fmt: skip
    headers = (
        Cell("Fold"), Cell("Before", "num"), Cell("After", "num"), Cell("Expectancy", "num"), Cell("n", "num"),
        Cell("Factor", "num"), Cell("n before", "num"), Cell("Trained to"), Cell("Validated to"),
    )  # fmt: skip
    rows = [
        (
            Cell(str(place)),
            Cell(percent(one.train.win_rate), "num"),
            Cell(percent(one.validation.win_rate), "num"),
            Cell(multiple(one.validation.expectancy, 3), f"num {tone(one.validation.expectancy)}"),
            Cell(number(one.validation.n, 0), "num"),
            Cell(number(one.validation.profit_factor), "num"),
            Cell(number(one.train.n, 0), "num"),
            Cell(day(one.train_window.end)),
            Cell(day(one.validation_window.end)),
        )
        for place, one in enumerate(folds, start=1)
    ]
    picture = paired_bars(pairs, "Win rate of each fold, before and after")
    note = (
        f"Pale: win rate before, in training. Full: after, in the validation that follows. The line is {_KEEPS:.0%} of "
        "the training win rate. All folds lie before the sealed window."
    )
    return section("Walk forward", picture + table(headers, rows, style="tight"), note)


def _search(search: SearchPicture) -> str:
    """Every trial's Sharpe ratio with the chosen one marked, and the logits behind PBO."""
    marks = [Mark(value, name) for name, value in search.chosen]
    label = f"Sharpe ratio of {sum(search.sharpe.counts):,} trials"
    inner = histogram(search.sharpe.edges, search.sharpe.counts, label, marks)
    if not inner:
        inner = "<p>No trial made enough trades to have a Sharpe ratio.</p>"
    inner = element("h3", "Annual Sharpe ratio of every trial") + inner
    if search.logits is not None and any(search.logits.counts):
        zero = [Mark(0.0, "", "zero")]
        label = "Logits of the best trial's rank out of sample"
        drawn = histogram(search.logits.edges, search.logits.counts, label, zero)
        lead = (
            f"Probability of backtest overfitting {percent(search.pbo)}: the share of cuts of the time in two after "
            "which the best trial of one half ranks in the lower half of the other (logit at or below 0)."
        )
        inner += element("h3", "Logits of the best trial out of sample") + drawn + element("p", text(lead), "note")
    return section(f"The search: {search.label}", inner, search.note)


def _stress(found: Robustness | None) -> str:
    if found is None or not found.n:
        return ""
    headers = (Cell(""), Cell("n", "num"), Cell("Profit factor", "num"), Cell("Expectancy", "num"))
    rows = [
        (
            Cell(f"Spread and slippage × {row.factor:g}"),
            Cell(number(row.n, 0), "num"),
            Cell(number(row.profit_factor), "num"),
            Cell(multiple(row.expectancy, 3), f"num {tone(row.expectancy)}"),
        )
        for row in found.stress
    ]
    late = found.delayed_expectancy
    rows.append(
        (
            Cell("Every order one bar later"),
            Cell(number(found.delayed_n, 0), "num"),
            Cell(DASH, "num"),
            Cell(multiple(late, 3), f"num {tone(late)}"),
        )
    )
    note = (
        f"Before the sealed window. 95th percentile of the drawdown: {percent(found.shuffle_drawdown)} over random "
        f"orders of the same trades, {percent(found.bootstrap_drawdown)} over resamples of them."
    )
    return section("Cost stress and delay", table(headers, rows, style="tight"), note)
