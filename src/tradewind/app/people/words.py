"""The words of everything that is told: one list of lines for each thing, the same on every channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tradewind.adapters.notify.console import REPEATED
from tradewind.adapters.store.outbox import Parcel
from tradewind.app.learning.drift_text import alarm_lines, outcome_lines, replaced_lines
from tradewind.app.people.approval_words import asked_lines, ended_lines
from tradewind.app.people.chat_text import labelled
from tradewind.app.signal_text import closed_log_line, number_text, opened_text, signal_lines, utc
from tradewind.model.announcement import Announcement
from tradewind.model.decision import Signal
from tradewind.model.drift import DriftAlarm, MemberReplaced
from tradewind.model.instrument import Instrument
from tradewind.model.notice import Notice
from tradewind.model.order import ApprovalAsked, ApprovalEnded, Fill
from tradewind.model.outcome import SignalOutcome, Trade
from tradewind.model.output import Output
from tradewind.model.paper import PaperClosed, PaperOpened

Told = (
    Signal | Trade | Fill | Notice | Announcement | DriftAlarm | MemberReplaced | SignalOutcome | ApprovalAsked
    | ApprovalEnded | PaperOpened | PaperClosed
)  # fmt: skip
_decoder: msgspec.json.Decoder[Output | Announcement] = msgspec.json.Decoder(Output | Announcement)

_WHAT: Final = {
    "kill_on": "Kill switch on",
    "kill_off": "Kill switch off",
    "feed_stale": "The feed is silent",
    "feed_fresh": "The feed is back",
    "news_embargo": "No entries around news",
    "embargo": "No entries around news",
    "task_died": "A task of the service died",
    "service_started": "The service has started",
    "service_restarted": "The service has started again",
    "service_crashed": "The service died and was started again",
    "fatal_error": "A fatal error",
    "delivery_failed": "A message could not be delivered",
    "telegram_stranger": "Somebody unknown wrote to the bot",
    "telegram_nobody_allowed": "The list of allowed users is empty: the bot obeys nobody",
    "telegram_conflict": "Another process reads this bot's messages",
    "calendar_stale": "The economic calendar is too old",
    "disk_full": "The disk is full: nothing is decided",
    "disk_room": "The disk has room again",
    "store_away": "The store does not answer: nothing is decided",
    "store_back": "The store answers again",
    "venue_away": "The venue does not answer: nothing is decided",
    "venue_back": "The venue answers again",
    "firm_news": "Left before listed news, as the firm asks",
    "firm_weekend": "Left before the week-end, as the firm asks",
    "paper_fallback": "Trading has stopped and goes on on paper",
    "paper_over": "Trading on paper is over",
    "drift_effect": "The win rate fell; reported, nothing is switched off by it",
    "model_trading": "A model may act",
    "model_learning": "A model was put back to learning: nothing new comes from it",
    "excess_retraining": "Models are trained too often",
    "stuck_in_learning": "A model stays in learning",
    "modes_oscillate": "A model swings between trading and learning",
    "calibration_warning": "A model's probabilities are off",
    "retraining_failed": "A training failed, the model that sits there stays",
    "drift_check_failed": "A drift check failed, the others were made",
}
_MARKS: Final = {"info": "", "warning": "WARNING: ", "critical": "CRITICAL: "}


def read(payload: str) -> Told:
    """What a row of the outbox carries."""
    return _decoder.decode(payload)  # type: ignore[return-value]  # only these are put there


def lines_of(parcel: Parcel, told: Told, instruments: Mapping[str, Instrument], stamp: str) -> list[str]:
    """The message in plain lines; marks for a repeat and for one that comes too late stand first.

    ``stamp`` (SIMULATED, UNPROVEN) is put on everything that does not carry one itself.
    """
    lines = [labelled(line) for line in _body(told, instruments)]
    if stamp and not isinstance(told, Signal):
        lines[0] = f"[{stamp}] {lines[0]}"
    if parcel.suppressed:
        lines.append(f"Since the last one: the same {parcel.suppressed} more times")
    if parcel.delivery.missed:
        lines.insert(0, f"MISSED, do not act: its time passed at {utc(parcel.valid_until or parcel.ts)}")
    if parcel.delivery.repeat:
        lines.insert(0, REPEATED)
    return lines


def _body(told: Told, instruments: Mapping[str, Instrument]) -> list[str]:
    if isinstance(told, Signal):
        return signal_lines(told, instruments[told.symbol])
    if isinstance(told, Trade):
        made = f"Result       {told.net} ({told.r:+.2f} R), out by {told.exit_leg}"
        return [f"{told.symbol} {closed_log_line(told)}", made, f"Signal       {told.signal_id}"]
    if isinstance(told, Fill):
        line = f"Position opened: {opened_text(told, instruments[told.symbol])}"
        return [line, f"Signal       {told.signal_id}"]
    if isinstance(told, Announcement):
        return [told.title, *told.lines]
    if isinstance(told, DriftAlarm):
        return alarm_lines(told)
    if isinstance(told, MemberReplaced):
        return replaced_lines(told)
    if isinstance(told, SignalOutcome):
        return outcome_lines(told)
    if isinstance(told, PaperOpened):
        line = f"PAPER, no order: position opened: {opened_text(told.fill, instruments[told.fill.symbol])}"
        return [line, f"Signal       {told.fill.signal_id}"]
    if isinstance(told, PaperClosed):
        trade = told.trade
        made = f"Result       {trade.net} ({trade.r:+.2f} R), out by {trade.exit_leg}; paper balance {told.balance}"
        return [f"PAPER, no order: {trade.symbol} {closed_log_line(trade)}", made, f"Signal       {trade.signal_id}"]
    if isinstance(told, ApprovalAsked):
        return asked_lines(told, instruments[told.symbol])
    if isinstance(told, ApprovalEnded):
        return ended_lines(told)
    return notice_lines(told)


def notice_lines(notice: Notice) -> list[str]:
    """An alert: how severe, what, about what, the number and its limit, when."""
    about = f" ({notice.subject})" if notice.subject else ""
    what = _WHAT.get(notice.code, notice.code.replace("_", " ").capitalize())
    lines = [f"{_MARKS[notice.severity]}{what}{about}"]
    if notice.value is not None:
        limit = "" if notice.limit is None else f", limit {number_text(notice.limit)}"
        lines.append(f"Value        {number_text(notice.value)}{limit}")
    lines += notice.detail.splitlines()
    return [*lines, f"At           {utc(notice.ts)}"]
