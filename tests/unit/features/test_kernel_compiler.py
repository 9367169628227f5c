"""Kernels run with a compiler and without one, and never from a stale cache."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tradewind
from tests.unit.features.market import every_indicator, random_bars
from tradewind.features.bank import FeatureBank
from tradewind.kernels import bank as kernel
from tradewind.kernels import compiled

WITHOUT = """
import hashlib, sys
sys.modules["numba"] = None
from tests.unit.features.market import every_indicator, random_bars
from tradewind.features.bank import FeatureBank
from tradewind.kernels import compiled
assert not compiled.HAS_COMPILER
rows = FeatureBank(every_indicator()).batch(random_bars(300))
print(hashlib.sha256(rows.tobytes()).hexdigest())
"""


def test_the_same_kernels_without_a_compiler_give_the_same_bits() -> None:
    """A small bundle without numba computes every indicator to the same values."""
    root = Path(tradewind.__file__).parents[2]
    tests = Path(__file__).parents[3]
    plain = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(root / 'src')!r}, {str(tests)!r}]\n{WITHOUT}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tests,
    )
    assert plain.returncode == 0, plain.stderr
    rows = FeatureBank(every_indicator()).batch(random_bars(300))
    assert plain.stdout.strip() == hashlib.sha256(rows.tobytes()).hexdigest()


def test_a_change_in_a_called_kernel_changes_the_stamp(tmp_path: Path) -> None:
    """The cache of a kernel is keyed by all sources it is made of, however far down."""
    (tmp_path / "top.py").write_text("from tradewind.kernels import middle as m\n")
    (tmp_path / "middle.py").write_text("from tradewind.kernels.bottom import (\n    a,\n)\n")
    (tmp_path / "bottom.py").write_text("a = 1\n")
    (tmp_path / "aside.py").write_text("b = 1\n")
    before = compiled.source_stamp(tmp_path / "top.py")
    (tmp_path / "aside.py").write_text("b = 2\n")
    assert compiled.source_stamp(tmp_path / "top.py") == before
    (tmp_path / "bottom.py").write_text("a = 2\n")
    assert compiled.source_stamp(tmp_path / "top.py") != before


@pytest.mark.skipif(not compiled.HAS_COMPILER, reason="needs the compiler")
def test_the_cache_of_the_bank_carries_that_stamp() -> None:
    """numba's own attribute, checked here because it is not public."""
    stamp = compiled.source_stamp(Path(kernel.__file__))
    assert kernel.step._cache._cache_file._source_stamp == stamp  # type: ignore[attr-defined]
    assert Path(kernel.__file__).with_name("rolling.py") in compiled._sources(Path(kernel.__file__))
    assert Path(kernel.__file__).with_name("opcodes.py") in compiled._sources(Path(kernel.__file__))


@pytest.mark.skipif(not compiled.HAS_COMPILER, reason="needs the compiler")
def test_a_borrowed_array_is_the_same_memory() -> None:
    """Only the counting is left out."""

    @compiled.compiled
    def write(array: np.ndarray) -> float:
        view = compiled.borrowed(array)
        view[1] = 7.0
        return float(view[0] + view.size)

    array = np.array([1.0, 2.0, 3.0])
    before = sys.getrefcount(array)
    assert write(array) == 4.0
    assert array.tolist() == [1.0, 7.0, 3.0]
    assert sys.getrefcount(array) == before


@pytest.mark.skipif(not compiled.HAS_COMPILER, reason="needs the compiler")
def test_a_cache_that_names_a_class_of_an_earlier_version_counts_as_none() -> None:
    """After an upgrade the index cannot be read any more; the start must not fail on it."""

    def gone() -> dict[object, object]:
        raise AttributeError("Can't get attribute 'Tape' on module")

    assert compiled._forgiving(gone)() == {}
    assert compiled._forgiving(lambda: {"kept": 1})() == {"kept": 1}
