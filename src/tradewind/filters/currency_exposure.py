"""Caps what all open trades together stake on one currency, and on everything (netting beside pair correlation).

A trade of BASE/QUOTE stakes +side * risk on BASE and -side * risk on QUOTE, ``risk`` being what it loses at its stop.
Blocked when the stake on a currency of the pair would grow beyond ``max_currency_risk`` of equity, or
sqrt(w' R w) beyond ``max_portfolio_risk``, with w the signed risks and R the correlations (unknown ones count as 1).
Pairwise filters do not see that four of five tickets are the same bet. Code: ``currency_exposure``,
``portfolio_risk``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar

import msgspec

from tradewind.features.indicator import Indicator
from tradewind.model.decision import Consensus, Reason
from tradewind.model.feature_row import FeatureRow
from tradewind.ports.desk import DeskView, Exposure


class CurrencyExposureFilter(msgspec.Struct, frozen=True):
    """Netting veto; both limits are fractions of equity."""

    name: ClassVar[str] = "currency_exposure"
    asset_classes: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("closes",)

    max_currency_risk: float = 0.03
    max_portfolio_risk: float = 0.03
    hours: int = 240
    least: int = 100

    def features(self) -> tuple[Indicator, ...]:
        """None: what is held is no feature."""
        return ()

    def judge(
        self, consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
    ) -> Reason | None:
        """Blocks what would stake more; ``value`` and ``limit`` are fractions of equity."""
        planned, held = desk.planned(), desk.exposures()
        if planned is None or not held or desk.equity <= 0.0:
            return None
        before, after = net_risk(held), net_risk((*held, planned))
        for currency in (planned.base, planned.quote):
            stake, earlier = abs(after[currency]) / desk.equity, abs(before.get(currency, 0.0)) / desk.equity
            if stake > earlier and stake > self.max_currency_risk:
                return Reason(code="currency_exposure", value=stake, limit=self.max_currency_risk, detail=currency)
        total = portfolio_risk((*held, planned), self._correlations(desk)) / desk.equity
        if total > self.max_portfolio_risk:
            return Reason(code="portfolio_risk", value=total, limit=self.max_portfolio_risk)
        return None

    def _correlations(self, desk: DeskView) -> Callable[[str, str], float]:
        """Correlation with the symbol that is decided on; other pairs count as the same bet."""
        own = desk.instrument.symbol

        def between(one: str, other: str) -> float:
            if own not in (one, other):
                return 1.0
            found = desk.correlation(other if one == own else one, self.hours, self.least)
            return 1.0 if found is None else found

        return between


def net_risk(exposures: Sequence[Exposure]) -> dict[str, float]:
    """Signed stake by currency: + on the base and - on the quote of a long trade, in account currency."""
    net: dict[str, float] = {}
    for one in exposures:
        net[one.base] = net.get(one.base, 0.0) + one.side * one.risk
        net[one.quote] = net.get(one.quote, 0.0) - one.side * one.risk
    return net


def net_notional(exposures: Sequence[Exposure]) -> dict[str, float]:
    """Signed notional by currency; the values sum to zero."""
    return net_risk([one._replace(risk=one.notional) for one in exposures])


def portfolio_risk(exposures: Sequence[Exposure], correlation: Callable[[str, str], float]) -> float:
    """sqrt(w' R w), w = side * risk in account currency, R with ones for the same symbol."""
    total = 0.0
    for one in exposures:
        for other in exposures:
            alike = 1.0 if one.symbol == other.symbol else correlation(one.symbol, other.symbol)
            total += one.side * one.risk * other.side * other.risk * alike
    return math.sqrt(max(0.0, total))


def effective_bets(exposures: Sequence[Exposure], correlation: Callable[[str, str], float]) -> float | None:
    """(sum of risks / sqrt(w' R w))^2: as how many independent bets of equal size they count; None without risk."""
    risk = portfolio_risk(exposures, correlation)
    gross = sum([one.risk for one in exposures])
    return None if risk <= 0.0 else (gross / risk) ** 2


FILTER = CurrencyExposureFilter
