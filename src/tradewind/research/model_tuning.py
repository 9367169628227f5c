"""A net's size and learning rate, searched on the samples that say when to stop; the test is not looked at.

Every candidate is fitted on the fit slice and valued by its lowest loss on the stop slice. Candidates come in batches
of a fixed number, so that what is proposed does not depend on how many processors there are. One that lies behind the
median of those before it is ended early (Golovin et al. 2017). The first is the net as it is: what wins is no worse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from tradewind.errors import Misconfigured
from tradewind.features.rule_space import Range, Value
from tradewind.ports.parameter_search import ParameterSearch, Proposal
from tradewind.research.fit_plan import FitPlan, Samples
from tradewind.research.model_training import Order, fit_net

BATCH: Final = 4
"""Candidates proposed and fitted together."""
GRACE: Final = 2
"""Epochs that nobody is ended in."""
FINISHED: Final = 4
"""Candidates that were not ended early before any is."""
NO_CEILING: Final = 1e9
RATE: Final = "rate"


class TunedTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that was fitted: ``losses`` of the stop slice epoch by epoch, why it ended, processor seconds."""

    spec: str
    options: dict[str, Value]
    rate: float
    losses: tuple[float, ...]
    stopped: str
    cpu_seconds: float

    @property
    def best(self) -> float:
        """Its lowest loss."""
        return min(self.losses)


class Tuning(NamedTuple):
    """Every distinct candidate in order, the first being the net as it is; ``stopped`` is trials, asked, exhausted."""

    trials: tuple[TunedTrial, ...]
    stopped: str

    @property
    def best(self) -> TunedTrial:
        """The one with the lowest loss; of equal ones the earlier. One that was ended early is none."""
        whole = [one for one in self.trials if one.stopped != "pruned"]
        return min(whole, key=lambda one: one.best)

    @property
    def pruned(self) -> int:
        """How many were ended early."""
        return sum(one.stopped == "pruned" for one in self.trials)


def tuned(
    base: Order,
    space: Mapping[str, Range],
    search: ParameterSearch,
    evaluate: Callable[[Sequence[Order]], Sequence[TunedTrial]],
    *,
    count: int,
    known: Mapping[str, TunedTrial],
    keep: Callable[[Sequence[TunedTrial]], None],
    go_on: Callable[[float], bool],
    fruitless: int = 200,
) -> Tuning:
    """Up to ``count`` distinct candidates of ``space``.

    ``known`` are trials of an earlier call by spec, which are not fitted again. ``keep`` is given each batch before the
    search hears of it; ``go_on`` is asked with the processor seconds so far before each batch.

    Raises:
        Misconfigured: nothing can be searched of this net.
    """
    if not space or count < 1:
        raise Misconfigured(f"{count} trials of {base.kind}", where="tuning", allowed="at least 1, of a net")
    tried: dict[str, TunedTrial] = {}
    idle, stopped = 0, "trials"
    while len(tried) < count:
        if tried and not go_on(sum(one.cpu_seconds for one in tried.values())):
            stopped = "asked"
            break
        if idle >= fruitless:
            stopped = "exhausted"
            break
        proposals = search.ask(BATCH)
        orders = [_order_at(base, space, one) for one in proposals]
        first = [] if tried else [base]
        ceiling = ceiling_of(list(tried.values()))
        fresh = {spec_of(one): one for one in (*first, *orders) if spec_of(one) not in tried}
        fresh = dict(list(fresh.items())[: count - len(tried)])
        missing = [_with(one, ceiling) for spec, one in fresh.items() if spec not in known]
        made = {one.spec: one for one in evaluate(missing)} if missing else {}
        batch = [known[spec] if spec in known else made[spec] for spec in fresh]
        keep(batch)
        tried |= {one.spec: one for one in batch}
        idle = 0 if fresh else idle + len(proposals)
        for proposal, order in zip(proposals, orders, strict=True):
            found = tried.get(spec_of(order))
            search.tell(proposal.number, -NO_CEILING if found is None else -found.best)
    return Tuning(tuple(tried.values()), stopped)


def trial_of(fit_on: Samples, stop_on: Samples, order: Order) -> TunedTrial:
    """Fits one candidate."""
    found = fit_net(order, fit_on, stop_on)
    return TunedTrial(
        spec=spec_of(order),
        options=dict(order.options),
        rate=order.plan.rate,
        losses=tuple(one.valid_loss for one in found.history),
        stopped=found.stopped,
        cpu_seconds=found.cpu_seconds,
    )


def ceiling_of(trials: Sequence[TunedTrial]) -> tuple[float, ...]:
    """What must be reached by each epoch: the median, over those not ended early, of the lowest loss until then.

    Nothing before ``FINISHED`` of them, and nothing in the first ``GRACE`` epochs. One that ended by itself keeps its
    lowest loss.
    """
    whole = [np.minimum.accumulate(one.losses) for one in trials if one.stopped != "pruned"]
    if len(whole) < FINISHED:
        return ()
    longest = max(one.size for one in whole)
    lines = np.stack([np.concatenate([one, np.full(longest - one.size, one[-1])]) for one in whole])
    median = np.median(lines, axis=0)
    median[:GRACE] = NO_CEILING
    return tuple(median.tolist())


def spec_of(order: Order) -> str:
    """16 hex digits of what a candidate is: kind, sizes, rate, plan and length, whatever ends it early."""
    plain = _with(order, ())
    asked = [plain.kind, plain.length, plain.size, sorted(plain.options.items()), plain.plan]
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:16]


def chosen(base: Order, best: TunedTrial) -> Order:
    """The order of the candidate that won, as it is trained in full."""
    plan = msgspec.structs.replace(base.plan, rate=best.rate)
    return msgspec.structs.replace(base, options=dict(best.options), plan=plan)


def _order_at(base: Order, space: Mapping[str, Range], proposal: Proposal) -> Order:
    drawn = zip(space.items(), proposal.shares, strict=True)
    values = {name: one.values[int(share * len(one.values))] for (name, one), share in drawn}
    plan: FitPlan = msgspec.structs.replace(base.plan, rate=float(values.pop(RATE, base.plan.rate)))
    return msgspec.structs.replace(base, options={**base.options, **values}, plan=plan)


def _with(order: Order, ceiling: tuple[float, ...]) -> Order:
    return msgspec.structs.replace(order, plan=msgspec.structs.replace(order.plan, ceiling=ceiling))
