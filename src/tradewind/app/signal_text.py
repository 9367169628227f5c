"""A signal, a trade and a refusal in words; the same words in every place they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tradewind.model.decision import Bracket, Consensus, NoDecision, NoTrade, Reason, Signal
from tradewind.model.instrument import Instrument
from tradewind.model.order import Fill
from tradewind.model.outcome import Trade
from tradewind.model.timeframe import SECOND

_BY_PART: Final[dict[str, dict[str, str]]] = {
    "data": {
        "history": "the bar was given to warm up",
        "warmup": "not enough bars yet",
        "stale": "the price has not moved; the feed may be frozen",
        "missing_bar": "the bar did not arrive",
        "bad_data": "the bar cannot be true",
        "timeframe_missing": "a configured timeframe has no current bar",
    },
    "strategies": {
        "no_trigger": "no strategy saw an entry on this bar",
        "nothing_proven": "no strategy is proven here, so none is heard",
        "no_votes": "no vote stands",
        "tie": "as much weight for long as for short",
        "quorum": "too few strategies agree",
        "agreement": "the strategies that voted do not agree enough",
        "confidence": "not sure enough that this pays after costs",
        "win_probability": "the target is not likely enough to come first",
        "model": "the model behind a vote, with its probability of this side",
        "learning": "the model of this seat is in LEARNING, so its vote is not heard",
        "insufficient_record": "the agreeing strategies have too few closed trades to be judged",
    },
    "filters": {
        "trend": "against the trend",
        "mtf": "the higher timeframe leans the other way",
        "regime": "the market regime is blocked",
        "liquidity_hours": "outside the liquid hours",
        "volatility": "volatility above its usual range",
        "news": "scheduled news that moves this pair",
        "sentiment": "what was said of it today speaks against it",
        "correlation": "the same bet as an open trade",
        "currency_exposure": "too much staked on one currency",
        "portfolio_risk": "all trades together risk too much, the way they move together",
        "rate_limit": "too many signals lately",
    },
    "desk": {
        "paused": "signals are paused",
        "guard_reducing": "positions may only shrink",
        "guard_halted": "no new risk may be taken",
        "guard_stopped": "trading has stopped",
        "firm_news": "the firm allows no trade around listed news",
        "firm_weekend": "the firm allows no position over the week-end",
        "symbol_cooling": "this symbol rests after a stop",
        "position_open": "a position is open on this symbol",
        "order_pending": "an order is waiting on this symbol",
    },
    "risk": {
        "max_open_positions": "as many positions as allowed are open",
        "one_per_symbol": "one position a symbol is the limit",
        "no_rate": "the quote currency has no price in the account currency yet",
        "atr_unknown": "the stop needs a range that is not known yet",
        "stop_impossible": "the stop would lie beyond the price itself",
        "target_impossible": "stop or target would lie below zero",
        "cost_to_risk": "the costs are too large a part of the risk",
        "no_equity": "no equity is left to risk",
        "max_open_risk": "the open positions leave less risk than wanted",
        "max_position_size": "the margin of one position is capped",
        "max_lot": "the venue's largest order",
        "volatility_target": "the position would swing more than wanted",
        "firm_room": "all stops together must stay above the firm's floors",
        "below_min_lot": "the risk allows less than the smallest lot",
    },
    "signal": {
        "expired": "the time to act on it is over",
        "price_left_zone": "the price has left the entry zone",
    },
    "broker": {
        "stop_passed": "the market opened beyond the stop",
        "withdrawn": "withdrawn before it was filled",
        "no_stop": "an order without a stop is never sent",
        "target_passed": "the market opened beyond the target",
        "netted": "used up by closing the opposing position",
    },
}
WORDS: Final = {code: words for part in _BY_PART.values() for code, words in part.items()}
_PARTS: Final = {code: part for part, words in reversed(_BY_PART.items()) for code in words}
_NOTHING: Final = 1e-4
_DOLLARS: Final = ("USD", "USDT", "USDC")


def part_of(code: str) -> str:
    """Which part of the chain speaks with a reason's code: data, strategies, filters, desk, risk, signal or broker."""
    return _PARTS.get(code, "")


def utc(ts: int) -> str:
    """``2024-01-08 13:00 UTC``."""
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")


def iso_time(ts: int) -> str:
    """``2024-01-08T13:00:00+00:00``, as options that ask for a moment read it."""
    return datetime.fromtimestamp(ts // SECOND, UTC).isoformat()


def percent(value: float | None) -> str:
    """``82.45%``; a dash for null."""
    return "-" if value is None else f"{100.0 * value:.2f}%"


def number_text(value: float) -> str:
    """Six significant digits; what is nearly nothing is called ``<0.0001``."""
    return "<0.0001" if 0.0 < value < _NOTHING else f"{value:.6g}"


def reason_line(reason: Reason) -> str:
    """``confidence: not sure enough that this pays after costs (0.61, limit 0.80)``."""
    words = WORDS.get(reason.code, reason.code.replace("_", " "))  # a journal may hold codes of another version
    numbers = []
    if reason.value is not None:
        numbers.append(number_text(reason.value))
    if reason.limit is not None:
        numbers.append(f"limit {number_text(reason.limit)}")
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
        *([f"Without      {', '.join(consensus.absent)}: no current bar; the others share its weight"]
          if consensus.absent else []),
    ]  # fmt: skip


def signal_lines(signal: Signal, instrument: Instrument) -> list[str]:
    """A signal as a person acts on it: zone, stop, target, size, the two numbers, until when."""
    b, digits = signal.bracket, instrument.digits
    head = f"{signal.stamp + ' ' if signal.stamp else ''}SIGNAL {signal.direction} {signal.symbol} {signal.timeframe}"
    reward = abs(b.target - b.entry) / abs(b.entry - b.stop)
    return [
        f"{head} ({signal.tier} tier)",
        f"Entry zone   {b.entry_low:.{digits}f} - {b.entry_high:.{digits}f} ({zone_text(b)})",
        f"Stop         {b.stop:.{digits}f} ({b.stop_pips:.1f} pips{_follows(b, digits)})",
        f"Target       {b.target:.{digits}f} ({reward:.2f} R)",
        f"Size         {b.lots:g} lots, risking {b.risk_cash:.2f}; costs are {percent(b.cost_to_risk)} of the risk",
        *consensus_lines(signal.consensus),
        f"Valid until  {utc(signal.valid_until)}",
        f"Id           {signal.id}",
    ]


def _follows(bracket: Bracket, digits: int) -> str:
    """How else the trade may end: a stop that follows the price, a vote for the other side."""
    parts = [f"; follows {bracket.trail:.{digits}f} behind the best price"] if bracket.trail > 0.0 else []
    if bracket.leaves_with:
        parts.append(f"; leave when {bracket.leaves_with} turns")
    return "".join(parts)


def refusal_lines(decision: NoTrade | NoDecision, stamp: str = "") -> list[str]:
    """Why nothing is traded on this bar: every reason, with its numbers; ``stamp`` labels bars that are made up."""
    word = "NO TRADE" if isinstance(decision, NoTrade) else "NO DECISION"
    reasons = decision.reasons if isinstance(decision, NoTrade) else (decision.reason,)
    head = f"{stamp}{' ' * bool(stamp)}{word} {decision.symbol} {decision.timeframe} at {utc(decision.ts)}"
    return [head, *(f"  - {reason_line(reason)}" for reason in reasons)]


def zone_text(bracket: Bracket) -> str:
    """``±0.021% of the price, 25% of the stop distance``: how far an entry may be off."""
    half = (bracket.entry_high - bracket.entry_low) / 2.0
    share = half / abs(bracket.entry - bracket.stop)
    return f"±{100.0 * half / bracket.entry:.3f}% of the price, {100.0 * share:.0f}% of the stop distance"


def price_text(instrument: Instrument, price: float) -> str:
    """``$43300.00``: a price with the instrument's digits, with the dollar sign where it is in dollars."""
    sign = "$" if instrument.quote in _DOLLARS else ""
    return f"{sign}{price:.{instrument.digits}f}"


def opened_text(fill: Fill, instrument: Instrument) -> str:
    """``BUY BTC/USDT @ $43300.00``: what an entry fill bought or sold, at the price it got."""
    price = price_text(instrument, instrument.to_price(fill.price_ticks))
    return f"{'BUY' if fill.side > 0 else 'SELL'} {fill.symbol} @ {price}"


def signal_log_line(signal: Signal, origin: str) -> str:
    """``TRADING MODE: BUY @ 82.45% (live)``: side, confidence, where the data come from."""
    level = signal.consensus.confidence
    return f"TRADING MODE: {signal.direction} @ {percent(level)} ({origin})"


def stamped(line: str, stamp: str) -> str:
    """``Trade closed: ✗ LOSS (-2.34%) [UNPROVEN]``: a line of the log with what it must not be taken without."""
    return f"{line} [{stamp}]" if stamp else line


def closed_log_line(trade: Trade) -> str:
    """``Trade closed: ✗ LOSS (-2.34%)``: won or lost after all costs, and the move between the fills."""
    return f"Trade closed: {'✓ WIN' if trade.won else '✗ LOSS'} ({100.0 * trade.return_fraction:+.2f}%)"
