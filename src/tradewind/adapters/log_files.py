"""Log files of a process: structured lines in ``trading_bot.log``, errors again in ``error.log``, and what the console
said in ``runtime_YYYYMMDD.log``.

Everything goes through the standard library's root logger, ours and that of every library, and leaves through one
formatter whose last step takes secrets out, of the message, its fields and its traceback alike. Files are rotated by
size; what a folder may hold in all is bounded.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

import structlog

from tradewind.ports.clock import Clock

Redact = Callable[[str], str]
OnError = Callable[[str, str, str], None]
ALL, ERRORS = "trading_bot.log", "error.log"
NAME: Final = "tradewind"
CHATTY: Final = (
    "httpx",
    "httpcore",
    "telegram",
    "apscheduler",
    "asyncio",
    "uvicorn",
    "websockets",
    "boto3",
    "botocore",
)
"""Libraries that tell every request at INFO, some with the token in its address."""
_ABOUT: Final = [structlog.stdlib.add_logger_name, structlog.stdlib.add_log_level]
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_SEVERITIES: Final = _LEVELS | {"critical": logging.CRITICAL}


class LogFiles:
    """Owns the root logger between ``open`` and ``close``.

    ``size`` bytes a file, ``kept`` older ones of each, ``cap`` bytes for the whole folder. ``on_error(kind, message,
    origin)`` hears of every line at ERROR or above; it may be called from any thread and must not log.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        redact: Redact,
        *,
        level: str = "info",
        size: int = 10_000_000,
        kept: int = 5,
        cap: int = 200_000_000,
        on_error: OnError | None = None,
    ) -> None:
        self.folder = folder
        self._clock = clock
        self._redact = redact
        self._level = level
        self._size, self._kept, self._cap = size, kept, cap
        self._on_error = on_error
        self._handlers: list[logging.Handler] = []
        self._before: tuple[int, list[logging.Handler], Any] | None = None
        self._said: logging.Handler | None = None
        own: list[Any] = [
            structlog.stdlib.filter_by_level,
            *_ABOUT,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ]
        logger = logging.getLogger(NAME)
        self._logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
            logger, processors=own, wrapper_class=structlog.stdlib.BoundLogger
        )

    def open(self) -> None:
        """Makes the folder and takes over the root logger.

        Raises:
            OSError: the folder cannot be written to.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        root = logging.getLogger()
        self._before = (root.level, root.handlers[:], threading.excepthook)
        day = datetime.fromtimestamp(self._clock.now() // 1_000_000_000, UTC).strftime("%Y%m%d")
        everything = self._file(ALL, logging.DEBUG, self._formatter())
        errors = self._file(ERRORS, logging.ERROR, self._formatter())
        self._said = self._file(f"runtime_{day}.log", logging.DEBUG, logging.Formatter("%(message)s"))
        self._handlers = [everything, errors]
        if self._on_error is not None:
            self._handlers.append(_ErrorListener(self._on_error))
        root.handlers[:] = self._handlers
        self.set_level(self._level)
        for name in CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
        threading.excepthook = self._thread_died
        self.prune()

    def set_level(self, level: str) -> None:
        """Leaves out what is less severe than ``level``, from now on."""
        self._level = level
        logging.getLogger().setLevel(_LEVELS[level])

    def log(self, severity: str, event: str, error: BaseException | None = None, **fields: object) -> None:
        """One line; ``severity`` is debug, info, warning, error or critical. Nothing while no file is open: the console
        has it.
        """
        if self._before is None:
            return
        self._logger.log(_SEVERITIES[severity], event, exc_info=error, **fields)

    def said(self, line: str) -> None:
        """Keeps what the console showed."""
        if self._said is not None:
            self._said.handle(logging.LogRecord(NAME, logging.INFO, "", 0, self._redact(line), (), None))

    def prune(self) -> None:
        """Removes the oldest rotated and daily files above the cap; those being written are never touched."""
        with suppress(OSError):
            open_now = {handler.baseFilename for handler in self._files()}
            found = sorted(self.folder.glob("*.log*"), key=lambda path: path.stat().st_mtime, reverse=True)
            total = 0
            for path in found:
                total += path.stat().st_size
                if total > self._cap and str(path.absolute()) not in open_now:
                    total -= path.stat().st_size
                    path.unlink()

    def close(self) -> None:
        """Gives the root logger back as it was."""
        if self._before is not None:
            root = logging.getLogger()
            level, root.handlers[:], threading.excepthook = self._before
            root.setLevel(level)
            self._before = None
        for handler in self._files():
            handler.close()
        self._handlers, self._said = [], None

    def _files(self) -> list[RotatingFileHandler]:
        every = [*self._handlers, self._said]
        return [handler for handler in every if isinstance(handler, RotatingFileHandler)]

    def _file(self, name: str, level: int, formatter: logging.Formatter) -> RotatingFileHandler:
        handler = _PrivateFile(self.folder / name, maxBytes=self._size, backupCount=self._kept, encoding="utf-8")
        handler.setLevel(level)
        handler.setFormatter(formatter)
        return handler

    def _formatter(self) -> logging.Formatter:
        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_ABOUT,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                self._stamp,
                self._clean,
                structlog.processors.JSONRenderer(default=str),
            ],
        )

    def _stamp(self, _: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        seconds, rest = divmod(self._clock.now(), 1_000_000_000)
        when = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return {"timestamp": f"{when}.{rest // 1_000_000:03d}Z", **line}

    def _clean(self, _: object, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {name: self._cleaned(value) for name, value in line.items()}

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, int | float | bool | None):
            return value
        if isinstance(value, Mapping):
            return {self._redact(str(name)): self._cleaned(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._cleaned(one) for one in value]
        return self._redact(str(value))

    def _thread_died(self, death: threading.ExceptHookArgs) -> None:
        if death.exc_value is not None:
            self.log("error", "a thread died", death.exc_value, thread=str(death.thread and death.thread.name))


class _PrivateFile(RotatingFileHandler):
    """A rotating file that only its owner may read."""

    def _open(self) -> TextIOWrapper:
        stream = super()._open()
        os.fchmod(stream.fileno(), 0o600)
        return stream


class _ErrorListener(logging.Handler):
    """Tells of errors that libraries logged; our own are told where they are caught."""

    def __init__(self, tell: OnError) -> None:
        super().__init__(logging.ERROR)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != NAME:
            kind = type(record.exc_info[1]).__name__ if record.exc_info and record.exc_info[1] else record.levelname
            self._tell(kind, record.getMessage(), record.name)
