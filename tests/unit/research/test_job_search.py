"""The search of a job: what is packed comes back, who is measured, what the book is told, and no sealed bar is read."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.planted_market import SYMBOL, market
from tradewind.adapters.executors.serial import SerialExecutor
from tradewind.app.research.folder import JobFolder
from tradewind.app.research.proving import NEAREST, chosen_of, refused_entries
from tradewind.app.research.request import request_of
from tradewind.app.research.searching import SymbolSearch, search_family, search_result, search_symbol, signature_of
from tradewind.app.validation.series import Series
from tradewind.features.rule import Member
from tradewind.features.rule_space import preset_for
from tradewind.model.bar import BarColumns
from tradewind.model.instruments import resolve
from tradewind.model.strategy import StrategyStatus
from tradewind.model.timeframe import Timeframe
from tradewind.research.batch_search import Terms, by_family, shadow_trades
from tradewind.research.candidate_trades import Market
from tradewind.research.generator import generate
from tradewind.research.lookahead_futures import FUTURES, rewritten
from tradewind.strategies import family

INSTRUMENT = resolve(SYMBOL)
TERMS = Terms(seed=7)
FAMILIES = ("Donchian_Breakout", "EMA_Crossover", "RSI_Reversion")


def drawn(count: int = 60) -> list[Member]:
    found = generate(
        [family(name) for name in FAMILIES], count, np.random.default_rng(3), Timeframe.H1,
        preset=preset_for(INSTRUMENT.asset_class),
    )  # fmt: skip
    return [msgspec.structs.replace(one, id=f"{one.family}_1h_v{k}") for k, one in enumerate(found)]


def series_over(columns: BarColumns) -> Series:
    return Series(INSTRUMENT, Timeframe.H1, Market.of(columns, INSTRUMENT), "hash", "SIMULATED", True)


@pytest.fixture(scope="module")
def bars() -> BarColumns:
    return market(bars=16_000)


@pytest.fixture(scope="module")
def members() -> list[Member]:
    """Two of them do the same under two names."""
    made = drawn()
    return [*made, msgspec.structs.replace(made[0], id="Twin_1h_v1")]


@pytest.fixture(scope="module")
def folder(bars: BarColumns, members: list[Member], tmp_path_factory: pytest.TempPathFactory) -> JobFolder:
    request = request_of([(series_over(bars), tuple(members))], FAMILIES, len(members), TERMS)
    return JobFolder.begun(tmp_path_factory.mktemp("job"), request, 1)


@pytest.fixture(scope="module")
def search(bars: BarColumns, members: list[Member], folder: JobFolder) -> SymbolSearch:
    return search_symbol(folder, members, series_over(bars), TERMS, SerialExecutor(), lambda steps: None)


def equal(one: SymbolSearch, two: SymbolSearch) -> bool:
    arrays = [
        (one.searched.daily, two.searched.daily), (one.searched.trades, two.searched.trades),
        (one.signature, two.signature), (one.sharpe, two.sharpe), *zip(one.train, two.train, strict=True),
    ]  # fmt: skip
    same = all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in arrays)
    return same and one.searched.candidates == two.searched.candidates and one.searched[3:] == two.searched[3:]


def test_a_search_read_from_disk_is_the_search_that_was_made(
    bars: BarColumns, members: list[Member], folder: JobFolder, search: SymbolSearch
) -> None:
    """Rule: every array in every bit; nothing is computed for it, and progress hears of all strategies at once."""

    class Idle(SerialExecutor):
        def map_chunks(self, work, chunks):  # type: ignore[no-untyped-def]
            raise AssertionError("computed again")

    told: list[float] = []
    again = search_symbol(folder, members, series_over(bars), TERMS, Idle(), told.append)
    assert equal(search, again)
    assert sum(told) == len(members)
    assert np.count_nonzero(search.searched.daily) > 1000


@pytest.mark.req("X01", "HZ24")
@pytest.mark.parametrize("future", FUTURES)
def test_no_bar_from_the_seal_on_takes_part_in_a_search(
    bars: BarColumns, members: list[Member], search: SymbolSearch, tmp_path: Path, future: str
) -> None:
    """Rule: other bars after the earliest possible seal, half of them missing or all doubled, change nothing found."""
    known = int(np.searchsorted(bars.ts_close, search.searched.end, side="right"))
    other = rewritten(bars, known, future, np.random.default_rng(9))  # type: ignore[arg-type]
    last = np.append(other.ts_close[:-1], bars.ts_close[-1])  # the span is what it was
    request = request_of([(series_over(bars), tuple(members))], FAMILIES, len(members), TERMS)
    found = search_symbol(
        JobFolder.begun(tmp_path, request, 1), members, series_over(other._replace(ts_close=last)), TERMS,
        SerialExecutor(), lambda steps: None,
    )  # fmt: skip
    assert equal(search, found)


def test_the_sweep_of_a_search_makes_the_trades_of_the_shadow_book(bars: BarColumns, members: list[Member]) -> None:
    """Rule: signatures are those of the shadow book's own trades, family by family."""
    data = series_over(bars).market
    for group in by_family(members):
        found = search_family(group, data, TERMS)
        before = data.within(found.found.windows.development)
        own = [signature_of(one) for one in shadow_trades(group, before)]
        known = dict(zip(own, found.signature.tolist(), strict=True))
        assert len(set(known.values())) == len(known)


def test_those_that_met_the_criteria_are_measured_once_each_and_the_nearest_beside_them(search: SymbolSearch) -> None:
    """Rule: nobody who met them is left out but repeats, which are named with whom they repeat; no twin among them."""
    chosen, repeats = chosen_of(search)
    met = {one.spec for one in search.searched.candidates if not one.missed}
    assert met
    assert met == {one.spec for one in chosen if not one.missed} | set(repeats)
    assert len([one for one in chosen if one.missed]) <= NEAREST
    place = {one.member.id: k for k, one in enumerate(search.searched.candidates)}
    signatures = [int(search.signature[place[one.member.id]]) for one in chosen]
    assert len(set(signatures)) == len(signatures)
    assert all(search.searched.trades[place[one.member.id]] for one in chosen)


def test_everybody_else_is_refused_with_a_reason_and_a_proven_one_by_evidence_alone(search: SymbolSearch) -> None:
    """Rule: one entry each; too few trades leave a candidate; neither those nor a twin take back what was proven."""
    chosen, repeats = chosen_of(search)
    entries = refused_entries(search, chosen, SYMBOL, repeats)
    specs = {one.spec for one in search.searched.candidates}
    assert {one.spec_hash for one in entries} == specs - {one.spec for one in chosen}
    assert all(one.reason and one.verdict is None for one in entries)
    missed = {one.spec: one.missed for one in search.searched.candidates}
    for one in entries:
        few = missed[one.spec_hash] == "train.trades" or missed[one.spec_hash].startswith("windows.")
        repeat = one.spec_hash in repeats
        assert (one.status is StrategyStatus.CANDIDATE) is (few and not repeat)
        assert ("trades exactly as" in one.reason) is repeat
    left = refused_entries(search, chosen, SYMBOL, repeats, frozenset(specs))
    kept = {one.spec_hash for one in left}
    assert all(one.status is StrategyStatus.REJECTED and one.spec_hash not in repeats for one in left)
    assert kept == {one.spec_hash for one in entries if one.status is StrategyStatus.REJECTED} - set(repeats)


def test_what_is_said_of_a_search_adds_up(bars: BarColumns, search: SymbolSearch) -> None:
    """Rule: trials are met ones and missed ones; families are counted apart; the distribution holds every known one."""
    said = search_result(series_over(bars), search)
    assert said.trials == len(search.searched.candidates) == said.met + sum(said.missed.values())
    assert sum(one.members for one in said.families) == said.trials
    assert sum(one.met for one in said.families) == said.met == len(said.met_ids)
    assert sum(said.sharpe.counts) == int(np.isfinite(search.sharpe).sum())
    assert said.insufficient == ""
    assert said.best_sharpe == float(np.nanmax(search.sharpe))
