"""The bar itself, its returns, and the clock."""

from __future__ import annotations

from tradewind.features.definition import Table, bars, single
from tradewind.features.graph import Graph, Slot
from tradewind.kernels import opcodes as op

TABLE = Table()


@TABLE.define("open", outputs=single("price"), warmup="1")
def open_price(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """Open of the bar."""
    return (op.OPEN,)


@TABLE.define("high", outputs=single("price"), warmup="1")
def high_price(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """High of the bar."""
    return (op.HIGH,)


@TABLE.define("low", outputs=single("price"), warmup="1")
def low_price(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """Low of the bar."""
    return (op.LOW,)


@TABLE.define("close", outputs=single("price"), warmup="1")
def close_price(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """Close of the bar."""
    return (op.CLOSE,)


@TABLE.define("volume", outputs=single("volume"), warmup="1")
def volume(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """Volume of the bar, in whatever the source counts: contracts, base currency or ticks."""
    return (op.VOLUME,)


@TABLE.define("median", outputs=single("price"), warmup="1")
def median_price(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """(high + low) / 2."""
    return (graph.linear((0.5, op.HIGH), (0.5, op.LOW)),)


@TABLE.define("typical", outputs=single("price"), warmup="1")
def typical_price(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """(high + low + close) / 3."""
    return (graph.typical(),)


@TABLE.define("flat_bars", outputs=single("bars"), warmup="1")
def flat_bars(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """Number of bars in a row, up to this one, with high = low = the close before: a halted or frozen market."""
    return (op.FLAT_RUN,)


@TABLE.define("hour", outputs=single("hour 0..23"), warmup="1")
def hour(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """UTC hour of the bar's close time; the bar 12:00 to 13:00 has 13."""
    return (graph.node(op.HOUR, (op.CLOSE,)),)


@TABLE.define("weekday", outputs=single("day 0..6"), warmup="1")
def weekday(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """UTC weekday of the bar's close time, Monday 0."""
    return (graph.node(op.WEEKDAY, (op.CLOSE,)),)


@TABLE.define("lag", bars("n", 1), source="", outputs=single("as its source"), warmup="n + 1")
def lag(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """The source n bars ago."""
    return (graph.lag(source, n),)


@TABLE.define("highest", bars(), source="close", outputs=single("as its source"), warmup="n")
def highest(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Highest of the last n, this bar included."""
    return (graph.highest(source, n)[0],)


@TABLE.define("lowest", bars(), source="close", outputs=single("as its source"), warmup="n")
def lowest(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Lowest of the last n, this bar included."""
    return (graph.lowest(source, n)[0],)


@TABLE.define("mom", bars("n", 10), source="close", outputs=single("price"), warmup="n + 1")
def momentum(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """x - x[n bars ago]."""
    return (graph.linear((1.0, source), (-1.0, graph.lag(source, n))),)


@TABLE.define("roc", bars("n", 10), source="close", outputs=single("percent"), warmup="n + 1")
def rate_of_change(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """100 * (x / x[n bars ago] - 1); 0 where the earlier value is 0."""
    return (graph.node(op.GROWTH, (source, graph.lag(source, n)), floats=(100.0,)),)


@TABLE.define("change", bars("n", 1), source="close", outputs=single("fraction"), warmup="n + 1")
def simple_return(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Simple return x / x[n bars ago] - 1; 0 where the earlier value is 0."""
    return (graph.node(op.GROWTH, (source, graph.lag(source, n)), floats=(1.0,)),)


@TABLE.define("log_return", bars("n", 1), source="close", outputs=single("log fraction"), warmup="n + 1")
def log_return(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """ln(x / x[n bars ago]); NaN where either is not positive."""
    return (graph.node(op.LOG_RATIO, (source, graph.lag(source, n))),)
