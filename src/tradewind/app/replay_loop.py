"""Feeds stored bars to a session, step by step, until they end, a count is reached or somebody asks to stop."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tradewind.adapters.replay_feed import ReplayFeed, Step
from tradewind.adapters.sim_clock import ManualClock
from tradewind.app.session import Session


class LoopResult(msgspec.Struct, frozen=True):
    """How a loop ended: steps taken, bars seen, the last close, and why it stopped (end, iterations, asked)."""

    steps: int
    bars: int
    last_ts: int
    stopped: str


def drive_replay(
    session: Session,
    feed: ReplayFeed,
    clock: ManualClock,
    *,
    iterations: int = 0,
    pace: Callable[[int], None] | None = None,
    on_step: Callable[[Step], None] | None = None,
    stop_asked: Callable[[], bool] = lambda: False,
) -> LoopResult:
    """Continues where the session stands and runs to the end of the recordings.

    ``iterations`` > 0 stops after that many closes. ``pace`` is told each close before it is taken and may wait. The
    open batch is flushed in every case, so that stopping loses nothing.
    """
    steps = bars = last = 0
    stopped = "end"
    done = session.frontiers()
    for symbol in feed.exhausted(done):
        session.end(symbol)
    for step in feed.steps(done):
        if stop_asked():
            stopped = "asked"
            break
        if pace is not None:
            pace(step.ts)
        clock.advance_to(step.ts)
        for event in step.bars:
            session.push(event)
        session.advance(step.ts)
        for symbol in step.ended:
            session.end(symbol)
        steps, bars, last = steps + 1, bars + len(step.bars), step.ts
        if on_step is not None:
            on_step(step)
        if iterations and steps >= iterations:
            stopped = "iterations"
            break
    session.flush()
    return LoopResult(steps, bars, last, stopped)
