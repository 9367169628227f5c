"""SIMULATED markets that change at a bar nobody is told of, and who trains models on what is known of them by then.

Heavy volume is followed by rising prices: the next return is ``k s + e``, where ``s`` is the bar's hidden demand (it
lasts: ``s = 0.9 s' + ...``) and the volume ``100 exp(0.3 s)``. From a bar on the edge turns (``-k s + e``: heavy volume
is followed by falling prices) or is dead (``e``). Where it turns prices and volumes alone look as before; what the one
says of the other is what changed, and the new edge is as strong as the old one.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tradewind.features.input_schema import default_schema
from tradewind.model.bar import BarColumns
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.predictors.manifest import BARRIERS, FORMAT, GateRecord, Manifest, Provenance
from tradewind.predictors.served import ServedModel, verified
from tradewind.research.dataset import DataSet, chronological, feature_set, labelled, newest
from tradewind.research.model_gates import InputCheck, ModelLimits, model_rows, passed
from tradewind.research.model_training import Order, Part, TrainedModel, train_model

SYMBOL: Final = "BTC/USDT"
H1: Final = Timeframe.H1
SPREAD: Final = 0.0002
START: Final = 1_600_000_000 * 10**9 // HOUR * HOUR
NOISE: Final = 0.005
EDGE: Final = 0.5
"""Of the next return, in standard deviations of its noise for one of the demand."""
LASTING: Final = 0.9
"""How much of the demand is left a bar later."""
WARM: Final = 600
SAMPLES: Final = 3_000
BEGIN: Final = WARM + SAMPLES + 100
"""Bar from which on it is decided; the first model is made from what lies before."""
LATEST: Final = BEGIN + 3_000
"""Bar until which a seat must trade; a seed that does not is one that did not learn."""
TRADES: Final = 250
"""Bars that it trades before the market changes."""
LIMITS: Final = ModelLimits(least_events=40)
COST: Final = 0.0008
"""A round trip as a share of the price, as the gate sees it."""

Kind = Literal["switch", "death", "ungated"]
AFTER: Final[dict[Kind, int]] = {"switch": 5_000, "death": 6_000, "ungated": 6_000}
"""Bars after the change: time to learn another edge, and time enough for luck."""


def market(kind: Kind, seed: int, change: int, end: int, strength: float = EDGE) -> BarColumns:
    """``end`` bars of a seed, the edge another one from ``change`` on; up to there they are the same for every kind.

    Between open and close the price walks at random.
    """
    news = np.random.default_rng([seed, 11]).normal(0.0, (1.0 - LASTING**2) ** 0.5, end)
    demand = np.zeros(end)
    for bar in range(1, end):
        demand[bar] = LASTING * demand[bar - 1] + news[bar]
    edge = np.where(np.arange(end) < change, strength, -strength if kind == "switch" else 0.0)
    returns = np.random.default_rng([seed, 12]).normal(0.0, NOISE, end)
    returns[1:] += edge[1:] * NOISE * demand[:-1]
    return _bars(returns, 100.0 * np.exp(0.3 * demand), np.random.default_rng([seed, 13]))


def _bars(
    returns: NDArray[np.float64], volume: NDArray[np.float64], generator: np.random.Generator, steps: int = 12
) -> BarColumns:
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
    return BarColumns(ts, ts + HOUR, opened, high, low, close, volume, SPREAD * opened)


class School:
    """Trains what is asked for on the samples known at a bar, and keeps what it made; a source of models."""

    def __init__(self, columns: BarColumns) -> None:
        self._served: dict[tuple[str, str], ServedModel] = {}
        self.begins: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.trainings = 0
        self.read(columns)

    def read(self, columns: BarColumns) -> None:
        """Learns from these bars from now on."""
        features = feature_set(SYMBOL, default_schema(H1), columns, calendar_of("crypto"))
        self._data: DataSet = labelled(features, columns)
        self._samples = self._data.samples(1)
        self._ends = self._data.end[self._samples]

    def model(self, version: str, sha256: str) -> ServedModel:
        """As an engine asks for it."""
        return self._served[version, sha256]

    def named(self, version: str) -> ServedModel:
        """The model of that version."""
        return next(model for (name, _), model in self._served.items() if name == version)

    def train(
        self, bar: int, ts: int, since: int = 0, *, ungated: bool = False
    ) -> tuple[ServedModel, bool, float | None]:
        """The model of the newest samples whose labels are known at ``bar``: whether its gate is met, and its ECE.

        ``ungated``: the gate lets everything pass.
        """
        self.trainings += 1
        known = newest(self._data, self._samples[self._ends <= bar], SAMPLES, since)
        part = Part(self._data, chronological(self._data, known), COST)
        found = train_model(Order(kind="logistic", length=1), [part])
        rows = model_rows("honest", found.evaluations[0], InputCheck((), 1.0), 0.1, LIMITS)
        gate = GateRecord("honest", ungated or passed(rows), {}, tuple(row.name for row in rows if not row.passed))
        served = verified(self._manifest(found, part, gate, ts), found.data, self._data.features.schema.hash)
        version = served.manifest.version
        self._served[version, served.manifest.sha256] = served
        self.begins[version], self.ends[version] = int(known[0]), int(known[-1])
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
