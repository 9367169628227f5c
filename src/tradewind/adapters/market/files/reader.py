"""Opens a bar file of any kind: decompresses it, finds its format, reads it, judges it."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path

from tradewind.adapters.market.files import formats
from tradewind.adapters.market.files.intake import BadRow, Intake, Request, as_found, judge
from tradewind.adapters.market.files.raw import Format, unreadable
from tradewind.catalog import plugins_of
from tradewind.errors import Corrupt, Misconfigured, TradewindError, Unavailable
from tradewind.model.bar import BarColumns

LARGEST = 4 << 30
_HEAD = 4096
_SHOWN = 5


def known_formats() -> dict[str, Format]:
    """Every format by name."""
    return plugins_of(formats, "FORMAT")


def read_bars(path: Path, request: Request, *, format_name: str = "", skip_bad: bool = False) -> Intake:
    """Reads and judges one file.

    Args:
        path: the file; ``.gz`` and ``.zip`` (of one member) are unpacked.
        request: what the file is said to hold.
        format_name: overrides the detection.
        skip_bad: hand over the sound rows and report the others, instead of refusing the file.

    Raises:
        Unavailable: the file cannot be opened.
        Corrupt: it cannot be decoded, or holds bad rows and ``skip_bad`` is off, or no sound row at all.
        Misconfigured: unknown format, missing columns, or the request does not fit the file.
    """
    try:
        data, name = _opened(path)
        intake = judge(detected(data, name, format_name).parse(data), request)
    except TradewindError as error:
        raise _placed(error, path) from error
    listed = "; ".join(f"line {bad.line}: {bad.reason}" for bad in intake.bad[:_SHOWN])
    more = f" and {len(intake.bad) - _SHOWN} more" if len(intake.bad) > _SHOWN else ""
    sound = len(intake.columns.ts_open)
    if intake.bad and not (skip_bad and sound):
        raise Corrupt(
            f"{len(intake.bad)} bad row{'s' * (len(intake.bad) > 1)} ({listed}{more}); nothing was stored",
            where=str(path),
            next_step=f"correct them, or import the {sound} sound rows with --skip-bad"
            if sound
            else "check --format, --interval and --tz: no row is sound",
        )
    if not sound:
        raise Corrupt("the file holds no closed bar; nothing was stored", where=str(path))
    return intake


def read_as_found(path: Path, request: Request, *, format_name: str = "") -> tuple[BarColumns, tuple[BadRow, ...]]:
    """The rows of a file in its own order, unjudged, for an examination before an import; see ``as_found``.

    Raises:
        TradewindError: as ``read_bars`` does for a file that cannot be opened or decoded.
    """
    try:
        data, name = _opened(path)
        return as_found(detected(data, name, format_name).parse(data), request)
    except TradewindError as error:
        raise _placed(error, path) from error


def detected(data: bytes, name: str, format_name: str = "") -> Format:
    """The format that is asked for, or the one surest by content, then by name.

    Raises:
        Misconfigured: no such format, or none recognises the file.
    """
    known = known_formats()
    if format_name:
        if format_name not in known:
            raise Misconfigured(f"unknown format {format_name!r}", where="--format", allowed=", ".join(known))
        return known[format_name]
    if not data.strip():
        raise unreadable("bar", "it is empty")
    head, lower = data[:_HEAD], name.lower()
    scored = [(each.claims(head), lower.endswith(each.suffixes), each.name) for each in known.values()]
    sure, _, best = max(scored)
    if not sure:
        by_name = [each.name for each in known.values() if lower.endswith(each.suffixes)]
        if not by_name:
            raise Misconfigured(
                "no known kind of bar file", allowed=", ".join(known), next_step="name its kind with --format"
            )
        best = by_name[0]
    return known[best]


def _opened(path: Path) -> tuple[bytes, str]:
    """Unpacked bytes and the name without the packing's suffix."""
    try:
        if path.stat().st_size > LARGEST:
            raise Misconfigured(f"the file is larger than {LARGEST >> 30} GiB", next_step="split it by year")
        data = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"the file cannot be opened: {error.strerror or error}") from error
    try:
        if data[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(data)) as packed:
                return _bounded(packed.read(LARGEST + 1)), path.name.removesuffix(".gz").removesuffix("gz")
        if data[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = archive.namelist()
                if len(members) != 1:
                    raise Misconfigured(f"the archive holds {len(members)} files", next_step="unpack it first")
                with archive.open(members[0]) as packed:
                    return _bounded(packed.read(LARGEST + 1)), members[0]
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise unreadable("compressed", str(error)) from error
    return data, path.name


def _bounded(data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise Misconfigured(f"unpacked, the file is larger than {LARGEST >> 30} GiB", next_step="split it by year")
    return data


def _placed(error: TradewindError, path: Path) -> TradewindError:
    """The same error with the file's name in front."""
    where = f"{path}, {error.where}" if error.where else str(path)
    return type(error)(error.found, where=where, allowed=error.allowed, next_step=error.next_step)
