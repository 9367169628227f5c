"""All looks in one order, each by its topic."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tradewind.adapters.http_transport import HttpTransport
from tradewind.app.config import NAMES, InvalidConfiguration, Loaded, built_in, load
from tradewind.app.doctor.finding import TOPICS, Finding, State
from tradewind.app.doctor.kernels import look_at_kernels
from tradewind.app.doctor.machine import look_at_disk, look_at_packages, look_at_python
from tradewind.app.doctor.models import look_at_models
from tradewind.app.doctor.proof import look_at_proof
from tradewind.app.doctor.stored import look_at_candles, look_at_clock, look_at_places, look_at_store
from tradewind.app.doctor.venues import look_at_venues
from tradewind.app.settings.env_privacy import open_to_others
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured
from tradewind.ports.clock import Clock


def examine(
    topics: Sequence[str],
    clock: Clock,
    transport: HttpTransport,
    *,
    config: Path | None = None,
    folder: Path | None = None,
    warm: bool = False,
    gateway: str = "",
) -> list[Finding]:
    """Findings of the topics asked for, all when none is; ``gateway`` stands for the venues' addresses.

    Providers are asked over the network when the configuration uses them, or when their topic is asked for by name.

    Raises:
        Misconfigured: a topic that does not exist.
    """
    unknown = [topic for topic in topics if topic not in TOPICS]
    if unknown:
        raise Misconfigured(f"unknown topic {unknown[0]!r}", where="tradewind doctor", allowed=", ".join(TOPICS))
    wanted = set(topics or TOPICS)
    folder = Path() if folder is None else folder
    found: list[Finding] = []
    if "python" in wanted:
        found += look_at_python()
    if "packages" in wanted:
        found += look_at_packages()
    if "kernels" in wanted:
        found += look_at_kernels(warm=warm)
    loaded, faults = _configuration(config, folder)
    if "config" in wanted:
        found += faults or [Finding("config", "configuration", State.OK, str(loaded.file or "no file, defaults"))]
        found += [
            Finding("config", "secrets", State.WARN, *line.split(": ", 1)) for line in open_to_others(folder, NAMES)
        ]
    found += _of_project(wanted, loaded, folder, clock)
    online = loaded.config.market.feed != "replay" or any(name != "files" for name in loaded.config.market.providers)
    if {"providers", "data", "clock"} & wanted and (online or topics):
        asked = asyncio.run(look_at_venues(loaded.config, clock, transport, gateway))
        found += [finding for finding in asked if finding.topic in wanted]
    return found


def _configuration(config: Path | None, folder: Path) -> tuple[Loaded, list[Finding]]:
    """The configuration, or the defaults beside what is wrong with it."""
    try:
        return load(config, folder=folder), []
    except InvalidConfiguration as refusal:
        advice = "`tradewind config check` lists every fault"
        return built_in(), [Finding("config", "configuration", State.FAIL, fault, advice) for fault in refusal.faults]
    except Misconfigured as fault:
        return built_in(), [Finding("config", "configuration", State.FAIL, str(fault), fault.next_step)]


def _of_project(wanted: set[str], loaded: Loaded, folder: Path, clock: Clock) -> list[Finding]:
    """What lies on this machine for this project."""
    settings = loaded.config
    place = Workspace(settings, folder)
    found: list[Finding] = []
    if "disk" in wanted:
        found += look_at_disk(place.data)
    if "project" in wanted:
        found += look_at_places(folder, settings.paths.models, settings.paths.logs, settings.paths.reports)
        found += look_at_proof(settings, place.data, folder)
        found += look_at_models(settings, folder)
    if "store" in wanted:
        found += look_at_store(place.database)
    if "data" in wanted:
        found += look_at_candles(place.candles, settings.symbols)
    if "clock" in wanted:
        found += look_at_clock(place.candles, clock.now())
    return found
