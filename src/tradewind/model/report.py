"""A verdict and everything it rests on: what was measured, against which limit, on which data, by which code."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """PASS; THRESHOLDS-ONLY: every threshold is met and luck not ruled out; FAIL; INSUFFICIENT: too little evidence."""

    PASS = "PASS"  # noqa: S105  a verdict, not a password
    THRESHOLDS_ONLY = "THRESHOLDS-ONLY"
    FAIL = "FAIL"
    INSUFFICIENT = "INSUFFICIENT"


class GateKind(StrEnum):
    """What a missed gate means: too little evidence, evidence against, or a sealed window that nobody has opened."""

    EVIDENCE = "evidence"
    EDGE = "edge"
    UNOPENED = "unopened"


class Window(msgspec.Struct, frozen=True):
    """A half-open interval ``[start, end)`` in UTC nanoseconds."""

    start: int
    end: int


class Stamp(msgspec.Struct, frozen=True):
    """What a result can be reproduced from: hashes of data and configuration, code version, seed.

    ``simulated``: the bars were made, not received. ``unproven``: strategies without a verdict had a say.
    """

    data_hash: str = ""
    config_hash: str = ""
    code_version: str = ""
    seed: int | None = None
    simulated: bool = False
    unproven: bool = False


class GateRow(msgspec.Struct, frozen=True):
    """One criterion: ``value`` against ``threshold`` by ``comparison`` over ``n`` trades.

    ``low`` and ``high`` are the 95% interval of the quantity named, None for a plain count. ``value`` is None where
    it is undefined, and such a row does not pass. ``digits`` are the decimals to print.
    """

    name: str
    value: float | None
    threshold: float | None
    comparison: str
    n: int
    passed: bool
    kind: GateKind
    low: float | None = None
    high: float | None = None
    digits: int = 3
    note: str = ""

    @property
    def outcome(self) -> Verdict:
        """PASS, FAIL or INSUFFICIENT: what this criterion says alone."""
        if self.passed:
            return Verdict.PASS
        return Verdict.FAIL if self.kind is GateKind.EDGE else Verdict.INSUFFICIENT

    @property
    def stage(self) -> str:
        """The step of the proof it belongs to: the name up to its first dot."""
        return self.name.partition(".")[0]

    def text(self) -> str:
        """``✓ name: value (threshold: t)``, then n, interval and outcome; ✗ where the criterion is missed."""
        limit = f"{self.comparison} {_number(self.threshold, self.digits)}".strip()
        line = (
            f"{'✓' if self.passed else '✗'} {self.name}: {_number(self.value, self.digits)} "
            f"(threshold: {limit}) n={self.n}"
        )
        if self.low is not None and self.high is not None:
            line += f", 95% CI [{_number(self.low, self.digits)}, {_number(self.high, self.digits)}]"
        line += f", {self.outcome.value}"
        return f"{line}; {self.note}" if self.note else line


class Baseline(msgspec.Struct, frozen=True):
    """What a naive alternative earned over the same span (buy and hold, random entry, always flat)."""

    name: str
    total_return: float
    sharpe: float | None
    max_drawdown: float
    note: str = ""


class CostStress(msgspec.Struct, frozen=True):
    """The same signals at ``factor`` times spread and slippage: ``n`` trades, ``net`` in account currency.

    ``skipped`` signals came while the trade before them was still open, which it was not at the costs of the run.
    """

    factor: float
    n: int
    expectancy_r: float | None
    profit_factor: float | None
    net: float
    skipped: int = 0


class GateReport(msgspec.Struct, frozen=True):
    """The verdict on one candidate. ``looked_at`` candidates shared the same sealed window, this one included.

    ``purged`` trades straddled a boundary and belong to no window. ``flags`` are warnings that refuse nothing.
    """

    subject: str
    profile: str
    verdict: Verdict
    rows: tuple[GateRow, ...]
    development: Window
    sealed: Window
    purged: int
    looked_at: int
    stamp: Stamp
    flags: tuple[str, ...] = ()

    @property
    def approved(self) -> bool:
        """True for PASS alone."""
        return self.verdict is Verdict.PASS

    @property
    def met(self) -> int:
        """Number of criteria met."""
        return sum(row.passed for row in self.rows)

    def text(self) -> str:
        """The rows, the flags, ``Criteria Met: k/n`` and ``Verdict: APPROVED|REJECTED (verdict)``, one line each."""
        word = "APPROVED" if self.approved else "REJECTED"
        return "\n".join(
            (
                *(row.text() for row in self.rows if row.kind is not GateKind.UNOPENED),
                *self._unopened(),
                *(f"! {flag}" for flag in self.flags),
                f"Criteria Met: {self.met}/{len(self.rows)}",
                f"Verdict: {word} ({self.verdict.value})",
            )
        )

    def _unopened(self) -> Iterator[str]:
        """One line for all criteria that wait for the sealed window: none of them was looked at."""
        closed = [row for row in self.rows if row.kind is GateKind.UNOPENED]
        if closed:
            names = ", ".join(row.name.partition(".")[2] or row.name for row in closed)
            yield f"✗ sealed: not opened, which a missed criterion before it forbids; {len(closed)} not met: {names}"


def _number(value: float | None, digits: int) -> str:
    """A number as people read it; a missing one is said to be undefined."""
    return "undefined" if value is None else f"{value:.{digits}f}"
