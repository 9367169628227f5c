"""Where a project keeps its things: candles, store, reports; one folder, one configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.app.database import database_path
from tradewind.app.settings.root import AppConfig
from tradewind.errors import Unavailable
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import Timeframe


class Workspace:
    """Paths and stores of one configuration; relative paths are taken from ``folder``."""

    def __init__(self, config: AppConfig, folder: Path | None = None) -> None:
        self.config = config
        self.folder = Path() if folder is None else folder

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / self.config.paths.data

    @property
    def database(self) -> Path:
        """The store's file."""
        path = database_path(self.config)
        if path.is_absolute():
            return path
        return path.under(self.folder) if isinstance(path, PostgresSeat) else self.folder / path

    @property
    def candles(self) -> CandleStore:
        """Sealed history."""
        return CandleStore(self.data / "candles")

    @property
    def reports(self) -> Path:
        """The report folder, made when first asked for."""
        folder = self.folder / self.config.paths.reports
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def symbols(self, asked: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Canonical names of ``asked``, or of the configured symbols; unknown ones are refused naming what exists."""
        names = asked or self.config.symbols
        return tuple(dict.fromkeys(resolve(name, self.config.instruments).symbol for name in names))

    def stored(self, symbol: str) -> dict[Timeframe, tuple[int, int]]:
        """``timeframe -> (first open, last close)`` of what is stored of a symbol, shortest first.

        Raises:
            Corrupt: one of its series cannot be read; the others are not taken instead without a word.
        """
        for fault in self.candles.unreadable(symbol):
            raise fault
        found = [one for one in self.candles.datasets() if one.symbol == symbol]
        found.sort(key=lambda one: one.timeframe.rank)
        return {one.timeframe: (one.ts_first, one.ts_last) for one in found}

    def base_of(self, symbol: str, interval: Timeframe | None = None, detail: str = "auto") -> Timeframe:
        """The stored timeframe a run over ``symbol`` takes its bars from.

        ``interval`` is the shortest timeframe decided on (default: the shortest configured). With ``detail="auto"`` a
        shorter stored series is taken where it covers all of the interval's own, since it shows the path inside each
        bar; ``"none"`` takes the interval's own series; a timeframe takes that one.

        Raises:
            Unavailable: nothing suitable is stored; the message says what is, and how to get more.
        """
        stored = self.stored(symbol)
        wanted = interval or min((one.interval for one in self.config.timeframes.intervals), key=_rank)
        if detail not in ("auto", "none"):
            finer = Timeframe.parse(detail)
            if finer in stored and finer.rank <= wanted.rank:
                return finer
            raise self._nothing(symbol, finer, stored)
        shorter = [timeframe for timeframe in stored if timeframe.rank < wanted.rank]
        if wanted in stored:
            first, last = stored[wanted]
            covering = [tf for tf in shorter if stored[tf][0] <= first and stored[tf][1] >= last]
            return covering[-1] if covering and detail == "auto" else wanted
        if shorter:
            return shorter[-1]
        if interval is None and stored:
            return next(iter(stored))
        raise self._nothing(symbol, wanted, stored)

    def newest(self, symbols: Sequence[str], interval: Timeframe | None = None, detail: str = "auto") -> int:
        """Close of the newest bar a run over ``symbols`` would take, UTC nanoseconds."""
        return max(self.stored(symbol)[self.base_of(symbol, interval, detail)][1] for symbol in symbols)

    def _nothing(self, symbol: str, wanted: Timeframe, stored: dict[Timeframe, tuple[int, int]]) -> Unavailable:
        return Unavailable(
            f"no {symbol} {wanted} candles are stored (stored of it: {', '.join(stored) or 'nothing'})",
            where=str(self.data / "candles"),
            next_step=f"tradewind data import FILE --symbol {symbol} --interval {wanted}, or tradewind data fetch;"
            " to leave it out name the pairs with --symbol, or in `symbols` of tradewind.toml",
        )


def _rank(timeframe: Timeframe) -> int:
    return timeframe.rank
