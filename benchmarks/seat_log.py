"""What one seed of a simulated market that changes came to, noted while it is lived, and kept in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from benchmarks.changing_market import AFTER, EDGE, LATEST, SAMPLES, TRADES, Kind, School
from tradewind.engine.mode_seat import Seat, Watch
from tradewind.model.decision import Signal
from tradewind.model.mode import ChallengerJudged, Mode, ModeChanged, ModeRules, RetrainAsked, SeatSeen
from tradewind.model.output import Output

RULES: Final = ModeRules(on_loss=False, schedule=0, new_labels=100)
STREAMS: Final = 200
LONGEST: Final = 1_000


class Outcome(msgspec.Struct, frozen=True):
    """What one seed showed; bars and events count from the change on, None where it did not come to that.

    ``foretold`` are the shadow trades that the detectors take for each of ``STREAMS`` streams.
    """

    kind: str
    seed: int
    learned: bool
    traded: bool = False
    stop_bars: int | None = None
    stop_events: int | None = None
    stop_reason: str = ""
    foretold: tuple[int, ...] = ()
    back_bars: int | None = None
    back_begins: int | None = None
    back_ends: int | None = None
    r_after: float | None = None
    events_after: int = 0
    signals_in_learning: int = 0
    quiet_bars: int = 0
    trainings: int = 0
    shadowed: int = 0


class SeatLog:
    """What happened at a seat, as far as it is asked about; ``change`` is the bar at which its market does."""

    def __init__(self, seat: Seat, seed: int) -> None:
        self.change: int | None = None
        self._seat = seat
        self._seed = seed
        self._stands = Mode.LEARNING
        self._traded = False
        self._watch = b""
        self._stop: ModeChanged | None = None
        self._stopped = (0, 0)
        self._back: tuple[int, str] | None = None
        self._changed: list[float] = []
        self._after: list[float] = []
        self._told = 0
        self._quiet = 0
        self._tries = 0

    @property
    def trades(self) -> bool:
        """Whether the seat is in TRADING."""
        return self._stands is Mode.TRADING

    def take(self, outputs: Sequence[Output], number: int) -> list[Output]:
        """Notes outputs; gives those that somebody must answer."""
        if number == self.change and not self._watch:
            self._traded = self._stands is Mode.TRADING
            self._watch = msgspec.msgpack.encode(self._seat.watch)
        for one in outputs:
            if isinstance(one, ModeChanged):
                self._moved(one, number)
            elif isinstance(one, Signal):
                self._told += self._stands is Mode.LEARNING
            elif isinstance(one, SeatSeen) and self.change is not None and number >= self.change:
                self._seen()
        self._tries = max(self._tries, self._seat.tries)
        return [one for one in outputs if isinstance(one, RetrainAsked | ChallengerJudged)]

    def _moved(self, one: ModeChanged, number: int) -> None:
        self._stands = one.after
        if self.change is None or number < self.change:
            return
        if one.after is Mode.LEARNING and self._stop is None:
            self._stop, self._stopped = one, (number - self.change, len(self._changed) + 1)
            self._tries = 0
        elif self._stop is not None and one.after is Mode.TRADING and self._back is None:
            self._back = (number - self.change, one.version)

    def _seen(self) -> None:
        newest = self._seat.champion.events[-1:]
        if self._back is not None:
            self._after += [one.r for one in newest]
        elif self._stop is None or len(self._changed) < LONGEST:
            self._changed += [one.r for one in newest]

    def outcome(self, kind: Kind, school: School) -> Outcome:
        """All of it."""
        if not self._traded or self._stop is None:
            return Outcome(
                kind, self._seed, learned=True, traded=self._traded, signals_in_learning=self._told,
                trainings=school.trainings,
            )  # fmt: skip
        back, change = self._back, self.change or 0
        return Outcome(
            kind,
            self._seed,
            learned=True,
            traded=True,
            stop_bars=self._stopped[0],
            stop_events=self._stopped[1],
            stop_reason=self._stop.reason,
            foretold=foretold(self._watch, self._changed, self._seed),
            back_bars=None if back is None else back[0],
            back_begins=None if back is None else school.begins[back[1]] - change,
            back_ends=None if back is None else school.ends[back[1]] - change,
            r_after=float(np.mean(self._after)) if self._after else None,
            events_after=len(self._after),
            signals_in_learning=self._told,
            quiet_bars=(AFTER[kind] if back is None else back[0]) - self._stopped[0],
            trainings=school.trainings,
            shadowed=self._tries - 1,
        )


def foretold(watch: bytes, results: Sequence[float], seed: int) -> tuple[int, ...]:
    """After how many of independent draws from ``results`` the detectors ``watch`` (as they stood) reach the limit."""
    generator = np.random.default_rng([seed, 13])
    found = []
    for _ in range(STREAMS if results else 0):
        own = msgspec.msgpack.decode(watch, type=Watch)
        number = 0
        while own.score < RULES.drift_score and number < LONGEST:
            own.step(results[int(generator.integers(len(results)))])
            number += 1
        found.append(number)
    return tuple(found)


class Kept:
    """Outcomes in a file, one a line behind the sizes they were made with; those of other sizes do not count."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._size = f"{LATEST}/{TRADES}/{SAMPLES}/{EDGE}/{sorted(AFTER.items())}"

    def read(self) -> dict[tuple[str, int], Outcome]:
        """What is done, by kind and seed; a line that was cut short is not there."""
        if self._path is None or not self._path.exists():
            return {}
        found = {}
        for line in self._path.read_text("utf-8").splitlines(keepends=True):
            size, _, text = line.partition(" | ")
            if size == self._size and line.endswith("\n"):
                one = msgspec.json.decode(text, type=Outcome)
                found[one.kind, one.seed] = one
        return found

    def add(self, one: Outcome) -> None:
        """One more."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{self._size} | {msgspec.json.encode(one).decode()}\n")
