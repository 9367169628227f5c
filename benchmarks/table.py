"""Which figures of the benchmarks go into the one table, and the goals some of them have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Document = dict[str, Any]
Row = tuple[str, str, str, str]


def rows_of(name: str, document: Document) -> list[Row]:
    """``(figure, measured, goal, verdict)`` texts of one benchmark."""
    return list(_ROWS[name](document))


def _row(figure: str, value: float, unit: str, goal: float | None = None) -> Row:
    verdict = "" if goal is None else ("met" if value <= goal else "MISSED")
    return figure, f"{value:.4g} {unit}", "" if goal is None else f"<= {goal:g} {unit}", verdict


def _engine(document: Document) -> list[Row]:
    rows = []
    for run in document["runs"]:
        who = f"{run['members']} strategies, one symbol" if run["members"] > 1 else "1 strategy, one symbol"
        rows += [
            _row(f"engine per bar, {who}", run["engine"], "us CPU", run["goal"]),
            _row(f"  whole backtest loop per bar, {who}", run["backtest"], "us CPU", run["goal"]),
            _row("  kernels alone, called bar by bar", run["kernels"], "us CPU"),
            _row("  kernels alone, compiled loop", run["compiled"], "us CPU"),
        ]
    return rows


def _latency(document: Document) -> list[Row]:
    rows = []
    for run in document["runs"]:
        who = f"{run['members']} strategies" if run["members"] > 1 else "1 strategy"
        rows += [
            _row(f"candle bytes to durable decision, p99, {who}", run["whole_p99_ms"], "ms", document["goal_p99_ms"]),
            _row("  p50", run["whole_p50_ms"], "ms"),
            _row("  all but the commit, p99", run["software_p99_ms"], "ms"),
            _row("  fsync of this disk, p50", run["fsync_p50_ms"], "ms"),
            _row("  fsync of this disk, p99", run["fsync_p99_ms"], "ms"),
        ]
    return rows


def _restart(document: Document) -> list[Row]:
    return [
        _row(
            f"restart to first decision, {run['symbols']} symbol(s), {label.replace('_', ' ')}",
            run[label]["whole_s"],
            "s",
            run["goal_s"],
        )
        for run in document["runs"]
        for label in ("with_snapshot", "without_snapshot")
    ]


def _memory(document: Document) -> list[Row]:
    return [
        _row(f"peak memory of a paper process, {run['run']}", run["peak_mib"], "MiB", document["goal_mib"])
        for run in document["runs"]
    ]


def _first_run(document: Document) -> list[Row]:
    return [
        _row("demo after installation", document["demo"]["wall_s"], "s", document["goal_demo_s"]),
        _row("  with nothing compiled yet", document["demo_cold"]["wall_s"], "s", document["goal_demo_s"]),
        _row("compiling all kernels, once", document["compile"]["wall_s"], "s"),
    ]


def _startup(document: Document) -> list[Row]:
    return [
        _row(f"start-up and all, tradewind {run['call']}", run["wall_s"], "s", document["goal_s"])
        for run in document["runs"]
    ]


def _load(document: Document) -> list[Row]:
    return [
        _row("five years of minutes loaded", document["load_s"], "s", document["limit_s"]),
        _row("  and every value read", document["load_and_touch_s"], "s", document["limit_s"]),
        _row("  polars.read_parquet of the same bars", document["polars_read_parquet_s"], "s"),
    ]


def _journal(document: Document) -> list[Row]:
    return [
        _row("durable append, p99", document["commit_p99_ms"], "ms"),
        _row("  fsync of this disk, p99", document["fsync_p99_ms"], "ms"),
        _row("journal in memory, per entry", document["memory_us_per_entry"], "us"),
    ]


def _votes(document: Document) -> list[Row]:
    return [
        _row(f"{part} per bar, {run['members']} member(s)", run[part], "us")
        for run in document["runs"]
        for part in ("features", "votes", "shadow")
    ]


def _account(document: Document) -> list[Row]:
    return [
        _row("broker and portfolio per bar, flat", document["flat"], "us CPU"),
        _row("broker and portfolio per bar, one position", document["one_position"], "us CPU"),
    ]


def _features(document: Document) -> list[Row]:
    return [_row("ten indicators, one bar from Python", document["ten"]["step_us"], "us CPU")]


def _simulation(document: Document) -> list[Row]:
    return [
        _row("simulated service, events a second", document["events_per_s"], "/s"),
        _row("  bot-years an hour", document["bot_years_per_hour"], "/h"),
    ]


def _bot_minute(document: Document) -> list[Row]:
    rows = [_row("simulated bot, a minute of market", document["cpu_us"], "us CPU", 68.0)]
    return rows + [_row(f"  {name}", part["us_a_minute"], "us") for name, part in document["parts"].items()]


def _overfitting(document: Document) -> list[Row]:
    what = f"of {document['trials']} trials x {document['days']} days"
    rows = []
    for name, label, goal in (
        ("effective_trials", f"effective number {what}", document["goal_effective_trials_s"]),
        ("pbo", f"PBO {what}", None),
        ("spa", f"SPA {what}", None),
    ):
        rows += [
            _row(label, document[name]["wall_s"], "s", goal),
            _row("  memory beside the matrix", document[name]["peak_mib"], "MiB", document["goal_mib"]),
        ]
    return rows


def _gate_power(document: Document) -> list[Row]:
    noise, leaks, planted = document["noise"], document["leaks"], document["planted"]
    found = [
        _row(f"noise: promoting batches of {noise['batches']}", noise["promoting_batches"], "", noise["most_allowed"]),
        _row(f"planted leaks not named, of {len(leaks['planted'])}", len(leaks["missed"]), "", 0),
    ]
    if planted["ratio"] is not None:
        verdict = "met" if planted["ratio"] >= planted["goal_ratio"] else "MISSED"
        low, high = planted["ratio_95"]
        figure = f"planted edges: power by the reference's [{low:.2f}, {high:.2f}]"
        found.append((figure, f"{planted['ratio']:.4g}", f">= {planted['goal_ratio']:g}", verdict))
    return found


def _drift_power(document: Document) -> list[Row]:
    return [_row(f"drift, {key.replace('_', ' ')}", document[key], "", goal) for key, goal in document["goals"].items()]


def _service(document: Document) -> list[Row]:
    goals, what = document["goals"], "a service with one streamed venue and Telegram"
    return [
        _row(f"processor of {what}, {document['minutes']} minutes", document["cpu_share"], "of a core",
             goals["cpu_share"]),
        _row("  its peak memory", document["peak_mib"], "MiB", goals["peak_mib"]),
    ]  # fmt: skip


def _telling(document: Document) -> list[Row]:
    if "p99_s" not in document:
        return [("durable decision to accepted by the chat, p99", "nothing was told", "", "")]
    figure = f"durable decision to accepted by the chat, p99 of {document['messages']} messages"
    return [_row(figure, document["p99_s"], "s", document["goals"]["p99_s"])]


def _inference(document: Document) -> list[Row]:
    goals = document["goals"]
    return [
        _row(f"a forecast, p99, {name.replace('_', ' ')}", document[name]["wall_p99_ms"], "ms", goals[name])
        for name in ("small", "lstm_3x128", "all_24")
    ]


def _ninety_days(document: Document) -> list[Row]:
    rss = document["rss_mb"]
    return [_row(f"memory after {document['days']} simulated days of service", rss[-1], "MB", round(1.1 * rss[0], 1))]


def _validate(document: Document) -> list[Row]:
    n = document["strategies"]
    return [
        row
        for run in document["runs"]
        for row in (
            _row(f"validate {n} strategies, 5 years of {run['data']} days and hours", run["whole_s"], "s",
                 document["goal_s"]),
            _row("  hours alone", run["hourly_s"], "s"),
            _row("  days alone", run["daily_s"], "s"),
        )
    ]  # fmt: skip


def _sweep(document: Document) -> list[Row]:
    goals = document["goals"]
    rows = [
        _row(
            "sweep, 1,000 sets x 31,000 bars, one thread",
            document["h1_seconds_1thread"],
            "s",
            goals["h1_seconds_1thread"],
        ),
        _row("  as a share of the prototype kernel", document["ratio_prototype_h1"], "x"),
        _row("sweep, 1,000 sets x 500,000 bars, one thread", document["m1_seconds_1thread"], "s"),
        _row("  as a share of the prototype kernel", document["ratio_prototype_m1"], "x", goals["ratio_prototype_m1"]),
        _row("  peak of a whole process", document["peak_mib"], "MiB", goals["peak_mib"]),
        _row("sweep, 10,000 sets x 31,000 bars, two threads", document["grid10k_seconds_2threads"], "s"),
    ]
    ratio, least = document["ratio_vectorbt_exact_1thread"], goals["ratio_vectorbt_exact_1thread"]
    if ratio is not None:
        equal = "trades equal" if document["trades_equal"] else "TRADES DIFFER"
        verdict = "met" if ratio >= least and document["trades_equal"] else "MISSED"
        rows.append((f"  times faster than vectorbt, {equal}", f"{ratio:.4g} x", f">= {least:g} x", verdict))
    return rows


def _regime_switch(document: Document) -> list[Row]:
    rows = []
    for kind, text in (
        ("chance", "seats that came back by luck alone"),
        ("death", "seats that came back without an edge"),
        ("ungated", "seats that came back without edge and gate"),
    ):
        if kind in document:
            found = document[kind]
            rows.append(_row(f"{text}, of {found['seeds']}", float(found["back"]), "", 0.05 * found["seeds"]))
    return rows


def _model_gate(document: Document) -> list[Row]:
    planted, without = document["planted"], document["without"]
    return [
        (f"models with an edge that passed their gate, of {planted['markets']}", str(planted["passed"]), "", ""),
        _row(f"models without one, of {without['markets']}", float(without["passed"]), "", 0.05 * without["markets"]),
    ]


def _retrain(document: Document) -> list[Row]:
    figures = (
        ("a model trained anew, default net, cold", "cold_cpu_seconds", "s CPU"),
        ("  warm", "warm_cpu_seconds", "s CPU"),
        ("  its validation loss less that of LSTM 3x128", "loss_minus_lstm", "nats"),
        ("  LSTM 3x128", "lstm_3x128_cpu_seconds", "s CPU"),
        ("  24 models of 4 symbols, 2 processes", "all_24_seconds", "s"),
        ("  p99 of decisions beside a retraining, times that alone", "p99_ratio", ""),
    )
    return [
        (text, "not measured", "", "")
        if document.get(key) is None
        else _row(text, document[key], unit, document["goals"][key])
        for text, key, unit in figures
    ]


def _real_models(document: Document) -> list[Row]:
    if document["rows"] is None:
        return [("models on real markets", "not measured", "", "")]
    found = f"{document['found']} of {document['hypotheses']} hypotheses"
    return [
        ("models on real markets, above 0 after correction", found, "", ""),
        _row("  all of it", document["total_seconds"] / 60.0, "min", 90.0),
    ]


def _sentiment(document: Document) -> list[Row]:
    if "scored" not in document:
        return [("sentiment against people's labels", "not measured", "", "")]
    rows = []
    for name in ("scored", "words_counted", "bag_of_words", "base_rate"):
        one = document[name]
        span = f"{100 * one['accuracy']:.1f}% ({100 * one['low']:.1f} to {100 * one['high']:.1f}) of {one['n']}"
        rows.append((f"sentiment against people's labels, {name.replace('_', ' ')}", span, "", ""))
    return [*rows, _row("  a text", document["us_per_text"], "us CPU")]


SHORT: Final = {
    "gate_power": ("--short",),
    "drift_power": ("--short",),
    "service": ("--minutes", "3"),
    "telling": ("--minutes", "2"),
    "ninety_days": ("--days", "3"),
    "real_models": ("--only", "ETH/USDT:4h"),
    "regime_switch": ("--kind", "chance"),
    "model_gate": ("--markets", "20"),
}
"""What is added to the call of a benchmark whose whole would take too long for one table."""
_ROWS: Final[dict[str, Callable[[Document], list[Row]]]] = {
    "engine": _engine,
    "latency": _latency,
    "restart": _restart,
    "memory": _memory,
    "first_run": _first_run,
    "startup": _startup,
    "load": _load,
    "journal": _journal,
    "votes": _votes,
    "account": _account,
    "features": _features,
    "simulation": _simulation,
    "bot_minute": _bot_minute,
    "overfitting": _overfitting,
    "sweep": _sweep,
    "gate_power": _gate_power,
    "drift_power": _drift_power,
    "validate": _validate,
    "service": _service,
    "telling": _telling,
    "inference": _inference,
    "ninety_days": _ninety_days,
    "real_models": _real_models,
    "sentiment": _sentiment,
    "retrain": _retrain,
    "regime_switch": _regime_switch,
    "model_gate": _model_gate,
}
NAMES: Final = tuple(_ROWS)
