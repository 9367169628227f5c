"""Parity f: a long run and a run over history are one object graph; only what touches the world differs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from tests import scene
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.store import Store
from tradewind.app.backtest import Backtest
from tradewind.app.run_replay import JournaledRun

PACKAGE = "tradewind."
WORLD = "tradewind.adapters."
CORE = ("tradewind.engine.", "tradewind.ensemble.", "tradewind.features.", "tradewind.risk.", "tradewind.simulation.")


def parts(root: object) -> dict[str, str]:
    """``path -> type`` of every object of this package that ``root`` holds; an adapter is named by its role alone."""
    found: dict[str, str] = {}
    seen: set[int] = set()

    def walk(value: object, path: str) -> None:
        if id(value) in seen or isinstance(value, str | bytes | int | float | np.ndarray | type) or value is None:
            return
        seen.add(id(value))
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name.startswith(WORLD):
            found[path] = "adapter"
            return
        if name.startswith(PACKAGE):
            found[path] = name
        if isinstance(value, Mapping):
            for key, inner in value.items():
                walk(inner, f"{path}[{key}]")
        elif isinstance(value, list | tuple):
            for i, inner in enumerate(value):
                walk(inner, f"{path}[{i}]")
        elif name.startswith(PACKAGE):
            for key, inner in attributes(value).items():
                walk(inner, f"{path}.{key}")

    walk(root, "session")
    return found


def attributes(value: object) -> dict[str, object]:
    if isinstance(value, msgspec.Struct):
        return {key: getattr(value, key) for key in value.__struct_fields__}
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    return {**{name: getattr(value, name) for name in slots if hasattr(value, name)}, **getattr(value, "__dict__", {})}


def test_the_object_graph_of_a_journaled_run_minus_adapters_is_that_of_a_backtest(tmp_path: Path) -> None:
    """Same classes at the same places, from the session to the last rule; journal, clock and notifier differ."""
    tape = scene.planted()
    made = scene.plan(one.symbol for one in tape.recordings)
    backtest = Backtest(made, tape.recordings)
    with Store.open(tmp_path / "run.db", 0) as store:
        run = JournaledRun(made, store, ManualClock(), print, origin="replay")
        one, two = parts(backtest.session), parts(run.session)
    outside = {path for path, kind in {**one, **two}.items() if kind == "adapter"}
    assert outside == {
        *("session.journal", "session.notifier", "session.clock", "session.process", "session.snapshots"),
        "session.told",
    }
    inside = [{path: kind for path, kind in graph.items() if path not in outside} for graph in (one, two)]
    assert inside[0] == inside[1]
    core = [kind for kind in inside[0].values() if kind.startswith(CORE)]
    print(f"{len(core)} objects of the core compared")
    assert len(core) > 100
