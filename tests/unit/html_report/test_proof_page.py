"""The page about a proof: one file, the same bytes for the same input, and nothing shown that was not measured."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pytest

from tests.gate_evidence import candidate, long_windows, window
from tests.unit.html_report.test_page import parsed
from tradewind.app.html_report.data import EquityCurve, GateGroup
from tradewind.app.html_report.pictures import Mark, Pair, histogram, paired_bars
from tradewind.app.html_report.proof_page import FoldPicture, ProofPage, SearchPicture, WindowColumn, render_proof
from tradewind.model.report import Stamp, Window
from tradewind.model.timeframe import DAY
from tradewind.validation.gates_profiles import funnel, judgement_of
from tradewind.validation.histogram import Histogram

WINDOWS = long_windows()


def page(**changes) -> ProofPage:
    """A page with every part filled."""
    found = candidate()
    judged = judgement_of(found)
    fold = FoldPicture(Window(0, 10 * DAY), Window(10 * DAY, 20 * DAY), window(60, 100).trades, window(58, 100).trades)
    made = ProofPage(
        title="Ten_Bar_Momentum_1h_v1",
        subtitles=("EUR/USD 1h",),
        stamp=Stamp("d" * 16, "c" * 16, "0.1.0", 7, simulated=True),
        findings=(("APPROVED (PASS): every honest gate is met.", True),),
        equity=EquityCurve(np.arange(5) * DAY, np.array([101.0, 99.0, 103.0, 104.0, 102.0]), 100.0),
        seal=3 * DAY,
        windows=(
            WindowColumn("Train", WINDOWS.train, found.train),
            WindowColumn("Test", WINDOWS.test, found.test),
            WindowColumn("Sealed", WINDOWS.sealed, found.sealed.window),
        ),
        folds=(fold, fold),
        searches=(
            SearchPicture(
                label="EUR/USD 1h",
                sharpe=Histogram((-1.0, 0.0, 1.0, 2.0), (1, 2, 1)),
                chosen=(("Ten_Bar_Momentum_1h_v1", 2.0),),
                logits=Histogram((-1.0, 0.0, 1.0), (1, 2)),
                pbo=1 / 3,
            ),
        ),
        robustness=found.robustness,
        gates=tuple(GateGroup(f"Profile {one.profile}", (one,)) for one in judged.reports),
        funnel=(("honest", funnel([judged.reports[1]])),),
        days=5,
    )
    return msgspec.structs.replace(made, **changes)


def words(html: str) -> str:
    return " ".join(parsed(html).words)


def test_the_page_is_one_file_and_the_same_input_gives_the_same_bytes():
    """No address is fetched; every picture has a name for those who cannot see it; SIMULATED is said."""
    html = render_proof(page())
    assert render_proof(page()) == html
    found = parsed(html)
    assert all("src" not in attributes for _, attributes in found.elements)
    pictures = [attributes for tag, attributes in found.elements if tag == "svg"]
    assert len(pictures) == 3
    assert all(one["aria-label"] and one["role"] == "img" for one in pictures)
    assert "SIMULATED prices" in words(html)


@pytest.mark.req("D23", "X20")
def test_both_profiles_and_every_part_stand_on_the_page():
    """Equity, folds, trials with the chosen one, logits with PBO, cost stress, gates under source and under honest."""
    text = words(render_proof(page()))
    for part in (
        "Equity and drawdown", "Walk forward", "Annual Sharpe ratio of every trial", "Ten_Bar_Momentum_1h_v1",
        "Probability of backtest overfitting 33.3%", "Cost stress and delay", "Profile source", "Profile honest",
        "sealed.exact_test", "False signals", "What was left after each stage",
    ):  # fmt: skip
        assert part in text, part
    assert text.count("APPROVED (PASS)") == 3


def test_a_sealed_window_that_was_not_opened_is_said_to_be_unread():
    """Dashes in its column, a sentence below, and an equity that ends before it."""
    shut = page(
        seal=None,
        windows=(WindowColumn("Train", WINDOWS.train, candidate().train), WindowColumn("Sealed", WINDOWS.sealed)),
    )
    text = words(render_proof(shut))
    assert "It was not opened: an earlier criterion was missed, so it stays unread." in text
    assert "which was not opened" in text


def test_what_is_not_there_is_not_drawn():
    """No trades, no folds, no trials: a page of sentences and no picture of nothing."""
    empty = page(
        equity=EquityCurve(np.arange(3) * DAY, np.full(3, 100.0), 100.0), folds=(), robustness=None, gates=(),
        funnel=(), searches=(SearchPicture(label="EUR/USD 1h", sharpe=Histogram((), ())),),
    )  # fmt: skip
    html = render_proof(empty)
    text = words(html)
    assert "No trade moved the equity." in text
    assert "No trial made enough trades to have a Sharpe ratio." in text
    assert 'class="picture"' not in html
    assert "Walk forward" not in text


def test_a_histogram_is_as_high_as_its_counts():
    """Heights are proportional to counts, empty bins have no bar; a mark beyond the bins widens the axis."""
    drawn = histogram((0.0, 1.0, 2.0, 3.0), (3, 0, 1), "counts", [Mark(4.0, "here")])
    heights = [float(one) for one in re.findall(r'class="bar"[^>]*height="([\d.]+)"', drawn)]
    assert len(heights) == 2
    assert heights[0] == pytest.approx(3 * heights[1], rel=1e-2)
    assert "here" in drawn
    assert ">4.0<" in drawn
    assert histogram((), (), "nothing") == ""


def test_bars_of_shares_stand_in_proportion():
    """Half is half the height of the whole; what is unknown has no bar."""
    drawn = paired_bars([Pair("1", 1.0, 0.5, 0.85), Pair("2", None, None, None)], "rates")
    heights = [float(one) for one in re.findall(r'class="bar[^"]*"[^>]*height="([\d.]+)"', drawn)]
    assert heights[0] == pytest.approx(2 * heights[1], rel=1e-2)
    assert len(heights) == 2
    assert paired_bars([], "none") == ""


def test_names_cannot_end_the_markup_they_stand_in():
    """A strategy called like markup is text."""
    html = render_proof(page(title="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in html
