"""A signal as other programs get it; ``docs/signal-schema.json`` is generated from this struct."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

from tradewind.model.decision import Reason, Signal
from tradewind.model.stamp import SIMULATED, UNCHECKED, UNPROVEN, says
from tradewind.model.timeframe import SECOND, Timeframe

_ISO = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"


def _says(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


Price = Annotated[float, msgspec.Meta(gt=0.0)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Moment = Annotated[str, msgspec.Meta(pattern=_ISO, description="UTC, ISO 8601")]


class PublishedSignal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision to trade, flat. Prices are in quote currency, sizes in lots, shares and probabilities in [0, 1]."""

    id: Annotated[
        str, msgspec.Meta(min_length=1, description="the same series, bar and configuration give the same id")
    ]
    pair: Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]+/[A-Z0-9]+(:[A-Z0-9]+)?$")]
    timeframe: Timeframe
    direction: Literal["BUY", "SELL"]
    timestamp: Annotated[Moment, _says("close of the bar decided on, UTC")]
    valid_until: Annotated[Moment, _says("not to be acted on from here on, UTC")]
    entry: Price
    entry_low: Annotated[Price, _says("lower bound of the entry zone")]
    entry_high: Annotated[Price, _says("upper bound of the entry zone")]
    stop_loss: Price
    take_profit: Price
    lots: Annotated[float, msgspec.Meta(gt=0.0)]
    risk_cash: Annotated[float, msgspec.Meta(ge=0.0, description="lost at the stop before costs, account currency")]
    cost_to_risk: Annotated[float, msgspec.Meta(ge=0.0, description="round trip costs / risk_cash")]
    time_stop_bars: Annotated[int, msgspec.Meta(ge=0)]
    agreement: Annotated[Share, _says("weight of the winning side / weight that voted")]
    n_effective: Annotated[float, msgspec.Meta(ge=0.0, description="independent strategies the voters amount to")]
    confidence: Annotated[Share | None, _says("probability that the expectancy after costs is positive")]
    win_probability: Annotated[Share | None, _says("probability that the target is reached before the stop")]
    breakeven: Annotated[Share | None, _says("win probability at which the trade earns nothing")]
    expectancy_r: float | None
    calibrated_on: str
    strategy_ids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    tier: Literal["high", "medium", "low"]
    checks: Annotated[tuple[Reason, ...], _says("what the signal had to pass, with value and limit")]
    clips: Annotated[tuple[Reason, ...], _says("caps that made the size smaller")]
    simulated: Annotated[bool, _says("made of bars that a program made up")]
    unproven: Annotated[bool, _says("strategies that no verdict speaks for had a say; for paper and replay alone")]
    unchecked: Annotated[bool, _says("the bars of a proof were not stored, so nobody could compare them")] = False


def published(signal: Signal) -> PublishedSignal:
    """The signal in its published form."""
    b, c = signal.bracket, signal.consensus
    return PublishedSignal(
        id=signal.id,
        pair=signal.symbol,
        timeframe=signal.timeframe,
        direction="BUY" if b.side > 0 else "SELL",
        timestamp=iso(signal.ts),
        valid_until=iso(signal.valid_until),
        entry=b.entry,
        entry_low=b.entry_low,
        entry_high=b.entry_high,
        stop_loss=b.stop,
        take_profit=b.target,
        lots=b.lots,
        risk_cash=b.risk_cash,
        cost_to_risk=b.cost_to_risk,
        time_stop_bars=b.time_stop_bars,
        agreement=c.agreement,
        n_effective=c.n_effective,
        confidence=c.confidence,
        win_probability=c.win_probability,
        breakeven=c.breakeven,
        expectancy_r=c.expectancy_r,
        calibrated_on=c.calibrated_on,
        strategy_ids=c.voters,
        tier=signal.tier,  # type: ignore[arg-type]  # EnsembleParams.tier says one of these
        checks=signal.checks,
        clips=b.clips,
        simulated=says(signal.stamp, SIMULATED),
        unproven=says(signal.stamp, UNPROVEN),
        unchecked=says(signal.stamp, UNCHECKED),
    )


def signal_schema() -> dict[str, Any]:
    """JSON Schema of a published signal (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tradewind signal",
        **msgspec.json.schema(PublishedSignal),
    }


def iso(ts: int) -> str:
    """``2024-01-08T13:00:00Z``."""
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
