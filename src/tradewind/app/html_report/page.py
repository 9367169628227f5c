"""Puts the parts into one file that needs nothing but a browser."""

from __future__ import annotations

import json
from importlib import resources
from typing import Final

import numpy as np

from tradewind.app.html_report import proof, series, summary
from tradewind.app.html_report.data import ReportData
from tradewind.app.html_report.markup import element, section, text
from tradewind.app.html_report.trades import trades
from tradewind.errors import Unavailable
from tradewind.model.stamp import head_of

# The browser itself refuses to load anything from anywhere.
_POLICY: Final = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
_CREDIT: Final = (
    'Charts: TradingView Lightweight Charts™, Copyright © 2025 <a href="https://www.tradingview.com/" '
    'rel="noopener noreferrer">TradingView, Inc.</a>, Apache License 2.0.'
)


def render(data: ReportData) -> str:
    """The report as one HTML text; the same data gives the same bytes.

    Raises:
        Unavailable: the chart library is not installed.
    """
    rows = [series.candle_rows(chart) for chart in data.charts]
    values: dict[str, object] = {
        "charts": [series.chart_json(chart, shown) for chart, shown in zip(data.charts, rows, strict=True)],
        "equity": None if data.equity is None else series.equity_json(data.equity),
    }
    notes = [series.candle_note(chart, shown) for chart, shown in zip(data.charts, rows, strict=True)]
    main = "".join(
        (
            summary.findings(data),
            proof.gates(data) if data.gates_first else "",
            summary.numbers(data),
            _candles(data, notes),
            _equity(data, values["equity"]),
            "" if data.gates_first else proof.gates(data),
            proof.members(data),
            proof.stress(data),
            proof.baselines(data),
            summary.costs(data),
            trades(data),
            proof.reasons(data),
            summary.provenance(data),
        )
    )
    head = head_of(simulated=data.stamp.simulated, unproven=data.stamp.unproven)
    return assembled(head + data.title, summary.header(data), main, values)


def assembled(title: str, header: str, main: str, values: dict[str, object]) -> str:
    """A whole page of its parts, which are markup already; ``values`` are those of the charts.

    ``title`` carries its stamp.

    Raises:
        Unavailable: the chart library is not installed.
    """
    return "".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{text(_POLICY)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="color-scheme" content="light dark">\n',
            f"<title>{text(title)}</title>\n<style>{_asset('report.css')}</style>\n</head>\n<body>\n",
            header,
            element("main", main),
            element("footer", f"<p>{_CREDIT}</p>"),
            f'\n<script id="values" type="application/json">{_embedded(values)}</script>\n',
            f"<script>{chart_library()}</script>\n<script>{_asset('report.js')}</script>\n</body>\n</html>\n",
        )
    )


def chart_library() -> str:
    """Source of the chart library as its wheel carries it, licence header included.

    Raises:
        Unavailable: the wheel is not installed or holds no library.
    """
    try:
        source = resources.files("litecharts").joinpath("js", "lightweight-charts.js").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError) as fault:
        raise Unavailable(
            "the chart library of the HTML report is not installed",
            where="litecharts",
            next_step="install the package 'litecharts' into this environment",
        ) from fault
    return source.replace("</script", "<\\/script")


def _candles(data: ReportData, notes: list[str]) -> str:
    """A frame for the candle chart, one button a series, and what is shown of each."""
    if not data.charts:
        return ""
    names = (f"{chart.symbol} {chart.timeframe.value}" for chart in data.charts)
    buttons = "".join(
        element("button", text(name), type="button", data_chart=str(number), data_note=notes[number])
        for number, name in enumerate(names)
    )
    zoom = "".join(
        element("button", text(label), type="button", data_zoom=action)
        for label, action in (("−", "out"), ("+", "in"), ("Latest", "latest"), ("All", "all"))
    )
    bar = element("div", element("div", buttons, "tabs") + element("div", zoom, "tabs"), "toolbar")
    legend = element(
        "p",
        '<span class="good">▲</span> long <span class="bad">▼</span> short, '
        '<span class="good">●</span> <span class="bad">●</span> exit with its result in R, ■ signal not traded. UTC.',
        "note",
    )
    note = element("p", text(notes[0]), "note", id="shown")
    missing = "<noscript><p>The charts need JavaScript; every number below does not.</p></noscript>"
    label = "Candles with signals and trades"
    frame = element("div", "", "chart tall", id="candles", role="img", aria_label=label)
    return section("Signals and trades", bar + missing + frame + legend + note)


def _equity(data: ReportData, values: object) -> str:
    """A frame for equity and drawdown."""
    if data.equity is None or not isinstance(values, dict):
        return ""
    if not data.trades and not float(np.ptp(data.equity.equity)):
        return section("Equity", "<p>The equity did not move.</p>")
    thinned = "" if values["shown"] == values["of"] else " The lowest and highest mark of every stretch are kept."
    note = f"{values['shown']:,} of {values['of']:,} marks of the account, open positions at market.{thinned}"
    frame = element("div", "", "chart", id="equity", role="img", aria_label="Equity and drawdown")
    return section(f"Equity ({data.currency}) and drawdown (%)", frame, note)


def _asset(name: str) -> str:
    """A file of this package."""
    return resources.files("tradewind.app.html_report").joinpath(name).read_text(encoding="utf-8")


def _embedded(values: object) -> str:
    """JSON that cannot end the script element it stands in."""
    encoded = json.dumps(values, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return encoded.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
