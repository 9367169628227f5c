"""The Bot API through the library: what the strict stand-in takes, what it refuses, and what a network does to it."""

from __future__ import annotations

import pytest

from tests.fakes.clock import VirtualClock
from tests.unit.people.bot import CHAT, TOKEN, bot_and_api
from tradewind.adapters.notify.stand_in.bot_api import Chat
from tradewind.adapters.notify.telegram_client import TelegramClient
from tradewind.errors import Misconfigured, Rejected
from tradewind.ports.sender import Doubtful, Refused, Undeliverable


async def test_a_message_arrives_as_people_should_read_it():
    """Marks are marks, escaped text is text, the id is the chat's own."""
    client, transport, _ = bot_and_api()
    assert await client.send(str(CHAT), "a < b", "<b>a &lt; b</b> &amp; c") == "1"
    assert transport.api.said_in(CHAT) == ["a < b & c"]


async def test_marks_that_cannot_be_read_are_no_reason_to_stay_silent():
    """The API refused the marks definitely, so the plain text goes out: one message, no repeat."""
    client, transport, _ = bot_and_api()
    await client.send(str(CHAT), "EMA<RSI", "EMA<RSI")
    assert transport.api.said_in(CHAT) == ["EMA<RSI"]


async def test_the_second_message_within_a_second_is_refused_with_the_time_to_wait():
    """429 is a definite refusal and says for how long."""
    client, _, clock = bot_and_api()
    await client.send(str(CHAT), "one", "one")
    with pytest.raises(Refused) as refusal:
        await client.send(str(CHAT), "two", "two")
    assert refusal.value.retry_after_s == 1.0
    clock.advance(1_000_000_000)
    await client.send(str(CHAT), "two", "two")


@pytest.mark.parametrize(
    ("fault", "error", "arrived"),
    [
        ("refuse", Refused, 0),
        ("lose_request", Doubtful, 0),
        ("lose_answer", Doubtful, 1),
        ("bad_gateway", Doubtful, 0),
        ("limit", Refused, 0),
    ],
)
async def test_what_the_network_did_is_told_apart_where_it_can_be(fault, error, arrived):
    """No connection is a refusal; a lost answer and a 502 are doubts, whatever really happened."""
    client, transport, _ = bot_and_api()
    transport.faults.append(fault)
    with pytest.raises(error):
        await client.send(str(CHAT), "x", "x")
    assert len(transport.api.messages) == arrived


async def test_a_chat_that_is_gone_or_blocked_is_never_asked_again():
    """Undeliverable is an end, not a reason to try for ever."""
    client, transport, _ = bot_and_api()
    with pytest.raises(Undeliverable, match="Chat not found"):
        await client.send("999", "x", "x")
    transport.api.chats[CHAT].blocked = True
    with pytest.raises(Undeliverable, match="blocked"):
        await client.send(str(CHAT), "x", "x")


async def test_too_long_a_text_is_refused_by_the_server_and_never_silently_cut():
    """4096 UTF-16 units, marks not counted; whoever sends more must split."""
    client, _, clock = bot_and_api()
    await client.send(str(CHAT), "", "<b>" + "x" * 4096 + "</b>")
    clock.advance(2_000_000_000)
    with pytest.raises(Undeliverable, match="too long"):
        await client.send(str(CHAT), "", "\N{GRINNING FACE}" * 2049)


async def test_a_wrong_token_says_where_to_look_and_does_not_repeat_it():
    """The advice names the setting and never the secret."""
    _, transport, _ = bot_and_api()
    wrong = TelegramClient(TOKEN[:-1] + "z", transport, "http://stand-in")
    with pytest.raises(Misconfigured, match="TELEGRAM_BOT_TOKEN") as fault:
        await wrong.name()
    assert TOKEN[:-1] not in str(fault.value)


async def test_two_pollers_of_one_token_hear_of_each_other():
    """The one that was waiting is told that another one has taken over (409)."""
    client, transport, _ = bot_and_api(polls=True)
    clock = transport._clock
    assert isinstance(clock, VirtualClock)

    async def other(until: int) -> None:
        clock.advance(max(0, until - clock.monotonic()))
        if clock.monotonic() == 1_000_000_000:
            transport.api.call(TOKEN, "getUpdates", {})

    clock.sleep_until = other  # type: ignore[method-assign]
    with pytest.raises(Rejected, match="other getUpdates"):
        await client.updates(0, 5)


async def test_updates_tell_edited_forwarded_and_group_messages_apart():
    """What may not command must be recognisable."""
    client, transport, _ = bot_and_api()
    api = transport.api
    api.chats[-5] = Chat(-5, "group")
    api.person_writes(7, "/status")
    api.person_writes(7, "/kill", edited=True)
    api.person_writes(7, "/kill", forwarded=True)
    api.person_writes(7, "/kill", chat_id=-5)
    found = await client.updates(0, 0)
    assert [(one.text, one.edited, one.forwarded, one.chat_kind) for one in found] == [
        ("/status", False, False, "private"),
        ("/kill", True, False, "private"),
        ("/kill", False, True, "private"),
        ("/kill", False, False, "group"),
    ]
    assert await client.updates(found[-1].update_id + 1, 0) == []
