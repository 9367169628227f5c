"""What was read before: the looks of a trial ledger, by what they have in common with a new one."""

from __future__ import annotations

from collections import Counter, defaultdict

from tradewind.model.trial import Look, Looked
from tradewind.validation.kinship import (
    LEAST_ENTRIES,
    alike,
    common_entries,
    compared,
    same_bars,
    same_idea,
    same_moves,
)

_Kind = tuple[str, str, tuple[str, ...], str, str, int, int, tuple[int, ...], tuple[int, ...]]


class Readings:
    """Every look so far, oldest first; ``met`` finds the earlier one that spent the window of a new one."""

    def __init__(self) -> None:
        self.looks: list[Looked] = []
        self._kinds: dict[_Kind, Looked] = {}
        self._series: dict[tuple[str, str], list[Looked]] = defaultdict(list)
        self._bars: dict[tuple[str, int], list[Looked]] = defaultdict(list)
        self._weeks: dict[tuple[str, tuple[int, ...]], list[Looked]] = defaultdict(list)
        self._entries: dict[int, list[int]] = defaultdict(list)
        self._answers: dict[_Kind, Looked | None] = {}

    def add(self, looked: Looked) -> None:
        """Remembers a look."""
        look, place = looked.look, len(self.looks)
        self.looks.append(looked)
        for entry in look.entries:
            self._entries[entry].append(place)
        kind = _kind(looked.opening, look)
        if kind not in self._kinds:
            self._kinds[kind] = looked
            self._series[look.symbol, look.timeframe].append(looked)
            for mark in look.bars:
                self._bars[look.timeframe, mark].append(looked)
            self._weeks[look.timeframe, look.weeks].append(looked)
            self._answers.clear()

    def met(self, opening: str, look: Look) -> str:
        """Why the window of ``look`` is spent, in words; empty where another ``opening`` had read none of it."""
        kind = _kind(opening, look)
        if kind not in self._answers:
            self._answers[kind] = self._of_idea(opening, look)
        earlier = self._answers[kind]
        if earlier is not None:
            return _said(earlier, look, _by_idea(earlier.look, look))
        earlier = self._of_trades(opening, look)
        if earlier is None:
            return ""
        both, either = common_entries(earlier.look.entries, look.entries)
        return _said(earlier, look, f", which trades as {look.family} does ({both} of {either} entries),")

    def _of_idea(self, opening: str, look: Look) -> Looked | None:
        """The oldest reading of these bars by the same idea in another opening."""
        some = [*self._series[look.symbol, look.timeframe]]
        for mark in look.bars:
            some += self._bars[look.timeframe, mark]
        for (timeframe, weeks), looks in self._weeks.items():
            if timeframe == look.timeframe and same_moves(weeks, look.weeks):
                some += looks
        found = (one for one in some if one.opening != opening and same_idea(one.look, look))
        return min((one for one in found if same_bars(one.look, look)), key=lambda one: one.entry, default=None)

    def _of_trades(self, opening: str, look: Look) -> Looked | None:
        shared = Counter(place for entry in look.entries for place in self._entries.get(entry, ()))
        for place in sorted(place for place, n in shared.items() if 2 * n >= LEAST_ENTRIES):
            one = self.looks[place]
            if one.opening != opening and same_bars(one.look, look) and alike(one.look, look):
                return one
        return None


def _kind(opening: str, look: Look) -> _Kind:
    return opening, look.family, look.rule, look.symbol, look.timeframe, look.start, look.end, look.bars, look.weeks


def _by_idea(earlier: Look, look: Look) -> str:
    if earlier.family == look.family:
        return ""
    shared = sorted(compared(earlier.rule) & compared(look.rule))
    return f", whose rule compares what {look.family} compares ({'; '.join(shared)}),"


def _said(earlier: Looked, look: Look, how: str) -> str:
    one = earlier.look
    copied = not set(one.bars).isdisjoint(look.bars)
    alike = f", whose bars are those of {look.symbol}," if copied else f", whose weeks move as those of {look.symbol},"
    bars = "" if one.symbol == look.symbol else alike
    return (
        f"{one.family}{how} read {one.symbol} {one.timeframe}{bars} of this window before: entry {earlier.entry},"
        f" strategy {one.spec_hash}, opening {earlier.said}"
    )
