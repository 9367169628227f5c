"""The summary of the day and the alarms over the past."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.session_script import bar_closed, signal, trade
from tests.unit.people.test_words import check
from tradewind.adapters.notify.stand_in.bot_api import BotApi, Chat
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.outbox_rows import OutboxRows
from tradewind.adapters.store.store import Store
from tradewind.app.people.alarms import DRIFT_CRITICAL, AlarmBook, AlarmState, drift_alerts
from tradewind.app.people.daily import DailyReports, Limits
from tradewind.app.people.words import read
from tradewind.model.announcement import Announcement
from tradewind.model.channel import Channel
from tradewind.model.drift import DriftAlarm, Severity
from tradewind.model.guard import AccountMark
from tradewind.model.timeframe import DAY, HOUR

MIDNIGHT = 1_700_006_400 * 10**9  # 2023-11-15 00:00 UTC
CHANNELS = (Channel("telegram:1", "telegram", ("report",)), Channel("mail", "mail", ("report",)))
SERIES = [("EUR/USD", "1h")]
MARK = AccountMark(MIDNIGHT, "day", "98800.00", 98_500.0, "2023-11-14", 100_000.0, 100_000.0, MIDNIGHT, 101_000.0,
                   95_000.0, 90_000.0, 4, None, "going on")  # fmt: skip


@pytest.mark.req("Q16", "G13")
def test_midnight_brings_one_summary_to_every_channel_also_when_the_process_dies_around_it(tmp_path: Path) -> None:
    """Used and remaining of both limits are in it; a restart in the same night does not make a second one."""
    store = Store.open(tmp_path / "t.db", MIDNIGHT - HOUR, outbox=OutboxRows(CHANNELS))
    with store:
        outputs = [signal(0), trade(0, "-50.25")]
        store.journal.append(bar_closed(0), encode_outputs(outputs))  # type: ignore[arg-type]
        store.journal.commit()
        outbox = store.outbox(MIDNIGHT - HOUR)
        for _ in range(2):  # the second is a process that was started again before midnight
            reports = DailyReports(outbox, store.database, SERIES, lambda _: MARK, Limits(0.05, 0.1), MIDNIGHT - HOUR)
            assert not reports.look(MIDNIGHT - 1)
            reports.look(MIDNIGHT)
            assert not reports.look(MIDNIGHT + HOUR)
        rows = store.database.query("SELECT key, payload FROM outbox WHERE topic = 'report'")[1]
        owed = store.database.query("SELECT channel FROM deliveries ORDER BY channel")[1]
    ((key, payload),) = rows
    assert (key, owed) == ("day 2023-11-14", [("mail",), ("telegram:1",)])
    told = read(payload)
    assert isinstance(told, Announcement)
    assert told.lines[:2] == ("Decisions: 1, signals: 1", "Trades: none closed")
    assert "Daily loss: 1500.00 of 5000.00 used (30.00%), 3500.00 remain" in told.lines
    assert "Total loss: 2500.00 of 11000.00 used (22.73%), 8500.00 remain" in told.lines


def test_a_day_on_which_nothing_was_decided_has_no_summary(tmp_path: Path) -> None:
    """A closed market and a process that was down make no noise."""
    with Store.open(tmp_path / "t.db", MIDNIGHT, outbox=OutboxRows(CHANNELS)) as store:
        reports = DailyReports(
            store.outbox(MIDNIGHT), store.database, SERIES, lambda _: None, Limits(0.05, 0.1), MIDNIGHT
        )
        assert not reports.look(MIDNIGHT + DAY)


@pytest.mark.req("K16")
def test_one_critical_drift_alert_within_the_hour_raises_the_alarm_and_an_hour_without_ends_it(tmp_path: Path) -> None:
    """`trading-bot-drift-critical`: sum of DriftAlerts with severity CRITICAL over 3600 s at least 1."""
    with Store.open(tmp_path / "t.db", MIDNIGHT, outbox=OutboxRows()) as store:
        book = AlarmBook()
        assert book.alarm.name == "trading-bot-drift-critical"
        store.journal.append(bar_closed(0), encode_outputs([DriftAlarm(check(Severity.HIGH))]))
        store.journal.commit()
        alarm = DriftAlarm(check())
        ts = alarm.check.ts
        assert book.look(store.database, ts) is None
        later = DriftAlarm(check().__class__(**{**_fields(check()), "member": "other"}))
        store.journal.append(bar_closed(1), encode_outputs([later]))
        store.journal.commit()
        assert drift_alerts(store.database, 0) == [(ts, "HIGH", 1.0), (ts, "CRITICAL", 1.0)]
        assert book.look(store.database, ts) is AlarmState.ALARM
        assert book.look(store.database, ts + HOUR - 1) is None
        assert book.look(store.database, ts + HOUR) is AlarmState.OK


def test_an_alarm_counts_its_own_dimension_and_period_alone():
    """Half-open: what is exactly one period old is over."""
    points = [(0, "CRITICAL", 1.0), (5, "HIGH", 9.0)]
    assert DRIFT_CRITICAL.state(points, HOUR - 1) is AlarmState.ALARM
    assert DRIFT_CRITICAL.state(points, HOUR) is AlarmState.OK


def test_the_strict_server_wants_a_chat_that_exists():
    """Without a chat there is nothing to say anything in."""
    api = BotApi("1:" + "x" * 30, lambda: 0, (Chat(1),))
    assert api.call(api.token, "sendMessage", {"text": "x"}).document["description"] == "Bad Request: chat_id is empty"
    assert api.call("no token", "sendMessage", {}).status == 404
    assert api.call("2:" + "x" * 30, "getMe", {}).status == 401


def _fields(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}  # type: ignore[attr-defined]
