"""Carries what drift took off into the strategy book, so that it has its audit row and a person can take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from tradewind.adapters.store.schema import utc_text
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.learning.drift_text import alarm_lines, replaced_lines
from tradewind.engine.learning import Learning
from tradewind.errors import Misconfigured, TradewindError
from tradewind.model.drift import DriftAlarm, MemberReplaced, Severity
from tradewind.model.output import Output
from tradewind.model.proven import ProvenStrategy
from tradewind.model.strategy import StrategyStatus

ACTOR: Final = "drift"
_AT_START: Final = "taken off for drift before this start"


class DriftBook:
    """Writes to the book at ``path`` who was taken off. ``kept`` are those (``SYMBOL ID``) that the book knows of.

    Somebody who is off by drift and enabled in the book again was enabled by a person: ``StrategySwitches`` is told of
    ``kept`` for that, and of nobody else, or a book that could not be written would enable the member.
    """

    def __init__(self, path: Path, proven: Iterable[ProvenStrategy], say: Callable[[str], None]) -> None:
        self._path = path
        self._judged_here = {f"{one.symbol} {one.id}" for one in proven if one.symbol == one.judged_on}
        self._say = say
        self.kept: frozenset[str] = frozenset()

    def resumed(self, learning: Learning, now: int) -> None:
        """A run goes on: what was taken off in an earlier life is in the book, or is written now."""
        for name, ts in learning.off.items():
            self._keep(name, _AT_START, now, since=ts)

    def watch(self, outputs: Sequence[Output], now: int) -> None:
        """What a durable entry says: alarms are said, who was taken off goes into the book."""
        for one in outputs:
            if isinstance(one, DriftAlarm) and one.check.severity.rank >= Severity.HIGH.rank:
                self._say("\n".join(alarm_lines(one)))
            elif isinstance(one, MemberReplaced):
                self._say("\n".join(replaced_lines(one)))
                reason = f"{one.severity} drift, level {one.level:,.0f}; seat: {one.replacement or 'empty'}"
                self._keep(f"{one.symbol} {one.member}", reason, now)

    def _keep(self, name: str, reason: str, now: int, since: int | None = None) -> None:
        if name not in self._judged_here:
            return
        try:
            with StrategyBook.open(self._path, now) as book:
                found = book.find(name.partition(" ")[2])
                known = since is not None and any(
                    one.actor == ACTOR and one.timestamp >= utc_text(since) for one in book.changes(found.id)
                )
                if not known and found.status is not StrategyStatus.DISABLED:
                    book.disable(found.id, now, actor=ACTOR, reason=reason)
        except Misconfigured:
            return  # it is proven by its verdict and not in this book; the run's own tables have the change
        except TradewindError as error:
            self._say(f"WARNING: {name} is off for drift, and the strategy book could not be told: {error}")
            return
        self.kept |= {name}
