"""From a data set to a model that can be judged: scale, fit, calibrate, predict in sets, evaluate; each on its slice.

In the order of time: train (its last fifth stops the fit), calibration (its last part starts the prediction sets, all
of it fits the calibrator), test. Nothing is fitted on what comes later, and labels that reach into the next slice are
dropped (``dataset.chronological``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.features.model_inputs import windows_of
from tradewind.ports.predictor import Predictor, Windows
from tradewind.predictors.calibrators import Calibrator, fitted
from tradewind.predictors.conformal import Conformal
from tradewind.predictors.manifest import InputScale, probe_windows
from tradewind.predictors.onnx_model import OnnxModel
from tradewind.research.dataset import DataSet, Indices, Slices
from tradewind.research.fit_plan import Epoch, FitPlan, Samples
from tradewind.research.model_evaluation import Evaluation, Forecasts, acted, evaluated
from tradewind.research.simple_models import INSTALL, base_rate, boosting, logistic

if TYPE_CHECKING:
    from tradewind.features.rule_space import Range
    from tradewind.research.nets.fitting import Checkpoint, Fitted
    from tradewind.research.nets.net import Net

SIMPLE: Final = ("base_rate", "logistic", "boosting")
NETS: Final = ("dlinear", "patch_mlp", "gru", "tcn", "lstm", "transformer")
KINDS: Final = (*SIMPLE, *NETS)
STOPPING: Final = 0.2
"""Share of the train slice, its latest, that only says when to stop."""
CALIBRATING: Final = 0.6
"""Share of the calibration slice that fits the calibrator whose answers to the rest start the prediction sets."""
LASTING: Final = 0.06
"""How far ups or downs prevail for good, in log odds (1.5 points of probability), standard deviation.

Barriers lie at the same distance on both sides: what prevails in a calibration slice is mostly gone in the next.
"""


class Part(NamedTuple):
    """One symbol's samples, cut in time, and what a round trip on it costs as a share of the price.

    ``older`` are samples before the train slice: only a warm start looks at them, so that it forgets no regime.
    """

    data: DataSet
    slices: Slices
    cost: float
    older: Indices | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be trained. ``options`` and ``size`` are the net's; ``alpha`` is the share of sets that may miss.

    ``replay`` is the share of older samples among those that a warm start is fitted on.
    """

    kind: str
    length: int = 60
    size: str = ""
    options: dict[str, Any] = {}
    plan: FitPlan = FitPlan()
    alpha: float = 0.35
    gamma: float = 0.02
    replay: Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)] = 0.5


class Progress(NamedTuple):
    """What happens while a model is fitted: told after every epoch, with the bytes from which it can go on."""

    epoch: Epoch
    of: int
    checkpoint: bytes


class TrainedModel(NamedTuple):
    """A model with everything its manifest says of how it answers, and what it is worth on the test slices.

    ``weights`` are those a later warm start begins with, empty for simple predictors. ``sizes`` are the samples of fit,
    stop, calibration, sets and test.
    """

    order: Order
    artifact: str
    data: bytes
    probe: tuple[float, ...]
    scale: InputScale
    calibrator: Calibrator
    scores: tuple[float, ...]
    evaluations: tuple[Evaluation, ...]
    forecasts: tuple[Forecasts, ...]
    sizes: tuple[int, int, int, int, int]
    history: tuple[Epoch, ...]
    stopped: str
    weights: dict[str, NDArray[Any]]


def train_model(
    order: Order,
    parts: Sequence[Part],
    *,
    warm: Mapping[str, NDArray[Any]] | None = None,
    resumed: bytes | None = None,
    told: Callable[[Progress], None] | None = None,
) -> TrainedModel:
    """Trains one model on one or several symbols; the same order on the same data gives the same model.

    Raises:
        Misconfigured: an unknown kind, no parts, parts of different inputs, or a slice too short to be cut again.
    """
    if order.kind not in KINDS:
        raise Misconfigured(f"no model is called {order.kind!r}", allowed=", ".join(KINDS))
    if len({part.data.features.schema.hash for part in parts}) != 1:
        raise Misconfigured(f"{len(parts)} parts", where="training", allowed="one or more, all of the same inputs")
    inner = [_inner(part) for part in parts]
    if warm is not None:
        inner = [
            one._replace(fit=replayed(part, one.fit, order.replay)) for part, one in zip(parts, inner, strict=True)
        ]
    scale = _scale([part.data.features.rows[one.fit] for part, one in zip(parts, inner, strict=True)])
    series = [_Series(part, one, scale(part.data.features.rows)) for part, one in zip(parts, inner, strict=True)]
    fit_on = _samples(order, [(one, one.inner.fit) for one in series])
    stop_on = _samples(order, [(one, one.inner.stop) for one in series])
    made = (
        _simple(order, fit_on, stop_on) if order.kind in SIMPLE else _net(order, fit_on, stop_on, warm, resumed, told)
    )
    scores = _scores(made.predictor, series)
    calibrator = _calibrator(made.predictor, [(one, one.part.slices.calibration) for one in series])
    forecasts = tuple(_forecasts(made.predictor, calibrator, one) for one in series)
    evaluations = tuple(
        evaluated(
            one, acted(one, Conformal.of(order.alpha, order.gamma, scores)), np.random.default_rng(order.plan.seed)
        )
        for one in forecasts
    )
    tested = sum(part.slices.test.size for part in parts)
    counts = [sum(getattr(one, name).size for one in inner) for name in ("fit", "stop", "calibrate", "sets")]
    return TrainedModel(
        order, made.artifact, made.data, made.probe, scale, calibrator, tuple(scores), evaluations, forecasts,
        (counts[0], counts[1], counts[2], counts[3], tested), made.history, made.stopped, made.weights,
    )  # fmt: skip


def prepared(order: Order, parts: Sequence[Part]) -> tuple[Samples, Samples]:
    """The scaled samples that a net is fitted on and those it is stopped on; nothing later is touched.

    Raises:
        Misconfigured: a slice too short to be cut again.
    """
    inner = [_inner(part) for part in parts]
    scale = _scale([part.data.features.rows[one.fit] for part, one in zip(parts, inner, strict=True)])
    series = [_Series(part, one, scale(part.data.features.rows)) for part, one in zip(parts, inner, strict=True)]
    fit_on = _samples(order, [(one, one.inner.fit) for one in series])
    return fit_on, _samples(order, [(one, one.inner.stop) for one in series])


def space_of(order: Order) -> Mapping[str, Range]:
    """What a search may draw for the net of an order.

    Raises:
        Misconfigured: it is none.
    """
    if order.kind not in NETS:
        raise Misconfigured(f"no sizes of {order.kind}", where="tuning", allowed=", ".join(NETS))
    return _net_of(order.kind).space


def fit_net(
    order: Order,
    fit_on: Samples,
    stop_on: Samples,
    warm: Mapping[str, NDArray[Any]] | None = None,
    resumed: bytes | None = None,
    told: Callable[[Progress], None] | None = None,
) -> Fitted:
    """Fits the net of an order.

    Raises:
        Misconfigured, Corrupt: as ``nets.fitting.fit``.
    """
    net = _net_of(order.kind)
    from tradewind.research.nets.fitting import fit  # PyTorch, which is there by now

    def tell(checkpoint: Checkpoint) -> None:
        if told is not None:
            told(Progress(checkpoint.epoch, order.plan.epochs, checkpoint.data))

    options = net.options_of(order.options, order.size)
    return fit(net, options, fit_on, stop_on, order.plan, warm=warm, resumed=resumed, told=tell)


def _net_of(kind: str) -> Net:
    """A net by its name.

    Raises:
        Misconfigured: PyTorch is not installed.
    """
    try:
        from tradewind.research import nets  # PyTorch; simple predictors need none
    except ModuleNotFoundError as fault:
        raise Misconfigured(
            f"{fault.name} is not installed",
            where=f"training {kind}",
            allowed="base_rate, logistic; boosting where lightgbm is",
            next_step=INSTALL,
        ) from fault
    return nets.net(kind)


def _calibrator(predictor: Predictor, parts: Sequence[tuple[_Series, Indices]]) -> Calibrator:
    raw = [one.asked(predictor, samples) for one, samples in parts]
    up = [one.up(samples) for one, samples in parts]
    weights = [one.part.data.weights(samples) for one, samples in parts]
    return fitted(np.concatenate(raw), np.concatenate(up), np.concatenate(weights), LASTING)


def _scores(predictor: Predictor, series: Sequence[_Series]) -> list[float]:
    """Of samples that their calibrator has not seen: those it was fitted on would flatter it, the sets be too small.

    The calibrator that serves is fitted on all of the slice. It is a little nearer to the truth than the one of these
    scores, so that the sets begin a little too large; what they learn later brings them right.
    """
    first = _calibrator(predictor, [(one, one.inner.calibrate) for one in series])
    scores: list[float] = []
    for one in series:
        p = first(one.asked(predictor, one.inner.sets))
        scores += np.where(one.up(one.inner.sets) > 0.0, 1.0 - p, p).tolist()
    return scores


class _Inner(NamedTuple):
    fit: Indices
    stop: Indices
    calibrate: Indices
    sets: Indices


class _Series(NamedTuple):
    """A part, its slices, and its rows scaled once for all of them."""

    part: Part
    inner: _Inner
    rows: Windows

    def windows(self, samples: Indices, length: int) -> Windows:
        """Scaled windows of ``samples``, ``(s, length, k)``."""
        return windows_of(self.rows, length)[samples - (length - 1)]

    def up(self, samples: Indices) -> NDArray[np.float64]:
        """1 where the upper barrier was met first, 0 where the lower one was."""
        return (self.part.data.label[samples] > 0.0).astype(np.float64)

    def asked(self, predictor: Predictor, samples: Indices) -> NDArray[np.float64]:
        """What the served model answers, asked as the service asks it."""
        return predictor.forecasts(self.windows(samples, predictor.length))


class _Made(NamedTuple):
    predictor: Predictor
    artifact: str
    data: bytes
    probe: tuple[float, ...]
    history: tuple[Epoch, ...]
    stopped: str
    weights: dict[str, NDArray[Any]]


def _inner(part: Part) -> _Inner:
    """The train slice without its last fifth, that fifth, and the two parts of the calibration slice; each purged."""
    train, calibration = part.slices.train, part.slices.calibration
    fit, stop = _purged(part.data, train, 1.0 - STOPPING)
    calibrate, sets = _purged(part.data, calibration, CALIBRATING)
    if not (fit.size and stop.size and calibrate.size and sets.size):
        raise Misconfigured(
            f"{train.size} samples to train and {calibration.size} to calibrate on {part.data.features.symbol}",
            where="training", allowed="enough for five slices without overlap", next_step="use more bars",
        )  # fmt: skip
    return _Inner(fit, stop, calibrate, sets)


def replayed(part: Part, fit: Indices, share: float) -> Indices:
    """What a warm start is fitted on: as many samples as ``fit``, ``share`` of them older ones.

    The newest are kept; the older ones lie at even distances over everything before, so that each regime is met as
    often as it lasted. A net that is only shown what is new forgets what it knew (French 1999), and markets come back.
    """
    older = round(fit.size * share)
    newest = fit[older:]
    before = fit[:older] if part.older is None else np.concatenate([part.older, fit[:older]])
    if not older:
        return fit
    even = np.linspace(0, before.size - 1, older).round().astype(np.int64)
    return np.concatenate([before[even], newest])


def _purged(data: DataSet, samples: Indices, share: float) -> tuple[Indices, Indices]:
    cut = round(samples.size * share)
    later = samples[cut:]
    earlier = samples[:cut]
    return (earlier[data.end[earlier] < later[0]] if later.size else earlier), later


def _scale(rows: Sequence[NDArray[np.float32]]) -> InputScale:
    every = np.concatenate(rows).astype(np.float64)
    deviation = every.std(axis=0)
    return InputScale(tuple(every.mean(axis=0).tolist()), tuple(np.where(deviation > 1e-9, deviation, 1.0).tolist()))


def _samples(order: Order, parts: Sequence[tuple[_Series, Indices]]) -> Samples:
    return Samples(
        np.concatenate([one.windows(samples, order.length) for one, samples in parts]),
        np.concatenate([one.up(samples).astype(np.float32) for one, samples in parts]),
        np.concatenate([one.part.data.weights(samples).astype(np.float32) for one, samples in parts]),
    )


def _simple(order: Order, fit_on: Samples, stop_on: Samples) -> _Made:
    up, weight = fit_on.up.astype(np.float64), fit_on.weight.astype(np.float64)
    if order.kind == "base_rate":
        model: Any = base_rate(fit_on.windows[:, -1:], up, weight)
    elif order.kind == "logistic":
        model = logistic(fit_on.windows, up, weight)
    else:
        later = (stop_on.windows, stop_on.up.astype(np.float64), stop_on.weight.astype(np.float64))
        model = boosting(fit_on.windows, up, weight, later, seed=order.plan.seed)
    probe = tuple(model.forecasts(probe_windows(model.length, model.width)).tolist())
    return _Made(model, "model.json", msgspec.json.encode(model), probe, (), "", {})


def _net(
    order: Order,
    fit_on: Samples,
    stop_on: Samples,
    warm: Mapping[str, NDArray[Any]] | None,
    resumed: bytes | None,
    told: Callable[[Progress], None] | None,
) -> _Made:
    net = _net_of(order.kind)
    from tradewind.research.nets.export import exported  # PyTorch, which is there by now

    options = net.options_of(order.options, order.size)
    done = fit_net(order, fit_on, stop_on, warm, resumed, told)
    _, length, width = fit_on.windows.shape
    data, probe = exported(net, options, done.weights, length, width)
    return _Made(OnnxModel(data, length, width), "model.onnx", data, probe, done.history, done.stopped, done.weights)


def _forecasts(predictor: Predictor, calibrator: Calibrator, series: _Series) -> Forecasts:
    part = series.part
    data, test = part.data, part.slices.test
    return Forecasts(
        p_up=calibrator(series.asked(predictor, test)),
        label=data.label[test],
        start=test,
        end=data.end[test],
        width=data.width[test],
        cost=part.cost,
        bars=data.label.size,
    )
