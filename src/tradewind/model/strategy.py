"""A strategy as the book keeps it: what it is, what it showed, what became of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tradewind.model.timeframe import Timeframe


class StrategyStatus(StrEnum):
    """Where a strategy stands. Only VALIDATED ones may be followed; nothing but a passed verdict leads there.

    CANDIDATE: generated, not judged, or too little evidence to say either. REJECTED: judged and refused, kept with its
    reason. SHADOW: may vote unheard, to earn a record. DISABLED: switched off by a person, with the way back.
    """

    CANDIDATE = "candidate"
    REJECTED = "rejected"
    SHADOW = "shadow"
    VALIDATED = "validated"
    DISABLED = "disabled"


class StrategyEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy showed, net of costs, on the sealed window that ended at ``until`` (UTC nanoseconds).

    ``confidence`` is the probability in [0, 1] that its expectancy is positive; ``breakeven`` the win rate at which it
    earns nothing; ``max_drawdown`` a positive fraction of equity; ``retention`` the win rate on the sealed window
    divided by the one it was chosen on. Undefined numbers are None.
    """

    trades: int
    wins: int
    confidence: float | None = None
    breakeven: float | None = None
    profit_factor: float | None = None
    sharpe_ratio: float | None = None
    expectancy_r: float | None = None
    max_drawdown: float | None = None
    retention: float | None = None
    until: int | None = None


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the strategy ``spec_hash`` on ``symbol``; ``verdict_path`` and ``verdict_hash`` name its file.

    ``simulated`` says that some of the bars it was judged on were made, and stays where the file is lost.
    """

    spec_hash: str
    symbol: str
    status: StrategyStatus
    reason: str = ""
    verdict: str | None = None
    verdict_path: str | None = None
    verdict_hash: str | None = None
    evidence: StrategyEvidence | None = None
    simulated: bool = False


class StoredStrategy(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the book. ``symbol`` and ``asset_class`` are empty while it was judged on nothing.

    ``win_rate_low`` is the lower end of the 95% Wilson interval of ``win_rate``, the number the book ranks by.
    ``params`` is JSON; ``stop_loss`` and ``take_profit`` are its exits in words. Times are UTC text. ``simulated`` is
    None where nobody wrote down on which bars it was judged: before it was judged, and in rows of earlier versions.
    """

    id: str
    name: str
    family: str
    timeframe: Timeframe
    version: int
    spec_hash: str
    symbol: str
    asset_class: str
    status: StrategyStatus
    status_before: str | None
    params: str
    weight: float
    stop_loss: str
    take_profit: str
    trades: int | None
    wins: int | None
    win_rate: float | None
    win_rate_low: float | None
    breakeven: float | None
    profit_factor: float | None
    sharpe_ratio: float | None
    expectancy_r: float | None
    max_drawdown: float | None
    retention: float | None
    confidence: float | None
    evidence_until: int | None
    verdict: str | None
    verdict_path: str | None
    verdict_hash: str | None
    reason: str
    simulated: bool | None
    timestamp: str
    updated: str


class StrategyChange(msgspec.Struct, frozen=True):
    """A person's change of a strategy's status: who, when (UTC text), from what to what, and why."""

    timestamp: str
    strategy_id: str
    action: str
    actor: str
    reason: str
    status_from: str
    status_to: str
