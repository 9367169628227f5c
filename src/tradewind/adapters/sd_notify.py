"""Tells systemd how the service is, by the datagrams of sd_notify(3). Without systemd nothing is sent."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress

from tradewind.model.timeframe import SECOND


class SystemdNotifier:
    """Speaks to the socket that ``NOTIFY_SOCKET`` of ``environment`` names.

    ``watchdog_every`` is the time between two signs of life that systemd asks for, nanoseconds: half of
    ``WATCHDOG_USEC``, None where no watchdog is set (or set for another process).
    """

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        limit = environment.get("WATCHDOG_USEC", "")
        meant = environment.get("WATCHDOG_PID", "") in ("", str(pid))
        usable = bool(name) and meant and limit.isdigit() and int(limit) > 0
        self.watchdog_every = int(limit) * 1_000 // 2 if usable else None
        self._alive_at = 0

    def ready(self) -> None:
        """The start is over: the journal is recovered, decisions are being made."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._send(f"STATUS={text}")

    def alive(self, now: int) -> None:
        """A sign of life, not sent more often than needed; ``now`` is monotonic nanoseconds."""
        if self.watchdog_every is not None and now - self._alive_at >= min(self.watchdog_every, 10 * SECOND):
            self._alive_at = now
            self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:  # a watchdog, not a dependency
            end.connect(self._address)
            end.sendall(text.encode())
