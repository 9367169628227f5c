"""Verdicts and the key that signs them, as files of a project's data folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tradewind.adapters.market.sealed.durable import sync_folder, write_bytes_durably
from tradewind.errors import Corrupt, Misconfigured, Unavailable

KEY_BYTES: Final = 32

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SUFFIX: Final = ".json"


class VerdictFiles:
    """``folder/verdict.key`` and ``folder/verdicts/NAME.json``; it knows bytes and not what they say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "verdicts"
        self.key_path = folder / "verdict.key"

    def key(self) -> bytes | None:
        """The key, None where none was made yet.

        Raises:
            Misconfigured: others than its owner may read it.
            Corrupt: the file holds no key.
        """
        try:
            text = self.key_path.read_bytes()
            mode = stat.S_IMODE(self.key_path.stat().st_mode)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"cannot read: {error.strerror or error}", where=str(self.key_path)) from error
        if mode & 0o077:
            raise Misconfigured(
                f"permissions {mode:04o}: others may read the key and sign what they like",
                where=str(self.key_path),
                allowed="0600",
                next_step=f"chmod 600 {self.key_path}",
            )
        try:
            key = bytes.fromhex(text.decode("ascii"))
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise Corrupt(
                "no key", where=str(self.key_path), allowed=f"{2 * KEY_BYTES} hex digits",
                next_step="restore it from its backup: a new key could check no verdict that is there",
            )  # fmt: skip
        return key

    def required_key(self) -> bytes | None:
        """The key, None where none was made yet and no verdict asks for one.

        Raises:
            Unavailable: it is missing while verdicts are there. A new one could check none of them.
            Misconfigured, Corrupt: as for ``key``.
        """
        known = self.key()
        names = self.names() if known is None else ()
        if names and (known := self.key()) is None:  # it may have been made, and used, between the two looks
            raise Unavailable(
                f"the key that signed the {len(names)} verdicts in {self.folder} is missing;"
                " a new one would orphan them",
                where=str(self.key_path),
                next_step="restore it from its backup; if it is lost for good, so is what was proven: move"
                f" {self.folder} away, and validate on bars that were not looked at yet",
            )
        return known

    def make_key(self) -> bytes:
        """The key; made from the host's entropy when there is none, readable for its owner alone.

        Two processes that make one at the same time end with the same key.

        Raises:
            Unavailable: it is missing while verdicts are there, or the disk refuses.
        """
        known = self.required_key()
        if known is not None:
            return known
        beside = self.key_path.with_name(f"{self.key_path.name}.{os.getpid()}")
        try:
            self.key_path.parent.mkdir(parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(file, os.urandom(KEY_BYTES).hex().encode() + b"\n")
                os.fsync(file)
            finally:
                os.close(file)
            try:
                os.link(beside, self.key_path)  # unlike a rename it never replaces a key that verdicts hang on
            except FileExistsError:
                pass
            finally:
                beside.unlink(missing_ok=True)
            sync_folder(self.key_path.parent)
        except OSError as error:
            raise Unavailable(
                f"cannot make a key: {error.strerror or error}",
                where=str(self.key_path),
                next_step="correct the folder or its permissions",
            ) from error
        made = self.key()
        assert made is not None
        return made

    def write(self, name: str, data: bytes) -> Path:
        """Puts the verdict called ``name`` there, wholly or not at all; an older one of that name is replaced."""
        (path,) = self.write_all({name: data})
        return path

    def write_all(self, named: Mapping[str, bytes]) -> tuple[Path, ...]:
        """``write`` for many, durable together: each is there wholly or not at all."""
        paths = tuple(map(self._path, named))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"cannot make: {error.strerror or error}", where=str(self.folder)) from error
        for path, data in zip(paths, named.values(), strict=True):
            write_bytes_durably(path, data)
        sync_folder(self.folder)
        return paths

    def read(self, name: str) -> bytes:
        """The bytes of a verdict.

        Raises:
            Unavailable: there is none of that name.
        """
        path = self._path(name)
        try:
            return path.read_bytes()
        except OSError as error:
            raise Unavailable(
                f"no verdict {name}: {error.strerror or error}", where=str(path), next_step="validate the strategy"
            ) from error

    def place(self, name: str) -> str:
        """The file of a verdict, for messages."""
        return str(self._path(name))

    def names(self) -> tuple[str, ...]:
        """Every verdict that is there, sorted."""
        found = self.folder.glob(f"*{_SUFFIX}") if self.folder.is_dir() else ()
        return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in found))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Misconfigured(f"{name!r} as the name of a verdict", allowed="letters, digits, dots, _ and -")
        return self.folder / f"{name}{_SUFFIX}"
