"""From votes to a signal: the messages one bar close produces, in the order it produces them.

Sides are ``+1`` (long) and ``-1`` (short); probabilities are in [0, 1]; times are UTC nanoseconds; prices are in quote
currency; sizes are in lots.
"""

from __future__ import annotations

import msgspec

from tradewind.model.timeframe import Timeframe


class Reason(msgspec.Struct, frozen=True, gc=False):
    """Why something was refused or allowed: a stable ``code`` with the number it met and the limit it was held to."""

    code: str
    value: float | None = None
    limit: float | None = None
    detail: str = ""


class Record(msgspec.Struct, frozen=True, gc=False):
    """What a member has shown: ``n`` closed trades, net of costs, in R (multiples of the risk taken).

    ``mean_r`` and ``sd_r`` (ddof 1) are null below 1 and 2 trades. ``origin`` says where the trades come from, for a
    person to read: which data, which span, shadow or sealed window.
    """

    n: int
    wins: int
    mean_r: float | None
    sd_r: float | None
    mean_win_r: float | None
    mean_loss_r: float | None
    origin: str = ""


class Vote(msgspec.Struct, frozen=True, gc=False):
    """One member's forecast, standing from ``ts`` until ``ts_until`` unless the member turns."""

    member: str
    timeframe: Timeframe
    side: int
    ts: int
    ts_until: int
    weight: float = 1.0


class Consensus(msgspec.Struct, frozen=True, gc=False):
    """What the ensemble makes of the standing votes.

    ``agreement`` = weight of the winning side / weight of the members that voted (abstainers do not count).
    ``n_effective`` is the number of independent members the voters amount to. ``win_probability`` is the calibrated
    probability that the target is reached before the stop, with ``breakeven`` beside it; ``confidence`` is the
    probability that the expectancy after costs is positive. Both are null where no record exists.
    ``absent`` names configured timeframes without a current bar, whose weight the others took over.
    """

    side: int
    agreement: float
    voters: tuple[str, ...]
    n_voted: int
    n_effective: float
    win_probability: float | None
    breakeven: float | None
    confidence: float | None
    expectancy_r: float | None
    calibrated_on: str
    absent: tuple[str, ...] = ()


class Bracket(msgspec.Struct, frozen=True, gc=False):
    """A sized trade: market entry near ``entry`` inside the zone, protective stop, target.

    ``risk_cash`` is what the stop loses before costs, account currency; ``cost_to_risk`` the round trip's cost as a
    fraction of it. ``clips`` names the caps that made the size smaller than the risk alone would. ``trail`` is the
    distance of a stop that follows the best price, 0 where it stays; ``leaves_with`` the member whose vote for the
    other side ends the trade, empty where none does.
    """

    side: int
    entry: float
    entry_low: float
    entry_high: float
    stop: float
    target: float
    lots: float
    risk_cash: float
    time_stop_bars: int
    stop_pips: float
    cost_to_risk: float
    clips: tuple[Reason, ...] = ()
    trail: float = 0.0
    leaves_with: str = ""


class Signal(msgspec.Struct, frozen=True, tag="signal", gc=False):
    """A published decision to trade. ``id`` is a pure function of the series, the bar and the configuration."""

    id: str
    symbol: str
    timeframe: Timeframe
    ts: int
    valid_until: int
    bracket: Bracket
    consensus: Consensus
    tier: str
    checks: tuple[Reason, ...]
    stamp: str = ""

    @property
    def direction(self) -> str:
        """BUY or SELL, the words traders read."""
        return "BUY" if self.bracket.side > 0 else "SELL"


class NoTrade(msgspec.Struct, frozen=True, tag="no_trade", gc=False):
    """The bar was decided on and the answer is no; ``reasons`` holds all of them, never only the first."""

    symbol: str
    timeframe: Timeframe
    ts: int
    reasons: tuple[Reason, ...]
    consensus: Consensus | None = None


class NoDecision(msgspec.Struct, frozen=True, tag="no_decision", gc=False):
    """The bar could not be decided on (warm-up, missing, bad or stale data); never a repeat of an earlier answer."""

    symbol: str
    timeframe: Timeframe
    ts: int
    reason: Reason


Decision = Signal | NoTrade | NoDecision
