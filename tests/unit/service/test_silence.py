"""No signal for long is an alarm only while a market is open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tradewind.app.service.silence import silences
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.timeframe import HOUR, SECOND

PAIRS = [INSTRUMENTS[name] for name in ("EUR/USD", "GBP/USD", "BTC/USDT")]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def alarms(now: str, last: dict[str, str]) -> set[str]:
    found = silences(PAIRS, {pair: at(ts) for pair, ts in last.items()}, at("2026-11-02"), at(now), 24.0)
    return {one.calendar for one in found}


@pytest.mark.req("O21")
def test_over_a_weekend_the_alarm_of_currencies_is_suppressed_and_that_of_crypto_is_not() -> None:
    """Last signals on Friday 20:00 UTC; by Sunday noon crypto was open for 40 hours, currencies for two."""
    last = dict.fromkeys(("EUR/USD", "GBP/USD", "BTC/USDT"), "2026-11-20 20:00")
    assert alarms("2026-11-22 12:00", last) == {"crypto"}
    assert alarms("2026-11-23 12:00", last) == {"crypto"}
    assert alarms("2026-11-23 20:30", last) == {"crypto", "fx"}


def test_one_pair_that_signals_speaks_for_its_session() -> None:
    last = {"EUR/USD": "2026-11-17 12:00", "GBP/USD": "2026-11-10 12:00", "BTC/USDT": "2026-11-17 23:00"}
    assert alarms("2026-11-18 11:00", last) == set()
    assert alarms("2026-11-18 12:30", last) == {"fx"}


def test_a_run_that_never_signalled_counts_from_its_start() -> None:
    assert alarms("2026-11-02 23:00", {}) == set()
    assert alarms("2026-11-03 01:00", {}) == {"crypto", "fx"}


def test_the_hours_are_those_of_open_market() -> None:
    found = {
        one.calendar: one.hours for one in silences(PAIRS, {}, at("2026-11-20 12:00"), at("2026-11-24 12:00"), 24.0)
    }
    assert found == {"crypto": 96.0, "fx": 96.0 - 48.0}
    assert HOUR
