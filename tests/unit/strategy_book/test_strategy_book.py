"""The book: what was generated stays, what is proven leads, what a person switched off is silent."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from tests.fakes.judged import NOW, SYMBOL, drawn, evidence, passed, refused
from tests.fakes.session_script import bar_closed
from tradewind.adapters.store.store import Store
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.store.strategy_rows import stop_words, target_words
from tradewind.errors import Misconfigured, Rejected
from tradewind.features.rule import Exits, spec_hash
from tradewind.model.strategy import Judgement, StrategyStatus
from tradewind.validation.significance import wilson

MEMBERS = drawn(24)


@pytest.fixture
def book(tmp_path: Path):
    with StrategyBook.open(tmp_path / "t.db", NOW) as opened:
        yield opened


def test_every_strategy_is_entered_once_under_family_timeframe_version(book: StrategyBook) -> None:
    """B06: the same strategies again are found, other ones of the family get the next free version."""
    added = book.add(MEMBERS, NOW)
    assert (len(added.ids), added.new) == (24, 24)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+_1h_v[1-9]\d*", name) for name in added.ids)
    assert book.add(MEMBERS[::-1], NOW) == (added.ids[::-1], 0)
    others = drawn(24, seed=8)
    again = book.add(others, NOW)
    shared = {spec_hash(one) for one in MEMBERS} & {spec_hash(one) for one in others}
    assert again.new == 24 - len(shared)
    assert len({*added.ids, *again.ids}) == 48 - len(shared)


def test_a_stored_strategy_is_what_was_entered(book: StrategyBook) -> None:
    """Parameters, weight and exits come back as they were; id and name are one."""
    (name,) = book.add([replace(MEMBERS[0], weight=2.5)], NOW).ids
    found = book.find(name)
    assert (found.id, found.name, found.spec_hash, found.weight) == (name, name, spec_hash(MEMBERS[0]), 2.5)
    assert msgspec.json.decode(found.params, type=type(MEMBERS[0].params)) == MEMBERS[0].params
    assert (found.status, found.symbol, found.trades, found.verdict) == (StrategyStatus.CANDIDATE, "", None, None)
    assert book.find(found.spec_hash) == book.find(found.spec_hash[:6]) == found


@pytest.mark.sqlite
def test_no_strategy_is_stored_without_stop_and_target(book: StrategyBook) -> None:
    """B07: nothing the book writes lacks them, and the table refuses whoever else tries."""
    book.add(MEMBERS, NOW)
    lacking = "SELECT count(*) FROM strategies WHERE coalesce(stop_loss, '') = '' OR coalesce(take_profit, '') = ''"
    assert book.database.query(lacking)[1] == [(0,)]
    other = sqlite3.connect(book.database.path)
    with pytest.raises(sqlite3.IntegrityError, match="ck_strategies_exits"):
        other.execute("UPDATE strategies SET stop_loss = ''")
    other.close()


@pytest.mark.parametrize(
    ("exits", "stop", "target"),
    [
        (Exits(stop_mode="pct", stop_pct=0.0015), "0.15% of price", "1.5 x stop, at most 48 bars"),
        (Exits(stop_mode="atr", stop_atr=1.75, time_stop_bars=0, trail_r=1.0), "1.75 x ATR(14), following at 1 x stop",
         "1.5 x stop"),
        (Exits(target_r=2.0, exit_on_opposite=True), "wider of 0.2% of price and 1.5 x ATR(14), at least 3 round trips",
         "2 x stop, at most 48 bars, out on the opposite vote"),
    ],
)  # fmt: skip
def test_exits_are_said_in_words(exits: Exits, stop: str, target: str) -> None:
    assert stop_words(exits) == stop
    assert target_words(exits) == target


def test_a_strategy_is_judged_symbol_by_symbol(book: StrategyBook) -> None:
    """One generated for no symbol becomes that of the first it is tried on; on another it is another strategy."""
    (bare,) = book.add(MEMBERS[:1], NOW).ids
    assert book.add(MEMBERS[:1], NOW, symbol=SYMBOL, asset_class="fx") == ((bare,), 0)
    (gold,) = book.add(MEMBERS[:1], NOW, symbol="XAU/USD", asset_class="metal").ids
    assert gold != bare
    book.judge([passed(MEMBERS[0]), refused(MEMBERS[0], symbol="XAU/USD")], NOW)
    assert (book.find(bare).status, book.find(bare).asset_class) == (StrategyStatus.VALIDATED, "fx")
    assert book.find(gold).status is StrategyStatus.REJECTED


def test_the_rank_is_the_lower_end_of_the_wilson_interval(book: StrategyBook) -> None:
    """HZ26: one win of one trade is 100% and says 21%; it does not lead. Against the interval computed by itself."""
    book.add(MEMBERS, NOW, symbol=SYMBOL, asset_class="fx")
    counts = [(1, 1), (200, 130), (40, 30), (1000, 560), (3, 3), (100, 50)]
    book.judge([passed(one, n, wins) for one, (n, wins) in zip(MEMBERS, counts, strict=False)], NOW)
    ranked = book.get_top_strategies(min_confidence=50, min_trades=1, limit=100)
    expected = sorted(counts, key=lambda count: -wilson(count[1], count[0])[0])
    assert [(one.trades, one.wins) for one in ranked] == expected
    assert expected[-1] == (1, 1)
    assert [one.win_rate_low for one in ranked] == [wilson(w, n)[0] for n, w in expected]
    assert ranked[0].win_rate == pytest.approx(expected[0][1] / expected[0][0])
    assert [one.trades for one in book.get_top_strategies(min_trades=40)] == [n for n, _ in expected if n >= 40]
    assert len(book.get_top_strategies(limit=2)) == 2


def test_confidence_is_a_bar_at_its_exact_value(book: StrategyBook) -> None:
    """B09: just below is out, at the bar is in; unknown confidence is out."""
    book.add(MEMBERS, NOW, symbol=SYMBOL)
    levels = [0.499, 0.5, 0.501, None]
    book.judge([passed(one, confidence=level) for one, level in zip(MEMBERS, levels, strict=False)], NOW)
    assert sorted(one.confidence for one in book.get_top_strategies(min_confidence=50)) == [0.5, 0.501]


def test_only_validated_strategies_are_ranked_and_refused_ones_stay(book: StrategyBook) -> None:
    """X03, D24: what was refused is in the book with its reason, and in no ranking."""
    book.add(MEMBERS, NOW, symbol=SYMBOL)
    book.judge([refused(one) for one in MEMBERS[:20]] + [passed(MEMBERS[20])], NOW)
    assert [one.spec_hash for one in book.get_top_strategies(0, 0, 1000)] == [spec_hash(MEMBERS[20])]
    everything = book.select()
    assert len(everything) == 24
    assert {one.reason for one in everything if one.status is StrategyStatus.REJECTED} == {"FAIL: profit factor 0.91"}
    assert book.counts() == {"candidate": 3, "rejected": 20, "shadow": 0, "validated": 1, "disabled": 0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "FAIL"},
        {"verdict_hash": None},
        {"evidence": None},
        {"evidence": evidence(0, 0)},
        {"status": StrategyStatus.DISABLED},
        {"status": StrategyStatus.REJECTED, "verdict": "FAIL"},
        {"evidence": evidence(10, 11)},
    ],
)
def test_a_judgement_without_its_proof_is_refused(book: StrategyBook, wrong: dict) -> None:
    """Validated needs PASS, its hash and trades; refused needs a reason; nobody but a person disables."""
    book.add(MEMBERS[:1], NOW, symbol=SYMBOL)
    with pytest.raises(Misconfigured):
        book.judge([msgspec.structs.replace(passed(MEMBERS[0]), **wrong)], NOW)
    assert book.select()[0].status is StrategyStatus.CANDIDATE


@pytest.mark.sqlite
def test_the_table_itself_refuses_to_hear_the_unproven(book: StrategyBook) -> None:
    """D24: a row set to validated by hand, without a verdict, never comes to be."""
    book.add(MEMBERS[:1], NOW, symbol=SYMBOL)
    other = sqlite3.connect(book.database.path)
    for sql in (
        "UPDATE strategies SET status = 'validated'",
        "UPDATE strategies SET status = 'validated', verdict = 'PASS', verdict_hash = '', trades = 5, win_rate_low = 1",
        "UPDATE strategies SET status = 'disabled', status_before = 'validated'",
        "UPDATE strategies SET status = 'live'",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(sql)
    other.close()


def test_judging_what_is_not_in_the_book_changes_nothing(book: StrategyBook) -> None:
    book.add(MEMBERS[:2], NOW, symbol=SYMBOL)
    with pytest.raises(Misconfigured, match="1 of 3 strategies judged are not in the book"):
        book.judge([refused(one) for one in MEMBERS[:3]], NOW)
    assert book.counts()["rejected"] == 0


def test_who_switched_it_off_when_and_why_is_kept(book: StrategyBook) -> None:
    """B12: disabled is out of the ranking at once; enabled it has the status it had; both leave a row."""
    (name,) = book.add(MEMBERS[:1], NOW, symbol=SYMBOL).ids
    book.judge([passed(MEMBERS[0])], NOW)
    off = book.disable(name, NOW + 10**9, actor="ann", reason="drift")
    assert (off.status, off.status_before, book.get_top_strategies()) == (StrategyStatus.DISABLED, "validated", ())
    assert book.disable(name, NOW, actor="ann", reason="again") == off
    on = book.enable(name, NOW + 2 * 10**9, actor="bob", reason="drift gone")
    assert (on.status, on.status_before, len(book.get_top_strategies())) == (StrategyStatus.VALIDATED, None, 1)
    assert book.enable(name, NOW, actor="bob", reason="again") == on
    rows = [(one.action, one.actor, one.reason, one.status_from, one.status_to) for one in book.changes(name)]
    assert rows == [
        ("disable", "ann", "drift", "validated", "disabled"),
        ("enable", "bob", "drift gone", "disabled", "validated"),
    ]
    assert [one.timestamp for one in book.changes(name)] == ["2025-10-09 08:53:21", "2025-10-09 08:53:22"]


def test_no_switch_makes_a_refused_strategy_heard(book: StrategyBook) -> None:
    (name,) = book.add(MEMBERS[:1], NOW, symbol=SYMBOL).ids
    book.judge([refused(MEMBERS[0])], NOW)
    with pytest.raises(Rejected, match=r"profit factor 0\.91"):
        book.enable(name, NOW, actor="ann", reason="please")
    book.disable(name, NOW, actor="ann", reason="noise")
    assert book.enable(name, NOW, actor="ann", reason="back").status is StrategyStatus.REJECTED


def test_a_judgement_does_not_switch_on_what_a_person_switched_off(book: StrategyBook) -> None:
    """Judged again while disabled: it stays silent, and enabling it leads to the new status."""
    (name,) = book.add(MEMBERS[:1], NOW, symbol=SYMBOL).ids
    book.disable(name, NOW, actor="ann", reason="looks odd")
    book.judge([passed(MEMBERS[0])], NOW)
    assert (book.find(name).status, book.find(name).trades) == (StrategyStatus.DISABLED, 200)
    assert book.enable(name, NOW, actor="ann", reason="proven").status is StrategyStatus.VALIDATED


def test_a_name_nobody_has_and_one_that_means_several(book: StrategyBook) -> None:
    book.add(MEMBERS[:2], NOW)
    book.add(MEMBERS[:1], NOW, symbol="XAU/USD")
    book.add(MEMBERS[:1], NOW, symbol="BTC/USDT")
    with pytest.raises(Misconfigured, match="no strategy is called 'Nothing_1h_v1'"):
        book.find("Nothing_1h_v1")
    with pytest.raises(Misconfigured, match="several strategies"):
        book.find(spec_hash(MEMBERS[0]))


def test_the_book_is_written_beside_a_running_service(tmp_path: Path) -> None:
    """The service holds the journal's lease; the book writes its own two tables, and the service goes on committing."""
    with Store.open(tmp_path / "t.db", NOW) as store:
        store.journal.append(bar_closed(1), b"[]")
        with StrategyBook.open(tmp_path / "t.db", NOW) as book:
            (name,) = book.add(MEMBERS[:1], NOW, symbol=SYMBOL).ids
            book.disable(name, NOW, actor="ann", reason="drift")
        store.journal.commit()
        store.journal.append(bar_closed(2), b"[]")
        store.journal.commit()
        assert store.journal.head[0] == 2
    assert StrategyBook.read(tmp_path / "t.db").find(name).status is StrategyStatus.DISABLED


def test_ten_thousand_strategies_are_entered_and_judged_in_bulk(book: StrategyBook) -> None:
    """X03: every generated variant of a search is a row of its own, found again with its reason."""
    many = drawn(10_000, seed=3)
    assert book.add(many, NOW, symbol=SYMBOL).new == 10_000
    book.judge([Judgement(spec_hash=spec_hash(one), symbol=SYMBOL, status=StrategyStatus.REJECTED, reason="no edge")
                for one in many], NOW)  # fmt: skip
    assert book.counts()["rejected"] == len(book.select(status=StrategyStatus.REJECTED)) == 10_000
