"""No file can make an importer fail in a way nobody meant: sound bars, or an error of the tree."""

from __future__ import annotations

import io
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.files.samples import NOW, OPENS, ROWS, csv, request
from tests.unit.files.test_importers import METATRADER
from tradewind.adapters.market.files.intake import judge
from tradewind.adapters.market.files.reader import detected, known_formats
from tradewind.adapters.market.sealed.merge import require_sound
from tradewind.errors import TradewindError
from tradewind.model.timeframe import Timeframe


def _binary() -> dict[str, bytes]:
    columns = np.array(ROWS).T
    frame = pl.DataFrame(
        {"date": pl.Series(OPENS).cast(pl.Datetime("ns", "UTC"))}
        | dict(zip(("open", "high", "low", "close", "volume"), columns, strict=True))
    )
    parquet, feather, array = io.BytesIO(), io.BytesIO(), io.BytesIO()
    frame.write_parquet(parquet)
    frame.write_ipc(feather)
    np.save(
        array, np.array([[int(t) / 1e6, o, c, h, low, v] for t, (o, h, low, c, v) in zip(OPENS, ROWS, strict=True)])
    )
    rows = [[int(ts) // 10**6, *row] for ts, row in zip(OPENS, ROWS, strict=True)]
    return {
        "parquet": parquet.getvalue(),
        "freqtrade-feather": feather.getvalue(),
        "jesse": array.getvalue(),
        "freqtrade-json": json.dumps(rows).encode(),
        "csv": csv(),
        "metatrader": METATRADER,
    }


SAMPLES = _binary()


def survives(data: bytes, format_name: str, timeframe: Timeframe = Timeframe.H1, zone: str = "") -> None:
    """Reads the bytes; whatever comes out is storable."""
    try:
        intake = judge(detected(data, "file", format_name).parse(data), request(timeframe=timeframe, zone=zone))
    except TradewindError:
        return
    columns = intake.columns
    if len(columns.ts_open):
        require_sound(columns, "fuzzed")
        assert columns.ts_close[-1] <= NOW
        assert columns.ts_open[0] >= 0


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A real file with some bytes changed, cut, doubled or dropped."""
    name = draw(st.sampled_from(sorted(SAMPLES)))
    data = bytearray(SAMPLES[name])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["set", "cut", "drop", "double", "insert"])):
            case "set" if data:
                data[at] = draw(st.integers(0, 255))
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + draw(st.integers(1, 20))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 40))]
            case _:
                data[at:at] = draw(st.binary(min_size=1, max_size=12))
    return name, bytes(data)


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_a_mutated_file_gives_sound_bars_or_a_clear_error(case: tuple[str, bytes]) -> None:
    """Every format survives damage to its own files."""
    survives(case[1], case[0])


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(known_formats())), st.binary(max_size=300))
def test_random_bytes_give_a_clear_error(name: str, data: bytes) -> None:
    """Every format survives bytes of any other kind, also when forced upon it."""
    survives(data, name)
    survives(data, "")


_CELLS = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "nan", "inf", "1e308", "1.0955", "2024-01-10", "2024-01-10T08:00", "20240110", "1704873600",
         "1704873600000", "9999999999999999999", "31.12.2199 23:59", "03/04/2024", "2024-01-10T08:00+14:00", "08:00",
         "\"", "time", "open", "close", "<DATE>", "1,5", "۱۲", "-0", "0x10", "True"]
    ),
    st.text(max_size=12),
    st.floats().map(str),
    st.integers(-(10**20), 10**20).map(str),
)  # fmt: skip


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(_CELLS, min_size=1, max_size=9), max_size=8),
    st.sampled_from([",", ";", "\t", " ", "|"]),
    st.booleans(),
    st.sampled_from([Timeframe.M1, Timeframe.H1, Timeframe.H4, Timeframe.D1]),
    st.sampled_from(["", "Europe/Athens", "America/New_York"]),
    st.sampled_from(["csv", "metatrader"]),
)
def test_a_table_of_any_cells_gives_sound_bars_or_a_clear_error(
    rows: list[list[str]], separator: str, header: bool, timeframe: Timeframe, zone: str, name: str
) -> None:
    """Odd numbers, odd times, odd widths, odd quoting."""
    head = ["time", "open", "high", "low", "close", "volume"] if header else []
    text = "\n".join(separator.join(row) for row in ([head] if header else []) + rows)
    survives(text.encode("utf-8", "surrogatepass"), name, timeframe, zone)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(
            st.one_of(st.none(), st.floats(), st.integers(-(2**63), 2**63), st.text(max_size=3), st.booleans()),
            max_size=8,
        ),
        max_size=6,
    )
)
def test_json_rows_of_any_values_give_sound_bars_or_a_clear_error(rows: list[list[object]]) -> None:
    """Nulls, words, truth values and huge numbers."""
    survives(json.dumps(rows).encode(), "freqtrade-json")


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["float64", "int64", "uint8", "bool", "complex128", "U3", "datetime64[ns]", "float16"]),
    st.lists(st.integers(0, 9), max_size=3),
    st.binary(max_size=400),
)
def test_arrays_of_any_type_and_shape_give_sound_bars_or_a_clear_error(
    dtype: str, shape: list[int], content: bytes
) -> None:
    """Every dtype and shape numpy can write."""
    array = np.zeros(shape, dtype=dtype)
    raw = np.frombuffer(content, dtype=np.uint8)
    if array.dtype.kind in "fiu" and raw.size:
        array.flat[:] = np.resize(raw, array.size)
    buffer = io.BytesIO()
    np.save(buffer, array)
    survives(buffer.getvalue(), "jesse")


@pytest.mark.parametrize("dtype", [pl.String, pl.Boolean, pl.Date, pl.Time, pl.Duration, pl.Binary, pl.List(pl.Int64)])
def test_columns_of_the_wrong_type_give_a_clear_error(dtype: pl.DataType) -> None:
    """A Parquet file whose columns have the right names and the wrong types."""
    for wrong in ("time", "open", "volume"):
        columns = {name: pl.Series([1.0, 2.0, 3.0]) for name in ("time", "open", "high", "low", "close", "volume")}
        columns["time"] = pl.Series([1704873600, 1704877200, 1704880800])
        columns[wrong] = pl.Series([None, None, None], dtype=dtype)
        buffer = io.BytesIO()
        pl.DataFrame(columns).write_parquet(buffer)
        survives(buffer.getvalue(), "parquet")
