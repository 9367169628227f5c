"""The commented ``tradewind.toml`` and ``.env.example``, made from the keys so that they cannot fall behind."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, get_args

from tradewind.app.settings.explain import shown
from tradewind.app.settings.key import Setting
from tradewind.app.settings.secret import Secret
from tradewind.app.settings.units import Distance


def env_example(settings: Iterable[Setting]) -> str:
    """Every variable with its meaning, commented out; secrets are empty and never in the TOML file."""
    lines = [
        "# Every setting as an environment variable. Copy to .env and keep that file out of version control.",
        "# Later wins: defaults, preset, file, .env, .env.aws, environment, flags. Empty means not set.",
        "# Where several names stand for one setting, use one of them.",
    ]
    section = ""
    for setting in settings:
        if setting.path.partition(".")[0] != section:
            section = setting.path.partition(".")[0]
            lines += ["", f"# --- {section}"]
        lines.append(f"# {_comment(setting)}")
        for name, scale in _variables(setting):
            lines.append(f"#{name}={_env_value(setting, scale)}")
    return "\n".join(lines) + "\n"


def variables_in(text: str) -> set[str]:
    """Names of the variables an example file holds."""
    assignments = (line.removeprefix("#") for line in text.splitlines() if "=" in line and not line.startswith("# "))
    return {line.partition("=")[0] for line in assignments}


def toml_example(settings: Iterable[Setting], values: dict[str, Any]) -> str:
    """A commented file: keys in ``values`` are set, all others stand as comments with their defaults."""
    lines = [
        "# Tradewind configuration. Commented lines show the defaults; `tradewind config explain KEY` says more.",
        '# Shares are written 0.15, 15% or "0.15 fraction"; times 30, 30s, 5m, 2h. Secrets belong into .env.',
        "",
    ]
    sections: dict[str, list[str]] = {}
    for setting in settings:
        head, _, name = setting.path.rpartition(".")
        if _is_secret(setting):
            continue
        mark = "" if setting.path in values else "# "
        value = values.get(setting.path, setting.default)
        sections.setdefault(head, []).extend((f"# {_comment(setting)}", f"{mark}{name} = {_toml(value)}"))
    for head, written in sections.items():
        lines += ["", f"[{head}]"] if head else []
        lines += written
    return "\n".join(lines) + "\n"


def _comment(setting: Setting) -> str:
    key = setting.key
    facts = [str(key.unit), key.range, ", ".join(setting.choices)]
    return f"{key.text} [{'; '.join(fact for fact in facts if fact)}]".removesuffix(" []")


def _variables(setting: Setting) -> list[tuple[str, float]]:
    return [(setting.variable, 1.0)] + [
        (name, 100.0 if reading == "hundred" else 1.0) for name, reading in setting.key.env
    ]


def _env_value(setting: Setting, scale: float) -> str:
    default = setting.default
    if default is None or isinstance(default, Secret):
        return ""
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, tuple):
        return ",".join(default) if all(isinstance(item, str) for item in default) else json.dumps(_compact(default))
    if isinstance(default, Distance):
        return f"{default.value:g} {default.unit}"
    return f"{default * scale:g}" if isinstance(default, float) else str(default)


def _toml(value: Any) -> str:
    if value is None:
        return '""'
    if isinstance(value, Distance):
        return f'"{value.value:g} {value.unit}"'
    if isinstance(value, tuple | list) and value and not isinstance(value[0], str):
        tables = (", ".join(f"{name} = {_toml(item)}" for name, item in entry.items()) for entry in _compact(value))
        return "[" + ", ".join(f"{{{table}}}" for table in tables) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + "}"
    return json.dumps(shown(value))


def _compact(value: Any) -> list[dict[str, Any]]:
    return [{name: item for name, item in entry.items() if item not in (None, "", {})} for entry in shown(value)]


def _is_secret(setting: Setting) -> bool:
    return Secret in (setting.annotation, *get_args(setting.annotation))
