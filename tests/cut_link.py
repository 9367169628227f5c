"""A network of its own for a process, with one cable to this one that can be pulled: ``ip netns`` and a veth pair."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_NUMBER = itertools.count()


class Link:
    """``here`` is this side's address; a command with ``inside`` before it runs on the other side of the cable."""

    def __init__(self, name: str, here: str) -> None:
        self.name = name
        self.here = here
        self.inside = ("ip", "netns", "exec", name)

    def cut(self) -> None:
        """Nothing arrives any more, nobody is told: no connection is closed, the other side only loses the carrier."""
        _ip("link", "set", f"{self.name}a", "down")

    def mend(self) -> None:
        """The cable is back; addresses and routes are as before."""
        _ip("link", "set", f"{self.name}a", "up")


@contextmanager
def cable() -> Iterator[Link]:
    """A namespace with loopback and a cable, gone afterwards; skips where the system does not allow it."""
    if shutil.which("ip") is None:
        pytest.skip("needs the `ip` of iproute2 for a network namespace")
    number = next(_NUMBER)
    name = f"tw{os.getpid() % 1_000_000}{number}"
    block = f"10.{os.getpid() // 250 % 250}.{os.getpid() % 250}"
    link = Link(name, f"{block}.1")
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"needs the right to make a network namespace (root): {made.stderr.strip()}")
    try:
        pair = ["ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name]
        paired = subprocess.run(pair, capture_output=True, text=True, check=False)
        if paired.returncode:
            pytest.skip(f"needs a kernel with veth pairs: {paired.stderr.strip()}")
        _ip("address", "add", f"{link.here}/24", "dev", f"{name}a")
        _ip("link", "set", f"{name}a", "up")
        _ip("-n", name, "address", "add", f"{block}.2/24", "dev", f"{name}b")
        for device in ("lo", f"{name}b"):
            _ip("-n", name, "link", "set", device, "up")
        yield link
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)  # the pair goes with it


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
