"""What strikes beside market and orders, each on its own: quiet over the product, loud over a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.app.service.supervision import Supervision
from tradewind.engine import mode_seat
from tradewind.engine.account_guard import AccountGuard
from tradewind.engine.aggregate import Aggregator
from tradewind.engine.modes import Modes
from tradewind.fleetsim import models, slips
from tradewind.fleetsim.burst import burst
from tradewind.fleetsim.faults import MENU, ROWS
from tradewind.fleetsim.long_days import broken_days
from tradewind.fleetsim.models import SPOILT, TRAINED, ModelSeat
from tradewind.fleetsim.slips import SLIPS, broken_slips
from tradewind.fleetsim.swings import broken_swings, swung
from tradewind.fleetsim.tending import ENDS, TASKS, broken_tending
from tradewind.fleetsim.world import CHANGES
from tradewind.model.mode import Mode


def test_every_row_of_the_menu_has_its_faults() -> None:
    """All but that of a real cloud, which is not in the menu."""
    assert set(MENU) == set(ROWS.values())


def test_a_confidence_that_swings_round_its_threshold_moves_a_seat_only_as_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """FLT-33, INV-18: thresholds chase the confidence, the process dies; a seat that ignores its threshold is found."""
    found = [swung(share, size) for share, size in ((0.1, 1), (0.5, 3), (0.9, 5))]
    assert [one.broken for one in found] == [[], [], []]
    assert sum(one.transitions for one in found) > 30
    monkeypatch.setattr(
        mode_seat, "stepped", lambda before, confidence, rules: before if confidence is None else Mode.TRADING
    )
    assert any(one.startswith("INV-18") for one in broken_swings(0.5, 3))


def test_a_seat_in_learning_that_is_heard_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """INV-18: LEARNING sends nothing actionable."""
    monkeypatch.setattr(Modes, "quiet", frozenset())
    assert any("which is learning" in one for one in swung(0.5, 3).broken)


def test_one_shock_on_all_coins_stays_above_the_floors(monkeypatch: pytest.MonkeyPatch) -> None:
    """INV-09 for the account as a whole: three signals at one close at least; without the guard's room it is broken."""
    found = burst(0.3, 2)
    assert found.broken == []
    assert found.together >= 3
    monkeypatch.setattr(AccountGuard, "viewed", lambda self, account, stops, without=(): account)
    assert any(one.startswith("INV-09") for one in burst(0.3, 2).broken)


def test_tasks_that_end_badly_are_started_again_or_end_the_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """INV-15 for every task and every end; a supervision that never starts anything again is found."""
    for number in range(len(TASKS)):
        for size in range(len(ENDS)):
            assert broken_tending((number + 0.5) / len(TASKS), size) == []
    monkeypatch.setattr(Supervision, "due", lambda self, now: () if now else tuple(TASKS))
    assert broken_tending(0.3, 0) != []


def test_every_slip_of_the_pen_stops_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-43: refused with the name or the line; a loader that takes everything is found."""
    for number in range(len(SLIPS)):
        assert broken_slips(tmp_path, (number + 0.5) / len(SLIPS)) == []
    monkeypatch.setattr(slips, "load_config", lambda path, environment: None)
    assert broken_slips(tmp_path, 0.0) != []


def test_a_spoilt_model_and_a_failed_training_leave_the_serving_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INV-19 for every way; a loader that believes what it is given is found."""
    seat = ModelSeat(tmp_path)
    assert [seat.spoil((number + 0.5) / len(SPOILT)) for number in range(len(SPOILT))] == [[]] * len(SPOILT)
    assert [seat.train((number + 0.5) / len(TRAINED)) for number in range(len(TRAINED))] == [[]] * len(TRAINED)
    serving = seat.serving
    monkeypatch.setattr(models, "verified", lambda manifest, artifact, schema: serving)
    assert any("other bytes" in one for one in seat.spoil(1.5 / len(SPOILT)))


@pytest.mark.parametrize("change", CHANGES)
def test_days_of_currencies_end_at_five_in_new_york_over_every_change_of_clocks(
    change: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """23, 24 and 25 hours; an aggregator that puts days together an hour late is found."""
    assert broken_days(change) == []
    real = Aggregator.on_bar
    monkeypatch.setattr(Aggregator, "on_bar", lambda self, bar: real(self, bar)[:0])
    assert broken_days(change) != []
