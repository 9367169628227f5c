"""Fixed-fractional size from the price distance of the stop.

lots = floor(risk cash / (stop distance * contract size * quote-to-account rate) / lot step) * lot step

Nothing is ever rounded up: a size below the smallest lot is no trade. Pips take no part, since their meaning differs
between vendors for metals and crypto.
"""

from __future__ import annotations

from typing import NamedTuple

from tradewind.model.decision import Reason
from tradewind.model.instrument import Instrument
from tradewind.risk.dynamic import volatility_leverage
from tradewind.risk.params import AccountView, RiskParams
from tradewind.risk.worst_case import worst_per_lot


class Size(NamedTuple):
    """``lots`` and what they lose at the stop in account currency; ``clips`` says which caps made them fewer."""

    lots: float
    risk_cash: float
    clips: tuple[Reason, ...]


def lots_at_risk(instrument: Instrument, risk_cash: float, distance: float, rate: float) -> float:
    """Lots, not yet rounded, that lose ``risk_cash`` over ``distance`` in price units.

    ``rate`` is account currency per unit of quote currency.
    """
    return risk_cash / (distance * instrument.contract_size * rate)


def size(
    instrument: Instrument,
    params: RiskParams,
    account: AccountView,
    price: float,
    distance: float,
    rate: float,
    side: int = 1,
) -> Size | tuple[Reason, ...]:
    """The size of a trade under all caps, or every reason why it would be smaller than the smallest lot."""
    if account.equity <= 0.0:
        return (Reason(code="no_equity", value=account.equity, limit=0.0),)
    wanted = lots_at_risk(instrument, account.conviction * params.risk_per_trade * account.equity, distance, rate)
    room = params.max_open_risk * account.equity - account.open_risk
    margin = params.max_position_size * account.equity
    margin_per_lot = price * instrument.contract_size * rate / params.leverage_of(instrument)
    worst = worst_per_lot(instrument, price, distance, side, rate, account.slippage)
    quiet = wanted
    if account.daily_volatility is not None:
        leverage = volatility_leverage(params.target_volatility, account.daily_volatility)
        quiet = leverage * account.equity / (price * instrument.contract_size * rate)
    floor = wanted if account.room is None else max(0.0, account.room) / worst
    caps = (
        ("max_open_risk", lots_at_risk(instrument, max(0.0, room), distance, rate)),
        ("max_position_size", margin / margin_per_lot),
        ("max_lot", instrument.max_lot),
        ("firm_room", floor),
        ("volatility_target", quiet),
    )
    # A cap counts as met when it takes away a whole step, not when it differs by float noise.
    fitting = steps = instrument.to_steps(wanted)
    clips: tuple[Reason, ...] = ()
    for code, cap in caps:
        most = instrument.to_steps(cap)
        if most < fitting:
            clips += (Reason(code=code, value=instrument.to_lots(fitting), limit=cap, detail="lots"),)
            steps = min(steps, most)
    lots = instrument.to_lots(steps)
    if lots < instrument.min_lot or steps == 0:
        least = min(wanted, *(cap for _, cap in caps))
        return (*clips, Reason(code="below_min_lot", value=least, limit=instrument.min_lot, detail="lots"))
    return Size(lots, lots * distance * instrument.contract_size * rate, clips)
