"""The contract every verb keeps, so that a script and a person can rely on all of them alike.

A module ``cli/NAME.py`` holds one verb or one group of verbs and offers ``app``, a ``typer.Typer``::

    app = single()                                   # one verb: tradewind NAME
    app = group("Candles: fetch, import, verify.")   # a group: tradewind NAME fetch

    @app.command()
    @verb
    def fetch(symbol: SymbolOption, config: Path | None) -> Report:
        '''Fetches history into the candle store.'''
        ...
        return Report({"bars": n}, human=table("Fetched", ["symbol", "bars"], rows))

``@verb`` adds ``--json``, ``--debug`` and ``--config FILE``. A function that declares a parameter called ``config`` is
given the path (None when not typed); the other two are the contract's business alone. The module is listed in
``cli/verbs.py`` and imported only when its verb is typed, so module-level imports may be as heavy as the verb itself.

====  ==========================================================================================
exit  meaning
====  ==========================================================================================
0     done
1     internal error, or stored bytes that are not what they must be
2     wrong usage, configuration or input file; nothing was changed
3     a needed thing is not running, not reachable or not there
4     a negative verdict: gate failed, insufficient evidence, no edge, NO-GO
5     a wait that had a limit reached it
130   interrupted by Ctrl+C before the verb was done (a running ``run`` stops in order and exits 0)
====  ==========================================================================================

With ``--json`` one JSON document and nothing else is written to stdout, errors included:
``{"error": {"type", "message", "exit_code", ...}}``. Everything else, progress too, goes to stderr.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol, get_type_hints

import msgspec
import typer
from rich.console import Console, Group, RenderableType
from typer.core import TyperGroup
from typer.main import get_command

from tradewind.cli import interrupts
from tradewind.cli.tables import FittedTable
from tradewind.errors import Misconfigured

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

DONE, INTERNAL, USAGE, UNAVAILABLE, NEGATIVE, TIMED_OUT = 0, 1, 2, 3, 4, 5
INTERRUPTED = interrupts.INTERRUPTED
WIDTH_WITHOUT_TERMINAL = 140  # wide enough that piped tables are not folded; COLUMNS overrides it


class Report(NamedTuple):
    """What a verb has to say: ``document`` for programs, ``human`` for people, ``exit_code`` for shells.

    ``document`` is anything msgspec encodes (structs, mappings, numpy scalars and arrays; NaN becomes null). ``human``
    is plain text, a Rich renderable or a sequence of them; None prints nothing.
    """

    document: Any
    human: str | RenderableType | Sequence[str | RenderableType] | None = None
    exit_code: int = DONE


def single() -> typer.Typer:
    """An app of exactly one verb."""
    return typer.Typer(add_completion=False, rich_markup_mode=None)


def group(help_text: str) -> typer.Typer:
    """An app of several verbs under one name; stays a group even while it holds a single verb."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, help=help_text, rich_markup_mode=None)

    @app.callback()
    def _group() -> None:
        """Keeps Typer from flattening a group of one."""

    return app


def parted(help_text: str, parts: Mapping[str, str]) -> typer.Typer:
    """A group whose verbs lie in several modules, ``name -> module``; only the module of the typed one is imported."""

    class Parts(TyperGroup):
        """Finds a verb in its module when it is asked for."""

        def list_commands(self, ctx: Any) -> list[str]:
            """The names, in the order given."""
            return list(parts)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """The verb of a name, None where there is none."""
            if cmd_name not in parts:
                return None
            whole = get_command(importlib.import_module(parts[cmd_name]).app)
            return whole.commands[cmd_name] if isinstance(whole, TyperGroup) else whole

    app = typer.Typer(cls=Parts, add_completion=False, no_args_is_help=True, help=help_text, rich_markup_mode=None)

    @app.callback()
    def _group() -> None:
        """Makes it a group."""

    return app


def warn(lines: Iterable[str]) -> None:
    """What a person should know beside the result; on stderr, so that stdout stays the result's."""
    for line in lines:
        sys.stderr.write(f"WARNING: {line}\n")


class ReaderGone(Exception):
    """Whoever read stdout went away (``tradewind ... | head``); ``exit_code`` is what the verb ends with.

    The error of the system would end the process with 1 before the contract's own frame sees it: Typer takes it.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__("nobody reads the answer")
        self.exit_code = exit_code


def tell(line: str) -> None:
    """A line of the result while the verb still works, at once; with ``--json`` on stderr, as all but the document.

    Raises:
        ReaderGone: nobody reads it, so that the verb ends as if it had been interrupted.
    """
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError as fault:
        raise ReaderGone(INTERRUPTED) from fault


def verb(function: Callable[..., Report]) -> Callable[..., None]:
    """Turns a function that returns a ``Report`` into a command that keeps the contract."""
    own = inspect.signature(function)
    hints = get_type_hints(function, include_extras=True)
    takes_config = "config" in own.parameters

    @functools.wraps(function)
    def command(**options: Any) -> None:
        interrupts.begins()
        _require_words(options.pop("context"), options)
        _require_file(options.get("store"))
        as_json = options.pop("json_output")
        options.pop("debug")
        if not takes_config:
            options.pop("config")
        # A chatty library must not break the promise of one document: stdout is stderr while the verb works.
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            report = function(**options)
        try:
            if as_json:
                write_json(report.document)
            else:
                write_human(report.human)
        except BrokenPipeError as fault:
            raise ReaderGone(report.exit_code) from fault
        raise typer.Exit(report.exit_code)

    parameters = [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in own.parameters.items()
        if name != "config"
    ]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (default, annotation) in _SHARED_OPTIONS.items()
    ]
    shared.append(inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context))
    signature = inspect.Signature([*parameters, *shared], return_annotation=None)
    vars(command).pop("__wrapped__")  # Typer must read the widened signature, not the original's
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in signature.parameters.values()}
    command.__signature__ = signature  # type: ignore[attr-defined]
    return command


def _require_words(context: typer.Context, options: Mapping[str, Any]) -> None:
    """Raises ``Misconfigured`` where an option was typed and says nothing, which must not mean that it was not typed.

    An empty shell variable is enough for that; nothing has been opened yet.
    """
    for parameter in context.command.params:
        name = parameter.name or ""
        value = options.get(name)
        words = value if isinstance(value, list | tuple) else [value]
        source = context.get_parameter_source(name)
        typed = source is not None and source.name == "COMMANDLINE"
        if typed and any(isinstance(one, str) and not one.strip() for one in words):
            raise Misconfigured(
                "an empty text names nothing", where=parameter.opts[0], allowed="a name, or leave it out"
            )


def _require_file(store: object) -> None:
    """Raises ``Misconfigured`` where ``--store`` names no file: marks and lock lie beside one.

    A server is named where its password is not seen by everybody who lists the processes of the machine.
    """
    if not isinstance(store, Path):
        return
    scheme = store.parts[0] if store.parts else ""
    if scheme.endswith(":") and not Path(scheme).is_dir():
        raise Misconfigured(
            f"{scheme}// is an address",
            where="--store",
            allowed="the file of a store",
            next_step="name the file without it, or the server in DB_URL (environment, .env) or database.url",
        )
    if store.is_dir():
        raise Misconfigured(
            f"{store} is a folder", where="--store", allowed="the file of a store", next_step="name FILE.db in it"
        )


_SHARED_OPTIONS: dict[str, tuple[Any, Any]] = {
    "config": (None, Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file to use.")]),
    "json_output": (False, Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]),
    "debug": (False, Annotated[bool, typer.Option("--debug", help="Show the stack trace of an error.")]),
}


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, note: str = "") -> RenderableType:
    """A table that fits its screen; numbers are right-aligned, None is shown as a dash, ``note`` stands below."""
    rows = [tuple(row) for row in rows]
    right = []
    for index in range(len(columns)):
        cells = [row[index] for row in rows if row[index] is not None]
        numeric = bool(cells) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)
        right.append(numeric)
    text = [["-" if cell is None else _cell(cell) for cell in row] for row in rows]
    drawn = FittedTable(title, columns, text, right)
    return Group(drawn, note) if note else drawn


def write_json(document: object) -> None:
    """One indented JSON document and a line end on stdout."""
    text = msgspec.json.format(msgspec.json.encode(document, enc_hook=_plain), indent=2)
    sys.stdout.write(text.decode() + "\n")
    sys.stdout.flush()


def write_human(human: str | RenderableType | Sequence[str | RenderableType] | None) -> None:
    """Text as it is, renderables through Rich, on stdout; NO_COLOR and COLUMNS are honoured."""
    if human is None:
        return
    parts = [human] if isinstance(human, str) or not isinstance(human, Sequence) else human
    console: Console | None = None
    for part in parts:
        if isinstance(part, str):
            sys.stdout.write(part if part.endswith("\n") else part + "\n")
        else:
            console = console or _Console(file=sys.stdout, width=_width(sys.stdout.isatty()), highlight=False)
            console.print(part)
    sys.stdout.flush()


class _Console(Console):
    """A reader that went away is for the outermost frame to judge; Rich would end the process with 1."""

    def on_broken_pipe(self) -> None:
        """Raises what was caught."""
        raise  # Rich calls this while it handles the error


class Advance(Protocol):
    """Moves a progress bar on by ``steps``."""

    def __call__(self, steps: float = 1) -> None:
        """Moves the bar."""
        ...


class Bar(Advance, Protocol):
    """A progress bar, which can say what is being done by now."""

    def named(self, description: str) -> None:
        """Puts other words before the bar."""
        ...


@contextlib.contextmanager
def progress(description: str, total: float | None) -> Iterator[Bar]:
    """A bar on stderr for work over two seconds; silent when stderr is not a terminal.

    ``with progress("Reading", total=12) as advance: ... advance()``. ``total`` None draws an endless bar.
    """
    if not sys.stderr.isatty():
        yield _NoBar()
        return
    from rich.progress import Progress  # 30 ms, so loaded only when there is a terminal to draw on

    # Rich would send what is printed meanwhile to its own console: right on a terminal, lost to a file behind `>`.
    shared = sys.stdout.isatty()
    with Progress(console=Console(file=sys.stderr), transient=True, redirect_stdout=shared) as bar:
        task = bar.add_task(description, total=total)
        yield _DrawnBar(bar, task)


class _NoBar:
    """The bar of a stream nobody watches."""

    def __call__(self, steps: float = 1) -> None:
        """Nothing moves."""

    def named(self, description: str) -> None:
        """Nothing is shown."""


class _DrawnBar:
    """A task of Rich."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, steps: float = 1) -> None:
        self._bar.advance(self._task, steps)

    def named(self, description: str) -> None:
        self._bar.update(self._task, description=description)


def _width(terminal: bool) -> int | None:
    return None if terminal else shutil.get_terminal_size((WIDTH_WITHOUT_TERMINAL, 50)).columns


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _plain(value: object) -> object:
    """Numpy scalars and arrays, paths and enums as JSON; mappings that are no dict as dict."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
