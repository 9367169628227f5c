"""What happens to a model when the market it has learned changes: does it stop, does it learn again, does it come back?

``python -m benchmarks.regime_switch --json [--kind switch|death|ungated|chance] [--seeds N] [--first N] [--workers N]
[--keep FILE]``. Hourly markets, one for each seed (``benchmarks/changing_market.py``, SIMULATED). From a bar on that
the program is not told of, the 250th that its seat trades, the edge

- ``switch``: turns round: another one is there, as strong as the old one;
- ``death``: is gone; ``ungated``: and whatever is trained from then on may shadow, its gate met or not.

The whole engine decides every bar: inputs, a logistic model as plain numbers, its prediction sets, shadow record,
TRADING and LEARNING, orders on paper with costs. What it asks for is trained on the newest 3,000 samples known at that
bar, or on those since the seat fell, by the product's own trainer, and judged by its honest gate (which asks for 40
events here, for a window this short holds no 100); what passes shadows beside the champion, and the duel decides.

- ``traded``: seeds that were in TRADING when the market changed; all shares below are of those;
- ``stopped``: that went to LEARNING afterwards; ``stop_events`` shadow trades from the change to the stop, median, 90%
  quantile and most, ``stop_bars`` likewise; ``foretold``: how many the same detectors take, at the level they had when
  the market changed, for independent outcomes as they were after the change, all seeds together;
- ``signals_in_learning`` must be 0; ``quiet_bars`` are the bars from the stop to the return, or to the end;
- ``back``: that were in TRADING again later, ``back_bars`` median bars after the change; ``back_with_new`` of them with
  a model made from bars after the change alone, ``back_with_some`` from some; ``r_after`` mean R of their shadow trades
  from the return to the end; ``shadowed`` models that were tried since the change.

``chance`` is ``death`` without bars, for many seeds and a long time: the product's seat, whose champion fell, and its
duels, over 2,000 shadow trades that chance decides (0.95 R won in 525 cases, 1.05 R lost in 475: nothing is left
after costs); every 100 trades another model that knows nothing shadows beside it. ``back`` of ``seeds`` came back.

``--keep FILE`` holds a line for each seed that is done; the same command goes on where it was cut short.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np

from benchmarks.changing_market import (
    AFTER,
    BEGIN,
    H1,
    LATEST,
    SYMBOL,
    TRADES,
    WARM,
    Kind,
    School,
    market,
)
from benchmarks.machine import machine, show
from benchmarks.seat_log import RULES, Kept, Outcome, SeatLog
from tradewind.adapters.market.simulated_provider import bars_of
from tradewind.adapters.training_process import ONE_THREAD
from tradewind.app.config import load_config
from tradewind.app.wiring import engine_for, plan_for
from tradewind.engine.learning_plan import LearningParams
from tradewind.engine.mode_duel import judged
from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.mode_seat import Seat, ShadowEvent
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.seat import SeatPlan
from tradewind.features.input_schema import default_schema
from tradewind.model.event import BarClosed, InputEvent, ModelServed, ModelTrained, ModeRulesSet
from tradewind.model.mode import ChallengerJudged, Mode, RetrainAsked
from tradewind.model.output import Output
from tradewind.model.timeframe import DAY, HOUR
from tradewind.predictors.manifest import BARRIERS
from tradewind.predictors.served import ServedModel

LEARNING: Final = LearningParams(selector=None, cycle=DAY)
AGAIN: Final = 250
"""Bars until the first model is tried again, where it did not meet its gate."""


def plan() -> EnginePlan:
    """One seat on one symbol, alone; orders on paper."""
    config = load_config(environment={}, overrides={"filters": {"enabled": []}})
    made = plan_for(config, {SYMBOL: H1}, executes=True, simulated=True, learning=LEARNING)
    seat = SeatPlan(SYMBOL, H1, default_schema(H1), BARRIERS, simulated=True)
    own = msgspec.structs.replace(
        made.symbols[0],
        timeframes=(H1,), members=seat.members, seats=(seat,), unheard=(seat.member("challenger"),), reserve=(),
    )  # fmt: skip
    ensemble = msgspec.structs.replace(made.ensemble, quorum=1, min_confidence=0.5, min_record=20)
    return msgspec.structs.replace(
        made, symbols=(own,), ensemble=ensemble, modes=(ModeSeat.of_models(SYMBOL, H1),), guard=None, config_hash="x"
    )


def lived(kind: Kind, seed: int) -> Outcome:
    """One market, from the first bar that is decided on to its end."""
    columns = market(kind, seed, LATEST, LATEST)
    bars = tuple(bars_of(columns, SYMBOL, H1))
    school = School(columns)
    engine = engine_for(plan(), models=school)
    first = next(((bar, one) for bar in range(BEGIN, LATEST, AGAIN) if (one := school.train(bar - 1, 0))[1]), None)
    if first is None:
        return Outcome(kind, seed, learned=False, trainings=school.trainings)
    begin, (model, _, _) = first
    assert engine.modes is not None, "the plan has a seat"
    log = SeatLog(engine.modes.seats[SYMBOL, H1], seed)
    log.take(engine.process(ModeRulesSet(bars[0].ts_close, RULES, "regime switch")), 0)
    for bar in bars[begin - WARM : begin]:
        engine.process(BarClosed(bar, "history"))
    log.take(engine.process(_served(model, "champion", bars[begin - 1].ts_close)), begin)
    number = begin
    while number < len(bars):
        waiting: list[InputEvent] = [BarClosed(bars[number])]
        while waiting:
            due = log.take(engine.process(waiting.pop(0)), number)
            ungated = kind == "ungated" and log.change is not None and number >= log.change
            waiting += _answers(due, school, engine, number, bars[number].ts_close, ungated=ungated)
        if log.change is None and log.trades:
            log.change = number + TRADES
            columns = market(kind, seed, log.change, log.change + AFTER[kind])
            bars = tuple(bars_of(columns, SYMBOL, H1))
            school.read(columns)
        number += 1
    return log.outcome(kind, school)


def _answers(
    due: Sequence[Output], school: School, engine: Engine, number: int, ts: int, *, ungated: bool
) -> Iterator[InputEvent]:
    """What trainer and shelf say to the engine's questions; ``ungated``: whatever was trained may shadow."""
    assert engine.modes is not None, "the plan has a seat"
    for one in due:
        if isinstance(one, RetrainAsked):
            served, met, ece = school.train(number, ts, one.since, ungated=ungated)
            yield ModelTrained(ts, SYMBOL, H1, served.manifest.version, None, None, ece, met)
            if met and not engine.modes.on_trial(SYMBOL, H1, ts):
                yield _served(served, "challenger", ts)
        elif isinstance(one, ChallengerJudged):
            if one.verdict == "promote":
                yield _served(school.named(one.challenger.version), "champion", ts)
            yield ModelServed(ts, SYMBOL, H1, "challenger")


def _served(model: ServedModel, seat: Literal["champion", "challenger"], ts: int) -> ModelServed:
    return ModelServed(ts, SYMBOL, H1, seat, model.manifest.version, model.manifest.sha256)


def summed(found: Sequence[Outcome]) -> dict[str, Any]:
    """The figures of the module over outcomes of one kind."""
    traded = [one for one in found if one.traded]
    stopped = [one for one in traded if one.stop_bars is not None]
    back = [one for one in stopped if one.back_bars is not None]
    results = [one.r_after for one in back if one.r_after is not None]
    return {
        "seeds": len(found),
        "learned": sum(one.learned for one in found),
        "traded": len(traded),
        "stopped": len(stopped),
        "stopped_by_drift": sum(one.stop_reason == "drift" for one in stopped),
        "stop_events": _spread([one.stop_events for one in stopped]),
        "foretold": _spread([number for one in stopped for number in one.foretold]),
        "stop_bars": _spread([one.stop_bars for one in stopped]),
        "signals_in_learning": sum(one.signals_in_learning for one in found),
        "quiet_bars": sum(one.quiet_bars for one in stopped),
        "back": len(back),
        "back_bars": _spread([one.back_bars for one in back]),
        "back_with_new": sum(one.back_begins is not None and one.back_begins >= 0 for one in back),
        "back_with_some": sum(one.back_ends is not None and one.back_ends >= 0 for one in back),
        "r_after": float(np.mean(results)) if results else None,
        "worst_r_after": min(results, default=None),
        "shadowed": _spread([one.shadowed for one in stopped]),
        "trainings": _spread([one.trainings for one in found]),
    }


def _spread(values: Iterable[int | None]) -> dict[str, float] | None:
    known = [one for one in values if one is not None]
    if not known:
        return None
    return {"median": float(np.median(known)), "p90": float(np.quantile(known, 0.9)), "most": float(max(known))}


def lucky(seed: int, trades: int = 2_000, every: int = 100) -> tuple[int | None, int]:
    """After how many trades that chance decides a seat that fell is back (None: never), and how many models it tried.

    The seat is the product's, and so is the duel; forecasts are as good as a coin, and every model may challenge that
    finds nobody on trial.
    """
    generator = np.random.default_rng([seed, 12])
    seat = Seat(stands=Mode.TRADING)
    seat.enter(Mode.LEARNING, "drift", 0)
    for number in range(1, trades + 1):
        ts = number * HOUR
        if number % every == 1 and not seat.on_trial(RULES, ts):
            seat.challenge(f"v{number}", ts)
        own, other = np.where(generator.random(2) < 0.525, 0.95, -1.05).tolist()
        seat.champion.take(ShadowEvent(ts, own), RULES.window)
        if seat.challenger is not None:
            seat.challenger.take(ShadowEvent(ts, other), RULES.window)
            right = generator.random(2) < 0.5
            seat.pair.take(ts, ts, bool(right[0]), bool(right[1]))
        verdict = judged(SYMBOL, H1, seat, RULES, ts)
        if verdict is not None and verdict.verdict == "promote":
            seat.seat(verdict.challenger.version, ts)
        elif verdict is not None:
            seat.challenge("", ts)
        seat.look(RULES)
        if seat.due(RULES)[0] is Mode.TRADING:
            return number, seat.tries
    return None, seat.tries


def chances(seeds: Iterable[int]) -> dict[str, Any]:
    """How many of ``seeds`` came back by chance."""
    found = [lucky(seed) for seed in seeds]
    back = [number for number, _ in found if number is not None]
    return {
        "seeds": len(found),
        "back": len(back),
        "back_trades": _spread(back),
        "tries": _spread([t for _, t in found]),
    }


def outcomes(kind: Kind, seeds: Sequence[int], workers: int, kept: Kept) -> list[Outcome]:
    """Every seed of a kind; what is kept is not done again."""
    done = {seed: one for (known, seed), one in kept.read().items() if known == kind and seed in seeds}
    left = [seed for seed in seeds if seed not in done]
    os.environ.update(
        ONE_THREAD
    )  # read by the libraries when a process loads them: two threads here wait for each other
    alone = (signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's, which then ends the others
    with multiprocessing.get_context("spawn").Pool(min(workers, len(left)) or 1, signal.signal, alone) as pool:
        for one in pool.imap_unordered(partial(lived, kind), left):
            kept.add(one)
            done[one.seed] = one
            back = sum(other.back_bars is not None for other in done.values())
            traded = sum(other.traded for other in done.values())
            print(f"{kind} {len(done)} of {len(seeds)}: {traded} traded, {back} back", file=sys.stderr, flush=True)
    return [done[seed] for seed in seeds]


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--kind", choices=("switch", "death", "ungated", "chance", "all"), default="all")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes, default: one a core")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="a line for each seed that is done; goes on with it")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    seeds = range(asked.first, asked.first + asked.seeds)
    found: dict[str, Any] = {}
    for kind in ("chance", "death", "ungated", "switch") if asked.kind == "all" else (asked.kind,):
        found[kind] = (
            chances(seeds) if kind == "chance" else summed(outcomes(kind, seeds, asked.workers, Kept(asked.keep)))
        )
    show({"machine": machine(), "simulated": True, **found}, as_json=asked.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
