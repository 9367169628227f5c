"""What the verbs of models show alike: shares, spans of time, two scores side by side."""

from __future__ import annotations

from rich.console import RenderableType

from tradewind.cli.contract import table
from tradewind.cli.data_options import minute
from tradewind.predictors.seats import Duel
from tradewind.validation.paired_promotion import PROMOTES


def shares(value: float | None) -> str:
    """``61.3%``; ``undefined`` for None."""
    return "undefined" if value is None else f"{100.0 * value:.1f}%"


def window_words(window: tuple[int, int]) -> str:
    """``2024-01-01 00:00 to 2024-06-01 00:00`` (UTC)."""
    return f"{minute(window[0])} to {minute(window[1])}"


def score_table(duel: Duel) -> RenderableType:
    """Both scores of a duel and what it says."""
    rows = [
        (place, one.version, one.n, shares(one.accuracy), _number(one.brier), one.events, shares(one.acted_accuracy),
         "undefined" if one.net_r is None else f"{one.net_r:+.3f}")
        for place, one in (("champion", duel.champion), ("challenger", duel.challenger))
    ]  # fmt: skip
    mean = "undefined" if duel.mean is None else f"{100 * duel.mean:+.1f} points"
    limits = "" if duel.low is None or duel.high is None else f" ({100 * duel.low:+.1f} to {100 * duel.high:+.1f})"
    drifted = "; the champion hits less often than it says" if duel.champion_drifted else ""
    tried = f", it is number {duel.looks} tried on these bars" if duel.looks > 1 else ""
    note = (
        f"Challenger less champion: {mean}{limits} on {duel.n:,} unseen events, "
        f"{window_words((duel.start, duel.end))}. "
        f"Evidence that it is better {duel.of_better:.3g}, that it is not worse {duel.of_not_worse:.3g} "
        f"({PROMOTES * duel.looks:g} decide{tried}){drifted}."
    )
    names = ["", "version", "events", "accuracy", "Brier", "acted on", "accuracy of these", "net R"]
    return table("Two versions on the same bars", names, rows, note=note)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
