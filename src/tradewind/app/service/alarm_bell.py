"""Where the watcher rings: Telegram's admin chat with a connection of its own, an address of the user's, and stderr."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tradewind.app.service.watchdog import Alarm
from tradewind.app.settings.redaction import redacted
from tradewind.app.settings.root import AppConfig
from tradewind.errors import TradewindError, Unavailable
from tradewind.ports.transport import Transport

TRIES = 3
LONGEST = 4000


class AlarmBell:
    """Rings everywhere that is configured. One place that is away keeps no other from being told."""

    def __init__(self, config: AppConfig, transport: Transport, say: Callable[[str], None], api: str) -> None:
        self._say = say
        self._transport = transport
        bot, own = config.telegram, config.monitoring.watchdog_url
        chat = bot.admin_chat_id or bot.chat_id
        self._places: list[tuple[str, str, Callable[[Alarm], object]]] = []
        if bot.bot_token and chat:
            url = f"{api}/bot{bot.bot_token.reveal()}/sendMessage"
            self._places.append(("Telegram", url, lambda alarm: {"chat_id": chat, "text": alarm.text()[:LONGEST]}))
        if own:
            self._places.append(("the watchdog address", own.reveal(), lambda alarm: alarm))

    @property
    def places(self) -> tuple[str, ...]:
        """Names of the places beside stderr."""
        return tuple(name for name, _, _ in self._places)

    async def ring(self, alarm: Alarm) -> None:
        """Says it on stderr and tells every place."""
        self._say(redacted(alarm.text()))
        await self.tell(alarm)

    async def tell(self, alarm: Alarm) -> None:
        """Tells every place; what could not be told is said on stderr."""
        for name, url, body in self._places:
            content = redacted(msgspec.json.encode(body(alarm)).decode()).encode()
            fault = await self._posted(url, content)
            if fault:
                self._say(f"WARNING: {name} could not be told: {redacted(fault)}")

    async def _posted(self, url: str, content: bytes) -> str:
        fault = ""
        for _ in range(TRIES):
            try:
                headers = {"content-type": "application/json"}
                answer = await self._transport.request("POST", url, headers=headers, body=content, timeout_s=10.0)
            except TradewindError as error:
                fault = str(error)
                continue
            if answer.status < 400:
                return ""
            fault = f"it answered {answer.status}"
        return fault


def require_bell(bell: AlarmBell) -> None:
    """Refuses to watch where nobody would hear.

    Raises:
        Unavailable: neither Telegram nor an address is configured.
    """
    if not bell.places:
        raise Unavailable(
            "the watchdog has nobody to tell",
            where="watchdog",
            next_step="set TELEGRAM_BOT_TOKEN and ADMIN_CHAT_ID, or WATCHDOG_URL; or --console for stderr alone",
        )
