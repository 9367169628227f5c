"""Supervised tasks: a dead one lives again, a silent one is ended, a restart loop stops the service."""

from __future__ import annotations

import asyncio
import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import VirtualClock
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.app.service.supervision import Fate, Policy, Supervision, unwell
from tradewind.app.service.supervisor import Death, LifeOver, RestartLoop, Supervisor
from tradewind.errors import Corrupt, DiskFull, Retryable, StoreAway
from tradewind.fleetsim.clock import VirtualClock as SimulatedClock
from tradewind.fleetsim.seeded import SeededScheduler, turn
from tradewind.model.timeframe import MINUTE, SECOND

NAMES = ("feed", "commands", "senders", "schedule", "health")


class Scene:
    """A supervisor in virtual time whose vital task ends when the test says so."""

    def __init__(self, until: int = 60 * SECOND) -> None:
        self.clock = VirtualClock()
        self.deaths: list[Death] = []
        self.scheduler = TaskScheduler()
        self.supervisor = Supervisor(Supervision(), self.clock, self.scheduler, self.deaths.append)
        self.until = until
        self.supervisor.add("market", self.market, Policy(vital=True))

    async def market(self, beat) -> None:
        while self.clock.monotonic() < self.until:
            beat()
            await asyncio.sleep(0)

    async def forever(self, beat) -> None:
        while True:
            beat()
            await asyncio.sleep(0)

    def tasks(self) -> dict[str, object]:
        return {one.name: one for one in self.supervisor.supervision.report(self.clock.monotonic())}


@pytest.mark.parametrize("name", NAMES)
async def test_a_task_that_raises_is_started_again_and_the_others_go_on(name: str) -> None:
    """FLT-34: raise in each named task."""
    scene, starts = Scene(), []

    async def fragile(beat) -> None:
        starts.append(scene.clock.monotonic())
        if len(starts) < 3:
            raise KeyError("gone")
        await scene.forever(beat)

    for one in NAMES:
        scene.supervisor.add(one, fragile if one == name else scene.forever, Policy())
    await scene.supervisor.run()
    tasks = scene.tasks()
    assert len(starts) == 3
    assert starts[1] - starts[0] >= SECOND
    assert starts[2] - starts[1] >= 2 * SECOND
    assert {one: tasks[one].restarts for one in NAMES} == dict.fromkeys(NAMES, 0) | {name: 2}
    assert [death.text for death in scene.deaths] == ["KeyError: 'gone'"] * 2
    assert scene.scheduler.names() == ()


async def test_a_task_that_is_cancelled_from_outside_is_started_again() -> None:
    scene, starts = Scene(), []

    async def victim(beat) -> None:
        starts.append(1)
        if len(starts) == 1:
            asyncio.current_task().cancel()
        await scene.forever(beat)

    scene.supervisor.add("victim", victim, Policy())
    await scene.supervisor.run()
    assert len(starts) == 2


async def test_a_task_that_returns_is_started_again() -> None:
    """Work that should last for ever and just ends is as dead as one that raised."""
    scene, starts = Scene(), []

    async def short(beat) -> None:
        starts.append(1)
        if len(starts) > 1:
            await scene.forever(beat)

    scene.supervisor.add("short", short, Policy())
    await scene.supervisor.run()
    assert (len(starts), scene.deaths[0].text) == (2, "returned unasked")


async def test_no_task_is_lost_to_garbage_collection() -> None:
    scene, beats = Scene(until=20 * SECOND), []

    async def waiting(beat) -> None:
        while True:
            beats.append(1)
            gc.collect()
            await scene.clock.sleep_until(scene.clock.monotonic() + SECOND)

    scene.supervisor.add("waiting", waiting, Policy())
    gc.freeze()  # what other tests left is not looked through each time; what begins from here on is
    try:
        await scene.supervisor.run()
    finally:
        gc.unfreeze()
    assert len(beats) > 10


@pytest.mark.req("O08")
async def test_the_fourth_death_in_ten_minutes_stops_the_service() -> None:
    """A restart loop is an alarm, not a way of life."""
    scene = Scene(until=3600 * SECOND)

    async def broken(beat) -> None:
        raise ValueError("always")

    scene.supervisor.add("senders", broken, Policy())
    with pytest.raises(RestartLoop, match="senders: it died once too often: ValueError: always") as raised:
        await scene.supervisor.run()
    assert raised.value.exit_code == 1
    assert [death.again_in_s for death in scene.deaths] == [1.0, 2.0, 4.0, None]
    assert scene.tasks()["senders"].state == "loop"
    assert scene.scheduler.names() == ()


async def test_deaths_that_lie_far_apart_are_no_loop() -> None:
    scene, starts = Scene(until=3600 * SECOND), []

    async def weak(beat) -> None:
        starts.append(1)
        if len(starts) <= 8:
            await scene.clock.sleep_until(scene.clock.monotonic() + 4 * MINUTE)
            raise OSError("again")
        await scene.forever(beat)

    scene.supervisor.add("weak", weak, Policy(hung_after=0))
    await scene.supervisor.run()
    assert len(starts) == 9


async def test_a_silent_task_is_ended_and_started_again() -> None:
    """FLT-35: a task that waits for something that never comes."""
    scene, starts, ended = Scene(until=1200 * SECOND), [], []

    async def stuck(beat) -> None:
        starts.append(scene.clock.monotonic())
        if len(starts) > 1:
            await scene.forever(beat)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(scene.clock.monotonic())

    scene.supervisor.add("stuck", stuck, Policy(stale_after=MINUTE, hung_after=5 * MINUTE))
    await scene.supervisor.run()
    assert len(starts) == 2
    assert 5 * MINUTE < ended[0] - starts[0] < 6 * MINUTE


async def test_the_death_of_a_vital_task_ends_the_life_and_says_when_the_next_may_begin() -> None:
    clock = VirtualClock()
    supervision = Supervision()

    async def market(beat) -> None:
        raise Retryable("the venue is away")

    for wait in (1.0, 2.0, 4.0):
        supervisor = Supervisor(supervision, clock, TaskScheduler())
        supervisor.add("market", market, Policy(vital=True))
        with pytest.raises(LifeOver) as over:
            await supervisor.run()
        assert over.value.death.again_in_s == wait
        clock.advance(round(wait * SECOND))
    supervisor = Supervisor(supervision, clock, TaskScheduler())
    supervisor.add("market", market, Policy(vital=True))
    with pytest.raises(Retryable, match="the venue is away"):
        await supervisor.run()


async def test_damage_is_not_healed_by_a_new_start() -> None:
    """Corrupt, Misconfigured, Rejected: the same would happen again, so the service stops with their exit code."""
    supervisor = Supervisor(Supervision(), VirtualClock(), TaskScheduler())

    async def market(beat) -> None:
        raise Corrupt("entry 7 is damaged")

    supervisor.add("market", market, Policy(vital=True))
    with pytest.raises(Corrupt):
        await supervisor.run()


async def test_a_request_to_stop_ends_a_service_whose_market_is_not_running() -> None:
    scene = Scene()
    scene.supervisor.supervision.died("market", 0, "before")
    await scene.supervisor.run(lambda: True)
    assert scene.tasks()["market"].state == "waiting"


@pytest.mark.parametrize("seed", range(5))
def test_it_runs_without_an_event_loop_in_the_order_of_a_seed(seed: int) -> None:
    """The seams of the simulator: the same supervisor on the seeded scheduler and the virtual clock."""
    clock, inner = SimulatedClock(1_000), SeededScheduler(np.random.default_rng(seed))
    outer = SeededScheduler(np.random.default_rng(seed))
    deaths: list[Death] = []
    supervisor = Supervisor(Supervision(), clock, inner, deaths.append)

    async def market(beat) -> None:
        while clock.monotonic() < 30 * SECOND:
            beat()
            await turn()

    async def fragile(beat) -> None:
        await turn()
        if not deaths:
            raise ValueError("once")
        while True:
            await turn()

    supervisor.add("market", market, Policy(vital=True))
    supervisor.add("fragile", fragile, Policy())
    outer.spawn("supervisor", supervisor.run)
    while outer.step():
        inner.step()
        clock.advance_to(clock.true + SECOND // 10)
    assert [(death.task, death.again_in_s) for death in deaths] == [("fragile", 1.0)]


@given(st.lists(st.tuples(st.integers(0, 20 * 60), st.sampled_from(["die", "beat"])), max_size=40))
def test_a_loop_is_called_exactly_at_more_than_three_deaths_in_ten_minutes(steps) -> None:
    """Against a count by hand over the same times."""
    supervision, now, deaths = Supervision(), 0, []
    supervision.add("x", Policy(), now)
    for wait, what in steps:
        now = max(now + wait * SECOND, supervision.starts_at("x"))
        supervision.started("x", now)
        if what == "beat":
            supervision.beat("x", now)
            continue
        deaths.append(now)
        looping = sum(death > now - 10 * MINUTE for death in deaths) > 3
        assert (supervision.died("x", now, "e") is Fate.LOOP) == looping
        if looping:
            return


def test_stale_waiting_and_looping_tasks_are_unwell() -> None:
    supervision = Supervision()
    for name in ("good", "silent", "dead", "new"):
        supervision.add(name, Policy(stale_after=MINUTE), 0)
    for name in ("good", "silent", "dead"):
        supervision.started(name, 0)
    supervision.died("dead", 2 * MINUTE, "e")
    supervision.beat("good", 2 * MINUTE)
    found = supervision.report(2 * MINUTE + SECOND)
    assert [one.name for one in unwell(found)] == ["silent", "dead", "new"]
    assert [one.beat_age_s for one in found] == [1.0, 121.0, 121.0, None]


@pytest.mark.parametrize("fault", [DiskFull, StoreAway])
async def test_a_store_that_cannot_be_written_ends_the_life_as_often_as_it_lasts_and_is_never_a_restart_loop(
    fault: type[DiskFull | StoreAway],
) -> None:
    """FLT-27, FLT-28: whichever task meets it, nothing is counted or started again; a life is for whoever waits."""
    supervision = Supervision()
    for number in range(20):
        scene = Scene()
        scene.supervisor = Supervisor(supervision, scene.clock, scene.scheduler, scene.deaths.append)

        async def full(beat) -> None:
            raise fault("nothing can be written")

        broken = ("market", "senders")[number % 2]
        scene.supervisor.add("market", full if broken == "market" else scene.market, Policy(vital=True))
        scene.supervisor.add("senders", full if broken == "senders" else scene.forever, Policy())
        with pytest.raises(LifeOver) as over:
            await scene.supervisor.run()
        assert isinstance(over.value.death.error, fault)
        assert over.value.death.task == broken
        assert scene.deaths == []
    assert supervision.restarts == 0
