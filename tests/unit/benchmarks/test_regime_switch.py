"""The simulation of a market that changes, in its quick form."""

from __future__ import annotations

import pytest
from benchmarks import seat_log
from benchmarks.regime_switch import chances, outcomes
from benchmarks.seat_log import Kept, Outcome

from tradewind.adapters.training_process import ONE_THREAD


@pytest.mark.req("J09", "HZ22")
def test_a_seat_that_fell_comes_back_by_chance_in_at_most_five_of_a_hundred_markets():
    """Rule: retraining until luck strikes does not help; 100 seeds of 2,000 trades that a coin decides."""
    found = chances(range(1, 101))
    assert found["back"] <= 5
    assert found["tries"]["most"] > 1


def test_a_model_stops_when_its_market_turns_learns_the_new_one_and_comes_back(tmp_path, monkeypatch):
    """Rule: stopped within some 50 shadow trades, not one signal in LEARNING, back with a model of the new market."""
    for name in ONE_THREAD:
        monkeypatch.setenv(name, "1")  # set for the process that lives the seed, and taken back here
    kept = Kept(tmp_path / "kept")
    (found,) = outcomes("switch", [2], 1, kept)
    assert list(kept.read().values()) == [found]
    assert found.traded
    assert found.stop_reason == "drift"
    assert found.stop_events <= 50
    assert found.signals_in_learning == 0
    assert found.back_begins >= 0
    assert found.r_after > 0.1


def test_what_is_kept_is_not_done_again_and_a_line_that_was_cut_short_is(tmp_path, monkeypatch):
    """Rule: the same command goes on where it was cut short; figures of other sizes do not count."""
    kept = Kept(tmp_path / "kept")
    kept.add(Outcome("death", 1, learned=True))
    monkeypatch.setattr(seat_log, "SAMPLES", 1)
    Kept(tmp_path / "kept").add(Outcome("death", 2, learned=True))
    monkeypatch.undo()
    with (tmp_path / "kept").open("a") as file:
        file.write((tmp_path / "kept").read_text().splitlines()[0].replace('"seed":1', '"seed":3'))
    assert set(kept.read()) == {("death", 1)}
    assert [one.seed for one in outcomes("death", [1], 1, kept)] == [1]
