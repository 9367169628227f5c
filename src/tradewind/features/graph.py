"""Builds the program a feature bank runs: nodes, each made once however many indicators need it.

A node is a kernel with its inputs and parameters; ``slot`` numbers name its outputs. ``first`` of a slot is the index
of the first bar that has a value, worked out from the inputs' own, so that a warm-up is never a number somebody wrote
down.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tradewind.kernels import opcodes as op

Seeding = Literal["sma", "first"]
Slot = int
Node = tuple[tuple[int, ...], tuple[float, ...], int]
"""``(opcode, a, b, c, out, outputs, n, m, k)``, float parameters, cells of memory."""


class Graph:
    """Grows by the methods below; every method returns the slot of its (first) output.

    ``seeding`` says what recurrences with endless memory start from: ``sma``, the mean of their first ``n`` inputs, as
    TA-Lib; or ``first``, their first input, as pandas' ``ewm(adjust=False)``.
    """

    def __init__(self, seeding: Seeding) -> None:
        self.seeding: Final = seeding
        self._first: list[int] = [0] * op.BAR_SLOTS
        self._nodes: list[Node] = []
        self._known: dict[tuple[object, ...], Slot] = {}

    def first(self, slot: Slot) -> int:
        """Index of the first bar on which the slot has a value; its warm-up is one more."""
        return self._first[slot]

    def node(
        self,
        code: int,
        inputs: tuple[Slot, ...],
        *,
        delays: tuple[int, ...] = (0,),
        n: int = 0,
        m: int = 0,
        k: int = 0,
        floats: tuple[float, ...] = (),
        memory: int = 0,
    ) -> Slot:
        """Adds a node, or finds the same one. ``delays``: how many bars after the inputs each output begins."""
        key = (code, inputs, n, m, k, floats)
        found = self._known.get(key)
        if found is not None:
            return found
        out = len(self._first)
        a, b, c = (*inputs, *([inputs[-1]] * (3 - len(inputs))))
        begins = max(self._first[slot] for slot in inputs)
        self._first.extend(begins + delay for delay in delays)
        self._nodes.append(((code, a, b, c, out, len(delays), n, m, k), floats, memory))
        self._known[key] = out
        return out

    def assemble(self, values: list[Slot]) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
        """``(program, state)`` for the arrays of ``kernels.bank``, with ``values`` the slots to hand out, in order."""
        slots = 2 * len(values)
        offset = slots + len(self._first)
        nodes = self._needed(values)
        program = [len(values), len(nodes), slots, *(slots + value for value in values)]
        parameters: list[tuple[int, tuple[float, ...]]] = []
        for (code, a, b, c, out, outputs, n, m, k), floats, memory in nodes:
            program += [code, offset, slots + a, slots + b, slots + c, slots + out, outputs, n, m, k]
            parameters.append((offset + 1, floats))
            offset += op.HEADER + memory
        state = np.zeros(offset)
        state[: slots + len(self._first)] = np.nan
        state[slots + op.GOOD_RUN] = 0.0
        state[slots + op.FLAT_RUN] = 0.0
        for at, floats in parameters:
            state[at : at + len(floats)] = floats
        return np.array(program, dtype=np.uint32), state

    def _needed(self, values: list[Slot]) -> list[Node]:
        """The nodes that a value depends on, in order; a kind builds all its outputs, a bank may want one of them."""
        wanted = set(values)
        kept = []
        for node in reversed(self._nodes):
            _, a, b, c, out, outputs, *_ = node[0]
            if not wanted.isdisjoint(range(out, out + outputs)):
                wanted |= {a, b, c}
                kept.append(node)
        return kept[::-1]

    def linear(self, *terms: tuple[float, Slot], plus: float = 0.0) -> Slot:
        """``sum(weight * slot) + plus`` of up to three terms; a weight of 0 makes the result wait for that slot."""
        weights = [weight for weight, _ in terms] + [0.0] * (3 - len(terms))
        return self.node(op.LINEAR, tuple(slot for _, slot in terms), floats=(*weights, plus))

    def ratio(self, above: Slot, below: Slot, *, times: float = 1.0, of_zero: float = 0.0) -> Slot:
        """``times * above / below``; ``of_zero`` where ``below`` is 0."""
        return self.node(op.RATIO, (above, below), floats=(times, of_zero))

    def lag(self, x: Slot, n: int) -> Slot:
        """``x`` of ``n`` bars ago."""
        return self.node(op.LAG, (x,), delays=(n,), n=n, memory=n + 1)

    def mean(self, x: Slot, n: int) -> Slot:
        """Simple mean of ``n``."""
        return self.node(op.SUM, (x,), delays=(n - 1,), n=n, floats=(float(n),), memory=n + 3)

    def total(self, x: Slot, n: int) -> Slot:
        """Sum of the last ``n``."""
        return self.node(op.SUM, (x,), delays=(n - 1,), n=n, floats=(1.0,), memory=n + 3)

    def weighted(self, x: Slot, n: int) -> Slot:
        """Linearly weighted mean of ``n``."""
        return self.node(op.WEIGHTED, (x,), delays=(n - 1,), n=n, memory=n + 3)

    def ema(self, x: Slot, n: int, skip: int = 0) -> Slot:
        """Exponential mean, alpha = 2/(n+1), that starts ``skip`` inputs late."""
        return self._exponential(x, n, 2.0 / (n + 1.0), skip)

    def wilder(self, x: Slot, n: int, skip: int = 0) -> Slot:
        """Wilder's mean, alpha = 1/n, that starts ``skip`` inputs late."""
        return self._exponential(x, n, 1.0 / n, skip)

    def _exponential(self, x: Slot, n: int, alpha: float, skip: int) -> Slot:
        seed, warm, late = (n, n, skip) if self.seeding == "sma" else (1, n + skip, 0)
        return self.node(
            op.EXPONENTIAL, (x,), delays=(n + skip - 1,), n=seed, m=warm, k=late, floats=(alpha,), memory=1
        )

    def true_range(self) -> Slot:
        """Wilder's true range; with seeding ``first`` the first bar counts with high minus low, as the seed of ATR."""
        from_first = self.seeding == "first"
        return self.node(
            op.TRUE_RANGE, (op.HIGH, op.LOW, op.CLOSE), delays=(0 if from_first else 1,), m=int(from_first), memory=1
        )

    def atr(self, n: int, skip: int = 0) -> Slot:
        """Average true range: Wilder's mean of the true range."""
        return self.wilder(self.true_range(), n, skip)

    def typical(self) -> Slot:
        """``(high + low + close) / 3``."""
        return self.node(op.TYPICAL, (op.HIGH, op.LOW, op.CLOSE))

    def deviation(self, x: Slot, n: int) -> tuple[Slot, Slot]:
        """``(mean, population standard deviation)`` of ``n``."""
        out = self.node(op.DEVIATION, (x,), delays=(n - 1, n - 1), n=n, memory=n + 5)
        return out, out + 1

    def highest(self, x: Slot, n: int) -> tuple[Slot, Slot]:
        """``(highest of n, its age in bars)``."""
        return self._extreme(x, n, 1.0)

    def lowest(self, x: Slot, n: int) -> tuple[Slot, Slot]:
        """``(lowest of n, its age in bars)``."""
        return self._extreme(x, n, -1.0)

    def _extreme(self, x: Slot, n: int, side: float) -> tuple[Slot, Slot]:
        out = self.node(op.EXTREME, (x,), delays=(n - 1, n - 1), n=n, floats=(side,), memory=2 * n + 2)
        return out, out + 1

    def position(self, x: Slot, low: Slot, high: Slot, *, from_high: bool = False) -> Slot:
        """``100 * (x - low) / (high - low)``, or measured from the high; 0 where there is no range."""
        return self.node(op.POSITION, (x, low, high), floats=(float(from_high),))

    def share(self, a: Slot, b: Slot) -> Slot:
        """``100 * a / (a + b)``; 0 where both are 0."""
        return self.node(op.SHARE, (a, b))
