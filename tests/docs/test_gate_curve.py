"""The operating curve in the docs is made from the figures beside it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

from benchmarks.power.curve import picture, table

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_table_and_picture_are_those_of_the_figures():
    """Rule: change the figures and both follow, by the command the page names."""
    figures = json.loads((DOCS / "gate-power.json").read_text("utf-8"))
    assert table(figures["planted"]) in (DOCS / "gates.md").read_text("utf-8")
    drawn = (DOCS / "gate-power.svg").read_text("utf-8")
    assert picture(figures["planted"]) == drawn
    assert ET.fromstring(drawn).tag.endswith("svg")


def test_the_figures_are_of_a_whole_run_and_say_so():
    """200 batches of 500, at most four of which promote; every leak named; SIMULATED."""
    figures = json.loads((DOCS / "gate-power.json").read_text("utf-8"))
    assert figures["data"] == "SIMULATED"
    assert not figures["short"]
    noise = figures["noise"]
    assert (noise["batches"], noise["strategies_each"]) == (200, 500)
    assert noise["promoting_batches"] <= noise["most_allowed"]
    assert figures["leaks"]["missed"] == []
    assert figures["planted"]["ratio"] >= figures["planted"]["goal_ratio"]
