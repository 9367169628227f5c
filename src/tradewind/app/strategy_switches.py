"""Carries what people switch off in the strategy book into a run that is going on.

A switch becomes an operator's order in the run's journal before anything is decided on it, so that a replay decides
the same whatever the book says by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Final

from tradewind.adapters.store.reader import StoreReader
from tradewind.engine.plan import EnginePlan
from tradewind.errors import TradewindError
from tradewind.features.rule import spec_hash
from tradewind.model.event import Command
from tradewind.model.proven import ProvenStrategy

NOBODY: Final = "strategy book"
"""Who gave an order of which the book does not say who."""
VERDICT: Final = "verdict"
"""Who gave an order because a strategy's proof is gone."""
_OFF: Final = (
    "SELECT spec_hash, symbol, (SELECT actor FROM strategy_audit WHERE strategy_id = strategies.id"
    " AND action = 'disable' ORDER BY strategy_audit.id DESC LIMIT 1) FROM strategies WHERE status = 'disabled'"
)
_ON: Final = (
    "SELECT actor FROM strategy_audit WHERE action = 'enable' AND strategy_id IN"
    " (SELECT id FROM strategies WHERE spec_hash = ? AND symbol IN ('', ?)) ORDER BY id DESC LIMIT 1"
)


class StrategySwitches:
    """The members of ``plan`` that are not to be heard: switched off in the book of the store at ``path``, or without
    the proof they had when the run began (``withdrawn``, each ``SYMBOL ID``). A context manager.

    A member is meant by what it does (``spec_hash``), whatever it is called, on the symbol of the book's row, on others
    on which it is heard by the verdict of that symbol (``proven``), or on all of them where the row has none. A store
    that is not there yet switches nothing off; it is looked for again.
    """

    def __init__(
        self,
        plan: EnginePlan,
        path: Path,
        say: Callable[[str], None] = lambda _: None,
        *,
        withdrawn: Iterable[str] = (),
        proven: Iterable[ProvenStrategy] = (),
    ) -> None:
        self._plan = plan
        self._path = path
        self._say = say
        self._reader: StoreReader | None = None
        self._version = -1
        self._judged_on = {(one.symbol, one.spec_hash): one.judged_on for one in proven}
        self._withdrawn = dict.fromkeys(withdrawn, VERDICT)
        self._off: Mapping[str, str] = self._withdrawn
        self._blind = False

    @cached_property
    def _members(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """``spec hash -> (symbol, id) of every member that does that``."""
        found: dict[str, tuple[tuple[str, str], ...]] = {}
        for one in self._plan.symbols:
            for member in one.members:
                spec = spec_hash(member)
                found[spec] = (*found.get(spec, ()), (one.instrument.symbol, member.id))
        return found

    def off(self) -> Mapping[str, str]:
        """``SYMBOL ID -> who switched it off``. Where the book was not changed since the last call it is not read.

        Raises:
            Misconfigured: the store's schema is not this version's.
            Unavailable, Retryable, Corrupt: it cannot be read.
        """
        if self._reader is None:
            if not self._path.is_file():
                return self._off
            self._reader = StoreReader(self._path)
        version = self._reader.changes()
        if version == self._version:
            return self._off
        _, rows = self._reader.query(_OFF)
        self._off = self._withdrawn | {
            f"{symbol} {name}": str(actor or NOBODY)
            for spec, meant, actor in rows
            for symbol, name in self._members.get(str(spec), ())
            if meant in ("", symbol, self._judged_on.get((symbol, str(spec)), symbol))
        }
        self._version = version
        return self._off

    def due(self, silenced: frozenset[str], ts: int) -> list[Command]:
        """The orders, stamped ``ts``, after which exactly the members that are off are silent.

        A book that cannot be read any more, which is said once, changes nothing: a run outlives that.
        """
        try:
            off = self.off()
            orders = [Command("disable", off[name], ts, name) for name in sorted(off.keys() - silenced)]
            orders += [Command("enable", self._who(name), ts, name) for name in sorted(silenced - off.keys())]
        except TradewindError as error:
            if not self._blind:
                self._say(f"WARNING: the strategy book cannot be read, its switches stay as they are: {error}")
            self._blind = True
            return []
        if self._blind:
            self._say("The strategy book can be read again.")
        self._blind = False
        return orders

    def _who(self, name: str) -> str:
        symbol, _, member = name.partition(" ")
        specs = [spec for spec, places in self._members.items() if (symbol, member) in places]
        rows = self._reader.query(_ON, (specs[0], symbol))[1] if self._reader is not None and specs else []
        return str(rows[0][0]) if rows else NOBODY

    def __enter__(self) -> StrategySwitches:
        self.off()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def order_line(order: Command) -> str:
    """``EUR/USD EMA_Crossover_1h_v42 is not heard any more: switched off in the strategy book by ann``."""
    if order.actor == VERDICT:
        return f"{order.argument} is not heard any more: its proof was withdrawn"
    heard, way = ("is heard again", "on") if order.verb == "enable" else ("is not heard any more", "off")
    who = "" if order.actor == NOBODY else f" by {order.actor}"
    return f"{order.argument} {heard}: switched {way} in the strategy book{who}"
