"""``tradewind data list``: what is stored. Reads manifests, and of the files they name the size and the time."""

from __future__ import annotations

from pathlib import Path

from tradewind.adapters.market.sealed.manifest import Dataset, series_folder, survey
from tradewind.adapters.market.sealed.seals import changed_since
from tradewind.app.config import load_config
from tradewind.cli.contract import DONE, NEGATIVE, Report, single, table, verb
from tradewind.cli.data_options import candle_folder, minute, paired

app = single()


@app.command("list")
@verb
def list_(config: Path | None = None) -> Report:
    """Lists every stored series with its span, sources and data hash (exit 4 when one is damaged)."""
    folder = candle_folder(load_config(config))
    sets, faults = survey(folder)
    changed = [changed_since(series_folder(folder, each.symbol, each.timeframe), each) for each in sets]
    if not sets and not faults:
        return Report([], f"No candles are stored in {folder}. Next: tradewind data import FILE")
    names = ["pair", "interval", "bars", "first", "last", "price", "synthetic", "sources", "data hash"]
    rows = [
        (paired(each.symbol, simulated=each.simulated), each.timeframe, each.rows, minute(each.ts_first),
         minute(each.ts_last), each.price_kind, each.synthetic_rows, _shown(each.sources), each.hash[:12])
        for each in sets
    ]  # fmt: skip
    damaged = [{"damaged": fault.found, "manifest": fault.where} for fault in faults]
    every = [*faults, *(fault for one in changed for fault in one)]
    human = [table(f"Candles in {folder}", names, rows), *(f"Damaged: {fault}" for fault in every)]
    documents = [
        dataset_document(each) | {"damage": [str(fault) for fault in one]}
        for each, one in zip(sets, changed, strict=True)
    ]
    return Report([*documents, *damaged], human, NEGATIVE if every else DONE)


def dataset_document(each: Dataset) -> dict[str, object]:
    """A stored series for programs."""
    return {
        "symbol": each.symbol,
        "interval": each.timeframe,
        "rows": each.rows,
        "first": each.ts_first,
        "last": each.ts_last,
        "price_kind": each.price_kind,
        "synthetic": each.synthetic_rows,
        "simulated": each.simulated,
        "segments": each.segments,
        "conventions": each.conventions,
        "partitions": len(each.partitions),
        "hash": each.hash,
    }


def _shown(sources: tuple[str, ...]) -> str:
    return ", ".join(sources[:3]) + (f" and {len(sources) - 3} more" if len(sources) > 3 else "")
