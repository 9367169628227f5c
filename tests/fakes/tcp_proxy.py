"""Connections that can be frozen, cut and mended: a host that stands still, a network that swallows what is sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.ports import free_port


class Proxy:
    """Listens on ``port`` of loopback and passes on what comes, until told otherwise.

    ``reach`` opens a connection to what stands behind. ``swallow`` may say of a chunk on its way there that it and
    everything after it is kept: the moment is then exact.
    """

    def __init__(self, reach: Callable[[], socket.socket]) -> None:
        self._reach = reach
        self._flows = threading.Event()
        self._flows.set()
        self._gone = threading.Event()
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self.swallow: Callable[[bytes], bool] = lambda _: False
        self.port = free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accepted, args=(self._listener,), daemon=True).start()

    def freeze(self) -> None:
        """Connections stay, new ones are taken, and nothing passes any more, in either direction."""
        self._flows.clear()

    def thaw(self) -> None:
        """What was kept passes, and everything after it."""
        self._flows.set()

    def cut(self) -> None:
        """Ends every connection and refuses new ones."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """Ends every connection, as a host that comes back without knowing them; what was kept is lost."""
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def mend(self) -> None:
        """Listens again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accepted, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Ends it."""
        self._gone.set()
        self._flows.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def _accepted(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while not self._gone.is_set():
                near, _ = listener.accept()
                try:
                    far = self._reach()
                except OSError:
                    near.close()
                    continue
                with self._lock:
                    self._ends += [near, far]
                for one, other, there in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._carried, args=(one, other, there), daemon=True).start()

    def _carried(self, one: socket.socket, other: socket.socket, there: bool) -> None:
        with suppress(OSError):
            while chunk := one.recv(65536):
                if there and self.swallow(chunk):
                    self.freeze()
                self._flows.wait()
                other.sendall(chunk)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(reach: Callable[[], socket.socket]) -> Iterator[Proxy]:
    """A proxy to what ``reach`` connects to."""
    one = Proxy(reach)
    try:
        yield one
    finally:
        one.close()


def to_port(port: int) -> Callable[[], socket.socket]:
    """Reaches a port of loopback."""
    return lambda: socket.create_connection(("127.0.0.1", port), 10)


def to_file(path: str) -> Callable[[], socket.socket]:
    """Reaches a socket file."""

    def reach() -> socket.socket:
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        end.connect(path)
        return end

    return reach
