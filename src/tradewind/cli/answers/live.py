"""The part of ``tradewind run`` that needs a venue: bars that stream or are polled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import ConfigOrigin, load
from tradewind.app.live_service import run_live
from tradewind.app.live_sources import LiveRequest
from tradewind.app.people.people import Reread
from tradewind.app.run_options import RunRequest
from tradewind.app.run_replay import RunResult
from tradewind.app.settings.root import AppConfig
from tradewind.cli.answers.run_options import RunOptions
from tradewind.cli.overrides import configured
from tradewind.model.timeframe import Timeframe


def live_run(
    settings: AppConfig,
    asked: RunOptions,
    symbols: Sequence[str],
    request: RunRequest,
    words: tuple[str, ...],
    database: Path,
    say: Callable[[str], None],
    on_close: Callable[[int], None],
    stop_asked: Callable[[], bool],
    tell: Callable[[str], None],
    config: Path | None,
) -> RunResult:
    """Streams or polls until the count is reached or somebody asks to stop."""
    file = load(config, overrides={"preset": asked.preset} if asked.preset else None).file
    live = LiveRequest(
        live_bases(settings, symbols, asked.interval),
        request.executes,
        request.feed == "poll",
        asked.provider,
        asked.gateway,
        asked.iterations,
        words,
        asked.speed,
        request.policy,
        ConfigOrigin(file, lambda: configured(config, asked.preset, asked.interval)),
        request.execution,
    )
    reread = Reread(lambda preset, interval: configured(config, preset, interval), config)
    running = run_live(
        settings, live, database, WallClock(), say, on_close=on_close, stop_asked=stop_asked, tell=tell, reread=reread
    )
    return asyncio.run(running)


def live_bases(settings: AppConfig, symbols: Sequence[str], interval: Timeframe | None) -> dict[str, Timeframe]:
    """The bar length taken from the venue for every symbol: asked for, configured, or the shortest that votes."""
    shortest = min((one.interval for one in settings.timeframes.intervals), key=lambda one: one.rank)
    return dict.fromkeys(symbols, interval or settings.timeframes.base or shortest)
