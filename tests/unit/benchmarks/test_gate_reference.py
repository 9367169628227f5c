"""The reference that the gates' power is held against: right by published and stored answers, and nobody's echo."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from benchmarks.power import reference

from tests.shared_data import shared


def matrix(prefix: str) -> np.ndarray:
    table = pl.read_parquet(shared("ground_truth/overfit_matrix.parquet"))
    return table.select(name for name in table.columns if name.startswith(prefix)).to_numpy().T.copy()


def test_it_reads_nothing_of_the_product():
    """Rule: a fault of the gates cannot hide in what they are held against."""
    tree = ast.parse(Path(reference.__file__).read_text("utf-8"))
    read = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    read |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not {name for name in read if name and name.startswith(("tradewind", "benchmarks", "tests"))}


@pytest.mark.parametrize(("n", "value"), [(10, 1.5746), (45, 2.2356), (100, 2.5306), (1000, 3.2551), (10000, 3.8607)])
def test_the_expected_maximum_is_the_published_one(n, value):
    assert reference.expected_maximum(n) == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize("kind", ["noise", "edge"])
def test_overfitting_and_superior_ability_are_the_stored_ones(kind):
    """PBO of ten blocks exactly, the studentised p within 0.08 (other blocks, fewer resamples)."""
    truth = json.loads(shared("ground_truth/overfit.json").read_text())
    daily = matrix(kind)
    assert reference.overfitting(daily) == pytest.approx(truth["cscv"][kind]["S=10"]["pbo"], abs=1e-12)
    plan = reference.resample_plan(daily.shape[1], np.random.default_rng(1))
    expected = truth["spa"][kind]["own_studentised"]["consistent"]
    assert reference.ability(daily, plan) == pytest.approx(expected, abs=0.08)


def power_of(win_rate: float, payoff: float, train: int, sealed: int, runs: int, seed: int = 1) -> float:
    edge = reference.Edge(win_rate, np.array([payoff - 0.05]), np.array([-1.05]), 0.05)
    counts = np.array([[train * 4 // 5, train - train * 4 // 5, sealed]])
    days = reference.Calendar(train * 4 // 5, train - train * 4 // 5, sealed)
    return reference.power(edge, counts, 20, days, runs, np.random.default_rng(seed)).get("promoted", 0) / runs


@pytest.mark.parametrize("payoff", [0.6, 1.0])
def test_the_complete_gate_has_no_more_power_than_its_thresholds_with_holm(payoff):
    """The stored simulation of the thresholds, the exact test and Holm alone; the rest of the gate costs little."""
    truth = json.loads(shared("ground_truth/gate.json").read_text())
    alone = truth["train=1000,oos=250"][f"power_edge_+12pts_payoff_{payoff}"]["source_holm"]
    found = power_of(1.0 / (1.0 + payoff) + 0.12, payoff, 1000, 250, 200)
    assert alone - 0.1 <= found <= alone + 0.07


def test_without_an_edge_nothing_is_promoted():
    assert power_of(1.05 / 1.7, 0.7, 500, 120, 100) == 0.0


def test_an_edge_beyond_doubt_is_promoted():
    assert power_of(0.85, 1.0, 500, 120, 40) >= 0.95
