"""What holds trading back and what was sent, in lines for a chat: rests, pairs left out, one order, the log's end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from tradewind.adapters.log_files import ALL
from tradewind.adapters.store.reader import Queryable
from tradewind.app.ask.risk_status import LatchView
from tradewind.app.people.approval_words import moment, order_text
from tradewind.app.people.trade_words import Closed
from tradewind.app.settings.redaction import redacted
from tradewind.app.signal_text import utc
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.instrument import Instrument
from tradewind.model.order import ApprovalAsked, Leg
from tradewind.model.strategy import StoredStrategy
from tradewind.model.timeframe import HOUR

_ORDERS: Final = (
    "SELECT leg, side, intended, filled, price_ticks, symbol, state, detail, updated, client_id, signal_id FROM orders"
    " WHERE client_id = ? OR signal_id = ? ORDER BY ts, client_id"
)
_WAITING: Final = (
    "SELECT a.payload FROM orders o JOIN outbox a ON a.topic = 'alert' AND a.key = 'approval ' || o.client_id"
    " WHERE o.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM outbox d WHERE d.topic = 'alert' AND d.key = 'approval '"
    " || o.client_id || ' approved') ORDER BY a.id"
)
_LONGEST: Final = 300
_LISTED: Final = 20


def lock_lines(
    latches: Sequence[LatchView], trades: Sequence[Closed], cooldown_hours: float, now: int, symbol: str = ""
) -> list[str]:
    """What may not be traded now, and until when: the account's latches hold every pair, a stop its own."""
    lines = []
    for one in latches:
        until = f"until {utc(one.until)}" if one.until else "until a person clears it"
        who = f" by {one.actor}" if one.actor else ""
        why = f": {one.reason}" if one.reason else ""
        lines.append(f"all pairs {until}: {one.state}, {one.cause}{who}{why}")
    rest = round(cooldown_hours * HOUR)
    ends = {one.symbol: one.ts_exit + rest for one in trades if rest and one.leg == Leg.STOP}
    lines += [
        f"{name} until {utc(until)}: rests after a stop"
        for name, until in sorted(ends.items())
        if until > now and symbol in ("", name)
    ]
    return ["Locks", *(lines or ["Nothing is locked."])]


def blacklist_lines(pairs: Sequence[str], off: Sequence[StoredStrategy], silenced: Sequence[str]) -> list[str]:
    """Nothing outside the pairs of the run is ever traded; and who is not heard on them."""
    names = list(dict.fromkeys([*(f"{one.symbol} {one.id}" for one in off), *silenced]))
    more = [f"and {len(names) - _LISTED} more"] if len(names) > _LISTED else []
    return [
        "Blacklist",
        f"Pairs: none is listed; only {', '.join(pairs)} can be traded, nothing else ever is",
        f"Strategies switched off: {len(names) or 'none'}",
        *names[:_LISTED],
        *more,
    ]


def order_lines(database: Queryable, name: str, instrument_of: Callable[[str], Instrument]) -> list[str]:
    """Every order of a signal, or one order by its id: what was wanted, what was filled, how it ended.

    Raises:
        Misconfigured: there is none of that id.
    """
    rows: list[Any] = database.query(_ORDERS, (name, name))[1]
    if not rows:
        raise Misconfigured(
            f"there is no order {name!r}",
            allowed="the id of an order or a signal",
            next_step="tradewind orders list; with execution = paper the engine fills signals without orders",
        )
    lines = [f"Orders of {rows[0][-1]}"]
    for leg, side, intended, filled, ticks, symbol, state, detail, updated, client, _ in rows:
        instrument = instrument_of(symbol)
        price = f" at {instrument.to_price(ticks):.{instrument.digits}f}" if ticks else ""
        lots = f"{instrument.to_lots(filled):g} of {instrument.to_lots(intended):g} lots"
        lines.append(f"{leg} {'BUY' if side > 0 else 'SELL'} {symbol}{price}: {lots} filled, {state} at {updated}")
        lines += [f"  {detail}"] if detail else []
        lines.append(f"  {client}")
    return lines


def waiting_lines(database: Queryable, instrument_of: Callable[[str], Instrument]) -> list[str]:
    """Entries that a person must let go, and until when."""
    waiting = [msgspec.json.decode(payload, type=ApprovalAsked) for (payload,) in database.query(_WAITING)[1]]
    return [
        f"Waits for approval until {moment(one.until)}: {order_text(one, instrument_of(one.symbol))}, /approve"
        f" {one.client_id}"
        for one in waiting
    ]


def log_lines(folder: Path, count: int) -> list[str]:
    """The last ``count`` lines of the log, secrets taken out again, each cut where it gets too long for a phone.

    Raises:
        Unavailable: there is no log.
    """
    path = folder / ALL
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            last = list(deque(file, maxlen=count))
    except OSError as error:
        raise Unavailable(f"the log cannot be read ({error.strerror})", where=str(path)) from error
    shown = [redacted(line.rstrip("\n")) for line in last]
    cut = [line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..." for line in shown]
    return [f"Last {len(cut)} lines of the log", *cut]
