"""``tradewind doctor``: looks at everything a run depends on and says what to do about each fault."""

from __future__ import annotations

from pathlib import Path

from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.doctor.examination import examine
from tradewind.app.doctor.finding import Finding, State
from tradewind.cli.contract import DONE, UNAVAILABLE, USAGE, Report, table


def answer(topics: tuple[str, ...], warm: bool, gateway: str, config: Path | None) -> Report:
    """Examines the machine and the project."""
    findings = examine(topics, WallClock(), HttpTransport(), config=config, warm=warm, gateway=gateway)
    rows = [(finding.topic, finding.name, finding.state, finding.detail) for finding in findings]
    steps: dict[str, list[str]] = {}
    for finding in findings:
        if finding.next_step:
            steps.setdefault(finding.next_step, []).append(finding.name)
    advice = [f"  {', '.join(dict.fromkeys(names))}: {step}" for step, names in steps.items()]
    human = [table("Doctor", ["topic", "what", "state", "found"], rows), *advice]
    return Report({"findings": findings, "healthy": not _failed(findings)}, human, _exit_code(findings))


def _failed(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.state is State.FAIL]


def _exit_code(findings: list[Finding]) -> int:
    """0 healthy, 2 where the configuration is the fault, 3 where something needed is missing or unreachable."""
    failed = _failed(findings)
    if not failed:
        return DONE
    return USAGE if all(finding.topic == "config" for finding in failed) else UNAVAILABLE
