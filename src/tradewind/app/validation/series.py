"""The bars that strategies are judged on: one symbol at the strategies' own timeframe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from tradewind.app.gate import limits_of, profile_of, window_rules_of
from tradewind.app.instruments import instrument_for
from tradewind.app.recordings import material_for
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.engine.aggregate import aggregate
from tradewind.model.instrument import Instrument
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.model.trial import Looked
from tradewind.research.batch_search import Terms
from tradewind.research.candidate_trades import Market
from tradewind.validation.gates_profiles import profile_named

KEPT_BACK: Final = 30 * DAY
"""Stored bars behind a range that may be left out of a proof, for candles that arrive while a long job runs."""


class Series(NamedTuple):
    """Stored bars of an instrument as a market; ``data_hash`` covers the data set and the range taken of it.

    ``later`` is the time from their end to that of the newest stored bar, nanoseconds.
    """

    instrument: Instrument
    timeframe: Timeframe
    market: Market
    data_hash: str
    source: str
    simulated: bool
    warnings: tuple[str, ...] = ()
    later: int = 0

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
    later = workspace.candles.dataset(symbol, recording.timeframe).ts_last - int(recording.columns.ts_close[-1])
    rest = (material.data_hash, recording.source, material.simulated, material.warnings, later)
    return Series(instrument, timeframe, market, *rest)


def held_back(looked: Sequence[Looked], series: Series) -> tuple[Looked, ...]:
    """The ledger's answers, every one contaminated where the range ends well before the newest stored bars.

    Its sealed window then lies where backtests, searches and people have looked at will, which no ledger knows.
    """
    if series.later <= KEPT_BACK:
        return tuple(looked)
    reason = (
        f"the range ends {series.later / DAY:.0f} days before the newest stored {series.symbol} bar: what lies before"
        " the end of the stored bars was open to be looked at"
    )
    return tuple(
        one if one.contaminated else msgspec.structs.replace(one, contaminated=True, reason=reason) for one in looked
    )


def terms_of(config: AppConfig, seed: int, profile: str = "") -> Terms:
    """What the configuration holds a batch to; ``profile`` decides instead of the configured one where it is given."""
    deciding = profile_named(profile) if profile else profile_of(config.gate)
    return Terms(seed, deciding, limits_of(config.gate), window_rules_of(config.gate))
