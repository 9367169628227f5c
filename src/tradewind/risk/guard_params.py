"""Limits that hold for the account as a whole, while it trades."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tradewind.risk.firm_rules import FirmRules

Share = Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]


class FirmPlan(msgspec.Struct, frozen=True):
    """A prop firm's account: whose rules, which stage, which account type, and the guard of our own inside them.

    ``new_risk_until`` and ``flat_from`` are shares of the nearer room (cash between the level a floor hangs from and
    the floor): from the first on no new risk is taken, from the second on everything is closed. All worst cases
    together may take at most ``room_share`` of what is left to the nearer floor. ``buffer`` is a share of the initial
    balance that stays above every floor. ``slippage`` multiplies the costs of an exit in the worst case.
    """

    rules: FirmRules
    stage: str
    kind: str = "standard"
    new_risk_until: Share = 0.6
    flat_from: Share = 0.8
    room_share: Share = 0.5
    buffer: Annotated[float, msgspec.Meta(ge=0.0, lt=0.1)] = 0.001
    slippage: Annotated[float, msgspec.Meta(ge=1.0, le=100.0)] = 3.0

    @property
    def keeps_out_of_news(self) -> bool:
        """Whether nothing may be filled around listed news in this stage, for this type of account."""
        return self.rules.stage(self.stage).news_window and self.kind not in self.rules.news.exempt_types

    @property
    def flat_weekends(self) -> bool:
        """Whether nothing may be held over a market's week-end in this stage, for this type of account."""
        return self.rules.stage(self.stage).flat_weekends and self.kind not in self.rules.news.exempt_types


class GuardParams(msgspec.Struct, frozen=True):
    """Shares of equity. ``daily_loss`` is measured from the equity at the begin of the account's day.

    ``drawdown`` is measured from the highest equity; ``drawdown_alert`` only tells. After ``losses_in_a_row`` losing
    trades no new risk is taken for ``pause_ns``, and after a stop none on that symbol for ``symbol_pause_ns``; 0
    switches either off.
    """

    daily_loss: Share
    drawdown: Share
    drawdown_alert: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    losses_in_a_row: int = 0
    pause_ns: int = 0
    symbol_pause_ns: int = 0
    firm: FirmPlan | None = None
