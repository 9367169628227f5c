"""The top of the page: what it is, whether it is simulated, and the numbers that matter with what they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from tradewind.app.html_report.data import ReportData
from tradewind.app.html_report.figures import DASH, SHARPE_DAYS, day, interval, multiple, number, percent, tone
from tradewind.app.html_report.markup import Cell, element, section, table, text
from tradewind.model.outcome import Trade
from tradewind.model.report import Stamp
from tradewind.validation.return_metrics import ReturnMetrics

_MANY_TRADES: Final = 30
_SIMULATED: Final = "SIMULATED prices, made by a program. Nothing here was earned in a market."
_UNPROVEN: Final = (
    "UNPROVEN strategies had a say: no signed verdict speaks for them, so nothing here is to be followed."
)


def header(data: ReportData) -> str:
    """Title, span, and the banner."""
    what = f"{day(data.span.start)} to {day(data.span.end)} UTC, {data.bars:,} decisions, "
    what += "1 signal" if data.signals == 1 else f"{data.signals:,} signals"
    if data.warmup_bars:
        what += f"; {data.warmup_bars:,} bars before that only to warm up"
    return titled(data.title, (data.subtitle, what), data.stamp)


def titled(title: str, lines_below: tuple[str, ...], stamp: Stamp) -> str:
    """The head of a page, with a banner that stays in sight over made bars and over strategies that nobody proved."""
    said = ((_SIMULATED, stamp.simulated), (_UNPROVEN, stamp.unproven))
    words = " ".join(line for line, holds in said if holds)
    banner = element("div", text(words), "simulated", role="note") if words else ""
    lines = element("h1", text(title))
    lines += "".join(element("p", text(line), "subtitle") for line in lines_below if line)
    switch = '<button id="theme" type="button" aria-label="Switch between light and dark">Light / dark</button>'
    return banner + element("header", element("div", lines) + switch)


def numbers(data: ReportData) -> str:
    """The summary cards, each number with what it must be read against."""
    trades, returns = data.metrics.trades, data.metrics.returns
    breakeven = percent(trades.breakeven)
    net = sum((Decimal(trade.net) for trade in data.trades), Decimal(0))
    cards = [
        ("Trades", number(trades.n, 0), f"{trades.wins:,} won, {trades.losses:,} lost", ""),
        (
            "Win rate",
            percent(trades.win_rate),
            f"95% {interval(trades.win_rate_low, trades.win_rate_high)}; break-even {breakeven}",
            tone(trades.margin),
        ),
        ("Expectancy", multiple(trades.expectancy, 3), "per trade, net of all costs", tone(trades.expectancy)),
        (
            f"Net result, {data.currency}",
            number(float(net), 2, signed=True),
            f"{percent(returns.total_return, 2, signed=True)} on equity",
            tone(float(net)),
        ),
        (
            "Profit factor",
            number(trades.profit_factor),
            f"payoff {number(trades.payoff)}; {'no losses' if 'no_losses' in trades.flags else 'wins / losses'}",
            "",
        ),
        _sharpe(returns),
        (
            "Max drawdown",
            percent(returns.max_drawdown, 2),
            f"{number(trades.max_drawdown_r, 1)} R; longest {returns.drawdown_longest:,} days",
            "bad" if returns.max_drawdown < 0.0 else "",
        ),
        ("False signals", percent(trades.false_signal_rate), "closed at a loss / all closed", ""),
        ("Cost / risk", percent(trades.cost_to_risk), "mean cost of a trade / cash risked", ""),
        ("Ambiguous exits", percent(trades.ambiguous_share), "stop and target in one bar, counted as stop", ""),
        ("Synthetic bars", number(data.synthetic_bars, 0), f"of {data.bars:,} decisions", ""),
        ("SQN", number(trades.sqn), f"capped at 100 trades: {number(trades.sqn100)}", ""),
    ]
    inner = "".join(
        element(
            "div",
            element("dt", text(name)) + element("dd", text(value), style) + element("dd", text(against), "against"),
            "card",
        )
        for name, value, against, style in cards
    )
    return section("Result", element("dl", inner, "cards"), " ".join(data.notes))


def _sharpe(returns: ReturnMetrics) -> tuple[str, str, str, str]:
    """The card of the Sharpe ratio."""
    if returns.n < SHARPE_DAYS:
        return "Sharpe", DASH, f"{returns.n} days; a ratio needs {SHARPE_DAYS}", ""
    return "Sharpe", number(returns.sharpe), f"daily, {returns.periods_per_year:g} days a year", tone(returns.sharpe)


def findings(data: ReportData) -> str:
    """The sentences to read before any number."""
    return finding_list((*data.findings, *((line, None) for line in _how_little(data.metrics.trades.n))))


def finding_list(found: Sequence[tuple[str, bool | None]]) -> str:
    """Sentences, each with whether it is good news (None: neither)."""
    tones = {True: "good", False: "bad", None: "warn"}
    lines = "".join(element("li", text(line), tones[good]) for line, good in found)
    return element("ul", lines, "findings") if lines else ""


def _how_little(trades: int) -> tuple[str, ...]:
    """A sentence where the trades of the run are too few to speak for themselves."""
    if trades >= _MANY_TRADES:
        return ()
    if not trades:
        return ("No trade was closed, so nothing about an edge can be said from this run.",)
    count = "One trade was" if trades == 1 else f"Only {trades} trades were"
    return (f"{count} closed: too few to tell skill from luck.",)


def costs(data: ReportData) -> str:
    """What trading cost, item by item, and what the trades earned before it."""
    if not data.trades:
        return ""
    items = [
        (name, sign * _total(data.trades, field))
        for name, field, sign in (
            ("Gross result", "gross", 1),
            ("Spread", "spread_cost", -1),
            ("Slippage", "slippage_cost", -1),
            ("Commission", "commission", -1),
            ("Swap and funding", "swap", 1),
            ("Net result", "net", 1),
        )
    ]
    n = len(data.trades)
    rows = [
        (Cell(name), Cell(number(float(total)), f"num {tone(float(total))}"), Cell(number(float(total) / n), "num"))
        for name, total in items
    ]
    headers = (Cell("Item"), Cell(f"{data.currency}", "num"), Cell("per trade", "num"))
    return section("Costs", table(headers, rows), "Booked amounts, added exactly: gross less costs is net.")


def provenance(data: ReportData) -> str:
    """What the result can be reproduced from."""
    return provenance_of(data.stamp)


def provenance_of(stamp: Stamp, more: tuple[tuple[str, str], ...] = ()) -> str:
    """What a result can be reproduced from; ``more`` are further names and values."""
    items = (
        ("Data", ("SIMULATED " if stamp.simulated else "") + (stamp.data_hash or DASH)),
        ("Configuration", ("UNPROVEN " if stamp.unproven else "") + (stamp.config_hash or DASH)),
        ("Code", stamp.code_version or DASH),
        ("Seed", DASH if stamp.seed is None else str(stamp.seed)),
        *more,
    )
    rows = [(Cell(name), Cell(value, "hash")) for name, value in items]
    return section(
        "Provenance",
        table((Cell("What"), Cell("Which")), rows),
        "The same data, configuration, code and seed give this file again, byte for byte.",
    )


def _total(trades: tuple[Trade, ...], field: str) -> Decimal:
    return sum((Decimal(getattr(trade, field)) for trade in trades), Decimal(0))
