"""Whether monthly files still are what the manifest sealed; their bytes and times only, nothing is decoded."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from tradewind.adapters.market.sealed.manifest import MANIFEST, Dataset, Partition, damaged
from tradewind.errors import Corrupt


def changed_since(folder: Path, dataset: Dataset) -> list[Corrupt]:
    """Damage of monthly files whose size is not the sealed one, or that were written to after the manifest was.

    One ``stat`` a file; only files that raise suspicion are read. One that was touched and is whole gets an earlier
    time again, where that is allowed.
    """
    sealed = (folder / MANIFEST).stat().st_mtime_ns
    found = []
    for partition in dataset.partitions:
        path = folder / partition.file
        try:
            status = path.stat()
            touched = status.st_mtime_ns > sealed or status.st_size != (partition.size or status.st_size)
        except FileNotFoundError:
            touched = True
        if not touched:
            continue
        fault = file_fault(folder, partition)
        if fault is not None:
            found.append(fault)
            continue
        with suppress(PermissionError):
            os.utime(path, ns=(sealed, sealed))
    return found


def file_fault(folder: Path, partition: Partition) -> Corrupt | None:
    """What is wrong with a partition's bytes, or None."""
    path = folder / partition.file
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return damaged(path, "the partition is missing")
    if digest != partition.digest:
        return damaged(path, f"the partition was changed (sha256 {digest[:12]}, sealed as {partition.digest[:12]})")
    return None
