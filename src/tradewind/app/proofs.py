"""Who is proven: the signed verdicts on file, held against the strategy book, symbol by symbol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.judged_bars import Compared, JudgedBars
from tradewind.app.ledger_footing import footing_in
from tradewind.app.own_strategies import families_of
from tradewind.app.pool import member_behind
from tradewind.app.settings.root import AppConfig
from tradewind.app.strategy_pool import best_of
from tradewind.errors import Corrupt, Misconfigured, Rejected, Unavailable
from tradewind.features.rule import Family
from tradewind.model.instrument import Instrument
from tradewind.model.proven import ProvenStrategy
from tradewind.model.report import Verdict
from tradewind.model.strategy import StoredStrategy, StrategyStatus
from tradewind.model.timeframe import Timeframe
from tradewind.research.verdict import SignedVerdict, refusal, verify

RESTORE: Final = "`tradewind strategy restore`"


class Held(NamedTuple):
    """A genuine verdict, and the SHA-256 of its file."""

    verdict: SignedVerdict
    digest: str


class Shelf(NamedTuple):
    """The verdicts on file: genuine ones, what is wrong with the others, and how many there are in all."""

    held: tuple[Held, ...]
    faults: tuple[str, ...]
    on_file: int


class Asked(NamedTuple):
    """A symbol of a run and the timeframes it is decided on."""

    instrument: Instrument
    timeframes: tuple[Timeframe, ...]


class Findings(NamedTuple):
    """Who may be heard, who may not and why, what a person must be told, and the book's best among the others.

    One sentence each: ``passed_over`` (a PASS that does not speak here), ``refused`` (no PASS), ``faults`` (no verdict
    that can be trusted), ``lost`` (the book says validated, and no genuine PASS is on file). ``simulated`` as
    ``on_simulated_bars`` says. ``on_file`` counts the verdicts, ``counts`` the book's strategies by status.
    """

    proven: tuple[ProvenStrategy, ...]
    passed_over: tuple[str, ...]
    refused: tuple[str, ...]
    faults: tuple[str, ...]
    on_file: int = 0
    warnings: tuple[str, ...] = ()
    counts: Mapping[str, int] = {}
    nearest: tuple[StoredStrategy, ...] = ()
    simulated: frozenset[tuple[str, str]] = frozenset()
    lost: tuple[str, ...] = ()


def shelf_of(folder: Path) -> Shelf:
    """The verdicts in a project's data ``folder``, every one verified.

    Raises:
        Misconfigured: others than its owner may read the key.
    """
    files = VerdictFiles(folder)
    names = files.names()
    if not names:
        return Shelf((), (), 0)
    held: list[Held] = []
    faults: list[str] = []
    try:
        key = files.key()
    except (Corrupt, Unavailable) as fault:
        return Shelf((), (f"none of {len(names)} verdicts can be checked: {fault}",), len(names))
    for name in names:
        try:
            data = files.read(name)
            held.append(Held(verify(data, key), hashlib.sha256(data).hexdigest()))
        except (Corrupt, Rejected, Unavailable) as fault:
            faults.append(f"{name}: {fault.found}")
    if key is None:
        faults = [f"none of {len(names)} verdicts can be checked: {files.key_path} is missing"]
    return Shelf(tuple(held), tuple(faults), len(names))


def findings_for(config: AppConfig, asked: Sequence[Asked], data: Path, database: Path, *, simulated: bool) -> Findings:
    """Who may be heard on the symbols ``asked`` for; ``database`` holds the strategy book, if there is one.

    Raises:
        Misconfigured: the key may be read by others, or the book's schema is another version's.
    """
    shelf = shelf_of(data)
    families = families_of(config)
    bars = JudgedBars(config, data)
    footing = footing_in(data)
    if not database.is_file():
        spoken = _spoken_for(shelf.held, asked, families, {}, bars, footing, simulated=simulated)
        return Findings((), spoken.passed_over, spoken.refused, shelf.faults, shelf.on_file)
    with StrategyBook.read(database) as book:
        rows = book.judged([one.verdict.strategy.spec_hash for one in shelf.held])
        known = {(row.spec_hash, row.symbol): row for row in rows}
        spoken = _spoken_for(shelf.held, asked, families, known, bars, footing, simulated=simulated)
        kept, below, warnings = _above_the_bar(spoken.proven, known, book, config)
        warnings = (*warnings, *_not_compared(spoken.unknown))
        nearest = () if kept else tuple(one for one in book.select(limit=3) if one.win_rate_low is not None)
        passed_over = (*spoken.passed_over, *below)
        on_file, counts = shelf.on_file, book.counts()
        made, lost = on_simulated_bars(shelf), _lost(shelf, book)
        return Findings(kept, passed_over, spoken.refused, shelf.faults, on_file, warnings, counts, nearest, made, lost)


def _lost(shelf: Shelf, book: StrategyBook) -> tuple[str, ...]:
    """Those the book says are validated and of whom no genuine PASS is on file, the best first."""
    passed = {
        (one.verdict.strategy.spec_hash, one.verdict.symbol) for one in shelf.held if one.verdict.judgement.proven
    }
    gone = [row for row in book.select(status=StrategyStatus.VALIDATED) if (row.spec_hash, row.symbol) not in passed]
    return tuple(
        f"{row.id} on {row.symbol}{' SIMULATED' if row.simulated else ''} was validated and its signed verdict is LOST:"
        " restore data/verdicts and data/verdict.key from their backup"
        for row in gone
    )


def on_simulated_bars(shelf: Shelf) -> frozenset[tuple[str, str]]:
    """Spec hash and symbol of every verdict that was earned, or refused, on SIMULATED bars."""
    stamped = (one.verdict for one in shelf.held)
    return frozenset((one.strategy.spec_hash, one.symbol) for one in stamped if one.stamp.simulated)


def _spoken_for(
    held: Sequence[Held],
    asked: Sequence[Asked],
    families: Mapping[str, Family[Any]],
    known: Mapping[tuple[str, str], StoredStrategy],
    bars: JudgedBars,
    footing: Callable[[SignedVerdict], str],
    *,
    simulated: bool,
) -> _Spoken:
    """The strategies with a verdict that speaks, and why each of the others does not."""
    proven: list[ProvenStrategy] = []
    unknown: dict[str, None] = {}
    refused: dict[str, None] = {}
    passed_over: dict[str, None] = {}
    strategies: dict[str, list[Held]] = {}
    for one in held:
        strategies.setdefault(one.verdict.strategy.spec_hash, []).append(one)
    for verdicts in strategies.values():
        newest = newest_of(verdicts)
        for symbol in asked:
            chosen = _deciding(newest, symbol.instrument)
            why = _why_not(chosen.verdict, symbol, families, known, simulated=simulated)
            if not why and (gone := footing(chosen.verdict)):
                why = f"{chosen.verdict.strategy.id} has PASS on {chosen.verdict.symbol}, but it {gone}"
            compared = Compared() if why else bars.compared(chosen.verdict)
            why = why or compared.refusal
            if compared.unknown:
                unknown[compared.unknown] = None
            if not why:
                proven.append(proven_strategy(chosen, symbol.instrument.symbol, unchecked=compared.absent))
            elif chosen.verdict.approved:
                passed_over[why] = None
            else:
                refused[why] = None
    return _Spoken(tuple(proven), tuple(passed_over), tuple(refused), tuple(unknown))


class _Spoken(NamedTuple):
    """Strategies with a verdict that speaks; why a PASS does not speak; why the others do not.

    ``unknown``: whose bars could not be compared with those that are stored.
    """

    proven: tuple[ProvenStrategy, ...]
    passed_over: tuple[str, ...]
    refused: tuple[str, ...]
    unknown: tuple[str, ...]


def _not_compared(lines: Sequence[str]) -> tuple[str, ...]:
    """One warning for all verdicts whose bars could not be compared."""
    if not lines:
        return ()
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return (
        f"not compared with the bars it was judged on: {lines[0]}{more}; nobody can tell whether they changed,"
        " and signals are stamped UNCHECKED",
    )


def newest_of(held: Iterable[Held]) -> list[Held]:
    """The last verdict on each symbol; of two made at once the one that refuses."""
    last: dict[str, Held] = {}
    for one in sorted(held, key=lambda each: (each.verdict.issued_at, not each.verdict.approved)):
        last[one.verdict.symbol] = one
    return list(last.values())


def _deciding(newest: Sequence[Held], instrument: Instrument) -> Held:
    """The verdict that decides on a symbol: its own; else any refusal within its class, else the newest there is.

    A strategy that was refused on one symbol of a class is not proven for the class.
    """
    own = [one for one in newest if one.verdict.symbol == instrument.symbol]
    if own:
        return own[0]
    alike = [one for one in newest if one.verdict.instrument_class is instrument.asset_class]
    return min(alike or newest, key=lambda one: (one.verdict.approved, -one.verdict.issued_at))


def _why_not(
    verdict: SignedVerdict,
    asked: Asked,
    families: Mapping[str, Family[Any]],
    known: Mapping[tuple[str, str], StoredStrategy],
    *,
    simulated: bool,
) -> str:
    """Why the verdict's strategy is not heard on a symbol; empty where it is."""
    strategy = verdict.strategy
    row = known.get((strategy.spec_hash, verdict.symbol))
    if verdict.approved and row is not None and (later := _judged_since(row)):
        return f"{strategy.id} has PASS on {verdict.symbol}, but the strategy book says {later}"
    instrument = asked.instrument
    timeframe = strategy.timeframe if strategy.timeframe in asked.timeframes else asked.timeframes[0]
    why = refusal(verdict, instrument.symbol, timeframe, instrument, simulated=simulated)
    if why:
        return why
    try:
        member_behind(proven_strategy(Held(verdict, ""), instrument.symbol), families)
    except Misconfigured as fault:
        return f"{strategy.id}: {fault.found}"
    if unjudged(row):
        return (
            f"{strategy.id} has PASS on {verdict.symbol}, but the strategy book does not know of it, so nobody knows"
            f" whether it was switched off: {RESTORE} enters it again"
        )
    return ""


def unjudged(row: StoredStrategy | None) -> bool:
    """Whether the book knows nothing of a judgement: no such strategy, or one that was only entered."""
    if row is None:
        return True
    status = row.status_before if row.status is StrategyStatus.DISABLED else str(row.status)
    return row.verdict is None and status == StrategyStatus.CANDIDATE


def _judged_since(row: StoredStrategy) -> str:
    """What the book holds against a verdict: a later judgement; nothing where a person only switched it off."""
    status = row.status_before if row.status is StrategyStatus.DISABLED else str(row.status)
    if status == StrategyStatus.VALIDATED or unjudged(row):
        return ""
    said = "PASS of the bare thresholds alone" if row.verdict == Verdict.PASS else row.verdict or str(status)
    return f"{said}: {row.reason}" if row.reason else said


def _above_the_bar(
    proven: Sequence[ProvenStrategy],
    known: Mapping[tuple[str, str], StoredStrategy],
    book: StrategyBook,
    config: AppConfig,
) -> tuple[tuple[ProvenStrategy, ...], tuple[str, ...], tuple[str, ...]]:
    """The strategies that reach the book's bar, the best first; those below it; a warning where the bar was lowered.

    Strategies that are switched off have no rank in it: they come last.
    """
    rows = [known.get((one.spec_hash, one.judged_on)) for one in proven]
    if not any(row is not None and row.status is StrategyStatus.VALIDATED for row in rows):
        return tuple(proven), (), ()
    warnings: tuple[str, ...] = ()
    try:
        best = best_of(book, config.strategies)
    except Unavailable as fault:
        places, below = dict[str, int](), fault.found
    else:
        places = {row.id: place for place, row in enumerate(best.strategies)}
        below = f"it is not among the {config.strategies.limit} best at {best.min_confidence:.0%} confidence"
        warnings = best.warnings
    kept: list[tuple[int, ProvenStrategy]] = []
    refused: dict[str, None] = {}
    for one, row in zip(proven, rows, strict=True):
        if row is None or row.status is not StrategyStatus.VALIDATED:
            kept.append((len(places), one))
        elif row.id in places:
            kept.append((places[row.id], one))
        else:
            refused[f"{one.id} has PASS on {one.judged_on}, but {below}"] = None
    return tuple(one for _, one in sorted(kept, key=lambda each: each[0])), tuple(refused), warnings


def proven_strategy(held: Held, symbol: str, *, unchecked: bool = False) -> ProvenStrategy:
    """The strategy of a verdict as it is heard on ``symbol``."""
    strategy = held.verdict.strategy
    return ProvenStrategy(
        symbol=symbol,
        id=strategy.id,
        spec_hash=strategy.spec_hash,
        family=strategy.family,
        timeframe=strategy.timeframe,
        params=strategy.params,
        judged_on=held.verdict.symbol,
        verdict=held.digest,
        unchecked=unchecked,
    )
