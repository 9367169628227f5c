"""A sign of life to a dead-man switch elsewhere: when it stops, somebody else raises the alarm.

What raises an alarm about a dead service must not live in it. Here is only the half that goes silent; the other half is
an address that is asked every minute, or ``tradewind watchdog`` on any machine that sees the beat file or /healthz.
"""

from __future__ import annotations

from typing import Final

from tradewind.app.service.life import Life
from tradewind.app.service.supervision import unwell
from tradewind.app.service.supervisor import Beat, Work
from tradewind.errors import Retryable
from tradewind.model.timeframe import MINUTE

EVERY: Final = MINUTE


def dead_man(life: Life) -> Work | None:
    """Asks the address while the service is well; an unwell one is silent, as a dead one is."""
    url = life.config.monitoring.heartbeat_url
    if url is None:
        return None
    address = url.reveal()

    async def work(beat: Beat) -> None:
        while True:
            beat()
            if not unwell(life.service.tasks()):
                life.service.attempted(await _asked(life, address), "dead-man")
            beat()
            await life.clock.sleep_until(life.clock.monotonic() + EVERY // 2)
            beat()
            await life.clock.sleep_until(life.clock.monotonic() + EVERY // 2)

    return work


async def _asked(life: Life, address: str) -> Exception | None:
    try:
        answer = await life.transport.request("GET", address, timeout_s=10.0)
    except Retryable as error:
        return error
    return None if answer.status < 400 else Retryable(f"it answered {answer.status}", where="heartbeat address")
