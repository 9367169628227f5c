"""``tradewind optimize``: the parameters of one family that did best on the train window of one symbol."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tradewind.adapters.optuna_search import optuna_module
from tradewind.adapters.store.strategy_rows import stop_words, target_words
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.optimization import Optimization, Wish, luck, optimize
from tradewind.app.own_strategies import families_of, family_called
from tradewind.app.signal_text import percent, utc
from tradewind.app.validation.series import series_of
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.run import stop_on_signal
from tradewind.cli.contract import DONE, NEGATIVE, TIMED_OUT, Report, progress, table, warn
from tradewind.errors import Misconfigured
from tradewind.features.rule import Member
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.research.optimize import OBJECTIVES, Tried

SHOWN = 10
_CANDIDATE = (
    "This is a candidate and proves nothing: it is the best of {tried} sets on the bars it was chosen on. No signal"
    " comes of it before every gate is met on bars that the search has not read."
)


class OptimizeOptions(NamedTuple):
    """What was typed after ``tradewind optimize``."""

    family: str
    symbol: str
    interval: Timeframe
    objective: str
    trials: int
    timeout: float
    min_trades: int | None
    preset: str
    seed: int


def answer(config: Path | None, typed: OptimizeOptions) -> Report:
    """Searches with a progress bar; Ctrl+C and the time limit end it in order, with what was found by then."""
    optuna_module()
    if typed.objective not in OBJECTIVES:
        raise Misconfigured(f"objective {typed.objective!r}", where="--objective", allowed=", ".join(OBJECTIVES))
    settings = load_config(config)
    workspace, clock, families = Workspace(settings), WallClock(), families_of(settings)
    family = family_called(typed.family, families)
    series = series_of(workspace, _symbol(workspace, typed.symbol), typed.interval)
    warn(series.warnings)
    wish = Wish(
        family,
        typed.interval,
        typed.objective,
        typed.trials,
        typed.seed,
        typed.min_trades,
        typed.preset,
    )
    until = clock.monotonic() + round(typed.timeout * SECOND) if typed.timeout else None
    with stop_on_signal() as stop, progress("Optimize", typed.trials) as advance:

        def in_time() -> bool:
            return until is None or clock.monotonic() < until

        done = optimize(
            workspace, series, wish, families, clock.now(),
            advance=advance, go_on=lambda: in_time() and not stop.is_set(),
        )  # fmt: skip
        late = done.found.stopped == "asked" and not stop.is_set()
    warn(done.notes)
    return _report(done, "timeout" if late else done.found.stopped)


def _symbol(workspace: Workspace, typed: str) -> str:
    configured = workspace.symbols()
    if not typed and len(configured) > 1:
        raise Misconfigured(
            f"{len(configured)} pairs are configured and a search is on one", where="--symbol",
            allowed=", ".join(configured),
        )  # fmt: skip
    return workspace.symbols((typed,))[0] if typed else configured[0]


def _report(done: Optimization, stopped: str) -> Report:
    found, wish = done.found, done.wish
    ranked = found.ranked()
    document = {
        "family": wish.family,
        "symbol": done.series.symbol,
        "interval": wish.timeframe,
        "objective": wish.objective,
        "seed": wish.seed,
        "preset": done.preset,
        "min_trades": done.min_trades,
        "simulated": done.series.simulated,
        "data_hash": done.series.data_hash,
        "window": done.window,
        "stopped": stopped,
        "trials": len(found.tried),
        "ranked": len(ranked),
        "repeats": found.repeats,
        "impossible": found.impossible,
        "score_deviation": luck(done),
        "ledger": {"trials": done.ledger_trials, "entries": done.ledger_head[0], "head": done.ledger_head[1]},
        "status": "candidate",
        "proven": False,
        "best": _document(ranked[0], done) if ranked else None,
        "strategies": [_document(one, done) for one in ranked],
    }
    return Report(
        document, _human(done, ranked, stopped), DONE if ranked else TIMED_OUT if stopped == "timeout" else NEGATIVE
    )


def _document(one: Tried, done: Optimization) -> dict[str, Any]:
    return {
        "id": done.ids[one.spec],
        "spec_hash": one.spec,
        "score": one.score,
        "trades": one.trades.n,
        "win_rate": one.trades.win_rate,
        "win_rate_low": one.trades.win_rate_low,
        "breakeven": one.trades.breakeven,
        "expectancy": one.trades.expectancy,
        "profit_factor": one.trades.profit_factor,
        "sharpe": one.sharpe,
        "params": msgspec.to_builtins(one.member.params),
    }


def _human(done: Optimization, ranked: list[Tried], stopped: str) -> list[Any]:
    found, wish = done.found, done.wish
    head = "SIMULATED " if done.series.simulated else ""
    why = {
        "trials": "",
        "asked": "; stopped because you asked",
        "timeout": "; stopped by --timeout",
        "exhausted": "; nothing new was left to propose",
    }[stopped]
    searched = (
        f"{head}{done.series.symbol} {wish.timeframe} from {utc(done.window.start)} to {utc(done.window.end)}: "
        f"{len(found.tried)} sets of {wish.family} evaluated, seed {wish.seed}{why}. The ledger holds "
        f"{done.ledger_trials} trials; the bars after the window were not read."
    )
    if not ranked:
        return [
            searched,
            f"No set had {done.min_trades} closed trades with a defined {wish.objective}: nothing to rank.",
        ]
    rows = [
        (done.ids[one.spec], one.score, one.trades.n, percent(one.trades.win_rate), percent(one.trades.breakeven),
         one.trades.expectancy, one.sharpe, stop_words(one.member.rule.exits), target_words(one.member.rule.exits),
         _params(one.member))
        for one in ranked[:SHOWN]
    ]  # fmt: skip
    columns = ["strategy", wish.objective, "trades", "win rate", "break-even", "R a trade", "Sharpe", "stop", "target",
               "parameters"]  # fmt: skip
    spread = luck(done)
    note = f"{len(ranked)} sets ranked" + (f", standard deviation of their scores {spread:.3g}" if spread else "")
    return [
        searched,
        table(f"{head}The best by {wish.objective}, train window", columns, rows, note=note),
        _CANDIDATE.format(tried=len(found.tried)),
        f"Next: tradewind validate {done.ids[ranked[0].spec]}",
    ]


def _params(member: Member) -> str:
    params = msgspec.to_builtins(member.params)
    return ", ".join(f"{name} {value}" for name, value in params.items() if name != "exits")
