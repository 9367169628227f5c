"""The list of what people are told without asking, line by line, through the couriers to the strict chats."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fakes.session_script import START, bar_closed, signal
from tests.unit.people.bot import ADMIN, CHAT
from tests.unit.people.test_courier import Scene
from tests.unit.people.test_words import check
from tradewind.adapters.store.codec import encode_outputs
from tradewind.app.people.channels import channels_of
from tradewind.app.settings.people import TelegramSettings
from tradewind.app.settings.root import AppConfig
from tradewind.model.announcement import Announcement
from tradewind.model.drift import DriftAlarm, Severity
from tradewind.model.notice import Notice
from tradewind.model.timeframe import HOUR, MINUTE

BOT = TelegramSettings(enabled=True, chat_id=str(CHAT), admin_chat_id=str(ADMIN))


class Desk(Scene):
    """A bot with the channels of an ordinary configuration."""

    def open(self) -> None:
        self.channels = list(channels_of(AppConfig(telegram=BOT)))
        super().open()

    async def tells(self, *outputs: object) -> list[list[str]]:
        """What each of the two chats reads of some outputs, or of notices of the service."""
        before = {chat: len(self.api.said_in(chat)) for chat in (CHAT, ADMIN)}
        for number, one in enumerate(outputs):
            if isinstance(one, Notice) and not one.code.startswith(("news", "drift")):
                self.outbox.notice(one, self.clock.now())
            elif isinstance(one, Announcement):
                self.outbox.put("report", one.title, one, now=self.clock.now())
            else:
                self.store.journal.append(bar_closed(len(self.seen) + number), encode_outputs([one]))  # type: ignore[list-item]
        self.seen += outputs
        self.store.journal.commit()
        await self.carry(self.clock.now() + MINUTE)
        return [self.api.said_in(chat)[before[chat] :] for chat in (CHAT, ADMIN)]

    seen: tuple[object, ...] = ()


@pytest.mark.req("N06", "N07", "N12")
async def test_each_trigger_of_the_list_is_one_message_in_the_chat_it_belongs_to(tmp_path: Path) -> None:
    """Signal from 80 %, drift from HIGH on, embargo, restart and crash, fatal error, the day's summary."""
    desk = Desk(tmp_path)
    with desk.store:
        sure = signal(3)
        until = desk.clock.now() + HOUR
        sure = replace(sure, valid_until=until, consensus=replace(sure.consensus, confidence=0.80))
        unsure = replace(sure, id="s4", consensus=replace(sure.consensus, confidence=0.799))
        ((first,), none) = await desk.tells(sure, unsure)
        assert first.startswith("SIGNAL BUY EUR/USD 1h")
        assert none == []
        for severity in (Severity.HIGH, Severity.CRITICAL):
            (quiet, (told,)) = await desk.tells(DriftAlarm(replace(check(severity), ts=START + len(desk.seen))))
            assert f"DRIFT ALERT - {severity}" in told
            assert quiet == []
        for notice, words in (
            (Notice("news_embargo", START, "info", "EUR/USD", 10.0, 30.0, "USD CPI y/y"), "No entries around news"),
            (Notice("service_restarted", START, "warning"), "The service has started again"),
            (Notice("service_crashed", START, "critical"), "The service died and was started again"),
            (Notice("fatal_error", START, "critical", "Corrupt", detail="entry 7"), "A fatal error (Corrupt)"),
        ):
            (quiet, (told,)) = await desk.tells(notice)
            assert words in told
            assert quiet == []
        ((summary,), quiet) = await desk.tells(Announcement("Daily summary 2023-11-14", START, ("Decisions: 24",)))
        assert "Daily summary 2023-11-14" in summary
        assert quiet == []


@pytest.mark.req("N07")
async def test_the_same_condition_is_told_once_in_its_cooldown_and_counted_and_another_one_at_once(
    tmp_path: Path,
) -> None:
    """De-duplicated by code and subject: one feed silent five times is one alert, another feed another."""
    desk = Desk(tmp_path)
    with desk.store:
        alerts = []
        for _ in range(5):
            desk.clock.advance(MINUTE)
            (_, told) = await desk.tells(Notice("feed_stale", desk.clock.now(), "warning", "EUR/USD"))
            alerts += told
        (_, other) = await desk.tells(Notice("feed_stale", desk.clock.now(), "warning", "GBP/USD"))
        assert (len(alerts), len(other)) == (1, 1)
        desk.clock.advance(HOUR)
        (_, (again,)) = await desk.tells(Notice("feed_stale", desk.clock.now(), "warning", "EUR/USD"))
        assert "the same 4 more times" in again
