"""Answers for the chat, by the same functions that answer the verbs: the same question gets the same answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from tradewind import __version__
from tradewind.adapters.store.reader import StoreReader
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.ask import chain_text
from tradewind.app.ask.desk import Desk
from tradewind.app.ask.now_text import now_lines
from tradewind.app.ask.risk_status import risk_status
from tradewind.app.ask.signal_now import signal_now
from tradewind.app.ask.status import Status, status
from tradewind.app.ask.why import why
from tradewind.app.people import trade_words
from tradewind.app.people.chat_text import labelled
from tradewind.app.people.command_table import Said
from tradewind.app.people.desk_words import blacklist_lines, lock_lines, log_lines, order_lines, waiting_lines
from tradewind.app.people.status_words import balance_lines, health_lines, status_lines, table_lines
from tradewind.app.signal_text import percent, refusal_lines, signal_lines
from tradewind.app.stored_run import Configure
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.decision import Signal
from tradewind.model.stamp import head_of
from tradewind.model.strategy import StoredStrategy, StrategyStatus
from tradewind.ports.clock import Clock

BACKTEST_S: Final = 300.0
QUICK_S: Final = 60.0
_PERIOD: Final = re.compile(r"[1-9]\d{0,3}(y|mo|w|d)")
_DAY: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_LISTED: Final = 10


class Verbs(Protocol):
    """Runs a verb of the command line beside the service."""

    async def run(self, words: Sequence[str], limit_s: float) -> list[str]:
        """What it printed."""
        ...


class ChatDesk:
    """Implements ``bot_desk.Reads``. ``off_loop`` runs what takes a while beside the event loop.

    ``audit`` hears where the data of an answer came from. ``pairs`` are those of the run, which flags may have chosen;
    without them the configuration's.
    """

    def __init__(
        self,
        configure: Configure,
        database: Path,
        clock: Clock,
        verbs: Verbs,
        audit: Callable[[str], None],
        *,
        off_loop: Callable[[Callable[[], list[str]]], Awaitable[list[str]]] = asyncio.to_thread,
        pairs: Sequence[str] = (),
    ) -> None:
        self._configure = configure
        self._database = database
        self._clock = clock
        self._verbs = verbs
        self._audit = audit
        self._off_loop = off_loop
        self._config = configure(None, None)
        self.pairs = tuple(pairs or self._config.symbols)

    async def read(self, command: Said) -> Sequence[str]:
        """Lines of the answer."""
        # A server is named by the configuration, which the verb reads as this process did.
        on_server = isinstance(self._database, PostgresSeat)
        store = () if on_server else ("--store", str(self._database.absolute()))
        if command.name == "backtest":
            return await self._backtest(command.words)
        if command.name == "drift_report":
            return await self._verbs.run(("drift", "report", *_dated(command.words), *store), QUICK_S)
        if command.name == "risk":
            return await self._verbs.run(("risk", "status", *store), QUICK_S)
        return await self._off_loop(lambda: self._looked(command))

    def _looked(self, command: Said) -> list[str]:
        words = command.words
        plain: dict[str, Callable[[], list[str]]] = {
            "start": self._alive,
            "signal": lambda: self._signals(words),
            "why": lambda: self._why(words),
            "status": lambda: self._state(words),
            "order": lambda: self._order(words),
            "locks": lambda: self._locks(words),
            "blacklist": self._blacklist,
            "logs": lambda: log_lines(Path(self._config.paths.logs), _count(words, 10)),
            "balance": lambda: balance_lines(self._status()),
            "count": lambda: balance_lines(self._status(), counted=True),
            "strategies": self._strategies,
            "health": lambda: self._health(),
            "whitelist": lambda: ["Pairs", ", ".join(self.pairs)],
            "show_config": self._settings,
            "version": lambda: [f"Tradewind {__version__}"],
        }
        answer = plain.get(command.name)
        return answer() if answer is not None else self._trades(command)

    def _alive(self) -> list[str]:
        found = self._status()
        state = "running" if found.writer.running else "not running"
        return [f"Tradewind {__version__} is alive; the run is {state}", "/help lists what I can do."]

    def _signals(self, words: Sequence[str]) -> list[str]:
        desk = self._desk()
        lines: list[str] = []
        for pair in words[:1] or self.pairs:
            symbol = desk.symbol(pair)
            try:
                found = signal_now(desk, symbol, self._clock.now(), lambda _: None)
            except Unavailable as fault:
                if words:
                    raise
                lines += [f"{symbol}: {fault.found}", ""]
                continue
            self._audit(f"data for {symbol}: {found.origin}, {found.where}, until {found.data.last_bar}")
            shown = now_lines(found, desk.instrument(symbol))[:-2]
            lines += [*map(labelled, shown), ""]
        return lines[:-1]

    def _why(self, words: Sequence[str]) -> list[str]:
        if not words:
            raise Misconfigured("which pair?", next_step="/why EUR/USD, or /why EUR/USD 2024-01-08 13:00")
        desk = self._desk()
        symbol = desk.symbol(words[0])
        found = why(desk, symbol, " ".join(words[1:]), lambda _: None)
        head = head_of(simulated=found.simulated, unproven=found.unproven)
        decision = found.chain.decision
        if isinstance(decision, Signal):
            shown = signal_lines(decision, desk.instrument(symbol))
        else:
            shown = refusal_lines(decision, head.strip())
        lines = [f"{head}Why {symbol} {found.timeframe}: {chain_text.verdict_word(found.chain)}", *found.notes, *shown]
        lines += ["Nearest change", *(f"  - {change.text}" for change in found.nearest), "Members"]
        for name, vote, weight, rule, *_ in chain_text.member_rows(found.chain.members, found.ts)[:_LISTED]:
            lines.append(f"  {name}: {vote}, weight {weight}; {' '.join(str(rule).split())}")
        for name, _, inputs, says in chain_text.filter_rows(found.chain.filters):
            lines.append(f"  filter {name}: {says} ({' '.join(str(inputs).split())})")
        return [labelled(line) for line in lines]

    def _strategies(self) -> list[str]:
        settings = self._config.strategies
        with StrategyBook.read(self._database) as book:
            best = book.get_top_strategies(settings.min_confidence * 100.0, settings.min_trades, _LISTED)
            counts = book.counts()
        told = ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing yet"
        return ["Strategies", f"In the book: {told}", *(map(_strategy, best) if best else ["None is proven."])]

    def _health(self) -> list[str]:
        with StoreReader(self._database) as reader:
            deliveries = reader.query("SELECT state, count(*) FROM deliveries GROUP BY state ORDER BY state")[1]
        return health_lines(self._status(), deliveries, self._clock.now())

    def _settings(self) -> list[str]:
        config, run = self._config, self._status().run
        execution = config.execution if run is None else run.trades_by
        return [
            "Settings",
            f"Mode: {config.runtime.mode}, execution {execution}",
            f"Pairs: {', '.join(self.pairs)}",
            f"Timeframes: {', '.join(str(one.interval) for one in config.timeframes.intervals)}",
            f"Risk a trade: {percent(config.risk.risk_per_trade)}",
            f"Daily loss: at most {percent(config.risk.daily_loss_limit)}",
            f"Drawdown: at most {percent(config.risk.max_drawdown)}",
        ]

    def _state(self, words: Sequence[str]) -> list[str]:
        if words and words[0].lower() != "table":
            raise Misconfigured(f"{words[0]!r} is no form of the status", allowed="/status, /status table")
        if words:
            return table_lines(self._status())
        desk = self._desk()
        with StoreReader(self._database) as reader:
            return [*status_lines(self._status()), *waiting_lines(reader, desk.instrument)]

    def _order(self, words: Sequence[str]) -> list[str]:
        if not words:
            raise Misconfigured("which order?", next_step="/order ID, with the id of a signal or an order")
        with StoreReader(self._database) as reader:
            return order_lines(reader, words[0], self._desk().instrument)

    def _locks(self, words: Sequence[str]) -> list[str]:
        symbol = self._desk().symbol(words[0]) if words else ""
        with StoreReader(self._database) as reader:
            trades = trade_words.closed_trades(reader)
        found = risk_status(self._database, self._configure)
        hours = self._config.risk.symbol_cooldown_hours
        return lock_lines(found.latches, trades, hours, self._clock.now(), symbol)

    def _blacklist(self) -> list[str]:
        with StrategyBook.read(self._database) as book:
            off = book.select(status=StrategyStatus.DISABLED)
        run = self._status().run
        return blacklist_lines(self.pairs, off, () if run is None else run.silenced)

    def _trades(self, command: Said) -> list[str]:
        name = command.name
        with StoreReader(self._database) as reader:
            trades = trade_words.closed_trades(reader)
            tags = trade_words.entry_tags(reader) if name in ("entries", "mix_tags") else {}
        if name in ("entries", "mix_tags", "exits") and command.words:
            symbol = self._desk().symbol(command.words[0])
            trades = [one for one in trades if one.symbol == symbol]
        if name == "entries":
            return trade_words.entry_lines(trades, tags)
        if name == "mix_tags":
            return trade_words.mix_lines(trades, tags)
        if name == "stats":
            return trade_words.stats_lines(trades)
        if name == "performance":
            return trade_words.pair_lines(trades)
        if name == "exits":
            return trade_words.exit_lines(trades)
        if name == "trades":
            return trade_words.trade_lines(trades, _count(command.words, 10))
        if name == "profit":
            return trade_words.profit_lines(trades, _count(command.words, 7), self._clock.now())
        form, title, count = {
            "daily": ("%Y-%m-%d", "Daily", 7),
            "weekly": ("%G-W%V", "Weekly", 8),
            "monthly": ("%Y-%m", "Monthly", 6),
        }[name]
        return trade_words.period_lines(trades, form, title, _count(command.words, count))

    async def _backtest(self, words: Sequence[str]) -> list[str]:
        if not words:
            raise Misconfigured("which pair?", next_step="/backtest EUR/USD 1y")
        symbol = self._desk().symbol(words[0])
        period = words[1].lower() if len(words) > 1 else "1y"
        if not _PERIOD.fullmatch(period):
            raise Misconfigured(f"{words[1]!r} is no period", allowed="90d, 26w, 18mo or 1y")
        asked = ("backtest", "--symbol", symbol, "--period", period, "--no-report")
        return await self._verbs.run(asked, BACKTEST_S)

    def _desk(self) -> Desk:
        return Desk(self._configure, database=self._database)

    def _status(self) -> Status:
        return status(self._config, self._database, self._clock.now(), self._configure)


def _strategy(one: StoredStrategy) -> str:
    return f"{one.id} {one.symbol}: {one.wins or 0} of {one.trades or 0} won, status {one.status}"


def _count(words: Sequence[str], default: int) -> int:
    if not words:
        return default
    if not words[0].isdigit() or not 0 < int(words[0]) <= 1000:
        raise Misconfigured(f"{words[0]!r} is no number", allowed="1 to 1000")
    return int(words[0])


def _dated(words: Sequence[str]) -> tuple[str, ...]:
    if not words:
        return ()
    match = _DAY.fullmatch(words[0])
    if match is None:
        raise Misconfigured(f"{words[0]!r} is no day", allowed="/drift_report_YYYYMMDD")
    return ("--date", "-".join(match.groups()))
