"""``tradewind data pairs|resolve``: the instruments there are and what others call them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tradewind.app.config import load_config
from tradewind.cli.contract import Report, single, table, verb
from tradewind.errors import Misconfigured
from tradewind.model.instrument import AssetClass, Instrument
from tradewind.model.instruments import INSTRUMENTS, resolve
from tradewind.model.venue_symbols import venue_symbols

app = single()

_SESSIONS = {
    "fx": "Sunday 17:00 to Friday 17:00 New York",
    "metals": "as fx, pause 17:00-18:00 New York",
    "crypto": "always open, UTC days",
}


@app.command()
@verb
def pairs(
    config: Path | None = None,
    asset_class: Annotated[str, typer.Option("--class", help="fx, metal, crypto or future.")] = "",
) -> Report:
    """Lists the instruments: pip, digits, lot, session and what each provider calls them."""
    if asset_class and asset_class not in set(AssetClass):
        raise Misconfigured(f"unknown class {asset_class!r}", where="--class", allowed=", ".join(AssetClass))
    extra = {each.symbol: each for each in load_config(config).instruments}
    known = [each for each in (INSTRUMENTS | extra).values() if asset_class in ("", each.asset_class)]
    rows = [
        (each.symbol, each.asset_class, f"{each.pip:g}", each.digits, f"{each.contract_size:g}", f"{each.min_lot:g}",
         _SESSIONS.get(each.calendar, each.calendar), _named(each), each.notes)
        for each in known
    ]  # fmt: skip
    names = ["pair", "class", "pip", "digits", "lot", "least lot", "session", "providers call it", "note"]
    return Report([_document(each) for each in known], table("Instruments", names, rows))


@app.command("resolve")
@verb
def resolve_(
    text: Annotated[str, typer.Argument(help="Any notation: EURUSD, USD_EURUSD, Gold_XAUUSD, BTC-USD.")],
    config: Path | None = None,
) -> Report:
    """Says which instrument a name in any notation means."""
    found = resolve(text, load_config(config).instruments)
    return Report({"text": text, **_document(found)}, found.symbol)


def _document(each: Instrument) -> dict[str, Any]:
    return {
        "symbol": each.symbol,
        "class": each.asset_class,
        "pip": each.pip,
        "tick": each.tick,
        "digits": each.digits,
        "contract_size": each.contract_size,
        "min_lot": each.min_lot,
        "lot_step": each.lot_step,
        "price_kind": each.price_kind,
        "calendar": each.calendar,
        "session": _SESSIONS.get(each.calendar, each.calendar),
        "venues": venue_symbols(each),
        "notes": each.notes,
    }


def _named(each: Instrument) -> str:
    return ", ".join(f"{provider} {name}" for provider, name in venue_symbols(each).items())
