"""A series whose manifest is lost or damaged: what its folder still says, and the series such a folder holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tradewind.adapters.market.sealed import partitions
from tradewind.adapters.market.sealed.manifest import MANIFEST_COPY, Dataset, decoded
from tradewind.adapters.market.sealed.merge import Traced, merge, require_sound
from tradewind.adapters.market.sealed.seals import file_fault
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.model.timeframe import Timeframe

UNKNOWN_ORIGIN = "unknown, perhaps SIMULATED (manifest rebuilt)"


def series_at(folder: Path) -> tuple[str, Timeframe] | None:
    """Symbol and timeframe of a series' folder, None where its name is not one the store makes."""
    try:
        return folder.parent.name.replace("-", "/").replace("_", ":"), Timeframe(folder.name)
    except ValueError:
        return None


def whole_copy(folder: Path) -> Dataset | None:
    """The manifest's copy where it can be read and every monthly file is there as sealed, else None."""
    try:
        dataset = decoded(folder / MANIFEST_COPY)
    except (FileNotFoundError, Corrupt):
        return None
    whole = all(file_fault(folder, partition) is None for partition in dataset.partitions)
    return dataset if whole else None


def from_months(folder: Path, name: str) -> Traced:
    """All bars of the monthly files in ``folder``, of unknown origin.

    Raises:
        Corrupt: a file cannot be read, or two files hold one bar with other values.
        Unavailable: there is no monthly file.
    """
    bars: Traced | None = None
    for path in sorted(folder.glob("*.parquet")):
        columns = partitions.read_month(path)
        month = Traced(columns, np.zeros(len(columns.ts_open), dtype=np.int64), ((UNKNOWN_ORIGIN, ""),))
        try:
            bars = month if bars is None else merge(bars, month, "refuse")
        except Misconfigured as conflict:
            raise Corrupt(
                f"it contradicts another file of its month: {conflict.found}",
                where=str(path),
                next_step="move the older of the two out of the folder, then repeat",
            ) from conflict
    if bars is None:
        raise Unavailable("no monthly files are left", where=str(folder), next_step="import the series again")
    require_sound(bars.columns, name)
    return bars
