"""The report is one file that fetches nothing, says what it was given, and says SIMULATED when it is."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest

from tests.unit.html_report.sample import report_data
from tradewind.app.html_report.data import EquityCurve, ReportData
from tradewind.app.html_report.page import chart_library, render
from tradewind.app.html_report.series import MAX_CANDLES, MAX_POINTS, candle_rows, equity_json
from tradewind.model.report import Stamp, Window
from tradewind.validation.metrics import metrics

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Checks that elements nest and keeps their attributes and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.values = ""

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            if self.elements[-1][1].get("id") == "values":
                self.values += data
        elif self.open and self.open[-1] != "style":
            self.words.append(data)


def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def data() -> ReportData:
    return report_data()


@pytest.fixture(scope="module")
def html(data) -> str:
    return render(data)


@pytest.fixture(scope="module")
def page(html) -> Page:
    return parsed(html)


def bare(**changes) -> ReportData:
    """A report of a run in which nothing happened."""
    nothing = metrics(np.empty(0), np.empty(0), periods_per_year=252)
    return msgspec.structs.replace(
        ReportData(title="Empty", span=Window(0, 86_400 * 10**9), stamp=Stamp(), metrics=nothing, trades=()), **changes
    )


def test_the_file_fetches_nothing(page, html):
    """No src, no stylesheet, no import; the policy forbids what might be missed; the one link is the attribution."""
    assert all("src" not in attributes and tag not in {"link", "iframe", "img"} for tag, attributes in page.elements)
    links = [attributes["href"] for tag, attributes in page.elements if "href" in attributes]
    assert links == ["https://www.tradingview.com/"]
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    own = html.replace(chart_library(), "")
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(", own)
    assert not re.search(r"fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(", chart_library())


def test_the_chart_library_keeps_its_licence():
    """Apache 2.0 header and copyright of the library stay in the file; its size is what one page can carry."""
    library = chart_library()
    assert library.lstrip().startswith("/*!")
    assert "TradingView Lightweight Charts" in library[:300]
    assert "Apache License 2.0" in library[:300]
    assert 100_000 < len(library) < 400_000


def test_the_page_stays_small(html):
    """9,000 bars and 640 trades fit in 1.5 MB."""
    assert len(html.encode()) < 1_500_000


def test_simulated_data_says_so(page, data):
    """In the title, in the banner and beside the data hash; never on real data."""
    words = " ".join(page.words)
    assert words.count("SIMULATED") >= 3
    real = parsed(render(msgspec.structs.replace(data, stamp=Stamp(data_hash="abc", seed=7))))
    assert "SIMULATED" not in " ".join(real.words)


@pytest.mark.req("X05")
def test_every_number_given_is_on_the_page(page, data):
    """Metrics, gate rows, reasons, provenance, cost stress, baselines."""
    words = " ".join(page.words)
    trades = data.metrics.trades
    expected = [
        f"{trades.n:,}",
        f"{100 * trades.win_rate:.1f}%",
        f"{100 * trades.win_rate_low:.1f}% to {100 * trades.win_rate_high:.1f}%",
        f"break-even {100 * trades.breakeven:.1f}%",
        f"{data.metrics.returns.sharpe:.2f}".replace("-", "−"),
        *(row.name for group in data.gates for report in group.reports for row in report.rows),
        *(f"criteria met {report.met}/{len(report.rows)}" for group in data.gates for report in group.reports),
        *(report.verdict.value for group in data.gates for report in group.reports),
        *(f"{count:,}" for _, count in data.reasons),
        *(code for code, _ in data.reasons),
        data.stamp.data_hash,
        data.stamp.config_hash,
        data.stamp.code_version,
        "× 3",
        "Buy and hold",
        data.members[0].id,
        "The market has an edge planted in it.",
    ]
    missing = [text for text in expected if text not in words]
    assert missing == []


def test_the_same_data_gives_the_same_bytes(data, html):
    """No clock, no randomness in the rendering."""
    assert render(data) == html


def test_text_cannot_become_markup():
    """Names from outside are shown, not run."""
    evil = "<script>alert(1)</script>\"'&"
    page = parsed(render(bare(title=evil, subtitle=evil, notes=(evil,), reasons=((evil, 3),))))
    assert " ".join(page.words).count("alert(1)") == 5
    assert sum(tag == "script" for tag, _ in page.elements) == 3


def test_nothing_happened_is_a_page_too():
    """No trades: no infinite numbers, dashes where nothing is known, and a sentence that says it."""
    page = parsed(render(bare()))
    words = " ".join(page.words)
    assert "No trade was closed" in words
    assert not re.search(r"\b(nan|inf|none)\b", words.lower())


def test_long_series_are_thinned_and_say_so(data, page):
    """At most the limit of candles, the last ones among them, and the note tells how many of how many."""
    chart = data.charts[0]
    rows = candle_rows(chart)
    assert rows.size <= MAX_CANDLES < chart.columns.ts_open.size
    assert rows[-1] == chart.columns.ts_open.size - 1
    assert f"{rows.size:,} of 9,000 bars" in " ".join(page.words)


def test_candles_keep_their_prices_and_mark_the_cuts(data, page):
    """Every shown row is a bar of the series; a cut is a time without prices."""
    chart = data.charts[0]
    shown = json.loads(page.values)["charts"][0]["candles"]
    times = [row[0] for row in shown]
    assert times == sorted(set(times))
    index = {int(t): i for i, t in enumerate(chart.columns.ts_open // 10**9)}
    for time, *prices in shown:
        if prices:
            row = index[time]
            columns = chart.columns
            assert prices == pytest.approx([columns.open[row], columns.high[row], columns.low[row], columns.close[row]])
    cuts = sum(len(row) == 1 for row in shown)
    assert cuts == (np.diff(candle_rows(chart)) > 1).sum()


def test_marks_stand_on_candles_that_are_shown(page):
    """The chart library refuses marks without a bar; a signal that was not traded is marked too."""
    chart = json.loads(page.values)["charts"][0]
    candles = {row[0] for row in chart["candles"] if len(row) > 1}
    assert {mark[0] for mark in chart["marks"]} <= candles
    kinds = {mark[1] for mark in chart["marks"]}
    assert kinds == {"long", "short", "won", "lost", "signal"}


def test_a_thinned_equity_curve_keeps_its_worst_point():
    """The deepest drawdown and the last mark survive the thinning."""
    generator = np.random.default_rng(2)
    equity = 10_000.0 * np.exp(np.cumsum(generator.normal(0, 0.01, 50_000)))
    curve = EquityCurve(np.arange(50_000, dtype=np.int64) * 3600 * 10**9, equity, 10_000.0)
    values = equity_json(curve)
    assert values["shown"] == len(values["equity"]) <= MAX_POINTS
    assert values["equity"][-1][1] == round(float(equity[-1]), 2)
    marks = np.concatenate(([10_000.0], equity))
    worst = (marks / np.maximum.accumulate(marks) - 1).min()
    assert min(value for _, value in values["drawdown"]) == pytest.approx(worst, abs=1e-5)
