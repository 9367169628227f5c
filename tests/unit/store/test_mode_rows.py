"""Modes, confidences of seats and trainings as people query them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.store import Store
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.learning.mode_reading import mode_history, seat_statuses, training_history
from tradewind.model.event import InputEvent, ModelServed, ModelTrained, ModeRulesSet
from tradewind.model.mode import (
    Mode,
    ModeChanged,
    ModeEvidence,
    ModeRules,
    ModeRulesChanged,
    RetrainAsked,
    SeatSeen,
)
from tradewind.model.output import Output
from tradewind.model.timeframe import HOUR, SECOND, Timeframe

SYMBOL, H1 = "BTC/USDT", Timeframe.H1
SEEN = ModeEvidence(120, 0.8123, 0.21, 0.95, 0.6, 0.04)
SOURCE_SQL = (
    "SELECT COUNT(*), AVG(validation_confidence) FROM retraining_history"
    " WHERE triggered_at > datetime('now', '-6 hours');",
    "SELECT AVG(confidence_score), MAX(confidence_score) FROM confidence_history WHERE symbol = 'BTC/USDT'"
    " AND timestamp > datetime('now', '-24 hours');",
    "SELECT trigger_reason, COUNT(*) FROM retraining_history WHERE triggered_at > datetime('now', '-6 hours')"
    " GROUP BY trigger_reason;",
    "SELECT * FROM retraining_history ORDER BY id DESC LIMIT 10;",
    "SELECT * FROM learning_states ORDER BY id DESC LIMIT 5;",
)


def script(now: int) -> list[tuple[InputEvent, list[Output]]]:
    """A training ten hours ago that failed, and one an hour ago that took the seat."""
    old, recent = now - 10 * HOUR, now - HOUR
    asked = [RetrainAsked(ts, SYMBOL, H1, trigger, 0.9, 0.7) for ts, trigger in ((old, "schedule"), (recent, "drift"))]
    rules = ModeRulesChanged(old, "olga", {"hysteresis": 0.05}, {"hysteresis": 0.07})
    moved = ModeChanged(recent, SYMBOL, H1, Mode.LEARNING, Mode.TRADING, "confidence", 0.8, SEEN, "v2")
    thin = SeatSeen(old, SYMBOL, H1, Mode.LEARNING, ModeEvidence(12))
    return [
        (ModeRulesSet(old, ModeRules(hysteresis=0.07), "olga"), [rules, thin, asked[0]]),
        (ModelTrained(old + SECOND, SYMBOL, H1, fault="it hung", duration_s=3.0), []),
        (ModelTrained(old + 2 * SECOND, SYMBOL, H1, "stray", None, 0.9), []),
        (ModelServed(recent, SYMBOL, H1, "challenger", "v2"), [asked[1]]),
        (ModelTrained(recent + SECOND, SYMBOL, H1, "v2", None, 0.8345, 0.03, True, 164.2), []),
        (
            ModelServed(recent + 2 * SECOND, SYMBOL, H1, "champion", "v2"),
            [SeatSeen(recent, SYMBOL, H1, Mode.LEARNING, SEEN, "v2"), moved],
        ),
    ]


@pytest.fixture
def store(tmp_path: Path):
    now = WallClock().now()
    with Store.open(tmp_path / "x.db", now) as opened:
        for event, outputs in script(now):
            opened.journal.append(event, encode_outputs(outputs))
        opened.journal.commit()
        yield opened


@pytest.mark.req("J14", "R04")
def test_statements_of_operators_run_as_they_are(store: Store):
    """Rule: the source's SQL, letter by letter; ten hours old is not within six."""
    answers = [store.database.query(statement)[1] for statement in SOURCE_SQL]
    assert [tuple(row) for row in answers[0]] == [(1, 0.8345)]
    assert [tuple(row) for row in answers[1]] == [(0.8123, 0.8123)]
    assert [tuple(row) for row in answers[2]] == [("drift", 1)]
    assert len(answers[3]) == 2
    assert len(answers[4]) == 2


def test_a_training_is_one_row_that_is_told_its_end(store: Store):
    """Rule: asked, ended, promoted; an end that nobody asked for changes no row."""
    newest, oldest = training_history(store.database, 10)
    assert (newest["version"], newest["validation_confidence"], newest["duration_s"]) == ("v2", 0.8345, 164.2)
    assert (bool(newest["passed"]), bool(newest["promoted"])) == (True, True)
    assert (oldest["fault"], oldest["version"], bool(oldest["promoted"])) == ("it hung", None, False)
    assert oldest["ended_at"] > oldest["triggered_at"]


@pytest.mark.req("J13")
def test_what_a_seat_shows_is_read_with_its_parts(store: Store):
    """Rule: mode since when and why, confidence with its parts, the newest training; rules with both values."""
    (status,) = seat_statuses(store.database)
    assert (status.mode, status.reason, status.version, status.transitions) == ("TRADING", "confidence", "v2", 1)
    assert status.seen["n"] == 120
    assert status.training["trigger_reason"] == "drift"
    changed, rules = mode_history(store.database, 10)
    assert changed["confidence"] == 0.8123
    assert (rules["reason"], rules["detail"]) == ("olga", {"hysteresis": [0.05, 0.07]})


@pytest.mark.req("J03", "J13")
def test_a_seat_with_too_few_events_is_counted(store: Store):
    """Rule: what it showed last by the journal; a fall begins the count anew, another seat's words do not."""

    def counted(*outputs: Output) -> tuple[int, float | None]:
        now = WallClock().now()
        for output in outputs:
            store.journal.append(ModelServed(now, "ETH/USDT", H1, "champion", "v9"), encode_outputs([output]))
        store.journal.commit()
        seen = next(one.seen for one in seat_statuses(store.database) if one.symbol == SYMBOL)
        return seen["n"], seen["confidence"]

    now = WallClock().now()
    fell = ModeChanged(now, SYMBOL, H1, Mode.TRADING, Mode.LEARNING, "drift", 0.7, SEEN, "v2")
    assert counted(SeatSeen(now, SYMBOL, H1, Mode.TRADING, ModeEvidence(121, 0.83, 0.2, 0.9, 0.6), "v2")) == (121, 0.83)
    assert counted(fell) == (0, None)
    assert counted(SeatSeen(now, SYMBOL, H1, Mode.LEARNING, ModeEvidence(1), "v2")) == (1, None)
    assert counted(SeatSeen(now, "ETH/USDT", H1, Mode.LEARNING, ModeEvidence(7), "v9")) == (1, None)
    other = ModeChanged(now, SYMBOL, H1, Mode.TRADING, Mode.LEARNING, "model", 0.8, ModeEvidence(31), "v3")
    assert counted(other) == (31, None)
