"""The benchmark of retraining, at a tiny size: every part runs, and what was measured is not measured again."""

from __future__ import annotations

import json
import sys

import pytest

from tests.shared_data import shared


@pytest.fixture
def small(monkeypatch, tmp_path):
    pytest.importorskip("torch")
    from benchmarks import retrain
    from benchmarks.retraining import fleet, neighbour, task

    from tradewind.model.timeframe import Timeframe

    monkeypatch.setattr(task, "EPOCHS", 1)
    monkeypatch.setattr(retrain, "ROUNDS", 1)
    monkeypatch.setattr(retrain, "HOURS", 4)
    monkeypatch.setattr(neighbour, "WARM_UP", 60)
    monkeypatch.setattr(fleet, "SYMBOLS", ("BTC/USDT",))
    monkeypatch.setattr(fleet, "TIMEFRAMES", (Timeframe.H4, Timeframe.D1))
    monkeypatch.setattr(fleet, "BARS", 2_500)

    def run(*flags: str) -> None:
        monkeypatch.setattr(sys, "argv", ["benchmarks.retrain", "--json", "--folder", str(tmp_path), *flags])
        retrain.main()

    return run


@pytest.mark.req("V03", "V04")
def test_it_measures_what_a_model_costs_and_holds_it_to_the_published_lstm(small, capsys):
    """The default net cold and warm and the LSTM on the published task; a second call measures nothing."""
    shared("bench/model_task.py")
    small("--part", "default", "--part", "lstm", "--seeds", "1")
    first = json.loads(capsys.readouterr().out)
    assert first["cold_cpu_seconds"] > 0.0
    assert first["warm_cpu_seconds"] > 0.0
    assert first["lstm_3x128_cpu_seconds"] > first["cold_cpu_seconds"]
    assert abs(first["loss_minus_lstm"]) < 0.2
    assert first["all_24_seconds"] is None
    small("--part", "default", "--part", "lstm", "--seeds", "1")
    out = capsys.readouterr()
    assert json.loads(out.out)["cold_cpu_seconds"] == first["cold_cpu_seconds"]
    assert out.err == ""


def test_it_trains_every_seat_to_a_signed_version_and_watches_a_service_beside_it(small, capsys):
    """Models of a project on two processes; decisions of a service alone and beside a process that trains."""
    small("--part", "all", "--part", "interference")
    found = json.loads(capsys.readouterr().out)
    assert found["all_24_seconds"] > 0.0
    assert found["all_24_fitted_on"][0] > 500
    assert found["p99_ratio"] > 0.0
    assert found["fits"] >= 1
