"""Tabular Q-learning over (market state, member): the way the selection was done before, kept for comparison.

``Q <- Q + step (r - Q)``: one-step episodes, since a choice does not change the market that follows. The table has a
bound; when it is full the tenth that was visited least goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

KEPT: Final = 0.9
"""Share of a full table that stays."""


class Entry(msgspec.Struct):
    """One value and how often it was learnt; ``last`` is the number of its latest visit."""

    value: float = 0.0
    visits: int = 0
    last: int = 0


class Choice(NamedTuple):
    """Who was chosen, its value, and whether by chance."""

    action: str
    value: float
    explored: bool


class QTable(msgspec.Struct):
    """Values by ``state -> action``; ``limit`` is the largest number of values."""

    limit: int
    states: dict[str, dict[str, Entry]] = {}
    size: int = 0
    visits: int = 0

    def learn(self, state: str, action: str, reward: float, step: float) -> float:
        """Moves one value towards ``reward``; the value after it."""
        entry = self.states.setdefault(state, {}).get(action)
        if entry is None:
            entry = self.states[state][action] = Entry()
            self.size += 1
        self.visits += 1
        entry.value += step * (reward - entry.value)
        entry.visits += 1
        entry.last = self.visits
        value = entry.value
        if self.size > self.limit:
            self.prune()
        return value

    def prune(self) -> int:
        """Where the table is over its limit, drops the least visited, the oldest first; how many went."""
        if self.size <= self.limit:
            return 0
        ranked = sorted(
            (
                (one.visits, one.last, state, action)
                for state, own in self.states.items()
                for action, one in own.items()
            ),
            reverse=True,
        )
        gone = ranked[max(1, int(KEPT * self.limit)) :]
        for _, _, state, action in gone:
            del self.states[state][action]
            if not self.states[state]:
                del self.states[state]
        self.size -= len(gone)
        return len(gone)

    def value(self, state: str, action: str) -> float:
        """What is known of an action in a state; 0.0 for nothing."""
        found = self.states.get(state, {}).get(action)
        return 0.0 if found is None else found.value

    def choose(self, state: str, actions: Sequence[str], explore: float, draw: float, pick: float) -> Choice:
        """The best known action, or with probability ``explore`` any; ``draw`` and ``pick`` are uniform in [0, 1)."""
        if draw < explore:
            action = actions[int(pick * len(actions))]
            return Choice(action, self.value(state, action), True)
        action = max(actions, key=lambda name: self.value(state, name))
        return Choice(action, self.value(state, action), False)

    @property
    def digest(self) -> str:
        """16 hex digits over everything in the table, whatever order it was learnt in."""
        rows = sorted(
            (state, action, one.value, one.visits) for state, own in self.states.items() for action, one in own.items()
        )
        return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()[:16]


def uniforms(seed: int, name: str, count: int) -> tuple[float, float]:
    """Two uniform numbers in [0, 1) that follow from the arguments alone, so that a replay draws the same."""
    digest = hashlib.sha256(f"{seed}|{name}|{count}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64, int.from_bytes(digest[8:16], "big") / 2.0**64
