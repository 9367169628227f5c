"""Projections: what people query follows from the journal, in the same transaction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes.session_script import START, SYMBOL, bar_closed, consensus, session, signal, trade
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.schema import utc_text
from tradewind.adapters.store.store import Store
from tradewind.adapters.store.tables import SqlTables
from tradewind.model.article import Article, NewsRead
from tradewind.model.decision import NoDecision, NoTrade, Reason
from tradewind.model.event import ModelServed
from tradewind.model.forecast import Forecast, ForecastEnded
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.order import Fill, Leg, Refusal
from tradewind.model.outcome import Outcome, Trade
from tradewind.model.timeframe import HOUR, Timeframe


def rows(store: Store, sql: str) -> list[dict[str, Any]]:
    columns, found = store.database.query(sql)
    return [dict(zip(columns, row, strict=True)) for row in found]


def put(store: Store, index: int, *outputs: object) -> None:
    store.journal.append(bar_closed(index), encode_outputs(outputs))  # type: ignore[arg-type]
    store.journal.commit()


def entry_fill(index: int) -> Fill:
    ids = (f"s{index}-entry", f"s{index}", SYMBOL)
    return Fill(*ids, Leg.ENTRY, 1, 20, 110_000, START, "1.00", "0.50", "0.00")


def test_the_life_of_a_signal(tmp_path: Path) -> None:
    """New, open with its fill's price and lots, then closed with money and result, each visible at its commit."""
    with Store.open(tmp_path / "t.db", START, instruments=INSTRUMENTS) as store:
        put(store, 3, signal(3))
        (row,) = rows(store, "SELECT * FROM signals")
        ts = START + 4 * HOUR
        assert (row["id"], row["direction"], row["status"], row["ts"]) == ("s3", "BUY", "new", ts)
        assert row["timestamp"] == utc_text(ts)
        assert (row["stop_loss"], row["take_profit"], row["confidence"]) == (1.095, 1.11, 0.85)
        assert json.loads(row["summary"])["checks"][0]["code"] == "trend"

        put(store, 4, entry_fill(3))
        (position,) = rows(store, "SELECT * FROM positions")
        assert (position["status"], position["lots"], position["entry"], position["pnl"]) == ("open", 0.2, 1.1, None)
        assert rows(store, "SELECT status FROM signals") == [{"status": "open"}]

        put(store, 8, trade(3, "-50.25"), Outcome("s3", START + 9 * HOUR, "lost", -0.5025))
        (position,) = rows(store, "SELECT * FROM positions")
        assert (position["status"], position["pnl"], position["net"], position["exit"]) == (
            "closed", -50.25, "-50.25", 1.11,
        )  # fmt: skip
        (outcome,) = rows(store, "SELECT * FROM trade_outcomes")
        assert (outcome["symbol"], outcome["predicted_direction"], outcome["pnl_absolute"], outcome["confidence"]) == (
            SYMBOL, "BUY", -50.25, 0.85,
        )  # fmt: skip
        assert rows(store, "SELECT status, r FROM signals") == [{"status": "lost", "r": -0.5025}]


def test_a_whole_life_in_one_batch_gives_the_same_rows(tmp_path: Path) -> None:
    """A bulk replay ends with the tables a bar-by-bar run has."""
    tables = ("candles", "signals", "decisions", "positions", "trade_outcomes", "confidence_history")
    found = []
    for name, batch in (("one", 1), ("many", 1000)):
        with Store.open(tmp_path / f"{name}.db", START) as store:
            for number, (event, outputs) in enumerate(session(80), start=1):
                store.journal.append(event, encode_outputs(outputs))  # type: ignore[arg-type]
                if number % batch == 0:
                    store.journal.commit()
            store.journal.commit()
            found.append({table: rows(store, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables})
    assert found[0] == found[1]
    assert len(found[0]["trade_outcomes"]) == 10


def test_an_entry_that_cannot_be_projected_leaves_nothing_behind(tmp_path: Path) -> None:
    """Money that is no number: the entry is refused whole, and the next one takes its place."""
    broken = replace(trade(3, "1.00"), net="a lot")
    with Store.open(tmp_path / "t.db", START) as store:
        with pytest.raises(ValueError, match="a lot"):
            put(store, 1, signal(1), broken)
        put(store, 2, signal(2))
        assert rows(store, "SELECT id, journal_seq FROM signals") == [{"id": "s2", "journal_seq": 1}]
        assert rows(store, "SELECT count(*) AS n FROM candles") == [{"n": 1}]


def test_a_refused_order_marks_its_signal(tmp_path: Path) -> None:
    """A signal the broker would not fill says so."""
    with Store.open(tmp_path / "t.db", START) as store:
        put(store, 3, signal(3))
        put(store, 4, Refusal("s3-entry", "s3", SYMBOL, START, "margin"))
        assert rows(store, "SELECT status FROM signals") == [{"status": "refused"}]


def test_every_decision_is_kept_with_its_reasons(tmp_path: Path) -> None:
    """What ``why`` reads: kind, time and the whole decision as JSON; a confidence where there is one."""
    ts = START + 2 * HOUR
    with Store.open(tmp_path / "t.db", START) as store:
        put(store, 1, NoTrade(SYMBOL, Timeframe.H1, ts, (Reason("spread", 2.0, 1.5),), consensus(0.31)))
        put(store, 2, NoDecision(SYMBOL, Timeframe.H1, ts + HOUR, Reason("missing")))
        one, two = rows(store, "SELECT * FROM decisions ORDER BY ts")
        assert (one["kind"], json.loads(one["summary"])["reasons"][0]["limit"]) == ("no_trade", 1.5)
        assert (two["kind"], two["timestamp"]) == ("no_decision", utc_text(ts + HOUR))
        confidences = rows(store, "SELECT symbol, confidence_score, timestamp FROM confidence_history")
        assert confidences == [{"symbol": SYMBOL, "confidence_score": 0.31, "timestamp": utc_text(ts)}]


def test_candles_keep_the_newest_of_each_series(tmp_path: Path) -> None:
    """The hot tail is bounded (INV-21) however long the run."""
    with Store.open(tmp_path / "t.db", START) as store:
        store.journal._tables = SqlTables(hot_tail_bars=100)
        for index in range(1000):
            store.journal.append(bar_closed(index), b"[]")
            if index % 10 == 9:
                store.journal.commit()
        assert rows(store, "SELECT max(ts_open) AS newest FROM candles") == [{"newest": START + 999 * HOUR}]
        (found,) = rows(store, "SELECT count(*) AS n FROM candles")
        assert 100 <= found["n"] < 100 + 256


def test_a_trade_needs_no_fill_before_it(tmp_path: Path) -> None:
    """A round trip whose opening is not in this journal still becomes a closed position."""
    closed: Trade = trade(9, "12.00")
    with Store.open(tmp_path / "t.db", START) as store:
        put(store, 1, closed)
        (position,) = rows(store, "SELECT status, pnl FROM positions")
        assert position == {"status": "closed", "pnl": 12.0}


@pytest.mark.parametrize("origin", ["feed", ""])
def test_errors_are_logged_for_people(tmp_path: Path, origin: str) -> None:
    """A row in ``error_log`` is durable on return."""
    with Store.open(tmp_path / "t.db", START) as store:
        store.log_error(START, "Retryable", "rate limit", origin)
    with Store.read(tmp_path / "t.db") as store:
        assert rows(store, "SELECT timestamp, error_type, message, origin FROM error_log") == [
            {"timestamp": utc_text(START), "error_type": "Retryable", "message": "rate limit", "origin": origin}
        ]


def test_a_forecast_is_on_file_with_its_models_hash_and_is_told_how_it_ended(tmp_path: Path) -> None:
    """One row a seat and close; the end finds the row of the seat that made the forecast."""
    ts, later = START + 4 * HOUR, START + 6 * HOUR
    with Store.open(tmp_path / "t.db", START) as store:
        where = (SYMBOL, Timeframe.H1)
        served = ModelServed(START, *where, "champion", "v1", "a" * 64)
        store.journal.append(served, encode_outputs([]))
        store.journal.commit()
        said = [
            Forecast(ts, *where, seat, "v1", "a" * 64, 0.7, "up", 1, acted=seat == "champion", lower=1.0, upper=1.2)
            for seat in ("champion", "challenger")
        ]
        put(store, 3, *said)
        put(store, 5, ForecastEnded(later, *where, "champion", "v1", ts, 0.7, 1, acted=True, went=-1, missed=True))
        assert next(iter(store.journal.read(1))).event == served
        found = rows(
            store, "SELECT seat, sha256, p, outcomes, acted, ts_end, went, missed FROM forecasts ORDER BY seat"
        )
    assert [tuple(one.values()) for one in found] == [
        ("challenger", "a" * 64, 0.7, "up", 0, None, None, None),
        ("champion", "a" * 64, 0.7, "up", 1, later, -1, 1),
    ]


def test_an_article_is_on_file_once_from_when_it_counted(tmp_path: Path) -> None:
    """A row an article, the first time it is told; strangers' text is a parameter and never part of a statement."""
    title = "'); DROP TABLE articles; --"
    late = Article("a" * 16, "wire.example", title, START, START + HOUR, (("BTC", -0.5),), "lexicon-1")
    with Store.open(tmp_path / "t.db", START) as store:
        for ts in (START + HOUR, START + 2 * HOUR):
            store.journal.append(NewsRead(ts, ts, ts, (late,)), encode_outputs([]))
        store.journal.commit()
        found = rows(store, "SELECT id, timestamp, published, seen, source, title, subjects, scorer FROM articles")
    assert [tuple(one.values()) for one in found] == [
        ("a" * 16, utc_text(START + HOUR), START, START + HOUR, "wire.example", title, '[["BTC",-0.5]]', "lexicon-1")
    ]
