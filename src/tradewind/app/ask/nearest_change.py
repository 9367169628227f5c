"""The nearest change that would have turned a decision, as far as one bar's numbers tell it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from tradewind.app.signal_text import number_text, reason_line
from tradewind.engine.inspection import Chain, MemberView, reasons_of
from tradewind.features.rule_explanation import Reading, Weighed
from tradewind.model.decision import NoDecision, Reason, Signal

SHOWN_RULES = 5
_HIDES_OTHERS = ("no_rate", "atr_unknown", "stop_impossible", "no_equity")


class Change(msgspec.Struct, frozen=True):
    """``text`` says what would have had to be different; ``turns`` whether that alone gives the other decision.

    ``turns`` is null where later checks were not asked and could object too.
    """

    text: str
    turns: bool | None


def nearest_changes(chain: Chain) -> tuple[Change, ...]:
    """What blocked, alone or together; for a bar without a trigger the rules that were one comparison away."""
    if isinstance(chain.decision, Signal):
        return tuple(_margins(chain.decision))
    if isinstance(chain.decision, NoDecision):
        return (Change(_undecided(chain.decision.reason), None),)
    reasons = reasons_of(chain.decision)
    if any(reason.code == "no_trigger" for reason in reasons):
        near = tuple(_near_rules(chain.members))
        return near or (Change("no rule was within one comparison of a vote", None),)
    if any(reason.code == "nothing_proven" for reason in reasons):
        return (
            Change("no change of this bar: a strategy has to be proven before it is heard (tradewind research)", False),
        )
    if len(reasons) == 1:
        return (_alone(reasons[0], chain),)
    together = Change(f"{len(reasons)} reasons block together; no single change turns the decision", False)
    return (together, *(Change(_needed(reason), False) for reason in sorted(reasons, key=_distance)))


def _undecided(reason: Reason) -> str:
    """Nothing was weighed, so nothing about the market would have turned it; what has to come first."""
    missing = {
        "history": "bars given to warm up are never decided on; the first decision is that of the next bar to close",
        "warmup": "the indicators need more bars first",
    }
    first = missing.get(reason.code, "a bar that can be trusted has to come first")
    return f"nothing was decided ({reason.code}{_numbers(reason)}): {first}"


def _distance(reason: Reason) -> float:
    """How far the value is from its limit, relative to the limit; endless where there are no numbers."""
    if reason.value is None or not reason.limit:
        return math.inf
    return abs(reason.value - reason.limit) / abs(reason.limit)


def _needed(reason: Reason) -> str:
    """``agreement: 0.714286 would have to rise to 0.8``; the words alone without numbers."""
    if reason.value is None or reason.limit is None:
        return reason_line(reason)
    way = "rise" if reason.value < reason.limit else "fall"
    return f"{reason.code}: {number_text(reason.value)} would have to {way} to {number_text(reason.limit)}"


def _alone(reason: Reason, chain: Chain) -> Change:
    """A single reason: without it there would have been a signal, unless later checks were never asked."""
    asked_all = chain.consensus is not None and reason.code not in _HIDES_OTHERS
    if asked_all:
        return Change(f"only {reason.code}{_numbers(reason)} blocks; without it this bar is a signal", True)
    return Change(f"{reason.code}{_numbers(reason)} ended the walk; what comes after it was not asked", None)


def _numbers(reason: Reason) -> str:
    """`` 0.61 < 0.80``, or nothing without both numbers."""
    if reason.value is None or reason.limit is None:
        return ""
    order = "<" if reason.value < reason.limit else ">" if reason.value > reason.limit else "="
    return f" {number_text(reason.value)} {order} {number_text(reason.limit)}"


def _margins(signal: Signal) -> Iterator[Change]:
    """How far each check was from blocking, the nearest first."""
    known = [one for one in signal.checks if one.value is not None and one.limit]
    for one in sorted(known, key=lambda check: ((check.value or 0.0) - (check.limit or 0.0)) / (check.limit or 1.0)):
        room = (one.value or 0.0) - (one.limit or 0.0)
        yield Change(f"{one.code} {one.value:.6g} is {room:.6g} above its limit {one.limit:.6g}", True)


def _near_rules(members: tuple[MemberView, ...]) -> Iterator[Change]:
    """Rules that one comparison kept from voting, the smallest relative gap first."""
    found = [
        (gap, f"{view.member} would have voted {word} with {reading.text} the other way")
        for view in members
        if not view.silenced and not view.said
        for word, side in (("BUY", view.rule.long), ("SELL", view.rule.short))
        for gap, reading in _pivots(side)
    ]
    for _, text in sorted(found)[:SHOWN_RULES]:
        yield Change(text, None)


def _pivots(condition: Weighed) -> Iterator[tuple[float, Reading]]:
    for position in condition.pivots:
        reading = condition.readings[position]
        scale = max(abs(reading.left), abs(reading.right), 1e-12)
        yield abs(reading.left - reading.right) / scale, reading
