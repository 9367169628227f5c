"""One web-socket connection of ccxt as a sequence of feed items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from tradewind.adapters.market.trade_bars import TradeBars
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.errors import Corrupt, Misconfigured, Retryable
from tradewind.model.bar import Bar
from tradewind.model.timeframe import Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import FeedItem, Heartbeat, Update
from tradewind.ports.transport import Traffic

_MS = 1_000_000
_CODE_FAULTS = (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError)


class CcxtStream:
    """Watches ``symbols`` on a fresh ccxt object until something goes wrong, which ends it with ``Retryable``.

    Candles where the venue streams them, else bars built from its trades. Silence longer than ``silence_s`` counts as
    broken: a socket can be open and dead.
    """

    def __init__(
        self,
        exchange: Any,
        loaded: Any,
        symbols: Sequence[str],
        timeframe: Timeframe,
        clock: Clock,
        silence_s: float,
        traffic: Traffic,
    ) -> None:
        self._exchange = exchange
        self._symbols = tuple(symbols)
        self._timeframe = timeframe
        self._clock = clock
        self._silence_s = silence_s
        self._traffic = traffic
        self._items: asyncio.Queue[FeedItem | Exception] = asyncio.Queue()
        self._tasks = TaskScheduler()
        self._message: Any = None
        self._closed = False
        exchange.set_markets(loaded.markets)
        self._tap_messages()

    async def items(self) -> AsyncIterator[FeedItem]:
        """What arrives, in order; ends when closed, raises ``Retryable`` when the connection is lost or silent."""
        by_trades = not self._exchange.has.get("watchOHLCV")
        if by_trades and not self._exchange.has.get("watchTrades"):
            raise Misconfigured(
                "neither candles nor trades can be streamed",
                where=str(self._exchange.id),
                next_step="use --feed poll with this provider",
            )
        for symbol in self._symbols:
            if by_trades:
                self._tap_trades(symbol)
            else:
                self._tap_candles(symbol)
            self._tasks.spawn(symbol, self._watcher(symbol, by_trades))
        while not self._closed:
            try:
                async with asyncio.timeout(self._silence_s):
                    item = await self._items.get()
            except TimeoutError as error:
                raise Retryable(
                    f"connected but silent for {self._silence_s:g} s", where=str(self._exchange.id)
                ) from error
            if isinstance(item, Exception):
                reason = str(item).splitlines()[0][:200] if str(item) else type(item).__name__
                raise Retryable(f"stream lost ({reason})", where=str(self._exchange.id)) from item
            yield item

    async def close(self) -> None:
        """Ends the watchers and the connection; closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._tasks.cancel()
        await self._tasks.join()
        await self._exchange.close()

    def _watcher(self, symbol: str, by_trades: bool) -> Callable[[], Any]:
        from ccxt.base import errors  # ccxt is loaded when a stream exists

        async def watch() -> None:
            try:
                while True:
                    if by_trades:
                        await self._exchange.watch_trades(symbol)
                    else:
                        await self._exchange.watch_ohlcv(symbol, self._timeframe.value)
            except (errors.BaseError, OSError, *_CODE_FAULTS) as error:
                self._items.put_nowait(error)

        return watch

    def _tap_messages(self) -> None:
        """Every message counts as a sign of life, and one that cannot be read ends the connection.

        Left alone, ccxt's receive loop dies of an unreadable frame without telling anybody.
        """
        exchange = self._exchange
        handle = exchange.handle_message
        open_client = exchange.client

        def handled(client: Any, message: Any) -> None:
            self._message = message
            waiting = self._items.qsize()
            handle(client, message)
            if self._items.qsize() == waiting:
                self._items.put_nowait(Heartbeat(self._clock.now()))

        def client_of(url: str) -> Any:
            client = open_client(url)
            if getattr(client, "tradewind_guard", False):
                return client
            read = client.handle_message

            def guarded(frame: Any) -> None:
                self._traffic.received += len(getattr(frame, "data", None) or b"")
                try:
                    read(frame)
                except _CODE_FAULTS as error:
                    self._items.put_nowait(ValueError(f"unreadable frame: {error}"))

            client.handle_message = guarded
            client.tradewind_guard = True
            return client

        exchange.handle_message = handled
        exchange.client = client_of

    def _tap_candles(self, symbol: str) -> None:
        from ccxt.async_support.base.ws.cache import ArrayCacheByTimestamp  # ccxt is loaded when a stream exists

        cache = ArrayCacheByTimestamp(1000)
        keep = cache.append

        def append(row: list[Any]) -> None:
            keep(row)
            self._items.put_nowait(self._candle(symbol, row))

        cache.append = append
        self._exchange.ohlcvs[symbol] = {self._timeframe.value: cache}

    def _tap_trades(self, symbol: str) -> None:
        from ccxt.async_support.base.ws.cache import ArrayCacheBySymbolById  # ccxt is loaded when a stream exists

        cache = ArrayCacheBySymbolById(1000)
        keep = cache.append
        bars = TradeBars(symbol, self._timeframe)

        def append(trade: dict[str, Any]) -> None:
            keep(trade)
            ts = int(trade["timestamp"]) * _MS
            bar = bars.on_trade(str(trade["id"]), ts, float(trade["price"]), float(trade["amount"]))
            if bar is not None:
                self._items.put_nowait(Update(bar, False, self._clock.now(), str(self._exchange.id)))

        cache.append = append
        self._exchange.trades[symbol] = cache

    def _candle(self, symbol: str, row: Sequence[Any]) -> FeedItem | Exception:
        try:
            bar = bar_of(symbol, self._timeframe, row, str(self._exchange.id))
        except Corrupt as error:
            return error
        return Update(bar, closed_word(self._message), self._clock.now(), str(self._exchange.id))


def bar_of(symbol: str, timeframe: Timeframe, row: Sequence[Any], source: str) -> Bar:
    """A bar from ccxt's ``[open time in ms, open, high, low, close, volume]``; ``Corrupt`` when a number is missing."""
    try:
        ts_open = int(row[0]) * _MS
        first, high, low, last, volume = (float(value) for value in row[1:6])
    except (TypeError, ValueError, IndexError) as error:
        raise Corrupt(f"a candle with holes: {list(row)!r}", where=f"{source} {symbol}") from error
    return Bar(symbol, timeframe, ts_open, ts_open + timeframe.ns, first, high, low, last, volume)


def closed_word(message: Any) -> bool:
    """Whether a raw stream message marks its candle as closed; ccxt drops the mark.

    Binance ``k.x``, Bybit ``data[].confirm``, OKX ``data[][8]``. Venues without a mark (Kraken) give False: their bars
    become final through a successor or the calendar.
    """
    if not isinstance(message, dict):
        return False
    kline = message.get("k")
    if isinstance(kline, dict):
        return kline.get("x") is True
    rows = message.get("data")
    first = rows[0] if isinstance(rows, list) and rows else None
    if isinstance(first, dict):
        return first.get("confirm") is True
    return isinstance(first, list) and len(first) > 8 and str(first[8]) == "1"
