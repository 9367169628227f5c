"""The hourly learning cycle: steps in a fixed order, each noted; one that fails keeps no other from its turn.

A step is a function of the life and the time that gives what it found as one line. Parts that learn add theirs to
``STEPS``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.store.retention import prune
from tradewind.adapters.store.schema import utc_text
from tradewind.app.service.life import Life
from tradewind.app.service.supervisor import attempt, described
from tradewind.model.timeframe import DAY, HOUR

_BARS: Final = "SELECT symbol, timeframe, count(*) FROM candles WHERE ts_close > ? GROUP BY symbol, timeframe"
_STATE: Final = (
    "SELECT count(*), min(low), max(high), avg(close) FROM candles WHERE symbol = ? AND timeframe = ? AND ts_close > ?"
)
_VOTES: Final = (
    "SELECT kind, count(*) FROM decisions WHERE symbol = ? AND timeframe = ? AND ts > ? GROUP BY kind ORDER BY kind"
)


class Step(NamedTuple):
    """``work(life, now)`` gives one line."""

    name: str
    work: Callable[[Life, int], str]


def fetched(life: Life, now: int) -> str:
    """The bars of the last hour by series; the market's own task fetches them."""
    rows = life.run.store.database.query(_BARS, (_market_time(life, now) - HOUR,))[1]
    return ", ".join(f"{symbol} {timeframe}: {n}" for symbol, timeframe, n in rows) or "no new bars"


def market_state(life: Life, now: int) -> str:
    """The range of the last 24 hours against the price, by symbol."""
    since = _market_time(life, now) - DAY
    found = []
    for one in life.run.plan.symbols:
        row = life.run.store.database.query(_STATE, (one.instrument.symbol, str(one.base), since))[1][0]
        if row[0]:
            found.append(f"{one.instrument.symbol}: range {(row[2] - row[1]) / row[3]:.4%} in {row[0]} bars")
    return ", ".join(found) or "no bars"


def ensemble_log(life: Life, now: int) -> str:
    """What was decided in the last hour, by kind."""
    since = _market_time(life, now) - HOUR
    counts: Counter[str] = Counter()
    for series in life.series:  # by the key of the table, which holds a year of closes
        counts.update(dict(life.run.store.database.query(_VOTES, (*series, since))[1]))
    return ", ".join(f"{kind} {n}" for kind, n in sorted(counts.items())) or "no decisions"


def pruned(life: Life, now: int) -> str:
    """Old rows of the tables that grow go; see ``adapters.store.retention``."""
    writer = life.run.store.writer
    if writer is None:
        return "nothing: the store is read"
    kept = round(life.config.monitoring.keep_days * DAY)
    market = min(now, _market_time(life, now))
    gone = prune(writer, life.series, now - kept, market - kept)
    return ", ".join(f"{table} {n}" for table, n in gone.items()) or "nothing is old enough"


STEPS: Final = (
    Step("fetch", fetched),
    Step("market_state", market_state),
    Step("ensemble_log", ensemble_log),
    Step("prune", pruned),
)


def learning_cycle(life: Life, now: int, steps: tuple[Step, ...] = STEPS) -> None:
    """All steps, then one row of ``learning_states``.

    Raises:
        Exception: the first error of a step, after the others had their turn and the row was written.
    """
    notes: dict[str, str] = {}
    failed: Exception | None = None
    for step in steps:
        error = attempt(lambda step=step: notes.update({step.name: step.work(life, now)}))  # type: ignore[misc]
        if error is not None:
            notes[step.name] = f"failed: {described(error)}"
            failed = failed or error
    writer = life.run.store.writer
    if writer is not None:
        with writer.transaction() as cursor:
            cursor.execute(
                "INSERT INTO learning_states (timestamp, state, reason) VALUES (?, 'cycle', ?)",
                (utc_text(now), msgspec.json.encode(notes).decode()),
            )
    if failed is not None:
        raise failed


def _market_time(life: Life, now: int) -> int:
    """The newest decided close: a stand-in's market may live in another year than the host."""
    return max(life.run.session.frontiers().values(), default=now)
