"""The table: what it says about warm-up is what the kernels do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tradewind.features.bank import FeatureBank
from tradewind.features.definitions import DEFINITIONS
from tradewind.features.spec import Indicator, atr

ALLOWED = {"max": max, "int": int, "sqrt": math.sqrt}


def test_there_are_at_least_forty_outputs() -> None:
    """The size of the vocabulary."""
    assert sum(len(definition.outputs) for definition in DEFINITIONS.values()) >= 60


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_the_written_warm_up_is_what_the_graph_works_out(kind: str) -> None:
    """Ten draws of parameters each; a source adds its own warm-up less one."""
    definition = DEFINITIONS[kind]
    rng = np.random.default_rng(7)
    for _ in range(10):
        params = {
            p.name: int(rng.integers(max(p.least, 2), 60)) if p.whole else float(p.default or 0.0)
            for p in definition.params
        }
        source = atr(14) if definition.source == "" else None
        stated = eval(definition.warmup, {"__builtins__": {}}, {**params, **ALLOWED})  # our own table's text
        wanted = stated + (14 if source is not None else 0)
        output = definition.outputs[-1].name
        assert FeatureBank([Indicator(kind, tuple(params.values()), output, source)]).warmup == wanted


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_every_kind_says_what_it_computes_in_what_unit(kind: str) -> None:
    """Documentation is printed from this table."""
    definition = DEFINITIONS[kind]
    assert len(definition.meaning) > 10
    assert all(output.unit for output in definition.outputs)
    assert len({output.name for output in definition.outputs}) == len(definition.outputs)
