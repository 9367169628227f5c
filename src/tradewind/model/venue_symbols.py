"""What each provider calls an instrument: one rule per provider and a short list of exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tradewind.errors import Misconfigured
from tradewind.model.instrument import AssetClass, Instrument

_EXCEPTIONS: Final[dict[tuple[str, str], str]] = {
    ("yahoo", "XAU/USD"): "GC=F",
    ("kraken", "BTC/USD"): "XBT/USD",
    ("kraken", "BTC/USDT"): "XBT/USDT",
    ("kraken", "DOGE/USDT"): "XDG/USDT",
}


def _yahoo(instrument: Instrument) -> str:
    if instrument.asset_class is AssetClass.CRYPTO:
        return f"{instrument.base}-{instrument.quote}"
    return f"{instrument.base}{instrument.quote}=X"


def _joined(instrument: Instrument) -> str:
    return instrument.base + instrument.quote


def _dashed(instrument: Instrument) -> str:
    return f"{instrument.base}-{instrument.quote}"


def _underscored(instrument: Instrument) -> str:
    return f"{instrument.base}_{instrument.quote}"


def _canonical(instrument: Instrument) -> str:
    return instrument.symbol


_QUOTED: Final = (AssetClass.FX, AssetClass.METAL)
_COINS: Final = (AssetClass.CRYPTO,)
_RULES: Final[dict[str, tuple[tuple[AssetClass, ...], Callable[[Instrument], str]]]] = {
    "yahoo": ((*_QUOTED, *_COINS), _yahoo),
    "oanda": (_QUOTED, _underscored),
    "alphavantage": ((*_QUOTED, *_COINS), _canonical),
    "binance": (_COINS, _joined),
    "coinbase": (_COINS, _dashed),
    "kraken": (_COINS, _canonical),
}
PROVIDERS: Final = tuple(_RULES)


def venue_symbol(provider: str, instrument: Instrument) -> str:
    """The provider's own name of an instrument. Alpha Vantage takes the two halves of ``BASE/QUOTE`` apart.

    Raises:
        Misconfigured: the provider is unknown, or does not carry the instrument's asset class.
    """
    rule = _RULES.get(provider)
    if rule is None:
        raise Misconfigured(f"no symbol map for provider {provider!r}", allowed=", ".join(PROVIDERS))
    classes, named = rule
    if instrument.asset_class not in classes:
        raise Misconfigured(
            f"{provider} does not carry {instrument.symbol}, which is {instrument.asset_class}",
            allowed=", ".join(classes),
            next_step="choose another provider for this symbol",
        )
    return _EXCEPTIONS.get((provider, instrument.symbol)) or named(instrument)


def venue_symbols(instrument: Instrument) -> dict[str, str]:
    """Every provider's name of an instrument, for those that carry its asset class."""
    return {
        provider: venue_symbol(provider, instrument)
        for provider, (classes, _) in _RULES.items()
        if instrument.asset_class in classes
    }
