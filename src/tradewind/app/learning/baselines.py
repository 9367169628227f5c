"""Frozen baselines become the references that the members of a run are held to."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.workspace import Workspace
from tradewind.engine.plan import EnginePlan
from tradewind.errors import TradewindError
from tradewind.features.rule import spec_hash
from tradewind.model.drift import Reference
from tradewind.model.event import References
from tradewind.research.baseline import FrozenBaseline, StrategyBaseline, thaw


class Found(NamedTuple):
    """The newest baseline file of a project, and what to tell about those that cannot be believed."""

    path: Path | None
    baseline: FrozenBaseline | None
    notes: tuple[str, ...] = ()


def newest_baseline(workspace: Workspace) -> Found:
    """The newest ``baseline_*.json`` whose signature is the project's; nothing where there is none."""
    notes: list[str] = []
    for path in sorted(workspace.reports.glob("baseline_*.json"), reverse=True):
        try:
            return Found(path, thaw(path.read_bytes(), VerdictFiles(workspace.data).key()), tuple(notes))
        except (TradewindError, OSError) as error:
            notes.append(f"the baseline {path.name} is not taken: {error}")
    return Found(None, None, tuple(notes))


def references_of(found: Found, plan: EnginePlan, ts: int) -> References:
    """What ``found`` says of everybody who can be heard in ``plan``; who is not in it stays unknown."""
    references = []
    for one in plan.symbols:
        for member in one.members:
            if member.id in one.unheard or found.baseline is None:
                continue
            known = found.baseline.of(spec_hash(member), one.instrument.symbol)
            made = None if known is None else reference_of(known, member.id)
            if made is not None:
                references.append(made)
    return References(ts, tuple(references), "" if found.path is None else found.path.name)


def reference_of(known: StrategyBaseline, member: str) -> Reference | None:
    """One strategy's reference under the name it has in a run; None where its window held no trades to hold it to."""
    trades = known.trades
    rate, believed = trades.win_rate, trades.reference_win_rate
    if rate is None or believed is None or not 0.0 < believed < 1.0:
        return None
    return Reference(
        member=member,
        symbol=known.symbol,
        n=trades.n,
        win_rate=rate,
        believed_win_rate=believed,
        mean_r=trades.expectancy,
        sd_r=trades.sd,
        profit_factor=trades.profit_factor,
        r=trades.r,
        until=known.window.end,
    )
