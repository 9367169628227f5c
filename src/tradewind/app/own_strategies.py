"""Strategy families of the user: Python files in a folder of the project, beside those that come with Tradewind.

Every ``*.py`` of the folder whose name does not begin with an underscore is run once and must offer ``STRATEGY``, as
the files of ``tradewind/strategies`` do. A file that cannot be used stops the start: a strategy that silently went
missing would change the decisions of all the others.
"""

from __future__ import annotations

import difflib
import functools
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final, get_args

from tradewind import strategies
from tradewind.app.own_modules import OwnFile, Sent, module_name
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.trading import StrategySettings
from tradewind.errors import Misconfigured
from tradewind.features.rule import Family, Kind, StrategyParams, member_of
from tradewind.features.rule_member import limits_of
from tradewind.features.rule_space import exit_ranges, faults_of_ranges
from tradewind.model.timeframe import Timeframe

GUIDE: Final = "docs/strategies.md shows a whole file"
DEFAULT_FOLDER: Final = StrategySettings().folder
_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9]*(_[A-Z0-9][A-Za-z0-9]*)*")
FAULTS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What running somebody's file can end in, short of errors of the interpreter itself."""


def families_of(config: AppConfig) -> dict[str, Family[Any]]:
    """Every family by name: those of the installation, then those in ``strategies.folder`` by file name.

    Raises:
        Misconfigured: a file cannot be used; the message names file and line.
    """
    name = config.strategies.folder
    if not name:
        return strategies.families()
    folder = Path(name)
    if not folder.is_dir():
        if name == DEFAULT_FOLDER:
            return strategies.families()
        raise Misconfigured(
            f"there is no folder {name}", where="strategies.folder", next_step="create it, or set it to an empty text"
        )
    return strategies.families() | own_families(folder)


def family_called(name: str, known: Iterable[str]) -> str:
    """The one of ``known`` that ``name`` says, whatever its capitals.

    Raises:
        Misconfigured: none is called so, or two are and neither is written like that; the nearest name is said.
    """
    names = sorted(known, key=str.lower)
    folded = {one.lower(): one for one in names}
    alike = [one for one in names if one.lower() == name.lower()]
    if name in names or len(alike) == 1:
        return name if name in names else alike[0]
    near = difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=0.4)
    raise Misconfigured(
        f"no strategy family is called {name!r}",
        where="--family",
        allowed=", ".join(names),
        next_step=f"use {folded[near[0]]}, if that was meant" if near else "use one of these",
    )


def own_families(folder: Path) -> dict[str, Family[Any]]:
    """The families in the files of ``folder``, sorted by file name.

    Raises:
        Misconfigured: a file cannot be run, offers no usable ``STRATEGY``, or a name is taken.
    """
    taken = dict.fromkeys(strategies.families(), "a family of the installation")
    found: dict[str, Family[Any]] = {}
    for path in sorted(folder.glob("*.py")):
        if path.name.startswith("_"):
            continue
        family = family_in(path)
        if family.name in taken:
            raise Misconfigured(
                f"the name {family.name} is taken by {taken[family.name]}",
                where=str(path),
                allowed="names of their own, since members and trials are called by them",
                next_step="rename the family",
            )
        taken[family.name] = str(path)
        found[family.name] = family
    return found


def family_in(path: Path) -> Family[Any]:
    """The family a file offers, run again only when the file has changed.

    Raises:
        Misconfigured: the file cannot be read or run, or its ``STRATEGY`` is none.
    """
    return _family(path.absolute(), _read(path))


@functools.lru_cache(maxsize=256)
def _family(path: Path, source: bytes) -> Family[Any]:
    family = getattr(run_file(path, source), "STRATEGY", None)
    if not isinstance(family, Family):
        raise Misconfigured(
            "it offers no STRATEGY" if family is None else f"its STRATEGY is a {type(family).__name__}",
            where=str(path),
            allowed="STRATEGY = Family(...) at the end of the file; files that begin with _ are left alone",
            next_step=GUIDE,
        )
    for fault in _faults(family):
        raise Misconfigured(fault, where=f"{path}, STRATEGY", next_step=GUIDE)
    return family


def run_file(path: Path, source: bytes | None = None) -> ModuleType:
    """Runs the file as a module of its own, which stays importable so that its parameters can travel to workers.

    ``source`` are its bytes where they were read already; what is run is what was read.
    """
    name = module_name(path)
    spec = importlib.util.spec_from_loader(
        name, Sent(OwnFile(str(path), path.read_bytes() if source is None else source))
    )
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (*FAULTS, Misconfigured, SystemExit) as error:
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        raise Misconfigured(
            f"{type(error).__name__}: {getattr(error, 'msg', '') or error}",
            where=f"{path}{line_in(error, path)}",
            next_step="mend the file, or begin its name with _ to leave it out",
        ) from error
    return module


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"cannot be read: {error.strerror}", where=str(path)) from error


def line_in(error: BaseException, path: Path) -> str:
    """``, line 7``: where in the file it happened, the innermost such place."""
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f", line {lines[-1]}" if lines else ""


def _faults(family: Family[Any]) -> Iterator[str]:
    """What keeps a family from being used, the first thing first."""
    if not _NAME.fullmatch(family.name):
        yield f"the name {family.name!r} cannot begin the name of a member; such as My_Breakout can"
    if family.kind not in get_args(Kind):
        yield f"the kind {family.kind!r} is none of {', '.join(get_args(Kind))}"
    if not (isinstance(family.Params, type) and issubclass(family.Params, StrategyParams)):
        yield "Params is no subclass of StrategyParams"
        return
    try:
        exit_ranges(family.ways_out)
        for version, params in enumerate((family.Params(), *family.pool), start=1):
            member_of(family, Timeframe.H1, params, version)
    except (*FAULTS, Misconfigured) as error:
        yield f"{type(error).__name__}: {error}"
        return
    if family.space:
        yield from faults_of_ranges(family.space, limits_of(family.Params))
