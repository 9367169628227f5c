"""Tasks that raise, return, hang or are forgotten, under the product's own supervisor, in a time of their own."""

from __future__ import annotations

import gc
from collections import Counter
from typing import Final

import numpy as np

from tradewind.app.service.supervision import Policy, Supervision, unwell
from tradewind.app.service.supervisor import LOOK_EVERY, Beat, Death, LifeOver, Supervisor, Work
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.seeded import SeededScheduler
from tradewind.model.timeframe import MINUTE, SECOND

TASKS: Final = ("market", "telegram", "calendar", "orders", "bot")
ENDS: Final = ("raises", "returns", "hangs", "is forgotten")
AT: Final = 20 * SECOND
POLICY: Final = Policy(stale_after=MINUTE, hung_after=2 * MINUTE, first_wait=SECOND)
LENGTH: Final = 4 * MINUTE


def broken_tending(share: float, size: int) -> list[str]:
    """One task ends badly; what is wrong with what its supervisor made of that (INV-15).

    The share picks the task, the size how it ends. A task that is not vital runs again; the vital one ends the life;
    a hanging one is unwell after a minute and is ended after two.
    """
    name, end = TASKS[int(share * len(TASKS))], ENDS[size % len(ENDS)]
    clock = VirtualClock(0)
    scheduler = SeededScheduler(np.random.default_rng([size, int(share * 1e6)]))
    supervision, deaths, runs = Supervision(), list[Death](), Counter[str]()
    supervisor = Supervisor(supervision, clock, scheduler, deaths.append)

    def task(own: str) -> Work:
        async def work(beat: Beat) -> None:
            runs[own] += 1
            while True:
                if own == name and runs[own] == 1 and clock.monotonic() >= AT and end != "is forgotten":
                    if end == "raises":
                        raise RuntimeError("planted")
                    if end == "returns":
                        return
                    await clock.sleep_until(10 * LENGTH)
                beat()
                await clock.sleep_until(clock.monotonic() + SECOND)

        return work

    for own in TASKS:
        supervisor.add(own, task(own), policy_of(own))
    over: list[BaseException] = []

    async def run() -> None:
        try:
            await supervisor.run()
        except LifeOver as death:
            over.append(death)

    outer = SeededScheduler(np.random.default_rng(0))
    outer.spawn("supervisor", run)
    ill = False
    while clock.monotonic() < LENGTH and not over:
        clock.advance_to(clock.true + LOOK_EVERY)
        if end == "is forgotten" and clock.monotonic() == AT:
            gc.collect(0)
        outer.step()
        for _ in range(3 * len(TASKS)):
            scheduler.step()
        ill |= bool(unwell(supervision.report(clock.monotonic())))
    outer.cancel()
    return _judged(name, end, runs, over, deaths, ill=ill)


def policy_of(name: str) -> Policy:
    """That of a task: the market is vital."""
    return Policy(POLICY.stale_after, POLICY.hung_after, vital=name == "market", first_wait=POLICY.first_wait)


def _judged(
    name: str, end: str, runs: Counter[str], over: list[BaseException], deaths: list[Death], *, ill: bool
) -> list[str]:
    if end == "is forgotten":
        return [] if not deaths else [f"INV-15 {name} died of nothing"]
    if name == "market":
        if end == "returns":
            return []  # a vital task that is done ends the service in order
        return [] if over else [f"INV-15 {name} {end}, and the life went on"]
    broken = [] if runs[name] >= 2 else [f"INV-15 {name} {end}, and nobody started it again"]
    if end == "hangs" and not ill:
        broken.append(f"INV-15 {name} hangs, and nothing was unwell")
    others = [one for one in TASKS if one != name and runs[one] != 1]
    return [*broken, *(f"INV-15 {one} was started again although {name} ended" for one in others)]
