"""``/healthz``, ``/readyz`` and ``/metrics`` of the running service, on this machine alone."""

from __future__ import annotations

import msgspec

from tradewind.adapters.health_server import Answer, LoopbackServer
from tradewind.app.service.health import breakers
from tradewind.app.service.life import Life
from tradewind.app.service.metrics import CONTENT_TYPE, metrics_of
from tradewind.app.service.supervision import unwell
from tradewind.app.service.supervisor import Beat, Work
from tradewind.errors import Unavailable
from tradewind.model.timeframe import SECOND

JSON = "application/json"
AGAIN_AFTER = 30 * SECOND


def answers_of(life: Life) -> dict[str, Answer]:
    """What is answered on each path."""
    service = life.service

    def healthz() -> tuple[int, str, bytes]:
        tasks = service.tasks()
        sick = unwell(tasks)
        document = {
            "status": "unhealthy" if sick else "ok",
            "state": service.state,
            "tasks": {one.name: one for one in tasks},
            "breakers": breakers(life),
            "faults": [f"task {one.name} is {'stale' if one.stale else one.state}" for one in sick]
            or list(service.faults),
            "checks_passed": service.checks_passed,
            "restarts": service.supervision.restarts,
        }
        return (503 if sick else 200), JSON, msgspec.json.encode(document)

    def readyz() -> tuple[int, str, bytes]:
        ready = service.state == "running"
        return (200 if ready else 503), JSON, msgspec.json.encode({"ready": ready, "state": service.state})

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": lambda: (200, CONTENT_TYPE, metrics_of(life))}


def health_server(life: Life) -> Work | None:
    """The task, or None where no port is configured. A taken port is asked for again: it ends nothing."""
    wanted = life.config.monitoring.health_port
    if not wanted:
        return None

    async def work(beat: Beat) -> None:
        told = False
        while True:
            server = LoopbackServer(answers_of(life), wanted)
            try:
                beat()
                await server.serve(life.service.listens, beat)
            except Unavailable as error:
                if not told:
                    life.service.say(f"WARNING: no health server yet: {error}")
                told = True
            beat()
            await life.clock.sleep_until(life.clock.monotonic() + AGAIN_AFTER)

    return work
