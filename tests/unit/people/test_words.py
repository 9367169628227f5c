"""The words people get: golden texts, and what programs read out of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from tests.fakes.session_script import START, signal
from tests.unit.people.posted import parcel
from tradewind.app.people.cornix import cornix_text
from tradewind.app.people.posts import Posts, message_schema
from tradewind.app.people.words import lines_of, read
from tradewind.model.delivery import Delivery, DeliveryState
from tradewind.model.drift import DriftAlarm, DriftCheck, EffectSize, Severity
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.notice import Notice
from tradewind.model.timeframe import Timeframe

ROOT = Path(__file__).resolve().parents[3]


def check(severity: Severity = Severity.CRITICAL) -> DriftCheck:
    effect = EffectSize(Severity.HIGH, True, 40, 0.42, 0.276)
    return DriftCheck("EMA_Crossover_1h_v3", "EUR/USD", Timeframe.H1, START, severity, 1234.5, 1234.5, 12.0, 0.5, False,
                      40, "DISABLE IMMEDIATELY", effect, (), 0.58)  # fmt: skip


@pytest.mark.req("K15")
def test_a_drift_alarm_has_its_seven_lines_in_their_order():
    """The head, then strategy, both win rates, the loss, what to do, and what it rests on."""
    told = DriftAlarm(check(), False, 800.0, True)
    lines = lines_of(parcel(told, "drift"), told, INSTRUMENTS, "")
    assert lines[0] == "DRIFT ALERT - CRITICAL"
    labels = ["Strategy", "Recent WR", "Baseline WR", "Degradation", "Action", "Details"]
    assert [line.partition(":")[0] for line in lines[1:7]] == labels


def test_a_notice_says_how_bad_what_about_what_the_number_and_when():
    """Every alert has the same five parts, and a stamp where the market is made up."""
    told = Notice("feed_stale", START, "warning", "EUR/USD", 95.0, 90.0, "no bar since 10:00")
    assert lines_of(replace(parcel(told, "alert"), suppressed=7), told, INSTRUMENTS, "SIMULATED") == [
        "[SIMULATED] WARNING: The feed is silent (EUR/USD)",
        "Value: 95, limit 90",
        "no bar since 10:00",
        "At: 2023-11-14 22:00 UTC",
        "Since the last one: the same 7 more times",
    ]


def test_a_repeat_and_a_missed_signal_say_so_first():
    """What comes first is read."""
    told = signal(3)
    late = Delivery(1, 1, "c", DeliveryState.SENDING, START, repeat=True, missed=True)
    lines = lines_of(replace(parcel(told, "signal"), delivery=late), told, INSTRUMENTS, "")
    assert lines[0].startswith("REPEATED")
    assert lines[1].startswith("MISSED, do not act")


def test_what_programs_get_holds_to_the_published_schema():
    """Signals, trades and alerts alike; the schema is the one in the documentation."""
    posts = Posts(INSTRUMENTS, "SIMULATED")
    for told, topic in ((signal(3), "signal"), (Notice("feed_stale", START, "warning"), "alert")):
        sent = told if topic != "signal" else msgspec.structs.replace(told, tier="high")
        document = json.loads(posts.post(parcel(sent, topic)).document)
        jsonschema.validate(document, message_schema())
        assert (document["signal"] is not None) == (topic == "signal")


def test_the_documented_schema_is_the_actual_one():
    """Receivers are written against the page: `python -m tests.docs.message_schema > docs/message-schema.json`."""
    assert json.loads((ROOT / "docs" / "message-schema.json").read_text("utf-8")) == message_schema()


def test_cornix_finds_pair_side_entries_target_and_stop():
    """Read by what its guide looks for: the pair, Entry, Take-Profit, Stop, and the side."""
    one = signal(3)
    text = cornix_text(one, INSTRUMENTS["EUR/USD"])
    assert re.search(r"^#EUR/USD$", text, re.MULTILINE)
    assert re.search(r"\(Long\)", text)
    assert re.search(r"Entry Zone: 1\.10100 - 1\.09900", text)
    assert re.search(r"Take-Profit Targets:\n1\) 1\.11000", text)
    assert re.search(r"Stop Targets:\n1\) 1\.09500", text)


def test_cornix_cannot_trade_what_is_simulated_or_unproven():
    """No pair in its form, no price: nothing for a program to act on."""
    text = cornix_text(msgspec.structs.replace(signal(3), stamp="SIMULATED"), INSTRUMENTS["EUR/USD"])
    assert "not for trading" in text
    assert "/" not in text
    assert not re.search(r"\d", text)


def test_whatever_is_put_into_the_outbox_can_be_read_again():
    """The words are made when it is told, from what was kept."""
    for told in (signal(3), Notice("x", START, "info"), DriftAlarm(check())):
        assert read(parcel(told, "alert").payload) == told
