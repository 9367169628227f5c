"""The tasks that tell people, and what the service itself has to say: that it lives again, that it dies."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from tradewind.adapters.beat_file import BeatFile
from tradewind.app.people.alarms import AlarmBook, AlarmState
from tradewind.app.people.channels import MAIL, SNS, TELEGRAM, WEBHOOK
from tradewind.app.people.daily import DailyReports, Limits
from tradewind.app.service.life import Life
from tradewind.app.service.supervisor import Beat, Work
from tradewind.app.service_note import noted
from tradewind.app.session import Recovery
from tradewind.errors import TradewindError, Unavailable
from tradewind.model.guard import AccountMark
from tradewind.model.notice import Notice
from tradewind.model.timeframe import SECOND

PEERS: Final = (TELEGRAM, WEBHOOK, MAIL, SNS)
LAST_WORDS_S: Final = 5.0
LOOK_EVERY: Final = 15 * SECOND
_IN_ORDER: Final = ("stopped",)


def telling(peer: str, life: Life) -> Work | None:
    """Carries what the channels of one peer are owed; nothing where none is configured."""
    people = life.people
    if not any(channel.peer == peer for channel in people.outbox.channels):
        return None

    async def work(beat: Beat) -> None:
        await people.tell(peer, lambda: False, beat)

    return work


def listening(life: Life) -> Work | None:
    """Hears and answers the users of the bot; nothing where it is off."""
    if not life.config.telegram.enabled:
        return None

    async def work(beat: Beat) -> None:
        await life.people.listen(lambda: False, beat)

    return work


def reporting(life: Life) -> Work:
    """At the end of every day its summary; every minute a look at the alarms over the past."""
    people, clock = life.people, life.clock
    settings, account = life.config.risk, life.run.engine.account
    limits = Limits(settings.daily_loss_limit, settings.max_drawdown)
    database = life.run.store.database

    def mark(ts: int) -> AccountMark | None:
        return None if account is None else account.mark(ts, "day")

    reports = DailyReports(people.outbox, database, life.series, mark, limits, clock.now())
    alarms = AlarmBook()

    async def work(beat: Beat) -> None:
        while True:
            beat()
            now = clock.now()
            reports.look(now)
            changed = alarms.look(database, people.outbox.market_time(now))
            if changed is AlarmState.ALARM:
                about = f"{alarms.alarm.metric} {alarms.alarm.dimension}, sum of an hour at least 1"
                people.notice(Notice("alarm", now, "critical", alarms.alarm.name, 1.0, 1.0, about))
            await clock.sleep_until(clock.monotonic() + LOOK_EVERY)

    return work


def begun(life: Life, recovery: Recovery | None) -> None:
    """Tells that the service lives, and whether the process before it had ended in order."""
    now, service = life.clock.now(), life.service
    series = ", ".join(one.instrument.symbol for one in life.run.plan.symbols)
    waited = service.relief is not None
    if service.relief is not None:
        code, seconds = service.relief
        detail = f"no decision for {seconds:.0f} s; what was missed is filled in before the next one"
        life.people.notice(Notice(code, now, "warning", detail=detail))
        service.relief = None
    before = noted(BeatFile(life.run.store.database.path))
    if recovery is None:
        life.people.notice(Notice("service_started", now, "info", detail=f"Deciding on {series}"))
    else:
        crashed = before is not None and before.state not in _IN_ORDER and not waited
        found = f"{recovery.entries} entries replayed from snapshot {recovery.snapshot_seq}, head {recovery.head_seq}"
        life_of = f"life {service.lives} of this process" if service.lives > 1 else "a new process"
        detail = f"{life_of}; {found}; deciding on {series}"
        if crashed:
            life.people.notice(Notice("service_crashed", now, "critical", detail=detail))
        else:
            life.people.notice(Notice("service_restarted", now, "warning", detail=detail))


async def parting(life: Life) -> None:
    """Before a process ends in order: whoever takes alarms hears what happened at its end, such as a rollback."""
    with suppress(TradewindError):
        await life.people.last_words(LAST_WORDS_S)


async def ended(life: Life, error: TradewindError) -> None:
    """Tells, as far as that is still possible, of what ends the service; what cannot leave now is told at the next
    start.
    """
    try:
        life.people.notice(Notice("fatal_error", life.clock.now(), "critical", type(error).__name__, detail=str(error)))
        await life.people.last_words(LAST_WORDS_S)
    except Unavailable:
        return  # the store is what failed: the exit and its words are all there is
