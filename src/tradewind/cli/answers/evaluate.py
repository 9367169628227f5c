"""``tradewind evaluate``: figures, criteria and pictures of models on bars they never saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import msgspec
from rich.console import RenderableType

from tradewind.adapters.market.sealed.durable import write_bytes_durably
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.models.evaluation import Asked, Evaluated, Slice, evaluate
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.registry import manifests, named_version, newest_version
from tradewind.app.models.reliability_picture import Curve, reliability_picture
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.judged_models import shares, window_words
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table
from tradewind.cli.options import split_symbols
from tradewind.errors import Misconfigured
from tradewind.model.report import GateRow
from tradewind.model.stamp import SIMULATED
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import Manifest
from tradewind.research.model_evaluation import Evaluation
from tradewind.research.model_gates import ModelProfile
from tradewind.research.model_training import KINDS


class EvaluateOptions(NamedTuple):
    """What was typed after ``evaluate``."""

    model: str | None
    symbols: tuple[str, ...]
    interval: str | None
    kind: str
    profile: str | None
    min_accuracy: float | None
    max_calibration_error: float | None
    leakage: bool
    completeness: bool
    opens: bool
    picture: Path | None


def evaluated(config: Path | None, asked: EvaluateOptions) -> Report:
    """Judges every version asked for; exit 4 where a criterion of the profile is missed."""
    settings = load_config(config)
    workspace = Workspace(settings)
    promotions = Promotions(workspace)
    profile = _profile(asked.profile or settings.model.profile)
    terms = Asked(
        profile, asked.min_accuracy, asked.max_calibration_error, asked.leakage, asked.completeness, asked.opens
    )
    done = []
    chosen = _chosen(workspace, promotions, asked)
    with progress("Evaluating", total=len(chosen)) as advance:
        for version, symbols in chosen:
            advance.named(f"Evaluating {version}")
            done.append(evaluate(workspace, promotions, version, symbols, terms, WallClock().now()))
            advance()
    pictures = [_picture(workspace, one, asked.picture if len(done) == 1 else None) for one in done]
    documents = [_document(one, path) for one, path in zip(done, pictures, strict=True)]
    text = [line for one, path in zip(done, pictures, strict=True) for line in _text(one, path)]
    return Report({"models": documents}, text, DONE if all(one.met for one in done) else NEGATIVE)


def _profile(text: str) -> ModelProfile:
    if text not in get_args(ModelProfile):
        raise Misconfigured(f"no profile {text!r}", where="--profile", allowed=", ".join(get_args(ModelProfile)))
    return text  # type: ignore[return-value]  # one of them, as above


def _chosen(workspace: Workspace, promotions: Promotions, asked: EvaluateOptions) -> list[tuple[str, tuple[str, ...]]]:
    """Versions, each with the symbols it is judged on (empty: all of its own)."""
    if asked.kind and asked.kind not in (*KINDS, "linear"):
        raise Misconfigured(f"no model is called {asked.kind!r}", where="--model-type", allowed=", ".join(KINDS))
    symbols = workspace.symbols(split_symbols(list(asked.symbols))) if asked.symbols else ()
    interval = Timeframe.parse(asked.interval) if asked.interval else None
    if asked.model is None:
        known = tuple(manifests(workspace, promotions)[0].values())
        names = symbols or workspace.symbols()[:1]
        found: dict[str, tuple[str, ...]] = {}
        for name in names:
            one = newest_version(known, name, interval, asked.kind)
            found[one.version] = (*found.get(one.version, ()), name)
        return list(found.items())
    version = named_version(promotions, asked.model, symbols[0] if symbols else "", interval)
    _require(promotions.version(version).manifest, symbols, interval, asked.kind)
    return [(version, symbols)]


def _require(manifest: Manifest, symbols: Sequence[str], interval: Timeframe | None, kind: str) -> None:
    """That a version is what else was said of it."""
    others = [one for one in symbols if one not in manifest.symbols]
    if others or interval not in (None, manifest.timeframe) or kind not in ("", manifest.kind):
        raise Misconfigured(
            f"{manifest.version} is {manifest.kind} of {', '.join(manifest.symbols)} on {manifest.timeframe}",
            where="--model",
            next_step="name another version, or leave --symbol, --interval and --model-type out",
        )


def _picture(workspace: Workspace, done: Evaluated, path: Path | None) -> Path:
    path = path or workspace.reports / f"reliability-{done.manifest.version}.svg"
    curves = [
        Curve(f"{one.symbol} {one.name}", one.found.curve, one.found.ece, one.found.n_eff / one.found.n)
        for one in (*done.development, *done.sealed)
    ]
    made = f" ({SIMULATED})" if done.manifest.provenance.simulated else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes_durably(path, reliability_picture(f"{done.manifest.version}{made}", curves).encode())
    return path


def _document(done: Evaluated, picture: Path) -> dict[str, Any]:
    manifest = done.manifest
    return {
        "version": manifest.version,
        "kind": manifest.kind,
        "symbols": manifest.symbols,
        "interval": manifest.timeframe,
        "sha256": manifest.sha256,
        "profile": done.profile,
        "met": done.met,
        "promotable": done.promotable,
        "gate": manifest.gate,
        "sealed_record": done.record,
        "unread": done.unread,
        "notes": done.notes,
        "windows": [
            {
                "symbol": one.symbol,
                "window": one.name,
                "start": one.window[0],
                "end": one.window[1],
                "figures": msgspec.to_builtins(one.found),
                "profiles": {name: [msgspec.to_builtins(row) for row in rows] for name, rows in one.rows.items()},
            }
            for one in (*done.development, *done.sealed)
        ],
        "picture": str(picture),
        "simulated": manifest.provenance.simulated,
    }


def _text(done: Evaluated, picture: Path) -> Iterator[RenderableType | str]:
    manifest = done.manifest
    made = f" {SIMULATED}" if manifest.provenance.simulated else ""
    yield f"{manifest.version}{made} ({manifest.kind}, {', '.join(manifest.symbols)} {manifest.timeframe})"
    for one in (*done.development, *done.sealed):
        yield f"{one.symbol}, {one.name}, {window_words(one.window)}: {one.found.line()}"
        yield _figures(one)
        for name in dict.fromkeys((*one.rows, done.profile)):
            yield _criteria(one, name, one.rows[name])
    if done.unread:
        yield f"The sealed bars stay unread: {done.unread}."
    yield from done.notes
    missed = sorted({
        row.name for one in (*done.development, *done.sealed) for row in one.rows[done.profile] if not row.passed
    })  # fmt: skip
    yield f"Profile {done.profile}: " + (f"not met: {', '.join(missed)}." if missed else "met.")
    yield "It may be promoted." if done.promotable else "Not promoted; that is a normal result."
    yield f"Reliability: {picture}"


def _figures(one: Slice) -> RenderableType:
    found = one.found
    return table(f"{one.symbol} {one.name}", ["figure", "value", "of"], list(_figure_rows(found)))


def _figure_rows(found: Evaluation) -> Iterator[tuple[str, str, str]]:
    chosen, floor = found.selective, found.ece_floor
    every = f"{found.n:,} samples worth {found.n_eff:,.0f}"
    acted = f"{chosen.n:,} events that were acted on and share no bar"
    yield "accuracy", shares(found.accuracy), every
    yield "base rate", shares(found.base_rate), "the commoner label"
    yield (
        "skill",
        f"{100 * found.skill:+.1f} ({100 * found.skill_low:+.1f} to {100 * found.skill_high:+.1f})",
        "points, 95%",
    )
    yield "coverage", shares(found.coverage), every
    yield "accuracy acted on", f"{shares(chosen.accuracy)} ({shares(chosen.low)} to {shares(chosen.high)})", acted
    yield "break-even", shares(found.breakeven), "at its costs"
    yield "p", "undefined" if chosen.p is None else f"{chosen.p:.3g}", "exact, against base rate and break-even"
    yield "net", "undefined" if chosen.net_r is None else f"{chosen.net_r:+.3f} R", "a barrier width each, after costs"
    least = "undefined" if chosen.net_low is None else f"{100 * chosen.net_low:+.4f}%"
    yield "net, at least", least, "of the price each, after costs, one-sided 95%: what has to be above 0"
    noise = "" if floor is None else f"by luck {floor.mean:.3f}, in 1 of 20 above {floor.p95:.3f}"
    yield "calibration error", _number(found.ece), noise
    yield "calibration p", _number(found.calibration_p), f"{found.independent:,} samples that share no bar"
    yield "Brier, log loss", f"{_number(found.brier)}, {_number(found.log_loss)}", "0.25 and 0.693 know nothing"
    up_right, up_wrong, down_right, down_wrong = found.confusion
    yield "said up", f"{up_right} right, {up_wrong} wrong", "acted on"
    yield "said down", f"{down_right} right, {down_wrong} wrong", "acted on"
    for name, (n, accuracy) in found.regimes.items():
        yield f"accuracy, {name}", shares(accuracy), f"{n:,} samples, by volatility"


def _criteria(one: Slice, profile: str, rows: Sequence[GateRow]) -> RenderableType:
    shown = [(row.name, row.value, f"{row.comparison} {row.threshold}", row.outcome.value, row.note) for row in rows]
    return table(f"{one.symbol} {one.name}: {profile}", ["criterion", "value", "limit", "outcome", "note"], shown)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
