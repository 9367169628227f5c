"""Finds the rules of a prop firm: shipped ones by name, a user's own by the path of its file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tradewind import risk
from tradewind.errors import Misconfigured
from tradewind.risk.firm_rules import FirmRules, firm_rules_of

SHIPPED = Path(risk.__file__).parent / "firms"


def shipped_firms() -> tuple[str, ...]:
    """Names of the firms that come with the installation."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def firm_file(name: str) -> Path:
    """The file of a shipped name, or the path itself."""
    return Path(name) if name.endswith(".toml") else SHIPPED / f"{name}.toml"


def firm_rules(name: str) -> FirmRules:
    """The rules of a shipped firm, or those in a file (``*.toml``).

    Raises:
        Misconfigured: there is no such firm or file, or something in it is wrong; the message names the key.
    """
    path = firm_file(name)
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as fault:
        raise Misconfigured(
            f"no prop firm {name!r}",
            where="risk.firm",
            allowed=f"{', '.join(shipped_firms())}, or the path of a .toml file",
            next_step="`tradewind risk firms` shows the shipped rules, to be copied and changed",
        ) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
        raise Misconfigured(f"cannot be read as TOML: {fault}", where=str(path)) from fault
    return firm_rules_of(table, str(path) if name.endswith(".toml") else name)
