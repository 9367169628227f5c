"""Monthly Parquet files: the truth the memory-mapped columns are rebuilt from. The only reader and writer of them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tradewind.adapters.market.sealed.columns import content_hash
from tradewind.adapters.market.sealed.durable import write_durably
from tradewind.adapters.market.sealed.manifest import Partition, damaged
from tradewind.adapters.market.sealed.seals import file_fault
from tradewind.model.bar import BarColumns
from tradewind.model.stamp import SIMULATED

LABEL = "tradewind.bars"  # key of the file's metadata; files of older versions have none
_TIMES = ("time", "time_close")
_NAMES = (*_TIMES, *BarColumns._fields[2:])


def months_of(columns: BarColumns) -> Iterator[tuple[str, int, int]]:
    """``(month, start, stop)`` row ranges of the calendar months (UTC, by bar open); columns are sorted."""
    months = columns.ts_open.astype("datetime64[ns]").astype("datetime64[M]")
    starts = np.flatnonzero(np.r_[True, months[1:] != months[:-1]]) if len(months) else np.empty(0, dtype=np.int64)
    stops = np.r_[starts[1:], len(months)]
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        yield str(months[start]), start, stop


def seal(
    folder: Path, month: str, rows: BarColumns, known: dict[str, Partition], *, simulated: bool = False
) -> Partition:
    """Writes one month, or returns the existing partition where ``known`` (by content hash) already holds it.

    ``simulated``: some of its bars are, and the file itself says so wherever it is taken.
    """
    import polars as pl  # here, because the live path reads mapped columns and must not load a frame library

    content = content_hash(rows)
    present = known.get(content)
    if present is not None and (folder / present.file).exists():
        return present
    frame = pl.DataFrame(dict(zip(_NAMES, rows, strict=True))).with_columns(
        pl.col(name).cast(pl.Datetime("ns", "UTC")) for name in _TIMES
    )
    path = folder / f"{month}.{content[:12]}.parquet"
    encoded = io.BytesIO()  # encoded before the file is touched, so that a full disk is met by our own write
    frame.write_parquet(
        encoded, compression="zstd", statistics=False, metadata={LABEL: SIMULATED} if simulated else None
    )
    write_durably(path, lambda file: file.write(encoded.getbuffer()))
    return Partition(
        month=month,
        file=path.name,
        rows=len(rows.ts_open),
        ts_first=int(rows.ts_open[0]),
        ts_last=int(rows.ts_open[-1]),
        content=content,
        digest=hashlib.sha256(encoded.getbuffer()).hexdigest(),
        size=encoded.getbuffer().nbytes,
    )


def unseal(folder: Path, partition: Partition) -> BarColumns:
    """Reads one month; the file's bytes are compared with the manifest before they are decoded.

    Raises:
        Corrupt: the file is missing, changed or does not hold what the manifest says.
    """
    fault = file_fault(folder, partition)
    if fault is not None:
        raise fault
    columns = read_month(folder / partition.file)
    if content_hash(columns) != partition.content:
        raise damaged(folder / partition.file, "the bars are not those the manifest describes")
    return columns


def read_month(path: Path) -> BarColumns:
    """The bars of one monthly file as they stand in it.

    Raises:
        Corrupt: it is no Parquet file of bars.
    """
    import polars as pl  # see seal

    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise damaged(path, f"the file cannot be read ({' '.join(str(error).split())[:120]})") from error
    if tuple(frame.columns) != _NAMES:
        raise damaged(path, f"columns are {', '.join(frame.columns)}, not {', '.join(_NAMES)}")
    arrays = [frame[name].cast(pl.Int64).to_numpy() for name in _TIMES]
    arrays += [frame[name].to_numpy() for name in _NAMES[2:]]
    return BarColumns(*arrays)
