"""Signals and what became of them, for other programs: what was signalled, how it ended, what a person says of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Literal

from tradewind.adapters.store.inbox import Inbox
from tradewind.adapters.store.reader import StoreReader
from tradewind.app.learning.reading import recent_trades
from tradewind.errors import Misconfigured
from tradewind.model.decision import Signal
from tradewind.model.outcome import SignalOutcome
from tradewind.ports.clock import Clock

_KNOWN = "SELECT status FROM signals WHERE id = ?"


class OutcomeTracker:
    """The outcomes of the store at ``path``. A context manager.

    The run writes signals and outcomes itself, from prices and trades; nobody has to record them. What a person says of
    a signal goes through the inbox, is answered by the run and overrides, with a row of its own.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._reader = StoreReader(path)

    def record_signal(self, signal: Signal) -> bool:
        """Whether the run has the signal: every one it made is in the store before anybody hears of it.

        Raises:
            Misconfigured: no run made it. A signal from elsewhere has no journal entry, and its result would count for
                strategies that never gave it.
        """
        if self._reader.query(_KNOWN, (signal.id,))[1]:
            return True
        raise Misconfigured(
            f"signal {signal.id} is none of this run", where=str(self._path), allowed="signals that the run made"
        )

    def record_outcome(
        self, signal_id: str, result: Literal["profit", "loss"], amount: Decimal, *, actor: str, reason: str = ""
    ) -> str:
        """Says what a signal earned, in account currency; the id of the request, which the run answers.

        Raises:
            Misconfigured: the amount is no number above 0.
        """
        if not amount.is_finite() or amount <= 0:
            raise Misconfigured(f"an amount of {amount}", allowed="a number above 0 in account currency")
        with Inbox(self._path) as inbox:
            return inbox.put(
                "report",
                argument=f"{signal_id} {result} {amount}",
                actor=actor,
                reason=reason,
                now=self._clock.now(),
            )

    def get_recent_trades(self, days: float = 30.0) -> tuple[SignalOutcome, ...]:
        """Every signal that was entered and ended within the last ``days``, oldest first."""
        return recent_trades(self._reader, self._clock.now(), days)

    def __enter__(self) -> OutcomeTracker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._reader.close()
