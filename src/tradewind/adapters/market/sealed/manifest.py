"""The manifest of one dataset: which files it is made of, what they must contain, and where each bar came from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from tradewind.adapters.market.sealed.durable import TEMPORARY
from tradewind.errors import Corrupt, Unavailable
from tradewind.model.timeframe import Timeframe

MANIFEST = "manifest.json"
MANIFEST_COPY = "manifest.copy.json"
FIRST_WRITE = f"first{TEMPORARY}"  # stands in a folder until its first manifest does: what lies there was never stored
SEALED = (".parquet", ".bin")


class Partition(msgspec.Struct, frozen=True):
    """One calendar month (UTC, by bar open).

    ``content`` is the sha256 of the column values, the same for the same bars whatever wrote the file; ``digest`` is
    the sha256 of the Parquet file's bytes and ``size`` their number (0 where an older version did not record it).
    """

    month: str
    file: str
    rows: int
    ts_first: int
    ts_last: int
    content: str
    digest: str
    size: int = 0


class Segment(msgspec.Struct, frozen=True):
    """A run of consecutive bars with one origin; ``ts_first`` and ``ts_last`` are bar opens.

    ``synthetic`` names why these bars were made rather than received; ``""`` for real ones.
    """

    ts_first: int
    ts_last: int
    rows: int
    source: str
    synthetic: str = ""


class Dataset(msgspec.Struct, frozen=True):
    """All stored bars of one symbol and timeframe.

    ``hash`` = sha256 over symbol, timeframe, price kind and the partitions' content hashes: equal exactly when the
    bars are equal. ``ts_first`` is the first bar's open, ``ts_last`` the last bar's close, UTC nanoseconds.
    ``conventions`` says per source how its times are stamped and in which zone they came.
    """

    symbol: str
    timeframe: Timeframe
    price_kind: str
    rows: int
    ts_first: int
    ts_last: int
    hash: str
    columns: str
    partitions: tuple[Partition, ...]
    segments: tuple[Segment, ...]
    conventions: dict[str, str] = {}
    version: int = 1

    @property
    def synthetic_rows(self) -> int:
        """How many bars were made to fill a hole; bars of a market that is SIMULATED as a whole are its own."""
        return sum(segment.rows for segment in self.segments if segment.synthetic and not is_simulated(segment))

    @property
    def simulated(self) -> bool:
        """Whether any bar comes from a simulated market, made here or served by a venue that said so."""
        return any(map(is_simulated, self.segments))

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources, sorted."""
        return tuple(sorted({segment.source for segment in self.segments}))

    def source_at(self, ts_open: int) -> str:
        """Which source the bar that opens at ``ts_open`` came from; ``""`` where there is no such segment."""
        for segment in self.segments:
            if segment.ts_first <= ts_open <= segment.ts_last:
                return segment.source
        return ""


def is_simulated(segment: Segment) -> bool:
    """Whether the bars of a segment come from a simulated market."""
    return "SIMULATED" in f"{segment.source} {segment.synthetic}"


def series_folder(root: Path, symbol: str, timeframe: Timeframe) -> Path:
    """Where a series lies under the store's folder."""
    return root / symbol.replace("/", "-").replace(":", "_") / timeframe.value


def dataset_hash(symbol: str, timeframe: Timeframe, price_kind: str, contents: Sequence[str]) -> str:
    """sha256 hex of the identity and the partitions' content hashes, in order."""
    return hashlib.sha256("\n".join((symbol, timeframe, price_kind, *contents)).encode()).hexdigest()


def encode(dataset: Dataset) -> bytes:
    """The manifest's bytes, indented for people."""
    return msgspec.json.format(msgspec.json.encode(dataset), indent=1) + b"\n"


def survey(root: Path) -> tuple[tuple[Dataset, ...], tuple[Corrupt, ...]]:
    """Every series stored under ``root``, by symbol, then from the shortest timeframe; and manifests lost or damaged.

    One damaged series says nothing about the others.
    """
    found: list[Dataset] = []
    faults: list[Corrupt] = []
    for folder in sorted(root.glob("[!.]*/[!.]*")):
        try:
            found.append(load(folder))
        except Corrupt as fault:
            faults.append(fault)
        except Unavailable:
            continue
    return tuple(sorted(found, key=lambda each: (each.symbol, each.timeframe.rank))), tuple(faults)


def load(folder: Path) -> Dataset:
    """Reads and checks a manifest.

    Raises:
        Unavailable: there is none, and no bars either.
        Corrupt: it is lost, cannot be decoded or disagrees with itself.
    """
    path = folder / MANIFEST
    try:
        return decoded(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        fault = lost(folder)
        if fault is not None:
            raise fault from error
        raise Unavailable(
            "no bars are stored here", where=str(folder), next_step="tradewind data import FILE or tradewind data fetch"
        ) from error


def lost(folder: Path) -> Corrupt | None:
    """The fault of sealed files that no manifest names, None where there are none.

    What an interrupted first import left behind was never stored, and is no loss.
    """
    names: list[str] = []
    with suppress(FileNotFoundError, NotADirectoryError):
        names = [path.name for path in folder.iterdir()]
    sealed = [name for name in names if name.endswith(SEALED)]
    if MANIFEST in names or FIRST_WRITE in names or not sealed:
        return None
    return _unmanifested(folder / MANIFEST, f"the manifest is missing, {len(sealed)} sealed files lie beside it")


def decoded(path: Path) -> Dataset:
    """The manifest in one file.

    Raises:
        FileNotFoundError: there is no such file.
        Corrupt: it cannot be decoded or disagrees with itself.
    """
    try:
        dataset = msgspec.json.decode(path.read_bytes(), type=Dataset)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unmanifested(path, f"the manifest cannot be read ({error})") from error
    contents = [partition.content for partition in dataset.partitions]
    if dataset.hash != dataset_hash(dataset.symbol, dataset.timeframe, dataset.price_kind, contents):
        raise _unmanifested(path, "the manifest's hash does not match its own partitions")
    if dataset.rows != sum(part.rows for part in dataset.partitions) or any(
        "/" in name for name in (dataset.columns, *(part.file for part in dataset.partitions))
    ):
        raise _unmanifested(path, "the manifest contradicts itself")
    return dataset


def _unmanifested(path: Path, found: str) -> Corrupt:
    return Corrupt(
        found,
        where=str(path),
        next_step="`tradewind data verify --repair` puts it back; until then nothing is written here",
    )


def damaged(path: Path, found: str) -> Corrupt:
    """The error for a damaged store file, with the way out."""
    return Corrupt(
        found,
        where=str(path),
        next_step="`tradewind data verify --repair`; where that fails restore the file from a backup,"
        " or `tradewind data drop` this series and import it again",
    )
