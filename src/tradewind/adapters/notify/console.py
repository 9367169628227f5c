"""Says things on a text stream, one line per event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tradewind.model.decision import Signal
from tradewind.model.outcome import Trade

REPEATED: Final = "REPEATED after a restart, you may have seen it"


class LineNotifier:
    """Notifier that writes lines through ``write``; the wording comes from outside, so that every place says the same.

    ``signal_lines`` renders a signal, ``closed_line`` a closed trade; ``stamp`` is put behind what is said of trades.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        signal_lines: Callable[[Signal], list[str]],
        closed_line: Callable[[Trade], str],
        stamp: str = "",
    ) -> None:
        self._write = write
        self._signal_lines = signal_lines
        self._closed_line = closed_line
        self._stamp = f" [{stamp}]" if stamp else ""

    def signal(self, signal: Signal, *, missed: bool, repeated: bool = False) -> None:
        """All lines of the signal; one that came too late is marked as missed and is not to be acted on."""
        if repeated:
            self._write(f"{REPEATED}: {signal.id}")
        if missed:
            self._write(f"MISSED, do not act: the time of {signal.id} has passed")
        for line in self._signal_lines(signal):
            self._write(line)

    def trade_opened(self, line: str, *, repeated: bool = False) -> None:
        """``Paper trade executed: BUY BTC/USDT @ $43300.00``."""
        self._write(f"{_mark(repeated)}✓ Paper trade executed: {line}{self._stamp}")

    def trade_closed(self, trade: Trade, *, repeated: bool = False) -> None:
        """``Trade closed: ...``."""
        self._write(_mark(repeated) + self._closed_line(trade) + self._stamp)


class SilentNotifier:
    """Tells nobody; for backtests and checks."""

    def signal(self, signal: Signal, *, missed: bool, repeated: bool = False) -> None:
        """Nothing."""

    def trade_opened(self, line: str, *, repeated: bool = False) -> None:
        """Nothing."""

    def trade_closed(self, trade: Trade, *, repeated: bool = False) -> None:
        """Nothing."""


def _mark(repeated: bool) -> str:
    return f"{REPEATED}: " if repeated else ""
