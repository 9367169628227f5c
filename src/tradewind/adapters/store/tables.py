"""The tables people query, projected from the journal's entries and written in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from tradewind.adapters.store.article_rows import article_rows
from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.database import Cursor
from tradewind.adapters.store.forecast_rows import FORECASTS, forecast_row
from tradewind.adapters.store.guard_rows import guard_statements
from tradewind.adapters.store.learning_rows import LEARNT, statements
from tradewind.adapters.store.mode_rows import MODELS, MODES, mode_statements, model_statements
from tradewind.adapters.store.order_rows import answer_row, order_row
from tradewind.adapters.store.outbox_rows import OutboxRows, changed
from tradewind.adapters.store.schema import utc_text
from tradewind.model.article import NewsRead
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.drift import DriftAlarm, MemberReplaced
from tradewind.model.event import BarClosed
from tradewind.model.guard import AccountMark, Answered, GuardChanged
from tradewind.model.instrument import Instrument
from tradewind.model.notice import Notice
from tradewind.model.order import ApprovalAsked, ApprovalEnded, Fill, Leg, Refusal
from tradewind.model.outcome import Outcome, SignalOutcome, Trade
from tradewind.model.paper import PaperClosed, PaperOpened
from tradewind.model.timeframe import Timeframe
from tradewind.model.venue import OrderUpdate, VenueReport, VenueRequest
from tradewind.ports.store import Entry

HOT_TAIL_BARS: Final = 5_000
_PRUNE_EVERY: Final = 256
_TEXTS_KEPT: Final = 1_024


def _insert(table: str, columns: str, conflict: str = "") -> str:
    names = columns.split()
    statement = f"INSERT INTO {table} ({', '.join(names)})"  # names of this module, never input
    return f"{statement} VALUES ({', '.join('?' * len(names))}) {conflict}".rstrip()


_BRACKET_FIELDS = "entry entry_low entry_high stop target lots risk_cash"
_CONSENSUS_FIELDS = "win_probability breakeven confidence"
_BAR_FIELDS = "open high low close volume spread synthetic"
_TRADE_FIELDS = (
    "r ts_entry ts_exit entry exit exit_leg lots gross spread_cost slippage_cost commission swap net mae_r mfe_r"
)
_bracket_of = attrgetter(*_BRACKET_FIELDS.split())
_consensus_of = attrgetter(*_CONSENSUS_FIELDS.split())
_bar_of = attrgetter(*_BAR_FIELDS.split())
_trade_of = attrgetter(*_TRADE_FIELDS.split())

_CANDLE = _insert("candles", f"symbol timeframe ts_open ts_close timestamp {_BAR_FIELDS}", "ON CONFLICT DO NOTHING")
_DECISION = _insert(
    "decisions",
    "symbol timeframe ts timestamp kind summary journal_seq",
    "ON CONFLICT (symbol, timeframe, ts) DO UPDATE SET kind = excluded.kind, summary = excluded.summary,"
    " journal_seq = excluded.journal_seq",
)
_CONFIDENCE = _insert("confidence_history", "timestamp symbol timeframe confidence_score journal_seq")
_SIGNAL = _insert(
    "signals",
    "id timestamp ts symbol timeframe direction entry entry_low entry_high stop_loss take_profit lots risk_cash"
    f" {_CONSENSUS_FIELDS} tier valid_until status stamp summary journal_seq",
)
_OPEN = _insert(
    "positions",
    "signal_id symbol direction status timestamp ts_entry steps entry_ticks lots entry journal_seq",
    "ON CONFLICT (signal_id) DO UPDATE SET steps = positions.steps + excluded.steps,"
    " lots = positions.lots + excluded.lots",
)
_CLOSE = _insert(
    "positions",
    "signal_id symbol timeframe direction status timestamp ts_entry ts_exit lots entry exit pnl net journal_seq",
    "ON CONFLICT (signal_id) DO UPDATE SET timeframe = excluded.timeframe, ts_exit = excluded.ts_exit,"
    " lots = coalesce(positions.lots, excluded.lots), entry = excluded.entry, exit = excluded.exit,"
    " pnl = coalesce(positions.pnl, 0) + excluded.pnl, net = CASE WHEN positions.pnl IS NULL THEN excluded.net END",
)
_TRADE = _insert(
    "trade_outcomes",
    f"timestamp signal_id symbol timeframe predicted_direction pnl_absolute {_TRADE_FIELDS} ambiguous journal_seq",
)
_TRADE_CONFIDENCE = (
    "UPDATE trade_outcomes SET confidence = (SELECT confidence FROM signals WHERE id = signal_id) WHERE signal_id = ?"
)
_ENDED = "UPDATE positions SET status = 'closed' WHERE signal_id = ?"
_STATUS = "UPDATE signals SET status = ?, r = coalesce(?, r) WHERE id = ?"
_PRUNE = (
    "DELETE FROM candles WHERE symbol = ? AND timeframe = ? AND ts_open < (SELECT ts_open FROM candles"
    " WHERE symbol = ? AND timeframe = ? ORDER BY ts_open DESC LIMIT 1 OFFSET ?)"
)
TOLD: Final = (
    *(Signal, Trade, Fill, Notice, SignalOutcome, DriftAlarm, MemberReplaced),
    *(ApprovalAsked, ApprovalEnded, PaperOpened, PaperClosed),
)
"""What may concern people; ``OutboxRows`` says what does."""
_MANY: Final = (_CANDLE, _DECISION, _CONFIDENCE)
_DAY_S: Final = 86_400
_SECOND: Final = 1_000_000_000
_KINDS: Final = {kind: str(kind.__struct_config__.tag) for kind in (Signal, NoTrade, NoDecision)}
_GUARD: Final = (Answered, GuardChanged, AccountMark)
_ORDERS: Final = (VenueRequest, OrderUpdate)


class SqlTables:
    """Implements ``ports.store.Tables``: ``record`` collects rows, ``write`` puts them into the open transaction.

    A position that is closed in parts adds up their ``pnl`` and is closed with its outcome; ``net``, the exact amount,
    is that of one part and null where there are several: each has a row of ``trade_outcomes``.

    ``candles`` keeps the newest ``hot_tail_bars`` of each series (history lives in sealed files); bars that must not be
    decided on are left to the journal. ``instruments`` turns the ticks and lot steps of an opening fill into price and
    lots; without it those two columns wait for the close. A signal's status goes new, open or refused, then the
    outcome's word. ``outbox`` says what people are told of and by which channels.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument] | None = None,
        *,
        hot_tail_bars: int = HOT_TAIL_BARS,
        outbox: OutboxRows | None = None,
    ) -> None:
        self.outbox = outbox if outbox is not None else OutboxRows()
        self._instruments = instruments or {}
        self._hot_tail_bars = hot_tail_bars
        self._rows: dict[str, list[tuple[object, ...]]] = {statement: [] for statement in _MANY}
        # Rows that refer to each other, a few in a hundred bars: written one by one in the journal's order.
        self._in_order: list[tuple[str, tuple[object, ...]]] = []
        self._lists: tuple[list[Any], ...] = (*self._rows.values(), self._in_order)
        self._since_prune: dict[tuple[str, str], int] = {}
        self._texts: dict[int, str] = {}  # one close is written a few times and is the next bar's open
        self._day = (-1, "")
        self._texts_of: dict[Timeframe, str] = {timeframe: timeframe.value for timeframe in Timeframe}

    def record(self, entry: Entry, outputs: Sequence[object]) -> None:
        """Collects the rows of one entry, all or, when an output cannot be projected, none."""
        lists = self._lists
        lengths = list(map(len, lists))
        try:
            self._project(entry, outputs)
        except BaseException:
            for rows, length in zip(lists, lengths, strict=True):
                del rows[length:]
            raise

    def _project(self, entry: Entry, outputs: Sequence[object]) -> None:
        event = entry.event
        if isinstance(event, BarClosed):
            self._candle(event)
        elif isinstance(event, VenueReport) and event.request:
            self._in_order.append(answer_row(event))
        elif isinstance(event, MODELS):
            self._in_order += model_statements(event)
        elif isinstance(event, NewsRead):
            self._in_order += article_rows(event, entry.seq)
        for number, output in enumerate(outputs):
            if isinstance(output, (NoTrade, NoDecision)):  # nearly all there is; nobody is told
                self._decision(entry.seq, output)
                continue
            if isinstance(output, Signal):
                self._decision(entry.seq, output)
            elif isinstance(output, Fill):
                self._fill(entry.seq, output)
            elif isinstance(output, Trade):
                self._trade(entry.seq, output)
            elif isinstance(output, Refusal):
                self._put(_STATUS, ("refused", None, output.signal_id))
            elif isinstance(output, Outcome):
                self._put(_STATUS, (output.result, output.r, output.signal_id))
                self._put(_ENDED, (output.signal_id,))
            elif isinstance(output, _GUARD):
                self._in_order += guard_statements(output, entry.seq)
            elif isinstance(output, FORECASTS):
                self._in_order.append(forecast_row(output, entry.seq))
            elif isinstance(output, LEARNT):
                self._in_order += statements(output, entry.seq)
            elif isinstance(output, _ORDERS):
                self._in_order.append(order_row(output, entry.seq))
            elif isinstance(output, MODES):
                self._in_order += mode_statements(output, entry.seq)
            if isinstance(output, TOLD):
                self._in_order += self.outbox.of(output, entry.seq, number)

    def write(self, cursor: Cursor) -> None:
        """Writes the collected rows through the driver's cursor; they stay collected until ``clear``."""
        for statement, rows in self._rows.items():
            if rows:
                cursor.executemany(statement, rows)
        for statement, row in self._in_order:
            cursor.execute(statement, row)

    def clear(self) -> None:
        """Forgets the collected rows: they are durable."""
        if self._in_order and changed(self._in_order):
            self.outbox.changes += 1
        for rows in self._rows.values():
            rows.clear()
        self._in_order.clear()

    def _put(self, statement: str, row: tuple[object, ...]) -> None:
        self._in_order.append((statement, row))

    def _utc(self, ts: int) -> str:
        """As ``utc_text``; a clock text behind the day's own, which takes a tenth of the time."""
        text = self._texts.get(ts)
        if text is None:
            if len(self._texts) >= _TEXTS_KEPT:
                self._texts.clear()
            day, second = divmod(ts // _SECOND, _DAY_S)
            if day != self._day[0]:
                self._day = (day, utc_text(ts)[:11])
            minutes = second // 60
            text = f"{self._day[1]}{minutes // 60:02}:{minutes % 60:02}:{second % 60:02}"
            self._texts[ts] = text
        return text

    def _candle(self, event: BarClosed) -> None:
        bar = event.bar
        if bar.fault():
            return
        key = (bar.symbol, self._texts_of[bar.timeframe])
        self._rows[_CANDLE].append((*key, bar.ts_open, bar.ts_close, self._utc(bar.ts_open), *_bar_of(bar)))
        count = self._since_prune.get(key, _PRUNE_EVERY - 1) + 1  # a life may be too short to count that far
        if count >= _PRUNE_EVERY:
            self._put(_PRUNE, (*key, *key, self._hot_tail_bars - 1))
            count = 0
        self._since_prune[key] = count

    def _decision(self, seq: int, decision: Signal | NoTrade | NoDecision) -> None:
        where = (decision.symbol, self._texts_of[decision.timeframe])
        timestamp = self._utc(decision.ts)
        summary = encode_text(decision)
        kind = _KINDS[type(decision)]
        self._rows[_DECISION].append((*where, decision.ts, timestamp, kind, summary, seq))
        if isinstance(decision, NoDecision):
            return
        consensus = decision.consensus
        if consensus is not None and consensus.confidence is not None:
            self._rows[_CONFIDENCE].append((timestamp, *where, consensus.confidence, seq))
        if isinstance(decision, Signal):
            self._put(
                _SIGNAL,
                (
                    *(decision.id, timestamp, decision.ts, *where, decision.direction),
                    *_bracket_of(decision.bracket),
                    *_consensus_of(decision.consensus),
                    *(decision.tier, decision.valid_until, "new", decision.stamp, summary, seq),
                ),
            )

    def _fill(self, seq: int, fill: Fill) -> None:
        if fill.leg != Leg.ENTRY:
            return
        instrument = self._instruments.get(fill.symbol)
        lots = instrument.to_lots(fill.steps) if instrument else None
        price = instrument.to_price(fill.price_ticks) if instrument else None
        opened = (self._utc(fill.ts), fill.ts, fill.steps, fill.price_ticks, lots, price)
        self._put(_OPEN, (fill.signal_id, fill.symbol, _direction(fill.side), "open", *opened, seq))
        self._put(_STATUS, ("open", None, fill.signal_id))

    def _trade(self, seq: int, trade: Trade) -> None:
        series = (trade.symbol, trade.timeframe.value)
        direction = _direction(trade.side)
        pnl = float(trade.net)
        opened = (self._utc(trade.ts_entry), trade.ts_entry)
        closed = (trade.ts_exit, trade.lots, trade.entry, trade.exit, pnl, trade.net)
        self._put(_CLOSE, (trade.signal_id, *series, direction, "closed", *opened, *closed, seq))
        ended = (self._utc(trade.ts_exit), trade.signal_id, *series, direction, pnl)
        self._put(_TRADE, (*ended, *_trade_of(trade), trade.ambiguous, seq))
        self._put(_TRADE_CONFIDENCE, (trade.signal_id,))


def _direction(side: int) -> str:
    return "BUY" if side > 0 else "SELL"
