"""What may enter the engine. Everything non-deterministic arrives as one of these and is journaled before its effect.

The journal's inputs are the replay: feeding the same events to a new engine gives the same decisions, byte for byte.
"""

from __future__ import annotations

import msgspec

from tradewind.model.article import NewsRead
from tradewind.model.bar import Bar
from tradewind.model.calendar import NewsCalendar
from tradewind.model.drift import Reference
from tradewind.model.forecast import Seat
from tradewind.model.mode import ModeRules
from tradewind.model.proven import ProvenStrategy
from tradewind.model.timeframe import Timeframe
from tradewind.model.venue import VenueReport


class BarClosed(msgspec.Struct, frozen=True, tag="bar", gc=False):
    """A bar that is final. ``cause`` is why: venue, successor, grace, history or backfill.

    ``source`` is the provider it came from and ``ts_recv`` the arrival time (telemetry); neither takes part in a
    decision or its digest.
    """

    bar: Bar
    cause: str = "venue"
    source: str = ""
    ts_recv: int = 0


class BarMissing(msgspec.Struct, frozen=True, tag="missing", gc=False):
    """The calendar expected a bar here and none came. ``kind`` is outage, holiday or feed."""

    symbol: str
    timeframe: Timeframe
    ts_open: int
    ts_close: int
    kind: str = "outage"


class BarRevised(msgspec.Struct, frozen=True, tag="revision"):
    """A later correction of a bar already decided on; recorded, never applied to past decisions."""

    bar: Bar
    source: str = ""
    ts_recv: int = 0


class FeedState(msgspec.Struct, frozen=True, tag="feed"):
    """A feed turned stale, fresh, connected, disconnected or switched provider; ``detail`` says which and why.

    Between ``stale`` and ``fresh`` nothing is decided on the symbol; the other states are for people.
    """

    symbol: str
    state: str
    ts: int
    detail: str = ""


class Command(msgspec.Struct, frozen=True, tag="command"):
    """An operator's order: ``verb`` says what, ``actor`` who gave it, ``reason`` why.

    Verbs: pause, resume, note, disable, enable, kill_on, kill_off, reduce, liquidate, rollback, report, approve,
    reject, cancel_all, reconcile, retrain, retrain_cancel.
    ``argument`` is the text of a note, ``SYMBOL ID`` of the member that is not heard any more or again, ``SYMBOL
    [TIMEFRAME] [now]`` of the seats that are trained, and what the other verbs are about. ``id`` is that of the request
    it came from: one that was obeyed is not obeyed again.
    """

    verb: str
    actor: str
    ts: int
    argument: str = ""
    id: str = ""
    reason: str = ""


class References(msgspec.Struct, frozen=True, tag="references"):
    """What members are held to from now on, instead of everything before; ``source`` names the baseline.

    A member that is not among them is UNKNOWN to drift monitoring.
    """

    ts: int
    references: tuple[Reference, ...]
    source: str = ""


class Started(msgspec.Struct, frozen=True, tag="started"):
    """First event of a run: what code and configuration the following decisions come from.

    ``ts`` is the open of the first bar of a recorded market, so that a run over the same bars has the same journal.
    ``asked`` is what flags added to the configuration, as ``key=value``; a replay needs it to build the same plan, and
    so does it need ``proven``, the strategies that a verdict spoke for when the run began. ``unproven``: others are
    heard too.
    """

    ts: int
    config_hash: str
    code_version: str
    series: tuple[str, ...]
    simulated: bool = False
    asked: tuple[str, ...] = ()
    unproven: bool = False
    proven: tuple[ProvenStrategy, ...] = ()


class ModelServed(msgspec.Struct, frozen=True, tag="model"):
    """From now on the model ``version`` forecasts in a seat; its artifact has ``sha256``. An empty version: nobody.

    A start, a swap and a roll-back are the same event, so a replay asks the same model at the same bar.
    """

    ts: int
    symbol: str
    timeframe: Timeframe
    seat: Seat
    version: str = ""
    sha256: str = ""


class Asked(msgspec.Struct, frozen=True, tag="asked", gc=False):
    """The order manager asked to be woken at this time, and it has come."""

    ts: int


class ModelTrained(msgspec.Struct, frozen=True, tag="model_trained", gc=False):
    """What a training that was asked for came to: a ``version`` on the shelf, or the ``fault`` that ended it.

    ``confidence`` is that of its held-out events (net of costs), ``calibration_error`` theirs, ``passed`` what the gate
    says; ``duration_s`` is telemetry and takes part in no decision. A version takes no seat by this.
    """

    ts: int
    symbol: str
    timeframe: Timeframe
    version: str | None = None
    fault: str | None = None
    confidence: float | None = None
    calibration_error: float | None = None
    passed: bool = False
    duration_s: float = 0.0


class ModeRulesSet(msgspec.Struct, frozen=True, tag="mode_rules"):
    """What modes and retraining are held to from now on; ``source`` says who set them."""

    ts: int
    rules: ModeRules
    source: str = ""


InputEvent = (
    BarClosed
    | BarMissing
    | BarRevised
    | FeedState
    | Command
    | Started
    | VenueReport
    | Asked
    | NewsCalendar
    | References
    | ModelTrained
    | ModeRulesSet
    | ModelServed
    | NewsRead
)
