"""The built-in universe, names in other notations, and instruments from configuration.

Pip conventions: 0.0001 for currencies, 0.01 where the quote is JPY. A gold pip is 0.10 USD with 100 oz to the lot, so
10 USD a pip and lot; vendors also say 0.01 or 1.00, which is why sizes come from price distances, never from pips.

Built-in costs are the ``source`` preset: 0.01 % spread and 0.02 % slippage per side, at every hour. They are dearer
than measured ones for liquid symbols; ``simulation/cost_presets.py`` has realistic ones.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from tradewind.errors import Misconfigured
from tradewind.model.instrument import CALENDAR_NAMES, AssetClass, Instrument, PriceKind

GOLD_NOTE: Final = (
    "Yahoo serves GC=F, the COMEX gold future: its bars jump when the front contract rolls and differ from spot gold "
    "by the basis. Other providers serve spot."
)
_CALENDAR_OF: Final = {
    AssetClass.FX: "fx",
    AssetClass.METAL: "metals",
    AssetClass.CRYPTO: "crypto",
    AssetClass.FUTURE: "metals",
}


def _currency(symbol: str) -> Instrument:
    base, quote = symbol.split("/")
    pip = 0.01 if quote == "JPY" else 0.0001
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.FX,
        base=base,
        quote=quote,
        pip=pip,
        tick=round(pip / 10, 10),
        contract_size=100_000.0,
        lot_step=0.01,
        min_lot=0.01,
        max_lot=100.0,
        calendar="fx",
        price_kind=PriceKind.BID,
        min_stop_ticks=10,
    )


def _coin(symbol: str, *, pip: float, tick: float, step: float, largest: float = 10_000.0) -> Instrument:
    base, quote = symbol.split("/")
    return Instrument(
        symbol=symbol,
        asset_class=AssetClass.CRYPTO,
        base=base,
        quote=quote,
        pip=pip,
        tick=tick,
        contract_size=1.0,
        lot_step=step,
        min_lot=step,
        max_lot=largest,
        calendar="crypto",
        price_kind=PriceKind.LAST,
    )


_GOLD: Final = Instrument(
    symbol="XAU/USD",
    asset_class=AssetClass.METAL,
    base="XAU",
    quote="USD",
    pip=0.1,
    tick=0.01,
    contract_size=100.0,
    lot_step=0.01,
    min_lot=0.01,
    max_lot=50.0,
    calendar="metals",
    price_kind=PriceKind.BID,
    min_stop_ticks=50,
    notes=GOLD_NOTE,
)

DEFAULT_SYMBOLS: Final = ("EUR/USD", "GBP/USD", "XAU/USD")
INSTRUMENTS: Final[dict[str, Instrument]] = {
    instrument.symbol: instrument
    for instrument in (
        _currency("EUR/USD"),
        _currency("GBP/USD"),
        _GOLD,
        _currency("USD/JPY"),
        _currency("AUD/USD"),
        _currency("USD/CHF"),
        _currency("USD/CAD"),
        _currency("EUR/GBP"),
        _currency("EUR/JPY"),
        _coin("BTC/USDT", pip=1.0, tick=0.01, step=0.00001),
        _coin("ETH/USDT", pip=0.1, tick=0.01, step=0.0001),
        _coin("SOL/USDT", pip=0.01, tick=0.01, step=0.001, largest=1_000_000.0),
        _coin("BNB/USDT", pip=0.1, tick=0.01, step=0.001, largest=1_000_000.0),
        _coin("XRP/USDT", pip=0.0001, tick=0.0001, step=1.0, largest=100_000_000.0),
        _coin("DOGE/USDT", pip=0.0001, tick=0.00001, step=1.0, largest=1_000_000_000.0),
        _coin("BTC/USD", pip=1.0, tick=0.01, step=0.01),
        _coin("ETH/USD", pip=0.1, tick=0.01, step=0.01),
    )
}

_ALIASES: Final = {
    "GC=F": "XAU/USD",
    "GOLD": "XAU/USD",
    "JPY=X": "USD/JPY",
    "CHF=X": "USD/CHF",
    "CAD=X": "USD/CAD",
}


def resolve(text: str, extra: Iterable[Instrument] = ()) -> Instrument:
    """The instrument meant by a name in canonical, provider or legacy notation; ``extra`` come before the built-ins.

    Accepted are ``EUR/USD``, ``EURUSD``, ``EUR_USD``, ``BTC-USD``, ``EURUSD=X``, ``XBT/USD``, and a currency or word in
    front of the pair, as in ``USD_EURUSD`` and ``Gold_XAUUSD``; capitals do not matter.

    Raises:
        Misconfigured: no instrument has that name; the message lists those there are and the nearest one.
    """
    known = {**INSTRUMENTS, **{instrument.symbol: instrument for instrument in extra}}
    compact = {symbol.replace("/", ""): symbol for symbol in known}
    name = text.strip().upper()
    symbol = name if name in known else _ALIASES.get(name)
    if symbol is None:
        plain = name.removesuffix("=X").replace("XBT", "BTC")
        joined = "".join(filter(str.isalnum, plain))
        last = plain.rpartition("_")[2]
        symbol = compact.get(joined) or compact.get(last)
    if symbol is None:
        near = difflib.get_close_matches(name, [*known, *compact], n=1)
        meant = compact.get(near[0], near[0]) if near else ""
        raise Misconfigured(
            f"unknown symbol {text!r}",
            allowed=", ".join(known),
            next_step=(f"did you mean {meant}? Otherwise " if meant else "")
            + "describe the new instrument in the configuration's [instruments] section",
        )
    return known[symbol]


def instrument_from(mapping: Mapping[str, Any]) -> Instrument:
    """An instrument from configuration; what is left out comes from the built-in one of that name and class.

    Where there is none it comes from the defaults of its asset class, which is ``fx`` unless it is said. ``symbol`` is
    the one required key; a new coin must also say ``tick`` and ``lot_step``, which differ from coin to coin.

    Raises:
        Misconfigured: an unknown or missing key, a value of the wrong type, or one outside its range.
    """
    symbol = str(mapping.get("symbol", "")).strip().upper()
    base, slash, quote = symbol.partition("/")
    if not (slash and base.isalnum() and quote.isalnum()):
        raise Misconfigured(
            f"instrument symbol {mapping.get('symbol')!r}",
            where="instruments",
            allowed="BASE/QUOTE, such as NZD/USD",
            next_step="write the symbol in that form",
        )
    where = f"instruments.{symbol}"
    built_in = INSTRUMENTS.get(symbol)
    try:
        asset_class = AssetClass(str(mapping.get("asset_class", built_in.asset_class if built_in else AssetClass.FX)))
    except ValueError:
        raise Misconfigured(
            f"asset_class is {mapping['asset_class']!r}", where=where, allowed=", ".join(AssetClass)
        ) from None
    if built_in is not None and built_in.asset_class is asset_class:
        inherited = msgspec.structs.asdict(built_in)
    else:
        inherited = _defaults(asset_class, symbol, base, quote)
    fields = {**inherited, **mapping, "symbol": symbol}
    known = set(Instrument.__struct_fields__)
    unknown = sorted(set(fields) - known)
    missing = sorted({"tick", "lot_step"} - set(fields))
    if unknown or missing:
        found = "; ".join(
            part
            for part in (
                f"unknown {', '.join(unknown)}" if unknown else "",
                f"missing {', '.join(missing)}" if missing else "",
            )
            if part
        )
        raise Misconfigured(found, where=where, allowed=", ".join(sorted(known)))
    fields.setdefault("pip", fields["tick"])
    fields.setdefault("min_lot", fields["lot_step"])
    try:
        instrument = msgspec.convert(fields, Instrument, strict=False)
    except msgspec.ValidationError as fault:
        raise Misconfigured(str(fault), where=where) from None
    return _checked(instrument, where)


def _defaults(asset_class: AssetClass, symbol: str, base: str, quote: str) -> dict[str, Any]:
    common: dict[str, Any] = {"asset_class": asset_class, "base": base, "quote": quote}
    if asset_class is AssetClass.FX:
        return msgspec.structs.asdict(_currency(symbol))
    if asset_class is AssetClass.METAL:
        return {**msgspec.structs.asdict(_GOLD), **common, "notes": ""}
    return {
        **common,
        "contract_size": 1.0,
        "max_lot": 10_000.0,
        "calendar": _CALENDAR_OF[asset_class],
        "price_kind": PriceKind.LAST,
    }


def _checked(instrument: Instrument, where: str) -> Instrument:
    sizes = ("pip", "tick", "contract_size", "lot_step", "min_lot", "max_lot")
    faults = [f"{name} is {getattr(instrument, name)}" for name in sizes if not getattr(instrument, name) > 0.0]
    if faults:
        raise Misconfigured("; ".join(faults), where=where, allowed="numbers above 0")
    if instrument.min_lot > instrument.max_lot:
        raise Misconfigured(
            f"min_lot {instrument.min_lot} is above max_lot {instrument.max_lot}", where=where, allowed="min <= max"
        )
    if instrument.calendar not in CALENDAR_NAMES:
        raise Misconfigured(
            f"unknown session calendar {instrument.calendar!r}", where=where, allowed=", ".join(CALENDAR_NAMES)
        )
    if len(instrument.costs.spread_by_hour) != 24:
        raise Misconfigured(
            f"spread_by_hour has {len(instrument.costs.spread_by_hour)} values",
            where=where,
            allowed="24, one a UTC hour",
        )
    return instrument
