"""Faults on command: what a venue gets wrong, armed by hand or by a plan.

Stream faults work on whole base bars of one symbol or all; REST faults work on the next requests.

| fault | what the client sees |
|---|---|
| gap | ``bars`` bars are never sent; history still has them unless ``rest`` |
| blank | history lacks ``bars`` base bars, from bar number ``index`` of the series on |
| duplicate | each of the next ``bars`` bars is sent ``count`` more times |
| reorder | the next bar is sent after the one that follows it |
| late_correction | the next bar is sent again, with another close, after the one that follows it |
| freeze | the next ``bars`` bars repeat the last close: open = high = low = close, no volume |
| silent | for ``bars`` bars the connection is up and nothing at all is said |
| unclosed | for ``bars`` bars nothing is marked closed |
| malformed | the next bar is a frame that is not valid JSON |
| disconnect | every stream is cut; new ones are refused for ``seconds``; ``bars`` bars pass unheard |
| rate_limit | the next ``count`` requests get 429 with Retry-After ``seconds`` |
| ban | the same with 418 |
| server_error | the next ``count`` requests get 503 and an HTML page |
| malformed_rest | the next ``count`` requests get half a JSON document |
| skew | the venue's clock is off by ``seconds`` |
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tradewind.adapters.market.stand_in.market import CLOSE, StandInMarket, Tick
from tradewind.errors import Misconfigured
from tradewind.model.bar import Bar
from tradewind.ports.transport import Response

STREAM = (
    "gap",
    "duplicate",
    "reorder",
    "late_correction",
    "freeze",
    "silent",
    "unclosed",
    "malformed",
)
REST = ("rate_limit", "ban", "server_error", "malformed_rest")
KINDS = (*STREAM, "disconnect", *REST, "blank", "skew")
_HTML = b"<html><head><title>503</title></head><body><h1>Service Temporarily Unavailable</h1></body></html>"
_BROKEN = b'{"this is": "cut off'


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault. ``at_bar`` arms it when the market has made so many steps; 0 arms it at once.

    ``symbol`` and ``host`` narrow it to one symbol or one venue host; empty means all.
    """

    fault: str
    at_bar: int = 0
    bars: int = 1
    count: int = 1
    seconds: float = 1.0
    symbol: str = ""
    host: str = ""
    rest: bool = False
    index: int = 0


class _Armed(msgspec.Struct):
    """A stream fault at work: how many bars are left of it, per symbol."""

    fault: Fault
    left: dict[str, int]
    held: dict[str, Tick]


def checked(fault: Fault) -> Fault:
    """``fault`` if its kind exists; raises ``Misconfigured`` listing the kinds."""
    if fault.fault not in KINDS:
        raise Misconfigured(f"unknown fault {fault.fault!r}", where="stand-in venue", allowed=", ".join(KINDS))
    return fault


class FaultDesk:
    """Keeps the plan and the armed faults, and bends what goes out."""

    def __init__(self, market: StandInMarket, plan: Sequence[Fault] = ()) -> None:
        self._market = market
        self._plan = sorted((checked(fault) for fault in plan), key=lambda fault: fault.at_bar)
        self._armed: list[_Armed] = []
        self._replies: list[tuple[Fault, int]] = []
        self.skew_ns = 0
        self.disconnects: list[Fault] = []
        self.reached(0)

    def arm(self, fault: Fault) -> None:
        """Puts ``fault`` to work, now or at its bar."""
        checked(fault)
        if fault.at_bar > 0:
            self._plan = sorted([*self._plan, fault], key=lambda one: one.at_bar)
        else:
            self._start(fault)

    def reached(self, steps: int) -> None:
        """Arms what the plan has for this point of the market."""
        while self._plan and self._plan[0].at_bar <= steps:
            self._start(self._plan.pop(0))

    def bent(self, ticks: Sequence[Tick]) -> list[Tick | bytes]:
        """The ticks as they go out; a ``bytes`` item is a frame sent as it is."""
        out: list[Tick | bytes] = []
        for tick in ticks:
            out.extend(self._bend(tick))
        return out

    def silent(self) -> bool:
        """Whether heartbeats are held back too."""
        return any(one.fault.fault == "silent" and any(one.left.values()) for one in self._armed)

    def reply(self, host: str) -> Response | None:
        """The refusal the next request to ``host`` gets instead of an answer."""
        for place, (fault, left) in enumerate(self._replies):
            if fault.host and fault.host != host:
                continue
            if left > 1:
                self._replies[place] = (fault, left - 1)
            else:
                del self._replies[place]
            return _refusal(fault)
        return None

    def _start(self, fault: Fault) -> None:
        symbols = (fault.symbol,) if fault.symbol else self._market.symbols
        if fault.fault == "skew":
            self.skew_ns = round(fault.seconds * 1e9)
        elif fault.fault == "disconnect":
            self.disconnects.append(fault)
        elif fault.fault in REST:
            self._replies.append((fault, fault.count))
        elif fault.fault == "blank":
            for symbol in symbols:
                self._market.hide(symbol, fault.index, fault.bars)
        else:
            self._armed.append(_Armed(fault, dict.fromkeys(symbols, fault.bars), {}))

    def _bend(self, tick: Tick) -> list[Tick | bytes]:
        for armed in list(self._armed):
            left = armed.left.get(tick.symbol, 0)
            if left <= 0 and tick.symbol not in armed.held:
                continue
            if tick.kind == CLOSE and left > 0:
                armed.left[tick.symbol] = left - 1
            out = self._apply(armed, tick)
            if not armed.held and not any(armed.left.values()):
                self._armed.remove(armed)
            return out
        return [tick]

    def _apply(self, armed: _Armed, tick: Tick) -> list[Tick | bytes]:
        fault = armed.fault
        if fault.fault in ("gap", "silent"):
            if fault.rest:
                self._market.hide(tick.symbol, tick.index, 1)
            return []
        if fault.fault == "unclosed":
            return [msgspec.structs.replace(tick, final=False)]
        if fault.fault == "freeze":
            return [msgspec.structs.replace(tick, bar=_flat(tick.bar, self._frozen_at(armed, tick)))]
        if tick.kind != CLOSE:
            # while a bar is held back its successor must not show either, or the order would betray the fault
            return [] if fault.fault == "reorder" and tick.symbol in armed.held else [tick]
        if fault.fault == "malformed":
            return [_BROKEN]
        if fault.fault == "duplicate":
            return [tick] * (1 + fault.count)
        held = armed.held.pop(tick.symbol, None)
        if held is not None:
            return [tick, held]
        later = tick if fault.fault == "reorder" else msgspec.structs.replace(tick, bar=_corrected(tick.bar))
        armed.held[tick.symbol] = later
        return [] if fault.fault == "reorder" else [tick]

    def _frozen_at(self, armed: _Armed, tick: Tick) -> float:
        held = armed.held.setdefault(tick.symbol, tick)
        if armed.left.get(tick.symbol, 0) == 0 and tick.kind == CLOSE:
            del armed.held[tick.symbol]
        return held.bar.open


def _flat(bar: Bar, price: float) -> Bar:
    return msgspec.structs.replace(bar, open=price, high=price, low=price, close=price, volume=0.0)


def _corrected(bar: Bar) -> Bar:
    close = round(bar.close * 1.001, 8)
    return msgspec.structs.replace(bar, close=close, high=max(bar.high, close))


def _refusal(fault: Fault) -> Response:
    if fault.fault in ("rate_limit", "ban"):
        status = 429 if fault.fault == "rate_limit" else 418
        headers = {"content-type": "application/json", "retry-after": f"{fault.seconds:g}"}
        return Response(status, headers, b'{"code":-1003,"msg":"Too many requests."}')
    if fault.fault == "server_error":
        return Response(503, {"content-type": "text/html"}, _HTML)
    return Response(200, {"content-type": "application/json"}, _BROKEN)
