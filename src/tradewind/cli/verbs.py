"""The table of verbs: name, one line of help and the heading it is listed under.

Module ``cli/NAME.py`` belongs to verb ``NAME`` and is imported only when the verb is typed; ``tradewind --help`` is
printed from this table alone. A new verb is one row here, one module, one section in ``docs/commands.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Verb(NamedTuple):
    """One row: ``tradewind NAME`` is the ``app`` of module ``cli/NAME.py``, or of the dotted ``module`` given."""

    name: str
    heading: str
    help: str
    module: str = ""

    @property
    def module_name(self) -> str:
        """Dotted name of the module behind the verb."""
        return self.module or f"tradewind.cli.{self.name}"


START, DATA, TRADE, EXPLAIN, OPERATE = "Start", "Data", "Research and trade", "Ask why", "Operate"

_ALL = (
    Verb("demo", START, "Sixty seconds, offline: refuse a strategy without an edge, trade a proven one (SIMULATED)."),
    Verb("init", START, "Create a project folder and a commented configuration."),
    Verb("doctor", START, "Check this machine, the data and the clock; say what to do about each fault."),
    Verb("config", START, "Show, check and explain the configuration."),
    Verb("data", DATA, "Candles: fetch, import, verify, list; providers and instruments."),
    Verb("calendar", DATA, "Economic calendar: what is due, for which pairs; fetch it, import a history."),
    Verb("news", DATA, "Articles: what they say of a pair; fetch the feeds, import an archive."),
    Verb("features", DATA, "What models read, made of candles; whether any of it came from the future."),
    Verb("train", TRADE, "One model from stored candles: trained, calibrated, judged, kept as a signed version."),
    Verb("predict", TRADE, "What the promoted models say of a symbol now, each alone and all together."),
    Verb("evaluate", TRADE, "What models are worth on bars they never saw; sealed bars are opened once."),
    Verb("promote", TRADE, "Let a model be heard where it has earned it, or shadow; and the way back."),
    Verb("models", TRADE, "Who serves and who shadows, what they did, every decision, copies and the way back."),
    Verb("ab", TRADE, "Two models on the same bars that neither has seen: the paired difference with its limits."),
    Verb("weights", TRADE, "What each timeframe deserves by what it showed on bars nobody was fitted on."),
    Verb("strategy", TRADE, "Strategies: families, candidates, the book of all that were tried, the ledger."),
    Verb("research", TRADE, "Search, validation and gates as one job that can be resumed; signed verdicts."),
    Verb(
        "optimize",
        TRADE,
        "Search one family's parameters on the train window; every try is counted, the best a candidate.",
    ),
    Verb("validate", TRADE, "Put strategies of the book to the proof: every gate, source and honest, signed verdicts."),
    Verb("walkforward", TRADE, "Choose on what was known, measure on what came next: strategies fold by fold."),
    Verb("baseline", TRADE, "Freeze what proven strategies showed, for what comes later to be held against."),
    Verb("report", TRADE, "One HTML page about a strategy: equity, folds, trials, overfitting, costs, gates."),
    Verb("backtest", TRADE, "Run the strategies over stored candles, costs included."),
    Verb("lookahead", TRADE, "Find strategies and code that use bars from the future; name the column and the bar."),
    Verb("run", TRADE, "Turn closing bars into signals: replay, poll or stream; no orders or paper."),
    Verb("replay", TRADE, "Repeat a recorded run from its journal and compare every decision."),
    Verb("signal", EXPLAIN, "The signal for one pair now, or why there is none."),
    Verb("why", EXPLAIN, "The whole chain behind one decision, with its numbers."),
    Verb("explain", EXPLAIN, "One signal: votes, filters, size, probabilities and what they rest on."),
    Verb("filters", EXPLAIN, "What the filters blocked, and how often."),
    Verb("orders", OPERATE, "Orders at the venue: list, reconcile, approve, withdraw."),
    Verb("status", OPERATE, "What runs, what it saw last, and what is wrong."),
    Verb("risk", OPERATE, "The account under its limits: money, floors, state; the rules of prop firms."),
    Verb("trades", OPERATE, "Closed trades: list, the worst of them, an export with a hash chain."),
    Verb("kill", OPERATE, "The kill switch: no new risk, through every restart, until it is cleared for a reason."),
    Verb("pause", OPERATE, "No new signals until `resume`; what is open is looked after."),
    Verb("resume", OPERATE, "End a pause; with --stopped and a reason also a stop."),
    Verb("liquidate", OPERATE, "Close everything at the next tradable price; no new risk until `resume`."),
    Verb("rollback", OPERATE, "Stop, close everything, let the providers go, keep the data."),
    Verb("drift", OPERATE, "Whether strategies still do what they were proven to do; what they are held to."),
    Verb("learning", OPERATE, "Which models may act, what they show, and what their trainings came to."),
    Verb("selector", OPERATE, "Which strategies deserve more weight, in which state of the market."),
    Verb("schedule", OPERATE, "The loops of the service: what runs, how often, when next."),
    Verb("watchdog", OPERATE, "Raise the alarm when the service falls silent; a process of its own."),
    Verb("soak", OPERATE, "Run the service for hours, in simulated time or real, and say what it used."),
    Verb("telegram", OPERATE, "Prove that the bot reaches its chats: three test alerts with their delivery ids."),
    Verb("simulate", OPERATE, "The whole service against a seeded hostile world, every law checked (SIMULATED)."),
    Verb("db", OPERATE, "The store: create, check, query."),
)

# Names that users of other tools type; hidden, and only where the verb behind them exists.
ALIASES: dict[str, tuple[str, ...]] = {
    "backtesting": ("backtest",),
    "download-data": ("data", "fetch"),
    "list-data": ("data", "list"),
    "list-pairs": ("data", "pairs"),
    "lookahead-analysis": ("lookahead",),
    "show-config": ("config", "show"),
    "create-userdir": ("init",),
    "new-config": ("init",),
    "trade": ("run",),
    "rl": ("selector",),
}


def verbs() -> tuple[Verb, ...]:
    """The rows whose module is part of this installation."""
    here = Path(__file__).parent
    return tuple(row for row in _ALL if (here / f"{row.name}.py").exists())


def planned() -> frozenset[str]:
    """Verbs of the table whose module is not part of this installation."""
    return frozenset(row.name for row in _ALL) - {row.name for row in verbs()}
