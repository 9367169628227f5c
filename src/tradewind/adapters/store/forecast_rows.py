"""What follows from forecasts: a row a seat and close, which is told later what became of it."""

from __future__ import annotations

from typing import Final

from tradewind.adapters.store.forecast_schema import forecasts
from tradewind.adapters.store.schema import utc_text
from tradewind.model.forecast import Forecast, ForecastEnded

FORECASTS: Final = (Forecast, ForecastEnded)
_LATER: Final = ("ts_end", "went", "missed")
_COLUMNS: Final = [column.name for column in forecasts.columns if column.name not in _LATER]
_SAID: Final = f"INSERT INTO forecasts ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  constants
_ENDED: Final = (
    "UPDATE forecasts SET ts_end = ?, went = ?, missed = ? WHERE symbol = ? AND timeframe = ? AND seat = ? AND ts = ?"
)


def forecast_row(output: Forecast | ForecastEnded, seq: int) -> tuple[str, tuple[object, ...]]:
    """The statement of one output of journal entry ``seq``."""
    where = (output.symbol, output.timeframe.value, output.seat)
    if isinstance(output, ForecastEnded):
        return _ENDED, (output.ts, output.went, int(output.missed), *where, output.forecast_ts)
    said = (output.p, output.outcomes, output.side, int(output.acted), output.lower, output.upper)
    return _SAID, (*where, output.ts, utc_text(output.ts), output.version, output.sha256, *said, seq)
