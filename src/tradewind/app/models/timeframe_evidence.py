"""Results of each timeframe on bars that nobody was fitted on: those of its champions, and of signals that ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from tradewind.adapters.store.reader import Queryable
from tradewind.app.feature_sets import stored_series
from tradewind.app.models.duel import unseen_from
from tradewind.app.models.material import cost_of, labelled_bars
from tradewind.app.models.promotion import Promotions
from tradewind.app.workspace import Workspace
from tradewind.errors import Unavailable
from tradewind.model.timeframe import Timeframe
from tradewind.research.model_evaluation import acted
from tradewind.research.served_forecasts import Unseen, conformal_of, net_results, said

_SIGNALS: Final = "SELECT timeframe, r FROM signal_outcomes WHERE result <> 'expired' AND r IS NOT NULL ORDER BY ts"


class Evidence(NamedTuple):
    """Results in R by timeframe, and how many of them came from models and from signals."""

    results: dict[str, list[float]]
    of_models: dict[str, int]
    of_signals: dict[str, int]


def timeframe_evidence(
    workspace: Workspace, promotions: Promotions, timeframes: Sequence[Timeframe], store: Queryable | None = None
) -> Evidence:
    """Every champion replayed over the bars it never saw, and the outcomes of signals in ``store``.

    Raises:
        Corrupt: a champion cannot be verified.
    """
    results: dict[str, list[float]] = {str(one): [] for one in timeframes}
    models, signals = dict.fromkeys(results, 0), dict.fromkeys(results, 0)
    for seat in promotions.seats():
        name = str(seat.timeframe)
        if seat.champion is None or name not in results:
            continue
        found = promotions.version(seat.champion.version)
        bars = stored_series(workspace.config, seat.symbol, seat.timeframe)
        span = unseen_from(found.manifest), int(bars.columns.ts_close[-1])
        data = labelled_bars(workspace.config, bars, news=found.manifest.reads_news)
        unseen = Unseen(data, cost_of(workspace.config, bars), *span)
        try:
            forecasts = said(found.served, unseen, unseen.samples(found.manifest.length))
        except Unavailable:  # nothing came since it was trained
            continue
        net = net_results(forecasts, acted(forecasts, conformal_of(found.manifest))).tolist()
        results[name] += net
        models[name] += len(net)
    for timeframe, r in store.query(_SIGNALS)[1] if store is not None else ():
        if timeframe in results:
            results[timeframe].append(float(r))
            signals[timeframe] += 1
    return Evidence(results, models, signals)
