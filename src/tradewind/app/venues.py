"""Which venue stands behind a run's order manager, and the desk before it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import copy

import numpy as np

from tradewind.adapters.execution.hostile import HostileMix, HostileVenue
from tradewind.adapters.execution.paper import PaperVenue
from tradewind.app.order_desk import RequestQueue, SteppedDesk
from tradewind.app.settings.orders import OrderSettings
from tradewind.engine.orders.params import OrderParams
from tradewind.engine.pipeline import Engine
from tradewind.errors import Misconfigured
from tradewind.model.bar import Bar
from tradewind.model.timeframe import DAY, SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.venue import SteppedVenue

PAPER, HOSTILE = "paper", "hostile"
NOTE = "paper_venue"
"""Key of the note beside the journal in which the paper account is kept."""
REHEARSAL = HostileMix(
    lost_answer=0.05,
    lost_request=0.05,
    page=0.03,
    stop_refused=0.05,
    partial=0.3,
    invisible=0.1,
    late_message=0.1,
    doubled_message=0.1,
    limited=0.01,
    slippage_ticks=3,
)


def order_params(settings: OrderSettings, execution: str = "paper") -> OrderParams | None:
    """How orders are handled; None where the engine's own broker fills them.

    Nobody can be asked for what the engine fills itself, so ``approve``, ``auto`` and a required approval have the
    paper venue where no other one is named.
    """
    asks = execution == "approve" or (settings.approval == "required" and execution != "auto")
    venue = PAPER if settings.venue == "engine" and (asks or execution == "auto") else settings.venue
    if venue == "engine":
        return None
    on_bars = venue == PAPER  # its market orders wait for the next open, however long the market is closed
    return OrderParams(
        venue=venue,
        approval=asks,
        approval_ttl=round(settings.approval_ttl * SECOND),
        entry_ttl=0 if on_bars else round(settings.entry_ttl * SECOND),
        protect_within=round(settings.protect_within * SECOND),
        # The paper account lives in this process: it can differ after a start alone, which compares at once.
        reconcile_every=max(round(settings.reconcile_every * SECOND), DAY if on_bars else 0),
        look_back=round(settings.look_back * SECOND),
        netting=settings.positions == "netting",
        attached=on_bars,
        dead_man=0 if on_bars else round(settings.dead_man * SECOND),
        falls_back=execution in ("approve", "auto"),
    )


def desk_for(
    engine: Engine,
    clock: Clock,
    *,
    kept: str = "",
    keep: Callable[[str], None] = lambda _: None,
    budget: int = 0,
) -> SteppedDesk | None:
    """The desk of an engine whose plan has an order manager; None for all others.

    ``kept`` is what ``keep`` was given last by an earlier life of the run, empty for a new one.
    """
    manager = engine.orders
    if manager is None:
        return None
    return SteppedDesk(manager, _venue(engine, kept, keep), clock, RequestQueue(budget))


def _venue(engine: Engine, kept: str, keep: Callable[[str], None]) -> SteppedVenue:
    manager = engine.orders
    assert manager is not None
    instruments = {symbol: desk.plan.instrument for symbol, desk in engine.desks.items()}
    netting = manager.params.netting
    if manager.params.venue == HOSTILE:
        return HostileVenue(np.random.default_rng(0), REHEARSAL, hedging=not netting, instruments=instruments)
    if manager.params.venue != PAPER:
        raise Misconfigured(f"unknown venue {manager.params.venue!r}", where="orders.venue", allowed="paper, hostile")

    def trusts(bar: Bar) -> bool:
        return not copy(engine.desks[bar.symbol].watch).fault(bar)

    return PaperVenue(
        instruments,
        engine.rates,
        netting=netting,
        trusts=trusts,
        keep=lambda state: keep(b64encode(state).decode()),
        state=b64decode(kept),
    )
