"""The service with its venue and its chat is killed at moments drawn at random; both keep count of what they saw.

Every message reaches its chat; as new at most once; and once more at most, marked as a repeat, where the process died
between the first byte and the note that it had arrived.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path
from threading import Thread
from typing import Literal, NamedTuple

import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_cut_network import drained, last, moves, waits
from tests.acceptance.test_live_run import CONFIG, begun, decided, series, words
from tests.acceptance.test_telegram import CHAT, LOOSE, Telegram, settings, telegram
from tests.fakes.venue import START, in_background
from tradewind.adapters.market.stand_in.server import StandInServer
from tradewind.adapters.notify.console import REPEATED
from tradewind.model.timeframe import HOUR, MINUTE


class Room(NamedTuple):
    """A folder, a chat and a venue that outlive the service."""

    project: Project
    bot: Telegram
    venue: StandInServer

    def lives(self, bars: int, seconds: float, *, starts: bool = False) -> int:
        """One life that sees ``bars`` bars, or only its start, and is killed ``seconds`` into it."""
        process = begun(self.project, *words(self.venue, "stream", "--quiet", "--json"))
        mover = Thread(target=moves, args=(self.venue, bars))
        if not starts:
            waits(self.venue.venue.audience, "it never subscribed", process)
            mover.start()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        if not starts:
            mover.join()
        return process.returncode

    def dies_while_it_sends(self, fault: Literal["hold_request", "hold_answer"], made: int = 0) -> int:
        """One life that is killed with a message on its way, before or after the chat took it; bars it was given.

        The venue waits for it: whoever runs ahead leaves hundreds of messages for the next life. ``made`` were before.
        """
        before = self.bot.way.held
        process = begun(self.project, *words(self.venue, "stream", "--quiet", "--json"))
        waits(self.venue.venue.audience, "it never subscribed", process)
        self.bot.way.faults.append(fault)
        bars = 0
        while self.bot.way.held == before:
            moves(self.venue, 10)
            bars += 10
            waits(lambda: self.bot.way.held != before or last(self.project) == made + bars, "it stands still", process)  # noqa: B023  called at once
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        return bars

    def ends(self, bars: int) -> int:
        """The last life: it catches up, tells everything and is asked to stop."""
        process = begun(self.project, *words(self.venue, "stream", "--quiet", "--json"))
        waits(self.venue.venue.audience, "it never subscribed", process)
        moves(self.venue, 10)
        waits(lambda: last(self.project) == bars + 10, "bars are lost", process)
        drained(self.project, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        return process.returncode


@pytest.mark.req("INV-04", "INV-05", "INV-06", "O07", "FLT-25")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kills", [2, pytest.param(60, marks=pytest.mark.soak)])
def test_a_service_killed_anywhere_tells_everything_and_repeats_only_what_it_marks(tmp_path: Path, kills: int) -> None:
    """kill -9 while bars come and messages go, or at the start: 0 lost, 0 unmarked repeats, no close left out."""
    generator = np.random.default_rng(kills)
    project, made = Project(tmp_path), 0
    with telegram() as bot, in_background([series(8_000)], now=START + 300 * HOUR + MINUTE) as venue:
        room = Room(project.configured(CONFIG + LOOSE + settings(bot.url)), bot, venue)
        for number in range(kills):
            starts = number % 5 == 4
            bars = 0 if starts else int(generator.integers(20, 60))
            assert room.lives(bars, float(generator.uniform(0.0, 2.5)), starts=starts) == -signal.SIGKILL
            made += bars
        assert room.ends(made) == 0
    assert accounted(project, bot) <= kills


@pytest.mark.req("INV-04", "INV-06", "FLT-25")
@pytest.mark.timeout(600)
def test_a_message_that_was_on_its_way_at_death_comes_once_more_and_says_so(tmp_path: Path) -> None:
    """Killed after the first byte and before the note: taken by the chat or not, it is repeated once and marked."""
    project = Project(tmp_path)
    with telegram() as bot, in_background([series(8_000)], now=START + 300 * HOUR + MINUTE) as venue:
        room = Room(project.configured(CONFIG + LOOSE + settings(bot.url)), bot, venue)
        made = room.dies_while_it_sends("hold_answer")
        taken = bot.api.messages[-1]
        made += room.dies_while_it_sends("hold_request", made)
        assert room.ends(made) == 0
    accounted(project, bot)
    repeats = [(message.chat_id, message.text) for message in bot.api.messages if REPEATED in message.text]
    assert len(repeats) == 2
    assert [chat for chat, text in repeats if taken.text in text] == [taken.chat_id]


def accounted(project: Project, bot: Telegram) -> int:
    """Holds what the chat saw against what was owed, and the journal against its replay; how many repeats it had."""
    found = decided(project)
    assert found == list(range(found[0], found[-1] + HOUR, HOUR))
    texts = [message.text for message in bot.api.messages if message.chat_id == CHAT]
    repeats = [text for text in texts if REPEATED in text]
    new = Counter(text for text in texts if REPEATED not in text)
    rows = project.rows(f"SELECT state, doubts, repeat FROM deliveries WHERE channel = 'telegram:{CHAT}'")
    print(f"{len(rows)} messages owed, {sum(new.values())} told as new, {len(repeats)} marked repeats")
    assert {state for state, *_ in rows} <= {"sent", "missed"}
    assert set(new.values()) == {1}, "a message was told as new twice"
    assert max(Counter(repeats).values(), default=0) <= 1, "a repeat was repeated"
    assert len(repeats) == sum(repeat for *_, repeat in rows)
    assert len(rows) - len(repeats) <= sum(new.values()) <= len(rows), "a message was lost"
    assert project.types("db", "check").exit_code == 0
    assert project.types("replay", "--verify").exit_code == 0
    return len(repeats)
