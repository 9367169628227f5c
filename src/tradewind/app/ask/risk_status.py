"""The account under its limits: what is realised, what floats, what of each limit is used. Reads the store only."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from tradewind.adapters.store.codec import decode_event
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.reader import Queryable, StoreReader
from tradewind.app.ask.account_state import AccountState, account_state
from tradewind.app.firm_files import firm_rules
from tradewind.app.instruments import instrument_for
from tradewind.app.settings.root import AppConfig
from tradewind.errors import Unavailable
from tradewind.model.event import Started
from tradewind.model.guard import GuardState
from tradewind.model.timeframe import Timeframe

Configure = Callable[[str | None, Timeframe | None], AppConfig]
_LATCHES: Final = (
    "SELECT cause, state, timestamp, actor, reason, value, limit_value, until FROM guard_state ORDER BY ts, cause"
)
_MARK: Final = (
    "SELECT day, day_equity, day_end, peak, daily_floor, total_floor, trading_days, best_day, verdict"
    " FROM equity_marks ORDER BY id DESC LIMIT 1"
)
_WAITING: Final = "SELECT count(*) FROM command_inbox WHERE status = 'waiting'"


class LatchView(msgspec.Struct, frozen=True):
    """One cause for the state: since when (UTC), by whom (empty: a limit), and when it ends (0: a person clears it)."""

    cause: str
    state: str
    since: str
    actor: str
    reason: str
    value: float | None
    limit: float | None
    until: int


class Limit(msgspec.Struct, frozen=True):
    """A loss limit in account currency: ``allowed`` from its anchor to ``floor``, ``used`` of it, ``remaining``."""

    name: str
    floor: float
    allowed: float
    used: float
    remaining: float
    share_used: float


class RiskStatus(msgspec.Struct, frozen=True):
    """The account in ``currency``. equity = balance + unrealised; balance = opening + realised.

    ``realised`` is everything closed and charged, commissions and swaps of open positions included; ``unrealised`` what
    open positions would give at the last closing prices. ``open_risk`` is what they planned to lose at their stops.
    ``state`` is the guard's; ``verdict``, ``trading_days`` and ``best_day`` are those of a prop firm's account.
    """

    store: str
    simulated: bool
    unproven: bool
    running: bool
    currency: str
    opening: float
    balance: float
    realised: float
    unrealised: float
    equity: float
    trades: int
    positions: int
    open_risk: float
    day: str
    day_end: int
    day_result: float
    drawdown: float
    max_drawdown: float
    state: GuardState
    latches: tuple[LatchView, ...]
    limits: tuple[Limit, ...]
    waiting_orders: int
    firm: str = ""
    stage: str = ""
    verdict: str = ""
    trading_days: int = 0
    best_day: float | None = None


def risk_status(store: Path, configure: Configure) -> RiskStatus:
    """Looks at the account of the run on ``store``; ``configure`` gives the configuration of its preset and interval.

    Raises:
        Unavailable: there is no store, or nothing has run on it.
        Misconfigured: the store's schema is another version's.
    """
    with StoreReader(store) as database:
        _, rows = database.query("SELECT event FROM journal ORDER BY seq LIMIT 1")
        started = decode_event(rows[0][0]) if rows else None
        if not isinstance(started, Started):
            raise Unavailable("nothing has run", where=str(store), next_step="tradewind run --execution paper")
        asked = dict(word.split("=", 1) for word in started.asked)
        interval = asked.get("interval")
        settings = configure(asked.get("preset"), Timeframe.parse(interval) if interval else None)
        bases = {symbol: Timeframe.parse(base) for symbol, base in (one.rsplit(" ", 1) for one in started.series)}
        instruments = {symbol: instrument_for(settings, symbol) for symbol in bases}
        account = account_state(database, bases, instruments, settings.account.currency, settings.account.balance)
        return _of(database, settings, account, started)


def _of(database: Queryable, settings: AppConfig, account: AccountState, started: Started) -> RiskStatus:
    latches = tuple(LatchView(*row) for row in database.query(_LATCHES)[1])
    state = max((GuardState(one.state) for one in latches), key=lambda one: one.rank, default=GuardState.NORMAL)
    balance = _cents(account.balance)
    unrealised = _cents(sum(one.floating or 0.0 for one in account.positions))
    equity = _cents(account.equity)
    marks = database.query(_MARK)[1]
    unmarked = ("", account.opening, 0, account.opening, None, None, 0, None, "")
    mark: Any = marks[0] if marks else unmarked
    day, day_equity, day_end, peak, daily_floor, total_floor, days, best_day, verdict = mark
    peak = max(peak, equity)
    risk = settings.risk
    limits = [
        _limit("day's loss", day_equity * (1.0 - risk.daily_loss_limit), day_equity, equity),
        _limit("drawdown", peak * (1.0 - risk.max_drawdown), peak, equity),
    ]
    if risk.firm and daily_floor is not None and total_floor is not None:
        rules = firm_rules(risk.firm)
        for name, floor, share in (
            ("firm, day", daily_floor, rules.daily_loss.share),
            ("firm, total", total_floor, rules.total_loss.share),
        ):
            limits.append(_limit(name, floor, floor + share * account.opening, equity))
    return RiskStatus(
        store=str(database.path),
        simulated=started.simulated,
        unproven=started.unproven,
        running=WriterLock(database.path).holder() is not None,
        currency=account.currency,
        opening=account.opening,
        balance=balance,
        realised=_cents(balance - account.opening),
        unrealised=unrealised,
        equity=equity,
        trades=account.trades,
        positions=len(account.positions),
        open_risk=_cents(sum(one.risk_cash for one in account.positions)),
        day=day,
        day_end=day_end,
        day_result=_cents(equity - day_equity),
        drawdown=max(0.0, 1.0 - equity / peak) if peak > 0.0 else 0.0,
        max_drawdown=risk.max_drawdown,
        state=state,
        latches=latches,
        limits=tuple(limits),
        waiting_orders=int(database.query(_WAITING)[1][0][0]),
        firm=risk.firm,
        stage=risk.firm_stage if risk.firm else "",
        verdict=verdict,
        trading_days=days,
        best_day=best_day,
    )


def _limit(name: str, floor: float, anchor: float, equity: float) -> Limit:
    allowed, used = anchor - floor, max(0.0, anchor - equity)
    share = used / allowed if allowed > 0.0 else 0.0
    return Limit(name, _cents(floor), _cents(allowed), _cents(used), _cents(equity - floor), share)


def _cents(value: float) -> float:
    """Whole cents, as the ledger keeps them."""
    return float(round(Decimal(repr(value)), 2))
