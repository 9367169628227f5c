"""Every configuration the service met is a version: at its start, and when the file changes while it runs.

What a run decides by is fixed for its life, so a change in the file is recorded and said at once and takes effect with
the next start; the level of the log follows it at once, and so do the thresholds of modes, through the journal.
"""

from __future__ import annotations

import hashlib
import pwd
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from tradewind.adapters.store.config_history import record_config
from tradewind.adapters.store.database import Writer
from tradewind.app.config import SETTINGS, ConfigOrigin, config_hash, value_at
from tradewind.app.settings.explain import shown
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.secret import Secret

AT_ONCE: Final = ("continuous_learning.",)
"""Keys that take effect while it runs, where somebody follows them."""


class ConfigWatch:
    """``origin`` is where the configuration was read from; without one no change is noticed.

    ``on_change`` is given a changed configuration and who changed it; what is below ``AT_ONCE`` is its business.
    """

    def __init__(
        self,
        writer: Writer,
        origin: ConfigOrigin | None,
        actor: str,
        say: Callable[[str], None],
        on_level: Callable[[str], None],
        on_change: Callable[[AppConfig, str], None] | None = None,
    ) -> None:
        self._writer = writer
        self._load = None if origin is None else origin.load
        self._file = None if origin is None else origin.file
        self._actor = actor
        self._say = say
        self._on_level = on_level
        self._on_change = on_change
        self._seen = self._mark()

    def started(self, config: AppConfig, now: int) -> None:
        """The service starts under ``config``."""
        version = record_config(self._writer, now, self._actor, "start", config_hash(config), _settings(config))
        if version is not None and version.changes:
            self._say(
                f"Configuration version {version.version}: {', '.join(version.changes)} changed since the last start"
            )

    def look(self, now: int) -> None:
        """Records the file's configuration where the file is not what it was.

        Raises:
            TradewindError: it cannot be read as it is now; said once for every change of the file.
        """
        mark = self._mark()
        if mark == self._seen or self._load is None:
            return
        self._seen = mark
        config = self._load()
        version = record_config(self._writer, now, self._owner(), "file", config_hash(config), _settings(config))
        if version is None:
            return
        self._on_level(config.monitoring.log_level)
        later = [name for name in version.changes if self._on_change is None or not name.startswith(AT_ONCE)]
        if later:
            names = ", ".join(later)
            self._say(f"WARNING: the configuration changed ({names}); it takes effect with the next start")
        if self._on_change is not None:
            self._on_change(config, version.actor)

    def _mark(self) -> tuple[int, int] | None:
        if self._file is None:
            return None
        with suppress(OSError):
            found = self._file.stat()
            return found.st_mtime_ns, found.st_size
        return None

    def _owner(self) -> str:
        """Who the file belongs to: the nearest to who changed it that a file tells."""
        with suppress(OSError, KeyError):
            return pwd.getpwuid(self._file.stat().st_uid).pw_name if self._file is not None else self._actor
        return self._actor


def _settings(config: AppConfig) -> dict[str, Any]:
    return {path: _plain(path, value_at(config, path)) for path in SETTINGS}


def _plain(path: str, value: Any) -> Any:
    """As `config show` has it; of a secret 16 bits of a hash: enough to see that it changed, too few to guess it."""
    if isinstance(value, Secret):
        return f"secret #{hashlib.sha256(f'{path}={value.reveal()}'.encode()).hexdigest()[:4]}"
    return shown(value)
