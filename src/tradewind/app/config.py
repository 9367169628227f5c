"""The way to a configuration: layers in, one frozen ``AppConfig`` out, or every fault at once.

Order of precedence, last wins: defaults, preset, file, ``.env``, ``.env.aws``, environment, flags. Nothing starts on a
partly understood configuration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tradewind.app.environment import process_environment
from tradewind.app.settings.edge import checked
from tradewind.app.settings.key import Setting, settings_of
from tradewind.app.settings.presets import PRESETS
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.rules import broken_rules
from tradewind.app.settings.sources import (
    Given,
    Names,
    find_file,
    from_table,
    from_variables,
    read_env_file,
    read_file,
    read_sound_lines,
)
from tradewind.errors import Misconfigured
from tradewind.model.instruments import resolve

SETTINGS: dict[str, Setting] = {setting.path: setting for setting in settings_of(AppConfig)}
NAMES = Names(SETTINGS.values())


class InvalidConfiguration(Misconfigured):
    """Everything that is wrong with the configuration; ``faults`` has one line each."""

    def __init__(self, faults: tuple[str, ...], where: str) -> None:
        super().__init__(
            f"{len(faults)} faults", where=where, next_step="`tradewind config explain KEY` explains a key"
        )
        self.faults = faults

    def __str__(self) -> str:
        return "Configuration validation failed:\n" + "\n".join(f"  - {fault}" for fault in self.faults)


class Loaded(msgspec.Struct, frozen=True):
    """The configuration with its origin: ``file`` is None for built-in defaults, ``given`` what was written where."""

    config: AppConfig
    file: Path | None
    given: Mapping[str, Given]

    def origin(self, path: str) -> str:
        """Where the value of a key came from, in words."""
        written = self.given.get(path)
        if written is None:
            return "default"
        return written.layer if written.name == path else f"{written.layer} ({written.name})"


class ConfigOrigin(NamedTuple):
    """Which file a configuration was read from, None for none, and how to read it again."""

    file: Path | None
    load: Callable[[], AppConfig]


def load_config(
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> AppConfig:
    """The configuration of this process; see ``load`` for the arguments."""
    return load(path, environment, overrides, folder).config


def load(
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> Loaded:
    """Reads all layers and checks them together.

    ``path`` is the file asked for with ``--config``; ``environment`` the process environment unless given;
    ``overrides`` are flags as ``{"risk.max_drawdown": "12%"}``; ``folder`` is where files are looked for.

    Raises:
        InvalidConfiguration: with every fault found.
        Misconfigured: the file is not there or cannot be read as TOML or YAML.
    """
    environment = process_environment() if environment is None else environment
    folder = Path() if folder is None else folder
    file = find_file(path, environment, folder)
    layers: list[dict[str, Given]] = []
    faults: list[str] = []
    tables = [(read_file(file), f"file {file.name}")] if file is not None else []
    for values, layer in tables:
        _collect(from_table(values, NAMES, layer), layers, faults)
    for name in (".env", ".env.aws"):
        _collect(from_variables(read_env_file(folder / name), NAMES, f"file {name}"), layers, faults)
    _collect(from_variables(environment, NAMES, "environment"), layers, faults)
    _collect(from_table(dict(overrides or {}), NAMES, "flag"), layers, faults)
    given = {path: value for layer in layers for path, value in layer.items()}
    given = _presets(given, faults) | given
    config, wrong = checked(AppConfig, SETTINGS, given)
    faults += [fault for path in SETTINGS for fault in wrong.get(path, ())]
    faults += broken_rules(config, given, frozenset(wrong))
    if faults:
        missing = [fault for fault in faults if fault.endswith(" is not set")]
        ordered = [*missing, *(fault for fault in faults if fault not in missing)]
        raise InvalidConfiguration(tuple(dict.fromkeys(ordered)), where=str(file.name) if file else "environment")
    return Loaded(_canonical(config), file, given)


def salvaged(
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> tuple[AppConfig, str]:
    """As ``load_config``; where that refuses, what can be read with defaults for the rest, and why it was refused.

    For verbs that must work whatever stands in a file, and for no others: nothing may be decided by it.

    Raises:
        Misconfigured: the file asked for is not there.
    """
    environment = process_environment() if environment is None else environment
    folder = Path() if folder is None else folder
    try:
        return load(path, environment, overrides, folder).config, ""
    except (Misconfigured, OSError, UnicodeDecodeError) as fault:
        if path is not None and not (folder / path).is_file():
            raise
        why = "; ".join(getattr(fault, "faults", ())) or str(fault)
    layers: list[dict[str, Given]] = []
    sources: tuple[Callable[[], tuple[dict[str, Given], list[str]]], ...] = (
        lambda: from_table(_sound_values(path, environment, folder), NAMES, "file"),
        lambda: from_variables(read_env_file(folder / ".env"), NAMES, "file .env"),
        lambda: from_variables(read_env_file(folder / ".env.aws"), NAMES, "file .env.aws"),
        lambda: from_variables(environment, NAMES, "environment"),
        lambda: from_table(dict(overrides or {}), NAMES, "flag"),
    )
    for source in sources:
        with suppress(Misconfigured, OSError, UnicodeDecodeError):
            _collect(source(), layers, [])
    given = {name: value for layer in layers for name, value in layer.items()}
    config, _ = checked(AppConfig, SETTINGS, _presets(given, []) | given)
    try:
        return _canonical(config), why
    except Misconfigured:  # a symbol nobody knows
        auto = msgspec.structs.replace(config.auto_signals, pairs=())
        return _canonical(msgspec.structs.replace(config, symbols=(), auto_signals=auto)), why


def _sound_values(path: Path | None, environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    file = find_file(path, environment, folder)
    if file is None:
        return {}
    try:
        return read_file(file)
    except Misconfigured:
        return read_sound_lines(file)


def built_in(preset: str | None = None) -> Loaded:
    """The defaults, with a preset over them, whatever files and environment say."""
    faults: list[str] = []
    given = {"preset": Given(preset, "--preset", "flag")} if preset else {}
    given = _presets(given, faults) | given
    config, wrong = checked(AppConfig, SETTINGS, given)
    faults += broken_rules(config, given, frozenset(wrong))
    if faults:
        raise InvalidConfiguration(tuple(faults), where="--preset")
    return Loaded(_canonical(config), None, given)


def _collect(found: tuple[dict[str, Given], list[str]], layers: list[dict[str, Given]], faults: list[str]) -> None:
    layers.append(found[0])
    faults += found[1]


def _presets(given: Mapping[str, Given], faults: list[str]) -> dict[str, Given]:
    """The values of the presets asked for, later ones over earlier ones."""
    written = given.get("preset")
    if written is None:
        return {}
    asked = written.value.split(",") if isinstance(written.value, str) else written.value
    values: dict[str, Given] = {}
    for name in (word.strip() for word in asked if isinstance(word, str)) if isinstance(asked, list | tuple) else ():
        if name not in PRESETS:
            faults.append(f"{written.name} must be one of {', '.join(PRESETS)}, got {name!r}")
        values |= {path: Given(value, path, f"preset {name}") for path, value in PRESETS.get(name, {}).items()}
    return values


def _canonical(config: AppConfig) -> AppConfig:
    """Symbols in canonical notation."""

    def symbols(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(resolve(name, config.instruments).symbol for name in names))

    auto = msgspec.structs.replace(config.auto_signals, pairs=symbols(config.auto_signals.pairs))
    return msgspec.structs.replace(config, symbols=symbols(config.symbols), auto_signals=auto)


def value_at(config: AppConfig, path: str) -> Any:
    """The value of a key by its dotted path."""
    value: Any = config
    for name in path.split("."):
        value = getattr(value, name)
    return value


def config_hash(config: AppConfig) -> str:
    """Digest of every key that can change a decision: 16 hex digits, the same in every process and environment.

    Secrets, places, credentials and the choice of clock, feed, execution and mode are left out, so that a backtest and
    a paper run of one configuration carry the same digest. So are the limits of the sentiment veto while it is off.
    """
    idle = "" if "sentiment" in config.filters.enabled else "filters.sentiment."
    values = {
        path: value_at(config, path)
        for path, setting in SETTINGS.items()
        if setting.key.decides and not (idle and path.startswith(idle))
    }
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:16]
