"""Strategies with judgements of known outcome, for tests of the book."""

from __future__ import annotations

import numpy as np

from tradewind import strategies
from tradewind.features.rule import Member, spec_hash
from tradewind.model.strategy import Judgement, StrategyEvidence, StrategyStatus
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.research.generator import generate

NOW = 1_760_000_000_000_000_000
SYMBOL = "EUR/USD"


def drawn(n: int, seed: int = 7, timeframe: Timeframe = Timeframe.H1) -> tuple[Member, ...]:
    """``n`` strategies of all families."""
    return generate(strategies.families().values(), n, np.random.default_rng(seed), timeframe)


def evidence(trades: int, wins: int, *, confidence: float | None = 0.9, **changed: float | int | None):
    """What a strategy showed, everything known."""
    asked: dict = {
        "breakeven": 0.45, "profit_factor": 1.4, "sharpe_ratio": 1.1, "expectancy_r": 0.2, "max_drawdown": 0.05,
        "retention": 0.95, "until": NOW - 10 * DAY,
    } | changed  # fmt: skip
    return StrategyEvidence(trades=trades, wins=wins, confidence=confidence, **asked)


def passed(member: Member, trades: int = 200, wins: int = 130, symbol: str = SYMBOL, **changed) -> Judgement:
    """A judgement with everything a validated strategy must carry."""
    return Judgement(
        spec_hash=spec_hash(member),
        symbol=symbol,
        status=StrategyStatus.VALIDATED,
        verdict="PASS",
        verdict_path="verdicts/a.json",
        verdict_hash="ab" * 32,
        evidence=evidence(trades, wins, **changed),
    )


def refused(member: Member, reason: str = "FAIL: profit factor 0.91", symbol: str = SYMBOL) -> Judgement:
    """A judgement that refuses, with its reason."""
    return Judgement(
        spec_hash=spec_hash(member), symbol=symbol, status=StrategyStatus.REJECTED, reason=reason, verdict="FAIL",
        evidence=evidence(150, 60, profit_factor=0.91),
    )  # fmt: skip
