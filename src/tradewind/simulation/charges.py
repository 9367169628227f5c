"""What holding a position costs: swap at each roll-over, funding of perpetual contracts.

A swap is booked for every 17:00 New York from Monday to Friday that a position is held over, three times on the
instrument's triple day, which pays for the week-end; Saturday and Sunday book nothing. Funding is booked at every
multiple of ``funding_hours`` UTC: rate * notional, paid by longs and received by shorts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradewind.model.instrument import CostModel, Instrument
from tradewind.model.money import exact, rounded, worth
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR

NEVER: Final = 2**62
_ROLLOVERS: Final = calendar_of("fx")


def next_charge(costs: CostModel, after: int) -> int:
    """The first moment later than ``after`` at which something is booked, ``NEVER`` where holding is free."""
    moment = NEVER
    if costs.swap_long or costs.swap_short:
        moment = _ROLLOVERS.day(after).end
    if costs.funding_rate:
        period = costs.funding_hours * HOUR
        moment = min(moment, (after // period + 1) * period)
    return moment


def swap(instrument: Instrument, costs: CostModel, side: int, steps: int, moment: int) -> Decimal | None:
    """Account currency booked at ``moment``, negative when paid; None when no roll-over is booked then."""
    per_lot = costs.swap_long if side > 0 else costs.swap_short
    day = _ROLLOVERS.day(moment - 1)
    weekday = day.date.weekday()
    if not per_lot or day.end != moment or weekday >= 5:
        return None
    nights = 3 if weekday == costs.triple_swap_weekday else 1
    return rounded(exact(per_lot) * exact(instrument.to_lots(steps)) * nights)


def funding(
    instrument: Instrument, costs: CostModel, side: int, steps: int, moment: int, price: float, rate: float
) -> Decimal | None:
    """Account currency booked at ``moment``, negative when paid; None when no funding is due then.

    ``price`` is the contract's price then, ``rate`` account currency per quote currency.
    """
    if not costs.funding_rate or moment % (costs.funding_hours * HOUR):
        return None
    notional = worth(instrument, exact(round(price / instrument.tick, 6)), steps, rate)
    return rounded(-side * exact(costs.funding_rate) * notional)
