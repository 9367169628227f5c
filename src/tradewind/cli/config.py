"""``tradewind config``: show, check, explain and compare settings. Secrets are never printed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tradewind.adapters.store.config_versions import ConfigVersion, config_versions
from tradewind.adapters.store.reader import StoreReader
from tradewind.app.config import NAMES, SETTINGS, InvalidConfiguration, Loaded, built_in, config_hash, load, value_at
from tradewind.app.database import database_path
from tradewind.app.settings.env_privacy import open_to_others
from tradewind.app.settings.example import env_example, toml_example
from tradewind.app.settings.explain import described, matching, shown, written
from tradewind.app.settings.key import NOT_YET
from tradewind.cli.contract import Report, group, table, verb
from tradewind.cli.options import PresetOption
from tradewind.cli.overrides import in_emergency

app = group("Show, check, explain and compare settings. Secrets are never printed.")

Changed = Annotated[bool, typer.Option("--changed", help="Only keys that differ from their defaults.")]


def _loaded(config: Path | None, preset: str | None) -> Loaded:
    return load(config, overrides={"preset": preset} if preset else None)


@app.command()
@verb
def show(config: Path | None = None, preset: PresetOption = None, changed: Changed = False) -> Report:
    """Shows every setting with its value and where the value came from."""
    loaded = _loaded(config, preset)
    rows: list[tuple[str, Any, str]] = []
    for path, setting in SETTINGS.items():
        value = value_at(loaded.config, path)
        if not changed or value != setting.default:
            rows.append((path, value, loaded.origin(path)))
    document = {
        "file": str(loaded.file) if loaded.file else None,
        "config_hash": config_hash(loaded.config),
        "settings": {path: {"value": shown(value), "origin": origin} for path, value, origin in rows},
    }
    lines = [(path, written(value), origin) for path, value, origin in rows]
    note = f"file: {loaded.file or 'none, defaults'}   settings hash: {document['config_hash']}"
    return Report(document, table("Configuration", ["key", "value", "from"], lines, note=note))


@app.command()
@verb
def check(config: Path | None = None, preset: PresetOption = None) -> Report:
    """Checks the whole configuration and lists every fault at once (exit 2)."""
    from tradewind.app.models.serving import Serving, configured_seats, require_promoted_models  # as below
    from tradewind.app.named_plugins import unknown_plugins  # the compiler; the other config verbs do without

    loaded = _loaded(config, preset)
    require_promoted_models(loaded.config, _mode(loaded))
    if unknown := unknown_plugins(loaded.config):
        raise InvalidConfiguration(unknown, where=str(loaded.file or "environment"))
    notes = [
        f"{path} is set, but is {SETTINGS[path].key.reader}"
        for path, given in loaded.given.items()
        if SETTINGS[path].key.reader.startswith(NOT_YET) and not given.layer.startswith("preset")
    ]
    voting = {entry.interval for entry in loaded.config.timeframes.intervals}
    notes += [
        f"strategies.members[{index}] is silent: {member.timeframe} is not among timeframes.intervals"
        for index, member in enumerate(loaded.config.strategies.members)
        if member.timeframe is not None and member.timeframe not in voting
    ]
    if loaded.config.approval.rule == "source-compat":
        notes.append("approval.rule source-compat lets four good criteria outvote a broken drawdown limit")
    seats = configured_seats(loaded.config)
    if seats:  # asked for without orders, so nothing is refused; `run --execution paper` would be
        notes += [f"{line}: paper does not start without" for line in Serving(loaded.config).missing(seats)]
    notes += open_to_others(Path(), NAMES)
    document = {"valid": True, "file": str(loaded.file) if loaded.file else None, "notes": notes}
    document["config_hash"] = config_hash(loaded.config)
    human = [
        f"Configuration is valid ({loaded.file or 'no file, defaults'}).",
        f"Settings hash {document['config_hash']}: what decides, without feed, execution and mode, so that a backtest"
        " and a run share it. The hash of a run (status, why) is over its whole plan, execution and strategies too.",
    ]
    return Report(document, [*human, *(f"  note: {note}" for note in notes)])


def _mode(loaded: Loaded) -> str:
    mode = loaded.config.runtime.mode
    return "paper" if mode == "dryrun" and loaded.config.execution != "none" else mode


@app.command()
@verb
def explain(
    key: Annotated[str, typer.Argument(help="A key, a section, an environment variable, or part of a name.")],
    config: Path | None = None,
    preset: PresetOption = None,
) -> Report:
    """Explains a key: meaning, type, unit, default, range, names, presets and who reads it."""
    settings = matching(key, NAMES)
    try:
        loaded = _loaded(config, preset)
    except InvalidConfiguration:  # whoever asks is probably repairing it: the meaning must not depend on the values
        loaded = built_in(preset)
    documents = [described(item, value_at(loaded.config, item.path), loaded.origin(item.path)) for item in settings]
    if len(documents) == 1:
        return Report(documents[0], table(documents[0]["key"], ["", ""], _facts(documents[0])))
    bands = [
        (document["threshold"], document["key"], document["value"], document["source"])
        for document in documents
        if document["threshold"]
    ]
    bands.sort(key=lambda band: -float(band[2]))
    rows = [
        (document["key"], written(document["value"]), document["unit"], document["range"], document["meaning"])
        for document in documents
    ]
    parts = [table(f"Keys for {key!r}", ["key", "value", "unit", "range", "meaning"], rows)]
    if len(bands) > 1:
        parts.insert(0, table("Named thresholds", ["threshold", "key", "value", "source"], bands))
    return Report({"query": key, "thresholds": [list(band) for band in bands], "keys": documents}, parts)


def _facts(document: dict[str, Any]) -> list[tuple[str, str]]:
    readings = document["readings"]
    names = [*document["environment"], *document["other_names"]]
    facts = {
        "meaning": document["meaning"],
        "type": document["type"] + (f": {', '.join(document['choices'])}" if document["choices"] else ""),
        "unit": document["unit"],
        "written as": document["written_as"],
        "default": written(document["default"]),
        "range": document["range"],
        "value": f"{written(document['value'])} ({document['origin']})",
        "names": "\n".join(f"{name} ({readings[name]})" if name in readings else name for name in names),
        "presets": "\n".join(f"{name}: {written(value)}" for name, value in document["presets"].items()),
        "read by": document["read_by"] + ("" if document["available"] else " (not part of this release)"),
        "source": document["source"],
    }
    return [(name, text) for name, text in facts.items() if text]


@app.command()
@verb
def diff(
    config: Path | None = None,
    against: Annotated[
        str | None, typer.Option("--against", help="Preset to compare with; default: the defaults.")
    ] = None,
    preset: PresetOption = None,
) -> Report:
    """Shows which settings differ from the defaults or from a preset."""
    mine = _loaded(config, preset)
    other = built_in(against)
    rows = [
        (path, value_at(other.config, path), value_at(mine.config, path), mine.origin(path))
        for path in SETTINGS
        if path != "preset" and value_at(other.config, path) != value_at(mine.config, path)
    ]
    document = [
        {"key": path, "from": shown(old), "to": shown(new), "origin": origin} for path, old, new, origin in rows
    ]
    lines = [(path, written(old), written(new), origin) for path, old, new, origin in rows]
    title = f"Differences from {f'preset {against}' if against else 'the defaults'}"
    return Report(
        {"against": against or "defaults", "differences": document},
        table(title, ["key", "there", "here", "from"], lines),
    )


@app.command()
@verb
def history(
    config: Path | None = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many versions, the newest first.")] = 20,
) -> Report:
    """Shows every version the service met: what changed, when, and by whom."""
    path = database_path(in_emergency(config))
    with StoreReader(path) as reader:
        found = config_versions(reader, limit)
    rows = [
        (*_head_of(one), key or "first version", written(old), written(new))
        for one in found
        for key, (old, new) in (one.changes or {"": (None, None)}).items()
    ]
    columns = ["version", "time (UTC)", "who", "met at", "settings hash", "key", "was", "became"]
    return Report({"versions": found}, table("Versions of the configuration", columns, rows))


def _head_of(one: ConfigVersion) -> tuple[object, ...]:
    return one.version, one.timestamp, one.actor, one.origin, one.config_hash


@app.command()
@verb
def example(
    kind: Annotated[Literal["toml", "env"], typer.Option("--format", help="Which file to print.")] = "toml",
) -> Report:
    """Prints a commented example file with every key: tradewind.toml or .env.example."""
    text = env_example(SETTINGS.values()) if kind == "env" else toml_example(SETTINGS.values(), {})
    return Report({"format": kind, "text": text}, text)
