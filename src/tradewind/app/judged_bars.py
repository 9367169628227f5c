"""Whether the stored bars of a verdict's windows are still those that it was earned on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.sealed.manifest import Dataset, is_simulated
from tradewind.app.settings.root import AppConfig
from tradewind.engine.aggregate import aggregate
from tradewind.errors import TradewindError
from tradewind.model.instruments import resolve
from tradewind.model.report import Window
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.research.judged_bars import bars_by_month, covered
from tradewind.research.verdict import SignedVerdict


class Compared(NamedTuple):
    """Why a verdict does not speak, ``""`` where its bars are those that are stored; and why they were not compared.

    ``absent``: because they are not stored.
    """

    refusal: str = ""
    unknown: str = ""
    absent: bool = False


class JudgedBars:
    """Compares the bars in a project's ``data`` folder with those of verdicts.

    Only the months of a verdict's windows are read, once for all verdicts of one series and windows.
    """

    def __init__(self, config: AppConfig, data: Path) -> None:
        self._config = config
        self._store = CandleStore(data / "candles")
        self._datasets: dict[str, tuple[Dataset, ...]] = {}
        self._months: dict[tuple[str, Timeframe, Window], dict[str, str]] = {}

    def compared(self, verdict: SignedVerdict) -> Compared:
        """What the stored bars of the verdict's symbol and timeframe say about it.

        Bars that were replaced, corrected or made are other evidence than was judged. Bars that are not stored cannot
        be compared: the verdict speaks, stamped UNCHECKED, and a person is told. A service may well run where no
        history is kept.
        """
        name, timeframe = verdict.strategy.id, verdict.strategy.timeframe
        series = f"{verdict.symbol} {timeframe}"
        if not verdict.stamp.bars:
            return Compared(unknown=f"{name} on {series}: its verdict was signed before bars were kept with verdicts")
        window = Window(verdict.windows.train.start, verdict.windows.sealed.end)
        try:
            dataset = self._stored(verdict.symbol, timeframe)
            if dataset is None:
                return Compared(unknown=f"{name} on {series}: no bars of it are stored", absent=True)
            if not verdict.stamp.simulated and _made(dataset, window):
                return Compared(
                    f"{name} was validated on received bars, those stored of {series} in its windows are SIMULATED"
                )
            reach = Window(dataset.ts_first, dataset.ts_last)
            known = [month for month in verdict.stamp.bars if covered(month, window, reach)]
            now = self._bars(dataset, timeframe, window) if known else {}
        except TradewindError as fault:
            return Compared(f"{name}: the stored {series} bars cannot be compared with its verdict: {fault.found}")
        other = next((month for month in known if now.get(month) != verdict.stamp.bars[month]), "")
        if other:
            return Compared(
                f"{name} was validated on other bars than those stored of {series}: {other} differs; put back the bars"
                " of its verdict (tradewind data restore, or the files they came from)"
            )
        if not known:
            return Compared(unknown=f"{name} on {series}: the bars of its windows are not stored", absent=True)
        return Compared()

    def _stored(self, symbol: str, timeframe: Timeframe) -> Dataset | None:
        """The series that a validation would take: of the timeframe itself, else the longest shorter one."""
        if symbol not in self._datasets:
            for fault in self._store.unreadable(symbol):
                raise fault
            self._datasets[symbol] = tuple(one for one in self._store.datasets() if one.symbol == symbol)
        own = [one for one in self._datasets[symbol] if one.timeframe.rank <= timeframe.rank]
        return max(own, key=lambda one: one.timeframe.rank, default=None)

    def _bars(self, dataset: Dataset, timeframe: Timeframe, window: Window) -> dict[str, str]:
        key = dataset.hash, timeframe, window
        if key not in self._months:
            columns = self._store.read(dataset.symbol, dataset.timeframe, window.start, window.end)
            if dataset.timeframe is not timeframe:
                calendar = calendar_of(resolve(dataset.symbol, self._config.instruments).calendar)
                columns = aggregate(columns, calendar, timeframe)
            self._months[key] = bars_by_month(columns, window)
        return self._months[key]


def _made(dataset: Dataset, window: Window) -> bool:
    inside = (one for one in dataset.segments if one.ts_first < window.end and one.ts_last >= window.start)
    return any(map(is_simulated, inside))
