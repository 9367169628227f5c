"""A chain in words: rows of a table for each of its parts."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tradewind.app.signal_text import percent, price_text, reason_line, utc
from tradewind.engine.inspection import Chain, FilterView, MemberView, RiskView
from tradewind.ensemble.params import EnsembleParams
from tradewind.features.rule_explanation import Weighed
from tradewind.model.decision import NoDecision, Signal
from tradewind.model.instrument import Instrument

Rows = list[tuple[object, ...]]
_MARK = {True: "✓", False: "✗", None: "?"}
_NO_INPUTS = {"higher_timeframe": "no higher timeframe is decided on", "liquidity_hours": "the time of the decision"}
_WORD = {1: "BUY", -1: "SELL", 0: "-"}


def verdict_word(chain: Chain) -> str:
    """BUY, SELL, NO TRADE or NO DECISION."""
    if isinstance(chain.decision, Signal):
        return chain.decision.direction
    return "NO DECISION" if isinstance(chain.decision, NoDecision) else "NO TRADE"


def bar_rows(chain: Chain, instrument: Instrument, source: str, cause: str) -> Rows:
    """The bar decided on, and where it came from."""
    bar = chain.bar
    if bar is None:
        return [("bar", "none came")]
    digits = instrument.digits
    spread = "not given by the source" if bar.spread is None else f"{bar.spread:.{digits}f}"
    prices = ", ".join(f"{name} {getattr(bar, name):.{digits}f}" for name in ("open", "high", "low", "close"))
    rows: Rows = [
        ("interval", f"{utc(bar.ts_open)} to {utc(bar.ts_close)}"),
        ("prices", prices),
        ("volume, spread", f"{bar.volume:g}, {spread}"),
        ("source", f"{source}, final by {cause}"),
        ("bars of the series", f"{chain.bars} (needs {chain.warmup})"),
    ]
    return [*rows, ("SYNTHETIC", bar.synthetic)] if bar.synthetic else rows


def member_rows(members: Iterable[MemberView], ts: int) -> Rows:
    """One row a member, those with a standing vote first: its vote, what its rule compared, and its record."""
    ordered = sorted(members, key=lambda view: (view.unheard or view.silenced, view.vote is None))
    return [
        (
            view.member,
            _vote(view, ts),
            f"{view.weight:.3g}",
            _rule(view),
            view.record.n,
            percent(view.record.wins / view.record.n if view.record.n else None),
            None if view.record.mean_r is None else f"{view.record.mean_r:+.3f}",
        )
        for view in ordered
    ]


def tally_rows(chain: Chain, params: EnsembleParams) -> Rows:
    """The count and the two calibrated numbers, each beside its limit."""
    tally, consensus = chain.tally, chain.consensus
    shares = ", ".join(f"{name} {share:.2f}" for name, share in tally.shares.items())
    rows: Rows = [
        ("votes that stand", f"{tally.votes}: weight {tally.long:.3g} for BUY, {tally.short:.3g} for SELL"),
        ("timeframe shares", shares or "none is current"),
    ]
    if consensus is None:
        return [*rows, ("outcome", "; ".join(reason_line(reason) for reason in chain.objections))]
    limit = percent(params.min_confidence)
    held = {params.applies_to: f" (limit {limit})"}
    return [
        *rows,
        ("side", _WORD[consensus.side]),
        ("agreement", f"{percent(consensus.agreement)} (limit {percent(params.min_agreement)})"),
        ("agreeing strategies", f"{len(consensus.voters)} of {consensus.n_voted} that voted (quorum {params.quorum})"),
        ("independent strategies", f"{consensus.n_effective:.2f}"),
        ("confidence", f"{percent(consensus.confidence)}{held.get('confidence', '')}"),
        ("win chance", f"{percent(consensus.win_probability)}{held.get('win_probability', '')}, "
                       f"break-even {percent(consensus.breakeven)}"),
        ("expectancy", "-" if consensus.expectancy_r is None else f"{consensus.expectancy_r:+.3f} R a trade"),
        ("calibrated on", consensus.calibrated_on),
    ]  # fmt: skip


def filter_rows(filters: Iterable[FilterView]) -> Rows:
    """One row a filter: what it read and what it said."""
    return [
        (
            view.filter,
            view.timeframe,
            ", ".join(f"{key} {_number(value)}" for key, value in view.inputs.items())
            or _NO_INPUTS.get(view.filter, "none"),
            "passes" if view.objection is None else reason_line(view.objection),
        )
        for view in filters
    ]


def risk_rows(risk: RiskView, instrument: Instrument, currency: str) -> Rows:
    """The trade the consensus would make, with every limit on it."""
    account = risk.account
    digits = instrument.digits
    rows: Rows = [
        ("exits of", f"{risk.member}: {risk.exits.stop_mode} stop, target {risk.exits.target_r:g} R, "
                     f"time stop {risk.exits.time_stop_bars} bars"),
        ("entry near", price_text(instrument, risk.entry)),
        ("round trip cost", f"{_number(100.0 * (risk.round_trip_cost or math.nan))}% of price"),
        ("stop distance", f"wanted {_distance(risk.stop_wanted, digits)}, at least {risk.stop_least:.{digits}f}"
                          + ("" if risk.atr is None else f", ATR {risk.atr:.{digits}f}")),
        ("account", f"equity {account.equity:.2f} {currency}, {account.open_positions} open or ordered, "
                    f"open risk {account.open_risk:.2f}; {percent(risk.risk_per_trade)} a trade"),
        ("quote rate", "unknown" if risk.rate is None else f"{risk.rate:.6g} {currency} per {instrument.quote}"),
    ]  # fmt: skip
    if risk.bracket is None:
        return [*rows, *(("refused", reason_line(reason)) for reason in risk.objections)]
    b = risk.bracket
    capped = risk.zone_cap is not None and risk.zone_cap < risk.zone_wanted
    zone = f"±{risk.zone_wanted:.{digits}f} wanted" + (
        f", capped to ±{risk.zone_cap:.{digits}f} by the stop distance" if capped else ""
    )
    return [
        *rows,
        ("stop, target", f"{b.stop:.{digits}f}, {b.target:.{digits}f} ({b.stop_pips:.1f} pips)"),
        ("entry zone", f"{b.entry_low:.{digits}f} to {b.entry_high:.{digits}f} ({zone})"),
        ("size", f"{b.lots:g} lots, {b.risk_cash:.2f} {currency} at risk"),
        ("cost to risk", percent(b.cost_to_risk)),
        *(("size capped", reason_line(clip)) for clip in b.clips),
    ]


def _vote(view: MemberView, ts: int) -> str:
    if view.unheard or view.silenced:
        return f"{'switched off' if view.silenced else 'SHADOW'}: {_WORD[view.side]}, not heard"
    if view.vote is None:
        return "-"
    age = (ts - view.vote.ts) // view.timeframe.ns
    left = max(0, (view.vote.ts_until - ts) // view.timeframe.ns)
    word = _WORD[view.vote.side]
    return f"{word} now" if view.fired else f"{word}, {age} bars old, {left} left"


def _rule(view: MemberView) -> str:
    if view.said:
        return view.said
    long, short = view.rule.long, view.rule.short
    text = f"{_MARK[long.holds]} BUY{_readings(long)}\n{_MARK[short.holds]} SELL{_readings(short)}"
    return text if view.rule.stop_known else f"{text}\n? the range for its stop is unknown"


def _inputs(view: FilterView) -> str:
    read = ", ".join(f"{key} {_number(value)}" for key, value in view.inputs.items())
    return read or _NO_INPUTS.get(view.filter, "none")


def _readings(condition: Weighed) -> str:
    return "".join(f"\n  {_MARK[one.holds]} {one.text}" for one in condition.readings)


def _number(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:.6g}"


def _distance(value: float | None, digits: int) -> str:
    return "unknown" if value is None else f"{value:.{digits}f}"
