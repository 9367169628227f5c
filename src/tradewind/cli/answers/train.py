"""``tradewind train``: the material, the fit with its epochs, and what the gates say of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from rich.console import RenderableType

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.executors import executor_for
from tradewind.app.models.bench import SOURCE_SAMPLES, SOURCE_SECONDS, Bench, bench
from tradewind.app.models.material import FEWEST, SAMPLES, Material, checked_inputs, material_of
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.registry import PLACES, manifests
from tradewind.app.models.training import Trained, refuse_taken, train
from tradewind.app.models.tuning import Tuned, tune
from tradewind.app.models.versions import shelf_of
from tradewind.app.signal_text import utc
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import Report, progress, table, tell
from tradewind.cli.options import moment, split_symbols
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.stamp import SIMULATED
from tradewind.model.timeframe import Timeframe
from tradewind.research.fit_plan import FitPlan
from tradewind.research.model_training import KINDS, NETS, Order, Progress, train_model
from tradewind.research.model_tuning import TunedTrial
from tradewind.research.news_ablation import Ablation, ablation, without_news

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class TrainOptions(NamedTuple):
    """What was typed after ``train``."""

    symbols: tuple[str, ...]
    interval: str
    kind: str
    size: str
    options: dict[str, Any]
    epochs: int
    patience: int
    batch: int
    rate: float
    length: int
    samples: int
    retrain: bool
    replay: float
    precision: str
    budget: float
    seed: int
    sealed: bool = True
    sentiment: bool = False
    name: str = ""
    checkpoint: bool = False
    bench: bool = False
    tune: int = 0
    workers: int = 1
    cluster: str = ""
    until: str = ""
    since: str = ""


def sized(named: Sequence[str] | None, **given: float | None) -> dict[str, Any]:
    """Sizes that were typed, by their own options or as ``NAME=NUMBER``.

    Raises:
        Misconfigured: one of the latter is none.
    """
    found: dict[str, Any] = {name: one for name, one in given.items() if one is not None}
    for text in named or ():
        name, _, number = text.partition("=")
        try:
            found[name.strip()] = int(number) if number.strip().lstrip("-").isdigit() else float(number)
        except ValueError as error:
            raise Misconfigured(f"{text!r}", where="--option", allowed="NAME=NUMBER, such as channels=32") from error
    return found


def sample_count(samples: int | None, *, every: bool) -> int:
    """How many of the newest samples are used.

    Raises:
        Misconfigured: a number, and all of them.
    """
    if every and samples is not None:
        raise Misconfigured(f"--samples {samples} with --more-data", where="train", allowed="one of them")
    return 10**9 if every else samples or SAMPLES


def trained(config: Path | None, asked: TrainOptions) -> Report:
    """Trains and judges; the document has the manifest's figures and every criterion of both profiles."""
    settings = load_config(config)
    workspace = Workspace(settings)
    _refuse_name(workspace, asked.name)
    interval = Timeframe.parse(asked.interval)
    order = _order(asked)
    symbols = workspace.symbols(split_symbols(list(asked.symbols) or None) if asked.symbols else ())
    if not asked.symbols:
        symbols = symbols[:1]
    if asked.bench:
        with progress(f"Timing {order.kind}", total=None):
            return _benched(bench(settings, symbols, interval, order, asked.samples, WallClock()), symbols, interval)
    with progress(f"Reading {', '.join(symbols)} {interval}", total=None):
        material = material_of(
            settings,
            symbols,
            interval,
            order.kind,
            order.length,
            asked.samples,
            sealed=asked.sealed,
            news=asked.sentiment,
            until=moment(asked.until, "--until") if asked.until else 0,
            since=moment(asked.since, "--since") if asked.since else 0,
        )
        inputs = checked_inputs(settings, [one.data.features for one in material.parts], material.bars)
    _tell_of_older(asked, material)
    warm = _newest(workspace, order, symbols, interval) if asked.retrain else ""
    notes: dict[str, Any] = {}
    if asked.tune:
        found = _tuned(workspace, order, material, interval, asked)
        order, notes = found.order, {"tuned": found.card()}
    with progress(f"Training {order.kind}", total=order.plan.epochs) as advance:

        def told(one: Progress) -> None:
            advance()
            if one.epoch.number > 1 and not heard:
                tell(f"Goes on behind epoch {one.epoch.number - 1}, where the same training was cut short")
            heard.append(one.epoch.number)
            tell(one.epoch.line(one.of))

        heard: list[int] = []
        done = train(
            workspace, order, material, interval, inputs, WallClock().now(), warm=warm, name=asked.name,
            checkpoint=asked.checkpoint, notes=notes, told=told,
        )  # fmt: skip
    if not asked.sentiment:
        return Report(_document(done), _text(done))
    with progress(f"Training {order.kind} without the news", total=None):
        bare = train_model(order, [without_news(part) for part in material.parts])
    worth = ablation(
        symbols,
        list(zip(done.forecasts, done.evaluations, strict=True)),
        list(zip(bare.forecasts, bare.evaluations, strict=True)),
    )
    return Report({**_document(done), "ablation": worth}, [*_text(done), *_ablation_text(worth)])


def _refuse_name(workspace: Workspace, name: str) -> None:
    if name in PLACES:
        raise Misconfigured(f"a version called {name!r}", where="--name", allowed="another word: it names a place")
    refuse_taken(shelf_of(workspace), name)


def _tell_of_older(asked: TrainOptions, material: Material) -> None:
    since = moment(asked.since, "--since") if asked.since else 0
    for part in material.parts:
        first = int(part.data.features.ts_close[part.slices.train[0]])
        if first < since:
            tell(
                f"{part.data.features.symbol}: too few samples lie after {asked.since}, half of them and {FEWEST:,} are"
                f" asked for; it is trained on the newest, from {utc(first)} on"
            )


def _tuned(workspace: Workspace, order: Order, material: Material, interval: Timeframe, asked: TrainOptions) -> Tuned:
    """The search before the training; each try is told."""
    if asked.retrain:
        raise Misconfigured("a warm start has the sizes of the version it starts from", where="--tune with --retrain",
                            allowed="one of both")  # fmt: skip
    with (
        progress(f"Tuning {order.kind}", total=asked.tune) as advance,
        executor_for(asked.workers, asked.cluster, libraries=("torch",)) as executor,
    ):

        def told(one: TunedTrial, number: int) -> None:
            advance()
            sizes = ", ".join(f"{name} {value}" for name, value in (*one.options.items(), ("rate", one.rate or "own")))
            tell(f"Try {number}: stop loss {one.best:.4f}, {len(one.losses)} epochs, {one.stopped} ({sizes})")

        found = tune(
            workspace, order, material, interval, executor, WallClock().now(), trials=asked.tune, budget=asked.budget,
            told=told,
        )  # fmt: skip
    card = found.card()
    tell(
        f"Best of {card['trials']} tries ({card['pruned']} ended early, {found.kept} known before): stop loss "
        f"{card['stop_loss']:.4f}, untuned {card['stop_loss_untuned']:.4f}. The test was not looked at; the project's "
        f"trial ledger holds {card['ledger_trials']:,} trials now."
    )
    return found


def _order(asked: TrainOptions) -> Order:
    if asked.kind not in KINDS:
        raise Misconfigured(f"no model is called {asked.kind!r}", where="--type", allowed=", ".join(KINDS))
    if asked.kind not in NETS and (asked.options or asked.size):
        raise Misconfigured(
            f"sizes for {asked.kind}", where="train", allowed="none: only nets have sizes", next_step="leave them out"
        )
    if asked.name and not _NAME.fullmatch(asked.name):
        raise Misconfigured(f"{asked.name!r}", where="--name", allowed="80 letters, digits, dots, _ and - at most")
    if asked.kind not in NETS and asked.checkpoint:
        raise Misconfigured(f"weights of {asked.kind}", where="--checkpoint", allowed=f"one of {', '.join(NETS)}")
    if asked.precision not in ("float32", "bfloat16"):
        raise Misconfigured(f"{asked.precision!r}", where="--precision", allowed="float32, bfloat16")
    plan = FitPlan(
        epochs=asked.epochs, patience=asked.patience, batch=asked.batch, rate=asked.rate, seed=asked.seed,
        precision=asked.precision, seconds=0.0 if asked.tune else asked.budget,  # type: ignore[arg-type]  # one of the two, as above
    )  # fmt: skip
    return Order(
        kind=asked.kind, length=asked.length, size=asked.size, options=asked.options, plan=plan, replay=asked.replay
    )


def _newest(workspace: Workspace, order: Order, symbols: tuple[str, ...], interval: Timeframe) -> str:
    """The newest version of a kind for exactly these symbols, of a net one of the same sizes."""
    known, _ = manifests(workspace, Promotions(workspace))
    every = [
        (name, one.card.get("order", {}))
        for name, one in known.items()
        if (one.kind, one.symbols, one.timeframe) == (order.kind, symbols, interval)
    ]
    sizes = (order.length, order.size, order.options)
    found = [
        name
        for name, its in every
        if order.kind not in NETS or (its.get("length"), its.get("size"), its.get("options")) == sizes
    ]
    if not found:
        other = f" of these sizes; {len(every)} of others are there" if every else ""
        raise Unavailable(
            f"no {order.kind} of {', '.join(symbols)} {interval}{other} to start from", where="--retrain",
            next_step="train it without --retrain first",
        )  # fmt: skip
    tell(f"Starts from {found[-1]}")
    return found[-1]


def _benched(found: Bench, symbols: tuple[str, ...], interval: Timeframe) -> Report:
    rows: list[tuple[str, str, str]] = [(one.name, f"{one.wall:.1f} s", f"{one.cpu:.1f} s CPU") for one in found.stages]
    steps = f"{found.epochs} epochs" if found.epoch is not None else "one fit"
    if found.epoch is not None:
        rows.append(("an epoch", "", f"{found.epoch:.2f} s CPU"))
    rows += [
        (f"whole, {found.asked} epochs at most", "extrapolated", f"{found.whole:.1f} s CPU"),
        (f"of {SOURCE_SAMPLES:,} samples", "extrapolated", f"{found.source:.1f} s CPU; the figure to beat is "
         f"{SOURCE_SECONDS[0]:.0f} to {SOURCE_SECONDS[1]:.0f} s"),
        ("30 days of 5m, 100 epochs", "extrapolated", f"{found.month / 3600:.2f} h CPU"),
    ]  # fmt: skip
    title = f"{found.kind} of {', '.join(symbols)} {interval}: {found.bars:,} bars, {found.fit:,} samples, {steps}"
    note = "Nothing was kept. Early stopping makes it less, never more."
    return Report(found, table(title, ["stage", "passed", "processor"], rows, note=note))


def _document(done: Trained) -> dict[str, Any]:
    manifest = done.manifest
    return {
        "version": manifest.version,
        "kind": manifest.kind,
        "symbols": manifest.symbols,
        "interval": manifest.timeframe,
        "place": str(done.place),
        "sha256": manifest.sha256,
        "passed": manifest.gate.passed,
        "missed": manifest.gate.missed,
        "profiles": {name: [msgspec.to_builtins(row) for row in rows] for name, rows in done.rows.items()},
        "card": manifest.card,
        "provenance": manifest.provenance,
        "cpu_seconds": done.cpu_seconds,
        "resumed_from": done.resumed_from,
        "simulated": manifest.provenance.simulated,
    }


def _text(done: Trained) -> list[RenderableType | str]:
    manifest = done.manifest
    made = f" {SIMULATED}" if manifest.provenance.simulated else ""
    sizes = manifest.card["samples"]
    lines: list[RenderableType | str] = [
        f"{manifest.version}{made}: {sizes['fit']:,} samples to fit, {sizes['stop']:,} later ones to stop on, "
        f"{sizes['calibrate'] + sizes['sets']:,} to calibrate, {sizes['test']:,} to test; {done.cpu_seconds:.1f} s CPU",
    ]
    if manifest.card["epochs"]:
        lines.append(_stop_text(manifest.card))
    for symbol, one in zip(manifest.symbols, done.evaluations, strict=True):
        lines.append(f"{symbol}: {one.line()}")
    for profile, rows in done.rows.items():
        shown = [
            (row.name, row.value, f"{row.comparison} {row.threshold}", row.outcome.value, row.note) for row in rows
        ]
        lines.append(table(f"Profile {profile}", ["criterion", "value", "limit", "outcome", "note"], shown))
    verdict = "met" if manifest.gate.passed else f"not met: {', '.join(manifest.gate.missed)}"
    lines.append(f"Honest gate {verdict}. Kept in {done.place}; nothing is promoted by training.")
    return lines


def _stop_text(card: dict[str, Any]) -> str:
    """After which epoch a fit ended, and why."""
    plan = card["order"]["plan"]
    why = {
        "patience": f"no progress for {plan['patience']} of them (patience)",
        "epochs": "all that were asked for (epochs)",
        "seconds": f"the budget of {plan['seconds']:g} s is used up (seconds)",
    }
    return f"Stopped after epoch {len(card['epochs'])}/{plan['epochs']}: {why.get(card['stopped'], card['stopped'])}."


def _ablation_text(worth: Sequence[Ablation]) -> list[RenderableType | str]:
    """With and without the news, on the same samples."""
    rows = []
    for one in worth:
        for name, found in (("with", one.with_news), ("without", one.without)):
            rows.append(
                (one.symbol, name, found.n, round(found.n_eff), f"{found.accuracy:.1%}", f"{found.base_rate:.1%}",
                 f"{100.0 * found.skill:+.1f} ({100.0 * found.skill_low:+.1f} to {100.0 * found.skill_high:+.1f})",
                 _number(found.brier, 4), _number(found.log_loss, 4))
            )  # fmt: skip
    names = ["pair", "news", "test samples", "n_eff", "accuracy", "base rate", "skill, points", "Brier", "log loss"]
    said = [
        f"{one.symbol}: the news are worth {100.0 * one.gain:+.1f} points of accuracy"
        f" ({100.0 * one.low:+.1f} to {100.0 * one.high:+.1f}),"
        f" {'more than chance' if one.low > 0 else 'less than nothing' if one.high < 0 else 'not told from nothing'}."
        for one in worth
    ]
    return [table("Ablation: the same samples with and without the news", names, rows), *said]


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
