"""What happens to a model when the market it has learned changes: does it stop, does it learn again, does it come back?

``python -m benchmarks.regime_switch --json [--seeds N] [--kind switch|death|chance]``. SIMULATED hourly markets, one
for each seed: returns follow the last one (``r = 0.7 r' + e``), until at a bar that the program is not told of

- ``switch``: they turn against it (``r = -0.7 r' + e``): an edge is there, and it is another one;
- ``death``: they follow nothing (``r = e``).

The whole engine decides every bar: inputs, a logistic model as plain numbers, its prediction sets, shadow record,
TRADING and LEARNING, orders on paper with costs. What it asks for is trained on the newest 3,000 samples known at that
bar, by the product's own trainer and judged by its honest gate (which asks for 40 events here, for a window this short
holds no 100); what passes shadows beside the champion, and the duel decides.

- ``traded``: seeds that were in TRADING when the market changed; all shares below are of those;
- ``stopped``: that went to LEARNING afterwards; ``stop_events`` shadow trades from the change to the stop, median and
  90% quantile, ``stop_bars`` likewise; ``signals_in_learning`` must be 0;
- ``back``: that were in TRADING again later, ``back_bars`` median bars after the change; ``back_with_new`` of them with
  a model made from bars after the change; ``mean_r_after`` mean R of the shadow trades while back.

``chance`` is ``death`` without bars, for many seeds and a long time: the product's seat, whose champion fell, and its
duels, over 2,000 shadow trades that win by chance (a symmetric bracket, 0.05 R of costs); every 100 trades another
model that knows nothing shadows beside it. ``back`` of ``seeds`` came back.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import machine, show
from tradewind.adapters.market.simulated_provider import bars_of
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
from tradewind.model.bar import BarColumns
from tradewind.model.decision import Signal
from tradewind.model.event import BarClosed, InputEvent, ModelServed, ModelTrained, ModeRulesSet
from tradewind.model.mode import ChallengerJudged, Mode, ModeChanged, ModeRules, RetrainAsked, SeatSeen
from tradewind.model.output import Output
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, Timeframe
from tradewind.predictors.manifest import FORMAT, GateRecord, Manifest, Provenance
from tradewind.predictors.served import ServedModel, verified
from tradewind.research.dataset import BARRIERS, DataSet, chronological, feature_set, labelled
from tradewind.research.model_gates import InputCheck, ModelLimits, model_rows, passed
from tradewind.research.model_training import Order, Part, TrainedModel, train_model

SYMBOL: Final = "BTC/USDT"
H1: Final = Timeframe.H1
SPREAD: Final = 0.0002
START: Final = 1_600_000_000 * 10**9 // HOUR * HOUR
STRENGTH: Final = 0.7
NOISE: Final = 0.005
WARM: Final = 600
SAMPLES: Final = 3_000
BEGIN: Final = WARM + SAMPLES + 100
"""Bar from which on it is decided; the first model is made from what lies before."""
CHANGE: Final = BEGIN + 2_000
RULES: Final = ModeRules(on_loss=False, schedule=0, new_labels=100)
LEARNING: Final = LearningParams(selector=None, cycle=DAY)
LIMITS: Final = ModelLimits(least_events=40)
COST: Final = 0.0008
"""A round trip as a share of the price, as the gate sees it."""

Kind = Literal["switch", "death"]
AFTER: Final[dict[Kind, int]] = {"switch": 7_400, "death": 3_000}
"""Bars after the change: time to learn another edge, and time enough for luck."""


class Outcome(NamedTuple):
    """What one seed showed; bars and events count from the change on, None where it did not come to that."""

    learned: bool
    traded: bool
    stop_bars: int | None
    stop_events: int | None
    back_bars: int | None
    back_with_new: bool
    mean_r_after: float | None
    signals_in_learning: int
    trainings: int


def market(kind: Kind, seed: int) -> BarColumns:
    """Bars whose returns follow the last one, until ``CHANGE``; between open and close the price walks at random."""
    generator = np.random.default_rng([seed, 11])
    end = CHANGE + AFTER[kind]
    strength = np.where(np.arange(end) < CHANGE, STRENGTH, -STRENGTH if kind == "switch" else 0.0)
    shocks = generator.normal(0.0, NOISE, end)
    returns = np.zeros(end)
    for bar in range(1, end):
        returns[bar] = strength[bar] * returns[bar - 1] + shocks[bar]
    return _bars(returns, generator)


def _bars(returns: NDArray[np.float64], generator: np.random.Generator, steps: int = 12) -> BarColumns:
    n = returns.size
    close = 100.0 * np.exp(np.cumsum(returns))
    opened = np.concatenate(([100.0], close[:-1]))
    bridge = generator.standard_normal((n, steps)).cumsum(axis=1) * (0.003 / steps**0.5)
    share = np.arange(1, steps + 1) / steps
    bridge -= bridge[:, -1:] * share
    path = np.log(opened)[:, None] + np.log(close / opened)[:, None] * share + bridge
    high = np.maximum(np.exp(path.max(axis=1)), np.maximum(opened, close))
    low = np.minimum(np.exp(path.min(axis=1)), np.minimum(opened, close))
    ts = START + np.arange(n, dtype=np.int64) * HOUR
    volume = generator.uniform(50.0, 150.0, n)
    return BarColumns(ts, ts + HOUR, opened, high, low, close, volume, SPREAD * opened)


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


class School:
    """Trains what is asked for on the samples known at a bar, and keeps what it made; a source of models."""

    def __init__(self, columns: BarColumns) -> None:
        features = feature_set(SYMBOL, default_schema(H1), columns, calendar_of("crypto"))
        self._data: DataSet = labelled(features, columns)
        self._samples = self._data.samples(1)
        self._ends = self._data.end[self._samples]
        self._served: dict[tuple[str, str], ServedModel] = {}
        self.begins: dict[str, int] = {}
        self.trainings = 0

    def model(self, version: str, sha256: str) -> ServedModel:
        """As an engine asks for it."""
        return self._served[version, sha256]

    def named(self, version: str) -> ServedModel:
        """The model of that version."""
        return next(model for (name, _), model in self._served.items() if name == version)

    def train(self, bar: int, ts: int) -> tuple[ServedModel, bool, float | None]:
        """The model of the newest samples whose labels are known at ``bar``: whether its gate is met, and its ECE."""
        self.trainings += 1
        known = self._samples[self._ends <= bar][-SAMPLES:]
        part = Part(self._data, chronological(self._data, known), COST)
        found = train_model(Order(kind="logistic", length=1), [part])
        rows = model_rows("honest", found.evaluations[0], InputCheck((), 1.0), 0.1, LIMITS)
        gate = GateRecord("honest", passed(rows), {}, tuple(row.name for row in rows if not row.passed))
        served = verified(self._manifest(found, part, gate, ts), found.data, self._data.features.schema.hash)
        self._served[served.manifest.version, served.manifest.sha256] = served
        self.begins[served.manifest.version] = int(part.slices.train[0])
        return served, gate.passed, found.evaluations[0].ece

    def _manifest(self, found: TrainedModel, part: Part, gate: GateRecord, ts: int) -> Manifest:
        times = self._data.features.ts_close
        digest = hashlib.sha256(found.data).hexdigest()
        trained, tested = times[part.slices.train], times[part.slices.test]
        return Manifest(
            format=FORMAT, version=f"v{self.trainings}", kind="logistic", symbols=(SYMBOL,), timeframe=H1,
            artifact=found.artifact, sha256=digest, schema_hash=self._data.features.schema.hash,
            channels=self._data.features.schema.names, length=1, scale=found.scale, barriers=BARRIERS,
            calibrator=found.calibrator, alpha=found.order.alpha, scores=found.scores, probe=found.probe, gate=gate,
            provenance=Provenance(
                data_hash="simulated", code_version="", seed=0, trained=(int(trained[0]), int(trained[-1])),
                tested=(int(tested[0]), int(tested[-1])), created=ts, simulated=True,
            ),
        )  # fmt: skip


def lived(kind: Kind, seed: int) -> Outcome:
    """One market, from the first bar that is decided on to its end."""
    columns = market(kind, seed)
    bars = tuple(bars_of(columns, SYMBOL, H1))
    school = School(columns)
    engine = engine_for(plan(), models=school)
    first, met, _ = school.train(BEGIN - 1, bars[BEGIN - 1].ts_close)
    if not met:
        return Outcome(False, False, None, None, None, False, None, 0, school.trainings)
    log = _Log(bars[CHANGE].ts_close)
    log.take(engine.process(ModeRulesSet(bars[0].ts_close, RULES, "regime switch")), 0)
    for bar in bars[BEGIN - WARM : BEGIN]:
        engine.process(BarClosed(bar, "history"))
    log.take(engine.process(_served(first, "champion", bars[BEGIN - 1].ts_close)), BEGIN)
    for number in range(BEGIN, len(bars)):
        due = log.take(engine.process(BarClosed(bars[number])), number)
        for event in _answers(due, school, engine, number, bars[number].ts_close):
            log.take(engine.process(event), number)
    return log.outcome(school)


def _answers(due: Sequence[Output], school: School, engine: Engine, number: int, ts: int) -> Iterator[InputEvent]:
    """What trainer and shelf say to the engine's questions."""
    for one in due:
        if isinstance(one, RetrainAsked):
            served, met, ece = school.train(number, ts)
            yield ModelTrained(ts, SYMBOL, H1, served.manifest.version, None, None, ece, met)
            if met:
                yield _served(served, "challenger", ts)
        elif isinstance(one, ChallengerJudged):
            challenger = one.challenger.version
            if one.verdict == "promote":
                held = school.named(challenger)
                yield _served(held, "champion", ts)
            yield ModelServed(ts, SYMBOL, H1, "challenger")


def _served(model: ServedModel, seat: Literal["champion", "challenger"], ts: int) -> ModelServed:
    return ModelServed(ts, SYMBOL, H1, seat, model.manifest.version, model.manifest.sha256)


class _Log:
    """What happened, as far as it is asked about."""

    def __init__(self, change: int) -> None:
        self._change = change
        self._stands = Mode.LEARNING
        self._traded = False
        self._stop: tuple[int, int] | None = None
        self._back: tuple[int, str] | None = None
        self._events = 0
        self._after: list[float] = []
        self._told = 0

    def take(self, outputs: Sequence[Output], number: int) -> list[Output]:
        """Notes outputs; gives those that somebody must answer."""
        changed = number >= CHANGE
        if number == CHANGE:
            self._traded = self._stands is Mode.TRADING
        for one in outputs:
            if isinstance(one, ModeChanged):
                self._stands = one.after
                if changed and one.after is Mode.LEARNING and self._stop is None:
                    self._stop = (number - CHANGE, self._events)
                elif self._stop is not None and one.after is Mode.TRADING and self._back is None:
                    self._back = (number - CHANGE, one.version)
            elif isinstance(one, Signal):
                self._told += self._stands is Mode.LEARNING
            elif isinstance(one, SeatSeen) and changed:
                self._events += 1
                if self._back is not None and one.seen.mean_r is not None:
                    self._after.append(one.seen.mean_r)
        return [one for one in outputs if isinstance(one, RetrainAsked | ChallengerJudged)]

    def outcome(self, school: School) -> Outcome:
        """All of it."""
        stop, back = (self._stop, self._back) if self._traded else (None, None)
        return Outcome(
            learned=True,
            traded=self._traded,
            stop_bars=None if stop is None else stop[0],
            stop_events=None if stop is None else stop[1],
            back_bars=None if back is None else back[0],
            back_with_new=back is not None and school.begins[back[1]] + SAMPLES > CHANGE,
            mean_r_after=self._after[-1] if self._after and back is not None else None,
            signals_in_learning=self._told,
            trainings=school.trainings,
        )


def summed(found: Sequence[Outcome]) -> dict[str, Any]:
    """The figures of the module over outcomes of one kind."""
    traded = [one for one in found if one.traded]
    stopped = [one for one in traded if one.stop_bars is not None]
    back = [one for one in stopped if one.back_bars is not None]
    after = [one.mean_r_after for one in back if one.mean_r_after is not None]
    return {
        "seeds": len(found),
        "learned": sum(one.learned for one in found),
        "traded": len(traded),
        "stopped": len(stopped),
        "stop_events": _spread([one.stop_events for one in stopped]),
        "stop_bars": _spread([one.stop_bars for one in stopped]),
        "signals_in_learning": sum(one.signals_in_learning for one in found),
        "back": len(back),
        "back_bars": _spread([one.back_bars for one in back]),
        "back_with_new": sum(one.back_with_new for one in back),
        "mean_r_after": float(np.mean(after)) if after else None,
        "trainings": _spread([one.trainings for one in found]),
    }


def _spread(values: Sequence[int | None]) -> dict[str, float] | None:
    known = [one for one in values if one is not None]
    if not known:
        return None
    return {"median": float(np.median(known)), "p90": float(np.quantile(known, 0.9)), "most": float(max(known))}


def lucky(seed: int, trades: int = 2_000, every: int = 100) -> tuple[int | None, int]:
    """After how many trades that chance decides a seat that fell is back (None: never), and how many models it tried.

    The seat is the product's, and so is the duel; forecasts are as good as a coin, and every model may challenge.
    """
    generator = np.random.default_rng([seed, 12])
    seat = Seat(stands=Mode.TRADING)
    seat.enter(Mode.LEARNING, "drift", 0)
    for number in range(1, trades + 1):
        ts = number * HOUR
        if number % every == 1 and seat.challenger is None:
            seat.challenge(f"v{number}", ts)
        own, other = np.where(generator.random(2) < 0.5, 0.95, -1.05).tolist()
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


def chances(seeds: Sequence[int]) -> dict[str, Any]:
    """How many of ``seeds`` came back by chance."""
    found = [lucky(seed) for seed in seeds]
    back = [number for number, _ in found if number is not None]
    return {
        "seeds": len(found),
        "back": len(back),
        "back_trades": _spread(back),
        "tries": _spread([t for _, t in found]),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--kind", choices=("switch", "death", "chance", "all"), default="all")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    seeds = range(asked.first, asked.first + asked.seeds)
    found: dict[str, Any] = {}
    for kind in ("chance", "death", "switch") if asked.kind == "all" else (asked.kind,):
        found[kind] = chances(seeds) if kind == "chance" else summed([lived(kind, seed) for seed in seeds])
    show({"machine": machine(), "simulated": True, **found}, as_json=asked.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
