"""What the jobs of the timetable do: short, synchronous, each pass whole by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tradewind.adapters.store.life_spans import spans
from tradewind.adapters.store.schema import utc_text
from tradewind.app.service import jobs
from tradewind.app.service.health import examined, stale_line
from tradewind.app.service.learning_cycle import learning_cycle
from tradewind.app.service.life import Life
from tradewind.app.service.silence import silences
from tradewind.app.uptime import uptime
from tradewind.model.notice import Notice
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY

Duty = Callable[[Life, int], None]
_STANDING: Final = "SELECT kind, ts FROM decisions WHERE symbol = ? AND timeframe = ? ORDER BY ts DESC LIMIT 1"
_SIGNALS: Final = "SELECT symbol, max(ts) FROM signals GROUP BY symbol"
_WEEK: Final = (
    "SELECT (SELECT count(*) FROM signals WHERE ts > ?), (SELECT count(*) FROM trade_outcomes WHERE ts_exit > ?),"
    " (SELECT coalesce(sum(r), 0) FROM trade_outcomes WHERE ts_exit > ?)"
)


def auto_signals(life: Life, now: int) -> None:
    """One line for every pair: what stands decided on each timeframe, and whether its market is open."""
    plans = {one.instrument.symbol: one for one in life.run.plan.symbols}
    for pair in life.config.auto_signals.pairs or tuple(plans):
        one = plans.get(pair)
        standing: dict[str, str] = {}
        for timeframe in () if one is None else one.timeframes:
            for kind, ts in life.run.store.database.query(_STANDING, (pair, str(timeframe)))[1]:
                standing[str(timeframe)] = f"{kind} {utc_text(int(ts))}"
        market = "not in this run" if one is None else calendar_of(one.instrument.calendar).closed_kind(now) or "open"
        life.service.passes[pair] = life.service.passes.get(pair, 0) + 1
        life.service.logs.log("info", "Auto signal pass", pair=pair, market=market, standing=standing)


def health_check(life: Life, now: int) -> None:
    """Counts the checks passed in a row; what is wrong is said when it begins and when it is over.

    That a feed is blind is told to people too: nothing is decided there, and silence looks like calm.
    """
    service = life.service
    faults = examined(life, now)
    for fault in faults:
        if fault not in service.faults:
            service.say(f"WARNING: health: {fault}")
    for fault in service.faults:
        if fault not in faults:
            service.say(f"health: no longer {fault}")
    for symbol in service.feeds:
        was, stale = stale_line(symbol) in service.faults, stale_line(symbol) in faults
        if stale and not was:
            detail = f"nothing is decided on {symbol} until its bars move again"
            service.notice(Notice("feed_stale", now, "critical", symbol, detail=detail))
        elif was and not stale:
            service.notice(Notice("feed_fresh", now, "warning", symbol, detail="decisions go on"))
    service.faults = faults
    service.checks_passed = 0 if faults else service.checks_passed + 1
    if not faults:
        service.logs.log("info", f"Health check passed ({service.checks_passed} consecutive)")


def no_signal(life: Life, now: int) -> None:
    """Alarms once for every silence of a group of markets."""
    last = {str(symbol): int(ts) for symbol, ts in life.run.store.database.query(_SIGNALS)[1]}
    instruments = [one.instrument for one in life.run.plan.symbols]
    hours = life.config.monitoring.no_signal_alert_hours
    # The time of the run, not of the host: a stand-in's market lives in another year.
    market_now = max(life.run.session.frontiers().values(), default=now)
    found = silences(instruments, last, life.run.begun, market_now, hours)
    for one in found:
        if one.calendar not in life.service.silent:
            names = ", ".join(one.symbols)
            life.service.alarm(
                "no_signal", names, one.hours, hours, f"no signal on {names} for {one.hours:.0f} open hours"
            )
    life.service.silent = {one.calendar for one in found}


def config_watch(life: Life, now: int) -> None:
    """Looks whether the file was changed, and whether the bot still has anybody to obey."""
    if life.config.telegram.enabled:
        life.people.access.look(now)
    if life.config_watch is not None:
        life.config_watch.look(now)


def log_pruning(life: Life, now: int) -> None:
    """Removes the oldest log files above the cap."""
    life.service.logs.prune()


def weekly_review(life: Life, now: int) -> None:
    """The week in one line."""
    since = now - 7 * DAY
    signals, trades, r = life.run.store.database.query(_WEEK, (since, since, since))[1][0]
    up = uptime(spans(life.run.store.database, since), now, 7 * DAY)
    share = f"{up.uptime:.2%}" if up is not None else "unknown"
    life.service.say(f"Weekly review: {signals} signals, {trades} trades closed, {r:+.2f} R; uptime {share}")


def monthly_retraining(life: Life, now: int) -> None:
    """Asks for new models; this release has no trained ones, so the row says who has to act."""
    _ask(life, now, "scheduled monthly", "no trained predictor is configured" if not life.config.predictors else "due")


def quarterly_optimization(life: Life, now: int) -> None:
    """Asks for a new search; it takes hours of all processors, so a person starts it beside the service."""
    _ask(life, now, "scheduled quarterly", "run `tradewind research` beside the service, then start a new run")


def _ask(life: Life, now: int, reason: str, detail: str) -> None:
    writer = life.run.store.writer
    if writer is not None:
        with writer.transaction() as cursor:
            cursor.execute(
                "INSERT INTO retraining_history (triggered_at, trigger_reason, detail) VALUES (?, ?, ?)",
                (utc_text(now), reason, detail),
            )
    life.service.say(f"WARNING: {reason} retraining is due: {detail}")


DUTIES: Final[Mapping[str, Duty]] = {
    jobs.AUTO_SIGNALS: auto_signals,
    jobs.LEARNING: learning_cycle,
    jobs.HEALTH: health_check,
    jobs.SILENCE: no_signal,
    jobs.CONFIG: config_watch,
    jobs.LOGS: log_pruning,
    jobs.REVIEW: weekly_review,
    jobs.RETRAIN: monthly_retraining,
    jobs.OPTIMIZE: quarterly_optimization,
}
