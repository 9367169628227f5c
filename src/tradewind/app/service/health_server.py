"""``/healthz``, ``/readyz`` and ``/metrics`` of the running service, on this machine alone."""

from __future__ import annotations

from functools import partial

import msgspec

from tradewind.adapters.health_server import Answer, LoopbackServer
from tradewind.app.service.health import breakers
from tradewind.app.service.life import Life
from tradewind.app.service.metrics import CONTENT_TYPE, metrics_of
from tradewind.app.service.service import Service
from tradewind.app.service.supervision import unwell
from tradewind.app.service.supervisor import Beat, Work
from tradewind.errors import Unavailable
from tradewind.model.timeframe import SECOND

JSON = "application/json"
NAME = "health-server"
AGAIN_AFTER = 30 * SECOND
LOOK_EVERY = 5 * SECOND


def answers_of(service: Service, life: Life | None = None) -> dict[str, Answer]:
    """What is answered on each path, in a life or before there was one."""

    def healthz() -> tuple[int, str, bytes]:
        tasks = service.tasks()
        sick = unwell(tasks)
        well = not sick and not service.waits_for
        waiting = [service.waits_for] if service.waits_for else []
        document = {
            "status": "ok" if well else "unhealthy",
            "state": service.state,
            "tasks": {one.name: one for one in tasks},
            "breakers": breakers(life) if life is not None else {},
            "faults": [*waiting, *(f"task {one.name} is {'stale' if one.stale else one.state}" for one in sick)]
            or list(service.faults),
            "checks_passed": service.checks_passed,
            "restarts": service.supervision.restarts,
        }
        return (200 if well else 503), JSON, msgspec.json.encode(document)

    def readyz() -> tuple[int, str, bytes]:
        ready = service.state == "running"
        document: dict[str, object] = {"ready": ready, "state": service.state}
        if service.waits_for:
            document["waits_for"] = service.waits_for
        return (200 if ready else 503), JSON, msgspec.json.encode(document)

    def metrics() -> tuple[int, str, bytes]:
        return (200, CONTENT_TYPE, metrics_of(life)) if life is not None else (503, CONTENT_TYPE, b"")

    return {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


def open_pages(service: Service) -> None:
    """Answers from now on, between lives too; a service that waits for its first one says here what for."""
    wanted = service.config.monitoring.health_port
    if wanted and NAME not in service.lasting.names():
        service.pages = service.pages or answers_of(service)
        service.lasting.spawn(NAME, partial(_served, service, wanted))


def health_server(life: Life) -> Work | None:
    """The task, or None where no port is configured: it keeps the server up, which goes on between lives."""
    if not life.config.monitoring.health_port:
        return None
    service = life.service
    service.pages = answers_of(service, life)

    async def work(beat: Beat) -> None:
        while True:
            if NAME not in service.lasting.names():
                await service.lasting.join()  # what it ended with, if it did
                open_pages(service)
            beat()
            await life.clock.sleep_until(life.clock.monotonic() + LOOK_EVERY)

    return work


async def _served(service: Service, wanted: int) -> None:
    """Serves until the process ends. A taken port is asked for again: it ends nothing."""
    told = False
    while True:
        server = LoopbackServer({path: partial(_page, service, path) for path in service.pages}, wanted)
        try:
            await server.serve(service.listens)
        except Unavailable as error:
            if not told:
                service.say(f"WARNING: no health server yet: {error}")
            told = True
        await service.clock.sleep_until(service.clock.monotonic() + AGAIN_AFTER)


def _page(service: Service, path: str) -> tuple[int, str, bytes]:
    """What the newest life has to say there."""
    return service.pages[path]()
