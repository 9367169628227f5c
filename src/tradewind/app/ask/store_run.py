"""A decision of the store's run, rebuilt from its journal."""

from __future__ import annotations

from collections.abc import Callable

from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.store import Store
from tradewind.app.ask.catcher import Caught, ChainCatcher
from tradewind.app.ask.recorded import DecisionTable, Recorded
from tradewind.app.stored_run import StoredRun
from tradewind.app.wiring import engine_for, sequencer_for
from tradewind.engine.forecasts import ModelSource
from tradewind.engine.plan import EnginePlan
from tradewind.engine.snapshot import restore_engine
from tradewind.errors import Corrupt


def chain_from_store(
    store: Store,
    run: StoredRun,
    plan: EnginePlan,
    recorded: Recorded,
    on_entries: Callable[[int], None],
    models: ModelSource | None = None,
) -> Caught:
    """Feeds the journaled inputs to a new engine, from the newest snapshot before the decision, and inspects it.

    Raises:
        Corrupt: the chain is broken, or the decision comes out another one than was recorded.
    """
    decision = recorded.decision
    engine = engine_for(plan, models=models)
    # The bars of a longer bar arrive after the decision before it, so the engine must be fed from there at the latest.
    before = DecisionTable(store.database).at_or_before(decision.symbol, decision.timeframe, recorded.ts - 1)
    found = store.snapshots.latest(plan.config_hash, before.seq) if before is not None else None
    first = run.seq
    if found is not None and found[0] >= run.seq:
        restore_engine(engine, sequencer_for(plan), found[2])
        first = found[0] + 1
    catcher = ChainCatcher(engine, decision.symbol, decision.timeframe, recorded.ts, recorded.ts)
    for entry in store.journal.read(first):
        catcher.watch(entry.event, engine.process(entry.event))
        on_entries(1)
        if entry.seq >= recorded.seq:
            break
    caught = catcher.caught
    if caught is None or encode_text(caught.chain.decision) != encode_text(decision):
        raise Corrupt(
            f"the decision of entry {recorded.seq} comes out another one when it is recomputed",
            where=str(store.database.path),
            next_step="run `tradewind replay --verify` to see the first difference",
        )
    return caught
