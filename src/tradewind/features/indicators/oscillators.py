"""Oscillators: where price is in its range, and how fast it got there."""

from __future__ import annotations

from tradewind.features.definition import Table, bars, named, single
from tradewind.features.graph import Graph, Slot
from tradewind.kernels import opcodes as op

TABLE = Table()
PERCENT = single("percent 0..100")


def _rsi(graph: Graph, source: Slot, n: int) -> Slot:
    seed, flat = (n, 0.0) if graph.seeding == "sma" else (1, 50.0)
    return graph.node(op.RSI, (source,), delays=(n,), n=n, m=seed, floats=(flat,), memory=3)


@TABLE.define("rsi", bars("n", 14), source="close", outputs=PERCENT, warmup="n + 1", reference="Wilder 1978")
def relative_strength(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """100 * G / (G + L), Wilder means of gains and losses. Without any move: 0 as TA-Lib, 50 with seeding first."""
    return (_rsi(graph, source, n),)


@TABLE.define(
    "macd",
    bars("fast", 12),
    bars("slow", 26),
    bars("signal", 9),
    source="close",
    outputs=named("price", "line", "signal", "histogram"),
    warmup="max(fast, slow) + signal - 1",
    reference="Appel 1979",
)
def convergence(graph: Graph, source: Slot, fast: int, slow: int, signal: int) -> tuple[Slot, ...]:
    """line = ema(fast) - ema(slow), begun on the same bar; signal = ema(line, signal); histogram = line - signal."""
    quick = graph.ema(source, fast, max(slow - fast, 0))
    line = graph.linear((1.0, quick), (-1.0, graph.ema(source, slow, max(fast - slow, 0))))
    smooth = graph.ema(line, signal)
    return graph.linear((1.0, line), (0.0, smooth)), smooth, graph.linear((1.0, line), (-1.0, smooth))


def _stochastic(graph: Graph, x: Slot, low: Slot, high: Slot, n: int) -> Slot:
    return graph.position(x, graph.lowest(low, n)[0], graph.highest(high, n)[0])


@TABLE.define(
    "stoch",
    bars("n", 14),
    bars("slow_k", 3),
    bars("slow_d", 3),
    outputs=named("percent 0..100", "k", "d"),
    warmup="n + slow_k + slow_d - 2",
    reference="Lane 1984",
)
def stochastic(graph: Graph, source: Slot, n: int, slow_k: int, slow_d: int) -> tuple[Slot, ...]:
    """k = sma(raw, slow_k), d = sma(k, slow_d), raw = 100 * (close - lowest low) / (highest high - lowest low) or 0."""
    k = graph.mean(_stochastic(graph, op.CLOSE, op.LOW, op.HIGH, n), slow_k)
    d = graph.mean(k, slow_d)
    return graph.linear((1.0, k), (0.0, d)), d


@TABLE.define(
    "stochf",
    bars("n", 14),
    bars("fast_d", 3),
    outputs=named("percent 0..100", "k", "d"),
    warmup="n + fast_d - 1",
    reference="Lane 1984",
)
def fast_stochastic(graph: Graph, source: Slot, n: int, fast_d: int) -> tuple[Slot, ...]:
    """k = 100 * (close - lowest low) / (highest high - lowest low), d = sma(k, fast_d); 0 without range."""
    k = _stochastic(graph, op.CLOSE, op.LOW, op.HIGH, n)
    d = graph.mean(k, fast_d)
    return graph.linear((1.0, k), (0.0, d)), d


@TABLE.define(
    "stochrsi",
    bars("n", 14),
    bars("window", 14),
    bars("fast_d", 3),
    source="close",
    outputs=named("percent 0..100", "k", "d"),
    warmup="n + window + fast_d - 1",
    reference="Chande and Kroll 1994",
)
def stochastic_rsi(graph: Graph, source: Slot, n: int, window: int, fast_d: int) -> tuple[Slot, ...]:
    """The fast stochastic of rsi(n) in its own range of the last window bars."""
    rsi = _rsi(graph, source, n)
    k = _stochastic(graph, rsi, rsi, rsi, window)
    d = graph.mean(k, fast_d)
    return graph.linear((1.0, k), (0.0, d)), d


@TABLE.define("willr", bars("n", 14), outputs=single("percent -100..0"), warmup="n", reference="Williams 1973")
def williams(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """100 * (close - highest high) / (highest high - lowest low); 0 without range."""
    low, high = graph.lowest(op.LOW, n)[0], graph.highest(op.HIGH, n)[0]
    return (graph.position(op.CLOSE, low, high, from_high=True),)


@TABLE.define("cci", bars("n", 20), outputs=single("index"), warmup="n", reference="Lambert 1980")
def commodity_channel(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """(typical - its mean) / (0.015 * its mean absolute deviation) over n; 0 without movement."""
    return (graph.node(op.CCI, (graph.typical(),), delays=(n - 1,), n=n, memory=n + 1),)


@TABLE.define("mfi", bars("n", 14), outputs=PERCENT, warmup="n + 1", reference="Quong and Soudack 1989")
def money_flow(graph: Graph, source: Slot, n: int) -> tuple[Slot, ...]:
    """100 * rising / (rising + falling) money flow over n, flow = typical * volume; 0 where there is none."""
    rising = graph.node(op.MONEY_FLOW, (graph.typical(), op.VOLUME), delays=(1, 1), memory=1)
    return (graph.share(graph.total(rising, n), graph.total(rising + 1, n)),)


@TABLE.define(
    "ultosc",
    bars("short", 7),
    bars("medium", 14),
    bars("long", 28),
    outputs=PERCENT,
    warmup="max(short, medium, long) + 1",
    reference="Williams 1985",
)
def ultimate(graph: Graph, source: Slot, short: int, medium: int, long: int) -> tuple[Slot, ...]:
    """100 * (4 * r(short) + 2 * r(medium) + r(long)) / 7, r = sum of buying pressure / sum of true range; 0 of 0."""
    pressure = graph.node(op.BUYING_PRESSURE, (op.LOW, op.CLOSE), delays=(1,), memory=1)
    span = graph.true_range()
    parts = [graph.ratio(graph.total(pressure, n), graph.total(span, n)) for n in (short, medium, long)]
    return (graph.linear((400.0 / 7.0, parts[0]), (200.0 / 7.0, parts[1]), (100.0 / 7.0, parts[2])),)


@TABLE.define("obv", outputs=single("volume"), warmup="1", reference="Granville 1963")
def on_balance_volume(graph: Graph, source: Slot) -> tuple[Slot, ...]:
    """Running volume, added on rising and taken off on falling closes; the level is arbitrary."""
    return (graph.node(op.OBV, (op.CLOSE, op.VOLUME), memory=2),)
