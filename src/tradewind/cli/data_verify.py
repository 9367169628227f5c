"""``tradewind data verify``: every stored byte and every bar, or a file before it is imported."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.quality import TOLERANCE, Finding, QualityReport, inspect
from tradewind.adapters.market.sealed.recovery import series_at
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.settings.root import AppConfig
from tradewind.cli.contract import NEGATIVE, Report, progress, single, table, verb
from tradewind.cli.data_options import (
    FormatOption,
    OptionalSymbolOption,
    StampOption,
    ZoneOption,
    candle_folder,
    minute,
    paired,
)
from tradewind.cli.options import OptionalIntervalOption
from tradewind.errors import Corrupt, Unavailable
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of

if TYPE_CHECKING:
    from tradewind.app.bar_files import ImportOptions

app = single()

_SHOWN = 10
_CLOSURES = ("weekend", "daily_pause", "holiday")


class Checked(msgspec.Struct):
    """One series: its quality, damage of its files, and what of both matters."""

    name: str
    report: QualityReport | None
    hash: str = ""
    damage: tuple[str, ...] = ()
    repaired: bool = False
    reasons: tuple[str, ...] = ()


@app.command()
@verb
def verify(
    files: Annotated[list[Path] | None, typer.Argument(help="Check these files instead of the store.")] = None,
    config: Path | None = None,
    symbol: OptionalSymbolOption = "",
    interval: OptionalIntervalOption = None,
    format: FormatOption = "",
    tz: ZoneOption = "",
    stamp: StampOption = "",
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, max=1, help="Share of missing, frozen or crossed bars let pass.")
    ] = TOLERANCE,
    repair: Annotated[
        bool, typer.Option("--repair", help="Rebuild what is damaged from what is whole: columns, months, manifest.")
    ] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Show every finding, not the first of each kind.")] = False,
) -> Report:
    """Reports gaps, duplicates, spikes, frozen prices, bad OHLC and damage, with times (exit 4 when they matter)."""
    settings = load_config(config)
    if files:
        # Here, because the readers load a frame library that the other verbs of this group can do without.
        from tradewind.app.bar_files import ImportOptions, files_of

        options = ImportOptions(
            symbol=symbol, interval=interval, format=format, zone=tz, stamp=stamp, extra=settings.instruments
        )
        now = WallClock().now()
        checked = [_file(path, options, now) for path in files_of(files)]
    else:
        checked = _stored(
            settings, resolve(symbol, settings.instruments).symbol if symbol else "", interval, repair=repair
        )
    for each in checked:
        judged = each.report.faults_that_matter(tolerance) if each.report else ()
        each.reasons = (*(() if each.repaired else each.damage), *judged)
    document = {"series": [_document(each) for each in checked], "verdict": "faults" if _bad(checked) else "sound"}
    return Report(document, _human(checked, show_all=show_all), NEGATIVE if _bad(checked) else 0)


def _bad(checked: list[Checked]) -> bool:
    return any(each.reasons for each in checked)


def _stored(settings: AppConfig, symbol: str, interval: Any, *, repair: bool) -> list[Checked]:
    store = CandleStore(candle_folder(settings))
    lost, recovered = _lost(store, settings, symbol, interval, repair=repair)
    every = [each for each in store.datasets() if symbol in ("", each.symbol) and interval in (None, each.timeframe)]
    if not every and not lost:
        wanted = " ".join(word for word in (symbol, interval) if word) or "any pair"
        raise Unavailable(f"no bars of {wanted} are stored", where=str(store.folder), next_step="tradewind data list")
    checked = lost
    with progress("Verifying", total=len(every)) as advance:
        for dataset in every:
            damage = store.damage(dataset.symbol, dataset.timeframe)
            name = paired(dataset.symbol, simulated=dataset.simulated)
            one = Checked(f"{name} {dataset.timeframe}", None, dataset.hash, tuple(map(str, damage)))
            if damage and repair:
                with suppress(Corrupt):  # both copies are bad: the damage stays in the report
                    store.repair(dataset.symbol, dataset.timeframe)
                    one.repaired = True
            done = recovered.get((dataset.symbol, dataset.timeframe))
            if done and (one.repaired or not damage):
                one.damage, one.repaired = (*done, *one.damage), True
            if not damage or one.repaired:
                calendar = calendar_of(resolve(dataset.symbol, settings.instruments).calendar)
                columns = store.read(dataset.symbol, dataset.timeframe)
                one.report = inspect(
                    columns, dataset.symbol, dataset.timeframe, calendar, synthetic=dataset.synthetic_rows
                )
            checked.append(one)
            advance()
    return checked


def _lost(
    store: CandleStore, settings: AppConfig, symbol: str, interval: Any, *, repair: bool
) -> tuple[list[Checked], dict[tuple[str, str], tuple[str, ...]]]:
    """Series without a readable manifest, and what was done for those that have one again."""
    lost: list[Checked] = []
    recovered: dict[tuple[str, str], tuple[str, ...]] = {}
    for fault in store.unreadable(symbol):
        folder = Path(fault.where).parent
        series = series_at(folder)
        if interval is not None and (series is None or series[1] is not interval):
            continue
        damage: tuple[str, ...] = (str(fault),)
        if repair and series is not None:
            try:
                how = store.recover(*series, price_kind=resolve(series[0], settings.instruments).price_kind)
                recovered[series] = (fault.found, how)
                continue
            except (Corrupt, Unavailable) as stays:
                damage = (str(fault), str(stays))
        lost.append(Checked(folder.as_posix(), None, damage=damage))
    return lost, recovered


def _file(path: Path, options: ImportOptions, now: int) -> Checked:
    from tradewind.app.bar_files import found_in  # see verify

    instrument, timeframe, columns, unreadable = found_in(path, options, now)
    report = inspect(columns, instrument.symbol, timeframe, calendar_of(instrument.calendar))
    damage = tuple(f"line {bad.line}: {bad.reason}" for bad in unreadable)
    return Checked(f"{path.name} ({instrument.symbol} {timeframe})", report, damage=damage)


def _document(each: Checked) -> dict[str, Any]:
    report = each.report
    document: dict[str, Any] = {"name": each.name, "hash": each.hash, "damage": each.damage, "repaired": each.repaired}
    if report is not None:
        document |= {
            "symbol": report.symbol,
            "interval": report.timeframe,
            "rows": report.rows,
            "missing": report.missing,
            "missing_share": report.missing_share,
            "synthetic_share": report.synthetic_share,
            "counts": report.counts(),
            "findings": report.findings,
        }
    return document | {"reasons": each.reasons}


def _human(checked: list[Checked], *, show_all: bool) -> list[Any]:
    parts: list[Any] = []
    rows = [
        (each.name, each.report.rows, f"{each.report.missing_share:.2%}", each.report.synthetic,
         ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in sorted(each.report.counts().items())),
         "FAULTS" if each.reasons else "sound")
        for each in checked
        if each.report
    ]  # fmt: skip
    if rows:
        parts.append(table("Verified", ["series", "bars", "missing", "synthetic", "found", "verdict"], rows))
    for each in checked:
        if each.report:
            shown = [one for one in each.report.findings if one.kind not in _CLOSURES]
            if shown:
                names = ["what", "from", "until", "bars", "fault", "detail"]
                parts.append(table(f"Found in {each.name}", names, _first(shown, len(shown) if show_all else _SHOWN)))
        parts += [f"{each.name}: {damage}{' (repaired)' if each.repaired else ''}" for damage in each.damage]
        parts += [f"{each.name} matters: {reason}" for reason in each.reasons if reason not in each.damage]
    return parts


def _first(findings: list[Finding], most: int) -> list[tuple[object, ...]]:
    """The first findings of each kind (the largest spikes), faults before facts, and a line that counts the rest."""
    rows: list[tuple[object, ...]] = []
    for kind in sorted({each.kind for each in findings}):
        own = [each for each in findings if each.kind == kind]
        own.sort(key=lambda each: (not each.fault, -(each.value or 0.0) if kind == "spike" else 0.0, each.ts))
        what = kind.replace("_", " ")
        rows += [
            (what, minute(each.ts), minute(each.ts_until), each.bars, each.fault, _detail(each)) for each in own[:most]
        ]
        if len(own) > most:
            left = own[most:]
            rows.append((what, "...", "", sum(each.bars for each in left), None, f"{len(left)} more; --all shows them"))
    return rows


def _detail(each: Finding) -> str:
    if each.value is None or each.kind == "frozen":
        return each.detail
    match each.kind:
        case "outage":
            return f"{each.value:g} h without a bar"
        case "bad_spread":
            return f"spread {each.value:g}"
        case _:
            return (
                f"{each.value:.1f}: {each.detail}" if "times" in each.detail else f"z {each.value:.1f}, {each.detail}"
            )
