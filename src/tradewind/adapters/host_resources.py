"""What this process uses of its host: processor, memory, files, sockets, disk."""

from __future__ import annotations

import os
import resource
import shutil
from contextlib import suppress
from pathlib import Path

import msgspec


class Resources(msgspec.Struct, frozen=True):
    """Bytes and seconds; ``cpu_s`` is user plus system time of this process since it began. 0 where unknown.

    ``database`` is the store with its log, ``logs`` the folder of log files, ``disk_free`` what is left on their disk.
    """

    rss: int = 0
    peak_rss: int = 0
    cpu_s: float = 0.0
    threads: int = 0
    open_files: int = 0
    connections: int = 0
    database: int = 0
    logs: int = 0
    disk_free: int = 0


def processor_s() -> float:
    """Seconds of processor, user plus system, that this process has used since it began."""
    return _busy(resource.getrusage(resource.RUSAGE_SELF))


def _busy(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def resources(database: Path, logs: Path) -> Resources:
    """The figures of now, from ``/proc``; some 100 microseconds."""
    known = _status()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    files, sockets = _open_files()
    return Resources(
        rss=known.get("VmRSS", 0) * 1024,
        peak_rss=known.get("VmHWM", usage.ru_maxrss) * 1024,
        cpu_s=_busy(usage),
        threads=known.get("Threads", 0),
        open_files=files,
        connections=sockets,
        database=sum(size_of(database.with_name(database.name + end)) for end in ("", "-wal", "-shm")),
        logs=sum(size_of(path) for path in logs.glob("*.log*")) if logs.is_dir() else 0,
        disk_free=disk_free(database.parent),
    )


def size_of(path: Path) -> int:
    """Bytes of a file, 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _status() -> dict[str, int]:
    found: dict[str, int] = {}
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            name, _, value = line.partition(":")
            if name in ("VmRSS", "VmHWM", "Threads"):
                found[name] = int(value.split()[0])
    return found


def _open_files() -> tuple[int, int]:
    """Open descriptors, and how many of them are sockets."""
    files = sockets = 0
    with suppress(OSError), os.scandir("/proc/self/fd") as listed:
        for entry in listed:
            files += 1
            with suppress(OSError):  # the listing's own descriptor is gone by now
                sockets += str(Path(entry.path).readlink()).startswith("socket:")
    return files, sockets


def disk_free(folder: Path) -> int:
    """Bytes left on the disk of a folder, 0 where unknown."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
