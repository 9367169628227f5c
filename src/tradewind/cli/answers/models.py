"""``tradewind models``: seats, decisions, reviews and copies as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from rich.console import RenderableType

from tradewind.adapters.models.bucket import Bucket, bucket_of
from tradewind.adapters.store.reader import StoreReader
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.models.copies import HASH, copy_models, put_back
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.registry import manifests
from tradewind.app.models.review import Reviewed, review_of
from tradewind.app.models.run_models import run_shelf
from tradewind.app.models.serving import configured_seats
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.judged_models import score_table, shares
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table
from tradewind.cli.data_options import minute
from tradewind.cli.options import split_symbols
from tradewind.errors import TradewindError, Unavailable
from tradewind.model.stamp import SIMULATED
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import Manifest
from tradewind.predictors.seats import Decision, Seat


class Line(NamedTuple):
    """One seat of the list: what it holds, the champion's manifest where it verifies, and what is wrong."""

    seat: Seat
    manifest: Manifest | None
    sealed: bool
    fault: str


def listed(
    config: Path | None,
    symbols: tuple[str, ...],
    intervals: tuple[str, ...],
    *,
    check: bool,
    versions: bool,
    store: Path | None = None,
) -> Report:
    """Symbols times intervals; exit 4 with ``check`` where one of them cannot serve. ``store``: of the run there."""
    settings = load_config(config)
    workspace, promotions = _of(settings, store)
    lines = [_line(promotions, symbol, one) for symbol, one in _plan(workspace, promotions, symbols, intervals)]
    missing = [f"{one.seat.symbol} {one.seat.timeframe}" for one in lines if one.fault]
    known, faults = manifests(workspace, promotions) if versions else ({}, {})
    document = {
        "seats": [_seat_document(one) for one in lines],
        "missing": missing,
        "versions": [_version_document(one) for one in known.values()],
        "faults": faults,
    }
    text: list[RenderableType | str] = [_seat_table(lines, missing)]
    if versions:
        text.append(_version_table(known, faults))
    return Report(document, text, NEGATIVE if check and missing else DONE)


def decided(
    config: Path | None, symbols: tuple[str, ...], intervals: tuple[str, ...], store: Path | None = None
) -> Report:
    """The record of decisions, its chain checked: the project's, or that of the run in ``store``."""
    workspace, promotions = _of(load_config(config), store)
    names = workspace.symbols(split_symbols(list(symbols))) if symbols else ()
    lengths = _lengths(intervals)
    found = [
        one
        for one in promotions.decisions()
        if (not names or one.symbol in names) and (not lengths or one.timeframe in lengths)
    ]
    return Report({"decisions": found}, list(_decision_text(found)))


def reviewed(
    config: Path | None, symbols: tuple[str, ...], intervals: tuple[str, ...], days: float, store: Path | None
) -> Report:
    """The three sections of every champion."""
    workspace, promotions = _of(load_config(config))
    names = workspace.symbols(split_symbols(list(symbols))) if symbols else ()
    lengths = _lengths(intervals)
    chosen = [
        one
        for one in promotions.seats()
        if one.champion and (not names or one.symbol in names) and (not lengths or one.timeframe in lengths)
    ]
    if not chosen:
        raise Unavailable("no champion to review", where="seats", next_step="tradewind promote; tradewind models list")
    found = []
    with store_reader(workspace, store) as reader, progress("Reviewing", total=len(chosen)) as advance:
        for seat in chosen:
            found.append(review_of(workspace, promotions, seat.symbol, seat.timeframe, days, reader))
            advance()
    text = [part for one in found for part in _review_text(one)]
    return Report({"days": days, "reviews": [_review_document(one) for one in found]}, text)


def backed_up(config: Path | None, output: Path | None, store: Path | None = None) -> Report:
    """Takes a copy of the project's models, or of those that the run in ``store`` made itself."""
    settings = load_config(config)
    workspace, promotions = _of(settings, store)
    folder = output or workspace.folder / settings.backup.folder
    done = copy_models(promotions, folder, WallClock().now(), _bucket(settings))
    places = ", ".join(done.places)
    line = (
        f"{len(done.versions)} versions, {len(done.seats)} seats, {done.bytes / 1e6:.1f} MB, "
        f"sha256 {done.sha256[:16]}: {places}"
    )
    return Report(done._asdict(), [line, *done.faults])


def restored(config: Path | None, file: str, version: str, *, seats: bool = False, store: Path | None = None) -> Report:
    """Brings versions back, into the project or to the run in ``store``; exit 4 where one is not what it was."""
    settings = load_config(config)
    _, promotions = _of(settings, store)
    path = Path(file)
    if path.is_file():
        beside = path.with_name(path.name + HASH)
        data, digest = path.read_bytes(), beside.read_bytes() if beside.is_file() else b""
    else:
        bucket = _bucket(settings)
        if bucket is None:
            raise Unavailable("no such copy", where=file, next_step="tradewind models backup makes one")
        data, digest = bucket.get(path.name), bucket.get(path.name + HASH)
    sha256 = digest.decode("ascii", "replace").partition(" ")[0]
    done = put_back(promotions, data, file, sha256, version, seats=seats)
    lines = [
        f"{len(done.versions)} versions are back in {promotions.shelf.folder}, {len(done.there)} were there already; "
        "each answers its probe as it was trained.",
        *(f"Refused: {one}" for one in done.refused),
        f"Seats: {', '.join(done.seats)}, as the copy has them."
        if done.seats
        else "Seats: as they were (--seats puts them and the record of decisions back as the copy has them).",
        *(f"Set aside: {one}" for one in done.aside),
    ]
    return Report(done._asdict(), lines, NEGATIVE if done.refused else DONE)


def _of(settings: AppConfig, store: Path | None = None) -> tuple[Workspace, Promotions]:
    workspace = Workspace(settings)
    return workspace, Promotions(workspace, None if store is None else run_shelf(workspace, store))


def _bucket(settings: AppConfig) -> Bucket | None:
    name = settings.aws.backup_bucket
    return bucket_of(name, settings.aws.region) if name else None


@contextmanager
def store_reader(workspace: Workspace, store: Path | None) -> Iterator[StoreReader | None]:
    """The run's store, None where there is none and none was named."""
    place = store or workspace.database
    if store is None and not place.is_file():
        yield None
        return
    with StoreReader(place) as reader:
        yield reader


def _lengths(intervals: Sequence[str]) -> tuple[Timeframe, ...]:
    words = [word for text in intervals for word in text.split(",") if word.strip()]
    return tuple(dict.fromkeys(Timeframe.parse(word) for word in words))


def _plan(
    workspace: Workspace, promotions: Promotions, symbols: tuple[str, ...], intervals: tuple[str, ...]
) -> list[tuple[str, Timeframe]]:
    """What is asked for, else every seat that the predictors claim and every one that something was decided about.

    Where no predictor names its symbols, every configured symbol on every configured interval is one that could be.
    """
    config = workspace.config
    lengths = _lengths(intervals)
    if symbols:
        names = workspace.symbols(split_symbols(list(symbols)))
        every = {(name, one) for name in names for one in lengths or _configured(config)}
    else:
        every = set(promotions.seated())
        if config.predictors and all(one.symbols for one in config.predictors):
            every |= {(one.symbol, one.timeframe) for one in configured_seats(config, workspace.folder)}
        else:
            every |= {(name, one) for name in workspace.symbols() for one in lengths or _configured(config)}
        every = {one for one in every if not lengths or one[1] in lengths}
    order = {name: place for place, name in enumerate(workspace.symbols())}
    return sorted(every, key=lambda one: (order.get(one[0], len(order)), one[0], one[1].rank))


def _configured(config: AppConfig) -> tuple[Timeframe, ...]:
    return tuple(one.interval for one in config.timeframes.intervals)


def _line(promotions: Promotions, symbol: str, timeframe: Timeframe) -> Line:
    seat = Seat(symbol=symbol, timeframe=timeframe)
    try:
        seat = promotions.seat(symbol, timeframe)
        if seat.champion is None:
            return Line(seat, None, sealed=False, fault="missing")
        found = promotions.version(seat.champion.version)
    except TradewindError as fault:
        return Line(seat, None, sealed=False, fault=str(fault))
    return Line(seat, found.manifest, sealed=found.sealed is not None and found.sealed.gate.passed, fault="")


def _seat_document(one: Line) -> dict[str, Any]:
    return {
        "symbol": one.seat.symbol,
        "interval": one.seat.timeframe,
        "champion": one.seat.champion,
        "predecessor": one.seat.predecessor,
        "challenger": one.seat.challenger,
        "kind": one.manifest.kind if one.manifest else None,
        "gate_passed": one.manifest.gate.passed if one.manifest else None,
        "sealed_passed": one.sealed if one.manifest else None,
        "simulated": one.manifest.provenance.simulated if one.manifest else None,
        "fault": one.fault,
    }


def _seat_table(lines: Sequence[Line], missing: Sequence[str]) -> RenderableType:
    rows = []
    for one in lines:
        seat, manifest = one.seat, one.manifest
        made = f" {SIMULATED}" if manifest and manifest.provenance.simulated else ""
        rows.append(
            (f"{seat.symbol}{made}", seat.timeframe, seat.champion.version if seat.champion else None,
             manifest.kind if manifest else None, minute(seat.champion.since) if seat.champion else None,
             seat.challenger.version if seat.challenger else None, one.fault or "serves")
        )  # fmt: skip
    note = f"Missing or unfit: {', '.join(missing)}." if missing else "Every one of them verifies."
    return table("Models", ["pair", "interval", "champion", "type", "since", "challenger", "state"], rows, note=note)


def _version_document(one: Manifest) -> dict[str, Any]:
    return {
        "version": one.version, "kind": one.kind, "symbols": one.symbols, "interval": one.timeframe,
        "sha256": one.sha256, "created": one.provenance.created, "gate": one.gate,
        "simulated": one.provenance.simulated,
    }  # fmt: skip


def _version_table(known: dict[str, Manifest], faults: dict[str, str]) -> RenderableType:
    rows = [
        (one.version, one.kind, ", ".join(one.symbols), one.timeframe, minute(one.provenance.created),
         "met" if one.gate.passed else f"missed: {', '.join(one.gate.missed)}")
        for one in known.values()
    ]  # fmt: skip
    note = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
    return table("Versions", ["version", "type", "symbols", "interval", "made", "gate"], rows, note=note)


def _decision_text(found: Sequence[Decision]) -> Iterator[RenderableType | str]:
    rows = [
        (one.number, minute(one.ts), f"{one.symbol} {one.timeframe}", one.action, one.outcome, one.version,
         one.champion, "; ".join(filter(None, (one.reason, ", ".join(one.missed)))))
        for one in found
    ]  # fmt: skip
    names = ["", "when", "seat", "what", "outcome", "version", "champion before", "why"]
    yield table("Decisions", names, rows)
    for one in found:
        if one.duel is not None:
            yield f"Decision {one.number}:"
            yield score_table(one.duel)


def _review_document(one: Reviewed) -> dict[str, Any]:
    return {
        "symbol": one.symbol, "interval": one.timeframe, "version": one.champion.version, "start": one.start,
        "end": one.end, "came_from": one.came_from, "simulated": one.simulated,
        "win_rate": one.review.hit_rate, "calibration": {
            **msgspec.to_builtins(one.review.calibration), "drift": one.review.calibration.drift,
        },
        "failures": one.review.failures,
    }  # fmt: skip


def _review_text(one: Reviewed) -> Iterator[RenderableType | str]:
    hits, error, made = one.review.hit_rate, one.review.calibration, f" {SIMULATED}" if one.simulated else ""
    yield (
        f"{one.symbol}{made} {one.timeframe}, {one.champion.version}, {minute(one.start)} to {minute(one.end)}, "
        f"{one.came_from}"
    )
    yield table(
        "Predicted and actual win rate",
        ["events", "promised", "actual", "95%", "p of as few"],
        [(hits.n, shares(hits.promised), shares(hits.actual), f"{shares(hits.low)} to {shares(hits.high)}",
          "undefined" if hits.p is None else f"{hits.p:.3g}")],
        note="acted on, sharing no bar",
    )  # fmt: skip
    figures = [None if value is None else f"{value:.3f}" for value in (error.error, error.before, error.drift, error.p)]
    luck = "" if error.floor is None else f"by luck {error.floor.mean:.3f}, in 1 of 20 above {error.floor.p95:.3f}"
    yield table(
        "Calibration drift",
        ["forecasts", "error now", "error when judged", "drift", "p", "luck"],
        [(error.n, *figures, luck)],
    )
    worst = [
        (each.group, each.n, each.misses, shares(each.share), shares(each.promised), f"{each.p:.3g}")
        for each in one.review.failures[:8]
    ]
    yield table(
        "Failure patterns",
        ["group", "events", "misses", "share", "promised", "p (Holm)"],
        worst,
        note="Groups of at least five events; p: as many misses although the promise holds, among so many groups.",
    )
