"""``tradewind data`` as a user meets it: what is typed, what is printed, what the exit code says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.shared_data import shared
from tests.unit.files.samples import csv
from tests.unit.files.test_importers import METATRADER
from tradewind.cli.main import main


@pytest.fixture
def tw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command line in an empty folder: (exit code, stdout, stderr); JSON is decoded."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("TRADEWIND", "RUNTIME"))]:
        monkeypatch.delenv(name)
    capsys.readouterr()

    def run(*words: str) -> tuple[int, Any, str]:
        code = main(list(words))
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in words else out, err

    return run


@pytest.mark.req("A24", "X05", "X16")
def test_a_file_becomes_a_series_with_a_hash_and_a_stated_convention(tw: Any, tmp_path: Path) -> None:
    """The form others use: data import FILE --symbol USD/CHF --interval 1h."""
    (tmp_path / "chf.csv").write_bytes(csv())
    code, out, err = tw("data", "import", "chf.csv", "--symbol", "USD/CHF", "--interval", "1h")
    assert (code, err) == (0, "")
    assert "bars stamped at their open, UTC" in out
    assert "times carry no zone and were read as UTC" in out
    code, listed, _ = tw("data", "list", "--json")
    assert [(each["symbol"], each["interval"], each["rows"]) for each in listed] == [("USD/CHF", "1h", 4)]
    assert len(listed[0]["hash"]) == 64
    assert listed[0]["conventions"] == {"file:chf.csv": "bars stamped at their open, UTC"}
    code, again, _ = tw("data", "import", "chf.csv", "-p", "USDCHF", "-i", "60min", "--source", "mine", "--json")
    assert (code, again["imported"][0]["added"], again["imported"][0]["hash"]) == (0, 0, listed[0]["hash"])


@pytest.mark.req("A24")
def test_a_new_pair_needs_configuration_only(tw: Any, tmp_path: Path) -> None:
    """NZD/USD is not built in; a line of configuration makes it importable, resolvable and listed."""
    (tmp_path / "nzd.csv").write_bytes(csv())
    code, _, err = tw("data", "import", "nzd.csv", "--symbol", "NZD/USD", "--interval", "1h")
    assert code == 2
    assert "unknown symbol 'NZD/USD'" in err
    (tmp_path / "tradewind.toml").write_text('[[instruments]]\nsymbol = "NZD/USD"\n')
    code, _, err = tw("data", "import", "nzd.csv", "--symbol", "NZDUSD", "--interval", "1h")
    assert (code, err) == (0, "")
    assert tw("data", "resolve", "nzd_usd")[1].strip() == "NZD/USD"
    assert "NZD/USD" in tw("data", "pairs", "--class", "fx")[1]


def test_names_of_files_tell_the_series(tw: Any, tmp_path: Path) -> None:
    """freqtrade, MetaTrader and plain names; a name that tells nothing is asked about."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "EUR_USD-1h.csv").write_bytes(csv())
    (folder / "GBPUSD_H1_202401100000_202401101100.csv").write_bytes(METATRADER)
    (folder / "USDJPY-60min.txt").write_bytes(csv())
    (folder / "notes.pdf").write_bytes(b"%PDF")
    code, done, _ = tw("data", "import", "files", "--json")
    assert code == 0
    assert sorted((each["symbol"], each["interval"]) for each in done["imported"]) == [
        ("EUR/USD", "1h"),
        ("GBP/USD", "1h"),
        ("USD/JPY", "1h"),
    ]
    (tmp_path / "bars.csv").write_bytes(csv())
    code, _, err = tw("data", "import", "bars.csv")
    assert code == 2
    assert "--interval 1h" in err
    code, _, err = tw("data", "import", "bars.csv", "-i", "1h")
    assert code == 2
    assert "--symbol BASE/QUOTE" in err


def test_a_bad_file_among_good_ones_is_named_and_the_others_are_stored(tw: Any, tmp_path: Path) -> None:
    """The exit code is that of the failure; nothing of the good files is lost."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "EURUSD-1h.csv").write_bytes(csv())
    (folder / "GBPUSD-1h.csv").write_bytes(csv()[:-20])
    code, out, _ = tw("data", "import", "files")
    assert code == 2
    assert "not imported" in out
    assert "line 5: the file is cut off" in out
    assert [each["symbol"] for each in tw("data", "list", "--json")[1]] == ["EUR/USD"]
    code, out, _ = tw("data", "import", "files/GBPUSD-1h.csv", "--skip-bad")
    assert code == 0
    assert "1 bad row left out" in out
    assert "line 5" in out


@pytest.mark.parametrize(
    ("name", "data", "code", "message"),
    [
        ("a.parquet", b"PAR1" + b"\0" * 100, 2, "not a readable Parquet file"),
        ("a.csv", b"", 2, "it is empty"),
        ("a.csv", b"time,open\n1,2\n", 2, "no column for high, low, close"),
        ("a.csv", csv()[:-20], 2, "the file is cut off in this line"),
        ("missing.csv", None, 3, "No such file"),
    ],
)
def test_bad_input_gets_a_clear_error_and_stores_nothing(
    tw: Any, tmp_path: Path, name: str, data: bytes | None, code: int, message: str
) -> None:
    """Each message is one line a person can act on; --json says the same."""
    if data is not None:
        (tmp_path / name).write_bytes(data)
    arguments = ("data", "import", name, "-p", "EUR/USD", "-i", "1h")
    found, out, err = tw(*arguments)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err
    found, document, _ = tw(*arguments, "--json")
    assert (found, document["error"]["exit_code"]) == (code, code)
    assert tw("data", "list", "--json")[1] == []


@pytest.mark.req("A11")
def test_history_is_measured_in_years_and_its_shortfall_named(tw: Any) -> None:
    """Five years of daily bars are wanted; hourly bars count, since daily ones are made from them."""
    tw("data", "import", str(shared("data/bars/EURUSD-1h.parquet")))
    tw("data", "import", str(shared("data/bars/BTCUSDT-1m.parquet")))
    code, found, _ = tw("data", "status", "EUR/USD", "--interval", "1d", "--json")
    assert code == 0
    assert found[0]["years"] == pytest.approx(7.53, abs=0.01)
    assert (found[0]["stored_as"], found[0]["shortfall"]) == ("1h", "")
    code, out, _ = tw("data", "status", "BTC/USDT", "--interval", "1d")
    assert code == 4
    assert "0.09 of 5 years, 4.91 years short" in out
    code, _, err = tw("data", "status", "GBP/USD")
    assert code == 3
    assert "no bars of GBP/USD" in err
    code, _, err = tw("data", "status", "EUR/USD", "--interval", "1m")
    assert code == 3
    assert tw("data", "status")[0] == 0


@pytest.mark.req("A19")
def test_verify_reports_a_gap_a_duplicate_a_spike_and_a_bar_out_of_order_with_times(tw: Any, tmp_path: Path) -> None:
    """Put into a real file before it is imported; each is named with its time and the exit code says no."""
    frame = pl.read_parquet(shared("data/bars/EURUSD-1h.parquet")).slice(20000, 2000)
    sigma = 1.4826 * float(np.median(np.abs(np.diff(np.log(frame["close"].to_numpy())))))
    spiked = frame["close"].to_numpy().copy()
    spiked[1500] *= np.exp(14 * sigma)
    frame = frame.with_columns(close=pl.Series(spiked), high=pl.Series(np.maximum(frame["high"].to_numpy(), spiked)))
    order = [*range(100), *range(103, 200), 199, *range(200, 300), 301, 300, *range(302, 2000)]
    frame[order].write_parquet(tmp_path / "EURUSD-1h.parquet")
    code, document, _ = tw("data", "verify", "EURUSD-1h.parquet", "--json")
    assert code == 4
    times = frame["time"].cast(pl.Datetime("ns", "UTC")).cast(pl.Int64)
    found = {(each["kind"], each["ts"]) for each in document["series"][0]["findings"]}
    for kind, row in (("outage", 100), ("duplicate", 199), ("spike", 1500), ("out_of_order", 300)):
        assert (kind, times[row]) in found
    code, out, _ = tw("data", "verify", "EURUSD-1h.parquet", "--all")
    assert code == 4
    for row in (100, 199, 300, 1500):
        assert frame["time"][row].strftime("%Y-%m-%d %H:%MZ") in out
    for kind in ("outage", "duplicate", "spike", "out of order"):
        assert kind in out


def test_verify_finds_damage_names_the_file_and_repairs_what_can_be(tw: Any, tmp_path: Path) -> None:
    """Mapped columns and monthly files repair each other on request; damage of both stays a fault."""
    tw("data", "import", str(shared("data/bars/BTCUSDT-1m.parquet")))
    assert tw("data", "verify")[0] == 0
    mapped = next((tmp_path / "data").rglob("*.bin"))
    content = bytearray(mapped.read_bytes())
    content[5000] ^= 1
    mapped.write_bytes(content)
    code, out, _ = tw("data", "verify")
    assert code == 4
    assert mapped.name in out
    code, out, _ = tw("data", "verify", "--repair")
    assert code == 0
    assert "(repaired)" in out
    partition = next((tmp_path / "data").rglob("*.parquet"))
    partition.write_bytes(partition.read_bytes()[:-100])
    assert tw("data", "verify")[0] == 4
    assert tw("data", "verify", "--repair")[0] == 0
    assert tw("data", "verify")[0] == 0
    partition.write_bytes(partition.read_bytes()[:-100])
    mapped.write_bytes(mapped.read_bytes()[:-100])
    code, document, _ = tw("data", "verify", "--repair", "--json")
    assert code == 4
    assert partition.name in document["series"][0]["damage"][0]


@pytest.mark.req("A19")
def test_a_series_that_lost_its_manifest_is_damaged_not_empty(tw: Any, tmp_path: Path) -> None:
    """Every verb that could take it for empty names it instead; an import does not touch it; verify puts it back."""
    tw("data", "import", str(shared("data/bars/EURUSD-1h.parquet")))
    listed = tw("data", "list", "--json")[1]
    folder = tmp_path / "data" / "candles" / "EUR-USD" / "1h"
    (folder / "manifest.json").unlink()
    files = sorted(path.name for path in folder.iterdir())
    (tmp_path / "EURUSD-1h.csv").write_bytes(csv())
    for words in (("data", "list"), ("data", "verify"), ("data", "status"), ("data", "import", "EURUSD-1h.csv")):
        code, out, err = tw(*words)
        assert code in (1, 4), words
        assert "the manifest is missing" in out + err, words
        assert "data verify --repair" in out + err, words
    assert sorted(path.name for path in folder.iterdir()) == files
    code, out, _ = tw("data", "verify", "--repair")
    assert code == 0
    assert "put back from its copy" in out
    assert tw("data", "list", "--json")[1] == listed


@pytest.mark.req("A19")
@pytest.mark.parametrize("gone", [False, True])
def test_data_list_sees_a_month_that_is_cut_or_gone(tw: Any, tmp_path: Path, gone: bool) -> None:
    """Exit 4 and the file's name, as its help says; the bars themselves are not read for it."""
    tw("data", "import", str(shared("data/bars/EURUSD-1h.parquet")))
    assert tw("data", "list")[0] == 0
    month = min((tmp_path / "data").rglob("*.parquet"))
    month.unlink() if gone else month.write_bytes(month.read_bytes()[:100])
    code, out, _ = tw("data", "list")
    assert code == 4
    assert month.name in out
    code, documents, _ = tw("data", "list", "--json")
    assert (code, month.name in documents[0]["damage"][0]) == (4, True)
    code, _, err = tw("backtest", "--symbol", "EUR/USD", "--interval", "1h", "--timerange", "2020-01-01..2020-03-01")
    assert month.name in err
    assert "mapped copy" in err


def test_conflicting_files_are_refused_until_the_user_decides(tw: Any, tmp_path: Path) -> None:
    """Two sources that disagree; the message shows both values and the two ways out."""
    (tmp_path / "EURUSD-1h.csv").write_bytes(csv())
    tw("data", "import", "EURUSD-1h.csv")
    (tmp_path / "EURUSD-1h.csv").write_bytes(csv().replace(b"1.0955,120", b"1.0956,120"))
    code, _, err = tw("data", "import", "EURUSD-1h.csv")
    assert code == 2
    assert "close 1.0955 stored, 1.0956 new" in err
    code, done, _ = tw("data", "import", "EURUSD-1h.csv", "--on-conflict", "replace", "--json")
    assert (code, done["imported"][0]["added"]) == (0, 0)


def test_a_dropped_series_comes_back(tw: Any, tmp_path: Path) -> None:
    """Dropping asks first and says how to undo."""
    (tmp_path / "EURUSD-1h.csv").write_bytes(csv())
    tw("data", "import", "EURUSD-1h.csv")
    code, _, err = tw("data", "drop", "EURUSD", "--interval", "1h")
    assert code == 2
    assert "repeat with --yes" in err
    code, out, _ = tw("data", "drop", "EURUSD", "--interval", "1h", "--yes")
    assert code == 0
    assert "tradewind data restore EUR/USD --interval 1h" in out
    assert "No candles are stored" in tw("data", "list")[1]
    assert tw("data", "restore", "EUR/USD", "--interval", "1h")[0] == 0
    assert tw("data", "status", "--json")[1][0]["rows"] == 4


@pytest.mark.req("A08")
@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("USD_EURUSD", "EUR/USD"),
        ("GBP_GBPUSD", "GBP/USD"),
        ("Gold_XAUUSD", "XAU/USD"),
        ("EURUSD", "EUR/USD"),
        ("BTC-USD", "BTC/USD"),
    ],
)
def test_legacy_notations_resolve(tw: Any, text: str, symbol: str) -> None:
    """The five notations of older systems."""
    assert tw("data", "resolve", text)[:2] == (0, f"{symbol}\n")
    assert tw("data", "resolve", text, "--json")[1]["symbol"] == symbol


@pytest.mark.req("A09")
def test_an_unknown_pair_is_answered_with_those_there_are(tw: Any) -> None:
    """No stack trace, the list, a non-zero exit."""
    code, out, err = tw("data", "resolve", "FOO/BAR")
    assert (code, out) == (2, "")
    assert "EUR/USD, GBP/USD, XAU/USD" in err
    assert "Traceback" not in err


@pytest.mark.req("A05", "A06", "A07")
def test_pairs_show_pip_digits_session_and_provider_names(tw: Any) -> None:
    """Six currency and metal instruments, at least six coins, canonical names, the map to each provider."""
    every = tw("data", "pairs", "--json")[1]
    known = {each["symbol"]: each for each in every}
    quoted = [each for each in every if each["class"] in ("fx", "metal")]
    assert {"EUR/USD", "GBP/USD", "XAU/USD", "USD/JPY", "AUD/USD", "USD/CHF"} <= {each["symbol"] for each in quoted}
    assert (known["EUR/USD"]["pip"], known["EUR/USD"]["digits"]) == (0.0001, 5)
    assert (known["USD/JPY"]["pip"], known["USD/JPY"]["digits"]) == (0.01, 3)
    yahoo = {symbol: known[symbol]["venues"]["yahoo"] for symbol in ("EUR/USD", "XAU/USD", "USD/CHF")}
    assert yahoo == {"EUR/USD": "EURUSD=X", "XAU/USD": "GC=F", "USD/CHF": "USDCHF=X"}
    coins = tw("data", "pairs", "--class", "crypto", "--json")[1]
    assert len(coins) >= 6
    assert all(each["venues"] for each in coins)
    assert known["EUR/USD"]["session"] == "Sunday 17:00 to Friday 17:00 New York"
    out = tw("data", "pairs")[1]
    assert all(symbol in out for symbol in known)
    code, _, err = tw("data", "pairs", "--class", "bonds")
    assert code == 2
    assert "fx, metal, crypto, future" in err


def test_listing_needs_no_frame_library(tmp_path: Path) -> None:
    """Verbs that read no files start without polars."""
    code = "import sys; from tradewind.cli.main import main; main(['data', 'list']); sys.exit('polars' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0
