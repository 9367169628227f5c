"""Coinbase Advanced Trade: REST ``/api/v3/brokerage`` and the market-data web socket.

Candles come newest first, stamped with their open in seconds, as text; intervals without a trade have none. The stream
has trades (``market_trades``, newest first), ``heartbeats`` and five-minute ``candles``.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import msgspec

from tradewind.adapters.market.stand_in.market import CLOSE, StandInMarket, Tick, Trade, is_fx, trades_of
from tradewind.adapters.market.stand_in.shape import Keys, QuietShape, Request, Session, decimals, json_response, moment
from tradewind.model.bar import Bar
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.transport import Response

_GRANULARITY = {
    "ONE_MINUTE": Timeframe.M1,
    "FIVE_MINUTE": Timeframe.M5,
    "FIFTEEN_MINUTE": Timeframe.M15,
    "THIRTY_MINUTE": Timeframe.M30,
    "ONE_HOUR": Timeframe.H1,
    "ONE_DAY": Timeframe.D1,
}
_MAX_CANDLES = 350
_SNAPSHOT_TRADES = 20
_CHANNELS = ("market_trades", "heartbeats", "candles")


class CoinbaseShape(QuietShape):
    """Public market data of Coinbase, and one private endpoint to try a key on."""

    hosts: tuple[str, ...] = ("api.coinbase.com", "advanced-trade-ws.coinbase.com")

    def __init__(self, market: StandInMarket, keys: Keys) -> None:
        self._market = market
        self._keys = keys
        self._symbols = {name.replace("/", "-"): name for name in market.symbols if not is_fx(name)}
        self._beats = 0

    def answer(self, request: Request) -> Response:
        """Time, products, one product, its candles and ticker, and the accounts (with a key)."""
        now = self._market.venue_time()
        if request.path == "/v2/time":
            return json_response({"data": {"iso": _second(now), "epoch": now // SECOND}})
        path = request.path.removeprefix("/api/v3/brokerage/").removeprefix("market/")
        if path == "time":
            epoch = {"iso": _second(now), "epochSeconds": str(now // SECOND), "epochMillis": str(now // 1_000_000)}
            return json_response(epoch)
        if path == "accounts":
            return self._accounts(request)
        parts = path.split("/")
        if parts == ["products"]:
            wanted = [] if request.query.get("product_type", "SPOT") != "SPOT" else sorted(self._symbols)
            products = [self._product(product_id) for product_id in wanted]
            return json_response({"products": products, "num_products": len(products), "pagination": None})
        if parts[0] != "products" or len(parts) < 2 or parts[1] not in self._symbols:
            return json_response(_error("NOT_FOUND", "valid product_id is required"), 404)
        if len(parts) == 2:
            return json_response(self._product(parts[1]))
        if parts[2] == "candles":
            return self._candles(parts[1], request.query)
        return self._ticker(parts[1], int(request.query.get("limit", "3")))

    def received(self, message: bytes, session: Session) -> list[bytes]:
        """``subscribe`` and ``unsubscribe``; a new trade subscription starts with a snapshot of the last trades."""
        order = msgspec.json.decode(message)
        channel = order.get("channel", "")
        if channel not in _CHANNELS:
            return [msgspec.json.encode({"type": "error", "message": f"channel {channel!r} is not on the stand-in"})]
        out = []
        known = [one for one in order.get("product_ids", []) if one in self._symbols]
        for product_id in known or ([""] if channel == "heartbeats" else []):
            key = f"{channel}:{product_id}"
            if order.get("type") == "unsubscribe":
                session.topics.pop(key, None)
            elif key not in session.topics:
                session.topics[key] = (channel, product_id)
                if channel == "market_trades":
                    trades = self._market.trades(self._symbols[product_id], _SNAPSHOT_TRADES)
                    out.append(self._trades("snapshot", product_id, trades, session))
        standing: dict[str, list[str]] = {}
        for topic_channel, product_id in session.topics.values():
            standing.setdefault(topic_channel, []).append(product_id)
        out.append(self._envelope("subscriptions", [{"subscriptions": standing}], session))
        return out

    def told(self, tick: Tick, session: Session) -> list[bytes]:
        """The trades that made the tick, and the five-minute candle so far."""
        product_id = tick.symbol.replace("/", "-")
        out = []
        for channel, wanted in session.topics.values():
            if wanted != product_id or (tick.bar.volume == 0.0 and tick.kind == CLOSE):
                continue
            if channel == "market_trades":
                made = trades_of(tick.bar, tick.index)
                part = made[1:] if tick.kind == CLOSE else made[:1]
                if tick.kind != CLOSE:
                    # the opening tick's bar holds its first trade only, whose size is already the trade's
                    part = (made[0]._replace(size=tick.bar.volume),)
                out.append(self._trades("update", product_id, part, session))
            elif channel == "candles":
                bar = self._market.holding(tick.symbol, Timeframe.M5, tick.bar.ts_open)
                if bar is not None:
                    candle = {**_candle(bar), "product_id": product_id}
                    event = {"type": "update", "candles": [candle]}
                    out.append(self._envelope("candles", [event], session))
        return out

    def heartbeat(self, session: Session) -> list[bytes]:
        """Once a second to those who subscribed to ``heartbeats``."""
        if not any(channel == "heartbeats" for channel, _ in session.topics.values()):
            return []
        self._beats += 1
        stamp = moment(self._market.venue_time(), 9).replace("T", " ").removesuffix("Z") + "+00:00"
        return [
            self._envelope("heartbeats", [{"current_time": stamp, "heartbeat_counter": self._beats}], session),
        ]

    def _candles(self, product_id: str, query: dict[str, str]) -> Response:
        symbol = self._symbols[product_id]
        timeframe = _GRANULARITY.get(query.get("granularity", ""))
        if timeframe is None or not self._market.offers(symbol, timeframe):
            return json_response(_error("INVALID_ARGUMENT", "granularity is not supported"), 400)
        start, end = int(query["start"]) * SECOND, int(query["end"]) * SECOND
        if (end - start) // timeframe.ns > _MAX_CANDLES:
            problem = f"number of candles requested should be less than {_MAX_CANDLES}"
            return json_response(_error("INVALID_ARGUMENT", problem), 400)
        bars = self._market.bars(symbol, timeframe, start, end + 1)
        return json_response({"candles": [_candle(bar) for bar in reversed(bars) if bar.volume > 0]})

    def _ticker(self, product_id: str, limit: int) -> Response:
        symbol = self._symbols[product_id]
        trades = [
            {**_print(trade, product_id), "bid": "", "ask": "", "exchange": "coinbase"}
            for trade in reversed(self._market.trades(symbol, limit))
        ]
        bar = self._market.last_bar(symbol)
        return json_response({"trades": trades, "best_bid": str(bar.close), "best_ask": str(bar.close)})

    def _accounts(self, request: Request) -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        key = request.headers.get("cb-access-key", "") or _subject(bearer)
        if key != self._keys.accepted:
            return Response(401, {"content-type": "text/plain"}, b"Unauthorized\n")
        return json_response({"accounts": [], "has_next": False, "cursor": "", "size": 0})

    def _trades(self, kind: str, product_id: str, trades: tuple[Trade, ...] | list[Trade], session: Session) -> bytes:
        event = {"type": kind, "trades": [_print(trade, product_id) for trade in reversed(trades)]}
        return self._envelope("market_trades", [event], session)

    def _envelope(self, channel: str, events: list[Any], session: Session) -> bytes:
        return msgspec.json.encode(
            {
                "channel": channel,
                "client_id": "",
                "timestamp": moment(self._market.venue_time(), 9),
                "sequence_num": session.next(),
                "events": events,
            }
        )

    def _product(self, product_id: str) -> dict[str, Any]:
        symbol = self._symbols[product_id]
        base, quote = symbol.split("/")
        step = decimals(10.0 ** -self._market.places(symbol), self._market.places(symbol))
        return {
            "product_id": product_id,
            "price": str(self._market.last_bar(symbol).close),
            "price_percentage_change_24h": "0",
            "volume_24h": "0",
            "volume_percentage_change_24h": "0",
            "base_increment": "0.00000001",
            "quote_increment": step,
            "quote_min_size": "1",
            "quote_max_size": "150000000",
            "base_min_size": "0.00000001",
            "base_max_size": "3400",
            "base_name": base,
            "quote_name": quote,
            **dict.fromkeys(("watched", "is_disabled", "new"), False),
            "status": "online",
            **dict.fromkeys(("cancel_only", "limit_only", "post_only", "trading_disabled", "auction_mode"), False),
            "product_type": "SPOT",
            "quote_currency_id": quote,
            "base_currency_id": base,
            "fcm_trading_session_details": None,
            "mid_market_price": "",
            "alias": "",
            "alias_to": [],
            "base_display_symbol": base,
            "quote_display_symbol": quote,
            "view_only": False,
            "price_increment": step,
            "display_name": product_id,
            "product_venue": "CBE",
            "approximate_quote_24h_volume": "0",
            "new_at": "2023-01-01T00:00:00Z",
            **dict.fromkeys(("market_cap", "base_cbrn", "quote_cbrn", "product_cbrn", "icon_color", "icon_url"), ""),
            "display_name_overwrite": "",
            "is_alpha_testing": False,
            "about_description": "",
            "best_bid_price": "",
            "best_ask_price": "",
        }


def _candle(bar: Bar) -> dict[str, str]:
    return {
        "start": str(bar.ts_open // SECOND),
        "low": str(bar.low),
        "high": str(bar.high),
        "open": str(bar.open),
        "close": str(bar.close),
        "volume": decimals(bar.volume, 8),
    }


def _print(trade: Trade, product_id: str) -> dict[str, str]:
    return {
        "trade_id": str(trade.id),
        "product_id": product_id,
        "price": str(trade.price),
        "size": decimals(trade.size, 8),
        "side": trade.side,
        "time": moment(trade.ts, 6),
    }


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": code, "error_details": message, "message": message}


def _subject(token: str) -> str:
    """The ``sub`` claim of a signed token; the stand-in does not check the signature."""
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["sub"])
    except (IndexError, ValueError, KeyError, TypeError):
        return ""


def _second(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
