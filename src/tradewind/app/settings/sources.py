"""Reads what people wrote: the file, ``.env`` files, environment variables. Says where each value came from."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_origin

import yaml

from tradewind.app.settings.key import Setting
from tradewind.app.settings.units import Reading, quantity
from tradewind.errors import Misconfigured

PREFIX = "TRADEWIND__"
FILE_NAMES = ("tradewind.toml", "tradewind.yaml", "tradewind.yml")


class Given(NamedTuple):
    """A written value, the name it was written under, the layer it came from and how a bare number is read."""

    value: Any
    name: str
    layer: str
    reading: Reading = Reading.NATIVE


class Names:
    """Every name a key can be written under."""

    def __init__(self, settings: Iterable[Setting]) -> None:
        self.settings = {setting.path: setting for setting in settings}
        self.dotted: dict[str, tuple[str, Reading]] = {path: (path, Reading.NATIVE) for path in self.settings}
        self.variables: dict[str, tuple[str, Reading]] = {}
        for path, setting in self.settings.items():
            self.dotted |= {name: (path, reading) for name, reading in setting.key.also}
            self.variables |= {name: (path, reading) for name, reading in setting.key.env}
        self.variables |= {variable_of(name): target for name, target in self.dotted.items()}

    def unknown(self, name: str, *, variable: bool = False) -> str:
        """What to say of a name no key has: the nearest one, or those of its section."""
        known = list(self.variables if variable else self.dotted)
        near = difflib.get_close_matches(name.upper() if variable else name.lower(), known, n=1, cutoff=0.7)
        if near:
            return f"{name} is unknown; did you mean {near[0]}?"
        section = name.partition(".")[0]
        inside = [path for path in self.settings if path.startswith(section + ".")]
        sections = list(dict.fromkeys(path.partition(".")[0] for path in self.settings))
        return f"{name} is unknown; {section} has {', '.join(inside)}" if inside else (
            f"{name} is unknown; there are {', '.join(sections)}"
        )  # fmt: skip


def variable_of(path: str) -> str:
    """``risk.max_drawdown`` as the environment writes it."""
    return PREFIX + path.upper().replace(".", "__")


def find_file(path: Path | None, environment: Mapping[str, str], folder: Path) -> Path | None:
    """The file named by ``--config``, by ``TRADEWIND_CONFIG``, or lying in the working folder; None when there is none.

    Raises:
        Misconfigured: the named file is not there, or the folder holds two, or something of that name that is no file.
    """
    asked = str(path) if path is not None else environment.get("TRADEWIND_CONFIG", "")
    if asked:
        named = folder / asked
        if not named.is_file():
            raise Misconfigured(
                f"there is no configuration file {asked}",
                where="--config" if path is not None else "TRADEWIND_CONFIG",
                allowed="a TOML or YAML file",
                next_step="write it with `tradewind init`, or name another",
            )
        return named
    lying = [folder / name for name in FILE_NAMES if os.path.lexists(folder / name)]
    if len(lying) > 1:
        raise Misconfigured(
            f"two configuration files: {', '.join(file.name for file in lying)}",
            allowed="one",
            next_step="keep one of them, or choose with --config",
        )
    return _file_at(lying[0]) if lying else None


def _file_at(path: Path) -> Path:
    """A path that something lies at; nobody who put it there means that defaults apply.

    Raises:
        Misconfigured: it is a folder, a broken link or another thing than a file.
    """
    if not path.is_file():
        found = "a folder" if path.is_dir() else "a link to nothing" if path.is_symlink() else "no plain file"
        raise Misconfigured(
            f"it is {found}, and a run without it would have none of its settings",
            where=path.name,
            allowed="a readable file",
            next_step="put the file in its place, or remove what lies there",
        )
    return path


def read_file(path: Path) -> dict[str, Any]:
    """The nested values of a TOML or YAML file.

    Raises:
        Misconfigured: unreadable text, a duplicate key, or something that is no table at the top.
    """
    try:
        text = path.read_text("utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else _UniqueKeys(text).get_single_data()
    except OSError as fault:
        raise _unreadable(path, f"cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError as fault:
        raise _unreadable(path, f"not UTF-8 text: {fault.reason}") from None
    except tomllib.TOMLDecodeError as fault:
        raise _unreadable(path, str(fault)) from None
    except yaml.YAMLError as fault:
        raise _unreadable(path, " ".join(str(fault).split())) from None
    except RecursionError:
        raise _unreadable(path, "it is nested too deep") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise _unreadable(path, f"the top is a {type(values).__name__}, not a table of sections")
    return values


def read_sound_lines(path: Path) -> dict[str, Any]:
    """What each line of a TOML file says by itself, for one that cannot be read as a whole; nothing of a YAML file.

    A value that takes several lines is left out.
    """
    found: dict[str, Any] = {}
    header = ""
    for line in path.read_text("utf-8", "replace").splitlines() if path.suffix == ".toml" else ():
        try:
            said = tomllib.loads(f"{header}\n{line}")
        except tomllib.TOMLDecodeError:
            continue
        if line.lstrip().startswith("["):
            header = line
        _lay_over(found, said)
    return found


def _lay_over(found: dict[str, Any], said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        if isinstance(value, Mapping) and isinstance(found.setdefault(name, {}), dict):
            _lay_over(found[name], value)
        else:
            found[name] = value


def _unreadable(path: Path, why: str) -> Misconfigured:
    return Misconfigured(
        why, where=path.name, allowed="TOML (.toml) or YAML (.yaml, .yml)", next_step="correct the line"
    )


class _UniqueKeys(yaml.SafeLoader):
    """The safe loader, which also refuses a key written twice instead of letting the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int | float | bool) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is written twice", key_node.start_mark
                )
            if isinstance(key, str | int | float | bool):
                seen.add(key)
        return super().construct_mapping(node, deep)


def read_env_file(path: Path) -> dict[str, str]:
    """``NAME=value`` lines of a ``.env`` file; ``export``, quotes and ``#`` comments are understood.

    Raises:
        Misconfigured: a line that is neither; the message has its number and never its content. Or it is no file.
    """
    if not os.path.lexists(path):
        return {}
    try:
        lines = _file_at(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise Misconfigured(
            "it cannot be read", where=path.name, allowed="NAME=value lines in UTF-8, readable by the one who runs this"
        ) from fault
    found: dict[str, str] = {}
    for number, raw in enumerate(lines, start=1):
        line = raw.strip().removeprefix("export ").lstrip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().replace("_", "").isalnum():
            raise Misconfigured(
                f"line {number} is not NAME=value",
                where=path.name,
                allowed="NAME=value, # comment",
                next_step="correct the line",
            )
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    for quote in ("'", '"'):
        if value.startswith(quote) and (end := value.find(quote, 1)) > 0:
            return value[1:end]
    return value.partition(" #")[0].rstrip()


def from_table(values: Mapping[str, Any], names: Names, layer: str) -> tuple[dict[str, Given], list[str]]:
    """Nested values as ``{path: Given}``, and what is wrong with their names."""
    found: dict[str, Given] = {}
    faults: list[str] = []
    for name, value in _leaves(values, names, ""):
        target = names.dotted.get(name)
        if target is None:
            faults.append(names.unknown(name))
        elif value is not None and not (value == "" and names.settings[target[0]].default is None):
            _put(found, faults, names.settings[target[0]], Given(value, name, layer, target[1]))
    return found, faults


def _leaves(values: Mapping[str, Any], names: Names, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        path = f"{prefix}.{name}" if prefix else str(name)
        is_section = path not in names.dotted and any(known.startswith(path + ".") for known in names.dotted)
        if is_section and isinstance(value, Mapping):
            yield from _leaves(value, names, path)
        elif is_section and value is not None:
            yield f"{path}.<{type(value).__name__}>", value
        elif not is_section or value is not None:
            yield path, value


def from_variables(variables: Mapping[str, str], names: Names, layer: str) -> tuple[dict[str, Given], list[str]]:
    """Environment variables as ``{path: Given}``; empty ones count as not set, foreign ones are ignored."""
    found: dict[str, Given] = {}
    faults: list[str] = []
    for name, text in sorted(variables.items()):
        target = names.variables.get(name)
        if target is None:
            if name.startswith(PREFIX):
                faults.append(names.unknown(name, variable=True))
        elif text.strip():
            given = Given(_value(text.strip(), names.settings[target[0]]), name, layer, target[1])
            _put(found, faults, names.settings[target[0]], given)
    return found, faults


def _put(found: dict[str, Given], faults: list[str], setting: Setting, given: Given) -> None:
    earlier = found.setdefault(setting.path, given)
    if earlier is not given and _meant(earlier, setting) != _meant(given, setting):
        faults.append(f"{earlier.name} and {given.name} both set {setting.path}; keep one of them")


def _meant(given: Given, setting: Setting) -> Any:
    """The value under its name's reading, so that 80 of a hundred and 0.8 are the same."""
    try:
        return quantity(given.value, setting.key.unit, given.reading)
    except ValueError:
        return given.value


def _value(text: str, setting: Setting) -> Any:
    """Lists and tables are written as JSON, lists also as words separated by commas."""
    if get_origin(setting.annotation) in (tuple, dict) and text[0] in "[{":
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text
