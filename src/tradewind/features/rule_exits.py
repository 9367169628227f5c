"""Stop, target and time stop of a rule."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tradewind.kernels.matching import bracket_distances

StopMode = Literal["pct", "atr", "wider_of"]


class Exits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every strategy leaves by one of these; none can be left out.

    ``stop_pct`` is a fraction of the entry price (0.002 = 20 pips on EUR/USD at 1.0000), ``stop_atr`` a multiple of
    the average true range over ``atr_period`` bars at the signal bar. ``stop_mode`` takes the percent stop, the ATR
    stop, or the wider of both; in that mode the stop is never nearer than ``min_stop_costs`` times the cost of a round
    trip, since a nearer stop mostly pays costs. The target is ``target_r`` stop distances away. The position leaves
    at the open of bar entry + ``time_stop_bars`` (0 switches that off). A vote stands for ``vote_bars`` bars.

    ``trail_r`` > 0 lets the stop follow: after every bar it stands at least ``trail_r`` stop distances behind the best
    price of the bars since the entry, and it never moves back. With ``exit_on_opposite`` the position leaves at the
    open after a vote for the other side; that vote opens nothing.
    """

    stop_mode: StopMode = "wider_of"
    stop_pct: Annotated[float, msgspec.Meta(ge=0.0005, le=0.1)] = 0.002
    stop_atr: Annotated[float, msgspec.Meta(ge=0.25, le=10.0)] = 1.5
    atr_period: Annotated[int, msgspec.Meta(ge=2, le=200)] = 14
    target_r: Annotated[float, msgspec.Meta(ge=0.25, le=10.0)] = 1.5
    time_stop_bars: Annotated[int, msgspec.Meta(ge=0, le=2000)] = 48
    vote_bars: Annotated[int, msgspec.Meta(ge=1, le=200)] = 6
    min_stop_costs: Annotated[float, msgspec.Meta(ge=0.0, le=20.0)] = 3.0
    trail_r: Annotated[float, msgspec.Meta(ge=0.0, le=10.0)] = 0.0
    exit_on_opposite: bool = False

    @property
    def needs_atr(self) -> bool:
        """Whether the stop looks at the average true range."""
        return self.stop_mode != "pct"

    @property
    def factors(self) -> tuple[float, float, float, float]:
        """``(stop_pct, stop_atr, target_r, floor_costs)`` as the kernels take them; 0 switches a part off."""
        match self.stop_mode:
            case "pct":
                return self.stop_pct, 0.0, self.target_r, 0.0
            case "atr":
                return 0.0, self.stop_atr, self.target_r, 0.0
            case "wider_of":
                return self.stop_pct, self.stop_atr, self.target_r, self.min_stop_costs

    def distances(self, entry: float, atr: float, round_trip_cost: float) -> tuple[float, float]:
        """``(stop_distance, target_distance)`` from ``entry`` in price units.

        ``round_trip_cost`` is the cost of entry and exit as a fraction of price. NaN where the ATR is needed and
        unknown: do not trade then. The same function sets the brackets of the shadow book.
        """
        stop_pct, stop_atr, target_r, floor_costs = self.factors
        return bracket_distances(entry, atr, stop_pct, stop_atr, target_r, floor_costs * round_trip_cost)
