"""How often the honest gate of models lets one pass that has learned an edge, and one that had nothing to learn.

``python -m benchmarks.model_gate --json [--markets N] [--first N] [--samples N] [--edge X] [--type TYPE] [--length N]``
Independent hourly markets (``benchmarks/changing_market.py``, SIMULATED), each with the same edge from its first bar
to its last and once more without any. On each a model (of the default size: 9,416 samples, 4,821 of them to fit) is
trained by the product's own trainer and judged by the rows of its default gate on the test slice:

- ``passed`` of ``markets``; ``missed``: how many missed each criterion;
- ``skill`` and ``ece``: means over the markets; ``ece_luck``: what a calibrated model would show;
- ``coverage``: share of the samples that were acted on; ``missing``: share of prediction sets without the outcome, of
  which ``alpha`` is promised.

Latency and the check of inputs have their own benchmarks and are met here. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.changing_market import COST, EDGE, H1, SYMBOL, market
from benchmarks.machine import machine, show
from tradewind.adapters.training_process import ONE_THREAD
from tradewind.features.input_schema import default_schema
from tradewind.model.session import calendar_of
from tradewind.predictors.conformal import Conformal
from tradewind.research.dataset import chronological, feature_set, labelled, newest
from tradewind.research.model_evaluation import acted
from tradewind.research.model_gates import InputCheck, ModelLimits, model_rows
from tradewind.research.model_training import KINDS, Order, Part, train_model

SAMPLES: Final = 9_416
BARS_FOR: Final = 1.38
"""Bars for each sample: in a sixth of them neither barrier is met in time, and the first have no inputs."""


class Judged(NamedTuple):
    """What one model showed on its test slice."""

    planted: bool
    missed: tuple[str, ...]
    skill: float
    ece: float
    ece_luck: float
    coverage: float
    missing: float


def judged(order: Order, samples: int, edge: float, job: tuple[int, bool]) -> Judged:
    """The model of one market, with the edge or without it."""
    seed, planted = job
    bars = round(BARS_FOR * samples)
    columns = market("switch" if planted else "death", seed, bars if planted else 0, bars, edge)
    data = labelled(feature_set(SYMBOL, default_schema(H1), columns, calendar_of("crypto")), columns)
    known = newest(data, data.samples(order.length), samples)
    part = Part(data, chronological(data, known), COST)
    found = train_model(order, [part])
    one = found.evaluations[0]
    sets = Conformal.of(order.alpha, order.gamma, found.scores)
    acted(found.forecasts[0], sets)
    rows = model_rows("honest", one, InputCheck((), 1.0), 0.1, ModelLimits())
    assert known.size == samples
    assert one.ece is not None
    assert one.ece_floor is not None
    missed = tuple(row.name for row in rows if not row.passed)
    return Judged(planted, missed, one.skill, one.ece, one.ece_floor.mean, one.coverage, sets.missed / sets.seen)


def summed(found: Sequence[Judged], alpha: float) -> dict[str, Any]:
    """The figures of markets of one sort."""
    missed = Counter(name for one in found for name in one.missed)
    means = {
        name: round(float(np.mean([getattr(one, name) for one in found])), 4)
        for name in ("skill", "ece", "ece_luck", "coverage", "missing")
    }
    passed = sum(not one.missed for one in found)
    return {"markets": len(found), "passed": passed, "missed": dict(missed), "alpha": alpha, **means}


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--markets", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--samples", type=int, default=SAMPLES, help="of which half fit, a fifth test")
    parser.add_argument("--type", choices=KINDS, default="logistic")
    parser.add_argument("--length", type=int, default=1, help="bars of a window: 1 for logistic, 60 for nets")
    parser.add_argument("--edge", type=float, default=EDGE, help="of the next return, in deviations of its noise")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes, default: one a core")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    order = Order(kind=asked.type, length=asked.length)
    jobs = [(seed, planted) for planted in (True, False) for seed in range(asked.first, asked.first + asked.markets)]
    os.environ.update(ONE_THREAD)  # read by the libraries when a process loads them
    alone = (signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's, which then ends the others
    found: list[Judged] = []
    with multiprocessing.get_context("spawn").Pool(min(asked.workers, len(jobs)), signal.signal, alone) as pool:
        for one in pool.imap(partial(judged, order, asked.samples, asked.edge), jobs):
            found.append(one)
            print(f"{len(found)} of {len(jobs)} models", file=sys.stderr, flush=True)
    figures = {
        name: summed([one for one in found if one.planted == planted], order.alpha)
        for name, planted in (("planted", True), ("without", False))
    }
    asked_for = {"type": asked.type, "edge": asked.edge, "samples": asked.samples}
    show(
        {"benchmark": "model_gate", "machine": machine(), "simulated": True, **asked_for, **figures}, as_json=asked.json
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
