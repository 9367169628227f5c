"""Who sits where: the champion that is heard, the one before it, the challenger that only shadows; and every decision.

A seat is a symbol on a timeframe. What it holds is replaced as a whole; how it came to that is a chain of decisions,
each with the hash of the one before it, so that none is lost or changed without being noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec

from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import Digest

FORMAT: Final = 1

Action = Literal["promote", "challenge", "withdraw", "rollback"]
Outcome = Literal["done", "refused"]


class Seated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version in a place, ``sha256`` that of its artifact, since ``since`` (UTC nanoseconds), and why."""

    version: str
    sha256: Digest
    since: int
    reason: str


class Seat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a symbol serves on a timeframe. ``decision`` is the number of the decision that made it so."""

    format: Annotated[int, msgspec.Meta(ge=FORMAT, le=FORMAT)] = FORMAT
    symbol: str
    timeframe: Timeframe
    champion: Seated | None = None
    predecessor: Seated | None = None
    challenger: Seated | None = None
    decision: int = 0

    def promoted(self, one: Seated) -> Seat:
        """``one`` is heard from now on; the champion before it stays at hand, a challenger of that name has its place.

        Another challenger stays: it goes on against the new champion.
        """
        kept = self.challenger if self.challenger and self.challenger.version != one.version else None
        return msgspec.structs.replace(self, champion=one, predecessor=self.champion, challenger=kept)

    def challenged(self, one: Seated) -> Seat:
        """``one`` shadows from now on, in the place of whoever did."""
        return msgspec.structs.replace(self, challenger=one)

    def withdrawn(self) -> Seat:
        """Nobody challenges."""
        return msgspec.structs.replace(self, challenger=None)

    def rolled_back(self, since: int, reason: str) -> Seat:
        """The predecessor is heard again; the champion takes its place, so that twice is where it began.

        Nobody challenges itself: a challenger of that version leaves. Only where there is a predecessor.
        """
        assert self.predecessor is not None
        back = msgspec.structs.replace(self.predecessor, since=since, reason=reason)
        kept = self.challenger if self.challenger and self.challenger.version != back.version else None
        return msgspec.structs.replace(self, champion=back, predecessor=self.champion, challenger=kept)


class Score(msgspec.Struct, frozen=True):
    """What a version showed on bars it never saw; shares are fractions, None is undefined.

    ``n`` events that share no bar and ``accuracy`` at 1/2 of them; ``brier`` of every sample; ``events`` that were
    acted on, share no bar, and their ``acted_accuracy`` and mean result ``net_r`` after costs in barrier widths.
    """

    version: str
    n: int
    accuracy: float | None
    brier: float | None
    events: int
    acted_accuracy: float | None
    net_r: float | None


class Duel(msgspec.Struct, frozen=True, omit_defaults=True):
    """Two versions on the same unseen events, bars ``[start, end]`` in UTC nanoseconds.

    ``mean`` is the challenger's score less the champion's, per event, ``low`` and ``high`` its 95% limits (normal);
    ``of_better`` and ``of_not_worse`` the evidence of ``validation.paired_promotion``; ``verdict`` why it takes the
    place, empty where it does not; ``looks`` how many challengers were tried on any of these bars, this one included
    (left out of the record where it is the first).
    """

    champion: Score
    challenger: Score
    start: int
    end: int
    n: int
    mean: float | None
    low: float | None
    high: float | None
    of_better: float
    of_not_worse: float
    champion_drifted: bool
    verdict: str
    looks: int = 1


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One decision about a seat, as it was taken at ``ts``; ``number`` counts all of a project from 1 on.

    ``version`` is who it was about, ``champion`` who was heard before it. ``missed`` names criteria that were not met,
    ``duel`` holds both scores where two were compared, ``seat`` what the seat holds after it (None: what it held). It
    is
    written before the seat is changed, so that a change that was cut short can be made good. ``previous`` and ``hash``
    make the chain.
    """

    number: int
    ts: int
    symbol: str
    timeframe: Timeframe
    action: Action
    outcome: Outcome
    version: str
    champion: str = ""
    reason: str = ""
    missed: tuple[str, ...] = ()
    duel: Duel | None = None
    seat: Seat | None = None
    previous: str = ""
    hash: str = ""

    @property
    def done(self) -> bool:
        """Whether the seat was changed."""
        return self.outcome == "done"

    def sealed(self, previous: str) -> Decision:
        """The same with its place in the chain."""
        bare = msgspec.structs.replace(self, previous=previous, hash="")
        digest = hashlib.sha256(msgspec.json.encode(bare, order="deterministic")).hexdigest()
        return msgspec.structs.replace(bare, hash=digest)


def broken_at(decisions: Sequence[Decision]) -> int:
    """The number of the first decision that is not the one that was written, 0 where the chain holds."""
    previous = ""
    for place, one in enumerate(decisions, 1):
        if one.number != place or one.sealed(previous) != one:
            return place
        previous = one.hash
    return 0
