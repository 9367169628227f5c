"""A backtest that hears the news, beside the same one that does not."""

from __future__ import annotations

import msgspec

from tradewind.app.backtest import Backtest
from tradewind.app.measured_run import MeasuredRun, measure
from tradewind.app.recordings import Material, with_news
from tradewind.app.settings.root import AppConfig
from tradewind.app.wiring import plan_for
from tradewind.app.workspace import Workspace
from tradewind.errors import Unavailable

VETO = "sentiment"


class RunShare(msgspec.Struct, frozen=True):
    """What one of the two runs showed; ``net`` in account currency, the rest as in the metrics of a run."""

    signals: int
    trades: int
    win_rate: float | None
    win_rate_low: float | None
    win_rate_high: float | None
    expectancy: float | None
    profit_factor: float | None
    net: float
    max_drawdown: float | None


class SentimentWorth(msgspec.Struct, frozen=True, kw_only=True):
    """Both runs over the same bars. ``blocked`` decisions had the news against them, alone or beside other reasons."""

    articles: int
    readings: int
    blocked: int
    with_news: RunShare
    without: RunShare


def with_sentiment(settings: AppConfig, material: Material, workspace: Workspace) -> tuple[AppConfig, Material]:
    """The configuration with its sentiment veto on, and the bars with the articles of their time.

    Raises:
        Unavailable: nobody read any news in that time: there would be nothing to compare.
        Corrupt: the archive cannot be read.
    """
    told = with_news(workspace, material)
    if not told.news:
        raise Unavailable(
            "nobody has read any news in the time of the bars", where="data/news",
            next_step="tradewind news import FILE, or choose another --timerange",
        )  # fmt: skip
    enabled = tuple(dict.fromkeys((*settings.filters.enabled, VETO)))
    filters = msgspec.structs.replace(settings.filters, enabled=enabled)
    return msgspec.structs.replace(settings, filters=filters), told


def sentiment_worth(settings: AppConfig, material: Material, seed: int, heard: MeasuredRun) -> SentimentWorth:
    """Runs again without veto and articles, and sets it beside ``heard``."""
    filters = msgspec.structs.replace(
        settings.filters, enabled=tuple(one for one in settings.filters.enabled if one != VETO)
    )
    bare = msgspec.structs.replace(settings, filters=filters)
    plan = plan_for(bare, material.bases, executes=True, simulated=material.simulated)
    backtest = Backtest(plan, material.recordings, calendar=material.calendar)
    backtest.run()
    deaf = measure(backtest.finished, material.data_hash, seed)
    return SentimentWorth(
        articles=sum(len(one.articles) for one in material.news),
        readings=len(material.news),
        blocked=heard.counts.reasons.get(VETO, 0),
        with_news=_share(heard),
        without=_share(deaf),
    )


def _share(result: MeasuredRun) -> RunShare:
    trades = result.metrics.trades
    return RunShare(
        signals=result.counts.signals,
        trades=trades.n,
        win_rate=trades.win_rate,
        win_rate_low=trades.win_rate_low,
        win_rate_high=trades.win_rate_high,
        expectancy=trades.expectancy,
        profit_factor=trades.profit_factor,
        net=result.closing_equity - result.opening_balance,
        max_drawdown=result.metrics.returns.max_drawdown,
    )
