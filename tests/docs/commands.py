"""Prints docs/commands.md from the verbs themselves: every command, argument and option with its help."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from typer import Context
from typer.main import get_command

from tradewind.cli.verbs import ALIASES, Verb, verbs

HEAD = """# Commands

Written by `make commands` from the commands themselves; a test compares it with them.

Every command takes `--json` (one JSON document on stdout and nothing else), `--config FILE` (`-c`) and `--debug`
(the stack trace of an error). Tables and text go to stdout, progress and errors to stderr. `NO_COLOR` and `COLUMNS` are
honoured. `tw` is short for `tradewind`.

| exit | meaning |
|---|---|
| 0 | done |
| 1 | internal error, or stored bytes that are not what they must be |
| 2 | wrong usage, configuration or input file; nothing was changed |
| 3 | a needed thing is not running, not reachable or not there (a name that no strategy, job or family has is 2) |
| 4 | a negative verdict: gate failed, insufficient evidence, no edge |
| 5 | a wait that had a limit reached it |
| 130 | interrupted by Ctrl+C before it was done (a running `run` stops in order and exits 0) |

Times are written `20240101-20240601` (`--timerange`, the end exclusive), pairs `EUR/USD`, `EURUSD` or `BTC-USD`, bar
lengths `1m 5m 15m 30m 1h 4h 1d`.
"""
SHARED = {"--json", "--debug", "--config", "--help"}


def page() -> str:
    """The text of docs/commands.md for the verbs as they are."""
    parts = [HEAD]
    heading = ""
    for row in verbs():
        if row.heading != heading:
            heading = row.heading
            parts.append(f"\n## {heading}\n")
        parts.append(section(row))
    trees = {row.name: loaded(row) for row in verbs()}
    known = {alias: target for alias, target in ALIASES.items() if stands(target, trees)}
    if known:
        parts.append("\n## Names from other tools\n\nUnderstood, and not listed by `--help`:\n\n")
        parts += [f"- `{alias}` is `tradewind {' '.join(target)}`\n" for alias, target in known.items()]
    return "".join(parts)


def section(row: Verb) -> str:
    """One verb, or a group and its verbs."""
    command = loaded(row)
    inner = verbs_of(command)
    text = f"\n### `tradewind {row.name}`\n\n{row.help}\n"
    if not inner:
        return text + usage(command, f"tradewind {row.name}")
    return text + "".join(
        f"\n#### `tradewind {row.name} {name}`\n\n{first(one.help)}\n" + usage(one, f"tradewind {row.name} {name}")
        for name, one in inner.items()
        if not one.hidden
    )


def stands(target: tuple[str, ...], trees: dict[str, Any]) -> bool:
    """Whether the verb behind an alias is part of this installation."""
    command = trees.get(target[0])
    return command is not None and (len(target) == 1 or target[1] in verbs_of(command))


def verbs_of(command: Any) -> dict[str, Any]:
    """The verbs of a group by name; empty for a single verb."""
    if not hasattr(command, "list_commands"):
        return {}
    context = Context(command)
    return {name: command.get_command(context, name) for name in command.list_commands(context)}


def loaded(row: Verb) -> Any:
    """The verb's command tree."""
    return get_command(importlib.import_module(row.module_name).app)


def usage(command: Any, path: str) -> str:
    """The call in one line, then a row per argument and option."""
    words, rows = [path], []
    for parameter in command.params:
        names = [name for name in parameter.opts if name.startswith("-")]
        if SHARED & set(names) or getattr(parameter, "hidden", False):
            continue
        if not names:
            name = parameter.name.upper() + ("..." if parameter.nargs == -1 else "")
            words.append(name if parameter.required else f"[{name}]")
            rows.append(f"| `{name}` | {first(parameter.help)} |")
        else:
            rows.append(f"| {', '.join(f'`{name}`' for name in names)} | {first(parameter.help)}{default(parameter)} |")
    if any(row.startswith("| `-") for row in rows):
        words.append("[OPTIONS]")
    table = "\n| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    return f"\n```sh\n{' '.join(words)}\n```\n{table}"


def first(text: str | None) -> str:
    """The first paragraph on one line."""
    return " ".join((text or "").split("\n\n")[0].split())


def default(parameter: Any) -> str:
    """The default where a person would want to know it."""
    value = parameter.default
    shown = isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
    return f" Default: {value}." if shown else ""


if __name__ == "__main__":
    sys.stdout.write(page())
