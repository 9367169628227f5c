"""The stand-in on a socket: the real HTTP client, the real library, a strict server."""

from __future__ import annotations

import logging

import pytest

from tests.unit.people.bot import CHAT, TOKEN
from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.notify.stand_in.bot_api import BotApi, Chat
from tradewind.adapters.notify.stand_in.server import StandInServer
from tradewind.adapters.notify.telegram_client import TelegramClient
from tradewind.adapters.wall_clock import WallClock
from tradewind.ports.sender import Doubtful, Refused

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (320).to_bytes(4, "big") + (200).to_bytes(4, "big")


async def test_a_message_and_a_photo_cross_a_real_socket_and_no_log_names_the_token(caplog: pytest.LogCaptureFixture):
    """Upload, caption, updates and menu over HTTP; at the most talkative level the token is in no line."""
    caplog.set_level(logging.DEBUG)
    clock, transport = WallClock(), HttpTransport()
    api = BotApi(TOKEN, clock.now, (Chat(CHAT), Chat(CHAT + 1)))
    try:
        async with StandInServer(api, clock) as server:
            client = TelegramClient(TOKEN, transport, server.url)
            assert await client.name() == "tradewind_stand_in_bot"
            await client.send(str(CHAT), "x", "<b>caption</b>", PNG)
            await client.send(str(CHAT + 1), "x", "text")
            await client.offer([("start", "Is it alive?")])
            api.person_writes(7, "/start")
            assert [one.text for one in await client.updates(0, 1)] == ["/start"]
            server.transport.faults.append("lose_answer")
            with pytest.raises(Doubtful):
                await client.send("7", "x", "lost")
        with pytest.raises(Refused, match="no connection"):
            await client.send(str(CHAT), "x", "nobody listens")
    finally:
        await transport.close()
    assert (api.messages[0].text, api.messages[0].photo) == ("caption", PNG)
    assert api.said_in(7) == ["lost"]
    assert TOKEN not in caplog.text
