"""A verb of the command line in a process of its own: heavy work beside the service, with the verb's own words."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tradewind.adapters.process_urgency import less_urgent
from tradewind.errors import TimedOut, Unavailable

_COLUMNS = "56"  # what a phone shows in one line of fixed width
_LONGEST = 64 * 1024


class VerbProcess:
    """Runs ``tradewind WORDS`` in ``folder`` with the least urgency, one of each verb at once, and gives what it said.

    ``environment`` is that of this process; ``config`` the file this process was started with, if any.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], config: Path | None = None) -> None:
        self._folder = folder
        self._environment = {**environment, "COLUMNS": _COLUMNS, "NO_COLOR": "1", "TERM": "dumb"}
        self._config = ("--config", str(config)) if config is not None else ()
        self._busy: set[str] = set()

    async def run(self, words: Sequence[str], limit_s: float) -> list[str]:
        """The lines of stdout, or those of stderr where there are none.

        Raises:
            Unavailable: the same verb is still running; a question must not wait for somebody's backtest.
            TimedOut: it took longer than ``limit_s`` seconds; it was ended.
        """
        if words[0] in self._busy:
            raise Unavailable("another one is still running", next_step="wait for its answer")
        self._busy.add(words[0])
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tradewind", *words, *self._config),
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                preexec_fn=less_urgent,
            )
            try:
                async with asyncio.timeout(limit_s):
                    out, err = await process.communicate()
            except TimeoutError:
                raise TimedOut(f"it took longer than {limit_s:g} s and was ended") from None
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        finally:
            self._busy.discard(words[0])
        text = (out or err)[:_LONGEST].decode("utf-8", "replace")
        return text.splitlines()
