"""``tradewind strategy families|generate``: what a search may draw, and strategies drawn from it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tradewind.adapters.store.strategy_book import Added, StrategyBook
from tradewind.adapters.store.strategy_rows import stop_words, target_words
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.database import database_path
from tradewind.app.own_strategies import families_of, family_called
from tradewind.app.settings.root import AppConfig
from tradewind.cli.contract import Report, progress, table
from tradewind.errors import Misconfigured
from tradewind.features.rule import Family, Member, spec_hash
from tradewind.features.rule_space import STOP_MODES, Range
from tradewind.model.timeframe import Timeframe
from tradewind.research.generator import generate
from tradewind.research.space import Space

SHOWN = 20


def families_answer(config: Path | None, names: list[str] | None, preset: str) -> Report:
    """Lists families with their kind, ranges and source."""
    found = _chosen(load_config(config), names)
    documents = [_family_document(one, preset) for one in found]
    rows = [
        (one["family"], one["kind"], one["up_to"], one["size"], one["idea"], _ranges_text(one["parameters"]))
        for one in documents
    ]
    overview = table(
        f"{len(found)} families, stops of {preset}",
        ["family", "kind", "up to", "sets", "idea", "parameters (drawn by a search)"],
        rows,
        note="`sets` is an upper bound of the distinct parameter sets. Exits are drawn beside these; see --json.",
    )
    sources = table("Where the ideas come from", ["family", "source"], [(d["family"], d["source"]) for d in documents])
    return Report({"preset": preset, "families": documents}, human=[overview, sources])


def generate_answer(
    config: Path | None,
    count: int | None,
    seed: int,
    names: list[str] | None,
    timeframe: Timeframe,
    preset: str,
    stop_modes: list[str] | None,
    *,
    dry_run: bool,
) -> Report:
    """Draws strategies, enters them in the book (not with ``dry_run``) and prints them with one hash over all."""
    settings = load_config(config)
    modes = tuple(mode for mode in STOP_MODES if stop_modes is None or mode in stop_modes)
    if stop_modes and len(modes) != len(set(stop_modes)):
        raise Misconfigured(f"stop mode {', '.join(stop_modes)}", where="--stop-mode", allowed=", ".join(STOP_MODES))
    n = count or settings.generator.max_strategies
    families, generator = _chosen(settings, names), np.random.default_rng(seed)
    with progress("Draw", n) as advance:
        members = generate(families, n, generator, timeframe, preset=preset, stop_modes=modes, told=advance)
    specs = [spec_hash(member) for member in members]
    path = database_path(settings)
    ids, new = ((None,) * n, 0) if dry_run else _entered(path, members)
    over_all = hashlib.sha256("\n".join(specs).encode()).hexdigest()[:16]
    document = {
        "count": len(members),
        "seed": seed,
        "interval": timeframe,
        "preset": preset,
        "hash": over_all,
        "new": new,
        "known": 0 if dry_run else n - new,
        "dry_run": dry_run,
        "database": str(path),
        "strategies": [_drawn(*one) for one in zip(ids, specs, members, strict=True)],
    }
    return Report(document, human=_generated(document, ids, specs, members))


def _entered(path: Path, members: Sequence[Member]) -> Added:
    """Enters them; what was durable before an interruption is found again by the next try."""
    now = WallClock().now()
    with StrategyBook.open(path, now) as book, progress("Enter", len(members)) as advance:
        return book.add(members, now, told=advance)


def _generated(
    document: dict[str, Any], ids: Sequence[str | None], specs: Sequence[str], members: Sequence[Member]
) -> Any:
    rows = [
        (name, spec, stop_words(member.rule.exits), target_words(member.rule.exits), _params_text(member))
        for name, spec, member in zip(ids, specs, members, strict=True)
    ][: SHOWN if sys.stdout.isatty() else None]
    more = f" The first {len(rows)} are shown." if len(rows) < len(members) else ""
    return [
        table("Candidates", ["strategy", "spec hash", "stop", "target", "parameters"], rows),
        f"{document['count']} distinct strategies on {document['interval']}, seed {document['seed']}, stops of"
        f" {document['preset']}: hash {document['hash']}.{more}",
        "Nothing was entered in the book (--dry-run)."
        if document["dry_run"]
        else f"{document['new']} are new in the book ({document['database']}), {document['known']} were there already."
        " A candidate is not heard: what it is worth is said by `tradewind validate` (or `tradewind research`).",
    ]


def _drawn(name: str | None, spec: str, member: Member) -> dict[str, Any]:
    return {
        "id": name,
        "spec_hash": spec,
        "family": member.family,
        "timeframe": member.timeframe,
        "params": msgspec.to_builtins(member.params),
        "stop_loss": stop_words(member.rule.exits),
        "take_profit": target_words(member.rule.exits),
    }


def _chosen(config: AppConfig, names: list[str] | None) -> list[Family[Any]]:
    known = families_of(config)
    chosen = {family_called(name, known) for name in names or ()}
    return [one for name, one in known.items() if not names or name in chosen]


def _family_document(family: Family[Any], preset: str) -> dict[str, Any]:
    space = Space(family, preset)
    idea, source = _idea_and_source(family)
    defaults = family.Params()
    parameters = [
        {
            "name": name,
            "values": list(one.values),
            "default": getattr(defaults.exits if name.startswith("exits.") else defaults, name.removeprefix("exits.")),
        }
        for name, one in space.ranges.items()
    ]
    return {
        "family": family.name,
        "kind": family.kind,
        "up_to": family.longest,
        "idea": idea,
        "source": source,
        "size": space.size if family.space else 0,
        "parameters": parameters if family.space else [],
    }


def _idea_and_source(family: Family[Any]) -> tuple[str, str]:
    """The first sentence and the ``Source:`` paragraph at the head of the family's file."""
    head = sys.modules[family.rule.__module__].__doc__ or ""
    parts = [" ".join(part.split()) for part in head.split("\n\n")]
    source = next((part.removeprefix("Source: ") for part in parts if part.startswith("Source: ")), "")
    return parts[0].rstrip("."), source


def _ranges_text(parameters: Sequence[dict[str, Any]]) -> str:
    own = [one for one in parameters if not one["name"].startswith("exits.")]
    return ", ".join(f"{one['name']} {_span(Range(tuple(one['values'])))}" for one in own) or "no search space"


def _span(one: Range) -> str:
    """``3..50`` of a ladder, its values where they are few."""
    values = [str(value) for value in one.values]
    return "|".join(values) if len(values) <= 4 else f"{values[0]}..{values[-1]}"


def _params_text(member: Member) -> str:
    params = msgspec.to_builtins(member.params)
    return ", ".join(f"{name} {value}" for name, value in params.items() if name != "exits")
