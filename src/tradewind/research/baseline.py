"""What a proven strategy showed, frozen: the reference that its later results are held against.

A baseline is measured on the sealed window, the only one that took no part in choosing the strategy. Win rates seen
before it are too good by that choice.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.ensemble.shadow import LEGS, ShadowColumns
from tradewind.errors import Corrupt, Rejected
from tradewind.features.bank import FeatureBank
from tradewind.features.rule import Member
from tradewind.features.rule_program import indicators_of
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.research.candidate_trades import Market, cost_in_r, daily_returns_of, inside_of
from tradewind.research.signing import signed_bytes, signed_document
from tradewind.validation.return_metrics import return_metrics
from tradewind.validation.significance import wilson
from tradewind.validation.trade_metrics import trade_metrics

SCHEMA: Final = 1
SHARES: Final = tuple(round(0.05 * step, 2) for step in range(21))
"""Shares of the quantiles that are kept."""

_KIND: Final = "baseline"
_AGAIN: Final = "freeze it again: tradewind baseline freeze"
_ONE_SIDED_90: Final = 0.8


class FeatureSummary(msgspec.Struct, frozen=True):
    """An indicator the strategy reads, over the window's bars; ``missing`` counts those where it is unknown."""

    name: str
    n: int
    missing: int
    mean: float | None
    sd: float | None
    quantiles: tuple[float, ...]


class TradeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The closed net trades of a window.

    ``win_rate_low`` and ``win_rate_high`` are the 95% Wilson interval; ``reference_win_rate`` is the lower end at 90%
    one-sided, which a monitor believes in instead of the rate itself: believing too much makes false alarms. ``r`` and
    ``bars_held`` are quantiles at ``SHARES``, ``exits`` shares of the trades by how they ended. Undefined is None.
    """

    n: int
    wins: int
    win_rate: float | None
    win_rate_low: float | None
    win_rate_high: float | None
    reference_win_rate: float | None
    breakeven: float | None
    profit_factor: float | None
    expectancy: float | None
    sd: float | None
    cost_to_risk: float | None
    sharpe_ratio: float | None
    max_drawdown: float
    trades_per_week: float
    long_share: float | None
    exits: dict[str, float]
    r: tuple[float, ...]
    bars_held: tuple[float, ...]


class StrategyBaseline(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy on one symbol. ``verdict_hash`` is that of the verdict which lets it speak."""

    id: str
    spec_hash: str
    family: str
    symbol: str
    timeframe: Timeframe
    simulated: bool
    data_hash: str
    verdict_hash: str
    window: Window
    trades: TradeSummary
    features: tuple[FeatureSummary, ...]


class FrozenBaseline(msgspec.Struct, frozen=True, kw_only=True):
    """All that was frozen together at ``frozen_at`` (UTC nanoseconds)."""

    schema: int
    frozen_at: int
    config_hash: str
    code_version: str
    shares: tuple[float, ...]
    strategies: tuple[StrategyBaseline, ...]

    def of(self, spec_hash: str, symbol: str) -> StrategyBaseline | None:
        """The reference of a strategy on a symbol, None where none was frozen: it is then unknown, never in order."""
        found = (one for one in self.strategies if (one.spec_hash, one.symbol) == (spec_hash, symbol))
        return next(found, None)


def trade_summary(trades: ShadowColumns, market: Market, window: Window) -> TradeSummary:
    """The trades that lie wholly inside ``window``, summarised."""
    kept = inside_of(trades, window)
    part = market.within(window)
    paid = cost_in_r(kept)
    found = trade_metrics(kept.r, cost_to_risk=float(paid.mean()) if paid.size else None)
    returns = return_metrics(daily_returns_of(kept, part), periods_per_year=market.periods_per_year)
    reference = wilson(found.wins, found.n, _ONE_SIDED_90)
    columns = market.columns
    held = np.searchsorted(columns.ts_close, kept.ts_exit) - np.searchsorted(columns.ts_open, kept.ts_entry) + 1
    n = found.n
    return TradeSummary(
        n=n,
        wins=found.wins,
        win_rate=found.win_rate,
        win_rate_low=found.win_rate_low,
        win_rate_high=found.win_rate_high,
        reference_win_rate=None if reference is None else reference[0],
        breakeven=found.breakeven,
        profit_factor=found.profit_factor,
        expectancy=found.expectancy,
        sd=found.sd,
        cost_to_risk=found.cost_to_risk,
        sharpe_ratio=returns.sharpe,
        max_drawdown=-returns.max_drawdown,
        trades_per_week=n / ((window.end - window.start) / (7 * DAY)),
        long_share=float((kept.side > 0).mean()) if n else None,
        exits={leg.value: float((kept.code == code).mean()) for code, leg in LEGS.items()} if n else {},
        r=_quantiles(kept.r),
        bars_held=_quantiles(held.astype(np.float64)),
    )


def feature_summaries(member: Member, market: Market, window: Window) -> tuple[FeatureSummary, ...]:
    """Every indicator the member reads, computed from the first bar of ``market``, over the bars of ``window``."""
    bank = FeatureBank(indicators_of([member]))
    columns = market.columns
    values = bank.batch(columns)
    inside = (columns.ts_open >= window.start) & (columns.ts_close <= window.end)
    return tuple(_feature(name, values[inside, column]) for name, column in bank.index.items())


def freeze(baseline: FrozenBaseline, key: bytes) -> bytes:
    """The bytes of a baseline file, signed."""
    return signed_bytes(_KIND, baseline, key)


def thaw(data: bytes, key: bytes | None) -> FrozenBaseline:
    """The baseline in ``data``, if these are exactly the bytes that were signed with ``key``.

    Raises:
        Unavailable: there is no key.
        Rejected: it was signed with another key, or has another schema.
        Corrupt: the bytes are no baseline, or not those that were signed.
    """
    document: dict[str, Any] = signed_document(_KIND, data, key, _AGAIN)
    if document.get("schema") != SCHEMA:
        raise Rejected(f"a baseline of schema {document.get('schema')}", allowed=f"schema {SCHEMA}", next_step=_AGAIN)
    try:
        return msgspec.convert(document, FrozenBaseline)
    except msgspec.ValidationError as error:
        raise Corrupt(f"signed, but no baseline: {error}", where=_KIND, next_step=_AGAIN) from error


def _feature(name: str, values: NDArray[np.float64]) -> FeatureSummary:
    known = values[np.isfinite(values)]
    return FeatureSummary(
        name,
        int(known.size),
        int(values.size - known.size),
        float(known.mean()) if known.size else None,
        float(known.std(ddof=1)) if known.size > 1 else None,
        _quantiles(known),
    )


def _quantiles(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Quantiles at ``SHARES``, linear; empty for no value."""
    return tuple(np.quantile(values, SHARES).tolist()) if values.size else ()
