"""Which run a store holds, and the plan it was made with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tradewind import __version__
from tradewind.adapters.store.store import Store
from tradewind.app.learning.params import learning_params
from tradewind.app.pool import Policy, Pool
from tradewind.app.settings.root import AppConfig
from tradewind.app.venues import order_params
from tradewind.app.wiring import plan_for
from tradewind.engine.plan import EnginePlan
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.event import Started
from tradewind.model.timeframe import Timeframe

Configure = Callable[[str | None, Timeframe | None], AppConfig]
"""The configuration under a preset and an interval, None where the run named none."""


class StoredRun(NamedTuple):
    """The run of a store: the journal entry it starts with, and what was asked for with flags."""

    seq: int
    started: Started
    asked: dict[str, str]

    @property
    def bases(self) -> dict[str, Timeframe]:
        """``symbol -> base timeframe``."""
        pairs = (series.rsplit(" ", 1) for series in self.started.series)
        return {symbol: Timeframe.parse(base) for symbol, base in pairs}


def asked_words(
    *,
    execution: str,
    preset: str | None,
    interval: Timeframe | None,
    settings: str = "",
    pool: str = "",
    learns: bool = False,
) -> tuple[str, ...]:
    """What flags add to the configuration, as the journal keeps it; ``settings`` is the hash of the configuration.

    The hash lets ``status`` compare configurations without building the plan. ``pool`` is the policy of who is heard;
    ``learns``: outcomes are followed and drift is acted on.
    """
    words = {
        "execution": execution,
        "preset": preset,
        "interval": interval,
        "settings": settings or None,
        "pool": pool or None,
        "learning": "on" if learns else None,
    }
    return tuple(f"{key}={value}" for key, value in words.items() if value is not None)


def learns(run: StoredRun) -> bool:
    """Whether a run follows outcomes and acts on drift."""
    return run.asked.get("learning") == "on"


def executes(run: StoredRun) -> bool:
    """Whether a run fills its signals, itself or at a venue."""
    return run.asked.get("execution", "none") != "none"


def find_run(store: Store) -> StoredRun | None:
    """The run of a store, None while nothing has run on it."""
    for entry in store.journal.read(1):
        if isinstance(entry.event, Started):
            asked = dict(word.split("=", 1) for word in entry.event.asked)
            return StoredRun(entry.seq, entry.event, asked)
        break
    return None


def stored_run(store: Store) -> StoredRun:
    """The run of a store.

    Raises:
        Unavailable: nothing has run on it yet.
    """
    found = find_run(store)
    if found is None:
        raise Unavailable(
            "nothing has run on this store yet", where=str(store.database.path), next_step="tradewind run --feed replay"
        )
    return found


def pool_of(run: StoredRun) -> Pool:
    """Who is heard in a stored run: what its first event says, whatever is proven by now."""
    return Pool(Policy(run.asked.get("pool", Policy.UNPROVEN)), run.started.proven)


def plan_of(run: StoredRun, configure: Configure, where: Path) -> EnginePlan:
    """The plan a stored run was made with, built again from today's configuration.

    Raises:
        Misconfigured: today's configuration, or this version of the program, gives another plan; both hashes are named.
    """
    interval = run.asked.get("interval")
    settings = configure(run.asked.get("preset"), Timeframe.parse(interval) if interval else None)
    plan = plan_for(
        settings,
        run.bases,
        executes=executes(run),
        simulated=run.started.simulated,
        pool=pool_of(run),
        learning=learning_params(settings) if learns(run) else None,
        orders=order_params(settings.orders, run.asked.get("execution", "none")),
    )
    require_same(run, plan, where, "give the run's own configuration with --config FILE")
    return plan


def require_same(run: StoredRun, plan: EnginePlan, where: Path, next_step: str) -> None:
    """Raises ``Misconfigured`` naming both hashes unless ``plan`` is what the run was made with."""
    started = run.started
    if plan.config_hash != started.config_hash:
        raise Misconfigured(
            f"it holds a run of configuration {started.config_hash} (version {started.code_version}),"
            f" this configuration is {plan.config_hash} (version {__version__})",
            where=str(where),
            allowed="the same symbols, strategies, settings and version",
            next_step=next_step,
        )
