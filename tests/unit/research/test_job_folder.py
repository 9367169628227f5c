"""What a research job leaves on disk: round trips, damage that is named, what makes two jobs different ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tradewind.app.research.folder import PROVEN, SEARCHED, SWEPT, JobFolder, job_named, jobs_of, place_of
from tradewind.app.research.request import JobRequest, SeriesRequest, changed
from tradewind.app.research.result import FamilyResult, SearchResult
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.model.instrument import CostModel
from tradewind.model.instruments import resolve
from tradewind.model.report import Window
from tradewind.model.timeframe import Timeframe
from tradewind.validation.gates_rows import Limits
from tradewind.validation.histogram import Histogram
from tradewind.validation.windows import WindowRules, Windows

NOW = 1_800_000_000_000_000_000
RULES = WindowRules()


def request(**other: Any) -> JobRequest:
    serieses = tuple(SeriesRequest(resolve(name), "data" + name, "drawn") for name in ("EUR/USD", "BTC/USDT"))
    usual = {
        "timeframe": Timeframe.H1, "count": 10, "seed": 1, "families": ("A", "B"), "profile": "honest",
        "limits": Limits(), "rules": RULES, "serieses": serieses,
    }  # fmt: skip
    return JobRequest(**{**usual, **other})


def search(symbol: str = "EUR/USD") -> SearchResult:
    windows = Windows(Window(0, 64), Window(64, 80), Window(80, 100), 120.5, RULES)
    return SearchResult(
        symbol=symbol, timeframe=Timeframe.H1, bars=5, first_ts=0, last_ts=100, source="SIMULATED", simulated=True,
        data_hash="d", trials=10, repeats=1, silent=2, met=1, missed={"train.trades": 9},
        families=(FamilyResult("A", 10, 1, None, windows),), sharpe=Histogram((0.0, 1.0), (10,)), best_sharpe=0.1,
        met_ids=("A_1h_v1",),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    return JobFolder.begun(tmp_path, request(), NOW)


def test_what_is_kept_comes_back_and_what_is_not_there_is_none(folder: JobFolder) -> None:
    """Rule: values and arrays, bit by bit; the request and the first time stay whoever begins again."""
    folder.keep(f"EUR-USD/{SEARCHED}", search())
    assert folder.kept(f"EUR-USD/{SEARCHED}", SearchResult) == search()
    assert folder.kept(f"BTC-USDT/{SEARCHED}", SearchResult) is None
    arrays = {"a": np.array([1.5, np.nan, -0.0]), "b": np.arange(3, dtype=np.uint16)}
    folder.keep_arrays(f"EUR-USD/{SWEPT}", **arrays)
    found = folder.kept_arrays(f"EUR-USD/{SWEPT}")
    assert found is not None
    assert all(found[name].tobytes() == array.tobytes() for name, array in arrays.items())
    assert folder.kept_arrays("EUR-USD/other.npz") is None
    later = JobFolder.begun(folder.path.parents[1], request(), NOW + 5)
    assert (later.path, later.created, later.request) == (folder.path, NOW, request())
    assert not list(folder.path.rglob("*.writing"))


@pytest.mark.parametrize("cut", [0, 1, 0.3, 0.9, -1])
@pytest.mark.parametrize("name", [SEARCHED, SWEPT])
def test_a_torn_file_is_corrupt_and_named(folder: JobFolder, name: str, cut: float) -> None:
    """Rule: wherever it ends too early the message holds its path and says that deleting it helps."""
    path = folder.path / "EUR-USD" / name
    if name == SWEPT:
        folder.keep_arrays(f"EUR-USD/{name}", daily=np.arange(5000.0), day=np.arange(5000))
    else:
        folder.keep(f"EUR-USD/{name}", search())
    whole = path.read_bytes()
    path.write_bytes(whole[: cut if isinstance(cut, int) else int(cut * len(whole))])
    with pytest.raises(Corrupt, match="delete this file") as caught:
        read(folder, name)
    assert str(path) in str(caught.value)


def read(folder: JobFolder, name: str) -> object:
    return folder.kept_arrays(f"EUR-USD/{name}") if name == SWEPT else folder.kept(f"EUR-USD/{name}", SearchResult)


def test_every_changed_byte_of_the_arrays_is_found(folder: JobFolder) -> None:
    """Rule: no array comes back other than it was written, and no reader of the format stumbles over it."""
    folder.keep_arrays(f"EUR-USD/{SWEPT}", daily=np.arange(300.0))
    path = folder.path / "EUR-USD" / SWEPT
    whole = path.read_bytes()
    generator = np.random.default_rng(5)
    for place in generator.integers(0, len(whole), 60).tolist():
        data = bytearray(whole)
        data[place] ^= 0x41
        path.write_bytes(bytes(data))
        with pytest.raises(Corrupt, match="checksum differs") as caught:
            folder.kept_arrays(f"EUR-USD/{SWEPT}")
        assert str(path) in str(caught.value)


def test_a_value_that_was_edited_or_carried_over_is_corrupt(folder: JobFolder) -> None:
    """Rule: JSON that is valid and not what was written is refused, and so is a whole file from another place."""
    folder.keep(f"EUR-USD/{SEARCHED}", search())
    path = folder.path / "EUR-USD" / SEARCHED
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"trials":10', b'"trials":11'))
    other = folder.path / "BTC-USDT" / SEARCHED
    other.parent.mkdir()
    other.write_bytes(whole)
    for name, where in (("EUR-USD", path), ("BTC-USDT", other)):
        with pytest.raises(Corrupt, match="checksum differs") as caught:
            folder.kept(f"{name}/{SEARCHED}", SearchResult)
        assert str(where) in str(caught.value)


def test_every_damaged_file_of_a_job_is_listed(folder: JobFolder) -> None:
    """Rule: those that a finished job reads no more as well."""
    folder.keep(f"EUR-USD/{SEARCHED}", search())
    folder.keep("EUR-USD/batch.json", {"pbo": 0.5})
    assert list(folder.faults()) == []
    (folder.path / "EUR-USD" / "batch.json").write_bytes(b"")
    data = (folder.path / "created.json").read_bytes()
    (folder.path / "created.json").write_bytes(b"9" + data[1:])
    assert [Path(one.where).name for one in folder.faults()] == ["batch.json", "created.json"]


def test_a_file_of_another_kind_is_corrupt(folder: JobFolder) -> None:
    """Rule: JSON that is no such value, and a text where arrays should be."""
    folder.keep(f"EUR-USD/{SEARCHED}", {"symbol": "EUR/USD"})
    (folder.path / "EUR-USD" / SWEPT).write_text("no arrays")
    for name in (SEARCHED, SWEPT):
        with pytest.raises(Corrupt, match=name):
            read(folder, name)


def test_a_job_without_its_request_gets_it_back(folder: JobFolder) -> None:
    """Rule: what the same command knows anyway is written again; until then the listing names what is missing."""
    (folder.path / "request.json").unlink()
    data, faults = folder.path.parents[1], []
    later = JobFolder.begun(data, request(seed=2), NOW + 9)
    assert [one.folder.id for one in jobs_of(data, faults.append)] == [later.id]
    assert "request.json is missing" in str(faults)
    assert job_named(data, later.id).id == later.id
    for name in ("newest", folder.id):
        with pytest.raises(Corrupt, match=r"request\.json is missing"):
            job_named(data, name)
    assert JobFolder.begun(folder.path.parents[1], request(), NOW + 1).request == request()


def test_jobs_are_listed_newest_first_and_found_by_the_beginning_of_their_names(folder: JobFolder) -> None:
    """Rule: how far each came; a name that fits none or several is refused with what there is."""
    data = folder.path.parents[1]
    with pytest.raises(Unavailable, match="tradewind research"):
        job_named(data / "elsewhere")
    later = JobFolder.begun(data, request(seed=2), NOW + 9)
    folder.keep(f"EUR-USD/{SEARCHED}", search())
    folder.keep(f"EUR-USD/{PROVEN}", 1)
    folder.keep(f"BTC-USDT/{SEARCHED}", search("BTC/USDT"))
    states = jobs_of(data, pytest.fail)
    assert [one.folder.id for one in states] == [later.id, folder.id]
    assert [(one.searched, one.proven, one.done) for one in states] == [(0, 0, False), (2, 1, False)]
    assert job_named(data).id == job_named(data, "newest").id == later.id
    assert job_named(data, folder.id[:7]).id == folder.id
    for name in ("", "no such")[1:]:
        with pytest.raises(Misconfigured, match=folder.id):
            job_named(data, name)


def test_another_version_measures_again_what_is_not_proven(folder: JobFolder) -> None:
    """Rule: half of a proof is of one version or of the other; what was proven stays."""
    assert folder.taken_up("1.0") == ""
    assert folder.taken_up("1.0") == ""
    for place, names in (("EUR-USD", (SEARCHED, PROVEN)), ("BTC-USDT", (SEARCHED, "batch.json", "portion-0.json"))):
        for name in names:
            folder.keep(f"{place}/{name}", 1)
    assert folder.taken_up("1.1") == "1.0"
    assert sorted(path.name for path in (folder.path / "EUR-USD").iterdir()) == [PROVEN, SEARCHED]
    assert not list((folder.path / "BTC-USDT").iterdir())
    assert folder.taken_up("1.1") == ""


def test_only_what_helped_on_the_way_is_tidied(folder: JobFolder) -> None:
    """Rule: the sweep and the portions go, what is said of a symbol stays."""
    for name in (SEARCHED, "batch.json", PROVEN, "portion-0.json", "portion-11.json", SWEPT):
        folder.keep(f"EUR-USD/{name}", 1)
    folder.tidy("EUR/USD")
    folder.tidy("EUR/USD")
    assert sorted(path.name for path in (folder.path / "EUR-USD").iterdir()) == ["batch.json", PROVEN, SEARCHED]
    assert place_of("EUR/USD") == "EUR-USD"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"limits": msgspec.structs.replace(Limits(), pbo=0.51)}, ("the limits of the gates",)),
        ({"rules": msgspec.structs.replace(RULES, min_trades=99)}, ("the limits of the gates",)),
        ({"seed": 2}, ()),
        ({"count": 11}, ()),
        ({"families": ("A",)}, ()),
        ({"profile": "strict"}, ()),
        ({"serieses": request().serieses[:1]}, ()),
        ({}, ()),
    ],
)  # fmt: skip
def test_what_makes_the_same_words_another_job_is_said(other: dict[str, Any], said: tuple[str, ...]) -> None:
    """Rule: other words are no change; everything else that enters the id is told in words."""
    assert changed(request(), request(**other)) == said
    assert (request().id == request(**other).id) is (other == {})


def test_changed_bars_costs_and_families_are_named_by_symbol() -> None:
    """Rule: each by its symbol, all of them at once."""
    euro, bitcoin = request().serieses
    dearer = msgspec.structs.replace(bitcoin.instrument, costs=CostModel(spread_fraction=0.5))
    after = request(
        serieses=(
            msgspec.structs.replace(euro, data_hash="new", strategies="others"),
            msgspec.structs.replace(bitcoin, instrument=dearer),
        )
    )
    assert changed(request(), after) == (
        "the bars of EUR/USD",
        "what is drawn for EUR/USD (the code or the ranges of a family)",
        "the costs or details of BTC/USDT",
    )
