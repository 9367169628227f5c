"""Ports of loopback that mean one thing for as long as a test needs them, however many tests run beside it.

A port the system gave out and took back may be the next test's server: neither "nobody listens there" nor "it is
free for mine" can be had by letting one go.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

# Below what systems give out by themselves: 32768-60999 on Linux, 49152-65535 on macOS and by IANA (RFC 6335).
FIRST, LAST = 20_000, 32_000
PER_WORKER = 1_000


@contextmanager
def where_nobody_listens() -> Iterator[str]:
    """The URL of a port that refuses every connection: it is held by a socket that never listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def _candidates() -> Iterator[int]:
    """The ports of this worker, from one that depends on the process, so that two suites seldom meet."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST + worker * PER_WORKER % (LAST - FIRST)
    return itertools.cycle(first + (os.getpid() * 97 + step) % PER_WORKER for step in range(PER_WORKER))


_CANDIDATES = _candidates()


def free_port() -> int:
    """A port for a server that is started later; nothing gets it from the system in the meantime."""
    for port in itertools.islice(_CANDIDATES, PER_WORKER):
        with socket.socket() as end:
            # As servers ask for it: connections that have just ended do not make a port taken.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                end.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port of this worker is free between {FIRST} and {LAST}")
