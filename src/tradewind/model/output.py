"""What one event may lead to, in the order it happened; the journal's ``outputs``."""

from __future__ import annotations

from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.drift import DriftAlarm, LearningCycle, MemberReplaced, SelectorChoice
from tradewind.model.forecast import Forecast, ForecastEnded
from tradewind.model.guard import AccountMark, Answered, GuardChanged
from tradewind.model.mode import ChallengerJudged, ModeChanged, ModeRulesChanged, RetrainAsked, SeatSeen
from tradewind.model.notice import Notice
from tradewind.model.order import ApprovalAsked, ApprovalEnded, Charge, Fill, OrderIntent, Refusal
from tradewind.model.outcome import Outcome, SignalOutcome, Trade
from tradewind.model.paper import PaperClosed, PaperOpened
from tradewind.model.shadow import ShadowOutcome, ShadowVotes
from tradewind.model.venue import OrderUpdate, VenueRequest

Output = (
    Signal
    | NoTrade
    | NoDecision
    | OrderIntent
    | Fill
    | Charge
    | Refusal
    | Trade
    | Outcome
    | ShadowVotes
    | ShadowOutcome
    | Notice
    | SignalOutcome
    | DriftAlarm
    | MemberReplaced
    | LearningCycle
    | SelectorChoice
    | VenueRequest
    | OrderUpdate
    | GuardChanged
    | Answered
    | AccountMark
    | ApprovalAsked
    | ApprovalEnded
    | PaperOpened
    | PaperClosed
    | ModeChanged
    | RetrainAsked
    | ModeRulesChanged
    | Forecast
    | ForecastEnded
    | ChallengerJudged
    | SeatSeen
)
