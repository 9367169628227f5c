"""A place for models on one symbol and timeframe: what must fit in it, and the two members that speak from it."""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.features.input_schema import InputSchema
from tradewind.features.rule_exits import Exits
from tradewind.features.rule_expression import Comparison, Constant
from tradewind.features.rule_member import Member, Rule, StrategyParams
from tradewind.model.forecast import SEATS, Seat, seat_member
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import Barriers, Manifest

FAMILY: Final = "model"
WINDOW: Final = 256
"""Rows a series remembers: the longest window that a served model may read."""
_NEVER: Final = Comparison(">", Constant(0.0), Constant(1.0))


class SeatPlan(msgspec.Struct, frozen=True):
    """Where a champion and a challenger may sit. ``schema`` is the rows they are fed, ``barriers`` what they forecast.

    ``simulated``: the bars are made, so models of made bars may speak here; elsewhere they may not.
    """

    symbol: str
    timeframe: Timeframe
    schema: InputSchema
    barriers: Barriers
    simulated: bool = False
    weight: float = 1.0

    def member(self, seat: Seat) -> str:
        """The id of a seat's member."""
        return seat_member(self.symbol, self.timeframe, seat)

    @property
    def members(self) -> tuple[Member, ...]:
        """Champion and challenger. Their rule never fires: a forecast speaks for them, with the barriers as bracket."""
        exits = Exits(
            stop_mode="atr",
            stop_atr=self.barriers.width,
            atr_period=self.barriers.atr_period,
            target_r=1.0,
            time_stop_bars=self.barriers.horizon,
            vote_bars=1,
        )
        params = StrategyParams(exits=exits)
        rule = Rule(_NEVER, _NEVER, exits)
        return tuple(Member(self.member(seat), FAMILY, self.timeframe, params, self.weight, rule) for seat in SEATS)

    def misfit(self, manifest: Manifest, seat: Seat) -> str:
        """Why a model may not sit in ``seat``, or nothing."""
        if self.symbol not in manifest.symbols or manifest.timeframe is not self.timeframe:
            return f"it speaks for {', '.join(manifest.symbols)} on {manifest.timeframe}"
        if manifest.schema_hash != self.schema.hash or manifest.channels != self.schema.names:
            return f"it was trained on inputs {manifest.schema_hash[:16]}, these are {self.schema.hash[:16]}"
        if manifest.barriers != self.barriers:
            return f"it forecasts {manifest.barriers}, the bracket here is {self.barriers}"
        if manifest.length > WINDOW:
            return f"it reads {manifest.length} rows, {WINDOW} are remembered"
        if manifest.provenance.simulated and not self.simulated:
            return "it was trained on bars that were made (SIMULATED)"
        if seat == "champion" and not manifest.gate.passed:
            return f"it did not pass its gates ({', '.join(manifest.gate.missed) or manifest.gate.profile})"
        return ""
