"""Seats of a project: who is heard, who shadows, by which decision. Every decision is on record, refusals too.

A version takes a seat where its gate was met on the bars it was developed on and, for an empty seat, on sealed bars
that were opened once; beside a champion, where it won the duel on bars that neither had seen (``app.models.duel``).
Going back to the version before needs a reason and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.models.shelf import ModelShelf, seat_of
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.models.versions import manifest_of, shelf_of, signing_key
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Rejected, Retryable, Unavailable
from tradewind.features.input_schema import default_schema
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import GateRecord, Manifest
from tradewind.predictors.seats import Action, Decision, Duel, Seat, Seated, broken_at
from tradewind.predictors.served import ServedModel, verified
from tradewind.research.signing import signed_bytes, signed_document

SEAT: Final = "seat"
SEALED: Final = "sealed evaluation"
ON_SEALED: Final = "its gate on sealed bars"
"""Why a version took an empty seat, or did not: the record of decisions says that the bars were read."""
BACK: Final = "tradewind models restore FILE --seats puts record and seats back as a copy has them"
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
        self._known: tuple[bytes, tuple[Decision, ...]] | None = None

    def version(self, version: str) -> Version:
        """A version with its signature, its bytes and its answers to the probe checked.

        Raises:
            Unavailable: there is none, or the key is missing.
            Corrupt, Rejected: as ``verified``; its manifest was changed, or signed by another project.
        """
        _, artifact, signed = self.shelf.read(version)
        manifest = manifest_of(self._workspace, signed, version)
        schema = default_schema(manifest.timeframe, news=manifest.reads_news)
        if manifest.schema_hash == schema.hash and manifest.channels != schema.names:
            raise Rejected(
                "its channels are not those of its inputs, or in another order",
                where=f"model {version}",
                next_step="it is not heard, and who sat there before stays; train or promote another one",
            )
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
        key = signing_key(self._workspace, self.shelf)
        with self.shelf.alone():
            self.shelf.keep_evaluation(record.version, signed_bytes(SEALED, record, key))

    def seat(self, symbol: str, timeframe: Timeframe) -> Seat:
        """What a seat holds; an empty one where nothing was decided yet.

        The file has to be what the newest decision about the seat made it: one of another seat, or of another day, was
        put there by no decision.

        Raises:
            Corrupt, Rejected, Unavailable: the file was changed, or the key is another one or missing.
        """
        written, last = self._written(symbol, timeframe), self._last(symbol, timeframe)
        if _differ(written, last):
            with suppress(Retryable), self.shelf.alone():  # where somebody decides at this moment, one is the older one
                written, last = self._written(symbol, timeframe), self._last(symbol, timeframe)
        if _differ(written, last) and last is not None and self._intended(symbol, timeframe) == last:
            return last  # signed before it was decided: the change of the file was cut short
        if _differ(written, last):
            raise _disagree(symbol, timeframe, written, last)
        if written is None:
            behind = self.shelf.behind
            return (
                Seat(symbol=symbol, timeframe=timeframe)
                if behind is None
                else Promotions(self._workspace, behind).seat(symbol, timeframe)
            )
        return written

    def seated(self) -> tuple[tuple[str, Timeframe], ...]:
        """Every seat that something was decided about, by symbol and timeframe."""
        behind = () if self.shelf.behind is None else Promotions(self._workspace, self.shelf.behind).seated()
        known = {(one.symbol, one.timeframe) for one in self._record()} | set(behind)
        return tuple(sorted(known, key=lambda one: (one[0], one[1].rank)))

    def seats(self) -> tuple[Seat, ...]:
        """What every seat holds that something was decided about, by symbol and timeframe."""
        return tuple(self.seat(symbol, timeframe) for symbol, timeframe in self.seated())

    def decisions(self, symbol: str = "", timeframe: Timeframe | None = None) -> tuple[Decision, ...]:
        """Decisions, oldest first; of one symbol or timeframe where one is named.

        Raises:
            Corrupt: one of them is not what was written, or the newest ones that seats name are gone.
        """
        every = self._record()
        for symbol_of, timeframe_of in {(one.symbol, one.timeframe) for one in every}:
            with suppress(Rejected, Unavailable):  # without the key nothing is known of seats
                written = self._written(symbol_of, timeframe_of)
                if written is not None and written.decision > len(every):
                    raise _changed(
                        f"it ends with decision {len(every)}, the seat of {symbol_of} {timeframe_of} names"
                        f" {written.decision}"
                    )
        chosen = (one for one in every if symbol in ("", one.symbol) and timeframe in (None, one.timeframe))
        return tuple(chosen)

    def _record(self) -> tuple[Decision, ...]:
        """Every decision, the chain checked; read again only where the file changed."""
        data = self.shelf.decisions()
        if self._known is not None and self._known[0] == data:
            return self._known[1]
        try:
            every = tuple(_LINES.decode(line) for line in data.splitlines())
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise _changed(str(fault)) from fault
        if broken := broken_at(every):
            raise _changed(f"decision {broken} is not the one that was written")
        self._known = data, every
        return every

    def _last(self, symbol: str, timeframe: Timeframe) -> Seat | None:
        """What the newest decision about a seat says it holds; None where none changed it."""
        own = (one for one in reversed(self._record()) if (one.symbol, one.timeframe) == (symbol, timeframe))
        return next((one.seat for one in own if one.seat is not None), None)

    def _written(self, symbol: str, timeframe: Timeframe) -> Seat | None:
        """What the seat's own file says, its signature and its name checked; None where there is none."""
        name = seat_of(symbol, timeframe)
        return self._signed_seat(self.shelf.choice(name) if self.shelf.chose(name) else None, symbol, timeframe)

    def _intended(self, symbol: str, timeframe: Timeframe) -> Seat | None:
        """What the file was about to say, checked in the same way; None where nothing was under way."""
        return self._signed_seat(self.shelf.intended(seat_of(symbol, timeframe)), symbol, timeframe)

    def _signed_seat(self, data: bytes | None, symbol: str, timeframe: Timeframe) -> Seat | None:
        if data is None:
            return None
        again = _anew(symbol, timeframe, self._last(symbol, timeframe))
        found = signed_document(SEAT, data, VerdictFiles(self._workspace.data).key(), again)
        try:
            seat = msgspec.convert(found, Seat)
        except msgspec.ValidationError as fault:
            raise Corrupt(f"no seat: {fault}", where=f"{symbol} {timeframe}", next_step=again) from fault
        if (seat.symbol, seat.timeframe) != (symbol, timeframe):
            raise Corrupt(
                f"its file is that of {seat.symbol} {seat.timeframe}", where=f"{symbol} {timeframe}", next_step=again
            )
        return seat

    def written_anew(self, symbol: str, timeframe: Timeframe, version: str) -> bool:
        """Writes a seat's file as the newest decision left it, where ``version`` sits there by it and the file is gone,
        older or not what was signed; whether it did.

        Nothing signed may stand behind that decision, so it takes a person who names who sits there.

        Raises:
            Corrupt, Rejected, Unavailable: the version, or the record of decisions, cannot be verified.
        """
        with self.shelf.alone():
            last = self._last(symbol, timeframe)
            if last is None or last.champion is None or last.champion.version != version:
                return False
            try:
                written = self._written(symbol, timeframe)
            except Corrupt:
                written = None
            if written is not None and written.decision >= last.decision:
                return False
            self._for(version, symbol, timeframe)
            self._put(last)
            return True

    def sealed_readers(self, symbols: Collection[str], timeframe: Timeframe) -> dict[str, int]:
        """``version -> decision`` of those whose sealed bars decided about a seat of ``symbols``, promoted or refused.

        Raises:
            Corrupt: as ``decisions``.
        """
        every = (one for one in self.decisions(timeframe=timeframe) if one.symbol in symbols)
        own = (one for one in every if one.action == "promote" and one.duel is None)
        return {one.version: one.number for one in own if one.reason.endswith(ON_SEALED)}

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
        """The seat as the last decision left it; a change that was cut short is made good.

        A change that nothing signed stands behind is not, unless it seats nobody: whoever decides next would sign what
        was only added to the record. ``written_anew`` is for that.
        """
        written, last = self._written(symbol, timeframe), self._last(symbol, timeframe)
        if last is not None and (written is None or last.decision > written.decision):
            nobody = last.champion is None and last.predecessor is None
            if nobody or self._intended(symbol, timeframe) == last:
                self._put(last)
        return self.seat(symbol, timeframe)

    def _decided(
        self, seat: Seat, action: Action, one: Seated, now: int, after: Seat | None, missed: tuple[str, ...],
        duel: Duel | None = None,
    ) -> Decision:  # fmt: skip
        """Signs what the seat will be, writes the decision down, then changes the seat: cut anywhere, one of the two
        seats stands, and a line that somebody added to the record seats nobody."""
        every = self._record()
        number = len(every) + 1
        placed = None if after is None else msgspec.structs.replace(after, decision=number)
        decision = Decision(
            number=number, ts=now, symbol=seat.symbol, timeframe=seat.timeframe, action=action,
            outcome="refused" if placed is None else "done", version=one.version,
            champion=seat.champion.version if seat.champion else "", reason=one.reason, missed=missed, duel=duel,
            seat=placed,
        ).sealed(every[-1].hash if every else "")  # fmt: skip
        if placed is not None:
            key = signing_key(self._workspace, self.shelf)
            self.shelf.intend(seat_of(seat.symbol, seat.timeframe), signed_bytes(SEAT, placed, key))
        self.shelf.decide(msgspec.json.encode(decision))
        if placed is not None:
            self._put(placed)
        return decision

    def _put(self, seat: Seat) -> None:
        key = signing_key(self._workspace, self.shelf)
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
    return (() if sealed.gate.passed else sealed.gate.missed or ("gate",)), ON_SEALED


def _differ(written: Seat | None, last: Seat | None) -> bool:
    """Whether a seat's file is another one than the newest decision made; one without a number stands by itself."""
    return written != last and (last is not None or written is None or written.decision > 0)


def _disagree(symbol: str, timeframe: Timeframe, written: Seat | None, last: Seat | None) -> Corrupt:
    """What is wrong with a seat's file beside the record of decisions."""
    where = f"{symbol} {timeframe}"
    if written is not None and (last is None or written.decision > last.decision):
        unknown = f"its file names decision {written.decision}, of which there is no record"
        return Corrupt(unknown, where=where, next_step=BACK)
    assert last is not None
    if written is not None and written.decision == last.decision:
        return Corrupt(f"its file is not what decision {last.decision} made it", where=where, next_step=BACK)
    fault = "its file is gone" if written is None else f"its file is that of decision {written.decision}"
    return Corrupt(
        f"{fault}, and decision {last.decision} made another one", where=where, next_step=_anew(symbol, timeframe, last)
    )


def _anew(symbol: str, timeframe: Timeframe, last: Seat | None) -> str:
    """How a person brings a seat's file back to what was decided."""
    if last is None or last.champion is None:
        return BACK
    seat = f"--symbol {symbol} --interval {timeframe}"
    promote = f"tradewind promote --model {last.champion.version} {seat}"
    return f"tradewind models decisions; {promote} writes it anew where that is right"


def _changed(found: str) -> Corrupt:
    return Corrupt(f"the record of decisions was changed: {found}", where="decisions.jsonl", next_step=BACK)
