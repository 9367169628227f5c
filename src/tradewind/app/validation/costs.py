"""What a proof has to cost: never less than the instrument's own costs, nor than those that are built in."""

from __future__ import annotations

from tradewind.app.settings.root import AppConfig
from tradewind.errors import Misconfigured
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import resolve
from tradewind.research.judged_costs import below_floor, dearer


def require_own_costs(config: AppConfig, instrument: Instrument) -> None:
    """Lets a proof on ``instrument``, which carries the configured costs, go on.

    Raises:
        Misconfigured: the configuration makes trading cheaper than it is, so that a PASS would prove nothing.
    """
    own = resolve(instrument.symbol, config.instruments).costs
    cheaper = dearer(own, instrument.costs) or below_floor(instrument.costs, instrument.symbol, instrument.asset_class)
    if config.costs.multiplier < 1.0:
        cheaper = f"costs.multiplier is {config.costs.multiplier:g}"
    if cheaper:
        raise Misconfigured(
            f"a proof below the instrument's own costs proves nothing: {cheaper}",
            where=f"costs of {instrument.symbol}",
            allowed="costs.multiplier of 1 and more; spread, slippage and commission of the instrument and more, of a"
            " built-in pair also where [[instruments]] describes it anew",
            next_step="take costs.multiplier, costs.spread and costs.slippage (also TRADEWIND__COSTS__...) back, and"
            " raise [instruments.costs]",
        )
