"""The Bot API without a socket: chats, messages and updates, and the refusals of the real one.

Rules are those of the public Bot API documentation: lengths, required fields, HTML entities, photo sizes, rate limits
with ``retry_after``, one poller at a time, polling or a webhook. Where the real service is lenient for a while (bursts
to one chat), this one is not: what it accepts, the real one accepts.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.adapters.notify.stand_in.entities import Unparseable, plain_text, utf16_length
from tradewind.adapters.notify.stand_in.keyboards import BadKeyboard, buttons_in
from tradewind.adapters.notify.stand_in.photos import photo_fault
from tradewind.model.timeframe import MINUTE, SECOND

TEXT_LIMIT: Final = 4096
CAPTION_LIMIT: Final = 1024
TOAST_LIMIT: Final = 200
ALL_A_SECOND: Final = 30
GROUP_A_MINUTE: Final = 20
_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TOKEN: Final = re.compile(r"[0-9]+:[A-Za-z0-9_-]{30,}")


class Reply(NamedTuple):
    """An answer of the API."""

    status: int
    document: dict[str, Any]


class Message(msgspec.Struct):
    """A message as it stands in a chat: ``text`` is what people see, ``raw`` what was asked for.

    ``buttons`` are label and data of those under it.
    """

    id: int
    chat_id: int
    ts: int
    text: str
    raw: str
    photo: bytes = b""
    buttons: tuple[tuple[str, str], ...] = ()


class Chat(msgspec.Struct):
    """A chat the bot may write to; ``kind`` is private, group, supergroup or channel."""

    id: int
    kind: str = "private"
    blocked: bool = False


class _Refused(Exception):
    """A refusal on the way out of a method."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.reply = Reply(status, {"ok": False, "error_code": status, "description": description})
        if parameters:
            self.reply.document["parameters"] = parameters


class BotApi:
    """One bot with its chats. ``now`` gives UTC nanoseconds; ``messages`` is what people really see, in order.

    ``call`` answers a method. ``person_writes`` and ``person_presses`` put an update on the bot's queue. ``poller``
    counts the polls, so that a waiting one can see that another has begun. ``calls`` counts what was asked, ``refused``
    the 429s. ``toasts`` is what was shown for a moment after a press, by the press; an unanswered one is not in it.
    """

    def __init__(self, token: str, now: Callable[[], int], chats: tuple[Chat, ...] = ()) -> None:
        self.token = token
        self.chats: dict[int, Chat] = {chat.id: chat for chat in chats}
        self.messages: list[Message] = []
        self.updates: deque[dict[str, Any]] = deque()
        self.commands: list[dict[str, str]] = []
        self.webhook: dict[str, str] = {}
        self.toasts: dict[str, str] = {}
        self.calls = 0
        self.refused = 0
        self.poller = 0
        self._now = now
        self._update_id = 1000
        self._presses: set[str] = set()
        self._sent: dict[int, deque[int]] = {}
        self._methods: dict[str, Callable[[Mapping[str, str], Mapping[str, bytes]], Any]] = {
            "getme": self._get_me,
            "sendmessage": self._send_message,
            "sendphoto": self._send_photo,
            "getupdates": self._get_updates,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "setmycommands": self._set_commands,
            "answercallbackquery": self._answer_press,
            "editmessagereplymarkup": self._edit_buttons,
        }

    def call(
        self, token: str, method: str, params: Mapping[str, str], files: Mapping[str, bytes] | None = None
    ) -> Reply:
        """What the API answers."""
        self.calls += 1
        if not _TOKEN.fullmatch(token):
            return _Refused(404, "Not Found").reply
        if token != self.token:
            return _Refused(401, "Unauthorized").reply
        handler = self._methods.get(method.lower())
        if handler is None:
            return _Refused(404, "Not Found: method not found").reply
        try:
            return Reply(200, {"ok": True, "result": handler(params, files or {})})
        except _Refused as refusal:
            self.refused += refusal.reply.status == 429
            return refusal.reply

    def person_writes(
        self, user_id: int, text: str, *, chat_id: int | None = None, edited: bool = False, forwarded: bool = False
    ) -> int:
        """Somebody writes to the bot; the update's id. Their private chat exists from then on."""
        chat = self.chats.setdefault(chat_id or user_id, Chat(chat_id or user_id, "group" if chat_id else "private"))
        self._update_id += 1
        message: dict[str, Any] = {
            "message_id": self._update_id,
            "date": self._now() // SECOND,
            "chat": {"id": chat.id, "type": chat.kind},
            "from": {"id": user_id, "is_bot": False, "first_name": "Someone"},
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        if forwarded:
            origin = {"type": "user", "date": message["date"], "sender_user": message["from"]}
            message["forward_origin"] = origin
        if edited:
            message["edit_date"] = message["date"]
        kind = "edited_message" if edited else "message"
        self.updates.append({"update_id": self._update_id, kind: message})
        return self._update_id

    def person_presses(self, user_id: int, message_id: int, label: str) -> int:
        """Somebody presses the button that says ``label``; the update's id."""
        message = self.messages[message_id - 1]
        data = dict(message.buttons)[label]
        self._update_id += 1
        query = {
            "id": f"press{self._update_id}",
            "from": {"id": user_id, "is_bot": False, "first_name": "Someone"},
            "chat_instance": "1",
            "data": data,
            "message": {
                "message_id": message.id,
                "date": message.ts // SECOND,
                "chat": {"id": message.chat_id, "type": self.chats[message.chat_id].kind},
                "text": message.text,
            },
        }
        self.updates.append({"update_id": self._update_id, "callback_query": query})
        self._presses.add(str(query["id"]))
        return self._update_id

    def said_in(self, chat_id: int) -> list[str]:
        """What people read in a chat, in order."""
        return [message.text for message in self.messages if message.chat_id == chat_id]

    def _get_me(self, params: Mapping[str, str], files: Mapping[str, bytes]) -> dict[str, Any]:
        bot_id = int(self.token.partition(":")[0])
        return {"id": bot_id, "is_bot": True, "first_name": "Tradewind", "username": "tradewind_stand_in_bot"}

    def _send_message(self, params: Mapping[str, str], files: Mapping[str, bytes]) -> dict[str, Any]:
        chat = self._chat(params)
        raw = params.get("text", "")
        text = self._parsed(raw, params)
        if not text.strip():
            raise _Refused(400, "Bad Request: message text is empty")
        if utf16_length(text) > TEXT_LIMIT:
            raise _Refused(400, "Bad Request: message is too long")
        return self._accept(chat, text, raw, buttons=self._buttons(params))

    def _send_photo(self, params: Mapping[str, str], files: Mapping[str, bytes]) -> dict[str, Any]:
        chat = self._chat(params)
        photo = files.get("photo", files.get(params.get("photo", "").removeprefix("attach://"), b""))
        fault = photo_fault(photo)
        if fault:
            raise _Refused(400, f"Bad Request: {fault}")
        raw = params.get("caption", "")
        text = self._parsed(raw, params)
        if utf16_length(text) > CAPTION_LIMIT:
            raise _Refused(400, "Bad Request: message caption is too long")
        return self._accept(chat, text, raw, photo, self._buttons(params))

    def _answer_press(self, params: Mapping[str, str], files: Mapping[str, bytes]) -> bool:
        press, text = params.get("callback_query_id", ""), params.get("text", "")
        if press not in self._presses:
            raise _Refused(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )  # fmt: skip
        if len(text) > TOAST_LIMIT:
            raise _Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        self._presses.discard(press)
        self.toasts[press] = text
        return True

    def _edit_buttons(self, params: Mapping[str, str], files: Mapping[str, bytes]) -> dict[str, Any]:
        chat, number = self._chat(params), params.get("message_id", "")
        index = int(number) - 1 if number.isdigit() else -1
        if not 0 <= index < len(self.messages) or self.messages[index].chat_id != chat.id:
            raise _Refused(400, "Bad Request: message to edit not found")
        message, buttons = self.messages[index], self._buttons(params)
        if message.buttons == buttons:
            raise _Refused(400, "Bad Request: message is not modified")
        self._took(chat, self._now())
        message.buttons = buttons
        return {"message_id": message.id, "date": message.ts // SECOND, "chat": {"id": chat.id, "type": chat.kind}}

    def _buttons(self, params: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        try:
            return buttons_in(params.get("reply_markup", ""))
        except BadKeyboard as fault:
            raise _Refused(400, f"Bad Request: {fault}") from fault

    def _get_updates(self, params: Mapping[str, str], files: Mapping[str, bytes]) -> list[dict[str, Any]]:
        if self.webhook:
            raise _Refused(
                409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the"
                " webhook first",
            )  # fmt: skip
        self.poller += 1
        return self.waiting(params)

    def waiting(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        """Updates from ``offset`` on, which confirms those before it."""
        offset = int(params.get("offset", "0") or "0")
        limit = int(params.get("limit", "100") or "100")
        kinds = json.loads(params.get("allowed_updates", "") or "[]")
        while self.updates and self.updates[0]["update_id"] < offset:
            self.updates.popleft()
        if kinds:  # what was not asked for is thrown away, as the real one does
            self.updates = deque(one for one in self.updates if any(kind in one for kind in kinds))
        return list(self.updates)[:limit]

    def conflict(self) -> Reply:
        """What a poll hears that another one ended."""
        return _Refused(
            409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        ).reply

    def _set_webhook(self, params: Mapping[str, str], files: Mapping[str, bytes]) -> bool:
        url, secret = params.get("url", ""), params.get("secret_token", "")
        if not url:
            self.webhook = {}
            return True
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise _Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not _SECRET.fullmatch(secret):
            raise _Refused(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = {"url": url, "secret_token": secret}
        return True

    def _delete_webhook(self, params: Mapping[str, str], files: Mapping[str, bytes]) -> bool:
        self.webhook = {}
        if params.get("drop_pending_updates", "false") == "true":
            self.updates.clear()
        return True

    def _set_commands(self, params: Mapping[str, str], files: Mapping[str, bytes]) -> bool:
        commands = json.loads(params.get("commands", "[]"))
        if len(commands) > 100:
            raise _Refused(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not _COMMAND.fullmatch(command.get("command", "")):
                raise _Refused(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command.get("description", "")) <= 256:
                raise _Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands = commands
        return True

    def _chat(self, params: Mapping[str, str]) -> Chat:
        name = params.get("chat_id", "")
        if not name:
            raise _Refused(400, "Bad Request: chat_id is empty")
        chat = self.chats.get(int(name)) if name.lstrip("-").isdigit() else None
        if chat is None:
            raise _Refused(400, "Bad Request: chat not found")
        if chat.blocked:
            raise _Refused(403, "Forbidden: bot was blocked by the user")
        return chat

    def _parsed(self, raw: str, params: Mapping[str, str]) -> str:
        try:
            return plain_text(raw, params.get("parse_mode", ""))
        except Unparseable as fault:
            raise _Refused(400, f"Bad Request: {fault}") from fault

    def _took(self, chat: Chat, now: int) -> None:
        self._limited(chat, now)
        for scope in (0, chat.id):
            self._sent.setdefault(scope, deque()).append(now)

    def _accept(
        self, chat: Chat, text: str, raw: str, photo: bytes = b"", buttons: tuple[tuple[str, str], ...] = ()
    ) -> dict[str, Any]:
        now = self._now()
        self._took(chat, now)
        message = Message(len(self.messages) + 1, chat.id, now, text, raw, photo, buttons)
        self.messages.append(message)
        body: dict[str, Any] = {
            "message_id": message.id,
            "date": now // SECOND,
            "chat": {"id": chat.id, "type": chat.kind},
        }
        return body | ({"caption": text, "photo": []} if photo else {"text": text})

    def _limited(self, chat: Chat, now: int) -> None:
        limits = [(0, ALL_A_SECOND, SECOND), (chat.id, 1, SECOND)]
        if chat.kind != "private":
            limits.append((chat.id, GROUP_A_MINUTE, MINUTE))
        for scope, count, window in limits:
            sent = self._sent.get(scope, deque())
            recent = [ts for ts in sent if ts > now - window]
            if len(recent) >= count:
                wait = max(1, -(-(recent[-count] + window - now) // SECOND))
                raise _Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
            while sent and sent[0] < now - MINUTE:
                sent.popleft()
