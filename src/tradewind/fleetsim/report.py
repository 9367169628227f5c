"""What a simulated run did, what it broke, and how to see it again."""

from __future__ import annotations

import msgspec

from tradewind.fleetsim.faults import ScheduledFault


class SimulationReport(msgspec.Struct, frozen=True):
    """What a run did and what broke. ``state_hash`` covers every event; ``seconds`` is the one thing not repeatable."""

    seed: int
    events: int
    simulated_days: float
    faults: dict[str, int]
    rows: dict[str, int]
    restarts: int
    entries: int
    signals: int
    trades: int
    violations: tuple[str, ...]
    last_events: tuple[str, ...]
    schedule: tuple[ScheduledFault, ...]
    digest: str
    state_hash: str
    invariants_checked: int = 0
    tier: str = ""
    seconds: float = 0.0

    @property
    def events_per_s(self) -> float:
        """Simulated events a second of this machine."""
        return self.events / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def bot_years_per_hour(self) -> float:
        """Simulated years of one bot an hour of this machine."""
        return self.simulated_days / 365.0 * 3600.0 / self.seconds if self.seconds > 0.0 else 0.0

    def text(self) -> str:
        """The failure as a person needs it, or one line."""
        done = f"seed {self.seed}: {self.events} events, {sum(self.faults.values())} faults, {self.restarts} restarts"
        if not self.violations:
            return f"{done}, no law broken (SIMULATED)"
        what = "\n".join(f"  {one}" for one in self.violations)
        before = "\n".join(f"  {one}" for one in self.last_events)
        return f"{done}; broken at event {self.events} (SIMULATED):\n{what}\nlast events:\n{before}"
