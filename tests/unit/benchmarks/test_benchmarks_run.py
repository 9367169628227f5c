"""Every benchmark runs, at a tiny size, and prints one JSON object. No figure is looked at."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest
from benchmarks.gate_power import Size
from benchmarks.power.planted import Plant
from benchmarks.table import NAMES

from tests.fakes.onnx_bytes import sigmoid_of_linear
from tradewind.model.timeframe import Timeframe

FOLDER = Path(__file__).parents[3] / "benchmarks"


LITTLE = sigmoid_of_linear(60, 32, [0.001] * (60 * 32), 0.0)
"""A model of the size that is asked; the nets themselves are measured where they can be made."""


class _Nothing:
    """Finds no training library; what it measures with one is tested where one is (tests/models)."""

    class util:
        @staticmethod
        def find_spec(name: str) -> None:
            return None


TINY = {
    "inference": (
        ["--answers", "20"],
        {"nets": lambda _: dict.fromkeys(("small-32", "lstm_3x128-32"), LITTLE), "service": lambda *_: {}},
    ),
    "telling": (["--minutes", "1"], {"ROW_S": 3.0}),
    "bot_minute": (["--days", "0.1"], {}),
    "account": ([], {"BARS": 200, "ROUNDS": 1}),
    "engine": (["--bars", "300", "--rounds", "1"], {}),
    "features": (["--bars", "300"], {}),
    "first_run": ([], {"PARTS": ("demo",)}),
    "gate_power": (
        ["--short", "--workers", "1", "--markets", "1", "--runs", "1"],
        {"SHORT": Size(1, 22, 1, 3, 5, (Plant(0.9, 1.2, 2, 4),)), "BARS": 3_000},
    ),
    "journal": ([], {"COMMITS": 8, "YEAR": 40, "BATCH": 10}),
    "latency": (["--candles", "4"], {"WARM_UP": 100, "MEMBERS": (1,)}),
    "load": (["--rows", "3000"], {"REPEATS": 1}),
    "drift_power": (["--short", "--horizon", "300"], {}),
    "memory": (["--hours", "60", "--rounds", "1"], {"POOLS": (("one", ("BTC/USDT",), Timeframe.H1),)}),
    "model_gate": (["--markets", "1", "--samples", "1500", "--workers", "1"], {}),
    "ninety_days": (["--days", "1"], {}),
    "overfitting": (["--trials", "20", "--days", "64", "--rounds", "1"], {"RESAMPLES": 20, "BLOCKS": 8}),
    "real_models": (
        ["--workers", "1"],
        {"FILES": ("ETHUSDT-1h",), "SERIES": (("ETH/USDT", "4h"),), "DEEP": (), "SIMPLE": ("base_rate",)},
    ),
    "regime_switch": (["--kind", "chance", "--seeds", "1"], {}),
    "restart": (["--hours", "60", "--rounds", "1"], {"POOLS": (("BTC/USDT",),)}),
    "sentiment": ([], {"MOST": 200}),
    "retrain": (["--part", "default"], {"importlib": _Nothing}),
    "service": (["--minutes", "1"], {"ROW_S": 1.0}),
    "simulation": (["--days", "1"], {}),
    "startup": ([], {"ROUNDS": 1, "CALLS": (("data", "list"),)}),
    "sweep": (
        ["--rounds", "1", "--peer", "absent"],
        {"HOURS": "small", "MINUTES": "small", "SETS": 30, "GRID": 60, "peak_mib": lambda: 0.0},
    ),
    "validate": (["--strategies", "3", "--rounds", "1"], {"YEARS": 1}),
    "votes": ([], {"BARS": 120, "ROUNDS": 1}),
}
SHARED = {"machine", "desk", "table", "changing_market", "seat_log"}
"""Modules the benchmarks share; they measure nothing."""


def test_every_benchmark_has_a_tiny_size():
    """A new file in benchmarks/ must be listed here."""
    assert {path.stem for path in FOLDER.glob("[a-z]*.py")} == set(TINY) | SHARED
    assert set(NAMES) == set(TINY), "and in benchmarks/table.py"


@pytest.mark.parametrize("name", sorted(TINY))
def test_the_benchmark_prints_one_json_object(name, monkeypatch, capsys, tmp_path):
    """``python -m benchmarks.NAME --json``."""
    module = importlib.import_module(f"benchmarks.{name}")
    flags, constants = TINY[name]
    for constant, value in constants.items():
        assert hasattr(module, constant)
        monkeypatch.setattr(module, constant, value)
    if isinstance(getattr(module, "KEPT", None), Path):
        monkeypatch.setattr(module, "KEPT", tmp_path)
    monkeypatch.setattr(sys, "argv", [f"benchmarks.{name}", "--json", *flags])
    module.main()
    assert isinstance(json.loads(capsys.readouterr().out), dict)
