"""What the trial ledger remembers: every variant that was tried, and every look at a sealed window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import SECOND

MAX_BATCH: Final = 10_000
"""Trials in one batch."""
NANOSECOND_DIGITS: Final = 19
"""Of a time from 2001 to 2286."""


class TrialBatch(msgspec.Struct, frozen=True, eq=False):
    """Variants tried together on one series over the window ``[start, end)``, UTC nanoseconds; one row a variant.

    ``spec`` uint64 ``(n,)`` is the hash of what the variant does, ``family`` uint16 ``(n,)`` its place in ``families``,
    ``n_trades`` int32 its closed trades, ``sharpe`` float64 mean / std (ddof 1) of its daily results in R, per day and
    not annualised, NaN where undefined, ``days`` int32 the number of days in it. ``mean_correlation`` is the mean of
    the off-diagonal correlations of the variants' daily results, None where it was not measured.
    """

    symbol: str
    timeframe: str
    data_hash: str
    start: int
    end: int
    families: tuple[str, ...]
    family: NDArray[np.uint16]
    spec: NDArray[np.uint64]
    n_trades: NDArray[np.int32]
    sharpe: NDArray[np.float64]
    days: NDArray[np.int32]
    mean_correlation: float | None = None

    def __len__(self) -> int:
        return len(self.spec)


def trial_batch(
    spec_hashes: Sequence[str],
    families: Sequence[str],
    *,
    symbol: str,
    timeframe: str,
    data_hash: str,
    start: int,
    end: int,
    n_trades: ArrayLike,
    sharpe: ArrayLike,
    days: ArrayLike,
    mean_correlation: float | None = None,
) -> TrialBatch:
    """A batch from one hash and one family name a variant; ``days`` may be one number for all.

    Raises:
        Misconfigured: no trial or more than ``MAX_BATCH``, columns of different lengths, a hash that is not 16 hex
            digits, an infinite Sharpe ratio, or a window that ends before it starts.
    """
    n = len(spec_hashes)
    names = tuple(sorted(set(families)))
    place = {name: number for number, name in enumerate(names)}
    trades = np.asarray(n_trades, dtype=np.int32)
    ratio = np.asarray(sharpe, dtype=np.float64)
    span = np.broadcast_to(np.asarray(days, dtype=np.int32), (n,)).copy()
    lengths = {n, len(families), len(trades), len(ratio)}
    if not 0 < n <= MAX_BATCH or len(lengths) > 1:
        raise Misconfigured(
            f"columns of {sorted(lengths)} trials",
            where="trial batch",
            allowed=f"1 to {MAX_BATCH} trials, every column of one length",
            next_step="record larger runs in several batches",
        )
    if end <= start or np.isinf(ratio).any():
        raise Misconfigured(
            "a window that ends before it starts, or an infinite Sharpe ratio",
            where="trial batch",
            allowed="start < end; NaN where the ratio is undefined",
        )
    return TrialBatch(
        symbol=symbol,
        timeframe=str(timeframe),
        data_hash=data_hash,
        start=start,
        end=end,
        families=names,
        family=np.fromiter((place[name] for name in families), np.uint16, n),
        spec=np.fromiter((spec_number(text) for text in spec_hashes), np.uint64, n),
        n_trades=trades,
        sharpe=ratio,
        days=span,
        mean_correlation=mean_correlation,
    )


def spec_number(spec_hash: str) -> int:
    """The 64-bit number of 16 hex digits.

    Raises:
        Misconfigured: it is not 16 hex digits.
    """
    try:
        if len(spec_hash) == _HEX_DIGITS:
            return int(spec_hash, 16)
    except ValueError:
        pass
    raise Misconfigured(f"{spec_hash!r} as the hash of a strategy", allowed="16 hex digits")


def spec_text(number: int) -> str:
    """16 hex digits of a number."""
    return f"{number:016x}"


_HEX_DIGITS: Final = 16


class TrialColumns(msgspec.Struct, frozen=True, eq=False):
    """Trials of many batches as columns, oldest first; all of shape ``(n,)``.

    ``family`` and ``series`` are places in ``families`` and in ``serieses`` (symbol, timeframe); ``entry`` is the
    ledger entry a trial stands in. The other columns are those of ``TrialBatch``.
    """

    families: tuple[str, ...]
    serieses: tuple[tuple[str, str], ...]
    entry: NDArray[np.int64]
    family: NDArray[np.uint16]
    series: NDArray[np.uint16]
    spec: NDArray[np.uint64]
    n_trades: NDArray[np.int32]
    sharpe: NDArray[np.float64]
    days: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.spec)

    def newest(self) -> NDArray[np.intp]:
        """Places of the newest trial of every (variant, series), ascending.

        A variant looked at again on the same series (more data, a repeated run) is the same draw once more, so it
        counts once, with what it showed last.
        """
        order = np.lexsort((self.spec, self.series))  # stable, so that equal keys stay oldest first
        spec, series = self.spec[order], self.series[order]
        last = np.ones(len(order), dtype=np.bool_)
        last[:-1] = (spec[1:] != spec[:-1]) | (series[1:] != series[:-1])
        return np.sort(order[last])


class TrialPopulation(msgspec.Struct, frozen=True):
    """What deflates a Sharpe ratio: how many were tried, how much they differed, how alike they are.

    ``distinct`` variants (per series), of which ``known`` have a Sharpe ratio; ``sharpe_variance`` is the variance
    (ddof 1) of those, per day, None below two. ``luck_variance`` is what luck alone makes of it and what deflates
    (``validation.trial_spread``); where it is None the whole variance does. ``mean_correlation`` is the batches' own,
    weighted by their trials, None where no batch measured it. ``looks`` counts all trials, repeated ones too. The
    effective number of trials is ``rho + (1 - rho) * distinct`` with ``rho = mean_correlation``; with rho unknown take
    ``distinct``, which deflates the most.
    """

    looks: int
    distinct: int
    known: int
    sharpe_variance: float | None
    mean_correlation: float | None
    luck_variance: float | None = None


class Look(msgspec.Struct, frozen=True):
    """One candidate's sealed window ``[start, end)`` being read, UTC nanoseconds.

    By ``rule`` (``rule_shape.shape_of``), ``bars``, ``weeks`` and ``entries`` (``kinship.bar_marks``, ``week_moves``,
    ``entry_marks``) it is known again under other names; empty where they were not taken, as in ledgers of before they
    were.
    """

    spec_hash: str
    family: str
    symbol: str
    timeframe: str
    start: int
    end: int
    data_hash: str
    rule: tuple[str, ...] = ()
    bars: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()

    @property
    def key(self) -> tuple[str | int, ...]:
        """What it is a look of, without what it is known again by."""
        return self.spec_hash, self.family, self.symbol, self.timeframe, self.start, self.end, self.data_hash


class Looked(msgspec.Struct, frozen=True):
    """A look as the ledger holds it: entry, time, the opening it was part of, and what it met.

    ``contaminated`` when the family, under this name or another, had read any part of that window of that series in an
    earlier opening; ``reason`` names it.
    """

    entry: int
    ts: int
    opening: str
    look: Look
    contaminated: bool
    reason: str = ""

    @property
    def said(self) -> str:
        """The opening as people read it: its kind and name, without the nanosecond that tells two of them apart."""
        return opening_words(self.opening)


def opening_words(opening: str) -> str:
    """``validate 1ca6f0 (2026-11-21 13:16:24 UTC)`` of an opening that ends in its nanosecond; others as they are."""
    name, _, last = opening.rpartition(" ")
    if not name or not last.isdecimal() or len(last) != NANOSECOND_DIGITS:
        return opening
    return f"{name} ({datetime.fromtimestamp(int(last) // SECOND, UTC):%Y-%m-%d %H:%M:%S} UTC)"
