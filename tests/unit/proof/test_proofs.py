"""Which verdict decides on a symbol: its own before others of the class, the newest, and a refusal before a PASS."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.fakes.proofs import ISSUED, prove
from tests.gate_evidence import window
from tradewind.app.config import load_config
from tradewind.app.proofs import Asked, Findings, findings_for, shelf_of
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import Timeframe
from tradewind.strategies import default_members

ONE = default_members([Timeframe.H1])[:1]
FAILED = {"window": window(150, 250)}


def found(folder: Path, *symbols: str) -> Findings:
    asked = [Asked(resolve(symbol), (Timeframe.H1, Timeframe.H4)) for symbol in symbols]
    return findings_for(
        load_config(environment={}), asked, folder / "data", folder / "data" / "tradewind.db", simulated=True
    )


def heard_on(folder: Path, *symbols: str) -> list[str]:
    return [one.symbol for one in found(folder, *symbols).proven]


@pytest.mark.req("HZ18")
def test_a_pass_speaks_on_its_symbol_and_on_others_of_the_class(tmp_path: Path) -> None:
    prove(tmp_path, ONE, "EUR/USD")
    assert heard_on(tmp_path, "EUR/USD", "GBP/USD", "BTC/USDT", "XAU/USD") == ["EUR/USD", "GBP/USD"]
    assert {one.judged_on for one in found(tmp_path, "GBP/USD").proven} == {"EUR/USD"}


@pytest.mark.req("HZ18", "D24")
def test_a_refusal_on_another_symbol_of_the_class_leaves_a_pass_its_own_symbol_alone(tmp_path: Path) -> None:
    """What failed on GBP/USD is not proven for currencies, whichever came first."""
    prove(tmp_path, ONE, "EUR/USD", issued_at=ISSUED + 5)
    prove(tmp_path, ONE, "GBP/USD", opened=FAILED)
    assert heard_on(tmp_path, "EUR/USD", "GBP/USD", "USD/JPY") == ["EUR/USD"]


@pytest.mark.req("D24")
@pytest.mark.parametrize(("refused_at", "heard"), [(ISSUED - 1, True), (ISSUED, False), (ISSUED + 1, False)])
def test_of_two_verdicts_on_a_symbol_the_newest_decides_and_of_equal_age_the_refusal(
    tmp_path: Path, refused_at: int, heard: bool
) -> None:
    prove(tmp_path, ONE, "EUR/USD")
    prove(tmp_path, [msgspec.structs.replace(ONE[0], id="Other_1h_v1")], "EUR/USD", opened=FAILED, issued_at=refused_at)
    assert bool(heard_on(tmp_path, "EUR/USD")) is heard


def test_a_pass_that_does_not_speak_is_told_apart_from_a_refusal(tmp_path: Path) -> None:
    prove(tmp_path, ONE, "EUR/USD")
    one = found(tmp_path, "BTC/USDT")
    assert (len(one.passed_over), one.refused, one.on_file) == (1, (), 1)
    prove(tmp_path, ONE, "EUR/USD", opened=FAILED)
    two = found(tmp_path, "EUR/USD")
    assert (two.passed_over, len(two.refused), two.on_file) == ((), 1, 1)


def test_one_bad_file_does_not_silence_the_others(tmp_path: Path) -> None:
    paths = prove(tmp_path, default_members([Timeframe.H1])[:3], "EUR/USD")
    paths[1].write_bytes(b"{")
    shelf = shelf_of(tmp_path / "data")
    assert (len(shelf.held), len(shelf.faults), shelf.on_file) == (2, 1, 3)
    assert shelf.faults[0].startswith(paths[1].stem)
    assert len(found(tmp_path, "EUR/USD").proven) == 2


def test_without_verdicts_no_key_is_asked_for_or_made(tmp_path: Path) -> None:
    assert found(tmp_path, "EUR/USD") == Findings((), (), (), ())
    assert list(tmp_path.iterdir()) == []
