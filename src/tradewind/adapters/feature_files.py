"""Feature sets as Parquet: the times of each bar, one column a channel, and in the metadata what they were made of.

Research alone reads and writes them; a service makes its rows itself and loads no frame library.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tradewind.adapters.market.files.decoding import decoding
from tradewind.adapters.market.sealed.durable import sync_folder, write_durably
from tradewind.adapters.market.sealed.partitions import LABEL
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.features.feature_set import FeatureOrigin, FeatureSet, data_hash
from tradewind.features.input_schema import InputSchema
from tradewind.model.timeframe import Timeframe

SUFFIX: Final = "_features.parquet"
TIMES: Final = ("time", "time_close")
HEAD: Final = "tradewind."
SCHEMA: Final = "tradewind.schema"


class FeatureFile(NamedTuple):
    """A file as it stands, unjudged: its columns may be others than those its schema names.

    ``columns`` are float32 ``(n,)`` by name, in the order of the file.
    """

    path: Path
    origin: FeatureOrigin
    schema: InputSchema
    ts_open: NDArray[np.int64]
    ts_close: NDArray[np.int64]
    columns: Mapping[str, NDArray[np.float32]]

    @property
    def whole(self) -> bool:
        """Whether the columns are those of the schema, in its order."""
        return tuple(self.columns) == self.schema.names

    @property
    def data_hash(self) -> str:
        """The hash of what the columns hold, to be compared with the origin's."""
        rows = np.column_stack(list(self.columns.values())) if self.columns else np.empty((0, 0), np.float32)
        return data_hash(self.origin.symbol, self.schema.hash, self.ts_open, self.ts_close, rows)

    def as_set(self) -> FeatureSet:
        """The inputs, once they are what the file says they are.

        Raises:
            Corrupt: other columns than the schema's, or other contents than were sealed.
        """
        if not self.whole or self.schema.hash != self.origin.schema_hash or self.data_hash != self.origin.data_hash:
            raise _damaged(self.path, "columns or contents are not those that were written")
        rows = np.column_stack(list(self.columns.values()))
        return FeatureSet(self.origin.symbol, self.schema, self.ts_open, self.ts_close, rows)


def file_of(folder: Path, symbol: str, timeframe: Timeframe) -> Path:
    """Where the features of a series lie in a folder: ``BTC-USDT-1h_features.parquet``."""
    return folder / f"{symbol.replace('/', '-').replace(':', '_')}-{timeframe}{SUFFIX}"


def files_in(folder: Path) -> tuple[Path, ...]:
    """Feature files of a folder, by name; none where there is no folder."""
    return tuple(sorted(folder.glob(f"*{SUFFIX}")))


def write_features(path: Path, features: FeatureSet, origin: FeatureOrigin) -> int:
    """Writes the file, wholly or not at all, and returns its size in bytes.

    Raises:
        Unavailable: the disk is full or the folder cannot be written.
    """
    columns: dict[str, Any] = dict(zip(TIMES, (features.ts_open, features.ts_close), strict=True))
    columns |= {name: np.ascontiguousarray(features.rows[:, k]) for k, name in enumerate(features.schema.names)}
    frame = pl.DataFrame(columns).with_columns(pl.col(name).cast(pl.Datetime("ns", "UTC")) for name in TIMES)
    about = {f"{HEAD}{name}": str(value) for name, value in msgspec.structs.asdict(origin).items()}
    about[SCHEMA] = features.schema.encoded().decode()
    if origin.made:
        about[LABEL] = origin.made
    encoded = io.BytesIO()
    frame.write_parquet(encoded, compression="zstd", metadata=about)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"the folder cannot be made: {error.strerror or error}", where=str(path.parent)) from error
    write_durably(path, lambda file: file.write(encoded.getbuffer()))
    sync_folder(path.parent)
    return encoded.getbuffer().nbytes


def read_features(path: Path) -> FeatureFile:
    """A feature file with its metadata.

    Raises:
        Unavailable: there is no such file.
        Corrupt: it is no feature file: bytes, metadata or columns cannot be read.
    """
    if not path.is_file():
        raise Unavailable("no such feature file", where=str(path), next_step="tradewind features build")
    try:
        with decoding("Parquet"):
            data = path.read_bytes()
            about = pl.read_parquet_metadata(io.BytesIO(data))
            frame = pl.read_parquet(io.BytesIO(data))
    except Corrupt as error:
        raise _damaged(path, error.found) from error
    origin, schema = _described(path, about)
    if tuple(frame.columns[:2]) != TIMES or any(frame[name].dtype.base_type() is not pl.Datetime for name in TIMES):
        raise _damaged(path, f"the first columns are {', '.join(frame.columns[:2])}, not {', '.join(TIMES)}")
    other = [name for name in frame.columns[2:] if not frame[name].dtype.is_numeric()]
    if other or any(frame[name].null_count() for name in TIMES):
        raise _damaged(path, f"{other[0]} holds no numbers" if other else "a bar has no time")
    opened, closed = (frame[name].cast(pl.Datetime("ns", "UTC")).cast(pl.Int64).to_numpy() for name in TIMES)
    columns = {name: frame[name].cast(pl.Float32).fill_null(float("nan")).to_numpy() for name in frame.columns[2:]}
    return FeatureFile(path, origin, schema, opened, closed, columns)


def _described(path: Path, about: Mapping[str, str]) -> tuple[FeatureOrigin, InputSchema]:
    said = {key.removeprefix(HEAD): value for key, value in about.items() if key.startswith(HEAD)}
    try:
        origin = msgspec.convert(said, FeatureOrigin, strict=False)
        return origin, InputSchema.decoded(about[SCHEMA])
    except (msgspec.ValidationError, Misconfigured, KeyError) as error:
        raise _damaged(path, f"its metadata do not say what it was made of ({error})") from error


def _damaged(path: Path, found: str) -> Corrupt:
    return Corrupt(found, where=str(path), next_step="tradewind features build makes it again")
