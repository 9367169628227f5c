"""Buttons under a message: who may press what, what must be confirmed, what is over, what the strict server takes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.people.bot import CHAT, OWNER, bot_and_api
from tests.unit.people.test_bot_conversation import Scene
from tests.unit.people.test_bot_desk import REFUSAL, ROLES
from tradewind.adapters.notify.stand_in.bot_api import Chat
from tradewind.adapters.notify.stand_in.keyboards import DATA_LIMIT, BadKeyboard, buttons_in
from tradewind.adapters.notify.telegram_sender import TelegramSender
from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.outbox import Parcel
from tradewind.adapters.store.outbox_rows import said_of
from tradewind.app.people.approval_words import asked_buttons
from tradewind.app.people.command_table import said, typed
from tradewind.app.people.posts import Posts
from tradewind.model.delivery import Delivery, DeliveryState
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.order import ApprovalAsked, ApprovalEnded
from tradewind.model.timeframe import MINUTE, SECOND
from tradewind.ports.sender import Button, Undeliverable

ORDER = "0123456789abcdef" * 2
ASKED = ApprovalAsked(ORDER, "EUR-USD-1h-20240108T1300Z-B-1a2b3c", "EUR/USD", 1, 10, 109_500, 110_600, 0, 5 * MINUTE)


def parcel(*, missed: bool = False) -> Parcel:
    told = said_of(ASKED)
    assert told is not None
    delivery = Delivery(1, 1, "telegram:7", DeliveryState.SENDING, 0, 0, 1, 0, False, missed, "", "")
    return Parcel(delivery, told.topic, told.key, told.ts, told.severity, told.payload, told.valid_until, 0)


async def asked_scene() -> Scene:
    """A chat in which the question stands, with its two buttons."""
    scene = Scene()
    scene.desk.access.current = ROLES
    await TelegramSender(scene.client, str(OWNER)).send(Posts(INSTRUMENTS, "").post(parcel()))
    scene.clock.advance(2 * SECOND)
    return scene


async def presses(scene: Scene, label: str, user: int = OWNER) -> list[str]:
    """Presses the newest button of that name; what the bot says then in the chat of ``user``."""
    before = len(scene.api.said_in(user))
    number = next(one.id for one in reversed(scene.api.messages) if label in dict(one.buttons))
    scene.api.person_presses(user, number, label)
    await scene.polls(2)
    scene.clock.advance(3 * SECOND)
    return scene.api.said_in(user)[before:]


async def test_the_question_says_what_is_sent_and_until_when() -> None:
    """Side, size, stop, target, deadline, and the words for whoever rather types."""
    scene = await asked_scene()
    (text,) = scene.api.said_in(OWNER)
    assert text.startswith("Approve? BUY 0.1 lots EUR/USD at market")
    for part in ("Stop: 1.09500", "Target: 1.10600", "1970-01-01 00:05:00 UTC; unanswered it expires",
                 f"/approve {ORDER}"):  # fmt: skip
        assert part in text
    assert [label for label, _ in scene.api.messages[0].buttons] == ["Approve", "Reject"]


@pytest.mark.req("H07")
async def test_approving_takes_two_presses_and_sends_one_order() -> None:
    """Approve, then yes: one order with the person's name on it; the second yes finds the code used up."""
    scene = await asked_scene()
    (question,) = await presses(scene, "Approve")
    assert question.startswith(f"Send it? {ORDER}")
    assert scene.desk.run.ordered == []
    assert await presses(scene, "Yes, do it") == ["approve: done"]
    assert scene.desk.run.ordered == [("approve", ORDER, "telegram 7", "/approve in Telegram")]
    assert [label for one in scene.api.messages for label, _ in one.buttons] == ["Approve", "Reject"]
    assert len(scene.api.toasts) == 2


async def test_a_confirming_button_that_is_still_shown_somewhere_works_once() -> None:
    """The chat of another device may show it for a while: the second press does nothing."""
    scene = await asked_scene()
    await presses(scene, "Approve")
    number = scene.api.messages[-1].id
    for _ in range(2):
        scene.api.person_presses(OWNER, number, "Yes, do it")
    await scene.polls(2)
    assert len(scene.desk.run.ordered) == 1


async def test_a_confirmation_that_comes_after_its_minute_does_nothing() -> None:
    """What was pressed before a dead zone is not done behind it."""
    scene = await asked_scene()
    await presses(scene, "Approve")
    scene.clock.advance(MINUTE)
    assert "its minute is over" in (await presses(scene, "Yes, do it"))[0]
    assert scene.desk.run.ordered == []


async def test_no_forgets_the_code_and_rejecting_needs_none() -> None:
    """Not sending is what happens anyway; nobody has to confirm it."""
    scene = await asked_scene()
    await presses(scene, "Approve")
    assert await presses(scene, "No") == ["Dropped; nothing was done."]
    scene.api.person_writes(OWNER, "/confirm 123456")
    await scene.polls(2)
    assert scene.desk.run.ordered == []
    assert await presses(scene, "Reject") == ["reject: done"]
    assert scene.desk.run.ordered == [("reject", ORDER, "telegram 7", "/reject in Telegram")]
    assert all(one.buttons == () for one in scene.api.messages)


@pytest.mark.req("H07")
async def test_pressing_for_an_order_that_is_over_says_so_and_takes_the_buttons_away() -> None:
    """Expired says expired; no code is asked for what cannot be done."""
    scene = await asked_scene()
    scene.desk.run.over.add(ORDER)
    (words,) = await presses(scene, "Approve")
    assert words == f"{ORDER} does not wait any more: expired, nobody approved it in time"
    assert all(one.buttons == () for one in scene.api.messages)
    assert scene.desk.run.ordered == []


@pytest.mark.req("T02", "N05")
@pytest.mark.parametrize(("user", "words"), [(8, "needs the role admin"), (9, "needs the role admin"), (666, REFUSAL)])
async def test_a_button_obeys_the_role_of_whoever_presses_it(user: int, words: str) -> None:
    """Operator, viewer, stranger: nothing is asked, nothing is done, and the waiting sign ends."""
    scene = await asked_scene()
    number = scene.api.messages[-1].id
    scene.api.messages[-1].chat_id = user
    scene.api.chats[user] = Chat(user)
    scene.api.person_presses(user, number, "Approve")
    await scene.polls(2)
    assert words in next(iter(scene.api.toasts.values()))
    assert scene.desk.run.ordered == []
    assert not scene.desk.desk._confirmations.waits_for(user)


async def test_a_button_in_a_group_does_nothing_even_for_the_owner() -> None:
    """A group shows it to everybody; orders are for private chats."""
    scene = Scene()
    scene.desk.access.current = ROLES
    scene.api.chats[CHAT].kind = "group"
    await scene.client.send(str(CHAT), "x", "x", b"", (Button("Reject", f"reject:{ORDER}"),))
    scene.api.person_presses(OWNER, 1, "Reject")
    await scene.polls(2)
    assert list(scene.api.toasts.values()) == ["Only in a private chat with me."]
    assert scene.desk.run.ordered == []


async def test_a_question_that_comes_too_late_has_no_buttons() -> None:
    """Its time was over when its bytes left: it is told as missed, and there is nothing to press."""
    post = Posts(INSTRUMENTS, "").post(parcel(missed=True))
    assert post.buttons == ()
    assert "MISSED, do not act" in post.text


def test_the_question_may_leave_until_it_expires_and_its_end_is_told_once() -> None:
    """The outbox knows when it is too late; two ends of one question are two keys, the same end is one."""
    told = said_of(ASKED)
    assert told is not None
    assert (told.topic, told.valid_until, told.condition) == ("alert", ASKED.until, "")
    ended = said_of(ApprovalEnded(ORDER, "s", "EUR/USD", 5, "expired"))
    assert ended is not None
    assert (ended.key, ended.condition) == (f"approval {ORDER} expired", "")
    assert '"approval_asked"' in encode_text(ASKED)


@given(st.text(max_size=80), st.sampled_from(sorted(INSTRUMENTS)))
def test_data_of_buttons_fit_into_64_bytes_and_nothing_else_is_taken_for_them(text: str, symbol: str) -> None:
    """Our own data always; anything a client may invent becomes no command but those four."""
    for button in asked_buttons(ASKED):
        assert len(button.data.encode()) <= DATA_LIMIT
        found = said(typed(button.data))
        assert found is not None
        assert found.words == (ORDER,)
    command = said(typed(text))
    assert command is None or command.name in ("approve", "reject", "confirm", "drop")
    assert said(typed(f"liquidate:{symbol}")) is None


@pytest.mark.parametrize(
    ("markup", "fault"),
    [
        (json.dumps({"inline_keyboard": [[{"text": "x", "callback_data": "x" * 65}]]}), "BUTTON_DATA_INVALID"),
        ('{"inline_keyboard": [[{"text": "x", "callback_data": ""}]]}', "BUTTON_DATA_INVALID"),
        ('{"inline_keyboard": [[{"text": " ", "callback_data": "x"}]]}', "must be of type String"),
        ('{"inline_keyboard": [[{"text": "x"}]]}', "Text buttons are unallowed"),
        ('{"inline_keyboard": {}}', "Array of Arrays"),
        ("{", "JSON"),
        (json.dumps({"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101}), "too long"),
    ],
)
def test_the_strict_server_refuses_keyboards_that_break_a_rule(markup: str, fault: str) -> None:
    """What it takes, the real one takes."""
    with pytest.raises(BadKeyboard, match=fault):
        buttons_in(markup)


async def test_the_strict_server_knows_each_press_once_and_each_message_it_has() -> None:
    """An answer to a press nobody made, a long toast, buttons of a message that is none: refused."""
    client, transport, _ = bot_and_api()
    with pytest.raises(Undeliverable, match=r"(?i)button_data_invalid"):
        await client.send(str(CHAT), "x", "x", b"", (Button("x", "y" * 65),))
    api = transport.api
    token = api.token
    assert api.call(token, "answerCallbackQuery", {"callback_query_id": "nope"}).status == 400
    assert api.call(token, "editMessageReplyMarkup", {"chat_id": str(CHAT), "message_id": "9"}).status == 400
    await client.send(str(CHAT), "x", "x", b"", (Button("x", "y"),))
    api.person_presses(OWNER, 1, "x")
    press = next(iter(api._presses))
    long = {"callback_query_id": press, "text": "x" * 201}
    assert api.call(token, "answerCallbackQuery", long).status == 400
    assert api.call(token, "answerCallbackQuery", {"callback_query_id": press}).status == 200
    assert api.call(token, "answerCallbackQuery", {"callback_query_id": press}).status == 400
