"""`tradewind features`: inputs as files, and the proof that nothing in them came from the future."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.acceptance.project import Project, simulated, write_csv

BTC = "data/features/BTC-USDT-1h_features.parquet"


@pytest.fixture(scope="module")
def built(market: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with features of BTC/USDT on 1h and 4h. Copy it before anything is changed."""
    folder = tmp_path_factory.mktemp("built")
    shutil.copytree(market.folder, folder, dirs_exist_ok=True)
    made = Project(folder)
    ran = made.types("features", "build", "--symbol", "BTC/USDT", "--interval", "1h,4h")
    assert ran.exit_code == 0, ran.stderr
    return made


@pytest.fixture
def own(built: Project, tmp_path: Path) -> Project:
    """A copy to spoil."""
    shutil.copytree(built.folder, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path)


def rewritten(path: Path, change) -> pl.DataFrame:
    """The file with other columns and the metadata it had, as a pipeline of somebody else would leave it."""
    about = {key: value for key, value in pl.read_parquet_metadata(path).items() if key.startswith("tradewind.")}
    frame = change(pl.read_parquet(path))
    frame.write_parquet(path, metadata=about)
    return frame


@pytest.mark.req("A18", "I08")
def test_features_are_parquet_files_that_say_what_they_are_made_of(own):
    """Rule: one *_features.parquet a series in data/features, a row a bar, schema and data hash in the metadata."""
    ran = own.types("features", "build", "--symbol", "BTC-USD,EURUSD", "--interval", "1h", "--json")
    assert ran.exit_code == 3  # BTC/USD is another pair than BTC/USDT, and named it must be there
    ran = own.types("features", "build", "--symbol", "BTC/USDT", "--interval", "1h", "--json")
    told = ran.document["features"][0]
    frame, about = pl.read_parquet(own.folder / BTC), pl.read_parquet_metadata(own.folder / BTC)
    assert told["file"] == BTC
    assert about["tradewind.schema_hash"] == told["schema_hash"]
    assert about["tradewind.data_hash"] == told["data_hash"]
    assert about["tradewind.symbol"] == "BTC/USDT"
    assert about["tradewind.made"] == about["tradewind.bars"] == "SIMULATED"
    assert frame.shape == (2400, told["channels"] + 2) == (told["rows"], 34)
    whole = frame.select(pl.all_horizontal(pl.exclude("time", "time_close").is_not_nan())).to_series()
    assert whole.sum() == told["complete_rows"] == 2400 - told["first_complete"] > 1800
    labels = told["labels"]
    assert told["complete_rows"] > labels["samples"] > 5 * labels["n_eff"] > 500
    assert 0.4 < labels["up"] < 0.6
    assert 0.0 < labels["unresolved"] < 0.3
    assert (frame["time_close"] - frame["time"]).dt.total_minutes().unique().to_list() == [60]


@pytest.mark.req("I08")
def test_the_same_candles_give_the_same_file_and_nothing_is_written_unasked(own):
    before = (own.folder / BTC).read_bytes()
    assert own.types("features", "build", "--symbol", "BTC/USDT", "--interval", "1h").exit_code == 0
    assert (own.folder / BTC).read_bytes() == before
    ran = own.types("features", "build", "--symbol", "EUR/USD", "--interval", "1h", "--no-save-parquet")
    assert ran.exit_code == 0
    assert "Nothing was written" in ran.stdout
    assert not list((own.folder / "data/features").glob("EUR*"))


@pytest.mark.req("I08")
def test_features_can_be_made_of_files_into_a_folder_of_ones_own(project):
    """Rule: --input and --output as in the source's script; the verification reads the same files."""
    raw = project.folder / "data/raw"
    raw.mkdir(parents=True)
    write_csv(raw / "SOLUSDT-1h.csv", simulated("SOL/USDT", 900))
    ran = project.types("features", "build", "--input", "data/raw", "--output", "out", "--save-parquet", "--json")
    assert ran.exit_code == 0, ran.stdout
    assert (project.folder / "out/SOL-USDT-1h_features.parquet").is_file()
    assert project.types("features", "verify", "out", "--input", "data/raw").exit_code == 0
    assert project.types("features", "verify", "out").exit_code == 3  # no candles of it are stored


@pytest.mark.req("D20")
def test_features_as_they_were_built_are_sound(built):
    """Rule: every bar replayed, no column differs by a bit; exit 0."""
    ran = built.types("features", "verify", "--json")
    assert ran.exit_code == 0, ran.stdout
    assert ran.document["verdict"] == "sound"
    assert ran.document["checked"] == ["leakage", "completeness"]
    assert [one["interval"] for one in ran.document["features"]] == ["1h", "4h"]
    assert all(one["leakage_checked"] and not one["columns"] for one in ran.document["features"])
    assert "replayed with the bars up to it alone" in built.types("features", "verify").stdout


@pytest.mark.req("D20")
@pytest.mark.parametrize("column", ["rsi", "4h_rsi", "body"])
def test_a_planted_shift_by_one_bar_is_named_with_its_column_and_bar(own, column):
    """Rule: a column moved one bar into the past fails the check by name, first bar and time; no other is named."""
    known = pl.read_parquet(own.folder / BTC)
    planted = rewritten(own.folder / BTC, lambda frame: frame.with_columns(pl.col(column).shift(-1)))
    ran = own.types("features", "verify", BTC, "--check-leakage", "--json")
    assert ran.exit_code == 4
    (found,) = ran.document["features"][0]["columns"]
    assert (found["column"], found["kind"], found["shift"]) == (column, "leak", 1)
    a, b = (frame[column].fill_null(np.nan).to_numpy() for frame in (planted, known))
    first = int(np.flatnonzero((a != b) & ~(np.isnan(a) & np.isnan(b)))[0])
    assert found["bar"] == first
    assert found["ts"] == known["time_close"].cast(pl.Int64)[first]
    assert found["stored"] == a[first]
    shown = own.types("features", "verify", BTC, "--check-leakage").stdout
    assert f"{column} at bar {first}" in shown
    assert "LEAK: it holds the value of 1 bar later" in shown


@pytest.mark.req("D20")
def test_a_leak_under_another_name_is_found_and_what_nobody_can_check_is_said(own):
    """Rule: a copy of a known column from the future is named with its source; a foreign column is no proof of
    anything; a column that is missing, late or changed somewhere is a fault as well."""
    rewritten(
        own.folder / BTC,
        lambda frame: frame.with_columns(
            pl.col("stochastic").shift(-3).alias("momentum"),
            pl.col("close_in_bar").shift(2),
            (pl.col("adx") + (pl.int_range(pl.len()) == 1500)).cast(pl.Float32),
            pl.int_range(pl.len()).cast(pl.Float32).alias("mine"),
        ).drop("volume"),
    )
    ran = own.types("features", "verify", BTC, "--json")
    assert ran.exit_code == 4
    found = {one["column"]: one for one in ran.document["features"][0]["columns"]}
    assert {name: one["kind"] for name, one in found.items()} == {
        "momentum": "leak", "close_in_bar": "late", "adx": "other", "mine": "unknown", "volume": "missing"
    }  # fmt: skip
    assert (found["momentum"]["source"], found["momentum"]["shift"]) == ("stochastic", 3)
    assert found["close_in_bar"]["shift"] == -2
    assert (found["adx"]["bar"], found["adx"]["bars"]) == (1500, 1)


@pytest.mark.req("D20")
def test_what_is_incomplete_is_named(own):
    """Rule: a column unknown at more than a hundredth of the bars is named with its share; so are rows that are gone
    and contents that were changed; the limit can be moved, the replay left out."""
    hole = pl.when(pl.int_range(pl.len()).is_between(1000, 1099)).then(None).otherwise(pl.col("rsi")).alias("rsi")
    rewritten(own.folder / BTC, lambda frame: frame.with_columns(hole).head(2300))
    ran = own.types("features", "verify", BTC, "--check-completeness", "--json")
    assert ran.exit_code == 4
    told = ran.document["features"][0]
    assert not told["leakage_checked"]
    assert told["complete"]["holes"] == 100
    faults = " | ".join(told["faults"])
    assert "rsi is unknown at" in faults
    assert "2,300 rows, 2,400 were written" in faults
    assert "it was changed" in faults
    assert "unknown after the warm-up: rsi 5." in own.types("features", "verify", BTC, "--check-completeness").stdout
    wide = own.types("features", "verify", BTC, "--check-completeness", "--max-unknown", "0.1", "--json")
    assert "rsi is unknown" not in " | ".join(wide.document["features"][0]["faults"])
    both = own.types("features", "verify", BTC, "--json")
    assert [one["column"] for one in both.document["features"][0]["columns"]] == ["rsi"]


@pytest.mark.req("D20")
def test_features_of_candles_that_changed_must_be_built_again(own):
    """Rule: bars that are added later change nothing; bars that were replaced are named, and no replay pretends."""
    bars = simulated("BTC/USDT", 2400)
    more = bars._replace(ts_open=bars.ts_open + bars.ts_close[-1] - bars.ts_open[0],
                         ts_close=bars.ts_close + bars.ts_close[-1] - bars.ts_open[0])  # fmt: skip
    own.imports(more, "BTC/USDT")
    assert own.types("features", "verify", BTC).exit_code == 0
    moved = bars._replace(high=bars.high * 1.0001)
    path = write_csv(own.folder / "moved.csv", moved)
    words = ("--symbol", "BTC/USDT", "--interval", "1h", "--on-conflict", "replace", "--source", "SIMULATED")
    assert own.types("data", "import", path.name, *words).exit_code == 0
    ran = own.types("features", "verify", BTC, "--json")
    assert ran.exit_code == 4
    assert "are others now" in ran.document["features"][0]["faults"][0]
    assert not ran.document["features"][0]["leakage_checked"]
    assert own.types("features", "build", "--symbol", "BTC/USDT", "--interval", "1h").exit_code == 0
    assert own.types("features", "verify", BTC).exit_code == 0


def test_what_is_wrong_with_the_question_is_said_with_its_exit_code(own):
    """Rule: 1 damaged bytes, 2 wrong words, 3 nothing there, 4 a verdict."""
    (own.folder / "broken_features.parquet").write_bytes(b"PAR1 and nothing of it")
    pl.DataFrame({"a": [1.0]}).write_parquet(own.folder / "other_features.parquet")
    cases = {
        ("verify", "broken_features.parquet"): 1,
        ("verify", "other_features.parquet"): 1,
        ("verify", "none_features.parquet"): 3,
        ("verify", "--symbol", "EUR/USD"): 3,
        ("verify", "--interval", "7h"): 2,
        ("build", "--symbol", "FOO/BAR"): 2,
        ("build", "--symbol", "BTC/USDT", "--interval", "5m"): 3,
        ("build", "--symbol", "BTC/USDT", "--interval", "1d"): 4,  # 100 days hold no row after the warm-up
        ("build", "--input", "nowhere"): 3,
    }
    for words, code in cases.items():
        ran = own.types("features", *words, "--json")
        assert ran.exit_code == code, (words, ran.stdout)
        assert (code == 4) != ("error" in ran.document), words


def test_what_is_only_configured_is_left_out_with_a_word(own):
    """Rule: without names, every configured pair that has candles; the others are said, not failed on."""
    own.configured('symbols = ["BTC/USDT", "XAU/USD"]\n')
    ran = own.types("features", "build", "--interval", "1h", "--json")
    assert ran.exit_code == 0
    assert [one["symbol"] for one in ran.document["features"]] == ["BTC/USDT"]
    assert "XAU/USD 1h is left out" in ran.document["left_out"][0]
    assert "WARNING" in ran.stderr
