"""The first minute: judge strategies on a market without an edge and on one with, then trade the proven for a week.

Everything is SIMULATED and every verdict is computed, by the honest gates and the protocol that `tradewind validate`
follows: trials and looks go into the ledger, what passes gets a signed verdict, and the week's run hears nobody else.
The two markets differ in nothing but the planted edge. Nobody was judged on the week that is traded.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE, MarketSpec, simulate, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.adapters.replay_feed import Recording
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.backtest import Backtest
from tradewind.app.config import config_hash, load_config
from tradewind.app.executors import executor_for
from tradewind.app.html_report.data import GateGroup, ReportData
from tradewind.app.instruments import instrument_for
from tradewind.app.measured_run import FinishedRun, MeasuredRun, measure
from tradewind.app.pool import Policy
from tradewind.app.project import require_folder
from tradewind.app.recordings import Material
from tradewind.app.run_page import findings, report_data
from tradewind.app.run_plan import Wanted, run_plan
from tradewind.app.run_replay import RunResult, run_replay
from tradewind.app.settings.root import AppConfig
from tradewind.app.stored_run import asked_words
from tradewind.app.validation.project_ledger import project_ledger
from tradewind.app.validation.run import validate
from tradewind.app.validation.selection import Work
from tradewind.app.validation.series import Series, terms_of
from tradewind.app.wiring import members_for
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured
from tradewind.features.rule import spec_hash
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import Timeframe
from tradewind.research.batch import Judged
from tradewind.research.candidate_trades import Market
from tradewind.research.proof import MemberProof, best_first, edge_line, shadow_book
from tradewind.validation.trade_metrics import trade_metrics

SYMBOL: Final = "BTC/USDT"
TIMEFRAME: Final = Timeframe.H1
HISTORY_BARS: Final = 20_000
WEEK_BARS: Final = 168
EDGE: Final = PlantedEdge(kind=EdgeKind.BREAKOUT, strength=0.6)
VOLATILITY: Final = 0.3
"""A year's, below the usual: an edge of this size moves prices far, and ticks must stay small beside them."""
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

    @staticmethod
    def opened(proof: MemberProof) -> bool:
        """Whether its sealed window was looked at; for the others the report says what came before."""
        return any(row.stage == "sealed" and row.value is not None and row.n for row in proof.report.rows)

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
    require_folder(folder, "--folder")
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
    config: AppConfig, seed: int, edge: PlantedEdge | None, folder: Path | None, on_members: Callable[[float], None]
) -> tuple[DemoVerdicts, BarColumns]:
    """Simulates history and the week after it, and judges every member on the history alone.

    In the project at ``folder`` trials, verdicts and the strategy book are kept; None keeps nothing.
    """
    instrument = instrument_for(config, SYMBOL)
    usual = spec_for(instrument, bars=HISTORY_BARS + WEEK_BARS, timeframe=TIMEFRAME, edge=edge)
    spec = msgspec.structs.replace(usual, annual_volatility=VOLATILITY)
    columns = simulate(spec, np.random.default_rng(seed))
    history = columns.slice(0, HISTORY_BARS)
    series = Series(
        instrument, TIMEFRAME, Market.of(history, instrument), _spec_hash(spec, seed), SOURCE, simulated=True
    )
    with tempfile.TemporaryDirectory() as nowhere:
        judged = _validated(config, series, seed, Path(nowhere) if folder is None else folder, on_members)
    label = "none" if edge is None else f"{edge.kind.value}, {edge.strength:g} deviations a bar for {edge.hold} bars"
    return DemoVerdicts(f"{SOURCE} {SYMBOL} {TIMEFRAME}", label, _proofs(judged, series)), columns


def _validated(
    config: AppConfig, series: Series, seed: int, folder: Path, on_members: Callable[[float], None]
) -> tuple[Judged, ...]:
    """Every member judged as one batch of the project at ``folder``, with what is kept of it."""
    workspace = Workspace(config, folder)
    now = int(series.market.columns.ts_close[-1])
    members = members_for(config, (TIMEFRAME,))
    work = Work(SYMBOL, TIMEFRAME, members, frozenset(map(spec_hash, members)))
    workspace.data.mkdir(parents=True, exist_ok=True)
    with (
        StrategyBook.open(workspace.database, now) as book,
        project_ledger(config, workspace.data, folder) as ledger,
        executor_for(1) as executor,
    ):
        book.add(members, now, symbol=SYMBOL, asset_class=str(series.instrument.asset_class))
        done = validate(
            work, series, terms_of(config, seed), ledger, VerdictFiles(workspace.data), executor,
            config_hash=config_hash(config), now=now, advance=on_members,
        )  # fmt: skip
        book.judge([kept.judgement for kept in done.kept if kept.judgement is not None], now)
    return done.judged


def _proofs(judged: Sequence[Judged], series: Series) -> tuple[MemberProof, ...]:
    """The honest report on each, beside its own trades over the whole history."""
    members = [one.candidate.member for one in judged]
    book = shadow_book(members, series.market.columns, series.instrument)
    proofs = []
    for place, (member, one) in enumerate(zip(members, judged, strict=True)):
        report = one.judgement.report("honest")
        assert report is not None  # every judgement has it
        trades = book.columns(place)
        measured = trade_metrics(trades.r, ambiguous=int(trades.ambiguous.sum()))
        proofs.append(MemberProof(member.id, member.timeframe, book.record(place), measured, report, SYMBOL))
    return tuple(proofs)


def trade_week(
    config: AppConfig, verdicts: DemoVerdicts, columns: BarColumns, folder: Path, now: int, say: Callable[[str], None]
) -> tuple[RunResult, FinishedRun, MeasuredRun]:
    """Paper-trades the proven strategies through the last week, journaled, then once more in memory to compare.

    ``now`` is when the store is opened, for its lease; the journal knows the market's times only.
    """
    stamp = verdicts.proofs[0].report.stamp
    material = _material(columns, stamp.data_hash)
    database = Workspace(config, folder).database
    CandleStore(folder / "data" / "candles").write(SYMBOL, TIMEFRAME, columns, SOURCE)
    wanted = Wanted(material.bases, executes=True, simulated=True, policy=Policy.PROVEN, folder=folder)
    chosen = run_plan(config, wanted, database, now)
    asked = asked_words(execution="paper", preset=None, interval=None, settings=config_hash(config), pool=Policy.PROVEN)
    week = run_replay(chosen, material, database, say, now=now, asked=asked)
    again = Backtest(chosen.plan, material.recordings)
    again.run()
    measured = measure(again.finished, material.data_hash, stamp.seed or 0, proofs=verdicts.proofs, naive=True)
    return week, again.finished, measured


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


def write_demo_config(folder: Path, passed: int) -> AppConfig:
    """Writes the configuration with which the week runs and later verbs work in the folder, and reads it.

    The quorum cannot exceed the strategies that ``passed``.
    """
    lines = [
        "# Made by `tradewind demo`. Who is heard is told by the signed verdicts in data/verdicts, not by this file.",
        f'symbols = ["{SYMBOL}"]',
        'execution = "paper"',
        "",
        "[strategies]",
        'folder = ""',
        "",
        "[ensemble]",
        f"quorum = {min(2, passed)}",
        "",
    ]
    (folder / "tradewind.toml").write_text("\n".join(lines), encoding="utf-8")
    return load_config(environment={}, folder=folder)


def _material(columns: BarColumns, data_hash: str) -> Material:
    """History to warm up on, then the week to act on."""
    warm_until = int(columns.ts_close[HISTORY_BARS - 1])
    recording = Recording(SYMBOL, TIMEFRAME, columns, SOURCE, warm_until)
    return Material((recording,), {SYMBOL: TIMEFRAME}, data_hash, simulated=True, synthetic=0)


def _spec_hash(spec: MarketSpec, seed: int) -> str:
    return hashlib.sha256(repr((msgspec.to_builtins(spec), seed)).encode()).hexdigest()[:16]
