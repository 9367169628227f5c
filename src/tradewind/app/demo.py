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
from tradewind.app.backtest import Backtest
from tradewind.app.config import config_hash, load_config
from tradewind.app.html_report.data import GateGroup, ReportData
from tradewind.app.measured_run import FinishedRun, MeasuredRun, measure
from tradewind.app.recordings import Material
from tradewind.app.run_page import findings, report_data
from tradewind.app.run_replay import RunResult, run_replay
from tradewind.app.settings.root import AppConfig
from tradewind.app.stored_run import asked_words
from tradewind.app.wiring import instrument_for, members_for, plan_for
from tradewind.errors import Misconfigured
from tradewind.features.rule import Member
from tradewind.model.bar import BarColumns
from tradewind.model.report import Stamp
from tradewind.model.timeframe import Timeframe
from tradewind.research.proof import MemberProof, best_first, edge_line, prove

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
        """The one to show: the best."""
        return best_first(self.proofs)[0]


class DemoResult(msgspec.Struct, frozen=True):
    """The whole demo; ``week`` and ``measured`` are None when nothing could be proven.

    ``replayed_equal`` says whether a second, journal-free run made the same decisions.
    """

    seed: int
    without_edge: DemoVerdicts
    with_edge: DemoVerdicts
    week: RunResult | None
    measured: MeasuredRun | None
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


def judgements(config: AppConfig) -> int:
    """How many verdicts the two markets take."""
    return 2 * len(members_for(config, (TIMEFRAME,)))


def judge_market(
    config: AppConfig, seed: int, edge: PlantedEdge | None, on_member: Callable[[], None]
) -> tuple[DemoVerdicts, BarColumns]:
    """Simulates history and the week after it, and judges every member on the history alone."""
    instrument = instrument_for(config, SYMBOL)
    spec = spec_for(instrument, bars=HISTORY_BARS + WEEK_BARS, timeframe=TIMEFRAME, edge=edge)
    columns = simulate(spec, np.random.default_rng(seed))
    history = columns.slice(0, HISTORY_BARS)
    stamp = Stamp(_spec_hash(spec, seed), "", __version__, seed, simulated=True)
    members = members_for(config, (TIMEFRAME,))
    proofs = prove(members, history, instrument, np.random.default_rng(seed), stamp=stamp, on_member=on_member)
    label = "none" if edge is None else f"{edge.kind.value}, {edge.strength:g} deviations a bar for {edge.hold} bars"
    return DemoVerdicts(f"{SOURCE} {SYMBOL} {TIMEFRAME}", label, proofs), columns


def trade_week(
    config: AppConfig, verdicts: DemoVerdicts, columns: BarColumns, folder: Path, now: int, say: Callable[[str], None]
) -> tuple[RunResult, FinishedRun, MeasuredRun]:
    """Paper-trades the configured members through the last week, journaled, then once more in memory to compare.

    ``now`` is when the store is opened, for its lease; the journal knows the market's times only.
    """
    stamp = verdicts.proofs[0].report.stamp
    material = _material(columns, stamp.data_hash)
    plan = plan_for(config, material.bases, executes=True, simulated=True)
    database = folder / "data" / "tradewind.db"
    database.parent.mkdir(parents=True, exist_ok=True)
    CandleStore(folder / "data" / "candles").write(SYMBOL, TIMEFRAME, columns, SOURCE)
    asked = asked_words(executes=True, preset=None, interval=None, settings=config_hash(config))
    week = run_replay(plan, material, database, say, now=now, asked=asked)
    again = Backtest(plan, material.recordings)
    again.run()
    measured = measure(again.finished, material.data_hash, stamp.seed or 0, proofs=verdicts.proofs, naive=True)
    return week, again.finished, measured


def accepted_members(config: AppConfig, verdicts: DemoVerdicts) -> tuple[Member, ...]:
    """The members behind the passed verdicts, in pool order."""
    passed = {proof.member for proof in verdicts.passed}
    return tuple(member for member in members_for(config, (TIMEFRAME,)) if member.id in passed)


def demo_config() -> AppConfig:
    """The built-in configuration for the demo's one series, with every strategy of the installation."""
    return load_config(
        environment={}, overrides={"symbols": [SYMBOL], "strategies.folder": ""}, folder=Path("/nonexistent")
    )


def demo_page(run: FinishedRun, week: MeasuredRun, refused: DemoVerdicts, accepted: DemoVerdicts) -> ReportData:
    """The report of the week; the gates of both markets stand first among what it rests on."""
    data = report_data(run, week, "Demo week", notes=("No strategy was judged on the week that was traded.",))
    markets = (("Market without an edge", refused), ("Market with a planted edge", accepted))
    return msgspec.structs.replace(
        data,
        title=f"Demo: one week of {SYMBOL} on paper",
        findings=(
            *((f"{name}: {edge_line(verdicts.proofs)}", bool(verdicts.passed)) for name, verdicts in markets),
            *findings(msgspec.structs.replace(week, proofs=())),
        ),
        gates=tuple(
            GateGroup(
                name,
                tuple(proof.report for proof in best_first(verdicts.proofs)),
                f"{verdicts.market}; planted edge: {verdicts.edge}. Judged on {HISTORY_BARS:,} bars.",
            )
            for name, verdicts in markets
        ),
        gates_first=True,
    )


def write_demo_config(folder: Path, members: Sequence[Member]) -> AppConfig:
    """Writes the configuration with which the week runs and later verbs work in the folder, and reads it.

    The quorum cannot exceed the members there are.
    """
    quorum = min(2, len(members))
    lines = ["# Made by `tradewind demo`: the strategies that passed on the SIMULATED market, and nothing else."]
    lines += [f'symbols = ["{SYMBOL}"]', 'execution = "paper"', "", "[ensemble]", f"quorum = {quorum}", ""]
    for member in members:
        params = msgspec.json.encode(msgspec.to_builtins(member.params)).decode()
        lines += [
            "[[strategies.members]]",
            f'family = "{member.family}"',
            f'timeframe = "{member.timeframe}"',
            f'id = "{member.id}"',
            f"params = {_toml_inline(msgspec.json.decode(params))}",
            "",
        ]
    path = folder / "tradewind.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load_config(environment={}, folder=folder)


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
