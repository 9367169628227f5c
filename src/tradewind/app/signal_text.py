"""A signal, a trade and a refusal in words; the same words in every place they are shown."""

from __future__ import annotations

from datetime import UTC, datetime

from tradewind.model.decision import Consensus, NoDecision, NoTrade, Reason, Signal
from tradewind.model.instrument import Instrument
from tradewind.model.outcome import Trade
from tradewind.model.timeframe import SECOND

WORDS = {
    "no_trigger": "no strategy saw an entry on this bar",
    "no_votes": "no vote stands",
    "tie": "as much weight for long as for short",
    "quorum": "too few strategies agree",
    "agreement": "the strategies that voted do not agree enough",
    "confidence": "not sure enough that this pays after costs",
    "win_probability": "the target is not likely enough to come first",
    "insufficient_record": "the agreeing strategies have too few closed trades to be judged",
    "position_open": "a position is open on this symbol",
    "order_pending": "an order is waiting on this symbol",
    "paused": "signals are paused",
    "history": "the bar was given to warm up",
    "warmup": "not enough bars yet",
    "stale": "the price has not moved; the feed may be frozen",
    "missing_bar": "the bar did not arrive",
    "bad_data": "the bar cannot be true",
    "timeframe_missing": "a configured timeframe has no current bar",
    "trend": "against the trend",
    "mtf": "the higher timeframe leans the other way",
    "regime": "the market regime is blocked",
    "liquidity_hours": "outside the liquid hours",
    "volatility": "volatility above its usual range",
    "below_min_lot": "the risk allows less than the smallest lot",
    "stop_too_near": "the stop would be nearer than costs and the venue allow",
}


def utc(ts: int) -> str:
    """``2024-01-08 13:00 UTC``."""
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")


def percent(value: float | None) -> str:
    """``82.45%``; a dash for null."""
    return "-" if value is None else f"{100.0 * value:.2f}%"


def reason_line(reason: Reason) -> str:
    """``confidence: not sure enough that this pays after costs (0.61, limit 0.80)``."""
    words = WORDS.get(reason.code, reason.code.replace("_", " "))
    numbers = []
    if reason.value is not None:
        numbers.append(f"{reason.value:.6g}")
    if reason.limit is not None:
        numbers.append(f"limit {reason.limit:.6g}")
    text = f"{reason.code}: {words}"
    if numbers:
        text += f" ({', '.join(numbers)})"
    return f"{text}; {reason.detail}" if reason.detail else text


def consensus_lines(consensus: Consensus) -> list[str]:
    """Who agrees, how sure, and what the two numbers rest on."""
    return [
        f"Agreement    {percent(consensus.agreement)} of the weight of {consensus.n_voted} voter(s), "
        f"{consensus.n_effective:.1f} independent",
        f"Win chance   {percent(consensus.win_probability)} (break-even {percent(consensus.breakeven)})",
        f"Confidence   {percent(consensus.confidence)} that the expectancy after costs is positive",
        f"Based on     {consensus.calibrated_on}",
        f"Strategies   {', '.join(consensus.voters)}",
    ]


def signal_lines(signal: Signal, instrument: Instrument) -> list[str]:
    """A signal as a person acts on it: zone, stop, target, size, the two numbers, until when."""
    b, digits = signal.bracket, instrument.digits
    head = f"{signal.stamp + ' ' if signal.stamp else ''}SIGNAL {signal.direction} {signal.symbol} {signal.timeframe}"
    reward = abs(b.target - b.entry) / abs(b.entry - b.stop)
    return [
        f"{head} ({signal.tier} tier)",
        f"Entry zone   {b.entry_low:.{digits}f} - {b.entry_high:.{digits}f}",
        f"Stop         {b.stop:.{digits}f} ({b.stop_pips:.1f} pips)",
        f"Target       {b.target:.{digits}f} ({reward:.2f} R)",
        f"Size         {b.lots:g} lots, risking {b.risk_cash:.2f}; costs are {percent(b.cost_to_risk)} of the risk",
        *consensus_lines(signal.consensus),
        f"Valid until  {utc(signal.valid_until)}",
        f"Id           {signal.id}",
    ]


def refusal_lines(decision: NoTrade | NoDecision) -> list[str]:
    """Why nothing is traded on this bar: every reason, with its numbers."""
    word = "NO TRADE" if isinstance(decision, NoTrade) else "NO DECISION"
    reasons = decision.reasons if isinstance(decision, NoTrade) else (decision.reason,)
    head = f"{word} {decision.symbol} {decision.timeframe} at {utc(decision.ts)}"
    return [head, *(f"  - {reason_line(reason)}" for reason in reasons)]


def signal_log_line(signal: Signal, origin: str) -> str:
    """``TRADING MODE: BUY @ 82.45% (live)``: side, confidence, where the data come from."""
    level = signal.consensus.confidence
    return f"TRADING MODE: {signal.direction} @ {percent(level)} ({origin})"


def closed_log_line(trade: Trade) -> str:
    """``Trade closed: ✗ LOSS (-2.34%)``: won or lost after all costs, and the move between the fills."""
    return f"Trade closed: {'✓ WIN' if trade.won else '✗ LOSS'} ({100.0 * trade.return_fraction:+.2f}%)"
