"""What a version is worth: on the bars it was developed on, and once on the sealed ones that came after.

The sealed bars are opened only for a version that meets its gate on the earlier ones. Who opened them is in the trial
ledger before the first of them is read; a kind of model that had read any of them before is judged by them no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.feature_files import file_of
from tradewind.adapters.market.sealed.columns import content_hash
from tradewind.app.feature_sets import SeriesBars, stored_series, verify
from tradewind.app.instruments import instrument_for
from tradewind.app.models.material import before, checked_inputs, cost_of, labelled_bars
from tradewind.app.models.promotion import Promotions, SealedRecord, Version
from tradewind.app.models.sealing import Opened, look_of, open_sealed, require_looks
from tradewind.app.models.training import limits_of, record_of
from tradewind.app.models.versions import latency_p99_ms
from tradewind.app.validation.costs import require_own_costs
from tradewind.app.workspace import Workspace
from tradewind.model.bar import BarColumns
from tradewind.model.report import GateKind, GateRow
from tradewind.predictors.manifest import Manifest
from tradewind.research.dataset import DataSet
from tradewind.research.model_evaluation import Evaluation, Forecasts
from tradewind.research.model_gates import (
    COMPLETENESS,
    LEAKAGE,
    PROFILES,
    InputCheck,
    ModelLimits,
    ModelProfile,
    model_rows,
    passed,
)
from tradewind.research.served_forecasts import Unseen, said, shown

Rows = tuple[GateRow, ...]
Window = tuple[int, int]
FIRST_LOOK: Final = "sealed.first_look"
LEAST: Final = 10
"""Horizons of a label that sealed bars must hold before they are worth opening."""
KEPT: Final = "kept sealed, as asked for"


class Asked(NamedTuple):
    """What somebody wants to be told: the profile, limits in place of the configured ones (None: those), which checks
    of the inputs, and whether the sealed bars may be opened."""

    profile: ModelProfile = "honest"
    min_accuracy: float | None = None
    max_calibration_error: float | None = None
    leakage: bool = True
    completeness: bool = True
    opens: bool = True

    def limits(self, own: ModelLimits) -> ModelLimits:
        """The limits with what was asked in their place."""
        accuracy = own.accuracy if self.min_accuracy is None else self.min_accuracy
        error = own.calibration_error if self.max_calibration_error is None else self.max_calibration_error
        return msgspec.structs.replace(own, accuracy=accuracy, calibration_error=error)

    def of(
        self, profile: ModelProfile, found: Evaluation, inputs: InputCheck, latency: float, own: ModelLimits
    ) -> Rows:
        """The criteria of a profile; a limit that was asked for by itself is one of them, whatever the profile."""
        limits = self.limits(own)
        rows = model_rows(profile, found, inputs, latency, limits)
        names = {row.name for row in rows}
        extra = {"accuracy": self.min_accuracy, "calibration.error": self.max_calibration_error}
        wanted = {name for name, limit in extra.items() if limit is not None} - names
        rows += tuple(row for row in model_rows("source", found, inputs, latency, limits) if row.name in wanted)
        left = {LEAKAGE: self.leakage, COMPLETENESS: self.completeness}
        return tuple(row for row in rows if left.get(row.name, True))


class Slice(NamedTuple):
    """One symbol on one window: its forecasts, every figure, the criteria of each profile, and those that decide."""

    symbol: str
    name: str
    window: Window
    forecasts: Forecasts
    found: Evaluation
    rows: dict[ModelProfile, Rows]
    decides: Rows


class Evaluated(NamedTuple):
    """What was found of a version. ``sealed`` is empty where its sealed bars stay unread, and ``unread`` says why."""

    manifest: Manifest
    profile: ModelProfile
    development: tuple[Slice, ...]
    sealed: tuple[Slice, ...]
    record: SealedRecord | None
    unread: str
    notes: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether every criterion of the profile asked for is met wherever it was measured.

        Profiles other than ``source`` ask for the sealed bars too, unless these were to stay unread.
        """
        every = all(passed(one.rows[self.profile]) for one in (*self.development, *self.sealed))
        return every and (bool(self.sealed) or self.profile == "source" or self.unread == KEPT)

    @property
    def promotable(self) -> bool:
        """Whether the version may take an empty seat: its own gate, and the record of its sealed bars."""
        return self.manifest.gate.passed and self.record is not None and self.record.gate.passed


@dataclass(frozen=True)
class _Judge:
    """One version and everything that is needed to judge it on any window."""

    workspace: Workspace
    version: Version
    asked: Asked
    bars: tuple[SeriesBars, ...]

    @property
    def manifest(self) -> Manifest:
        return self.version.manifest

    @cached_property
    def latency(self) -> float:
        return latency_p99_ms(self.version.served.predictor)

    def window(self, name: str, window: Window, symbols: Sequence[str], own: ModelLimits) -> tuple[Slice, ...]:
        """Every symbol on ``window``; inputs are made of the bars up to its end and of no later ones."""
        chosen = [one for one in self.bars if one.symbol in symbols]
        cut = [before(one, window[1]) for one in chosen]
        sets = [labelled_bars(self.workspace.config, one, news=self.manifest.reads_news) for one in cut]
        inputs = self._inputs(cut, sets)
        made = []
        for bars, data in zip(cut, sets, strict=True):
            unseen = Unseen(data, cost_of(self.workspace.config, bars), *window)
            forecasts = said(self.version.served, unseen, unseen.samples(self.manifest.length))
            found = shown(self.version.served, forecasts)
            profiles: tuple[ModelProfile, ...] = tuple(dict.fromkeys((*PROFILES, self.asked.profile)))
            rows = {one: self.asked.of(one, found, inputs, self.latency, own) for one in profiles}
            decides = model_rows(self.workspace.config.model.profile, found, inputs, self.latency, own)
            made.append(Slice(bars.symbol, name, window, forecasts, found, rows, decides))
        return tuple(made)

    def _inputs(self, bars: Sequence[SeriesBars], sets: Sequence[DataSet]) -> InputCheck:
        """The inputs as they are made now, and the project's feature files of these series where it keeps some."""
        found = checked_inputs(self.workspace.config, [one.features for one in sets], bars)
        faults = list(found.leaks)
        for one in bars:
            path = file_of(self.workspace.data / "features", one.symbol, one.timeframe)
            if path.is_file():
                checked = verify(self.workspace.config, path, completely=False)
                faults += [f"{path.name}: {fault}" for fault in checked.faults]
        return InputCheck(tuple(faults), found.complete)


def evaluate(
    workspace: Workspace, promotions: Promotions, version: str, symbols: Sequence[str], asked: Asked, now: int
) -> Evaluated:
    """Judges a version on the bars it was tested on in development, and on its sealed bars where it has earned that.

    ``symbols`` are those of development, empty: all it speaks for; sealed bars are always opened for all of them. What
    they showed is written down, signed, and stays what decides about its promotion.

    Raises:
        Unavailable: there is no such version, or its bars are not stored.
        Corrupt, Rejected: as ``Promotions.version``.
        Misconfigured: trading is configured to be cheaper than it is.
        Corrupt: the ledger lacks looks that decisions are on record of, so that nobody knows what was read.
    """
    found = promotions.version(version)
    manifest = found.manifest
    for symbol in manifest.symbols:
        require_own_costs(workspace.config, instrument_for(workspace.config, symbol))
    bars = tuple(stored_series(workspace.config, one, manifest.timeframe) for one in manifest.symbols)
    judge = _Judge(workspace, found, asked, bars)
    first, last = manifest.provenance.tested
    own = limits_of(workspace.config)
    development = judge.window(
        "development",
        (first - manifest.timeframe.ns, manifest.provenance.seal or last),
        symbols or manifest.symbols,
        own,
    )
    unread = _unread(manifest, asked, bars) if found.sealed is None else ""
    if unread:
        return Evaluated(manifest, asked.profile, development, (), None, unread, ())
    sealed, record, notes = _sealed(judge, promotions, found, own, now)
    return Evaluated(manifest, asked.profile, development, sealed, record, "", notes)


def _unread(manifest: Manifest, asked: Asked, bars: Sequence[SeriesBars]) -> str:
    """Why the sealed bars are not opened, empty where they may be."""
    if not manifest.provenance.seal:
        return "it was trained on every bar, so that it can only shadow beside a champion"
    if not manifest.gate.passed:
        return f"its gate was not met in development ({', '.join(manifest.gate.missed)})"
    came = min(int((one.columns.ts_open >= manifest.provenance.seal).sum()) for one in bars)
    least = LEAST * manifest.barriers.horizon
    if came < least:
        return f"{came} bars came since its seal, {least} are needed; until then it can shadow beside a champion"
    return "" if asked.opens else KEPT


def _sealed(
    judge: _Judge, promotions: Promotions, version: Version, own: ModelLimits, now: int
) -> tuple[tuple[Slice, ...], SealedRecord, tuple[str, ...]]:
    """The sealed bars: opened on the record the first time, read again as they were afterwards."""
    manifest, known = version.manifest, version.sealed
    start = manifest.provenance.seal
    end = known.end if known else min(int(one.columns.ts_close[-1]) for one in judge.bars)
    hashes = {one.symbol: content_hash(_inside(one, start, end)) for one in judge.bars}
    digest = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()
    if known is None:
        require_looks(judge.workspace, promotions.sealed_readers(manifest.symbols, manifest.timeframe))
    opened = Opened(known.look, known.contaminated) if known else _opened(judge, (start, end), hashes, now)
    limits = msgspec.structs.replace(own, alpha=own.alpha / opened.look)
    slices = judge.window("sealed", (start, end), manifest.symbols, limits)
    slices = tuple(_with(one, _first_look(opened, one.found.n)) for one in slices)
    if known is not None:
        notes = () if known.data_hash == digest else ("its sealed bars are others now than those it was judged on",)
        return slices, known, notes
    worst = min((one.decides for one in slices), key=lambda rows: sum(row.passed for row in rows))
    record = SealedRecord(
        version=manifest.version, sha256=manifest.sha256, ts=now, start=start, end=end, data_hash=digest,
        look=opened.look, contaminated=opened.contaminated,
        gate=record_of(judge.workspace.config.model.profile, worst),
    )  # fmt: skip
    promotions.keep_sealed(record)
    return slices, record, ()


def _opened(judge: _Judge, window: Window, hashes: Mapping[str, str], now: int) -> Opened:
    """Every symbol's look on record; the worst of them counts."""
    manifest = judge.manifest
    found = [
        open_sealed(
            judge.workspace,
            look_of(manifest.version, manifest.kind, one.symbol, str(one.timeframe), window, hashes[one.symbol]),
            manifest.version,
            now,
        )
        for one in judge.bars
    ]
    return Opened(max(one.look for one in found), next((one.contaminated for one in found if one.contaminated), ""))


def _first_look(opened: Opened, n: int) -> GateRow:
    """The criterion that nobody of this kind had read any of these bars before."""
    note = opened.contaminated or (
        f"{opened.look} versions have read some of these bars, so luck is asked for at a level {opened.look} times"
        " as strict"
        if opened.look > 1
        else "nobody had read these bars"
    )
    spent = 1 if opened.contaminated else 0
    return GateRow(FIRST_LOOK, spent, 0, "<=", n, not spent, GateKind.EDGE, digits=0, note=note)


def _with(one: Slice, row: GateRow) -> Slice:
    return one._replace(rows={name: (*rows, row) for name, rows in one.rows.items()}, decides=(*one.decides, row))


def _inside(bars: SeriesBars, start: int, end: int) -> BarColumns:
    return bars.columns.take((bars.columns.ts_open >= start) & (bars.columns.ts_close <= end))
