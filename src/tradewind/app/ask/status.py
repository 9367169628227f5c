"""What runs, what it saw last, what it holds and what is wrong. Reads the store only, beside a running writer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from tradewind.adapters.store.codec import decode_event
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.location import lost
from tradewind.adapters.store.reader import Queryable, StoreReader
from tradewind.app.ask.account_state import AccountState, account_state, last_bar
from tradewind.app.ask.block_stats import BlockStats, block_stats
from tradewind.app.ask.freshness import Freshness, freshness, market_state
from tradewind.app.ask.service_state import ServiceView, measured_uptime, service_view
from tradewind.app.config import config_hash
from tradewind.app.settings.root import AppConfig
from tradewind.app.source_notes import SourcesNote, noted_sources
from tradewind.app.uptime import Uptime
from tradewind.model.event import Command, FeedState, Started
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import Timeframe

TAIL_ENTRIES: Final = 20_000
WHOLE_RUN_ENTRIES: Final = 50_000
_ERRORS: Final = "SELECT timestamp, error_type, message, origin FROM error_log ORDER BY id DESC LIMIT 5"
_STOPPED: Final = "SELECT timestamp, ts, cause FROM guard_state WHERE state = 'stopped' ORDER BY ts LIMIT 1"
_ON_PAPER: Final = "SELECT payload FROM outbox WHERE topic = 'trade' AND key LIKE 'paper closed %' AND ts >= ?"
_NOTICES: Final = "SELECT seq, event FROM journal WHERE seq > ? AND kind IN ('feed', 'command') ORDER BY seq"


class Writer(msgspec.Struct, frozen=True):
    """Who writes: ``running`` while a process holds the lock; ``pid`` and ``since`` are the last writer's."""

    running: bool
    pid: str | None
    since: str | None


class PaperState(msgspec.Struct, frozen=True):
    """A stopped run on paper: since when (UTC) and why, its closed trades there and what they made."""

    since: str
    cause: str
    trades: int
    net: float


class Run(msgspec.Struct, frozen=True):
    """The store's run. ``same_settings`` says whether the present configuration is the run's; null where not known.

    ``policy`` is who is heard: proven, shadow or unproven; ``proven`` are the strategies with a verdict when the run
    began, and ``silenced`` those that are not heard any more, each as ``SYMBOL ID``. ``paper`` is there while a
    run whose orders went to a venue is stopped and followed on paper.
    """

    config_hash: str
    code_version: str
    execution: str
    series: tuple[str, ...]
    simulated: bool
    unproven: bool
    same_settings: bool | None
    entries: int
    last_ts: int
    digest: str
    snapshot: int | None
    paused: bool
    silenced: tuple[str, ...]
    policy: str = "unproven"
    proven: tuple[str, ...] = ()
    paper: PaperState | None = None

    @property
    def trades_by(self) -> str:
        """How signals are filled now: the execution that was asked for, or paper since it was stopped."""
        if self.paper is None:
            return self.execution
        return f"paper since {self.paper.since} UTC ({self.execution} was stopped: {self.paper.cause})"


class _Orders(msgspec.Struct, frozen=True):
    """What operators ordered and nobody took back; the part of a snapshot that says so."""

    paused: bool = False
    silenced: tuple[str, ...] = ()


class SymbolState(msgspec.Struct, frozen=True):
    """One symbol: how old its bars are (null: none yet), whether its market is open, and what its feed said last."""

    symbol: str
    market: str
    next_open: int | None
    data: Freshness | None
    feed: str
    feed_detail: str


class ErrorNote(msgspec.Struct, frozen=True):
    """A row of ``error_log``."""

    timestamp: str
    error_type: str
    message: str
    origin: str


class Status(msgspec.Struct, frozen=True):
    """Everything ``tradewind status`` shows. ``run`` is null where nothing has run; ``warnings`` are for people.

    ``last_day`` covers the 24 hours before the newest decision; ``counted`` the whole run, or its last 30 days where
    the run is long.
    """

    now: int
    store: str
    writer: Writer
    run: Run | None
    symbols: tuple[SymbolState, ...]
    account: AccountState | None
    last_day: BlockStats | None
    counted: BlockStats | None
    errors: tuple[ErrorNote, ...]
    warnings: tuple[str, ...]
    sources: SourcesNote | None = None
    service: ServiceView | None = None
    uptime: Uptime | None = None


def status(
    config: AppConfig, store: Path, now: int, configure: Callable[[str | None, Timeframe | None], AppConfig]
) -> Status:
    """Looks at the store at ``store``; ``configure`` gives the configuration under a run's own preset and interval.

    Raises:
        Misconfigured: the store's schema is another version's.
        Corrupt: there was a run, and its database is gone or empty.
    """
    if not store.is_file():
        if fault := lost(store, "the database is gone"):
            raise fault
        return _nothing(config, store, now)
    with StoreReader(store) as database:
        started = _started(database)
        return _nothing(config, store, now) if started is None else _of_run(database, started, now, configure)


def _of_run(
    database: Queryable, started: Started, now: int, configure: Callable[[str | None, Timeframe | None], AppConfig]
) -> Status:
    asked = dict(word.split("=", 1) for word in started.asked)
    interval = asked.get("interval")
    settings = configure(asked.get("preset"), Timeframe.parse(interval) if interval else None)
    bases = {symbol: Timeframe.parse(base) for symbol, base in (one.rsplit(" ", 1) for one in started.series)}
    instruments = {symbol: resolve(symbol, settings.instruments) for symbol in bases}
    seq, last_ts, digest = database.query("SELECT seq, ts, digest FROM journal ORDER BY seq DESC LIMIT 1")[1][0]
    feeds, orders = _notices(database, int(seq))
    snapshot = database.query("SELECT seq FROM snapshots ORDER BY id DESC LIMIT 1")[1]
    run = Run(
        config_hash=started.config_hash,
        code_version=started.code_version,
        execution=asked.get("execution", "unknown"),
        series=started.series,
        simulated=started.simulated,
        unproven=started.unproven,
        same_settings=asked["settings"] == config_hash(settings) if "settings" in asked else None,
        entries=int(seq),
        last_ts=int(last_ts),
        digest=bytes(digest).hex(),
        snapshot=int(snapshot[0][0]) if snapshot else None,
        paused=orders.paused,
        silenced=orders.silenced,
        policy=asked.get("pool", "unproven"),
        proven=tuple(f"{one.symbol} {one.id}" for one in started.proven),
        paper=_paper(database) if asked.get("execution") in ("approve", "auto") else None,
    )
    writer = _writer(database)
    symbols = tuple(_symbol(database, instruments[one], base, feeds.get(one), now) for one, base in bases.items())
    account = account_state(database, bases, instruments, settings.account.currency, settings.account.balance)
    sources = noted_sources(database)
    errors = tuple(ErrorNote(*row) for row in database.query(_ERRORS)[1])
    return Status(
        now=now,
        store=str(database.path),
        writer=writer,
        run=run,
        symbols=symbols,
        account=account if run.execution not in ("none", "unknown") else None,
        last_day=block_stats(database, tuple(bases), 1.0, 0),
        counted=block_stats(database, tuple(bases), 0.0 if run.entries <= WHOLE_RUN_ENTRIES else 30.0, 0),
        errors=errors,
        warnings=tuple(_warnings(writer, run, symbols, sources)),
        sources=sources,
        service=service_view(database.path, now),
        uptime=measured_uptime(database, now),
    )


def _paper(database: Queryable) -> PaperState | None:
    """Where a stopped run stands on paper; None while its orders leave."""
    stopped = database.query(_STOPPED)[1]
    if not stopped:
        return None
    since, ts, cause = stopped[0]
    nets = [
        float(msgspec.json.decode(payload)["trade"]["net"]) for (payload,) in database.query(_ON_PAPER, (int(ts),))[1]
    ]
    return PaperState(str(since), str(cause), len(nets), sum(nets))


def _warnings(writer: Writer, run: Run, symbols: tuple[SymbolState, ...], sources: SourcesNote | None) -> list[str]:
    """What an operator should look at, worst first."""
    found = []
    if run.same_settings is False:
        found.append("the present configuration is not the run's: a restart would be refused; `tradewind config diff`")
    if run.paused:
        found.append("signals are paused")
    if run.paper is not None:
        made = f"{run.paper.trades} trades there, {run.paper.net:+.2f}"
        found.append(
            f"no order leaves since {run.paper.since} UTC ({run.paper.cause}): followed on paper, {made};"
            " `tradewind resume --stopped --reason TEXT` starts it again"
        )
    for one in symbols:
        if one.feed in ("stale", "disconnected"):
            found.append(f"{one.symbol}: the feed is {one.feed} ({one.feed_detail})")
        elif writer.running and not run.simulated and one.data is not None and one.data.cause == "behind":
            found.append(f"{one.symbol}: {one.data.text()}")
    for note in sources.sources if sources is not None and writer.running else ():
        for provider in note.providers:
            if provider.breaker.state != "closed":
                found.append(f"{provider.name} is left alone after repeated failures: {provider.breaker.last_error}")
    return found


def _symbol(
    database: Queryable, instrument: Instrument, base: Timeframe, feed: FeedState | None, now: int
) -> SymbolState:
    market, next_open = market_state(instrument, now)
    bar = last_bar(database, instrument.symbol, base)
    return SymbolState(
        symbol=instrument.symbol,
        market=market,
        next_open=next_open,
        data=None if bar is None else freshness(instrument, base, bar.ts_close, now),
        feed="" if feed is None else feed.state,
        feed_detail="" if feed is None else feed.detail,
    )


def _notices(database: Queryable, head: int) -> tuple[Mapping[str, FeedState], _Orders]:
    """What each feed said last among the newest entries, and the orders that stand.

    A stale feed stays so until it is fresh: that its socket is back says nothing about its bars.
    """
    feeds: dict[str, FeedState] = {}
    known, orders = _snapshot_orders(database)
    paused, silenced = orders.paused, set(orders.silenced)
    for seq, payload in database.query(_NOTICES, (min(known or head, head - TAIL_ENTRIES),))[1]:
        event: Any = decode_event(payload)
        if isinstance(event, FeedState):
            stays_stale = event.state != "fresh" and event.symbol in feeds and feeds[event.symbol].state == "stale"
            if not stays_stale:
                feeds[event.symbol] = event
        elif isinstance(event, Command) and seq > known:
            if event.verb in ("pause", "resume"):
                paused = event.verb == "pause"
            elif event.verb in ("disable", "enable"):
                (silenced.add if event.verb == "disable" else silenced.discard)(event.argument)
    return feeds, _Orders(paused, tuple(sorted(silenced)))


def _snapshot_orders(database: Queryable) -> tuple[int, _Orders]:
    """The entry of the newest snapshot that can be read, 0 without any, and the orders that stood there."""
    for seq, state in database.query("SELECT seq, state FROM snapshots ORDER BY id DESC")[1]:
        with contextlib.suppress(msgspec.DecodeError):
            return int(seq), msgspec.msgpack.decode(state, type=_Orders)
    return 0, _Orders()


def _writer(database: Queryable) -> Writer:
    _, rows = database.query("SELECT pid, timestamp FROM lease")
    holder = WriterLock(database.path).holder()
    pid = holder or (str(rows[0][0]) if rows else None)
    return Writer(holder is not None, pid, str(rows[0][1]) if rows else None)


def _started(database: Queryable) -> Started | None:
    _, rows = database.query("SELECT event FROM journal ORDER BY seq LIMIT 1")
    event = decode_event(rows[0][0]) if rows else None
    return event if isinstance(event, Started) else None


def _nothing(config: AppConfig, store: Path, now: int) -> Status:
    """Nothing has run: the markets can still be told."""
    states = []
    for symbol in config.symbols:
        market, next_open = market_state(resolve(symbol, config.instruments), now)
        states.append(SymbolState(symbol, market, next_open, None, "", ""))
    return Status(
        now, str(store), Writer(False, None, None), None, tuple(states), None, None, None, (), ("nothing has run yet",)
    )
