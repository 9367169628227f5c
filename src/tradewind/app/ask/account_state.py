"""Open positions and the account, told from the store's tables and journal alone, beside a running writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from tradewind.adapters.store.codec import decode_outputs
from tradewind.adapters.store.reader import Queryable
from tradewind.engine.rates import Rates
from tradewind.model.bar import Bar
from tradewind.model.instrument import Instrument
from tradewind.model.order import Charge, Fill, Leg
from tradewind.model.timeframe import Timeframe
from tradewind.simulation.costs import closing_shift

_OPEN: Final = (
    "SELECT p.signal_id, p.symbol, p.direction, p.ts_entry, p.steps, p.entry_ticks, p.journal_seq, s.stop_loss,"
    " s.take_profit, s.risk_cash FROM positions p JOIN signals s ON s.id = p.signal_id WHERE p.status = 'open'"
    " ORDER BY p.symbol, p.ts_entry"
)
_NETS: Final = "SELECT net FROM trade_outcomes ORDER BY id"
_CANDLE: Final = (
    "SELECT ts_open, ts_close, open, high, low, close, volume, spread FROM candles WHERE symbol = ? AND timeframe = ?"
    " ORDER BY ts_open DESC LIMIT 1"
)
_SINCE: Final = "SELECT outputs FROM journal WHERE seq >= ?"
_OUTPUTS: Final = "SELECT outputs FROM journal WHERE seq = ?"


class OpenPosition(msgspec.Struct, frozen=True):
    """What is held for one signal. Prices in quote currency; ``floating`` and ``risk_cash`` in account currency.

    ``mark`` is the price that would close it at the last bar; both it and ``floating`` are null without a bar or rate.
    """

    signal_id: str
    symbol: str
    direction: str
    lots: float
    ts_entry: int
    entry: float
    stop: float
    target: float
    mark: float | None
    floating: float | None
    risk_cash: float


class AccountState(msgspec.Struct, frozen=True):
    """The account in ``currency``: balance = opening balance + everything closed and charged.

    ``drawdown`` is 1 - equity / the highest balance after a closed trade, a fraction.
    """

    currency: str
    opening: float
    balance: float
    equity: float
    drawdown: float
    trades: int
    positions: tuple[OpenPosition, ...]


def last_bar(database: Queryable, symbol: str, timeframe: Timeframe) -> Bar | None:
    """The newest stored bar of a series."""
    _, rows = database.query(_CANDLE, (symbol, timeframe.value))
    return Bar(symbol, timeframe, *rows[0]) if rows else None


def account_state(
    database: Queryable,
    bases: Mapping[str, Timeframe],
    instruments: Mapping[str, Instrument],
    currency: str,
    opening: float,
) -> AccountState:
    """Reads the account of a run over ``bases`` (symbol to base timeframe) that began with ``opening``."""
    rates = Rates(currency, instruments.values())
    bars = {symbol: last_bar(database, symbol, base) for symbol, base in bases.items()}
    for symbol, bar in bars.items():
        if bar is not None:
            rates.on_close(symbol, bar.close)
    _, rows = database.query(_OPEN)
    positions = tuple(_position(row, instruments[row[1]], bars.get(row[1]), rates) for row in rows)
    nets = [Decimal(net) for (net,) in database.query(_NETS)[1]]
    peak = cash = Decimal(str(opening))
    for net in nets:
        cash += net
        peak = max(peak, cash)
    cash += _paid_on(database, rows)
    equity = float(cash) + sum(one.floating or 0.0 for one in positions)
    return AccountState(
        currency=currency,
        opening=opening,
        balance=float(cash),
        equity=equity,
        drawdown=max(0.0, 1.0 - equity / float(peak)) if peak > 0 else 0.0,
        trades=len(nets),
        positions=positions,
    )


def _position(row: Sequence[Any], instrument: Instrument, bar: Bar | None, rates: Rates) -> OpenPosition:
    name, symbol, direction, ts_entry, steps, ticks, _, stop, target, risk = row
    side = 1 if direction == "BUY" else -1
    entry = instrument.to_price(ticks)
    rate = rates.rate(instrument.quote)
    mark = None if bar is None else bar.close + closing_shift(instrument, bar, side)
    known = mark is not None and rate is not None
    value = (rate or 0.0) * instrument.contract_size * instrument.lot_step
    floating = side * ((mark or 0.0) - entry) * steps * value if known else None
    lots = instrument.to_lots(steps)
    return OpenPosition(name, symbol, direction, lots, ts_entry, entry, stop, target, mark, floating, risk)


def _paid_on(database: Queryable, rows: Sequence[Sequence[Any]]) -> Decimal:
    """Commissions and charges booked already on what is still open."""
    paid = Decimal(0)
    if not rows:
        return paid
    open_signals = {row[0]: int(row[6]) for row in rows}
    for name, seq in open_signals.items():
        for (payload,) in database.query(_OUTPUTS, (seq,))[1]:
            for output in decode_outputs(payload):
                if isinstance(output, Fill) and output.signal_id == name and output.leg is Leg.ENTRY:
                    paid -= Decimal(output.commission)
    for (payload,) in database.query(_SINCE, (min(open_signals.values()),))[1]:
        if b'"charge"' not in payload:  # looked for here, since every database has another word for it
            continue
        for output in decode_outputs(payload):
            if isinstance(output, Charge) and output.signal_id in open_signals:
                paid += Decimal(output.amount)
    return paid
