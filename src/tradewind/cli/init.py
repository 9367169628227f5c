"""``tradewind init``: a project folder after at most three questions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tradewind.app.config import built_in
from tradewind.app.project import create_project
from tradewind.cli.contract import Report, single, verb

app = single()

QUESTIONS = ("Preset (fx, crypto, crpbot, strict, source)", "Pairs", "Account: currency and balance")


@app.command()
@verb
def init(
    folder: Annotated[Path, typer.Argument(help="Where to create it; the working folder by default.")] = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take the defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite tradewind.toml and .env.example.")] = False,
) -> Report:
    """Creates folders and a commented tradewind.toml; overwrites nothing without --force."""
    asking = not yes and sys.stdin.isatty()
    values = _answers() if asking else _values("fx", "", "USD 10000")
    created = create_project(folder, values, force=force)
    names = [str(path.relative_to(folder)) for path in created]
    next_steps = [
        "tradewind data import FILE --symbol EUR/USD --interval 1h",
        "tradewind backtest --symbol EUR/USD --interval 1h",
        "tradewind doctor",
    ]
    lines = [f"Created in {folder.resolve()}:", *(f"  {name}" for name in names), "Next:"]
    document = {"folder": str(folder.resolve()), "created": names, "next": next_steps}
    return Report(document, human=[*lines, *(f"  {step}" for step in next_steps)])


def _answers() -> dict[str, Any]:
    preset = str(typer.prompt(QUESTIONS[0], default="fx", err=True))
    symbols = ", ".join(built_in(preset).config.symbols)
    pairs = str(typer.prompt(QUESTIONS[1], default=symbols, err=True))
    account = str(typer.prompt(QUESTIONS[2], default="USD 10000", err=True))
    return _values(preset, pairs, account)


def _values(preset: str, pairs: str, account: str) -> dict[str, Any]:
    """Answers as settings; pairs left at the preset's are not written, so that the preset stays in charge."""
    currency, _, balance = account.strip().partition(" ")
    values: dict[str, Any] = {"preset": [preset]}
    named = [pair.strip() for pair in pairs.split(",") if pair.strip()]
    if named and tuple(named) != built_in(preset).config.symbols:
        values["symbols"] = named
    return values | {"account.currency": currency.upper(), "account.balance": _number(balance)}


def _number(text: str) -> float | str:
    """The number typed, or the text itself for the configuration to refuse in its own words."""
    plain = text.strip().replace(",", "").replace("_", "")
    return float(plain) if plain.replace(".", "", 1).isdigit() else text
