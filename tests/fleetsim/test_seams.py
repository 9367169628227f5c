"""The simulated clock, randomness, disk and people keep the promises of their ports."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.faults import DEADLY, ROWS, FaultKind, FaultMix, draw
from tradewind.fleetsim.mortal import MortalProcess
from tradewind.fleetsim.recording_disk import Disk, Op
from tradewind.fleetsim.seeded import SeededRng, SeededScheduler
from tradewind.fleetsim.shrink import minimal
from tradewind.model.timeframe import DAY
from tradewind.ports.process import Crashed


def test_a_name_has_its_own_stream_whoever_else_draws() -> None:
    """Adding a user of randomness moves no other; seeds and names all differ."""
    alone = SeededRng(7).generator("venue").random(5)
    shared = SeededRng(7)
    shared.generator("faults").random(100)
    assert np.array_equal(shared.generator("venue").random(5), alone)
    others = {SeededRng(seed).generator(name).random() for seed in (7, 8) for name in ("venue", "faults")}
    assert len(others) == 4


def test_sleep_ends_when_the_simulation_has_moved_time_and_not_before() -> None:
    """A step of the wall clock wakes nobody."""
    clock, scheduler, woken = VirtualClock(1_000), SeededScheduler(np.random.default_rng(1)), []

    async def sleeper() -> None:
        await clock.sleep_until(50)
        woken.append(clock.monotonic())

    scheduler.spawn("sleeper", sleeper)
    clock.step(DAY)
    scheduler.step()
    assert woken == []
    clock.advance_to(1_060)
    scheduler.run()
    assert woken == [60]


def test_a_process_dies_at_the_armed_passing_of_a_checkpoint_only() -> None:
    """The third ``after-commit`` here; other places are safe, and death comes once."""
    passed: list[str] = []
    process = MortalProcess(passed.append)
    process.arm("after-commit", 3)
    for _ in range(2):
        process.checkpoint("before-commit")
        process.checkpoint("after-commit")
    with pytest.raises(Crashed):
        process.checkpoint("after-commit")
    process.checkpoint("after-commit")
    assert passed.count("after-commit") == 4


def test_every_kind_has_its_row_and_is_dealt_in_turn() -> None:
    """No kind comes twice before all have come once; deaths have a deck of their own."""
    assert set(ROWS) == set(FaultKind)
    mix = FaultMix(per_day=19.0, deaths_per_day=float(len(DEADLY)))
    drawn = draw(mix, ("A/B",), 0, DAY, np.random.default_rng(3))
    kinds = [fault.kind for fault in drawn]
    assert len(set(kinds)) == len(kinds)
    assert {kind for kind in kinds if kind in DEADLY} == set(DEADLY)
    assert all(0 <= fault.at < DAY for fault in drawn)


def test_what_was_synced_survives_and_the_rest_may_not() -> None:
    """Each file is certain up to its own last sync; a kill keeps everything."""
    disk = Disk({"a": b"old"})
    for op in (Op("write", "a", 0, b"new"), Op("sync", "a"), Op("write", "a", 3, b"er"), Op("write", "b", 0, b"x")):
        disk.apply(op)
    assert disk.none() == {"a": b"new"}
    assert disk.all() == {"a": b"newer", "b": b"x"}
    assert disk.uncertain


def test_a_failing_list_is_cut_to_what_is_needed() -> None:
    """1-minimal: taking any single one away stops the failure."""
    assert minimal(range(60), lambda part: {5, 17, 44} <= set(part)) == (5, 17, 44)
    assert minimal([3], lambda part: 3 in part) == (3,)
    assert minimal(range(8), lambda part: True) == ()
