"""The first minute: judge strategies on a market without an edge and on one with, then trade the proven for a week.

Everything is SIMULATED and every verdict is computed. The two markets differ in nothing but the planted edge. The
proven members trade a week none of them was judged on, through the journaled engine, on paper.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from tradewind import __version__
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE, MarketSpec, simulate, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.adapters.replay_feed import Recording
from tradewind.app.backtest import Backtest, BacktestResult
from tradewind.app.backtest_page import report_data
from tradewind.app.config import load_config
from tradewind.app.html_report.page import render
from tradewind.app.recordings import Material
from tradewind.app.run_replay import RunResult, run_replay
from tradewind.app.settings.root import AppConfig
from tradewind.app.wiring import instrument_for, members_for, plan_for
from tradewind.errors import Misconfigured
from tradewind.features.rule import Member
from tradewind.model.bar import BarColumns
from tradewind.model.report import GateReport, Stamp
from tradewind.model.timeframe import Timeframe
from tradewind.research.proof import MemberProof, prove

SYMBOL: Final = "BTC/USDT"
TIMEFRAME: Final = Timeframe.H1
HISTORY_BARS: Final = 20_000
WEEK_BARS: Final = 168
EDGE: Final = PlantedEdge(kind=EdgeKind.BREAKOUT, strength=0.35)
MARKER: Final = ".tradewind-demo"


class DemoVerdicts(msgspec.Struct, frozen=True):
    """What the gates said of every member on one market."""

    market: str
    edge: str
    proofs: tuple[MemberProof, ...]

    @property
    def passed(self) -> tuple[MemberProof, ...]:
        """The members that may speak."""
        return tuple(proof for proof in self.proofs if proof.report.approved)

    @property
    def shown(self) -> MemberProof:
        """The one to show: the best by mean R among those that passed, else among all with trades."""
        pool = self.passed or tuple(proof for proof in self.proofs if proof.metrics.n) or self.proofs
        return max(pool, key=_mean_r)


class DemoResult(msgspec.Struct, frozen=True):
    """The whole demo. ``replayed_equal`` says whether a second, journal-free run made the same decisions."""

    seed: int
    without_edge: DemoVerdicts
    with_edge: DemoVerdicts
    week: RunResult | None
    backtest: BacktestResult | None
    replayed_equal: bool | None
    report: str
    folder: str


def prepare_folder(folder: Path) -> None:
    """Makes an empty demo folder; one made by an earlier demo is emptied, anything else is left alone.

    Raises:
        Misconfigured: the folder holds something that no demo made.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise Misconfigured(
            f"{folder} is not empty and was not made by the demo",
            where="--folder",
            allowed="a new folder, or that of an earlier demo",
            next_step="name another one with --folder",
        )
    for name in ("data", "reports"):
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("made by `tradewind demo`; its contents are replaced by the next one\n")


def judge_market(config: AppConfig, seed: int, edge: PlantedEdge | None) -> tuple[DemoVerdicts, BarColumns]:
    """Simulates history and the week after it, and judges every member on the history alone."""
    instrument = instrument_for(config, SYMBOL)
    spec = spec_for(instrument, bars=HISTORY_BARS + WEEK_BARS, timeframe=TIMEFRAME, edge=edge)
    columns = simulate(spec, np.random.default_rng(seed))
    history = columns.slice(0, HISTORY_BARS)
    stamp = Stamp(_spec_hash(spec, seed), "", __version__, seed, simulated=True)
    proofs = prove(members_for(config, (TIMEFRAME,)), history, instrument, np.random.default_rng(seed), stamp=stamp)
    label = "none" if edge is None else f"{edge.kind.value}, {edge.strength:g} deviations a bar for {edge.hold} bars"
    return DemoVerdicts(f"{SOURCE} {SYMBOL} {TIMEFRAME}", label, proofs), columns


def trade_week(
    config: AppConfig, verdicts: DemoVerdicts, columns: BarColumns, folder: Path, say: Callable[[str], None]
) -> tuple[RunResult, Backtest, BacktestResult]:
    """Paper-trades the members that passed through the last week, journaled, then once more in memory to compare."""
    accepted = accepted_members(config, verdicts)
    material = _material(columns, verdicts.proofs[0].report.stamp.data_hash)
    plan = plan_for(config, material.bases, executes=True, simulated=True, members=accepted)
    database = folder / "data" / "tradewind.db"
    database.parent.mkdir(parents=True, exist_ok=True)
    CandleStore(folder / "data" / "candles").write(SYMBOL, TIMEFRAME, columns, SOURCE)
    week = run_replay(plan, material, database, say, now=int(columns.ts_open[0]))
    again = Backtest(plan, material.recordings)
    again.run()
    return week, again, again.result(material.data_hash, verdicts.proofs[0].report.stamp.seed or 0)


def accepted_members(config: AppConfig, verdicts: DemoVerdicts) -> tuple[Member, ...]:
    """The members behind the passed verdicts, in pool order."""
    passed = {proof.member for proof in verdicts.passed}
    return tuple(member for member in members_for(config, (TIMEFRAME,)) if member.id in passed)


def demo_config(passed: int) -> AppConfig:
    """The built-in configuration for the demo's one series; the quorum cannot exceed the members there are."""
    return load_config(
        environment={},
        overrides={"symbols": [SYMBOL], "ensemble.quorum": max(1, min(2, passed))},
        folder=Path("/nonexistent"),
    )


def write_demo_page(path: Path, run: Backtest, result: BacktestResult, refused: DemoVerdicts) -> None:
    """The report of the week, with the gate table of the market without an edge beside the accepted ones."""
    data = report_data(run, result, notes=("The week was not part of what the strategies were judged on.",))
    gates: tuple[GateReport, ...] = (*data.gates, refused.shown.report)
    data = msgspec.structs.replace(data, title="Demo: one simulated week", gates=gates)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(data), encoding="utf-8")


def write_demo_config(folder: Path, members: Sequence[Member], quorum: int) -> Path:
    """A configuration with which the verbs the demo names work in its folder."""
    lines = ["# Made by `tradewind demo`: the strategies that passed on the SIMULATED market, and nothing else."]
    lines += [f'symbols = ["{SYMBOL}"]', 'execution = "paper"', "", "[ensemble]", f"quorum = {quorum}", ""]
    for member in members:
        version = int(member.id.rsplit("_v", 1)[1])
        params = msgspec.json.encode(msgspec.to_builtins(member.params)).decode()
        lines += [
            "[[strategies.members]]",
            f'family = "{member.family}"',
            f'timeframe = "{member.timeframe}"',
            f'id = "{member.id}"',
            f"# version {version}",
            f"params = {_toml_inline(msgspec.json.decode(params))}",
            "",
        ]
    path = folder / "tradewind.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _toml_inline(value: object) -> str:
    """A value as inline TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml_inline(one)}" for name, one in value.items()) + " }"
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _material(columns: BarColumns, data_hash: str) -> Material:
    """History to warm up on, then the week to act on."""
    warm_until = int(columns.ts_close[HISTORY_BARS - 1])
    recording = Recording(SYMBOL, TIMEFRAME, columns, SOURCE, warm_until)
    return Material((recording,), {SYMBOL: TIMEFRAME}, data_hash, simulated=True, synthetic=0)


def _spec_hash(spec: MarketSpec, seed: int) -> str:
    return hashlib.sha256(repr((msgspec.to_builtins(spec), seed)).encode()).hexdigest()[:16]


def _mean_r(proof: MemberProof) -> float:
    return proof.metrics.expectancy if proof.metrics.expectancy is not None else float("-inf")
