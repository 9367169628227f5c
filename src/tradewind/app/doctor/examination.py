"""All looks in one order, each by its topic."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.app.config import InvalidConfiguration, Loaded, built_in, load
from tradewind.app.doctor.finding import Finding, State
from tradewind.app.doctor.machine import look_at_disk, look_at_kernels, look_at_packages, look_at_python
from tradewind.app.doctor.markets import look_at_providers
from tradewind.app.doctor.stored import look_at_candles, look_at_clock, look_at_places
from tradewind.errors import Misconfigured
from tradewind.model.instruments import resolve
from tradewind.ports.clock import Clock
from tradewind.ports.market import MarketProvider

TOPICS: Final = ("python", "packages", "kernels", "disk", "config", "project", "data", "clock", "providers")


def examine(
    topics: Sequence[str],
    clock: Clock,
    *,
    config: Path | None = None,
    folder: Path | None = None,
    warm: bool = False,
    providers: Sequence[MarketProvider] = (),
) -> list[Finding]:
    """Findings of the topics asked for, all when none is; ``providers`` are the configured ones, ready to be asked.

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
    return found + _of_project(wanted, loaded, folder, clock, providers)


def _configuration(config: Path | None, folder: Path) -> tuple[Loaded, list[Finding]]:
    """The configuration, or the defaults beside what is wrong with it."""
    try:
        return load(config, folder=folder), []
    except InvalidConfiguration as refusal:
        advice = "`tradewind config check` lists every fault"
        return built_in(), [Finding("config", "configuration", State.FAIL, fault, advice) for fault in refusal.faults]
    except Misconfigured as fault:
        return built_in(), [Finding("config", "configuration", State.FAIL, str(fault), fault.next_step)]


def _of_project(
    wanted: set[str], loaded: Loaded, folder: Path, clock: Clock, providers: Sequence[MarketProvider]
) -> list[Finding]:
    settings = loaded.config
    store = CandleStore(folder / settings.paths.data / "candles")
    found: list[Finding] = []
    if "disk" in wanted:
        found += look_at_disk(folder / settings.paths.data)
    if "project" in wanted:
        found += look_at_places(folder, settings.paths.models, settings.paths.logs, settings.paths.reports)
    if "data" in wanted:
        found += look_at_candles(store, settings.symbols)
    if "clock" in wanted:
        found += look_at_clock(store, clock.now())
    if wanted & {"providers", "data", "clock"} and providers:
        instruments = [resolve(symbol, settings.instruments) for symbol in settings.symbols]
        asked = look_at_providers(providers, instruments, clock.now(), settings.market.max_clock_offset)
        found += [finding for finding in asyncio.run(asked) if finding.topic in wanted]
    return found
