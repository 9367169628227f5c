"""Training in a process of its own: another interpreter where one is named, the least urgency, a budget and an end."""

from __future__ import annotations

import math
import os
import resource
import subprocess  # nosec B404  # the interpreter is a setting, the words are verbs of ours
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from tradewind.adapters.process_urgency import less_urgent
from tradewind.ensemble.student import student_cdf
from tradewind.model.mode import RetrainAsked
from tradewind.model.timeframe import SECOND
from tradewind.model.training import TrainingEnd
from tradewind.ports.clock import Clock

ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "TORCH_NUM_THREADS"), "1"
)
GRACE_S: Final = 60
"""Processor seconds beyond the budget until the kernel ends it: reading bars and judging are not part of the fit."""
_LONGEST: Final = 4 << 20
_ONE_SIDED: Final = 1.645


class TrainingProcess:
    """Implements ``ports.trainer.Trainer`` with ``python -m tradewind WORDS --json`` for each of the words in turn.

    ``words_of`` gives the commands of a training; the last one trains, what comes before it may fail. ``interpreter``
    empty: the one that runs. ``limit_s`` is wall time of all of them, ``cpu_s`` the budget of processor time of each.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        words_of: Callable[[RetrainAsked], Sequence[Sequence[str]]],
        clock: Clock,
        *,
        interpreter: str = "",
        limit_s: float = 1800.0,
        cpu_s: float = 600.0,
    ) -> None:
        self._folder = folder
        self._environment = {**environment, **ONE_THREAD, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "120"}
        self._words_of = words_of
        self._clock = clock
        self.hold_to(interpreter=interpreter, limit_s=limit_s, cpu_s=cpu_s)
        self._process: subprocess.Popen[bytes] | None = None
        self._left: list[Sequence[str]] = []
        self._out: IO[bytes] | None = None
        self._err: IO[bytes] | None = None
        self._begun = 0.0
        self._fault = ""

    def hold_to(self, *, interpreter: str, limit_s: float, cpu_s: float) -> None:
        """Other limits from now on; a training that runs is held to ``limit_s`` too."""
        self._interpreter = interpreter or sys.executable
        self._limit_s = limit_s
        self._cpu_s = math.ceil(cpu_s) + GRACE_S

    @property
    def busy(self) -> bool:
        """Whether a training runs, or its end was not asked for yet."""
        return self._process is not None or bool(self._fault)

    def start(self, asked: RetrainAsked) -> None:
        """Starts the first of its commands."""
        self._begun = self._now()
        self._left = list(self._words_of(asked))
        self._fault = ""
        self._next()

    def ended(self) -> TrainingEnd | None:
        """Looks in; a training past its limit is ended here."""
        if self._fault:
            fault, self._fault = self._fault, ""
            return TrainingEnd(fault=fault, duration_s=self._now() - self._begun)
        process = self._process
        if process is None:
            return None
        took = self._now() - self._begun
        if process.poll() is None:
            if took < self._limit_s:
                return None
            self.stop()
            return TrainingEnd(fault=f"it took longer than {self._limit_s:g} s and was ended", duration_s=took)
        if self._left:
            self._close()
            self._next()
            return self.ended() if self._fault else None
        end = self._read(process.returncode, took)
        self._close()
        return end

    def wait(self) -> None:
        """Returns when the process at hand is over, or the limit is reached."""
        if self._process is not None:
            left = self._limit_s - (self._now() - self._begun)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, left))

    def stop(self) -> None:
        """Kills it and all that it started."""
        process = self._process
        if process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, 9)
            process.wait()
        self._left = []
        self._close()

    def _now(self) -> float:
        return self._clock.monotonic() / SECOND

    def _next(self) -> None:
        words = self._left.pop(0)
        self._out = tempfile.TemporaryFile()  # noqa: SIM115  closed when the process has ended
        self._err = tempfile.TemporaryFile()  # noqa: SIM115  the same
        try:
            self._process = subprocess.Popen(  # noqa: S603  # nosec B603  # as above
                [self._interpreter, "-m", "tradewind", *words, "--json"],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=self._out,
                stderr=self._err,
                start_new_session=True,
                preexec_fn=self._humble,
            )
        except OSError as error:
            self._close()
            self._left = []
            self._fault = f"{self._interpreter} cannot be started ({error.strerror or error})"

    def _humble(self) -> None:
        less_urgent()
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        most = self._cpu_s if hard == resource.RLIM_INFINITY else min(self._cpu_s, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))
        with suppress(OSError):  # where memory runs out, this process goes first
            Path("/proc/self/oom_score_adj").write_text("500", "ascii")

    def _read(self, code: int, took: float) -> TrainingEnd:
        assert self._out is not None
        assert self._err is not None
        self._out.seek(0)
        self._err.seek(0)
        out = self._out.read(_LONGEST)
        if code == 0:
            try:
                return msgspec.structs.replace(end_of(msgspec.json.decode(out)), duration_s=took)
            except (msgspec.DecodeError, KeyError, IndexError, TypeError, ValueError) as error:
                return TrainingEnd(fault=f"its answer cannot be read ({error})", duration_s=took)
        said = self._err.read(_LONGEST).decode("utf-8", "replace").strip()
        with suppress(msgspec.DecodeError, KeyError, TypeError):
            said = str(msgspec.json.decode(out)["error"]["message"])
        how = f"ended by signal {-code}" if code < 0 else f"exit {code}"
        return TrainingEnd(fault=f"{how}: {' '.join(said.split())[-300:] or 'it said nothing'}", duration_s=took)

    def _close(self) -> None:
        for stream in (self._out, self._err):
            if stream is not None:
                stream.close()
        self._process = self._out = self._err = None


def end_of(document: Mapping[str, Any]) -> TrainingEnd:
    """What the answer of ``train --json`` says.

    The confidence is that of the held-out events that were acted on and share no bar: ``T_(n-1)(mean / se)``, the
    standard error out of their lower bound.
    """
    found = document["card"]["evaluations"][0]
    chosen = found["selective"]
    n, net, low = int(chosen["n"]), chosen["net"], chosen["net_low"]
    confidence = None
    if n > 1 and net is not None and low is not None and net > low:
        confidence = student_cdf(float(net) / ((float(net) - float(low)) / _ONE_SIDED), n - 1)
    return TrainingEnd(
        version=str(document["version"]),
        confidence=confidence,
        events=n,
        calibration_error=found["ece"],
        passed=bool(document["passed"]),
        missed=tuple(document["missed"]),
    )
