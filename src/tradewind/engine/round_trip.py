"""What is held of a filled entry, and the round trip that closing a part of it makes.

A round trip's ``r`` is its net result over the cash its signal planned to lose at the stop, scaled to the part that
was filled. Excursions come from the extremes of the bars after the entry and from the exit itself:
those of the bar in which a position is closed are left out, because their order within the bar is not known.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, rounded, worth
from tradewind.model.order import Fill
from tradewind.model.outcome import Trade
from tradewind.model.timeframe import Timeframe


class Position(NamedTuple):
    """What is held of one symbol: ``side`` +1 or -1 (0 when hedged flat), ``entry`` the mean price by size."""

    symbol: str
    side: int
    steps: int
    lots: float
    entry: float
    ts_entry: int
    floating: float
    risk_cash: float
    signal_ids: tuple[str, ...]


class Lot(msgspec.Struct):
    """A filled entry, or what is left of it; money in account currency.

    ``low`` and ``high`` are the prices met since, ``mark`` the last closing price, ``value`` the account currency that
    one price unit is worth per lot step.
    """

    signal_id: str
    symbol: str
    side: int
    steps: int
    entry_ticks: int
    entry: float
    ts_entry: int
    spread: Decimal
    slippage: Decimal
    commission: Decimal
    swap: Decimal
    risk: float
    low: float
    high: float
    value: float
    mark: float


class Plan(msgspec.Struct):
    """What a signal set out to do, near which ``price``, how much of it was opened, and how much is closed.

    ``over``: no more of it will be opened; known where an entry can be filled in parts.
    """

    symbol: str
    timeframe: Timeframe
    steps: int
    risk: float
    filled: bool = False
    net: Decimal = ZERO
    taken: float = 0.0
    side: int = 0
    price: float = 0.0
    opened: int = 0
    over: bool = False


class RoundTrip(NamedTuple):
    """A closed part: the trade, and what of it the ledger and the signal's plan must know, account currency."""

    trade: Trade
    realised: Decimal
    spread: Decimal
    slippage: Decimal
    net: Decimal
    risk: float


def floating(lot: Lot) -> float:
    """side * (mark - entry) * size, account currency: what closing now would make, commission apart."""
    return lot.side * (lot.mark - lot.entry) * lot.steps * lot.value


def close_lot(lot: Lot, fill: Fill, timeframe: Timeframe, instrument: Instrument, rate: float | None) -> RoundTrip:
    """Takes ``fill.steps`` out of a lot with their share of its costs and risk, and makes the trade.

    realised = side * (exit - entry) * size * rate at traded prices; net = realised - commission + swap;
    gross = realised + spread + slippage. ``rate`` is account currency per quote currency now, None where unknown: the
    last known one is then used.
    """
    if rate is None:
        rate = lot.value / (instrument.contract_size * instrument.lot_step)
    realised = worth(instrument, lot.side * (fill.price_ticks - lot.entry_ticks), fill.steps, rate)
    spread = _share(lot, "spread", fill.steps) + Decimal(fill.spread_cost)
    slippage = _share(lot, "slippage", fill.steps) + Decimal(fill.slippage_cost)
    commission = _share(lot, "commission", fill.steps) + Decimal(fill.commission)
    swap = _share(lot, "swap", fill.steps)
    risk = lot.risk * fill.steps / lot.steps
    lot.risk -= risk
    lot.steps -= fill.steps
    net = realised - commission + swap
    price = instrument.to_price(fill.price_ticks)
    down, up = _excursions(lot, price, rate * instrument.contract_size * instrument.to_lots(fill.steps), risk)
    trade = Trade(
        signal_id=fill.signal_id,
        symbol=fill.symbol,
        timeframe=timeframe,
        side=lot.side,
        lots=instrument.to_lots(fill.steps),
        ts_entry=lot.ts_entry,
        ts_exit=fill.ts,
        entry=lot.entry,
        exit=price,
        exit_leg=fill.leg.value,
        gross=str(realised + spread + slippage),
        spread_cost=str(spread),
        slippage_cost=str(slippage),
        commission=str(commission),
        swap=str(swap),
        net=str(net),
        r=float(net) / risk if risk > 0.0 else 0.0,
        mae_r=down if lot.side > 0 else up,
        mfe_r=up if lot.side > 0 else down,
        ambiguous=fill.ambiguous,
    )
    return RoundTrip(trade, realised, spread, slippage, net, risk)


def split(fill: Fill, steps: int) -> tuple[Fill, Fill]:
    """The first ``steps`` of a fill with their share of its costs, and what is left, to the last digit of them."""
    if steps == fill.steps:
        return fill, msgspec.structs.replace(fill, steps=0)
    costs = ("spread_cost", "slippage_cost", "commission")
    first = {name: rounded(Decimal(getattr(fill, name)) * steps / fill.steps) for name in costs}
    rest = {name: str(Decimal(getattr(fill, name)) - first[name]) for name in costs}
    part = msgspec.structs.replace(fill, steps=steps, **{name: str(cost) for name, cost in first.items()})
    return part, msgspec.structs.replace(fill, steps=fill.steps - steps, **rest)


def _excursions(lot: Lot, price: float, per_price: float, risk: float) -> tuple[float, float]:
    """How far below and above the entry the price went, exit included, in R."""
    if not risk > 0.0:
        return 0.0, 0.0
    down = (lot.entry - min(lot.low, price)) * per_price / risk
    up = (max(lot.high, price) - lot.entry) * per_price / risk
    return down, up


def _share(lot: Lot, cost: str, steps: int) -> Decimal:
    """Takes the part of a lot's cost that belongs to ``steps``; the last part takes what is left, to the last digit."""
    held: Decimal = getattr(lot, cost)
    part = held if steps == lot.steps else rounded(held * steps / lot.steps)
    setattr(lot, cost, held - part)
    return part
