"""What people order of models: a training by hand, and taking that back before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.orders.approval import NOT_CONCERNED, Obeyed
from tradewind.engine.retrain_watch import RetrainWatch
from tradewind.errors import Misconfigured
from tradewind.model.event import Command
from tradewind.model.mode import ModeRules
from tradewind.model.timeframe import HOUR, Timeframe

RETRAIN: Final = "retrain"
CANCEL: Final = "retrain_cancel"
ABOUT_MODELS: Final = (RETRAIN, CANCEL)
NOW: Final = "now"
"""Last word of the argument of ``retrain``: the cool-down is not waited for."""
WITHDRAWN: Final = "withdrawn"
"""Last word of the argument of an order that was taken back before a run heard of it."""
SWITCHED_OFF: Final = "continuous learning is switched off (continuous_learning.enabled), nothing is trained"
SeatKey = tuple[str, Timeframe]


def obeyed(
    order: Command, watches: Mapping[SeatKey, RetrainWatch], places: Mapping[SeatKey, ModeSeat], rules: ModeRules
) -> Obeyed:
    """Does what ``SYMBOL [TIMEFRAME] [now]`` asks for: of one seat, or of every seat of the symbol.

    What is refused is so as a whole and in words: nobody sits there, nothing is trained, or it has begun.
    """
    if order.verb not in ABOUT_MODELS:
        return NOT_CONCERNED
    words = order.argument.split()
    if words[-1:] == [WITHDRAWN]:
        return Obeyed("withdrawn before a run heard of it")
    keys = seats_of(words, places)
    if not keys:
        seats = ", ".join(f"{symbol} {timeframe}" for symbol, timeframe in places) or "none"
        return Obeyed(refused=f"no model has a seat on {order.argument or 'nothing'}; seats of this run: {seats}")
    if order.verb == CANCEL:
        return _cancelled(keys, watches)
    if not rules.retrains:
        return Obeyed(refused=SWITCHED_OFF)
    who = f"{order.actor}: {order.reason}" if order.reason else order.actor
    said = []
    for key in keys:
        watches[key].order(who, at_once=words[-1] == NOW)
        said.append(f"{key[0]} {key[1]} {_when(watches[key], order.ts, rules)}")
    return Obeyed("; ".join(said))


def seats_of(words: list[str], places: Mapping[SeatKey, ModeSeat]) -> list[SeatKey]:
    """The seats that the words of an order name."""
    symbol, *rest = words or [""]
    rest = [one for one in rest if one != NOW]
    try:
        asked = [Timeframe.parse(one) for one in rest]
    except Misconfigured:
        return []
    return [key for key in places if key[0] == symbol and (not asked or [key[1]] == asked)]


def _cancelled(keys: list[SeatKey], watches: Mapping[SeatKey, RetrainWatch]) -> Obeyed:
    found = [f"{symbol} {timeframe}" for symbol, timeframe in keys if watches[symbol, timeframe].take_back()]
    if found:
        return Obeyed(f"no training by hand of {', '.join(found)}")
    begun = [one for one in keys if (asked := watches[one].running) is not None and asked.trigger == "manual"]
    if begun:
        return Obeyed(refused="it has begun; what comes of it shadows at most, and takes no seat by itself")
    return Obeyed(refused="no training by hand waits there")


def _when(watch: RetrainWatch, ts: int, rules: ModeRules) -> str:
    if watch.running is not None:
        return f"is being trained ({watch.running.trigger}); this one is asked for afterwards"
    left = watch.wait(ts, rules)
    if left:
        return f"waits {left / HOUR:.1f} h for the cool-down (--now does not)"
    return "is asked for"
