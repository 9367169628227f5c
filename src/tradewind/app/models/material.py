"""What a model is trained on: the newest samples of stored series, cut in time, with what trading them costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tradewind.app.feature_sets import SeriesBars, stored_series
from tradewind.app.instruments import instrument_for
from tradewind.app.models.sealing import seal_of
from tradewind.app.news_articles import news_of
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import utc
from tradewind.app.validation.costs import require_own_costs
from tradewind.app.workspace import Workspace
from tradewind.errors import Unavailable
from tradewind.features.feature_set import FeatureSet
from tradewind.features.input_schema import default_schema
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.research.dataset import DataSet, chronological, feature_set, labelled, newest
from tradewind.research.feature_check import column_faults, completeness, replayed
from tradewind.research.model_gates import InputCheck
from tradewind.research.model_training import Part

SAMPLES: Final = 9_416
"""Newest samples of a training: 64% of them, after the last fifth was set aside to stop on, are 4,821."""
FEWEST: Final = 1_000


class Material(NamedTuple):
    """Parts to train on and the bars they were made of, which end where the sealed ones begin (``seal``, UTC ns)."""

    parts: tuple[Part, ...]
    bars: tuple[SeriesBars, ...]
    seal: int = 0

    @property
    def simulated(self) -> bool:
        """Whether bars were made."""
        return any(one.made for one in self.bars)

    @property
    def data_hashes(self) -> tuple[str, ...]:
        """Of each symbol's data set."""
        return tuple(part.data.data_hash for part in self.parts)


def material_of(
    config: AppConfig,
    symbols: Sequence[str],
    interval: Timeframe,
    kind: str,
    length: int,
    samples: int = SAMPLES,
    *,
    sealed: bool = True,
    news: bool = False,
    until: int = 0,
    since: int = 0,
) -> Material:
    """The newest ``samples`` of each symbol before its sealed bars: 64% to train, 16% to calibrate, 20% to test.

    Not ``sealed``: no bar is left out, for a challenger that is judged on bars to come; ``seal`` is 0 then.
    With ``news`` the series end where the last reading of the news does: behind it no row is complete. ``until``, UTC
    nanoseconds, is when it is trained: what closed later is not known then (0: all that is stored is).
    ``since`` is when the market changed: of the samples only those from then on, once they are half of them.

    Raises:
        Unavailable: nothing is stored of a symbol, too few samples come of it, or nobody has read any news.
        Misconfigured: trading is configured to be cheaper than it is, so that a gate that is met would prove nothing.
    """
    for symbol in symbols:
        require_own_costs(config, instrument_for(config, symbol))
    stored = [stored_series(config, symbol, interval) for symbol in symbols]
    if until:
        stored = [_known_at(one, until) for one in stored]
    if news:
        stored = [_while_read(config, one) for one in stored]
    seal = seal_of(Workspace(config), stored, kind) if sealed else 0
    bars = tuple(before(one, seal) for one in stored) if sealed else tuple(stored)
    return Material(tuple(_part(config, one, length, samples, since, news=news) for one in bars), bars, seal)


def before(bars: SeriesBars, end: int) -> SeriesBars:
    """The bars that closed up to ``end``, UTC nanoseconds."""
    return bars._replace(columns=bars.columns.take(bars.columns.ts_close <= end))


def cost_of(config: AppConfig, bars: SeriesBars) -> float:
    """A round trip as a share of the price: the mean spread of the bars, or the model's, with slippage and commission.

    Costs are the configured ones, as fills have them. Commissions per lot are taken at the last close.
    """
    instrument = instrument_for(config, bars.symbol)
    costs = instrument.costs
    spread, close = bars.columns.spread, bars.columns.close
    half = float((spread / close).mean()) / 2.0 if float(spread.max(initial=0.0)) > 0.0 else costs.spread_fraction
    per_lot = costs.commission_per_lot / (instrument.contract_size * float(close[-1]))
    return 2.0 * (half + costs.slippage_fraction + costs.commission_fraction + per_lot)


def _part(config: AppConfig, bars: SeriesBars, length: int, samples: int, since: int, *, news: bool) -> Part:
    data = labelled_bars(config, bars, news=news)
    every = data.samples(length)
    usable = newest(data, every, samples, since, FEWEST)
    if usable.size < FEWEST:
        raise Unavailable(
            f"{usable.size} samples in {len(bars.columns.close)} unsealed bars of {bars.symbol} {bars.timeframe}",
            where="training",
            allowed=f"at least {FEWEST}",
            next_step="import or fetch a longer history, or train on a shorter interval",
        )
    return Part(data, chronological(data, usable), cost_of(config, bars), every[: every.size - usable.size])


def _known_at(bars: SeriesBars, until: int) -> SeriesBars:
    cut = before(bars, until)
    if not cut.columns.ts_close.size:
        raise Unavailable(
            f"no bar of {bars.symbol} {bars.timeframe} closed up to {utc(until)}",
            where="training",
            next_step="import or fetch a longer history",
        )
    return cut


def _while_read(config: AppConfig, bars: SeriesBars) -> SeriesBars:
    """The bars up to the end of the last reading of the news."""
    until = news_of(config, bars.symbol).until
    cut = before(bars, until)
    if not cut.columns.ts_close.size:
        raise Unavailable(
            f"no bar of {bars.symbol} closed up to the end of the news ({utc(until)})",
            where="training",
            next_step="import articles of the time of the bars, or bars of the time of the articles",
        )
    return cut


def labelled_bars(config: AppConfig, bars: SeriesBars, *, news: bool = False) -> DataSet:
    """Inputs and labels of every bar; with ``news`` also what articles said.

    Raises:
        Misconfigured: there are no bars.
        Unavailable: nobody has read any news.
    """
    calendar = calendar_of(resolve(bars.symbol, config.instruments).calendar)
    told = news_of(config, bars.symbol) if news else None
    made = feature_set(bars.symbol, default_schema(bars.timeframe, news=news), bars.columns, calendar, told)
    return labelled(made, bars.columns)


def checked_inputs(config: AppConfig, sets: Iterable[FeatureSet], bars: Sequence[SeriesBars]) -> InputCheck:
    """Every input row replayed with the bars up to it alone, and the share of complete rows after the warm-up."""
    leaks: list[str] = []
    whole = 1.0
    for features, bars_of in zip(sets, bars, strict=True):
        columns = {name: features.rows[:, number] for number, name in enumerate(features.schema.names)}
        calendar = calendar_of(resolve(bars_of.symbol, config.instruments).calendar)
        news = news_of(config, bars_of.symbol) if features.schema.reads_news else None
        known = replayed(bars_of.symbol, features.schema, bars_of.columns, calendar, news)
        leaks += [f"{bars_of.symbol}: {fault}" for fault in column_faults(columns, known)]
        found = completeness(columns)
        after = found.rows - found.first if found.first >= 0 else 0
        whole = min(whole, 1.0 - found.holes / after if after else 0.0)
    return InputCheck(tuple(leaks), whole)
