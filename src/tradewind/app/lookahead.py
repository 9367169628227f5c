"""What is examined for look-ahead, and on which bars: strategies by name, functions out of files."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.app.instruments import instrument_for
from tradewind.app.own_strategies import FAULTS, families_of, line_in, run_file
from tradewind.app.recordings import material_for
from tradewind.app.settings.root import AppConfig
from tradewind.app.wiring import members_for
from tradewind.app.workspace import Workspace
from tradewind.engine.aggregate import aggregate
from tradewind.errors import Misconfigured
from tradewind.features.rule import Member, member_of
from tradewind.model.bar import BarColumns
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.research.lookahead_subjects import CodeSubject

SIMULATED_BARS = 4000


class Bars(NamedTuple):
    """The bars of an examination and where they come from; ``warnings`` is what a person should know of them."""

    columns: BarColumns
    timeframe: Timeframe
    source: str
    warnings: tuple[str, ...] = ()


def stored_bars(config: AppConfig, symbol: str, interval: Timeframe | None, start: int | None, end: int | None) -> Bars:
    """Stored candles of ``symbol`` on ``interval``, made from shorter ones if need be; default: what a run decides on.

    Raises:
        Unavailable: nothing suitable is stored, or nothing lies in the range.
    """
    material = material_for(Workspace(config), (symbol,), interval=interval, detail="none", start=start, end=end)
    recording = material.recordings[0]
    columns, timeframe = recording.columns, recording.timeframe
    if interval is not None and timeframe is not interval:
        columns = aggregate(columns, calendar_of(instrument_for(config, symbol).calendar), interval)
        timeframe = interval
    return Bars(columns, timeframe, recording.source, material.warnings)


def simulated_bars(config: AppConfig, symbol: str, interval: Timeframe | None, generator: np.random.Generator) -> Bars:
    """A SIMULATED market of ``symbol``, for code that is examined before there are candles."""
    timeframe = interval or Timeframe.H1
    spec = spec_for(instrument_for(config, symbol), bars=SIMULATED_BARS, timeframe=timeframe)
    return Bars(simulate(spec, generator), timeframe, "SIMULATED")


def members_called(config: AppConfig, names: Sequence[str], timeframe: Timeframe) -> tuple[Member, ...]:
    """Configured members by id, or all members of a family by its name; without names all configured ones.

    Raises:
        Misconfigured: no member and no family is called so.
    """
    configured = members_for(config, (timeframe,))
    if not names:
        return configured
    known, found = families_of(config), {member.id: member for member in configured}
    chosen: dict[str, Member] = {}
    for name in names:
        if name in found:
            chosen[name] = found[name]
        elif name in known:
            family = known[name]
            sets = family.pool or (family.Params(),)
            made = [member_of(family, timeframe, params, version) for version, params in enumerate(sets, start=1)]
            chosen |= {member.id: member for member in made}
        else:
            near = difflib.get_close_matches(name, [*found, *known], n=1)
            raise Misconfigured(
                f"no strategy is called {name!r}",
                allowed=f"a family ({', '.join(known)}) or a member such as {next(iter(found), 'none configured')}",
                next_step=f"did you mean {near[0]!r}?" if near else "use one of these",
            )
    return tuple(chosen.values())


def code_subject(features: Sequence[str], trades: Sequence[str], first: int) -> tuple[CodeSubject, ...]:
    """One subject for every ``FILE.py:NAME`` of a column function or a trade function.

    Raises:
        Misconfigured: the file cannot be run or has no such function; later, that it failed on some bars.
    """
    made = [CodeSubject(_name(text), features=_function(text), first=first) for text in features]
    return (*made, *(CodeSubject(_name(text), trades=_function(text), first=first) for text in trades))


def _name(text: str) -> str:
    return text.rpartition(":")[2]


def _function(text: str) -> Callable[[BarColumns], object]:
    file, _, name = text.rpartition(":")
    path = Path(file)
    if not file or not name:
        raise Misconfigured(f"{text!r} names no function in a file", allowed="FILE.py:NAME, such as features.py:trend")
    if not path.is_file():
        raise Misconfigured(f"there is no file {file}", where=text, allowed="FILE.py:NAME, such as features.py:trend")
    function: Any = getattr(run_file(path.absolute()), name, None)
    if not callable(function):
        raise Misconfigured(f"there is no function {name}", where=file, next_step="write its name as in the file")

    def guarded(bars: BarColumns) -> object:
        try:
            return function(bars)
        except FAULTS as error:
            raise Misconfigured(
                f"{name} failed on {len(bars.close)} bars: {type(error).__name__}: {error}",
                where=f"{file}{line_in(error, path.absolute())}",
                next_step="mend it, or leave the first bars out with --first if it needs more",
            ) from error

    return guarded
