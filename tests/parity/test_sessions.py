"""Bars cut at other hours than the market's sessions are refused before a run, and told apart from missing ones."""

from __future__ import annotations

from pathlib import Path

from tests import scene
from tests.parity.conftest import run_in
from tradewind.adapters.replay_feed import Recording
from tradewind.engine.aggregate import aggregate
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe


def test_four_hour_fx_bars_cut_at_utc_are_refused_with_the_hours_they_should_have(tmp_path: Path) -> None:
    """Exit 2, both intervals in the message and what to import instead; bars of the sessions run (and have no edge)."""
    hours = scene.planted().recordings[1].columns
    for calendar, code in (("crypto", 2), ("fx", 4)):
        folder = tmp_path / calendar
        columns = aggregate(hours, calendar_of(calendar), Timeframe.H4)
        scene.store_candles(folder, [Recording("EUR/USD", Timeframe.H4, columns, "SIMULATED")])
        ran = run_in(folder, "backtest", "--symbol", "EUR/USD", "--interval", "4h", "--no-report")
        assert ran.exit_code == code, ran.stderr
        if code == 2:
            for words in ("cut at other hours than its sessions", "2020-01-01 22:00 UTC", "of an hour or less"):
                assert words in ran.stderr
