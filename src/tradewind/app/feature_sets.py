"""Feature sets of a project: made of its candles, kept in ``data/features``, held against what was known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.feature_files import FeatureFile, file_of, read_features, write_features
from tradewind.adapters.market.quality import TOLERANCE, inspect
from tradewind.adapters.market.sealed.columns import content_hash
from tradewind.app.news_articles import news_of
from tradewind.app.recordings import material_for
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.engine.aggregate import aggregate
from tradewind.errors import Unavailable
from tradewind.features.feature_set import FeatureOrigin, FeatureSet
from tradewind.features.input_schema import default_schema
from tradewind.features.model_inputs import complete
from tradewind.model.bar import BarColumns
from tradewind.model.instruments import resolve
from tradewind.model.session import SessionCalendar, calendar_of
from tradewind.model.stamp import SIMULATED
from tradewind.model.timeframe import Timeframe
from tradewind.research.dataset import DataSet, feature_set, labelled
from tradewind.research.feature_check import ColumnFault, Completeness, column_faults, completeness, replayed

MOST_UNKNOWN: Final = 0.01
"""Share of a column that may be unknown after the warm-up: what a few bad bars and their new warm-ups leave."""

Told = Callable[[int], None]


class SeriesBars(NamedTuple):
    """Bars that features are made of; ``made`` is SIMULATED where some of them are."""

    symbol: str
    timeframe: Timeframe
    columns: BarColumns
    source: str
    made: str = ""


class Labels(msgspec.Struct, frozen=True):
    """What could be learned of a set: ``samples`` with a label and a whole window, how many independent ones they are.

    ``up`` is the share that met the upper barrier first, the base rate; ``unresolved`` the share of complete rows that
    met neither. None where there is no sample, or no complete row.
    """

    samples: int
    n_eff: float
    up: float | None
    unresolved: float | None


class NewsCover(msgspec.Struct, frozen=True):
    """What a set with news was made of: ``articles`` about the symbol, and the share of its bars that know a day."""

    articles: int
    known: float


class Built(msgspec.Struct, frozen=True):
    """A feature set that was made; ``size`` in bytes, 0 where no file was written."""

    file: str
    origin: FeatureOrigin
    channels: int
    size: int
    complete: Completeness
    labels: Labels
    news: NewsCover | None = None

    @property
    def usable(self) -> int:
        """Complete rows."""
        return self.complete.rows - self.complete.first - self.complete.holes if self.complete.first >= 0 else 0


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one file: ``faults`` in words, and the parts of them. ``gaps`` counts bars that never came."""

    file: str
    symbol: str
    interval: Timeframe
    rows: int
    data_hash: str
    schema_hash: str
    faults: tuple[str, ...]
    columns: tuple[ColumnFault, ...] = ()
    leakage_checked: bool = False
    complete: Completeness | None = None
    gaps: int = 0
    made: str = ""

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.faults


def stored_series(
    config: AppConfig, symbol: str, interval: Timeframe, start: int | None = None, end: int | None = None
) -> SeriesBars:
    """Stored bars of a series, made of shorter ones where only those are stored.

    Raises:
        Unavailable: nothing suitable is stored, or nothing lies in the range.
    """
    material = material_for(Workspace(config), (symbol,), interval=interval, detail="none", start=start, end=end)
    recording = material.recordings[0]
    columns = recording.columns
    if recording.timeframe is not interval:
        columns = aggregate(columns, _calendar(config, symbol), interval)
    return SeriesBars(symbol, interval, columns, recording.source, SIMULATED if material.simulated else "")


def build(config: AppConfig, bars: SeriesBars, folder: Path, *, save: bool = True, news: bool = False) -> Built:
    """The features of a series, with ``news`` also what articles said; written into ``folder`` unless ``save`` is off.

    Raises:
        Misconfigured: there are no bars.
        Unavailable: the file cannot be written, or nobody has read any news.
    """
    schema = default_schema(bars.timeframe, news=news)
    told = news_of(config, bars.symbol) if news else None
    made = feature_set(bars.symbol, schema, bars.columns, _calendar(config, bars.symbol), told)
    origin = FeatureOrigin(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        schema_hash=schema.hash,
        data_hash=made.data_hash,
        candles_hash=content_hash(bars.columns),
        source=bars.source,
        rows=len(bars.columns.ts_close),
        first_ts=int(bars.columns.ts_open[0]),
        last_ts=int(bars.columns.ts_close[-1]),
        made=bars.made,
    )
    path = file_of(folder, bars.symbol, bars.timeframe)
    size = write_features(path, made, origin) if save else 0
    columns = {name: made.rows[:, number] for number, name in enumerate(schema.names)}
    data = labelled(made, bars.columns)
    cover = None if told is None else NewsCover(told.articles, float(np.isfinite(columns["news_score"]).mean()))
    return Built(str(path), origin, schema.width, size, completeness(columns), labels_of(data), cover)


def labels_of(data: DataSet) -> Labels:
    """What could be learned of a data set, with the usual window and barriers."""
    samples = data.samples()
    decided = complete(data.features.rows)
    decided[max(len(decided) - data.barriers.horizon, 0) :] = False  # their time has not run out
    met = ~np.isnan(data.label)
    return Labels(
        len(samples),
        data.n_eff(samples),
        float((data.label[samples] > 0.0).mean()) if len(samples) else None,
        float(1.0 - met[decided].mean()) if decided.any() else None,
    )


def verify(
    config: AppConfig,
    path: Path,
    *,
    leakage: bool = True,
    completely: bool = True,
    most_unknown: float = MOST_UNKNOWN,
    bars: Sequence[SeriesBars] = (),
    on_bars: Told = lambda _: None,
) -> Checked:
    """Holds a feature file against the candles it was made of; every fault is told, none is raised.

    ``bars`` are taken before those of the store.

    Raises:
        Unavailable: the file or its candles are not there.
        Corrupt: it is no feature file.
    """
    found = read_features(path)
    origin = found.origin
    columns = _bars_of(config, found, bars)
    faults = list(_not_as_sealed(found))
    same = content_hash(columns) == origin.candles_hash
    if not same:
        faults.append(
            f"the candles it was made of are others now ({len(columns.ts_close)} bars, {content_hash(columns)[:12]};"
            f" it was made of {origin.rows}, {origin.candles_hash[:12]}): build it again"
        )
    wrong: tuple[ColumnFault, ...] = ()
    looked = leakage and same
    if looked:
        told = news_of(config, origin.symbol) if found.schema.reads_news else None
        calendar = _calendar(config, origin.symbol)
        known = replayed(origin.symbol, found.schema, columns, calendar, told, on_bars)
        wrong = column_faults(*_paired(found, known))
    elif leakage:
        faults.append("leakage cannot be checked without the candles it was made of")
    filled = completeness(found.columns) if completely and found.columns and len(found.ts_close) else None
    report = inspect(columns, origin.symbol, origin.timeframe, _calendar(config, origin.symbol))
    if completely:
        faults += filled.faults(most_unknown) if filled else ("it holds no row",)
        if report.missing_share > TOLERANCE:
            faults.append(f"{report.missing:,} bars never came, {report.missing_share:.1%} of those expected")
    return Checked(
        file=str(path),
        symbol=origin.symbol,
        interval=origin.timeframe,
        rows=len(found.ts_close),
        data_hash=origin.data_hash,
        schema_hash=origin.schema_hash,
        faults=(*(str(one) for one in wrong), *faults),
        columns=wrong,
        leakage_checked=looked,
        complete=filled,
        gaps=report.missing,
        made=origin.made,
    )


def _bars_of(config: AppConfig, found: FeatureFile, bars: Sequence[SeriesBars]) -> BarColumns:
    """The bars of the time that the file speaks of."""
    origin = found.origin
    for one in bars:
        if (one.symbol, one.timeframe) == (origin.symbol, origin.timeframe):
            inside = (one.columns.ts_open >= origin.first_ts) & (one.columns.ts_open < origin.last_ts)
            return one.columns.take(inside)
    try:
        return stored_series(config, origin.symbol, origin.timeframe, origin.first_ts, origin.last_ts).columns
    except Unavailable as error:
        raise Unavailable(
            f"the candles of {origin.symbol} {origin.timeframe} it was made of are not stored ({error.found})",
            where=str(found.path),
            next_step="import them, or name their file with --input",
        ) from error


def _paired(found: FeatureFile, known: FeatureSet) -> tuple[dict[str, NDArray[np.float32]], FeatureSet]:
    """Columns and what was known, at the bars that both have: a file that lost rows can still be looked at."""
    if np.array_equal(found.ts_close, known.ts_close):
        return dict(found.columns), known
    _, mine, theirs = np.intersect1d(found.ts_close, known.ts_close, return_indices=True)
    at = known._replace(ts_open=known.ts_open[theirs], ts_close=known.ts_close[theirs], rows=known.rows[theirs])
    return {name: column[mine] for name, column in found.columns.items()}, at


def _not_as_sealed(found: FeatureFile) -> tuple[str, ...]:
    """Why the file is not what was written."""
    faults = []
    if found.schema.hash != found.origin.schema_hash:
        faults.append(
            f"its schema has hash {found.schema.hash[:12]}, it was written under {found.origin.schema_hash[:12]}"
        )
    if len(found.ts_close) != found.origin.rows:
        faults.append(f"it holds {len(found.ts_close):,} rows, {found.origin.rows:,} were written")
    if found.data_hash != found.origin.data_hash:
        faults.append(
            f"its contents have hash {found.data_hash[:12]}, {found.origin.data_hash[:12]} was written: it was changed"
        )
    return tuple(faults)


def _calendar(config: AppConfig, symbol: str) -> SessionCalendar:
    return calendar_of(resolve(symbol, config.instruments).calendar)
