"""Which plan a run gets: who is proven today, or, for a run that goes on, who was when it began."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.store import Store
from tradewind.app.instruments import instrument_for
from tradewind.app.learning.params import learning_params
from tradewind.app.models.serving import Serving, require_models
from tradewind.app.pool import Policy, Pool
from tradewind.app.proofs import Asked, Findings, findings_for
from tradewind.app.settings.root import AppConfig
from tradewind.app.stored_run import StoredRun, find_run, learns, pool_of
from tradewind.app.strategy_pool import RESEARCH
from tradewind.app.venues import order_params
from tradewind.app.wiring import plan_for, timeframes_of
from tradewind.app.workspace import Workspace
from tradewind.engine.plan import EnginePlan
from tradewind.errors import Misconfigured, Rejected
from tradewind.model.proven import ProvenStrategy
from tradewind.model.strategy import StoredStrategy
from tradewind.model.timeframe import Timeframe

SHOWN = 5


class RunPlan(NamedTuple):
    """The plan of a run and its pool.

    ``withdrawn`` (``SYMBOL ID``) were proven when the run began and are not any more; they must be silenced before
    anything is decided. ``notes`` is for a person. ``goes_on``: the store holds the run already.
    """

    plan: EnginePlan
    pool: Pool
    withdrawn: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    goes_on: bool = False


class Wanted(NamedTuple):
    """What a run is asked for: base timeframe of every symbol, whether it fills and how, made bars, who is heard.

    ``learns``: outcomes are followed and drift is acted on; a run that was begun without goes on without.

    Relative paths of the configuration are taken from ``folder``.
    """

    bases: Mapping[str, Timeframe]
    executes: bool
    simulated: bool
    policy: Policy
    folder: Path | None = None
    learns: bool = False
    execution: str = "paper"


def run_plan(config: AppConfig, wanted: Wanted, store: Path, now: int) -> RunPlan:
    """The plan for a run on the database ``store``: a new one, or the one that goes on there.

    Raises:
        Rejected: nobody is proven; the message says what was found and what to do.
        Misconfigured: a configured predictor has no promoted model that verifies, and signals are filled; the store's
            run was begun with another policy.
    """
    begun = _begun(store, now)
    if begun is None:
        chosen = new_run(config, wanted)
        if wanted.executes:
            require_models(config, [seat for one in chosen.plan.symbols for seat in one.seats], wanted.folder)
        return chosen
    pool = pool_of(begun)
    if pool.policy is not wanted.policy:
        raise Misconfigured(
            f"its run was begun {_WORDS[pool.policy]}, this one is asked for {_WORDS[wanted.policy]}",
            where=str(store),
            allowed="one policy from the start of a run to its end",
            next_step="continue it as it was begun, or start in another folder or with --store FILE",
        )
    plan = _plan(config, wanted._replace(learns=learns(begun)), pool)
    if pool.policy is not Policy.PROVEN:
        return RunPlan(plan, pool, goes_on=True)
    found = findings(config, wanted)
    return _continued(plan, pool, found, store)


def new_run(config: AppConfig, wanted: Wanted, *, empty: bool = False) -> RunPlan:
    """The plan of a run that begins now; with ``empty`` also where nobody is proven.

    Raises:
        Rejected: nobody is proven, and the policy asks for somebody who is.
        Misconfigured: nor has a configured predictor a promoted model that verifies, and signals are filled.
    """
    found = findings(config, wanted)
    pool = Pool(wanted.policy, found.proven)
    plan = _plan(config, wanted, pool)
    served = _served(config, plan, wanted)
    if wanted.policy is Policy.PROVEN and not found.proven and not served and not empty:
        if wanted.executes:  # a model that cannot be served is the nearer cause, where one is configured
            require_models(config, [seat for one in plan.symbols for seat in one.seats], wanted.folder)
        raise nothing_proven(found, tuple(wanted.bases))
    notes = [*found.warnings, *found.lost, *(f"a verdict is not taken: {fault}" for fault in found.faults)]
    if wanted.policy is Policy.PROVEN and (found.proven or served):
        silent = sorted(wanted.bases.keys() - {one.symbol for one in found.proven} - served.keys())
        notes += [f"nothing is proven on {symbol}: it is watched in the shadow" for symbol in silent]
        notes += _below_quorum(pool, served, config.ensemble.quorum)
        notes += [f"a PASS does not speak here: {line}" for line in _first(found.passed_over)]
    if any(one.seats for one in plan.symbols) and not plan.modes:
        notes.append(
            "models have no modes without --learn: they are heard from the first bar on, before they have shown"
            " anything, which no run on arriving bars lets them"
        )
    return RunPlan(plan, pool, notes=tuple(notes))


def findings(config: AppConfig, wanted: Wanted) -> Findings:
    """Who may be heard on the symbols of a run."""
    workspace = Workspace(config, wanted.folder)
    asked = [Asked(instrument_for(config, name), timeframes_of(config, base)) for name, base in wanted.bases.items()]
    return findings_for(config, asked, workspace.data, workspace.database, simulated=wanted.simulated)


def nothing_proven(found: Findings, symbols: Sequence[str], gone: Sequence[str] = ()) -> Rejected:
    """The refusal of a run in which nobody could be heard, with everything that was found.

    ``gone`` says who was proven when the run began.
    """
    counts = ", ".join(f"{n:,} {status}" for status, n in found.counts.items() if n)
    lines = [
        *_first(gone),
        f"verdicts on file: {found.on_file}, none of which speaks here",
        *(f"  {line}" for line in _first((*found.lost, *found.faults, *found.passed_over, *found.refused))),
        f"strategy book: {sum(found.counts.values()):,} strategies" + (f" ({counts})" if counts else ""),
        *(f"  nearest: {_near(one, found)}" for one in found.nearest),
    ]
    advice = (
        f"`{RESEARCH}`; or gather votes and outcomes unheard with `tradewind run --shadow`; or replay and paper"
        " with --allow-unproven, which stamps everything UNPROVEN"
    )
    refused = Rejected(
        "\n".join((f"no strategy is proven on {', '.join(symbols)}, so none may speak; no bar is lowered", *lines))
        + f"\nNext: {advice}"
    )
    refused.next_step = advice
    refused.faults = tuple(line.strip() for line in lines)
    return refused


def _plan(config: AppConfig, wanted: Wanted, pool: Pool) -> EnginePlan:
    return plan_for(
        config,
        wanted.bases,
        executes=wanted.executes,
        simulated=wanted.simulated,
        pool=pool,
        learning=learning_params(config) if wanted.learns else None,
        orders=order_params(config.orders, wanted.execution),
    )


def _begun(store: Path, now: int) -> StoredRun | None:
    """The run that a store holds; a store of an earlier schema is brought up to date first, as a start does."""
    if not store.is_file():
        return None
    database = database_at(store)
    database.prepare(now)
    with Store.read(database) as opened:
        return find_run(opened)


def _continued(plan: EnginePlan, pool: Pool, found: Findings, store: Path) -> RunPlan:
    today, then = {_key(one): one for one in found.proven}, {_key(one): one for one in pool.proven}
    gone = [one for key, one in then.items() if key not in today]
    fresh = [one for key, one in today.items() if key not in then]
    notes = [*found.warnings, *(f"a verdict is not taken: {fault}" for fault in found.faults)]
    lost = [f"{one.id} is not proven on {one.symbol} any more: {_why(one, found)}" for one in gone]
    notes += lost
    if fresh:
        names = ", ".join(f"{one.id} on {one.symbol}" for one in fresh[:SHOWN])
        notes.append(
            f"proven since this run began: {names}{' and others' if len(fresh) > SHOWN else ''}; they are heard by a"
            " new run, which begins on a new store (--store FILE)"
        )
    if gone and len(gone) == len(pool.proven):
        if not _open_positions(store):
            raise nothing_proven(found, tuple(one.instrument.symbol for one in plan.symbols), lost)
        notes.append("NOBODY of this run is proven any more: it signals nothing and only sees its open positions out")
    return RunPlan(plan, pool, tuple(f"{one.symbol} {one.id}" for one in gone), tuple(notes), goes_on=True)


def _served(config: AppConfig, plan: EnginePlan, wanted: Wanted) -> Counter[str]:
    """How many promoted models speak on each symbol."""
    seats = [seat for one in plan.symbols for seat in one.seats]
    serving = Serving(config, wanted.folder) if seats else None
    return Counter(seat.symbol for seat in seats if serving is not None and not serving.missing((seat,)))


def _below_quorum(pool: Pool, served: Counter[str], quorum: int) -> list[str]:
    """The symbols on which too few are proven or promoted for any signal at all."""
    heard = Counter(one.symbol for one in pool.proven) + served
    return [
        f"{n} heard on {symbol}, ensemble.quorum asks for {quorum}: no signal can come until more are proven there"
        for symbol, n in sorted(heard.items())
        if n < quorum
    ]


def _key(one: ProvenStrategy) -> tuple[str, str]:
    return one.symbol, one.spec_hash


def _why(one: ProvenStrategy, found: Findings) -> str:
    said = [
        line
        for line in (*found.passed_over, *found.refused, *found.faults)
        if line.startswith((f"{one.id} ", f"{one.id}.", f"{one.id}:"))
    ]
    return said[0] if said else f"its verdict on {one.judged_on} is gone"


def _open_positions(store: Path) -> int:
    _, rows = database_at(store).query("SELECT count(*) FROM positions WHERE status = 'open'")
    return int(rows[0][0])


def _first(lines: Sequence[str]) -> tuple[str, ...]:
    more = (f"and {len(lines) - SHOWN} more",) if len(lines) > SHOWN else ()
    return (*lines[:SHOWN], *more)


def _near(one: StoredStrategy, found: Findings) -> str:
    low, rate = one.win_rate_low or 0.0, one.win_rate or 0.0
    made = " SIMULATED" if one.simulated or (one.spec_hash, one.symbol) in found.simulated else ""
    text = f"{one.id} on {one.symbol}{made}, {rate:.1%} of {one.trades} trades won (at least {low:.1%})"
    return f"{text}; {one.status}: {one.reason.split(';')[0]}" if one.reason else f"{text}; {one.status}"


_WORDS = {
    Policy.PROVEN: "with proven strategies",
    Policy.SHADOW: "in the shadow (--shadow)",
    Policy.UNPROVEN: "with --allow-unproven",
}
