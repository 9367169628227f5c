"""Parity b: what is decided at a close follows from what was known then. The whole pipeline, not single indicators."""

from __future__ import annotations

import numpy as np
import pytest

from tests import scene
from tests.scene import Tape
from tradewind.adapters.replay_feed import Recording
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import HOUR

FIRST = 560  # the built-in vetoes look back 528 bars: cuts before that would compare warm-up with warm-up


def short() -> Tape:
    """BTC/USDT alone on 1h and 4h: cheap enough to be run again for every rewriting."""
    return scene.run([scene.planted().recordings[0]])


def before(tape: Tape, ts: int) -> list[tuple[bytes, int]]:
    """Everything that followed from closes up to ``ts``, the start left out."""
    return [(entry.outputs, entry.ts) for entry in tape.entries[1:] if entry.ts <= ts]


@pytest.mark.req("X01", "C15")
@pytest.mark.parametrize("share", [0.35, 0.6, 0.85])
def test_the_journal_of_a_prefix_is_a_prefix_of_the_journal(share: float) -> None:
    """Stopping the data earlier changes nothing that came before: entries are equal, inputs, outputs and hashes."""
    tape = scene.planted()
    scene.enough(tape)
    closes = np.concatenate([one.columns.ts_close for one in tape.recordings])
    ts = int(np.quantile(closes, share))
    cut = [
        Recording(one.symbol, one.timeframe, one.columns.take(one.columns.ts_close <= ts), one.source)
        for one in tape.recordings
    ]
    entries = scene.run(cut).entries
    assert len(entries) > 1000
    assert entries == tape.entries[: len(entries)]


def rewritten(columns: BarColumns, n: int, generator: np.random.Generator) -> BarColumns:
    """The columns with everything after row ``n`` altered, removed or added to; still bars a feed could deliver."""
    later = columns.slice(n, len(columns.ts_open))
    size = len(later.ts_open)
    kind = int(generator.integers(5))
    if kind == 0:  # another path
        factor = np.exp(np.cumsum(generator.normal(0.0, 0.02, size)))
        prices = [column * factor for column in later[2:6]]
    elif kind == 1:  # a jump, then the same shape
        prices = [column * float(generator.choice([0.5, 0.8, 1.25, 2.0])) for column in later[2:6]]
    elif kind == 2:  # silence
        prices = [np.full(size, float(columns.close[n - 1]))] * 4
    else:
        prices = list(later[2:6])
    volume = later.volume * generator.uniform(0.1, 10.0)
    made = BarColumns(later.ts_open, later.ts_close, *prices, volume, later.spread)
    if kind == 3:  # holes
        made = made.take(generator.random(size) < 0.5)
    elif kind == 4:  # time that goes on, bars that do not
        made = made.slice(0, 0)
    joined = [np.concatenate([head, tail]) for head, tail in zip(columns.slice(0, n), made, strict=True)]
    if kind == 4:
        ts = columns.ts_open[n - 1] + HOUR * np.array([500, 501])
        tail = [ts, ts + HOUR, *([np.repeat(columns.close[n - 1], 2)] * 4), np.ones(2), np.full(2, np.nan)]
        joined = [np.concatenate(pair) for pair in zip(joined, tail, strict=True)]
    return BarColumns(*joined)


def hold_against_the_future(count: int, seed: int) -> None:
    tape = short()
    columns = tape.recordings[0].columns
    generator = np.random.default_rng(seed)
    decided = signals = 0
    for _ in range(count):
        n = int(generator.integers(FIRST, len(columns.ts_open) - 2))
        ts = int(columns.ts_close[n - 1])
        other = scene.run([scene.recording(rewritten(columns, n, generator))], iterations=n + 1)
        known = before(tape, ts)
        assert before(other, ts) == known, f"a rewriting of the bars after row {n} changed what came before"
        decided += len(known)
        signals += sum(b'"type":"signal"' in outputs for outputs, _ in known)
    print(f"{count} rewritings, {decided} entries and {signals} signals compared (SIMULATED)")
    assert signals >= scene.MIN_SIGNALS


@pytest.mark.req("X01")
def test_rewriting_the_future_changes_nothing_before_it() -> None:
    """Fifty times another future: altered, removed, added, silent, gone."""
    hold_against_the_future(50, seed=11)


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_rewriting_the_future_a_thousand_times_changes_nothing_before_it() -> None:
    """The long count."""
    hold_against_the_future(1000, seed=12)
