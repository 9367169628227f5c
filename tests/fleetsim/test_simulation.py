"""The whole service in a hostile world made from a seed: every law after every event, and the same run every time."""

from __future__ import annotations

import pytest

from tradewind.fleetsim.faults import OF_BOT_YEAR, FaultKind, FaultMix
from tradewind.fleetsim.report import SimulationReport
from tradewind.fleetsim.simulation import run_simulation

HOSTILE = FaultMix(per_day=8.0, deaths_per_day=2.5)


def checked(report: SimulationReport) -> SimulationReport:
    """The report of a run that broke nothing."""
    print(report.text())
    assert report.violations == (), report.text()
    return report


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_thousand_hostile_events_break_no_law(seed: int) -> None:
    """At least 20 faults of 6 kinds and 5 restarts, with signals told and trades closed on the way."""
    report = checked(run_simulation(seed, events=1000, mix=HOSTILE))
    assert report.events >= 1000
    assert sum(report.faults.values()) >= 20
    assert len(report.faults) >= 6
    assert report.restarts >= 5
    assert report.signals >= 5
    assert report.trades >= 5


def test_the_same_seed_is_the_same_run() -> None:
    """INV-03: two runs of a seed agree in every event and every byte of the journal; another seed differs."""
    one, two = (run_simulation(4, days=2, mix=HOSTILE) for _ in range(2))
    assert one.state_hash == two.state_hash
    assert (one.digest, one.entries, one.faults) == (two.digest, two.entries, two.faults)
    assert run_simulation(5, days=2, mix=HOSTILE).state_hash != one.state_hash


@pytest.mark.parametrize("seed", [11, 12])
def test_faults_that_take_no_data_away_leave_no_trace_in_the_decisions(seed: int) -> None:
    """INV-02: duplicates, holes, corrections, clock steps and deaths end in the decisions of a clean run."""
    mix = FaultMix(per_day=8.0, deaths_per_day=2.5, kinds=FaultMix.harmless().kinds)
    hostile = checked(run_simulation(seed, days=3, mix=mix))
    clean = checked(run_simulation(seed, days=3, schedule=()))
    assert hostile.restarts >= 3
    assert hostile.digest == clean.digest


def test_every_kind_of_fault_can_happen() -> None:
    """The deck leaves nothing out: each kind strikes within a few seeds."""
    struck: set[str] = set()
    for seed in range(20, 23):
        struck |= set(checked(run_simulation(seed, days=3, mix=FaultMix(per_day=9.0, deaths_per_day=3.0))).faults)
    assert struck == {str(kind) for kind in FaultKind if kind not in OF_BOT_YEAR}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(100, 108))
def test_months_of_faults_break_no_law(seed: int) -> None:
    """90 simulated days each: what grows without bound, and what needs a rare meeting of faults, shows here."""
    checked(run_simulation(seed, days=90, mix=FaultMix(per_day=4.0, deaths_per_day=0.6)))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_hundreds_of_short_hostile_lives_break_no_law() -> None:
    """400 seeds of four days with twelve faults a day."""
    for seed in range(1000, 1400):
        checked(run_simulation(seed, days=4, mix=FaultMix(per_day=9.0, deaths_per_day=3.0)))


def test_a_rollback_before_a_restart_closes_when_it_would_have_closed_without_one() -> None:
    """INV-05: the guard that a restart asks once more must not bring the ordered close forward."""
    mix = FaultMix(per_day=9.0, deaths_per_day=3.0, kinds=(FaultKind.KILL_SWITCH,))
    for seed in (20, 21):
        report = checked(run_simulation(seed, days=3, mix=mix))
        assert report.rows["FLT-38"] >= 20
