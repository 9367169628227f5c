"""What the champion of a seat did lately: as it was served where a service wrote that down, else replayed."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.store.reader import Queryable
from tradewind.app.feature_sets import stored_series
from tradewind.app.models.material import cost_of, labelled_bars
from tradewind.app.models.promotion import Promotions, Version
from tradewind.app.workspace import Workspace
from tradewind.errors import Unavailable
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.predictors.seats import Seated
from tradewind.research.model_evaluation import acted
from tradewind.research.model_review import Review, Seen, reviewed
from tradewind.research.served_forecasts import Unseen, conformal_of, said
from tradewind.validation.uniqueness import without_overlap

SERVED, REPLAYED = "as served", "replayed from stored candles"
_ROWS: Final = (
    "SELECT ts, p, side, went, ts_end FROM forecasts WHERE symbol = ? AND timeframe = ? AND seat = 'champion'"
    " AND version = ? AND went <> 0 AND ts > ? ORDER BY ts"
)


class Reviewed(NamedTuple):
    """The review of one seat over ``[start, end]``, UTC nanoseconds, and where its forecasts came from."""

    symbol: str
    timeframe: Timeframe
    champion: Seated
    start: int
    end: int
    came_from: str
    review: Review
    simulated: bool


def review_of(
    workspace: Workspace,
    promotions: Promotions,
    symbol: str,
    timeframe: Timeframe,
    days: float,
    store: Queryable | None = None,
) -> Reviewed:
    """The last ``days`` of stored bars, or of what ``store`` says was served.

    Raises:
        Unavailable: the seat is empty, no bars are stored, or no forecast of that time has an outcome yet.
        Corrupt: the champion cannot be verified.
    """
    champion = promotions.seat(symbol, timeframe).champion
    if champion is None:
        raise Unavailable(f"{symbol} {timeframe} has no champion", where="seats", next_step="tradewind promote")
    found = promotions.version(champion.version)
    bars = stored_series(workspace.config, symbol, timeframe)
    end = int(bars.columns.ts_close[-1])
    start = end - round(days * DAY)
    seen, came_from = _served(store, found, symbol, timeframe, start), SERVED
    if seen is None:
        data = labelled_bars(workspace.config, bars, news=found.manifest.reads_news)
        unseen = Unseen(data, cost_of(workspace.config, bars), start, end)
        seen, came_from = _replayed(found, unseen), REPLAYED
    review = reviewed(seen, error_before(found, symbol), np.random.default_rng(0))
    simulated = found.manifest.provenance.simulated or bool(bars.made)
    return Reviewed(symbol, timeframe, champion, start, end, came_from, review, simulated)


def error_before(found: Version, symbol: str) -> float | None:
    """The calibration error of a symbol when its model was judged in development; None where it is not on its card."""
    cards = found.manifest.card.get("evaluations") or []
    place = found.manifest.symbols.index(symbol)
    if place >= len(cards):
        return None
    error = cards[place].get("ece")
    return None if error is None else float(error)


def _served(store: Queryable | None, found: Version, symbol: str, timeframe: Timeframe, start: int) -> Seen | None:
    """What the service wrote down; None where there is nothing of this version in that time."""
    if store is None:
        return None
    rows = store.query(_ROWS, (symbol, str(timeframe), found.manifest.version, start))[1]
    if not rows:
        return None
    ts, p, side, went, ended = (np.array(column) for column in zip(*rows, strict=True))
    return Seen(ts, p.astype(np.float64), side, went, _apart(ts, ended))


def _replayed(found: Version, unseen: Unseen) -> Seen:
    forecasts = said(found.served, unseen, unseen.samples(found.manifest.length))
    sides = acted(forecasts, conformal_of(found.manifest))
    ts = unseen.data.features.ts_close[forecasts.start]
    apart = _apart(forecasts.start, forecasts.end)
    return Seen(ts, forecasts.p_up, sides, forecasts.label.astype(np.int64), apart)


def _apart(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
    kept = np.zeros(start.size, dtype=np.bool_)
    kept[without_overlap(start, end)] = True
    return kept
