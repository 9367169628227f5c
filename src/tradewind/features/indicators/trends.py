"""Trend: its presence, its side, and stops that follow it."""

from __future__ import annotations

from tradewind.features.definition import Output, Table, bars, factor, named, single
from tradewind.features.graph import Graph, Slot
from tradewind.kernels import opcodes as op

TABLE = Table()
PERCENT = single("percent 0..100")


def _directional(graph: Graph, n: int) -> Slot:
    """Slots +DI, -DI (known after n moves) and ADX."""
    inputs = (op.HIGH, op.LOW, op.CLOSE)
    return graph.node(op.DIRECTIONAL, inputs, n=n, m=int(graph.seeding == "first"), memory=7, delays=(n, n, 2 * n - 1))


@TABLE.define("plus_di", bars("n", 14, 2), outputs=PERCENT, warmup="n + 1", reference="Wilder 1978")
def plus_direction(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """+DI: 100 * Wilder sum of upward moves / Wilder sum of the true range; 0 without range."""
    return (_directional(graph, n),)


@TABLE.define("minus_di", bars("n", 14, 2), outputs=PERCENT, warmup="n + 1", reference="Wilder 1978")
def minus_direction(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """-DI: 100 * Wilder sum of downward moves / Wilder sum of the true range; 0 without range."""
    return (_directional(graph, n) + 1,)


@TABLE.define("adx", bars("n", 14, 2), outputs=PERCENT, warmup="2 * n", reference="Wilder 1978")
def average_direction(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Wilder mean of 100 * |+DI - -DI| / (+DI + -DI): strength of the trend, not its side."""
    return (_directional(graph, n) + 2,)


@TABLE.define(
    "aroon", bars("n", 14), outputs=named("percent 0..100", "up", "down"), warmup="n + 1", reference="Chande 1995"
)
def aroon(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """100 * (n - bars since the highest high, or lowest low, of n + 1 bars) / n; the newest of equals counts."""
    up, down = graph.highest(op.HIGH, n + 1)[1], graph.lowest(op.LOW, n + 1)[1]
    return graph.linear((-100.0 / n, up), plus=100.0), graph.linear((-100.0 / n, down), plus=100.0)


@TABLE.define(
    "vortex", bars("n", 14), outputs=named("ratio", "plus", "minus"), warmup="n + 1", reference="Botes and Siepman 2010"
)
def vortex(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Sum of |high - low before| (plus), of |low - high before| (minus), over the sum of the true range; 0 of 0."""
    rising = graph.node(op.VORTEX_MOVES, (op.HIGH, op.LOW), memory=2, delays=(1, 1))
    span = graph.total(graph.true_range(), n)
    return graph.ratio(graph.total(rising, n), span), graph.ratio(graph.total(rising + 1, n), span)


@TABLE.define(
    "sar",
    factor("step", 0.02, 0.0, 1.0),
    factor("limit", 0.2, 0.0, 1.0),
    outputs=single("price"),
    warmup="2",
    reference="Wilder 1978",
)
def parabolic(graph: Graph, source: Slot, step: float, limit: float) -> tuple[Slot, ...]:
    """The stop in force: sar += af * (extreme - sar), af from step in steps to limit, reversing when it is reached."""
    return (graph.node(op.SAR, (op.HIGH, op.LOW), floats=(min(step, limit), limit), memory=6, delays=(1,)),)


@TABLE.define(
    "supertrend",
    bars("n", 10),
    factor("width", 3.0),
    outputs=(Output("value", "price"), Output("direction", "sign")),
    warmup="n + 1",
    reference="Seban",
)
def supertrend(graph: Graph, source: Slot, n: int, width: float) -> tuple[Slot, ...]:
    """Band of width * atr(n) around (high + low) / 2 that only tightens; direction +1 above, -1 below, NaN until warm
    (TA-Lib's integers say 0 there).
    """
    middle = graph.linear((0.5, op.HIGH), (0.5, op.LOW))
    out = graph.node(op.SUPERTREND, (middle, graph.atr(n), op.CLOSE), floats=(width,), memory=4, delays=(0, 0))
    return out, out + 1
