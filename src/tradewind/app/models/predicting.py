"""What the models of a project make of the newest stored bars of a symbol, one by one and together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from tradewind.app.feature_sets import stored_series
from tradewind.app.models.predictor import Prediction, Voice, asked, together
from tradewind.app.models.promotion import Promotions
from tradewind.app.news_articles import news_of
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.ensemble.agreement import timeframe_shares
from tradewind.errors import TradewindError, Unavailable
from tradewind.features.input_schema import default_schema
from tradewind.features.model_inputs import InputRows, Rows
from tradewind.model.forecast import SEATS
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.ports.clock import Clock
from tradewind.predictors.served import ServedModel
from tradewind.research.dataset import feature_set

ROUNDS: Final = 200
MILLISECOND: Final = 1_000_000
LIMIT_MS: Final = 500.0
"""What an answer may take at the 99th percentile (D21)."""


class Latency(msgspec.Struct, frozen=True):
    """Wall milliseconds of ``n`` answers, each with its row of inputs; ``met``: p99 is within the limit."""

    n: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    limit_ms: float
    met: bool


class OnTimeframe(msgspec.Struct, frozen=True):
    """What the models of one timeframe say at its newest close ``ts``; ``share`` is its part of the whole."""

    timeframe: Timeframe
    ts: int
    share: float
    champion: Prediction
    challenger: Prediction | None = None


class Answer(msgspec.Struct, frozen=True):
    """``together`` is that of all champions (or of the named versions); ``latency`` where it was measured."""

    symbol: str
    simulated: bool
    together: Prediction
    timeframes: tuple[OnTimeframe, ...]
    notes: tuple[str, ...] = ()
    latency: Latency | None = None


class _Asked(NamedTuple):
    timeframe: Timeframe
    champions: dict[str, ServedModel]
    challengers: dict[str, ServedModel]
    rows: Rows
    ts: int
    simulated: bool


def predict(
    config: AppConfig,
    symbol: str,
    timeframes: Sequence[Timeframe],
    versions: Sequence[str] = (),
    *,
    bench: Clock | None = None,
) -> Answer:
    """What champions, or ``versions`` in their place, say of the newest bars of ``symbol``; ``bench`` times them.

    Raises:
        Unavailable: no model speaks there, nothing is stored, or every forecast lacks an input.
        Corrupt, Rejected: a named version is not what was trained.
    """
    workspace = Workspace(config)
    promotions = Promotions(workspace)
    notes: list[str] = []
    found = []
    for timeframe in timeframes:
        champions, challengers = _models(promotions, symbol, timeframe, versions, notes)
        if champions:
            found.append(_material(config, symbol, timeframe, champions, challengers))
    if not found:
        raise Unavailable(
            f"no {'model of these versions' if versions else 'promoted model'} for {symbol} on {', '.join(timeframes)}",
            where=str(promotions.shelf.folder),
            allowed="a promoted model" if not versions else "versions that speak for the symbol",
            next_step="; ".join(notes) or "tradewind models list; tradewind promote",
        )
    made = tuple(_said(symbol, one) for one in found)
    weights = {str(one.interval): one.weight for one in config.timeframes.intervals}
    shares = timeframe_shares(weights, [str(one.timeframe) for one in made])
    if not sum(shares.values()) > 0.0:
        shares = dict.fromkeys(shares, 1.0)
    made = tuple(msgspec.structs.replace(one, share=shares[str(one.timeframe)]) for one in made)
    voices = [
        msgspec.structs.replace(voice, name=f"{one.timeframe} {voice.name}", weight=one.share * voice.weight)
        for one in made
        for voice in one.champion.voices
    ]
    return Answer(
        symbol=symbol,
        simulated=any(one.simulated for one in found),
        together=msgspec.structs.replace(together(symbol, tuple(voices)), source="version" if versions else "promoted"),
        timeframes=made,
        notes=tuple(notes),
        latency=None if bench is None else latency(symbol, [(one.champions, one.rows) for one in found], bench),
    )


def latency(
    symbol: str, models: Sequence[tuple[dict[str, ServedModel], Rows]], clock: Clock, rounds: int = ROUNDS
) -> Latency:
    """How long an answer takes: for every timeframe a row of inputs made anew and every model asked, then the pool."""
    makers = []
    for asked_for, rows in models:
        own = next(iter(asked_for.values())).manifest
        maker = InputRows(default_schema(own.timeframe, news="news_score" in own.channels))
        makers.append((asked_for, rows, maker, maker.blank()))
    taken = []
    for _ in range(rounds + 5):
        begun = clock.monotonic()
        voices: list[Voice] = []
        for asked_for, rows, maker, sources in makers:
            maker.rows(sources)
            voices += asked(symbol, asked_for, rows).voices
        together(symbol, tuple(voices))
        taken.append((clock.monotonic() - begun) / MILLISECOND)
    p50, p95, p99 = (float(np.quantile(taken[5:], share)) for share in (0.5, 0.95, 0.99))
    return Latency(rounds, p50, p95, p99, LIMIT_MS, p99 <= LIMIT_MS)


def _models(
    promotions: Promotions, symbol: str, timeframe: Timeframe, versions: Sequence[str], notes: list[str]
) -> tuple[dict[str, ServedModel], dict[str, ServedModel]]:
    """Champions and challengers of a timeframe; what cannot be asked is noted, unless it was named."""
    if versions:
        named = [promotions.version(one).served for one in versions]
        own = [one for one in named if one.manifest.timeframe is timeframe and symbol in one.manifest.symbols]
        return {one.manifest.version: one for one in own}, {}
    try:
        seat = promotions.seat(symbol, timeframe)
    except TradewindError as error:
        notes.append(f"{symbol} {timeframe}: {error}")
        return {}, {}
    places: list[dict[str, ServedModel]] = []
    for place, one in zip(SEATS, (seat.champion, seat.challenger), strict=True):
        places.append({})
        if one is None:
            continue
        try:
            places[-1][place] = promotions.version(one.version).served
        except TradewindError as error:
            notes.append(f"{place} of {symbol} {timeframe}: {error}")
    return places[0], places[1]


def _material(
    config: AppConfig,
    symbol: str,
    timeframe: Timeframe,
    champions: dict[str, ServedModel],
    challengers: dict[str, ServedModel],
) -> _Asked:
    bars = stored_series(config, symbol, timeframe)
    news = any("news_score" in one.manifest.channels for one in champions.values())
    schema = default_schema(timeframe, news=news)
    calendar = calendar_of(resolve(symbol, config.instruments).calendar)
    told = news_of(config, symbol) if news else None
    rows = feature_set(symbol, schema, bars.columns, calendar, told).rows
    fitting = {name: one for name, one in challengers.items() if one.manifest.width == schema.width}
    return _Asked(timeframe, champions, fitting, rows, int(bars.columns.ts_close[-1]), bool(bars.made))


def _said(symbol: str, one: _Asked) -> OnTimeframe:
    challenger = asked(symbol, one.challengers, one.rows) if one.challengers else None
    return OnTimeframe(
        timeframe=one.timeframe,
        ts=one.ts,
        share=0.0,
        champion=asked(symbol, one.champions, one.rows),
        challenger=challenger,
    )
