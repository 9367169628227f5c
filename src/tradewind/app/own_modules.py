"""Strategy files of the user as modules of other processes, which may not have the folder they came from.

Imports little: it runs in a worker before anything that starts threads is loaded.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from importlib.abc import SourceLoader
from pathlib import Path
from typing import Final, NamedTuple

PREFIX: Final = "tradewind_own_"
_ran: dict[str, bytes] = {}


class OwnFile(NamedTuple):
    """A file that has been run here, as it was."""

    path: str
    source: bytes


class Sent(SourceLoader):
    """Loads the bytes it is given instead of what lies, or does not lie, at the path.

    Nothing compiled is read or kept: it would be told from older code by the second of the change and the size alone.
    """

    def __init__(self, file: OwnFile) -> None:
        self._file = file

    def get_filename(self, _fullname: str) -> str:
        """Where the file lies, or lay."""
        return self._file.path

    def get_data(self, path: str | bytes) -> bytes:
        """The bytes; OSError for every other path, such as one of compiled code."""
        if path != self._file.path:  # compiled code of another run of another file
            raise OSError(path)
        return self._file.source


def module_name(path: Path) -> str:
    """What the module of a strategy file is called."""
    return f"{PREFIX}{path.stem}"


def place_of(error: BaseException) -> str:
    """``my_breakout.py, line 7``: the innermost place in a strategy file that an error went through, "" for none."""
    found, trace = "", error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if str(frame.f_globals.get("__name__", "")).startswith(PREFIX):
            found = f"{frame.f_code.co_filename}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return found


def own_files(folder: Path) -> tuple[OwnFile, ...]:
    """The strategy files of a folder; those that begin with an underscore are left alone."""
    names = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    return tuple(OwnFile(str(path.absolute()), path.read_bytes()) for path in names)


def run_sent(files: Iterable[OwnFile]) -> None:
    """Makes the modules of ``files``, so that parameters of their families can be read; again where one has changed."""
    for file in files:
        name = module_name(Path(file.path))
        if _ran.get(name) == file.source:
            continue
        spec = importlib.util.spec_from_loader(name, Sent(file))
        assert spec is not None, file.path
        assert spec.loader is not None, file.path
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        _ran[name] = file.source
