"""What a research job does, and the name that follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

from tradewind.app.validation.series import Series
from tradewind.features.rule import Family, Member, spec_hash
from tradewind.features.rule_space import preset_for
from tradewind.model.instrument import Instrument
from tradewind.model.timeframe import Timeframe
from tradewind.research.batch_search import Terms
from tradewind.research.generator import generate
from tradewind.validation.gates_rows import Limits
from tradewind.validation.windows import WindowRules

ID_DIGITS = 12


class SeriesRequest(msgspec.Struct, frozen=True):
    """The bars of one symbol, and the hash over the strategies drawn for it."""

    instrument: Instrument
    data_hash: str
    strategies: str


class JobRequest(msgspec.Struct, frozen=True, kw_only=True):
    """All that the result of a job depends on."""

    timeframe: Timeframe
    count: int
    seed: int
    families: tuple[str, ...]
    profile: str
    limits: Limits
    rules: WindowRules
    serieses: tuple[SeriesRequest, ...]

    @property
    def id(self) -> str:
        """The job's name: sha256 over everything above, so that the same command is the same job."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:ID_DIGITS]

    @property
    def opening(self) -> str:
        """Names its one reading of the sealed windows; a resumed job is the same reading."""
        return f"research {self.id}"


def drawn_for(
    instrument: Instrument, families: Iterable[Family[Any]], count: int, seed: int, timeframe: Timeframe
) -> tuple[Member, ...]:
    """The strategies a symbol is searched with, stops in the range of its asset class.

    Each symbol has a stream of its own: another symbol beside it changes nothing.
    """
    name = int.from_bytes(hashlib.sha256(f"{instrument.symbol} {timeframe}".encode()).digest()[:8])
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(name,)))
    return generate(families, count, generator, timeframe, preset=preset_for(instrument.asset_class))


def request_of(
    drawn: Sequence[tuple[Series, tuple[Member, ...]]], families: Iterable[str], count: int, terms: Terms
) -> JobRequest:
    """The request of a job over these series and strategies."""
    return JobRequest(
        timeframe=drawn[0][0].timeframe,
        count=count,
        seed=terms.seed,
        families=tuple(sorted(families)),
        profile=terms.deciding.name,
        limits=terms.limits,
        rules=terms.rules,
        serieses=tuple(
            SeriesRequest(series.instrument, series.data_hash, _hash_of(members)) for series, members in drawn
        ),
    )


def changed(before: JobRequest, now: JobRequest) -> tuple[str, ...]:
    """What makes two jobs of the same typed words different ones, in words; ``()`` where the words were others too."""
    symbols = [tuple(one.instrument.symbol for one in job.serieses) for job in (before, now)]
    typed = [(job.timeframe, job.count, job.seed, job.families, job.profile) for job in (before, now)]
    if symbols[0] != symbols[1] or typed[0] != typed[1]:
        return ()
    said = []
    for old, new in zip(before.serieses, now.serieses, strict=True):
        symbol = new.instrument.symbol
        if old.data_hash != new.data_hash:
            said.append(f"the bars of {symbol}")
        if old.instrument != new.instrument:
            said.append(f"the costs or details of {symbol}")
        if old.strategies != new.strategies:
            said.append(f"what is drawn for {symbol} (the code or the ranges of a family)")
    if (before.limits, before.rules) != (now.limits, now.rules):
        said.append("the limits of the gates")
    return tuple(said)


def _hash_of(members: Sequence[Member]) -> str:
    return hashlib.sha256("".join(map(spec_hash, members)).encode()).hexdigest()[:16]
