"""The outbox: on disk before the first byte, at most one marked repeat for an ambiguous send, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.session_script import START, bar_closed, signal, trade
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.inspection import inspect
from tradewind.adapters.store.outbox import Outbox, Parcel
from tradewind.adapters.store.outbox_rows import OutboxRows
from tradewind.adapters.store.store import Store
from tradewind.model.announcement import Announcement
from tradewind.model.channel import ALARMS, TOPICS, Channel, Limit
from tradewind.model.notice import Notice
from tradewind.model.timeframe import HOUR, MINUTE, SECOND

CHAT = Channel("telegram:1", "telegram", ("signal", "trade", "report"), (Limit("telegram:1", 1, SECOND),))
ADMIN = Channel("telegram:2", "telegram", ("alert", "drift", "guard", "system"))
MAIL = Channel("mail", "smtp", ("signal", "report", *ALARMS), min_severity="warning", min_confidence=0.9)


def opened(folder: Path, *channels: Channel, now: int = START) -> tuple[Store, Outbox]:
    store = Store.open(folder / "t.db", now, outbox=OutboxRows(channels))
    return store, store.outbox(now)


def journal(store: Store, index: int, *outputs: object) -> None:
    store.journal.append(bar_closed(index), encode_outputs(outputs))  # type: ignore[arg-type]
    store.journal.commit()


def told(outbox: Outbox, now: int) -> list[Parcel]:
    """Everything that may leave at ``now``, accepted at once."""
    found = []
    while (parcel := outbox.due(now)) is not None:
        found.append(outbox.sending(parcel.id, now))
        outbox.sent(parcel.id, f"m{parcel.id}", now)
    return found


def states(store: Store) -> list[tuple[str, str, int]]:
    return store.database.query("SELECT channel, state, repeat FROM deliveries ORDER BY id")[1]


def test_a_signal_is_owed_to_its_chat_the_moment_its_decision_is_durable(tmp_path: Path) -> None:
    """Row and delivery are in the decision's own transaction; before the commit there is neither."""
    store, outbox = opened(tmp_path, CHAT, ADMIN)
    with store:
        store.journal.append(bar_closed(3), encode_outputs([signal(3)]))
        assert outbox.due(START) is None
        assert store.database.query("SELECT count(*) FROM outbox")[1] == [(0,)]
        store.journal.commit()
        parcel = outbox.due(START)
        assert parcel is not None
        assert (parcel.topic, parcel.key, parcel.delivery.channel) == ("signal", "s3", "telegram:1")
        assert states(store) == [("telegram:1", "pending", 0)]


def test_that_a_send_begins_is_on_disk_before_it_does(tmp_path: Path) -> None:
    """Another connection already sees `sending` when `sending` returns."""
    store, outbox = opened(tmp_path, CHAT)
    with store, Store.read(tmp_path / "t.db") as other:
        journal(store, 3, signal(3))
        parcel = outbox.due(START)
        assert parcel is not None
        outbox.sending(parcel.id, START)
        assert states(other) == [("telegram:1", "sending", 0)]


@pytest.mark.parametrize("dies", ["before sending", "while sending", "after sent"])
def test_a_death_at_any_point_loses_nothing_and_marks_what_may_have_been_heard(tmp_path: Path, dies: str) -> None:
    """Before the first byte: told plainly. Between it and the note: told once more, marked. After: never again."""
    store, outbox = opened(tmp_path, CHAT)
    journal(store, 3, signal(3))
    parcel = outbox.due(START)
    assert parcel is not None
    if dies != "before sending":
        outbox.sending(parcel.id, START)
    if dies == "after sent":
        outbox.sent(parcel.id, "m1", START)
    store.close()
    store, outbox = opened(tmp_path, CHAT, now=START + MINUTE)
    with store:
        later = told(outbox, START + MINUTE)
        expected = {"before sending": [False], "while sending": [True], "after sent": []}[dies]
        assert [one.delivery.repeat for one in later] == expected


def test_an_ambiguous_send_is_repeated_once_marked_and_a_refused_one_plainly(tmp_path: Path) -> None:
    """A lost answer may have been a delivery; a 429 and a refused connection were none."""
    store, outbox = opened(tmp_path, CHAT)
    with store:
        journal(store, 3, signal(3))
        first = outbox.due(START)
        assert first is not None
        outbox.sending(first.id, START)
        outbox.refused(first.id, START, 7 * SECOND, "429")
        assert outbox.next_at(START) == START + 7 * SECOND
        assert outbox.due(START + 7 * SECOND - 1) is None
        again = outbox.sending(first.id, START + 7 * SECOND)
        assert not again.delivery.repeat
        outbox.ambiguous(first.id, START + 8 * SECOND, "the answer got lost")
        at = outbox.next_at(START + 8 * SECOND)
        assert at is not None
        assert at > START + 8 * SECOND
        assert [one.delivery.repeat for one in told(outbox, at)] == [True]
        assert told(outbox, at + HOUR) == []
        assert states(store) == [("telegram:1", "sent", 1)]


def test_a_signal_past_its_validity_is_told_only_as_missed(tmp_path: Path) -> None:
    """Whatever kept it: when its bytes leave too late they say so, and the table keeps that they did."""
    store, outbox = opened(tmp_path, CHAT)
    with store:
        one = signal(3)
        journal(store, 3, one)
        assert [parcel.delivery.missed for parcel in told(outbox, one.valid_until + 1)] == [True]
        assert states(store) == [("telegram:1", "missed", 0)]


def test_what_can_still_be_acted_on_goes_before_what_can_not_and_alarms_before_both(tmp_path: Path) -> None:
    """After an outage the backlog does not delay the one thing that matters now."""
    fast = Channel("telegram:1", "telegram", TOPICS)
    store, outbox = opened(tmp_path, fast)
    with store:
        for index in range(3, 8):
            journal(store, index, signal(index))
        now = signal(5).valid_until + 1
        outbox.notice(Notice("kill_on", now, "critical"), now)
        assert [one.key.split()[0] for one in told(outbox, now)] == ["kill_on", "s6", "s7", "s3", "s4", "s5"]


@pytest.mark.req("Q20")
def test_the_same_condition_a_hundred_times_is_one_alert_a_cool_down_and_the_next_one_counts_the_others(
    tmp_path: Path,
) -> None:
    """An alarm that rings all night is switched off by people; one that counts is read."""
    store, outbox = opened(tmp_path, ADMIN)
    with store:
        for second in range(100):
            outbox.notice(Notice("feed_stale", START + second * SECOND, "warning", "EUR/USD"), START)
        outbox.notice(Notice("feed_stale", START, "warning", "BTC/USD"), START)
        assert [one.key for one in told(outbox, START + MINUTE)] == [
            f"feed_stale EUR/USD {START}",
            f"feed_stale BTC/USD {START}",
        ]
        assert store.database.query("SELECT repeats FROM outbox ORDER BY id")[1] == [(99,), (0,)]
        outbox.notice(Notice("feed_stale", START + HOUR, "warning", "EUR/USD"), START + HOUR)
        assert [one.suppressed for one in told(outbox, START + HOUR)] == [99]


def test_channels_hear_what_they_subscribed_to_and_nothing_below_their_bounds(tmp_path: Path) -> None:
    """Alerts go to the admin chat, signals to the chat; severity and confidence have lower bounds."""
    store, outbox = opened(tmp_path, CHAT, ADMIN, MAIL)
    with store:
        journal(store, 3, signal(3), Notice("drift_high", START, "info"), trade(3, "-5.00"))
        outbox.put("report", "day 1", Announcement("Day 1", START, severity="warning"), now=START, severity="warning")
        heard = [(channel, key) for channel, key in _owed(store)]
        assert heard == [
            ("telegram:1", "s3"),
            ("telegram:2", f"drift_high {START}"),
            ("telegram:1", "closed s3 1-2"),
            ("telegram:1", "day 1"),
            ("mail", "day 1"),
        ]
        outbox.put("report", "day 1", Announcement("Day 1", START, severity="warning"), now=START + 5)
        assert len(_owed(store)) == 5


def test_every_part_of_a_trade_that_was_closed_in_parts_is_told(tmp_path: Path) -> None:
    """An entry that was filled in parts makes a trade of each, at one moment and perhaps at one price: none is lost."""
    store, _ = opened(tmp_path, CHAT)
    with store:
        journal(store, 4, trade(4, "1.00"), trade(4, "1.00"))
        journal(store, 5, trade(4, "1.00"))
        assert [key for _, key in _owed(store)] == ["closed s4 1-0", "closed s4 1-1", "closed s4 2-0"]


def test_a_channel_that_is_gone_is_owed_nothing_and_a_new_one_does_not_hear_old_news(tmp_path: Path) -> None:
    """What was owed to a removed chat ends as failed with the reason; a new chat begins with what is new."""
    store, _ = opened(tmp_path, CHAT)
    journal(store, 3, signal(3))
    store.close()
    store, outbox = opened(tmp_path, ADMIN, MAIL)
    with store:
        assert outbox.owed() == 0
        assert store.database.query("SELECT state, detail FROM deliveries")[1] == [
            ("failed", "the channel is not configured any more")
        ]


def test_budgets_survive_a_restart(tmp_path: Path) -> None:
    """A process that dies and comes back within the second does not get a second budget."""
    store, outbox = opened(tmp_path, CHAT)
    journal(store, 3, signal(3))
    journal(store, 4, signal(4))
    assert len(told(outbox, START)) == 1
    store.close()
    store, outbox = opened(tmp_path, CHAT, now=START + SECOND // 2)
    with store:
        assert outbox.due(START + SECOND // 2) is None
        assert len(told(outbox, START + 2 * SECOND)) == 1


def test_a_check_finds_a_row_of_the_outbox_that_no_decision_led_to(tmp_path: Path) -> None:
    """What people are told follows from the journal, or the check says where it does not."""
    store, _ = opened(tmp_path, CHAT)
    journal(store, 3, signal(3))
    with store:
        assert all(finding.ok for finding in inspect(store.database))
        assert store.writer is not None
        with store.writer.transaction() as cursor:
            cursor.execute("UPDATE outbox SET valid_until = valid_until + 1")
        faults = [finding.detail for finding in inspect(store.database) if not finding.ok]
        assert len(faults) == 1
        assert "outbox does not follow from the journal" in faults[0]


def _owed(store: Store) -> list[tuple[str, str]]:
    sql = "SELECT d.channel, o.key FROM deliveries d JOIN outbox o ON o.id = d.outbox_id ORDER BY d.id"
    return store.database.query(sql)[1]


@pytest.mark.req("M06", "N07")
def test_each_thing_that_should_wake_somebody_becomes_one_message(tmp_path: Path) -> None:
    """Signal, drift, embargo, restart, fatal error, summary: six triggers, six messages, each embargo told."""
    store, outbox = opened(tmp_path, CHAT, ADMIN)
    with store:
        embargo = Notice("news_embargo", START, "info", "EUR/USD", 10.0, 30.0, "Non-Farm Payrolls at 13:30 UTC")
        other = Notice("news_embargo", START + MINUTE, "info", "EUR/USD", 10.0, 30.0, "Rate decision at 14:15 UTC")
        journal(store, 3, signal(3), Notice("drift_critical", START, "critical"), embargo, other)
        outbox.notice(Notice("service_crashed", START, "critical"), START)
        outbox.notice(Notice("fatal_error", START, "critical", "Corrupt"), START)
        outbox.put("report", "day 1", Announcement("Day 1", START), now=START)
        heard = [parcel.key.split()[0] for parcel in (*told(outbox, START), *told(outbox, START + MINUTE))]
        assert sorted(heard) == sorted(
            ["s3", "drift_critical", "news_embargo", "news_embargo", "service_crashed", "fatal_error", "day"]
        )
