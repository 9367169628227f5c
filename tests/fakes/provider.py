"""A provider that holds its own truth and does what a script says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from tradewind.errors import Misconfigured, TradewindError
from tradewind.model.bar import Bar
from tradewind.model.timeframe import Timeframe
from tradewind.ports.market import Capabilities, FeedItem, Health, Update


class ScriptedProvider:
    """History from ``bars``; a stream plays ``script`` (items, errors to raise, callables to run), then ends.

    ``down`` makes every question fail with that error. ``asked`` keeps the spans history was asked for.
    """

    def __init__(
        self,
        name: str,
        bars: Sequence[Bar],
        *,
        scripts: Sequence[Sequence[object]] = (),
        down: TradewindError | None = None,
        capabilities: Capabilities | None = None,
    ) -> None:
        self.name = name
        self.bars = {bar.ts_open: bar for bar in bars}
        self.down = down
        self.asked: list[tuple[int, int]] = []
        self.closed = 0
        self._names = tuple(dict.fromkeys(bar.symbol for bar in bars))
        self._scripts = [list(script) for script in scripts]
        self.capabilities = capabilities or Capabilities(tuple(Timeframe), stream=bool(scripts))

    def symbols(self) -> tuple[str, ...]:
        return self._names

    def venue_symbol(self, symbol: str) -> str:
        if symbol not in self._names:
            raise Misconfigured(f"no symbol {symbol}", allowed=", ".join(self._names))
        return f"{self.name}:{symbol}"

    async def self_test(self) -> Health:
        return Health(self.name, "unreachable" if self.down else "ok", str(self.down or ""))

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        self.asked.append((start, end))
        if self.down is not None:
            raise self.down
        return [bar for ts, bar in sorted(self.bars.items()) if start <= ts < end and bar.symbol == symbol]

    async def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        if not self._scripts:
            return
        for step in self._scripts.pop(0):
            if isinstance(step, Exception):
                raise step
            if callable(step):
                step()
            elif isinstance(step, Bar):
                yield Update(step, True, 0, self.name)
            else:
                yield step  # type: ignore[misc]

    async def close(self) -> None:
        self.closed += 1
