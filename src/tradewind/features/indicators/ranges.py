"""Volatility, channels, and where a value stands in its own history."""

from __future__ import annotations

import math

from tradewind.features.definition import Output, Table, bars, factor, named, single
from tradewind.features.graph import Graph, Slot
from tradewind.kernels import opcodes as op

TABLE = Table()
CHANNEL = named("price", "upper", "middle", "lower")


@TABLE.define("trange", outputs=single("price"), warmup="2", reference="Wilder 1978")
def true_range(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """max(high, close before) - min(low, close before). With seeding first the first bar has high - low."""
    return (graph.true_range(),)


@TABLE.define("atr", bars("n", 14), outputs=single("price"), warmup="n + 1", reference="Wilder 1978")
def average_true_range(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Wilder's mean of the true range."""
    return (graph.atr(n),)


@TABLE.define("natr", bars("n", 14), outputs=single("percent"), warmup="n + 1")
def normalised_range(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """100 * atr(n) / close."""
    return (graph.ratio(graph.atr(n), op.CLOSE, times=100.0),)


@TABLE.define("stddev", bars("n", 20), source="close", outputs=single("as its source"), warmup="n")
def deviation(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Population standard deviation of the last n."""
    return (graph.deviation(source, n)[1],)


@TABLE.define("zscore", bars("n", 20), source="close", outputs=single("deviations"), warmup="n")
def standard_score(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """(x - mean) / population standard deviation over the last n; 0 without movement."""
    mean, spread = graph.deviation(source, n)
    return (graph.ratio(graph.linear((1.0, source), (-1.0, mean)), spread),)


@TABLE.define("rvol", bars("n", 20, 2), source="close", outputs=single("log fraction per bar"), warmup="n + 1")
def realised_volatility(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Sample standard deviation (ddof 1) of the last n one-bar log returns; per bar, not annualised."""
    returns = graph.node(op.LOG_RATIO, (source, graph.lag(source, 1)))
    return (graph.linear((math.sqrt(n / (n - 1.0)), graph.deviation(returns, n)[1])),)


@TABLE.define(
    "bbands",
    bars("n", 20, 2),
    factor("width", 2.0),
    source="close",
    outputs=(*CHANNEL, Output("bandwidth", "fraction"), Output("percent_b", "fraction")),
    warmup="n",
    reference="Bollinger 1983",
)
def bollinger(graph: Graph, source: Slot, n: int, width: float) -> tuple[Slot, ...]:
    """middle = sma(n), edges = middle -+ width population deviations; bandwidth = (upper - lower) / middle,
    percent_b = (x - lower) / (upper - lower), 0 without movement.
    """
    middle, spread = graph.deviation(source, n)
    upper = graph.linear((1.0, middle), (width, spread))
    lower = graph.linear((1.0, middle), (-width, spread))
    span = graph.linear((2.0 * width, spread))
    inside = graph.linear((1.0, source), (-1.0, lower))
    return upper, middle, lower, graph.ratio(span, middle), graph.ratio(inside, span)


@TABLE.define("donchian", bars("n", 20), outputs=CHANNEL, warmup="n", reference="Donchian 1960")
def donchian(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """Highest high and lowest low of the last n bars, this bar included: a breakout must look at the row before."""
    upper, lower = graph.highest(op.HIGH, n)[0], graph.lowest(op.LOW, n)[0]
    return upper, graph.linear((0.5, upper), (0.5, lower)), lower


@TABLE.define(
    "kc",
    bars("n", 20),
    bars("atr_n", 10),
    factor("width", 2.0),
    outputs=CHANNEL,
    warmup="max(n, atr_n + 1)",
    reference="Keltner 1960, Raschke",
)
def keltner(graph: Graph, source: Slot, n: int, atr_n: int, width: float) -> tuple[Slot, ...]:
    """middle = ema(typical, n), edges = middle -+ width * atr(atr_n); both give their first value on the same bar."""
    late = (atr_n + 1) - n
    middle = graph.ema(graph.typical(), n, max(late, 0))
    reach = graph.atr(atr_n, max(-late, 0))
    gated = graph.linear((1.0, middle), (0.0, reach))
    return graph.linear((1.0, middle), (width, reach)), gated, graph.linear((1.0, middle), (-width, reach))


@TABLE.define("pct_rank", bars("n", 500), source="", outputs=single("percent 0..100"), warmup="n")
def percentile_rank(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """100 * share of the source's last n values, this one included, that are <= this one."""
    return (graph.node(op.RANK, (source,), delays=(n - 1,), n=n, memory=2 * n + 1),)


@TABLE.define(
    "quantile",
    bars("n", 500),
    factor("q", 0.95, 0.0, 1.0),
    source="",
    outputs=single("as its source"),
    warmup="n",
    reference="Hyndman and Fan 1996, type 7",
)
def quantile(graph: Graph, source: Slot, n: int, q: float) -> tuple[Slot, ...]:
    """The q quantile of the source's last n values, this one included, linearly interpolated."""
    return (graph.node(op.QUANTILE, (source,), delays=(n - 1,), n=n, floats=(q,), memory=2 * n + 1),)
