"""Moving averages."""

from __future__ import annotations

import math

from tradewind.features.definition import Table, bars, single
from tradewind.features.graph import Graph, Slot
from tradewind.kernels import opcodes as op

TABLE = Table()
PRICE = single("as its source")


@TABLE.define("sma", bars(), source="close", outputs=PRICE, warmup="n")
def simple(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Mean of the last n."""
    return (graph.mean(source, n),)


@TABLE.define("ema", bars(), source="close", outputs=PRICE, warmup="n")
def exponential(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """e += 2 / (n + 1) * (x - e)."""
    return (graph.ema(source, n),)


@TABLE.define("rma", bars(), source="close", outputs=PRICE, warmup="n", reference="Wilder 1978")
def wilder(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """e += (x - e) / n."""
    return (graph.wilder(source, n),)


@TABLE.define("wma", bars(), source="close", outputs=PRICE, warmup="n")
def weighted(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Mean of the last n with weights 1 (oldest) to n (newest)."""
    return (graph.weighted(source, n),)


@TABLE.define(
    "hma", bars("n", None, 2), source="close", outputs=PRICE, warmup="n + int(sqrt(n)) - 1", reference="Hull 2005"
)
def hull(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """wma(2 * wma(x, n / 2) - wma(x, n), sqrt(n)), with n / 2 and sqrt(n) rounded down."""
    fast = graph.weighted(source, n // 2)
    slow = graph.weighted(source, n)
    return (graph.weighted(graph.linear((2.0, fast), (-1.0, slow)), math.isqrt(n)),)


@TABLE.define("dema", bars(), source="close", outputs=PRICE, warmup="2 * n - 1", reference="Mulloy 1994")
def double_exponential(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """2 * e1 - e2 with e1 = ema(x, n), e2 = ema(e1, n)."""
    once = graph.ema(source, n)
    return (graph.linear((2.0, once), (-1.0, graph.ema(once, n))),)


@TABLE.define("tema", bars(), source="close", outputs=PRICE, warmup="3 * n - 2", reference="Mulloy 1994")
def triple_exponential(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """3 * e1 - 3 * e2 + e3, each the ema of the one before."""
    once = graph.ema(source, n)
    twice = graph.ema(once, n)
    return (graph.linear((3.0, once), (-3.0, twice), (1.0, graph.ema(twice, n))),)


@TABLE.define("er", bars("n", 10), source="close", outputs=single("0..1"), warmup="n + 1", reference="Kaufman 1995")
def efficiency(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """|x - x[n bars ago]| / sum of |one-bar changes| over n; 0 where nothing moved (TA-Lib says 1 there)."""
    return (_efficiency(graph, source, n, 0.0),)


@TABLE.define("kama", bars("n", 10), source="close", outputs=PRICE, warmup="n + 1", reference="Kaufman 1995")
def adaptive(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """k += c * (x - k), c = (er(n) * (2/3 - 2/31) + 2/31) ** 2; catches up at full speed where nothing moves."""
    smooth = _efficiency(graph, source, n, 1.0)
    inputs = (source, smooth, graph.lag(source, 1))
    return (graph.node(op.KAUFMAN, inputs, floats=(2.0 / 3.0, 2.0 / 31.0), memory=1),)


def _efficiency(graph: Graph, source: Slot, n: int, flat: float) -> Slot:
    return graph.node(op.EFFICIENCY, (source,), delays=(n,), n=n, floats=(flat,), memory=n + 2)


@TABLE.define("linreg_slope", bars("n", 14, 2), source="close", outputs=single("price per bar"), warmup="n")
def regression_slope(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Least-squares slope over the last n bars, as 6 * (wma - sma) / (n - 1), which is the same number."""
    scale = 6.0 / (n - 1.0)
    return (graph.linear((scale, graph.weighted(source, n)), (-scale, graph.mean(source, n))),)
