"""The machine: interpreter, packages against the lock, disk."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import tradewind
from tradewind.app.doctor.finding import Finding, State

MIB = 1024 * 1024
LITTLE_DISK = 1024 * MIB
NO_DISK = 100 * MIB
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)( ;)?", re.MULTILINE)


def look_at_python() -> Iterator[Finding]:
    """The interpreter and where it lives."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    fine = sys.version_info >= (3, 11)
    yield Finding(
        "python",
        "interpreter",
        State.OK if fine else State.FAIL,
        f"Python {version}",
        "" if fine else "install Python 3.11 or newer and run `make demo PYTHON=python3.11`",
    )


def look_at_packages(lock: Path | None = None) -> Iterator[Finding]:
    """Installed versions against the pinned ones; only a checkout carries the lock."""
    lock = Path(tradewind.__file__).parents[2] / "requirements" / "base.txt" if lock is None else lock
    if not lock.is_file():
        missing = sorted(name for name in _required() if _installed(name) is None)
        state, detail = (State.FAIL, f"missing: {', '.join(missing)}") if missing else (State.OK, "all present")
        yield Finding("packages", "required", state, detail, "install tradewind again" if missing else "")
        return
    # A pin with a marker (` ; sys_platform == ...`) is for some machines only.
    found_pins = _PIN.findall(lock.read_text("utf-8"))
    pins = {name: pin for name, pin, marker in found_pins if not marker or _installed(name) is not None}
    missing = [name for name in pins if _installed(name) is None]
    other = [
        f"{name} {found} (lock: {pin})" for name, pin in pins.items() if (found := _installed(name)) not in (None, pin)
    ]
    if missing:
        yield Finding("packages", "missing", State.FAIL, ", ".join(missing), "run `make install`")
    if other:
        yield Finding("packages", "not as locked", State.WARN, ", ".join(other), "run `make clean install`")
    if not missing and not other:
        yield Finding("packages", "lock", State.OK, f"{len(pins)} packages as pinned")


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _required() -> list[str]:
    wanted = metadata.requires("tradewind") or [] if _installed("tradewind") else []
    return [re.split(r"[^A-Za-z0-9_.-]", line)[0] for line in wanted if "extra ==" not in line]


def look_at_disk(place: Path) -> Iterator[Finding]:
    """Free space where the data goes."""
    existing = next(folder for folder in (place.absolute(), *place.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / MIB / 1024:.1f} GiB free at {place}"
    if free < NO_DISK:
        yield Finding("disk", "free space", State.FAIL, detail, "free some space before anything is written")
    elif free < LITTLE_DISK:
        yield Finding("disk", "free space", State.WARN, detail, "free some space, or move `paths.data`")
    else:
        yield Finding("disk", "free space", State.OK, detail)
