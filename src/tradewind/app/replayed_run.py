"""Reads a recorded run from its journal, and repeats it: same inputs, a new engine, outputs compared byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tradewind.adapters.store.chain import EMPTY, next_head
from tradewind.adapters.store.codec import decode_outputs, encode_event, encode_outputs, kind_of
from tradewind.adapters.store.store import Store
from tradewind.app.run_summary import RunCounts, RunSummary
from tradewind.app.stored_run import StoredRun
from tradewind.engine.pipeline import Engine
from tradewind.model.event import InputEvent
from tradewind.model.output import Output
from tradewind.ports.store import Entry


class Difference(msgspec.Struct, frozen=True):
    """Where a replay first left the record: journal entry, field of its outputs, and both values (None: not there)."""

    seq: int
    kind: str
    ts: int
    field: str
    recorded: Any
    replayed: Any


class ReplayedRun(msgspec.Struct, frozen=True):
    """A run as its journal tells it.

    ``digest`` is the recorded one. ``replayed_digest`` and ``byte_equal`` are None when nothing was repeated;
    ``differing`` counts the entries whose outputs differ, ``difference`` is the first of them.
    """

    store: str
    config_hash: str
    code_version: str
    series: tuple[str, ...]
    asked: tuple[str, ...]
    simulated: bool
    unproven: bool
    entries: int
    counts: RunCounts
    digest: str
    replayed_digest: str | None = None
    byte_equal: bool | None = None
    differing: int = 0
    difference: Difference | None = None


Told = Callable[[int], None]
Watch = Callable[[InputEvent, Sequence[Output]], None]


def _nothing(event: InputEvent, outputs: Sequence[Output]) -> None:
    """Watches nothing."""


def read_run(store: Store, run: StoredRun, summary: RunSummary, on_entries: Told) -> ReplayedRun:
    """What the journal says the run was; ``summary`` takes its signals and trades.

    Raises:
        Corrupt: the chain is broken; the message names the entry.
    """
    entry: Entry | None = None
    for entry in store.journal.read(run.seq):
        summary.watch(entry.event, decode_outputs(entry.outputs))
        on_entries(1)
    return _told(store, run, summary, entry)


def verify_run(
    store: Store, run: StoredRun, engine: Engine, summary: RunSummary, on_entries: Told, watch: Watch = _nothing
) -> ReplayedRun:
    """Feeds the journaled inputs to a new ``engine`` of the run's plan; compares every entry's outputs and the digest.

    It goes on behind a difference: inputs do not depend on outputs, so how many entries differ can be counted.

    Raises:
        Corrupt: the chain is broken; the message names the entry.
    """
    head = EMPTY
    entry: Entry | None = None
    first: Difference | None = None
    differing = 0
    for entry in store.journal.read(run.seq):
        outputs = engine.process(entry.event)
        made = encode_outputs(outputs)
        head = next_head(head, encode_event(entry.event), made)
        if made != entry.outputs:
            differing += 1
            first = first or _difference(entry, made)
        summary.watch(entry.event, outputs)
        watch(entry.event, outputs)
        on_entries(1)
    told = _told(store, run, summary, entry)
    return msgspec.structs.replace(
        told,
        replayed_digest=head.digest.hex(),
        byte_equal=first is None and head.digest.hex() == told.digest,
        differing=differing,
        difference=first,
    )


def _told(store: Store, run: StoredRun, summary: RunSummary, last: Entry | None) -> ReplayedRun:
    started = run.started
    return ReplayedRun(
        store=str(store.database.path),
        config_hash=started.config_hash,
        code_version=started.code_version,
        series=started.series,
        asked=started.asked,
        simulated=started.simulated,
        unproven=started.unproven,
        entries=last.seq if last is not None else 0,
        counts=summary.counts(),
        digest=last.digest.hex() if last is not None else "",
    )


def _difference(entry: Entry, made: bytes) -> Difference:
    recorded = msgspec.json.decode(entry.outputs or b"[]")
    replayed = msgspec.json.decode(made)
    found = first_difference(recorded, replayed, "outputs")
    field, one, two = found or ("bytes", entry.outputs.decode(errors="replace"), made.decode())
    return Difference(entry.seq, kind_of(entry.event), entry.ts, field, one, two)


def first_difference(one: Any, two: Any, path: str) -> tuple[str, Any, Any] | None:
    """``(path, value, value)`` of the first place two JSON values differ in, None when they are equal.

    >>> first_difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "x")
    ('x.a[1].b', 2, 3)
    """
    if isinstance(one, dict) and isinstance(two, dict):
        places = [(f"{path}.{key}", one.get(key), two.get(key)) for key in [*one, *(k for k in two if k not in one)]]
    elif isinstance(one, list) and isinstance(two, list):
        size = max(len(one), len(two))
        places = [
            (f"{path}[{i}]", one[i] if i < len(one) else None, two[i] if i < len(two) else None) for i in range(size)
        ]
    else:
        return None if type(one) is type(two) and one == two else (path, one, two)
    return next((found for name, a, b in places if (found := first_difference(a, b, name))), None)
