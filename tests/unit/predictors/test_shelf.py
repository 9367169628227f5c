"""The shelf of models: versions that never change, choices that change as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.adapters.models.shelf import ModelShelf, seat_of
from tradewind.errors import Corrupt, Misconfigured, Rejected, Unavailable
from tradewind.model.timeframe import Timeframe


def test_a_version_is_there_wholly_and_never_changes(tmp_path: Path):
    """Put, read, put again; another one under the same name is refused, and nothing half-written is listed."""
    shelf = ModelShelf(tmp_path / "models")
    assert (shelf.versions(), shelf.seats()) == ((), ())
    shelf.put("a-1", "model.onnx", b"net", b"{}")
    shelf.put("a-1", "model.onnx", b"net", b"{}")
    assert shelf.read("a-1") == ("model.onnx", b"net", b"{}")
    with pytest.raises(Rejected, match="another model of this version"):
        shelf.put("a-1", "model.onnx", b"other", b"{}")
    (tmp_path / "models" / "versions" / ".b-1.77").mkdir()
    assert shelf.versions() == ("a-1",)
    (tmp_path / "models" / "versions" / "a-1" / "model.json").write_bytes(b"x")
    with pytest.raises(Corrupt, match="2 artifacts"):
        shelf.read("a-1")
    shelf.remove("a-1")
    with pytest.raises(Unavailable, match="no model a-1"):
        shelf.read("a-1")


def test_a_choice_is_replaced_as_a_whole(tmp_path: Path):
    """A seat is a symbol on a timeframe; nothing was promoted for it until something was."""
    shelf = ModelShelf(tmp_path)
    seat = seat_of("BTC/USDT", Timeframe.H1)
    assert seat == "BTC-USDT-1h"
    assert shelf.choice(seat) is None
    shelf.choose(seat, b"one")
    shelf.choose(seat, b"two")
    assert shelf.choice(seat) == b"two"
    assert shelf.seats() == (seat,)
    with shelf.alone():
        pass


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "a" * 101])
def test_no_name_leaves_the_folder(tmp_path: Path, name: str):
    """Rule: letters, digits, dots, _ and -; the first one no dot."""
    shelf = ModelShelf(tmp_path)
    with pytest.raises(Misconfigured):
        shelf.read(name)
    with pytest.raises(Misconfigured):
        shelf.choice(name)
    with pytest.raises(Misconfigured):
        shelf.put("good", "model.pt", b"", b"")
