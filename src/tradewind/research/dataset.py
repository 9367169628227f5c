"""Samples to learn from: inputs at the close of a bar, the barrier that was met after it, how much each sample counts.

A sample is a bar ``i``: its window are the rows ``i - length + 1 .. i``, its label is known at bar ``end[i]``. Only the
bars after ``i`` make the label and only those up to ``i`` make the window.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.engine.aggregate import aggregate
from tradewind.errors import Corrupt, Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.feature_set import FeatureSet
from tradewind.features.input_schema import InputSchema
from tradewind.features.model_inputs import complete, inputs_of, windows_of
from tradewind.features.news_inputs import NewsScores
from tradewind.features.spec import atr
from tradewind.model.bar import BarColumns
from tradewind.model.session import SessionCalendar
from tradewind.predictors.manifest import BARRIERS, Barriers
from tradewind.validation.barrier_labels import barrier_labels
from tradewind.validation.uniqueness import average_uniqueness

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

LENGTH: Final = 60
"""Bars in a window, unless a model asks for another number."""


class DataSet(NamedTuple):
    """Inputs with their labels. All arrays have one element a bar, ``(n,)``.

    ``label`` +1 (up first), -1, NaN (neither, or not yet); ``end`` the bar at whose close it was known, -1 where it is
    not; ``width`` of the barriers as a share of the entry, NaN where there is none.
    """

    features: FeatureSet
    barriers: Barriers
    label: Floats
    end: Indices
    width: Floats

    @property
    def data_hash(self) -> str:
        """sha256 over the inputs, the barriers and the labels, 64 hex digits: what a model was trained on."""
        digest = hashlib.sha256(f"{self.features.data_hash}\n".encode() + msgspec.json.encode(self.barriers))
        for column in (np.nan_to_num(self.label), self.end.astype(np.float64)):
            digest.update(np.ascontiguousarray(column, dtype="<f8").data)
        return digest.hexdigest()

    def samples(self, length: int = LENGTH) -> Indices:
        """Bars with a label and a window of ``length`` complete rows, ascending."""
        unusable = np.concatenate([[0], np.cumsum(~complete(self.features.rows))])
        n = len(self.label)
        usable = np.zeros(n, dtype=np.bool_)
        if n >= length:
            usable[length - 1 :] = unusable[length:] == unusable[: n - length + 1]
        return np.flatnonzero(usable & ~np.isnan(self.label))

    def windows(self, samples: Indices, length: int = LENGTH) -> NDArray[np.float32]:
        """Windows of ``samples``, ``(s, length, k)``; neighbouring samples share memory, others are copied.

        Raises:
            Misconfigured: a sample whose window would begin before the first bar.
        """
        if samples.size and int(samples.min()) < length - 1:
            raise Misconfigured(f"bar {samples.min()}", where="windows", allowed=f"{length - 1} and later")
        every = windows_of(self.features.rows, length)
        at = samples - (length - 1)
        if at.size and int(at[-1]) - int(at[0]) == at.size - 1 and bool((np.diff(at) == 1).all()):
            return every[int(at[0]) : int(at[-1]) + 1]
        return every[at]

    def weights(self, samples: Indices) -> Floats:
        """How unique each sample's label is among ``samples``, in (0, 1]; the sum is ``n_eff``.

        Weigh a slice by itself: a label counts less for those it is learned with, not for those it is kept from.
        """
        return average_uniqueness(samples, self.end[samples], len(self.label))

    def n_eff(self, samples: Indices) -> float:
        """How many independent labels ``samples`` amount to."""
        return float(self.weights(samples).sum())


class Slices(NamedTuple):
    """Samples to fit on, to calibrate on and to test on, in the order of time; each ascending, none in two."""

    train: Indices
    calibration: Indices
    test: Indices


def feature_set(
    symbol: str, schema: InputSchema, columns: BarColumns, calendar: SessionCalendar, news: NewsScores | None = None
) -> FeatureSet:
    """Inputs of a series; the longer bars are made of ``columns`` as the engine makes them.

    Raises:
        Misconfigured: there are no bars.
    """
    if not len(columns.ts_close):
        raise Misconfigured("no bars", where=f"inputs of {symbol}", allowed="at least one")
    higher = {longer: aggregate(columns, calendar, longer) for longer in schema.higher}
    rows = inputs_of(schema, columns, higher, news)
    return FeatureSet(symbol, schema, columns.ts_open, columns.ts_close, rows)


def labelled(features: FeatureSet, columns: BarColumns, barriers: Barriers = BARRIERS) -> DataSet:
    """Inputs with the labels of the bars they were made of.

    The barriers stand ``barriers.width`` average true ranges, as known at the entry, above and below the close; where
    one bar touches both, the lower one came first; what meets neither within ``barriers.horizon`` bars has no label.

    Raises:
        Corrupt: the bars are others than those of the inputs.
        Misconfigured: barriers without a width or a horizon.
    """
    if not np.array_equal(features.ts_close, columns.ts_close):
        raise Corrupt(
            f"{len(features.ts_close)} rows and {len(columns.ts_close)} bars that do not pair up",
            where=f"labels of {features.symbol} {features.timeframe}",
            next_step="build the features again",
        )
    if not barriers.width > 0.0:
        raise Misconfigured(f"barriers {barriers.width} ranges away", where="labels", allowed="more than 0")
    ranges = FeatureBank((atr(barriers.atr_period),), features.schema.seeding).batch(columns)[:, 0]
    width = barriers.width * ranges / columns.close
    found = barrier_labels(columns.high, columns.low, columns.close, width, width, barriers.horizon)
    return DataSet(features, barriers, found.label, np.where(found.resolved, found.end, -1), width)


def newest(data: DataSet, samples: Indices, most: int, since: int = 0, least: int = 0) -> Indices:
    """The last ``most`` of ``samples``; of those only the ones from ``since`` (UTC ns) on, where they are half of them
    and at least ``least``.

    What lies before a change teaches a market that is gone, and a few bars after it teach nothing yet.
    """
    found = samples[-most:]
    later = found[data.features.ts_close[found] >= since]
    return later if later.size >= max(least, found.size / 2) else found


def chronological(
    data: DataSet, samples: Indices, *, train: float = 0.64, calibration: float = 0.16, embargo: int | None = None
) -> Slices:
    """The first ``train`` share of ``samples``, the next ``calibration`` share, and the rest to test on.

    Purged: a sample stays only where its label was known more than ``embargo`` bars before the first sample of the next
    slice (default: the horizon of the labels). The later slice is kept whole, so that what is tested does not depend on
    how it was purged.

    Raises:
        Misconfigured: shares or an embargo out of range, or a slice that would be empty.
    """
    if not (train > 0.0 and calibration >= 0.0 and train + calibration < 1.0):
        raise Misconfigured(
            f"shares {train:g} and {calibration:g}", where="chronological", allowed="together less than 1"
        )
    middle, last = round(len(samples) * train), round(len(samples) * (train + calibration))
    return _cut(data, samples[:middle], samples[middle:last], samples[last:], embargo)


def forward_slices(
    data: DataSet,
    samples: Indices,
    *,
    folds: int = 3,
    train: int = 4821,
    calibration: float = 0.2,
    embargo: int | None = None,
) -> tuple[Slices, ...]:
    """``samples`` in ``folds + 1`` parts of equal number; each but the first is tested with what came before it.

    Before a test lie its calibration slice, as long as ``calibration`` of the training, and its training: the newest
    ``train`` samples that are left (a rolling window). Purged as ``chronological``.

    Raises:
        Misconfigured: fewer than one fold or training sample, or a slice that would be empty.
    """
    if folds < 1 or train < 1 or not 0.0 <= calibration < 1.0:
        raise Misconfigured(f"{folds} folds of {train} samples", where="forward_slices", allowed="1 and more")
    cuts = [len(samples) * part // (folds + 1) for part in range(folds + 2)]
    found = []
    for first, until in pairwise(cuts[1:]):
        held = min(first, train + round(train * calibration))
        calibrating = round(held * calibration / (1.0 + calibration))
        begin, middle = first - held, first - calibrating
        found.append(_cut(data, samples[begin:middle], samples[middle:first], samples[first:until], embargo))
    return tuple(found)


def _cut(data: DataSet, train: Indices, calibration: Indices, test: Indices, embargo: int | None) -> Slices:
    """The three slices without what the next one could tell them."""
    quiet = data.barriers.horizon if embargo is None else embargo
    if quiet < 0:
        raise Misconfigured(f"an embargo of {quiet} bars", where="slices", allowed="0 or more")
    held = _known_before(data, calibration, test, quiet)
    kept = _known_before(data, train, calibration if calibration.size else test, quiet)
    if not kept.size or not test.size or (calibration.size and not held.size):
        raise Misconfigured(
            f"{train.size}, {calibration.size} and {test.size} samples, of which {kept.size} and {held.size} stay",
            where="slices",
            allowed="at least one in each",
            next_step="use more bars",
        )
    return Slices(kept, held, test)


def _known_before(data: DataSet, samples: Indices, later: Indices, quiet: int) -> Indices:
    """Samples whose label was known more than ``quiet`` bars before the first of ``later``."""
    if not later.size:
        return samples
    kept: Indices = samples[data.end[samples] + quiet < later[0]]
    return kept
