"""How far a strategy's stop stands on an instrument today: in percent, in average true ranges and in pips."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from tradewind.app.instruments import instrument_for
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.rule import Member
from tradewind.features.spec import atr
from tradewind.model.instrument import Instrument
from tradewind.model.timeframe import Timeframe

WARM_BARS: Final = 1_000
"""Bars the average true range is computed over; far more than its memory."""


class _Market(NamedTuple):
    """Last close and average true range in price units, None where unknown; when and from what."""

    price: float | None
    atr: float | None
    ts: int | None
    simulated: bool


class StopAt(msgspec.Struct, frozen=True):
    """One instrument: ``price`` and ``atr`` it was computed from, then the distances.

    ``pct_pips``, ``atr_pips`` and ``floor_pips`` are the parts in pips (None: not used by the strategy, or unknown),
    ``stop_pips`` the distance that counts and ``stop_percent`` the same in percent of price; ``target_pips`` likewise.
    ``cost_to_risk`` is the cost of entry and exit as a fraction of the stop. ``ts`` is the close of the last bar, UTC
    nanoseconds; None where the price was typed.
    """

    symbol: str
    pip: float
    price: float | None
    atr: float | None
    ts: int | None
    simulated: bool
    pct_pips: float | None
    atr_pips: float | None
    floor_pips: float | None
    stop_pips: float | None
    stop_percent: float | None
    target_pips: float | None
    cost_to_risk: float | None


def stops_at(
    workspace: Workspace, member: Member, symbols: tuple[str, ...], prices: Mapping[str, float]
) -> tuple[StopAt, ...]:
    """The stop of ``member`` on each symbol, from its stored candles; ``prices`` are typed and go before them."""
    return tuple(
        _stop_at(member, instrument_for(workspace.config, symbol), _market(workspace, member, symbol, prices))
        for symbol in symbols
    )


def typed_prices(workspace: Workspace, words: list[str] | None) -> dict[str, float]:
    """``["XAU/USD=2650"]`` as prices by canonical name.

    Raises:
        Misconfigured: a word is written otherwise, or the price is not above 0.
    """
    found: dict[str, float] = {}
    for word in words or ():
        name, _, text = word.partition("=")
        try:
            price = float(text)
        except ValueError:
            price = math.nan
        if not 0.0 < price < math.inf:
            raise Misconfigured(f"{word!r} is no price", where="--price", allowed="SYMBOL=PRICE, XAU/USD=2650")
        found[workspace.symbols((name,))[0]] = price
    return found


def _market(workspace: Workspace, member: Member, symbol: str, prices: Mapping[str, float]) -> _Market:
    """What is known: the strategy's own timeframe where it is stored, else the last close of any other."""
    stored = workspace.stored(symbol)
    timeframe = member.timeframe if member.timeframe in stored else next(iter(stored), None)
    if timeframe is None:
        return _Market(prices.get(symbol), None, None, simulated=False)
    last = stored[timeframe][1]
    columns = workspace.candles.read(symbol, timeframe, last - 2 * WARM_BARS * timeframe.ns)
    simulated = workspace.candles.dataset(symbol, timeframe).simulated
    span = _range(member, timeframe, columns) if timeframe is member.timeframe else None
    if symbol in prices:
        return _Market(prices[symbol], span, None, simulated)
    return _Market(float(columns.close[-1]), span, int(columns.ts_close[-1]), simulated)


def _range(member: Member, timeframe: Timeframe, columns: object) -> float | None:
    if not member.rule.exits.needs_atr:
        return None
    found = float(FeatureBank([atr(member.rule.exits.atr_period)]).batch(columns)[-1, 0])  # type: ignore[arg-type]
    return None if math.isnan(found) else found


def _stop_at(member: Member, instrument: Instrument, market: _Market) -> StopAt:
    exits, costs = member.rule.exits, instrument.costs
    share, factor, _, floor = exits.factors
    round_trip = 2.0 * (costs.spread_fraction + costs.slippage_fraction + costs.commission_fraction)
    price, span = market.price, market.atr

    def pips(distance: float | None) -> float | None:
        return None if distance is None or math.isnan(distance) else instrument.pips(distance)

    stop, target = (
        (None, None) if price is None else exits.distances(price, math.nan if span is None else span, round_trip)
    )
    known = stop is not None and price is not None and not math.isnan(stop)
    return StopAt(
        symbol=instrument.symbol,
        pip=instrument.pip,
        price=price,
        atr=span,
        ts=market.ts,
        simulated=market.simulated,
        pct_pips=pips(share * price) if share and price is not None else None,
        atr_pips=pips(factor * span) if factor and span is not None else None,
        floor_pips=pips(floor * round_trip * price) if floor and price is not None else None,
        stop_pips=pips(stop),
        stop_percent=100.0 * stop / price if known else None,  # type: ignore[operator]  # known says that both are there
        target_pips=pips(target),
        cost_to_risk=round_trip * price / stop if known else None,  # type: ignore[operator]  # as above
    )
