"""The bars that strategies are judged on: one symbol at the strategies' own timeframe."""

from __future__ import annotations

from typing import NamedTuple

from tradewind.app.gate import limits_of, profile_of, window_rules_of
from tradewind.app.instruments import instrument_for
from tradewind.app.recordings import material_for
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.engine.aggregate import aggregate
from tradewind.model.instrument import Instrument
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.research.batch_search import Terms
from tradewind.research.candidate_trades import Market
from tradewind.validation.gates_profiles import profile_named


class Series(NamedTuple):
    """Stored bars of an instrument as a market; ``data_hash`` covers the data set and the range taken of it."""

    instrument: Instrument
    timeframe: Timeframe
    market: Market
    data_hash: str
    source: str
    simulated: bool
    warnings: tuple[str, ...] = ()

    @property
    def symbol(self) -> str:
        """The instrument's."""
        return self.instrument.symbol


def series_of(
    workspace: Workspace, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None
) -> Series:
    """Stored bars with ``start <= ts_open < end``, made from shorter ones where the timeframe itself is not stored.

    Raises:
        Unavailable: nothing suitable is stored, or nothing lies in the range.
    """
    material = material_for(workspace, (symbol,), interval=timeframe, detail="none", start=start, end=end)
    recording = material.recordings[0]
    instrument = instrument_for(workspace.config, symbol)
    columns = recording.columns
    if recording.timeframe is not timeframe:
        columns = aggregate(columns, calendar_of(instrument.calendar), timeframe)
    market = Market.of(columns, instrument)
    return Series(
        instrument, timeframe, market, material.data_hash, recording.source, material.simulated, material.warnings
    )


def terms_of(config: AppConfig, seed: int, profile: str = "") -> Terms:
    """What the configuration holds a batch to; ``profile`` decides instead of the configured one where it is given."""
    deciding = profile_named(profile) if profile else profile_of(config.gate)
    return Terms(seed, deciding, limits_of(config.gate), window_rules_of(config.gate))
