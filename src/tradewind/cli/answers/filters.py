"""``tradewind filters``: what was blocked, by what, how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tradewind.app.ask.block_stats import BlockStats, block_stats
from tradewind.app.ask.desk import Desk
from tradewind.app.signal_text import percent, reason_line, utc
from tradewind.cli.contract import Report, table
from tradewind.cli.options import split_symbols
from tradewind.cli.overrides import configured
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.stamp import head_of

_WORDS: Final = {
    "inside": "as expected",
    "below": "OUTSIDE: fewer than expected; is the calendar there, are the pairs correlated?",
    "above": "OUTSIDE: more than expected; is the calendar stale, is the limit too tight?",
    "too_short": "less than 7 days, not judged",
}


def answer(config: Path | None, symbol: list[str] | None, days: float, last: int, store: Path | None) -> Report:
    """Counts every refusal of the store's run by reason."""
    names = split_symbols(symbol)
    desk = Desk(lambda chosen, asked: configured(config, chosen, asked), database=store)
    with desk.journaled() as journaled:
        if journaled is None:
            raise Unavailable("nothing has run yet", where=str(desk.database), next_step="tradewind run --feed replay")
        covered = tuple(journaled.run.bases)
        wanted = tuple(desk.symbol(name) for name in names) or covered
        missing = [name for name in wanted if name not in covered]
        if missing:
            raise Misconfigured(f"the run does not cover {missing[0]}", where="--symbol", allowed=", ".join(covered))
        found = block_stats(journaled.store.database, wanted, days, last)
        started = journaled.run.started
        stamp = head_of(simulated=started.simulated, unproven=started.unproven)
    return Report(found, human=_tables(found, stamp))


def _tables(found: BlockStats, stamp: str) -> list[Any]:
    span = f"{utc(found.since)} to {utc(found.until)}" if found.since else f"the whole run to {utc(found.until)}"
    rows: list[tuple[object, ...]] = [
        (row.code, row.part, row.words, row.first, row.times, row.value, row.limit) for row in found.rows
    ]
    rows.append(("all", "", "bars that were no signal", found.blocked, None, None, None))
    columns = ["reason", "part", "means", "first", "times", "median value", "limit"]
    note = (
        f"{found.decisions} decisions, {found.signals} signals; a filter objected to {found.by_filters} bars. "
        "`first` counts each bar once, by its first reason; `times` counts every reason."
    )
    parts: list[Any] = [table(f"{stamp}Blocked, {span}", columns, rows, note=note)]
    bands = [
        (
            one.code,
            one.hits,
            percent(one.share),
            f"{one.per_month:.1f}",
            f"{one.low:g} to {one.high:g}",
            _WORDS[one.verdict],
        )
        for one in found.bands
    ]
    expected = ["filter", "signals kept back", "share", "in 30 days", "expected", "verdict"]
    advice = "Kept back: nothing but filters stood against it. The band is that of four pairs on hourly bars."
    parts.append(table("Against what is expected", expected, bands, note=advice))
    if found.newest:
        newest = [
            (utc(block.ts), f"{block.symbol} {block.timeframe}", "\n".join(map(reason_line, block.reasons)))
            for block in found.newest
        ]
        parts.append(table("The newest blocks", ["time", "series", "reasons"], newest))
    return parts
