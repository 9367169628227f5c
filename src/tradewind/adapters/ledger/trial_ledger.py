"""The trial ledger: append-only, hash-chained, beside the databases and not in them.

Every variant that was ever tried deflates what comes later, and a sealed window counts once. Both would be forgotten
with a database, so they are kept in a file of their own, which no verb deletes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from tradewind.adapters.ledger.append_file import KEEP, AppendFile, Contents, read_contents
from tradewind.adapters.ledger.frames import LOOKS, START, TRIALS, Frame, Head
from tradewind.adapters.ledger.payloads import decode_looks, decode_trials, encode_looks, encode_trials
from tradewind.adapters.ledger.readings import Readings
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.model.trial import Look, Looked, TrialBatch, TrialColumns, TrialPopulation
from tradewind.validation.trial_spread import luck_variance

FILE_NAME: Final = "trials.ledger"


class Receipt(NamedTuple):
    """An entry that is durable; ``repeated`` where the same batch stood there already and nothing was written."""

    entry: int
    hash: str
    repeated: bool


class Verified(NamedTuple):
    """What a whole reading found, every hash recomputed."""

    entries: int
    trials: int
    looks: int
    head: str


class TrialLedger:
    """Every trial and every look at a sealed window. A context manager; one writer at a time.

    ``TrialLedger(path)`` opens to write, creating the file and repairing what a crash left at its end;
    ``TrialLedger.read(path)`` looks on. ``notes`` says in words what was repaired or left out: show it to a person.
    What ``append`` or ``record_look`` returned from survives a power cut. A process that was forked from the writer
    cannot write.

    Raises:
        Unavailable: another process is writing, or the disk refuses.
        Corrupt: a byte was changed, or acknowledged entries are gone; the message names the entry.
    """

    _file: AppendFile | None

    def __init__(self, path: Path, *, sync: Callable[[int], None] = os.fsync) -> None:
        self._begin(path)
        file = self._file = AppendFile(path, sync=sync)
        try:
            self._load(file.contents)
        except BaseException:
            self.close()
            raise
        if file.repaired is not None:
            self._notes.append(
                f"{path}: {file.repaired.stat().st_size} bytes after entry {self.head[0]} were no whole entry"
                f" (a write was interrupted before it was acknowledged); they were moved to {file.repaired}"
            )
        del file.contents  # the columns are loaded; the bytes are not needed twice

    @classmethod
    def read(cls, path: Path) -> TrialLedger:
        """Opens to look on, beside a writer or without one; changes nothing.

        Raises:
            Unavailable: there is no ledger.
            Corrupt: as for the class.
        """
        contents = read_contents(path)
        ledger = cls._over(path, contents)
        if contents.torn:
            ledger._notes.append(
                f"{path}: {len(contents.torn)} bytes after entry {contents.head.entry} are no whole entry"
                " (being written right now, or interrupted); they were left out"
            )
        return ledger

    @classmethod
    def _over(cls, path: Path, contents: Contents) -> TrialLedger:
        ledger = cls.__new__(cls)
        ledger._begin(path)
        ledger._load(contents)
        return ledger

    def _begin(self, path: Path) -> None:
        self.path = path
        self._file = None
        self._notes: list[str] = []
        self._head = START
        self._hashes: list[bytes] = []
        self._batches: list[tuple[int, TrialBatch]] = []
        self._known: dict[bytes, Receipt] = {}
        self._readings = Readings()
        self._answers: dict[tuple[str, tuple[str | int, ...]], Looked] = {}

    def _load(self, contents: Contents) -> None:
        for frame in contents.frames:
            try:
                self._take(frame)
                self._hashes.append(frame.head.hash)
            except (msgspec.DecodeError, ValueError) as fault:
                raise Corrupt(
                    f"entry {frame.head.entry} holds neither trials nor looks ({fault})",
                    where=str(self.path),
                    next_step=KEEP,
                ) from fault
        self._head = contents.head

    def _take(self, frame: Frame) -> None:
        if frame.kind == TRIALS:
            self._remember(frame.head, decode_trials(frame.payload), bytes(frame.payload))
        elif frame.kind == LOOKS:
            opening, looks = decode_looks(frame.payload)
            for look in looks:
                self._admit(frame.head.entry, frame.ts, opening, look)
        else:
            raise ValueError(f"kind {frame.kind}")

    @property
    def notes(self) -> tuple[str, ...]:
        """What opening repaired or left out, one sentence each."""
        return tuple(self._notes)

    @property
    def head(self) -> tuple[int, str]:
        """``(entries, hash of the last one)``: quoted in a verdict, it pins everything before."""
        return self._head.entry, self._head.hash.hex()

    def hash_of(self, entry: int) -> str | None:
        """The hash of entry ``entry`` (the first is 1), None where the ledger does not reach it."""
        return self._hashes[entry - 1].hex() if 0 < entry <= len(self._hashes) else None

    def append(self, batch: TrialBatch, now: int) -> Receipt:
        """Records a batch, durable on return with one sync; ``now`` is UTC nanoseconds.

        A batch that stands there already, byte for byte, is a job that was resumed: it is not recorded twice.

        Raises:
            Unavailable: the ledger was opened to read, the disk refuses, or the file was changed by somebody else.
        """
        payload = encode_trials(batch)
        known = self._known.get(_key(payload))
        if known is not None:
            return known._replace(repeated=True)
        head = self._write(TRIALS, now, payload)
        return self._remember(head, batch, payload)

    def _remember(self, head: Head, batch: TrialBatch, payload: bytes) -> Receipt:
        receipt = Receipt(head.entry, head.hash.hex(), repeated=False)
        self._batches.append((head.entry, batch))
        self._known.setdefault(_key(payload), receipt)
        return receipt

    def record_look(self, looks: Sequence[Look], *, opening: str, now: int) -> tuple[Looked, ...]:
        """Records that sealed windows are being read, durable on return: call it before the first bar is read.

        ``opening`` names the one job that reads, for example the hash of its candidates, data and settings. All looks
        of an opening are one read, corrected for their number within the job; the same look of the same opening
        (a resumed job) is not recorded twice and gets the answer it got before. A family that reads any part of
        a window of the same series again in another opening is ``contaminated``, under this name or another one
        (``validation.kinship``: the same bars, and the same family, rule or trades).

        Raises:
            Misconfigured: no look, an opening without a name, or a window that ends before it starts.
            Unavailable: as for ``append``.
        """
        if not looks or not opening or any(look.end <= look.start for look in looks):
            raise Misconfigured("no look, no opening or an empty window", where="record_look", allowed="start < end")
        fresh: dict[tuple[str, str, str, int, int], list[Look]] = {}
        for look in {one.key: one for one in looks}.values():
            if (opening, look.key) not in self._answers:
                window = (look.symbol, look.timeframe, look.data_hash, look.start, look.end)
                fresh.setdefault(window, []).append(look)
        for group in fresh.values():
            head = self._write(LOOKS, now, encode_looks(opening, group))
            for look in group:
                self._admit(head.entry, now, opening, look)
        return tuple(self._answers[opening, look.key] for look in looks)

    def _admit(self, entry: int, ts: int, opening: str, look: Look) -> None:
        reason = self._readings.met(opening, look)
        looked = Looked(entry, ts, opening, look, bool(reason), reason)
        self._answers.setdefault((opening, look.key), looked)
        self._readings.add(looked)

    def _write(self, kind: int, now: int, payload: bytes) -> Head:
        if self._file is None:
            raise Unavailable("the ledger was opened to read", where=str(self.path), next_step="open it to write")
        self._head = self._file.append(kind, now, payload)
        self._hashes.append(self._head.hash)
        return self._head

    def looks_of(self, *, family: str | None = None, symbol: str | None = None) -> tuple[Looked, ...]:
        """Every look, oldest first; of one family or symbol where given."""
        return tuple(
            one
            for one in self._readings.looks
            if family in (None, one.look.family) and symbol in (None, one.look.symbol)
        )  # fmt: skip

    def trials(
        self, *, symbol: str | None = None, timeframe: str | None = None, family: str | None = None
    ) -> TrialColumns:
        """Every trial as columns, oldest first; of one symbol, timeframe or family where given."""
        chosen = [
            (entry, batch)
            for entry, batch in self._batches
            if symbol in (None, batch.symbol) and timeframe in (None, batch.timeframe)
        ]
        families = tuple(sorted({name for _, batch in chosen for name in batch.families}))
        serieses = tuple(sorted({(batch.symbol, batch.timeframe) for _, batch in chosen}))
        columns = _joined(chosen, families, serieses)
        if family is None:
            return columns
        keep = columns.family == (families.index(family) if family in families else len(families))
        return msgspec.structs.replace(
            columns, **{name: getattr(columns, name)[keep] for name in _COLUMNS}
        )  # fmt: skip

    def population(self, *, symbol: str | None = None, timeframe: str | None = None) -> TrialPopulation:
        """What a Sharpe ratio found now is deflated by; see ``TrialPopulation``."""
        columns = self.trials(symbol=symbol, timeframe=timeframe)
        newest = columns.newest()
        sharpe = columns.sharpe[newest]
        known = sharpe[~np.isnan(sharpe)]
        measured = [
            (batch.mean_correlation, len(batch))
            for _, batch in self._batches
            if batch.mean_correlation is not None
            and symbol in (None, batch.symbol)
            and timeframe in (None, batch.timeframe)
        ]
        total = sum(n for _, n in measured)
        return TrialPopulation(
            looks=len(columns),
            distinct=len(sharpe),
            known=len(known),
            sharpe_variance=float(known.var(ddof=1)) if len(known) > 1 else None,
            mean_correlation=sum(rho * n for rho, n in measured) / total if total else None,
            luck_variance=luck_variance(sharpe, columns.days[newest]),
        )

    def verify(self) -> Verified:
        """Reads the whole file again and recomputes every hash.

        Raises:
            Corrupt: an entry is damaged, missing or another than was read at opening; the message names it.
        """
        contents = read_contents(self.path)
        entry = self._head.entry
        if entry and (entry > contents.head.entry or contents.frames[entry - 1].head != self._head):
            raise Corrupt(f"entry {entry} is not what it was", where=str(self.path), next_step=KEEP)
        again = TrialLedger._over(self.path, contents)
        trials = sum(len(batch) for _, batch in again._batches)
        return Verified(again.head[0], trials, len(again._readings.looks), again.head[1])

    def close(self) -> None:
        """Gives the file back; twice is harmless."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> TrialLedger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def hashes_of(path: Path) -> tuple[str, ...]:
    """The hash of every entry, oldest first, without what is in them; beside a writer or without one.

    Raises:
        Unavailable: there is no ledger.
        Corrupt: an entry is damaged, or acknowledged ones are gone.
    """
    return tuple(frame.head.hash.hex() for frame in read_contents(path).frames)


_COLUMNS: Final = ("entry", "family", "series", "spec", "n_trades", "sharpe", "days")


def _joined(
    chosen: Sequence[tuple[int, TrialBatch]], families: tuple[str, ...], serieses: tuple[tuple[str, str], ...]
) -> TrialColumns:
    """The batches under one another, with families and series counted over all of them."""
    place = {name: number for number, name in enumerate(families)}
    row = {name: number for number, name in enumerate(serieses)}
    sizes = [len(batch) for _, batch in chosen]
    batches = [batch for _, batch in chosen]
    kinds = [np.array([place[name] for name in batch.families], dtype=np.uint16)[batch.family] for batch in batches]
    rows = np.array([row[batch.symbol, batch.timeframe] for batch in batches], dtype=np.uint16)
    return TrialColumns(
        families=families,
        serieses=serieses,
        entry=np.repeat(np.array([entry for entry, _ in chosen], dtype=np.int64), sizes),
        family=np.concatenate([np.zeros(0, dtype=np.uint16), *kinds]),
        series=np.repeat(rows, sizes),
        spec=np.concatenate([np.zeros(0, dtype=np.uint64), *(batch.spec for batch in batches)]),
        n_trades=np.concatenate([np.zeros(0, dtype=np.int32), *(batch.n_trades for batch in batches)]),
        sharpe=np.concatenate([np.zeros(0), *(batch.sharpe for batch in batches)]),
        days=np.concatenate([np.zeros(0, dtype=np.int32), *(batch.days for batch in batches)]),
    )


def _key(payload: bytes) -> bytes:
    return sha256(payload).digest()
