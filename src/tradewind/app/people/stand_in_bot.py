"""A Bot API on a loopback port, to try the chat without Telegram: its own token, one private chat, one person."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tradewind.adapters.notify.stand_in.bot_api import BotApi, Chat, Message
from tradewind.adapters.notify.stand_in.server import StandInServer
from tradewind.errors import Unavailable
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock

TOKEN: Final = "1000001:" + "stand-in-" * 4
"""Of the form of a real one and worth nothing: the stand-in takes it and Telegram does not."""
PERSON: Final = 7
"""The id of the one user, and so of their private chat."""
_LOOK: Final = SECOND // 10


async def serve_bot(port: int, clock: Clock, opened: Callable[[str], None], said: Callable[[Message], None]) -> BotApi:
    """Serves until SIGINT or SIGTERM; ``opened`` is given the address, ``said`` every message in the chat.

    A line on standard input is written to the bot by the person.

    Raises:
        Unavailable: the port is taken.
    """
    api = BotApi(TOKEN, clock.now, (Chat(PERSON),))
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        async with StandInServer(api, clock, port=port) as server:
            opened(server.url)
            with suppress(OSError, ValueError):  # a closed input, or a file, which nobody can wait for
                loop.add_reader(sys.stdin, _typed, api, loop)
            shown = 0
            while not stopped.is_set():
                for message in api.messages[shown:]:
                    said(message)
                    shown += 1
                await clock.sleep_until(clock.monotonic() + _LOOK)
    except OSError as error:
        raise Unavailable(
            f"the port cannot be opened ({error.strerror})", where=f"127.0.0.1:{port}", next_step="take --port 0"
        ) from error
    finally:
        with suppress(OSError, ValueError):
            loop.remove_reader(sys.stdin)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return api


def _typed(api: BotApi, loop: asyncio.AbstractEventLoop) -> None:
    line = sys.stdin.readline()
    if not line:
        loop.remove_reader(sys.stdin)
    elif line.strip():
        api.person_writes(PERSON, line.strip())
