"""The entry point: finds the verb, runs it, and turns every outcome into an exit code.

This is the outermost frame of the process. What gets here is shown to a person as one message without a stack trace
(``--debug`` shows it) or to a program as one JSON document; see ``cli/contract.py`` for the exit codes.
"""

from __future__ import annotations

import atexit
import errno
import gc
import importlib
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from tradewind import __version__
from tradewind.app.environment import collect_seldom, refuse_validation_plugins
from tradewind.app.own_modules import place_of
from tradewind.app.settings.redaction import redacted
from tradewind.cli.contract import DONE, INTERNAL, INTERRUPTED, UNAVAILABLE, USAGE, ReaderGone, write_json
from tradewind.cli.verbs import ALIASES, Verb, verbs
from tradewind.errors import TradewindError

PROGRAM = "tradewind"
AGAIN_S = 0.01
"""Seconds after which a Ctrl+C that was lost is raised again: the destructor has ended."""


def main(arguments: Sequence[str] | None = None, table: Sequence[Verb] | None = None) -> int:
    """Runs the verb that was typed and returns the exit code; never raises."""
    if arguments is None:
        collect_seldom()
        atexit.register(gc.freeze)
        sys.unraisablehook = _told_again
    refuse_validation_plugins()
    table = verbs() if table is None else table
    words = _expanded(list(sys.argv[1:] if arguments is None else arguments), table)
    if words == ["--version"]:
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        return DONE
    nan = any(word.lower().rpartition("=")[2] == "nan" for word in words)
    boundary = Boundary(as_json="--json" in words, debug="--debug" in words, nan=nan)
    with boundary:
        code = _program(words, table).main(args=words, prog_name=PROGRAM, standalone_mode=False)
        if code == INTERRUPTED:  # Typer swallows the interrupt and returns this
            raise KeyboardInterrupt
        boundary.exit_code = code if isinstance(code, int) else DONE
    return boundary.exit_code


def _told_again(unraisable: sys.UnraisableHookArgs) -> None:
    """A Ctrl+C that falls into a destructor can only be printed there: it is raised again a moment later.

    Python would print a trace and go on as if nobody had typed anything.
    """
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
        return
    # A signal, not ``_thread.interrupt_main``: that would not wake a main thread that waits for something.
    again = threading.Timer(AGAIN_S, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    again.daemon = True
    again.start()


def _expanded(words: list[str], table: Sequence[Verb]) -> list[str]:
    """Aliases replaced by the verb they stand for; ``help VERB`` by ``VERB --help``."""
    if not words:
        return ["--help"]
    if words[0] == "help":
        return [*words[1:], "--help"]
    target = ALIASES.get(words[0])
    if target and target[0] in {row.name for row in table}:
        return [*target, *words[1:]]
    return words


def _program(words: Sequence[str], table: Sequence[Verb]) -> TyperGroup:
    """The command tree: the typed verb is real, all others are names with a line of help."""
    typed = next((word for word in words if not word.startswith("-")), "")
    commands = [_loaded(row) if row.name == typed else _listed(row) for row in table]
    return TyperGroup(
        name=PROGRAM,
        help="Trading signals that had to be proven first. `tradewind VERB --help` explains a verb.",
        commands=commands,
        no_args_is_help=True,
    )


def _listed(row: Verb) -> TyperCommand:
    return TyperCommand(row.name, help=row.help, rich_help_panel=row.heading)


def _loaded(row: Verb) -> Any:
    module = importlib.import_module(row.module_name)
    command = get_command(module.app)
    command.name = row.name
    return command


def _unread(code: int) -> tuple[int, str]:
    """The reader of stdout went away; a second complaint at shutdown is avoided."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code, ""


class Boundary:
    """Turns whatever leaves the verb into an exit code and one message; nothing passes it."""

    def __init__(self, *, as_json: bool, debug: bool, nan: bool = False) -> None:
        self.as_json = as_json
        self.debug = debug
        self.nan = nan
        self.exit_code = DONE

    def __enter__(self) -> Boundary:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: TracebackType | None) -> bool:
        if error is None:
            return True
        if self.debug:
            sys.stderr.write(redacted("".join(traceback.format_exception(error))))
        self.exit_code, detail = self._judge(error)
        if detail:
            self._tell(error, redacted(detail))
        return True

    def _judge(self, error: BaseException) -> tuple[int, str]:
        """Exit code and message of an error; an empty message says there is nothing to tell."""
        match error:
            case SystemExit(__context__=OSError(errno=errno.EPIPE)):  # Typer's own answer to it, at --help
                return _unread(DONE)
            case SystemExit():
                place = place_of(error)
                if place:
                    return USAGE, f"{place}: it ended the program (SystemExit: {error.code}). Next: take the exit out"
                return (error.code if isinstance(error.code, int) else USAGE), ""
            case KeyboardInterrupt() | typer.Abort():
                return INTERRUPTED, "interrupted by Ctrl+C"
            case TradewindError():
                return error.exit_code, str(error)
            case typer.TyperException():
                return error.exit_code, _usage(error, nan=self.nan)
            case ReaderGone():
                return _unread(error.exit_code)
            case OSError() if error.errno == errno.EPIPE:
                return _unread(DONE)
            case OSError():
                return UNAVAILABLE, _system(error)
            case _:
                return INTERNAL, self._unexpected(error)

    def _tell(self, error: BaseException, detail: str) -> None:
        if self.as_json:
            write_json({"error": _document(error, detail, self.exit_code)})
            return
        listed = isinstance(error, TradewindError) and error.faults
        sys.stderr.write(f"{detail}\n" if listed else f"error: {detail}\n")

    def _unexpected(self, error: BaseException) -> str:
        """Short text for a person; the trace goes to a private file that the text names."""
        said = str(error).splitlines()
        short = f"internal error: {type(error).__name__}" + (f": {said[0][:200]}" if said else "")
        if self.debug:
            return short
        import tempfile

        handle, path = tempfile.mkstemp(prefix="tradewind-error-", suffix=".txt")
        with os.fdopen(handle, "w") as file:
            file.write(redacted("".join(traceback.format_exception(error))))
        return f"{short}. The details are in {path}; --debug shows them here."


def _usage(error: typer.TyperException, *, nan: bool) -> str:
    """What was typed wrongly. Nothing is less or greater than ``nan``, so a limit is no answer to it."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return (
            f"what should be done? `{context.command_path} --help` lists the verbs" if context else "no verb was typed"
        )
    said = error.format_message().rstrip().rstrip(".?")
    said = re.sub(r"Input should be .*", "nan is no number", said) if nan else said
    return f"{said}. `{context.command_path} --help` shows what is possible." if context is not None else f"{said}."


def _system(error: OSError) -> str:
    place = f" {error.filename}:" if error.filename else ""
    reason = error.strerror or str(error) or type(error).__name__
    advice = " Free some space, then run the same command again." if error.errno == errno.ENOSPC else ""
    return f"the system refused:{place} {reason}.{advice}"


def _document(error: BaseException, detail: str, exit_code: int) -> dict[str, object]:
    document: dict[str, object] = {"type": type(error).__name__, "message": detail, "exit_code": exit_code}
    if isinstance(error, TradewindError):
        parts = {"found": error.found, "where": error.where, "allowed": error.allowed, "next_step": error.next_step}
        document |= {name: redacted(text) for name, text in parts.items() if text}
        if error.faults:
            document["faults"] = [redacted(fault) for fault in error.faults]
    return document
