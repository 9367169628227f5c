"""What became of a signal: fills, charges, the trade with its costs, the outcome; from the journal and its tables."""

from __future__ import annotations

import difflib
from typing import Any, Final

import msgspec

from tradewind.adapters.store.codec import decode_outputs
from tradewind.adapters.store.reader import Queryable
from tradewind.app.ask.published import PublishedSignal, published
from tradewind.app.ask.recorded import decoded
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.decision import Signal
from tradewind.model.order import Charge, Fill, OrderIntent, Refusal
from tradewind.model.outcome import Outcome, Trade

_SIGNAL: Final = (
    "SELECT s.summary, s.status, s.r, s.journal_seq, j.hash FROM signals s JOIN journal j ON j.seq = s.journal_seq"
    " WHERE s.id = ?"
)
_NEWEST: Final = (
    "SELECT id, timestamp, symbol, timeframe, direction, tier, confidence, win_probability, status, r, stamp"
    " FROM signals ORDER BY ts DESC, id LIMIT ?"
)
_IDS: Final = "SELECT id FROM signals WHERE id LIKE ? ESCAPE '!' ORDER BY ts DESC LIMIT 3"
_KNOWN: Final = "SELECT id FROM signals ORDER BY ts DESC LIMIT 2000"
_END: Final = "SELECT max(journal_seq) FROM trade_outcomes WHERE signal_id = ?"
_AFTER: Final = "SELECT outputs FROM journal WHERE seq BETWEEN ? AND ? ORDER BY seq"


class Listed(msgspec.Struct, frozen=True):
    """One line of the list of signals."""

    id: str
    timestamp: str
    symbol: str
    timeframe: str
    direction: str
    tier: str
    confidence: float | None
    win_probability: float | None
    status: str
    r: float | None
    stamp: str


class Fate(msgspec.Struct, frozen=True):
    """A signal and what followed. ``status`` is new, open, won, lost, expired or refused; ``r`` its result in R.

    ``entry`` and ``hash`` name the journal entry that holds the signal.
    """

    signal: PublishedSignal
    status: str
    r: float | None
    entry: int
    hash: str
    orders: tuple[OrderIntent, ...]
    fills: tuple[Fill, ...]
    charges: tuple[Charge, ...]
    refusals: tuple[Refusal, ...]
    trades: tuple[Trade, ...]
    outcome: Outcome | None


def newest_signals(database: Queryable, count: int) -> tuple[Listed, ...]:
    """The newest signals of a store, newest first."""
    _, rows = database.query(_NEWEST, (count,))
    return tuple(Listed(*row) for row in rows)


def find_signal(database: Queryable, name: str) -> tuple[Signal, Fate]:
    """A signal by its id, or by the beginning or end of one where that is enough, and what became of it.

    Raises:
        Misconfigured: there is no such signal, or the part fits several; the message names the nearest ids.
        Unavailable: the store holds no signals.
    """
    found = _full_id(database, name)
    summary, status, r, seq, digest = database.query(_SIGNAL, (found,))[1][0]
    signal = decoded(summary)
    if not isinstance(signal, Signal):
        raise Misconfigured(f"{found} is no signal", where=str(database.path))
    after = _after(database, signal, int(seq))
    outcomes = [one for one in after if isinstance(one, Outcome)]
    return signal, Fate(
        signal=published(signal),
        status=status,
        r=r,
        entry=int(seq),
        hash=bytes(digest).hex(),
        orders=tuple(one for one in after if isinstance(one, OrderIntent)),
        fills=tuple(one for one in after if isinstance(one, Fill)),
        charges=tuple(one for one in after if isinstance(one, Charge)),
        refusals=tuple(one for one in after if isinstance(one, Refusal)),
        trades=tuple(one for one in after if isinstance(one, Trade)),
        outcome=outcomes[-1] if outcomes else None,
    )


def _after(database: Queryable, signal: Signal, seq: int) -> list[Any]:
    """Everything in the journal that names the signal, from its own entry to the end of its trade."""
    ended = database.query(_END, (signal.id,))[1][0][0]
    open_end = ended is None or database.query("SELECT status FROM signals WHERE id = ?", (signal.id,))[1] == [
        ("open",)
    ]
    last = 2**62 if open_end else int(ended)
    _, rows = database.query(_AFTER, (seq, last))
    name = signal.id.encode()
    outputs = [output for (payload,) in rows if name in payload for output in decode_outputs(payload)]
    return [output for output in outputs if getattr(output, "signal_id", "") == signal.id]


def _full_id(database: Queryable, name: str) -> str:
    part = name.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    exact = database.query("SELECT id FROM signals WHERE id = ?", (name,))[1]
    rows = exact or database.query(_IDS, (f"{part}%",))[1] or database.query(_IDS, (f"%{part}",))[1]
    if len(rows) == 1:
        return str(rows[0][0])
    known = [str(row[0]) for row in rows] or [str(row[0]) for row in database.query(_KNOWN)[1]]
    if not known:
        raise Unavailable("the run has made no signal yet", where=str(database.path), next_step="tradewind status")
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.0)
    what = f"several signals are called {name}..." if rows else f"there is no signal {name!r}"
    raise Misconfigured(
        what,
        where=str(database.path),
        next_step=f"the nearest ids are {', '.join(near)}; `tradewind explain` without an id lists the newest",
    )
