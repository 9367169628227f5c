"""What a key means, in full, for people and programs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import msgspec

from tradewind.app.settings.key import NOT_YET, Setting
from tradewind.app.settings.presets import values_in_presets
from tradewind.app.settings.secret import Secret
from tradewind.app.settings.sources import Names
from tradewind.app.settings.units import Distance, Reading, Unit
from tradewind.errors import Misconfigured

READINGS: Mapping[Reading, str] = {
    Reading.NATIVE: "",
    Reading.PERCENT: "a bare number is percent; below 1 its unit must be written",
    Reading.EXPLICIT: "the unit must be written",
    Reading.HUNDRED: "0 to 100",
}


def matching(word: str, names: Names) -> tuple[Setting, ...]:
    """The keys meant by a dotted name, an environment variable, a section or a part of a name, most exact first.

    Raises:
        Misconfigured: no key has the word in any of its names.
    """
    exact = names.dotted.get(word.lower()) or names.variables.get(word.upper())
    if exact is not None:
        return (names.settings[exact[0]],)
    section = [setting for path, setting in names.settings.items() if path.startswith(word.lower() + ".")]
    if section:
        return tuple(section)
    part = word.lower()
    holding = {
        path for known in (names.dotted, names.variables) for name, (path, _) in known.items() if part in name.lower()
    }
    if not holding:
        last_words = {name.rpartition(".")[2]: name for name in names.dotted}
        likely = difflib.get_close_matches(part, [*names.dotted, *last_words], n=3, cutoff=0.75)
        near = list(dict.fromkeys(last_words.get(name, name) for name in likely))
        raise Misconfigured(
            f"no key is called {word!r}",
            where="config explain",
            next_step=f"try {', '.join(near)}" if near else "`tradewind config show` lists every key",
        )
    return tuple(setting for path, setting in names.settings.items() if path in holding)


def described(setting: Setting, value: Any, origin: str) -> dict[str, Any]:
    """One key as a document: type, unit, default, range, source, other names, presets, reader."""
    key = setting.key
    return {
        "key": setting.path,
        "meaning": key.text,
        "type": setting.type_name,
        "unit": str(key.unit),
        "written_as": _forms(key.unit),
        "default": shown(setting.default),
        "range": key.range,
        "choices": list(setting.choices),
        "value": shown(value),
        "origin": origin,
        "source": key.source,
        "environment": [setting.variable, *(name for name, _ in key.env)],
        "other_names": [name for name, _ in key.also],
        "readings": {name: READINGS[reading] for name, reading in (*key.env, *key.also) if READINGS[reading]},
        "presets": {name: shown(found) for name, found in values_in_presets(setting.path).items()},
        "read_by": key.reader.removeprefix(NOT_YET),
        "available": not key.reader.startswith(NOT_YET),
        "threshold": key.band,
    }


def shown(value: Any) -> Any:
    """A value as JSON would hold it; secrets are asterisks, an unset one is null."""
    return msgspec.to_builtins(value, enc_hook=str) if value is not None else None


def written(value: Any) -> str:
    """A value on one line, as people write it."""
    match value:
        case None | "":
            return "not set"
        case Secret():
            return str(value)
        case bool():
            return "true" if value else "false"
        case Distance():
            return f"{value.value:g} pips" if value.unit == "pips" else f"{value.value:.6g} of the price"
        case tuple() | list():
            return ", ".join(written(item) for item in value) or "none"
        case dict() | msgspec.Struct():
            items = shown(value).items()
            return " ".join(f"{name}={written(item)}" for name, item in items if item not in (None, "", {}, ()))
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _forms(unit: Unit) -> str:
    match unit:
        case Unit.FRACTION:
            return "0.15, 15% or 0.15 fraction"
        case Unit.SECONDS | Unit.HOURS | Unit.DAYS:
            return f"a number of {unit}, or 30s, 5m, 2h, 1d"
        case Unit.DISTANCE:
            return "20 pips or 0.2%"
        case _:
            return ""
