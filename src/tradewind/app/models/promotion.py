"""Seats of a project: who is heard, who shadows, by which decision. Every decision is on record, refusals too.

A version takes a seat where its gate was met on the bars it was developed on and, for an empty seat, on sealed bars
that
were opened once; beside a champion, where it won the duel on bars that neither had seen (``app.models.duel``). Going
back to the version before needs a reason and nothing else.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.models.shelf import ModelShelf, seat_of
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.models.versions import manifest_of, shelf_of
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Rejected
from tradewind.features.input_schema import default_schema
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import GateRecord, Manifest
from tradewind.predictors.seats import Action, Decision, Duel, Seat, Seated, broken_at
from tradewind.predictors.served import ServedModel, verified
from tradewind.research.signing import signed_bytes, signed_document

SEAT: Final = "seat"
SEALED: Final = "sealed evaluation"
AGAIN: Final = "promote again; tradewind models list shows what is there"
_LINES: Final[msgspec.json.Decoder[Decision]] = msgspec.json.Decoder(Decision)


class SealedRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a version showed on its sealed bars ``[start, end)`` (UTC nanoseconds), which were opened at ``ts``.

    ``look`` counts the versions that had read any of them, this one included; ``contaminated`` says which reading of
    the same kind of model spent them before, empty where none did.
    """

    version: str
    sha256: str
    ts: int
    start: int
    end: int
    data_hash: str
    look: int
    contaminated: str
    gate: GateRecord


class Version(NamedTuple):
    """A version of the shelf that was verified, and what it showed on its sealed bars (None: not opened)."""

    served: ServedModel
    sealed: SealedRecord | None

    @property
    def manifest(self) -> Manifest:
        """What stands beside its artifact."""
        return self.served.manifest


class Promotions:
    """The seats of a project and the decisions about them; one process changes them at a time."""

    def __init__(self, workspace: Workspace, shelf: ModelShelf | None = None) -> None:
        self._workspace = workspace
        self.shelf = shelf or shelf_of(workspace)

    def version(self, version: str) -> Version:
        """A version with its signature, its bytes and its answers to the probe checked.

        Raises:
            Unavailable: there is none, or the key is missing.
            Corrupt, Rejected: as ``verified``; its manifest was changed, or signed by another project.
        """
        _, artifact, signed = self.shelf.read(version)
        manifest = manifest_of(self._workspace, signed)
        schema = default_schema(manifest.timeframe, news=manifest.reads_news)
        return Version(verified(manifest, artifact, schema.hash), self.sealed(version))

    def sealed(self, version: str) -> SealedRecord | None:
        """What a version showed on its sealed bars; None where they were not opened for it.

        Raises:
            Corrupt, Rejected, Unavailable: the record was changed, or the key is another one or missing.
        """
        data = self.shelf.evaluation(version)
        if data is None:
            return None
        found = signed_document(SEALED, data, VerdictFiles(self._workspace.data).key(), "evaluate the version again")
        return msgspec.convert(found, SealedRecord)

    def keep_sealed(self, record: SealedRecord) -> None:
        """Writes down what a version showed on its sealed bars, signed."""
        key = VerdictFiles(self._workspace.data).make_key()
        with self.shelf.alone():
            self.shelf.keep_evaluation(record.version, signed_bytes(SEALED, record, key))

    def seat(self, symbol: str, timeframe: Timeframe) -> Seat:
        """What a seat holds; an empty one where nothing was decided yet.

        Raises:
            Corrupt, Rejected, Unavailable: the file was changed, or the key is another one or missing.
        """
        data = self.shelf.choice(seat_of(symbol, timeframe))
        if data is None:
            return Seat(symbol=symbol, timeframe=timeframe)
        found = signed_document(SEAT, data, VerdictFiles(self._workspace.data).key(), AGAIN)
        try:
            return msgspec.convert(found, Seat)
        except msgspec.ValidationError as fault:
            raise Corrupt(f"no seat: {fault}", where=f"{symbol} {timeframe}", next_step=AGAIN) from fault

    def seats(self) -> tuple[Seat, ...]:
        """Every seat that something was decided about, by symbol and timeframe."""
        known = {(one.symbol, one.timeframe) for one in self.decisions()}
        found = [self.seat(symbol, timeframe) for symbol, timeframe in known]
        return tuple(sorted(found, key=lambda one: (one.symbol, one.timeframe.rank)))

    def decisions(self, symbol: str = "", timeframe: Timeframe | None = None) -> tuple[Decision, ...]:
        """Decisions, oldest first; of one symbol or timeframe where one is named.

        Raises:
            Corrupt: one of them is not what was written.
        """
        try:
            every = [_LINES.decode(line) for line in self.shelf.decisions().splitlines()]
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise _changed(str(fault)) from fault
        if broken := broken_at(every):
            raise _changed(f"decision {broken} is not the one that was written")
        chosen = (one for one in every if symbol in ("", one.symbol) and timeframe in (None, one.timeframe))
        return tuple(chosen)

    def promote(
        self, symbol: str, timeframe: Timeframe, version: str, reason: str, now: int, duel: Duel | None = None
    ) -> Decision:
        """Lets ``version`` be heard where it has earned the seat; a refusal is a decision too and changes nothing.

        Raises:
            Corrupt, Rejected, Unavailable: the version cannot be verified, or speaks for another series.
        """
        found = self._for(version, symbol, timeframe)
        with self.shelf.alone():
            seat = self._held(symbol, timeframe)
            missed, why = _earned(found, seat, duel)
            one = Seated(version, found.manifest.sha256, now, f"{reason}; {why}" if reason else why)
            after = None if missed else seat.promoted(one)
            return self._decided(seat, "promote", one, now, after, missed, duel)

    def challenge(self, symbol: str, timeframe: Timeframe, version: str, reason: str, now: int) -> Decision:
        """Lets ``version`` shadow beside the champion; nothing is asked of it but that it verifies.

        Raises:
            Corrupt, Rejected, Unavailable: as ``promote``.
        """
        found = self._for(version, symbol, timeframe)
        with self.shelf.alone():
            seat = self._held(symbol, timeframe)
            sits = seat.champion is not None and seat.champion.version == version
            one = Seated(version, found.manifest.sha256, now, "it is the champion" if sits else reason)
            after = None if sits else seat.challenged(one)
            return self._decided(seat, "challenge", one, now, after, ("challenger",) if sits else ())

    def withdraw(self, symbol: str, timeframe: Timeframe, reason: str, now: int, duel: Duel | None = None) -> Decision:
        """Takes the challenger off; ``duel`` is what it showed, so that both scores stay on record.

        Raises:
            Rejected: nobody challenges.
        """
        with self.shelf.alone():
            seat = self._held(symbol, timeframe)
            if seat.challenger is None:
                raise Rejected("nobody challenges", where=f"{symbol} {timeframe}", next_step="tradewind models list")
            one = msgspec.structs.replace(seat.challenger, since=now, reason=reason)
            return self._decided(seat, "withdraw", one, now, seat.withdrawn(), (), duel)

    def rollback(self, symbol: str, timeframe: Timeframe, reason: str, now: int) -> Decision:
        """Lets the predecessor be heard again, after it was verified; the champion becomes the predecessor.

        Raises:
            Rejected: there is no predecessor.
            Corrupt, Unavailable: it cannot be verified; the champion stays.
        """
        with self.shelf.alone():
            seat = self._held(symbol, timeframe)
            if seat.predecessor is None:
                raise Rejected(
                    "nothing to go back to", where=f"{symbol} {timeframe}", next_step="tradewind models list"
                )
            self._for(seat.predecessor.version, symbol, timeframe)
            after = seat.rolled_back(now, reason)
            assert after.champion is not None
            return self._decided(seat, "rollback", after.champion, now, after, ())

    def _for(self, version: str, symbol: str, timeframe: Timeframe) -> Version:
        found = self.version(version)
        if symbol not in found.manifest.symbols or timeframe is not found.manifest.timeframe:
            raise Rejected(
                f"{version} speaks for {', '.join(found.manifest.symbols)} on {found.manifest.timeframe}",
                where=f"{symbol} {timeframe}",
                next_step="name another version, symbol or interval",
            )
        return found

    def _held(self, symbol: str, timeframe: Timeframe) -> Seat:
        """The seat as the last decision left it; a change that was cut short is made good."""
        seat = self.seat(symbol, timeframe)
        last = next((one.seat for one in reversed(self.decisions(symbol, timeframe)) if one.seat is not None), None)
        if last is not None and last.decision > seat.decision:
            self._put(last)
            return last
        return seat

    def _decided(
        self, seat: Seat, action: Action, one: Seated, now: int, after: Seat | None, missed: tuple[str, ...],
        duel: Duel | None = None,
    ) -> Decision:  # fmt: skip
        """Writes the decision down, then changes the seat."""
        every = self.decisions()
        number = len(every) + 1
        placed = None if after is None else msgspec.structs.replace(after, decision=number)
        decision = Decision(
            number=number, ts=now, symbol=seat.symbol, timeframe=seat.timeframe, action=action,
            outcome="refused" if placed is None else "done", version=one.version,
            champion=seat.champion.version if seat.champion else "", reason=one.reason, missed=missed, duel=duel,
            seat=placed,
        ).sealed(every[-1].hash if every else "")  # fmt: skip
        self.shelf.decide(msgspec.json.encode(decision))
        if placed is not None:
            self._put(placed)
        return decision

    def _put(self, seat: Seat) -> None:
        key = VerdictFiles(self._workspace.data).make_key()
        self.shelf.choose(seat_of(seat.symbol, seat.timeframe), signed_bytes(SEAT, seat, key))


def _earned(found: Version, seat: Seat, duel: Duel | None) -> tuple[tuple[str, ...], str]:
    """``(criteria that were missed, why)``: none missed means that the version takes the seat."""
    version = found.manifest.version
    if seat.champion is not None and seat.champion.version == version:
        return ("champion",), "it is the champion already"
    if not found.manifest.gate.passed:
        return found.manifest.gate.missed or ("gate",), "its gate was not met on the bars it was developed on"
    if seat.champion is not None:
        pair = (seat.champion.version, version)
        if duel is None or (duel.champion.version, duel.challenger.version) != pair:
            return ("duel",), f"it was not compared with {seat.champion.version} on bars that neither had seen"
        return ((), duel.verdict) if duel.verdict else (("duel",), f"it is not better than {seat.champion.version}")
    sealed = found.sealed
    if sealed is None or sealed.sha256 != found.manifest.sha256:
        return ("sealed",), "its sealed bars were not opened yet"
    return (() if sealed.gate.passed else sealed.gate.missed or ("gate",)), "its gate on sealed bars"


def _changed(found: str) -> Corrupt:
    return Corrupt(
        f"the record of decisions was changed: {found}",
        where="decisions.jsonl",
        next_step="restore the models folder from its backup",
    )
