"""The tasks of the service, a line each. A task that is not configured offers nothing and costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from tradewind.app.service.articles import articles
from tradewind.app.service.backing_up import backing_up
from tradewind.app.service.beating import beating
from tradewind.app.service.calendar import calendar
from tradewind.app.service.dead_man import dead_man
from tradewind.app.service.health_server import health_server
from tradewind.app.service.jobs import AUTO_SIGNALS, HEALTH, LEARNING
from tradewind.app.service.life import Life
from tradewind.app.service.models import models
from tradewind.app.service.scheduling import looping
from tradewind.app.service.supervision import Policy
from tradewind.app.service.supervisor import Supervisor, Work
from tradewind.app.service.telling import PEERS, listening, reporting, telling
from tradewind.model.timeframe import MINUTE

MARKET: Final = "market"
MARKET_POLICY: Final = Policy(stale_after=2 * MINUTE, hung_after=15 * MINUTE, vital=True)
"""A venue may shut us out for minutes, and a history takes its time; both are waited for."""


UNHURRIED: Final = Policy(stale_after=30 * MINUTE, hung_after=0)
"""A backup of a large store, its copy into a bucket, and many feeds in turn take their time."""


class Row(NamedTuple):
    """``offer`` gives the work of a task in a life, None where it has nothing to do there."""

    name: str
    offer: Callable[[Life], Work | None]
    policy: Policy = Policy()


ROWS: Final[tuple[Row, ...]] = (
    Row("heartbeat", beating),
    Row("calendar", calendar),
    Row("articles", articles, UNHURRIED),
    Row("backup", backing_up, UNHURRIED),
    Row("models", models),
    *(Row(f"tell {peer}", partial(telling, peer)) for peer in PEERS),
    Row("bot", listening),
    Row(AUTO_SIGNALS, looping(AUTO_SIGNALS)),
    Row(LEARNING, looping(LEARNING)),
    Row(HEALTH, looping(HEALTH)),
    Row("schedule", looping("")),
    Row("health-server", health_server),
    Row("dead-man", dead_man),
    Row("reports", reporting),
)


def enlist(supervisor: Supervisor, life: Life, rows: tuple[Row, ...] = ROWS) -> None:
    """Puts every task that has something to do under supervision."""
    for row in rows:
        work = row.offer(life)
        if work is not None:
            supervisor.add(row.name, work, row.policy)
