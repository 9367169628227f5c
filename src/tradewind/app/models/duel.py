"""Two versions on the bars that neither has seen: who is better, and whether the champion keeps its promise."""

from __future__ import annotations

from tradewind.adapters.market.sealed.columns import content_hash
from tradewind.app.feature_sets import stored_series
from tradewind.app.instruments import instrument_for
from tradewind.app.models.material import cost_of, labelled_bars
from tradewind.app.models.promotion import Promotions, Version
from tradewind.app.models.sealing import look_of, record_looks, require_looks
from tradewind.app.signal_text import utc
from tradewind.app.validation.costs import require_own_costs
from tradewind.app.workspace import Workspace
from tradewind.errors import Rejected, Unavailable
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import Manifest
from tradewind.research.served_forecasts import Compared, Unseen, compared


def unseen_from(manifest: Manifest) -> int:
    """Open of the first bar that a version was neither trained nor tested on, UTC nanoseconds."""
    return manifest.provenance.seal or manifest.provenance.tested[1]


def duel_of(
    workspace: Workspace,
    promotions: Promotions,
    pair: tuple[str, str],
    symbol: str,
    timeframe: Timeframe,
    now: int,
    *,
    drifted: bool = False,
) -> Compared:
    """``pair`` is champion and challenger; that they read these bars is put on record first.

    ``drifted`` says that something else found the champion to have drifted; that it hits less often than its own
    probabilities say is found here.

    Raises:
        Rejected: one of them speaks for another series.
        Unavailable: no bars came since they were trained, or a version is not there.
        Corrupt: a version cannot be verified, or the ledger has forgotten looks that decisions were taken by.
        Misconfigured: trading is configured to be cheaper than it is.
    """
    require_own_costs(workspace.config, instrument_for(workspace.config, symbol))
    one, two = (_speaks(promotions.version(name), symbol, timeframe) for name in pair)
    bars = stored_series(workspace.config, symbol, timeframe)
    start = max(unseen_from(one.manifest), unseen_from(two.manifest))
    end = int(bars.columns.ts_close[-1])
    others = 0
    if start < end:
        require_looks(workspace, promotions.sealed_readers((symbol,), timeframe))
        window, digest = (start, end), content_hash(bars.columns.take(bars.columns.ts_open >= start))
        looks = [
            look_of(each.manifest.version, each.manifest.kind, symbol, str(timeframe), window, digest)
            for each in (one, two)
        ]
        others = record_looks(workspace, looks, f"duel {pair[0]} {pair[1]}", now)
    cost = cost_of(workspace.config, bars)
    own, other = (
        Unseen(labelled_bars(workspace.config, bars, news=each.manifest.reads_news), cost, start, end)
        for each in (one, two)
    )
    try:
        return compared(one.served, two.served, own, other, drifted=drifted, looks=1 + others)
    except Unavailable as fault:
        newest = max((one.manifest, two.manifest), key=unseen_from)
        raise Unavailable(
            f"no labelled bar of {symbol} {timeframe} that neither {pair[0]} nor {pair[1]} saw: {newest.version} knows"
            f" those up to {utc(unseen_from(newest))}",
            where="duel",
            next_step="fetch newer candles, or let it shadow until they come: tradewind promote --challenge",
        ) from fault


def _speaks(found: Version, symbol: str, timeframe: Timeframe) -> Version:
    manifest = found.manifest
    if symbol not in manifest.symbols or timeframe is not manifest.timeframe:
        raise Rejected(
            f"{manifest.version} speaks for {', '.join(manifest.symbols)} on {manifest.timeframe}",
            where=f"{symbol} {timeframe}",
            next_step="compare versions of one symbol and interval",
        )
    return found
