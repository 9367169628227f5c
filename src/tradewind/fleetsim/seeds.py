"""Many seeds on all processors: each is a run of its own, and what is done is kept, so that it goes on another day."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tradewind import __version__
from tradewind.adapters.host_resources import processor_s
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.fleetsim.faults import FaultMix, chosen
from tradewind.fleetsim.simulation import run_simulation
from tradewind.fleetsim.world import TIERS, Tier, plan
from tradewind.ports.executor import Executor

MOST_SEEDS: Final = 10_000


class SeedRun(msgspec.Struct, frozen=True):
    """What one run is: ``faults`` as a person asks for them, ``world`` by the name of its tier."""

    seed: int
    days: float
    world: str
    faults: str


class SeedResult(msgspec.Struct, frozen=True):
    """What came of it. ``build`` names version and configuration; ``cpu_s`` and ``seconds`` are not repeatable."""

    run: SeedRun
    build: str
    violations: tuple[str, ...]
    simulated_days: float
    faults: int
    restarts: int
    faults_by_row: dict[str, int]
    invariants_checked: int
    events: int
    entries: int
    signals: int
    trades: int
    state_hash: str
    seconds: float
    cpu_s: float


def tier_of(world: str) -> Tier:
    """The tier of that name.

    Raises:
        Misconfigured: there is none.
    """
    found = {one.name.replace(" ", "-"): one for one in TIERS}
    if world not in found:
        raise Misconfigured(f"no world is called {world!r}", where="--world", allowed=", ".join(found))
    return found[world]


def seeds_of(text: str) -> tuple[int, ...]:
    """``7``, ``1..50`` or ``1,5,9..12``, in the order written.

    >>> seeds_of("3,7..9")
    (3, 7, 8, 9)

    Raises:
        Misconfigured: the text is none of these, names nothing, one twice or too many.
    """
    found: list[int] = []
    try:
        for part in text.split(","):
            first, dots, last = part.strip().partition("..")
            low, high = int(first), int(last if dots else first)
            if low < 0 or high < low or high - low >= MOST_SEEDS:
                raise ValueError
            found += range(low, high + 1)
    except ValueError:
        found = []
    if not found or len(found) > MOST_SEEDS or len(set(found)) < len(found):
        raise Misconfigured(
            f"seeds {text!r}", where="--seeds", allowed=f"7, 1..50 or 1,5,9..12, each once, at most {MOST_SEEDS:,}"
        )
    return tuple(found)


def build_of(tier: Tier) -> str:
    """What a kept result must be of to count: version and configuration."""
    return f"{__version__} {plan(tier.name).config_hash}"


def run_seed(one: SeedRun) -> SeedResult:
    """Runs one seed to its end, or to the first breach."""
    tier = tier_of(one.world)
    begun = processor_s()
    report = run_simulation(one.seed, days=one.days, mix=chosen(one.faults, FaultMix.over(one.days)), tier=tier)
    return SeedResult(
        run=one,
        build=build_of(tier),
        violations=report.violations,
        simulated_days=report.simulated_days,
        faults=sum(report.faults.values()),
        restarts=report.restarts,
        faults_by_row=report.rows,
        invariants_checked=report.invariants_checked,
        events=report.events,
        entries=report.entries,
        signals=report.signals,
        trades=report.trades,
        state_hash=report.state_hash,
        seconds=report.seconds,
        cpu_s=processor_s() - begun,
    )


def run_seeds(runs: Sequence[SeedRun], executor: Executor, kept: Kept | None) -> Iterator[SeedResult]:
    """Every result in the order of ``runs``, those that are kept first; a new one is kept before it is given."""
    known = {} if kept is None else kept.results()
    yield from [known[one] for one in runs if one in known]
    for result in executor.map_chunks(run_seed, [one for one in runs if one not in known]):
        if kept is not None:
            kept.add(result)
        yield result


class Kept:
    """A file with one JSON line a result. A result of another build is not counted; a torn last line is cut off."""

    def __init__(self, path: Path, build: str) -> None:
        self.path = path
        self._build = build

    def results(self) -> dict[SeedRun, SeedResult]:
        """What is there of this build.

        Raises:
            Corrupt: a line is no result.
        """
        try:
            lines = self.path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return {}
        except OSError as fault:
            raise self._refused(fault) from fault
        if lines and not lines[-1].endswith(b"\n"):
            os.truncate(self.path, sum(map(len, lines[:-1])))
            lines.pop()
        found = {}
        for number, line in enumerate(lines, 1):
            try:
                one = msgspec.json.decode(line, type=SeedResult)
            except msgspec.DecodeError as fault:
                raise Corrupt(
                    f"line {number} is no result of a seed ({fault})",
                    where=str(self.path),
                    next_step="name another file, or take the line out",
                ) from fault
            if one.build == self._build:
                found[one.run] = one
        return found

    def add(self, result: SeedResult) -> None:
        """Appends a result; it is on disk when this returns."""
        try:
            with self.path.open("ab") as file:
                file.write(msgspec.json.encode(result) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as fault:
            raise self._refused(fault) from fault

    def _refused(self, fault: OSError) -> Unavailable:
        return Unavailable(
            f"the results cannot be kept ({fault.strerror})",
            where=str(self.path),
            next_step="name a file in a folder this user may write to with --keep",
        )
