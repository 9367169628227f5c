"""The memory-mapped twin of a dataset: one raw file, opened in constant time without decoding anything.

Layout, little endian: a header of ``HEADER`` bytes (magic, rows int64, stamp int64, dataset hash 32 bytes, zeros),
then the eight columns of ``BarColumns`` one after the other, ``rows`` values of 8 bytes each. The file's modification
time is set to ``stamp``, so that any later write to it is noticed by a single stat.
"""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tradewind.adapters.market.sealed.durable import sync_folder, write_durably
from tradewind.adapters.market.sealed.manifest import Dataset, Partition
from tradewind.model.bar import BarColumns

HEADER = 4096
_MAGIC = b"TWCOLS1\n"
_HEAD = struct.Struct("<8sqq32s")
_N_COLUMNS = len(BarColumns._fields)
_N_TIMES = 2  # ts_open and ts_close are integers, the rest floats
_STAMP_STEP = 2_000_000_000  # the coarsest modification time among common file systems is two seconds


def content_hash(columns: BarColumns) -> str:
    """sha256 hex of the column values, little endian, column after column."""
    digest = hashlib.sha256()
    for name, column in zip(BarColumns._fields, columns, strict=True):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(column, dtype=f"<{column.dtype.kind}8").data)
    return digest.hexdigest()


def write_columns(path: Path, columns: BarColumns, dataset: str) -> None:
    """Writes the file durably; ``dataset`` is the hash (hex) of the bars it holds."""
    stamp = 0

    def fill(file: BinaryIO) -> None:
        nonlocal stamp
        stamp = os.fstat(file.fileno()).st_mtime_ns // _STAMP_STEP * _STAMP_STEP
        head = _HEAD.pack(_MAGIC, len(columns.ts_open), stamp, bytes.fromhex(dataset))
        file.write(head.ljust(HEADER, b"\0"))
        for column in columns:
            file.write(np.ascontiguousarray(column, dtype=f"<{column.dtype.kind}8").data)

    write_durably(path, fill)
    os.utime(path, ns=(stamp, stamp))
    sync_folder(path.parent)


def open_columns(folder: Path, dataset: Dataset) -> tuple[BarColumns | None, bool]:
    """``(columns, touched)``: views of the mapped file, or None where size or header are not what they must be.

    ``touched`` says that the modification time is not the recorded one: the caller has to compare contents before
    trusting the values. The mapping is private: writing into the arrays never reaches the file.

    Raises:
        FileNotFoundError: the file is missing.
    """
    path = folder / dataset.columns
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        status = os.fstat(file.fileno())
        if status.st_size != HEADER + _N_COLUMNS * 8 * dataset.rows or len(head) < _HEAD.size:
            return None, True
        magic, rows, stamp, identity = _HEAD.unpack(head)
        if magic != _MAGIC or rows != dataset.rows or identity.hex() != dataset.hash:
            return None, True
        # Copy-on-write rather than read-only: compiled kernels take writable arrays, the file stays as it is.
        whole = np.memmap(file, dtype=np.uint8, mode="c", offset=HEADER)
    width = 8 * dataset.rows
    views = [np.asarray(whole[i * width : (i + 1) * width]) for i in range(_N_COLUMNS)]
    times = [view.view(np.int64) for view in views[:_N_TIMES]]
    floats = [view.view(np.float64) for view in views[_N_TIMES:]]
    return BarColumns(times[0], times[1], *floats), status.st_mtime_ns != stamp


def restamp(path: Path) -> None:
    """Sets the modification time back to the recorded one, after the contents were compared.

    A reader without write permission leaves it as it is and compares again next time.
    """
    with path.open("rb") as file:
        stamp = _HEAD.unpack(file.read(_HEAD.size))[2]
    try:
        os.utime(path, ns=(stamp, stamp))
    except PermissionError:
        return


def contents_differ(columns: BarColumns, partitions: tuple[Partition, ...]) -> str:
    """The month of the first partition whose values are not what the manifest says, or ``""``."""
    start = 0
    for partition in partitions:
        stop = start + partition.rows
        if content_hash(columns.slice(start, stop)) != partition.content:
            return partition.month
        start = stop
    return ""
