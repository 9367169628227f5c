"""Black box: what goes wrong is said in one message, nothing is lost, and the same command works once it is right.

Every message is read: what was found, where, and what to do next. None holds a stack trace.
"""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.project import Project, simulated, write_csv
from tests.cli_runner import Ran
from tests.fakes.venue import START, in_background, made_up
from tests.ports import where_nobody_listens
from tests.shared_data import shared
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.wall_clock import WallClock
from tradewind.model.timeframe import MINUTE, Timeframe

RUN = (
    "run",
    "--allow-unproven",
    "--feed",
    "replay",
    "--symbol",
    "BTC/USDT",
    "--interval",
    "1h",
    "--execution",
    "paper",
    "--quiet",
)
FETCH = ("data", "fetch", "-p", "BTCUSDT", "--days", "1", "-i", "5m", "--provider", "binance")


def refused(ran: Ran | subprocess.CompletedProcess[str], code: int, *parts: str) -> str:
    """Asserts a refusal with its exit code and every part of its message on stderr; returns the message."""
    given = ran.exit_code if isinstance(ran, Ran) else ran.returncode
    assert (given, ran.stdout) == (code, ""), ran
    assert "Traceback" not in ran.stderr
    for part in parts:
        assert part in ran.stderr, ran.stderr
    return ran.stderr


def series(project: Project) -> dict[str, tuple[int, str]]:
    """``pair -> (bars, hash)`` of everything stored."""
    listed = project.types("data", "list", "--json").document
    return {f"{one['symbol']} {one['interval']}": (one["rows"], one["hash"]) for one in listed}


def sound(project: Project) -> int:
    """Entries of the journal, after ``db check`` found everything in order."""
    checked = project.types("db", "check")
    assert checked.exit_code == 0, checked.stdout
    return project.rows("SELECT count(*) FROM journal")[0][0]


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes at ``tmp_path``; skips where mounting is not allowed."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(tmp_path)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"needs the right to mount a small file system: {made.stderr.strip()}")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def grown(place: Path) -> None:
    """Somebody frees disk space."""
    subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)


def test_a_wrong_pair_changes_nothing_and_names_those_there_are(own_market: Project) -> None:
    before = series(own_market)
    path = write_csv(own_market.folder / "bars.csv", simulated("BTC/USDT", 10))
    refused(own_market.types("data", "import", path.name, "-p", "BTCC/USDT", "-i", "1h"), 2, "BTCC/USDT", "BTC/USDT")
    refused(own_market.types(*RUN[:4], "--symbol", "EURUSDD"), 2, "EURUSDD", "EUR/USD")
    refused(own_market.types("data", "import", path.name, "-p", "BTC/USDT", "-i", "7m"), 2, "7m", "1h")
    assert series(own_market) == before


def test_a_wrong_key_of_a_venue_is_named_by_its_variable_and_never_shown(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = made_up(300, Timeframe.M5, first=1.1, places=5)
    monkeypatch.setenv("OANDA_ACCOUNT_ID", "101-001-0000001-001")
    monkeypatch.setenv("OANDA_API_KEY", "canary-4711-wrong")
    words = ("data", "fetch", "-p", "EURUSD", "--days", "1", "-i", "5m", "--provider", "oanda", "--gateway")
    with in_background([Series("EUR/USD", Timeframe.M5, bars)], now=START + 299 * 5 * MINUTE) as server:
        message = refused(project.types(*words, server.url), 3, "oanda", "OANDA_API_KEY")
        assert "canary" not in message
        assert series(project) == {}
        monkeypatch.setenv("OANDA_API_KEY", "stand-in-key")
        assert project.types(*words, server.url).exit_code == 0
    assert series(project)["EUR/USD 5m"][0] > 200


def test_a_parquet_file_that_is_damaged_is_refused_whole_and_its_sound_copy_is_taken(own_market: Project) -> None:
    before = series(own_market)
    original = shared("data/bars/XAUUSD-1h.parquet").read_bytes()
    path = own_market.folder / "XAUUSD-1h.parquet"
    words = ("data", "import", path.name, "-p", "XAUUSD", "-i", "1h")
    for damaged in (original[:-1000], original[: len(original) // 2], b"PAR1" + b"\0" * 5000 + b"PAR1",
                    original[:-3000] + b"\xff" * 2000 + original[-1000:]):  # fmt: skip
        path.write_bytes(damaged)
        refused(own_market.types(*words), 2, path.name, "Parquet")
        assert series(own_market) == before
    path.write_bytes(original)
    assert own_market.types(*words).exit_code == 0
    assert set(series(own_market)) == {*before, "XAU/USD 1h"}


def test_a_stored_partition_that_was_changed_is_found_named_and_put_right(own_market: Project) -> None:
    """Readers use the mapped columns; where these are gone too, the damage stops the run before a bar is used."""
    folder = own_market.folder / "data" / "candles" / "BTC-USDT" / "1h"
    kept = own_market.folder / "kept"
    shutil.copytree(folder, kept)
    partition = sorted(folder.glob("*.parquet"))[0]
    damaged = bytearray(partition.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    partition.write_bytes(bytes(damaged))
    verified = own_market.types("data", "verify", "--symbol", "BTC/USDT")
    assert verified.exit_code != 0
    assert partition.name in verified.stdout + verified.stderr
    assert "restore the file from a backup" in verified.stdout + verified.stderr
    told = own_market.types("backtest", "-p", "BTCUSDT", "-i", "1h", "--no-report")
    assert told.exit_code == 4, told.stderr
    assert partition.name in told.stderr
    assert "the mapped copy of its bars is used" in told.stderr
    columns = next(folder.glob("columns.*.bin"))
    columns.unlink()
    refused(own_market.types(*RUN), 1, partition.name, "was changed", "Next: ")
    refused(own_market.types("backtest", "-p", "BTCUSDT", "-i", "1h", "--no-report"), 1, partition.name)
    shutil.copy(kept / partition.name, partition)
    healed = own_market.types("backtest", "-p", "BTCUSDT", "-i", "1h", "--no-report")
    assert "rebuilt from the sealed files" in healed.stderr
    assert own_market.types("backtest", "-p", "BTCUSDT", "-i", "1h", "--no-report").stderr == ""
    assert own_market.types("data", "verify", "--symbol", "BTC/USDT", "--json").document is not None
    assert own_market.types(*RUN, "--iterations", "5").exit_code == 0


@pytest.mark.req("A19")
def test_a_damaged_manifest_stops_its_own_series_and_no_other(own_market: Project) -> None:
    """The others are listed, tested back and verified; the damaged one is named everywhere and can be dropped."""
    place = own_market.folder / "data" / "candles" / "EUR-USD" / "1h" / "manifest.json"
    place.write_bytes(place.read_bytes()[:200])
    listed = own_market.types("data", "list")
    assert listed.exit_code == 4
    assert "BTC/USDT" in listed.stdout
    assert "EUR-USD/1h/manifest.json" in "".join(listed.stdout.split())
    assert own_market.types("backtest", "-p", "BTCUSDT", "-i", "1h", "--no-report").exit_code == 4
    refused(own_market.types("backtest", "-p", "EURUSD", "-i", "1h", "--no-report"), 1, "the manifest cannot be read")
    refused(own_market.types("data", "status", "EUR/USD"), 1, "the manifest cannot be read")
    verified = own_market.types("data", "verify")
    assert verified.exit_code == 4
    assert "the manifest cannot be read" in verified.stdout
    assert own_market.types("data", "drop", "EUR/USD", "--interval", "1h", "--yes").exit_code == 0
    assert own_market.types("data", "list").exit_code == 0


def test_a_csv_file_that_was_cut_off_names_the_line_and_the_whole_file_is_taken(project: Project) -> None:
    path = write_csv(project.folder / "BTCUSDT-1h.csv", simulated("BTC/USDT", 50))
    whole = path.read_text()
    words = ("data", "import", path.name, "-p", "BTCUSDT", "-i", "1h")
    path.write_text(whole[:-20])
    refused(project.types(*words), 2, path.name, "line 51", "cut off", "Next: ")
    assert series(project) == {}
    document = project.types(*words, "--json")
    assert document.document["error"]["exit_code"] == 2
    path.write_text(whole)
    assert project.types(*words).exit_code == 0
    assert series(project)["BTC/USDT 1h"][0] == 50


def test_a_disk_that_is_full_during_an_import_keeps_what_was_stored(market: Project, little_disk: Path) -> None:
    project = Project(little_disk)
    shutil.copytree(market.folder / "data", little_disk / "data", ignore=shutil.ignore_patterns("tradewind.db*"))
    before = series(project)
    big = shared("data/bars/GBPUSD-1h.parquet")
    words = ("data", "import", str(big), "-p", "GBPUSD", "-i", "1h")
    refused(project.types(*words), 3, "No space left on device", "nothing was changed", "free disk space")
    assert series(project) == before
    assert project.types("data", "verify").exit_code in (0, 4)
    grown(little_disk)
    assert project.types(*words).exit_code == 0
    assert set(series(project)) == {*before, "GBP/USD 1h"}
    assert {name: series(project)[name] for name in before} == before


def test_a_disk_that_is_full_during_a_run_loses_nothing_and_the_run_goes_on(market: Project, little_disk: Path) -> None:
    """The journal ends at the last entry that was acknowledged; the repeated command ends as one never interrupted."""
    project = Project(little_disk)
    folder = Path("data", "candles", "BTC-USDT")
    shutil.copytree(market.folder / folder, little_disk / folder)
    refused(project.types(*RUN), 3, "tradewind.db", "disk is full", "nothing committed is lost", "free space")
    kept = sound(project)
    assert 0 < kept < 2401
    grown(little_disk)
    again = project.types(*RUN, "--json")
    assert again.exit_code == 0
    assert again.document["recovery"]["entries"] == kept
    assert sound(project) == 2401
    assert again.document["digest"] == uninterrupted(market, little_disk / "other")


def test_a_file_that_may_not_grow_stops_import_and_run_in_order(market: Project, tmp_path: Path) -> None:
    """The same with a limit on the size of files, in processes of their own, where nothing can be mounted."""
    project = Project(tmp_path)
    shutil.copytree(market.folder / "data", tmp_path / "data", ignore=shutil.ignore_patterns("tradewind.db*"))
    before = series(project)
    big = str(shared("data/bars/GBPUSD-1h.parquet"))
    words = ("data", "import", big, "-p", "GBPUSD", "-i", "1h")
    refused(project.types_outside(*words, before="ulimit -f 200"), 3, "cannot write", "nothing was changed")
    assert series(project) == before
    refused(project.types_outside(*RUN, before="ulimit -f 1500"), 3, "tradewind.db", "nothing committed is lost")
    assert 0 < sound(project) < 2401
    assert project.types(*RUN).exit_code == 0
    assert sound(project) == 2401


def test_a_database_locked_by_another_program_is_waited_for_then_named(own_market: Project) -> None:
    """A backup tool holds a write transaction: exit 3, nothing lost; the same command works when it lets go."""
    assert own_market.types(*RUN, "--iterations", "20").exit_code == 0
    path = own_market.folder / "data" / "tradewind.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        refused(own_market.types(*RUN, "--iterations", "20"), 3, "tradewind.db", "locked by another process",
                "nothing is lost", "try again")  # fmt: skip
        assert own_market.rows("SELECT count(*) FROM journal") == [[21]]
    finally:
        other.rollback()
        other.close()
    assert own_market.types(*RUN, "--iterations", "20").exit_code == 0
    assert sound(own_market) == 41


def test_a_second_run_on_the_same_store_is_refused_with_the_pid_of_the_first(own_market: Project) -> None:
    """The first goes on undisturbed; readers look on beside it; after it has ended the same command works."""
    first = subprocess.Popen(
        [sys.executable, "-m", "tradewind", *RUN, "--speed", "3600"],
        cwd=own_market.folder, env=own_market.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        waited_for(own_market.folder / "data" / "tradewind.db", first)
        refused(own_market.types(*RUN), 3, f"pid {first.pid}", "is writing to this database", "stop process")
        assert own_market.rows("SELECT count(*) FROM journal")[0][0] > 0
    finally:
        first.send_signal(signal.SIGINT)
        _, said = first.communicate(timeout=60)
    assert (first.returncode, "Traceback" in said) == (0, False)
    assert own_market.types(*RUN, "--iterations", "5").exit_code == 0
    sound(own_market)


@pytest.mark.req("X16")
@pytest.mark.parametrize("hour", [3600.0, -3600.0])
def test_a_clock_an_hour_off_is_a_fault_with_the_command_that_sets_it(project: Project, hour: float) -> None:
    project.configured('symbols = ["BTC/USDT"]\n[market]\nproviders = ["binance"]\n')
    now = WallClock().now
    start = now() // (5 * MINUTE) * 5 * MINUTE - 400 * 5 * MINUTE
    bars = made_up(300, Timeframe.M5, start=start)
    with in_background([Series("BTC/USDT", Timeframe.M5, bars)], time=now) as server:
        assert clock_of(project, server.url)["state"] == "ok"
        server.venue.faults.arm(Fault("skew", seconds=hour))
        server.venue.market.skew_ns = server.venue.faults.skew_ns
        off = clock_of(project, server.url)
        ran = project.types("doctor", "clock", "--gateway", server.url)
    assert off["state"] == "fail"
    assert f"{hour:+.0f}"[:4] in off["detail"]
    assert "30" in off["detail"]
    assert "timedatectl" in off["next_step"]
    assert ran.exit_code == 3
    assert "timedatectl" in ran.stdout


@pytest.mark.req("X16")
@pytest.mark.parametrize("hour", [3600.0, -3600.0])
def test_a_live_run_does_not_begin_on_a_clock_an_hour_off(project: Project, hour: float) -> None:
    """Refused before anything is written, with the distance, the limit and the command that sets the clock."""
    now = WallClock().now
    bars = made_up(400, Timeframe.M5, start=now() // (5 * MINUTE) * 5 * MINUTE - 400 * 5 * MINUTE)
    words = ("run", "--shadow", "--feed", "poll", "--provider", "binance", "-p", "BTCUSDT", "-i", "5m", "--gateway")
    with in_background([Series("BTC/USDT", Timeframe.M5, bars)], time=now) as server:
        server.venue.faults.arm(Fault("skew", seconds=hour))
        server.venue.market.skew_ns = server.venue.faults.skew_ns
        refused(project.types(*words, server.url), 3, f"{-hour:+.0f}"[:3], "at most 30 s", "timedatectl")
        said = project.types("data", "ping", "--provider", "binance", "--gateway", server.url, "--json").document
        assert "clock" in said["detail"]
    assert not (project.folder / "data" / "tradewind.db").exists()


def clock_of(project: Project, url: str) -> dict[str, str]:
    findings = project.types("doctor", "clock", "--gateway", url, "--json").document["findings"]
    return next(one for one in findings if one["topic"] == "clock" and "binance" in one["detail"])


def test_without_a_network_a_fetch_says_what_it_could_not_reach_and_keeps_what_it_has(project: Project) -> None:
    bars = made_up(600, Timeframe.M5)
    now = START + 599 * 5 * MINUTE
    with in_background([Series("BTC/USDT", Timeframe.M5, bars)], now=now) as server:
        assert project.types(*FETCH, "--gateway", server.url).exit_code == 0
    before = series(project)
    assert before["BTC/USDT 5m"][0] > 280
    with where_nobody_listens() as url:
        refused(project.types(*FETCH, "--gateway", url), 3, "binance", "check the network", "Next: ")
        assert project.types("data", "ping", "--provider", "binance", "--gateway", url).exit_code == 3
    assert series(project) == before
    assert project.types("data", "verify").exit_code in (0, 4)
    with in_background([Series("BTC/USDT", Timeframe.M5, bars)], now=now) as server:
        assert project.types(*FETCH, "--gateway", server.url).exit_code == 0


@pytest.mark.parametrize("place", ["data", "reports"])
def test_a_file_where_a_folder_should_be_is_named(own_market: Project, place: str) -> None:
    words = {
        "data": ("data", "import", "b.csv", "-p", "BTCUSDT", "-i", "1h"),
        "reports": ("backtest", "-p", "BTCUSDT", "-i", "1h", "--timerange", "20200101-20200103"),
    }[place]
    write_csv(own_market.folder / "b.csv", simulated("BTC/USDT", 10))
    if (own_market.folder / place).exists():
        shutil.move(own_market.folder / place, own_market.folder / "aside")
    (own_market.folder / place).write_text("not a folder")
    refused(own_market.types(*words), 3, place, "Not a directory" if place == "data" else "File exists")


def uninterrupted(market: Project, folder: Path) -> str:
    """The digest of the same run in one go."""
    made = Project(folder)
    shutil.copytree(market.folder / "data" / "candles" / "BTC-USDT", folder / "data" / "candles" / "BTC-USDT")
    return made.types(*RUN, "--json").document["digest"]


def waited_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Until a run has committed its first entries, or ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if Path(f"{path}.head").exists():
            return
        time.sleep(0.05)
    raise AssertionError("the first run did not begin")


@pytest.mark.parametrize(
    "typed",
    [
        ("filters", "stats", "--days", "inf"),
        ("filters", "stats", "--days", "nan"),
        ("filters", "stats", "--days", "1e300"),
        ("filters", "stats", "--days", "-1"),
        ("data", "fetch", "-p", "BTCUSDT", "--days", "inf"),
        ("data", "fetch", "-p", "BTCUSDT", "--days", "1000000"),
        *(
            (*verb, "--gateway", address)
            for verb in (("data", "ping"), ("data", "fetch"), ("run", "--feed", "stream"), ("doctor", "providers"))
            for address in ("http://127.0.0.1:99999", "http://nosuch:x", "127.0.0.1:80", "ftp://host", "http://[::1")
        ),
    ],
    ids=" ".join,
)
def test_a_number_or_an_address_that_cannot_be_meant_is_refused_before_anything_is_done(
    project: Project, typed: tuple[str, ...]
) -> None:
    refused(project.types(*typed), 2, typed[-2], "Allowed: ")
    assert not (project.folder / "data" / "tradewind.db").exists()


def test_a_span_no_venue_has_is_refused(project: Project) -> None:
    """More bars than there can be, or a beginning before 1970: a venue would be asked for hours."""
    words = ("data", "fetch", "-p", "BTC/USDT", "--provider", "binance", "--gateway")
    bars = made_up(600, Timeframe.M1)
    with in_background([Series("BTC/USDT", Timeframe.M1, bars)], now=START + 599 * MINUTE) as server:
        asked = (*words, server.url, "-i", "1m")
        refused(project.types(*asked, "--timerange", "19700101-"), 2, "10,000,000 bars", "shorter span")
        refused(project.types(*asked, "--timerange", "19691231-19700103"), 2, "none before 1970")
    assert series(project) == {}


@pytest.mark.parametrize("suffix", ["toml", "yaml"])
def test_a_configuration_that_is_nested_without_end_is_refused(project: Project, suffix: str) -> None:
    file = project.folder / f"deep.{suffix}"
    file.write_text("symbols = " * (suffix == "toml") + "symbols: " * (suffix == "yaml") + "[" * 3000 + "]" * 3000)
    refused(project.types("config", "check", "-c", file.name), 2, file.name, "nested too deep")


@pytest.mark.parametrize(("price", "named"), [("1e300", True), ("1e-310", True), ("0.000001", False)])
def test_prices_no_instrument_has_are_refused_by_import_and_named_by_verify(
    project: Project, price: str, named: bool
) -> None:
    """A whole series of them is consistent in itself; only what a price can be tells that a column was mixed up.

    Import knows the instrument's smallest step, verify only what no price can be.
    """
    hours = [f"2024-01-{day:02d}T{hour:02d}:00Z" for day in (9, 10) for hour in range(24)]
    lines = [f"{hour},{price},{price},{price},{price},5" for hour in hours]
    (project.folder / "s.csv").write_text("time,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
    words = ("s.csv", "--symbol", "EUR/USD", "--interval", "1h")
    refused(project.types("data", "import", *words), 2, "48 bad rows", "line 2", "nothing was stored")
    report = project.types("data", "verify", *words, "--tolerance", "1", "--json").document["series"][0]
    assert ("bad_price" in report["counts"]) is named


def test_a_report_that_cannot_be_written_is_named_and_leaves_nothing(own_market: Project) -> None:
    """A folder is refused before the work; a disk that refuses names the file and keeps the page that was there."""
    (own_market.folder / "file").write_text("mine")
    refused(own_market.types("backtest", "--symbol", "BTC/USDT", "--report", "/"), 2, "--report", "is a folder")
    refused(own_market.types("run", "--feed", "replay", "--report", str(own_market.folder)), 2, "is a folder")
    refused(own_market.types("replay", "--report", "file/page.html"), 2, "file is a file")
    own_market.types("backtest", "--symbol", "BTC/USDT")
    page = own_market.folder / "reports" / "backtest.html"
    before = page.read_bytes()
    done = own_market.types_outside("backtest", "--symbol", "BTC/USDT", before="ulimit -f 200")
    refused(done, 3, "backtest.html", "the report of", "cannot be written (File too large)", "--report")
    assert page.read_bytes() == before
    assert [path.name for path in page.parent.iterdir()] == ["backtest.html"]


@pytest.mark.parametrize("words", [("init",), ("demo", "--folder")])
@pytest.mark.parametrize("below", ["", "sub/folder"])
def test_a_file_where_a_new_folder_should_be_is_wrong_usage(
    project: Project, words: tuple[str, ...], below: str
) -> None:
    (project.folder / "file").write_text("mine")
    refused(project.types(*words, str(Path("file") / below)), 2, "file is a file", "Allowed: ")
    assert (project.folder / "file").read_text() == "mine"


@pytest.mark.parametrize("how", ["deleted", "emptied"])
def test_a_database_that_was_there_is_missed_by_every_verb(own_market: Project, how: str) -> None:
    """Its mark remembers what was acknowledged: `run` or `db init` would not help, a backup or a decision does."""
    database = own_market.folder / "data" / "tradewind.db"
    own_market.types(*RUN, "--iterations", "50")
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    database.unlink() if how == "deleted" else database.write_bytes(b"")
    word = "gone" if how == "deleted" else "empty"
    for verb in (("status",), ("replay",), ("db", "sql", "SELECT 1")):
        refused(own_market.types(*verb), 1, f"the database is {word}: entry ", "restore the last backup", ".head")
    checked = own_market.types("db", "check")
    assert checked.exit_code == 1
    said = " ".join((checked.stdout + checked.stderr).split())
    assert f"the database is {word}" in said
    assert "statement" not in said
    refused(own_market.types(*RUN), 1, f"the database is {word}: entry ", "delete ")
    database.with_name(database.name + ".head").unlink()
    database.unlink(missing_ok=True)
    assert own_market.types("status").exit_code == 3


def test_a_journal_that_is_not_there_is_not_offered_to_be_made(project: Project) -> None:
    message = refused(project.types("replay", "nofile.db"), 3, "there is no journal", "nofile.db")
    assert "db init" not in message


def test_a_word_that_is_like_no_key_gets_no_guess(project: Project) -> None:
    assert "instruments" not in refused(project.types("config", "explain", "nonsense"), 2, "`tradewind config show`")
    refused(project.types("config", "explain", "quorumm"), 2, "try ensemble.quorum")


def test_a_statement_may_stand_without_spaces_and_may_not_go_on_for_ever(
    own_market: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_market.types("db", "init")
    assert own_market.rows("values(1)") == [[1]]
    assert own_market.rows("SELECT(2)") == [[2]]
    refused(own_market.types("db", "sql", "(SELECT 1)"), 2, "is not a reading statement")
    monkeypatch.setattr("tradewind.cli.db_store._LIMIT_S", 0.2)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT"
    refused(own_market.types("db", "sql", f"{endless} count(*) FROM n"), 5, "took too long", "LIMIT")
    refused(own_market.types("db", "sql", f"{endless} x FROM n"), 2, "more than 100,000 rows", "LIMIT")


@pytest.mark.parametrize("option", ["--symbol", "--symbols"])
@pytest.mark.parametrize("text", ["", ",", " , "])
def test_an_option_that_names_no_pair_does_not_mean_all(own_market: Project, option: str, text: str) -> None:
    for verb in (("run",), ("backtest",), ("data", "fetch"), ("filters", "stats")):
        refused(own_market.types(*verb, option, text), 2, "names no pair" if text else "an empty text names nothing")


def test_a_quorum_nobody_can_reach_and_a_pair_named_twice_are_faults(project: Project) -> None:
    project.configured('symbols = ["EUR/USD", "EURUSD"]\n')
    refused(project.types("config", "check"), 2, "symbols names EUR/USD twice")
    project.configured("[ensemble]\nquorum = 99\n")
    refused(project.types("config", "check"), 2, "ensemble.quorum must be at most ", "got 99")


def test_a_price_column_that_stands_there_twice_is_refused(project: Project) -> None:
    (project.folder / "s.csv").write_text("time,open,high,low,close,open\n2024-01-09T09:00Z,1.1,1.2,1.0,1.1,1.15\n")
    words = ("data", "import", "s.csv", "--symbol", "EUR/USD", "--interval", "1h")
    refused(project.types(*words), 2, "the column 'open' stands in the header 2 times")


def test_a_device_is_no_file_of_bars(project: Project) -> None:
    for verb in ("import", "verify"):
        words = ("data", verb, "/dev/zero", "--symbol", "EUR/USD", "--interval", "1h")
        refused(project.types(*words), 2, "/dev/zero", "no file but a device")


def test_a_reader_that_has_seen_enough_is_no_error(own_market: Project) -> None:
    """`tradewind ... | head -1`: the table is longer than a pipe holds and nobody reads the rest."""
    words = " ".join((sys.executable, "-m", "tradewind", "config", "show"))
    script = f"set -o pipefail; {words} | (read -r line; exit 0)"
    done = subprocess.run(
        ["/bin/bash", "-c", script], cwd=own_market.folder, env=own_market.variables({"COLUMNS": "2000"}),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_yahoo_without_the_pair_it_is_asked_with_is_reachable(project: Project) -> None:
    """The venue answered: that it has no such chart is no fault of the network."""
    bars = made_up(300, Timeframe.M5)
    with in_background([Series("BTC/USDT", Timeframe.M5, bars)], now=START + 299 * 5 * MINUTE) as server:
        ran = project.types("data", "ping", "--provider", "yahoo", "--gateway", server.url, "--json")
    assert "unreachable" not in ran.stdout
