"""What Prometheus reads, collected at the moment it asks; names begin with ``tradewind_``.

Counters are of this process, as Prometheus expects; what outlives it is in the store.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tradewind.app.service.health import breakers
from tradewind.app.service.life import Life
from tradewind.engine.mode_alarms import transitions_per_hour
from tradewind.model.mode import Mode
from tradewind.model.timeframe import HOUR, SECOND

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_OWED: Final = (
    "SELECT channel, count(*) FROM deliveries WHERE state IN ('pending', 'sending', 'ambiguous') GROUP BY channel"
)
_LATENCY: Final = (
    "SELECT d.channel, d.ts - o.ts FROM deliveries AS d JOIN outbox AS o ON o.id = d.outbox_id"
    " WHERE d.state = 'sent' AND d.ts > ? ORDER BY d.id DESC LIMIT 1000"
)
_DRIFT: Final = "SELECT severity, count(*) FROM outbox WHERE topic = 'drift' GROUP BY severity"
_OPEN: Final = {"closed": 0, "half-open": 1, "open": 2}


class ServiceCollector(Collector):
    """Everything worth a graph of one life of the service."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def collect(self) -> Iterator[Metric]:
        """The metrics of now."""
        yield from self._decided()
        yield from self._learnt()
        yield from self._kept_up()
        if not self._life.service.waits_for:  # between two lives the store is closed
            yield from self._told()
        yield from self._used()

    def _decided(self) -> Iterator[Metric]:
        life = self._life
        counts, account = life.run.summary.counts(), life.run.engine.portfolio
        kinds = {"signal": counts.signals, "no_trade": counts.no_trade, "no_decision": counts.no_decision}
        yield _counted("decisions", "Decisions by kind.", "kind", kinds)
        yield _counted("reasons", "Reasons of decisions without a signal.", "code", counts.reasons)
        yield CounterMetricFamily("tradewind_signals", "Signals.", value=counts.signals)
        yield CounterMetricFamily("tradewind_trades", "Closed trades.", value=counts.trades)
        yield _gauge("equity", "Account equity, account currency.", account.equity)
        yield _gauge("balance", "Account balance, account currency.", float(account.balance))
        yield _gauge("drawdown_ratio", "Fall of the equity from its highest value.", account.drawdown)
        yield _gauge("open_positions", "Open positions.", len(account.positions()))
        yield _gauge("journal_seq", "Newest entry of the journal.", life.run.store.journal.head[0])
        now = life.run.session.clock.now()
        ages = {symbol: max(0, now - ts) / SECOND for symbol, ts in life.run.session.frontiers().items()}
        yield _gauges("feed_age_seconds", "Time of the run since the newest decided close.", "symbol", ages)

    def _learnt(self) -> Iterator[Metric]:
        """Modes of models; nothing where none has a seat."""
        modes = self._life.run.engine.modes
        if modes is None:
            return
        now = self._life.run.session.clock.now()
        seats = {f"{symbol} {timeframe}": one for (symbol, timeframe), one in modes.seats.items()}
        trading = {name: float(one.stands is Mode.TRADING) for name, one in seats.items()}
        yield _gauges("mode_trading", "1 where a model may act, 0 in learning.", "seat", trading)
        known = {name: one.seen.confidence for name, one in seats.items() if one.seen.confidence is not None}
        yield _gauges("model_confidence", "Confidence of a seat's champion.", "seat", known)
        recent = {name: float(transitions_per_hour(one, now)) for name, one in seats.items()}
        yield _gauges("transitions_per_hour", "Transitions between modes in the last hour.", "seat", recent)
        running = sum([one.running is not None for one in modes.watches.values()])
        yield _gauge("trainings_waiting", "Trainings that were asked for and have not ended.", running)

    def _kept_up(self) -> Iterator[Metric]:
        service = self._life.service
        tasks = service.tasks()
        beats = {one.name: one.beat_age_s for one in tasks if one.beat_age_s is not None}
        yield _gauges("task_beat_age_seconds", "Time since a task's last sign of life.", "task", beats)
        yield _counted("task_restarts", "Starts after a task died.", "task", {one.name: one.restarts for one in tasks})
        yield CounterMetricFamily("tradewind_lives", "Lives of the run in this process.", value=service.lives)
        yield CounterMetricFamily("tradewind_errors", "Logged errors.", value=service.errors.total)
        yield CounterMetricFamily("tradewind_operations", "Attempted operations.", value=service.operations)
        yield CounterMetricFamily("tradewind_operations_failed", "Operations that failed.", value=service.failed)
        yield _gauge("health_checks_passed", "Health checks without a fault in a row.", service.checks_passed)
        passes = {name: state.passes for name, state in service.timetable.states.items()}
        yield _counted("job_passes", "Passes of a job.", "job", passes)
        states = {name: float(_OPEN[one.state]) for name, one in breakers(self._life).items()}
        yield _gauges("breaker_state", "Circuit breaker: 0 closed, 1 half-open, 2 open.", "provider", states)

    def _told(self) -> Iterator[Metric]:
        database = self._life.run.store.database
        owed = {str(channel): float(n) for channel, n in database.query(_OWED)[1]}
        yield _gauges("outbox_backlog", "Messages not yet at their end.", "channel", owed)
        found: dict[str, list[float]] = {}
        for channel, ns in database.query(_LATENCY, (self._life.clock.now() - HOUR,))[1]:
            found.setdefault(str(channel), []).append(ns / SECOND)
        latency = GaugeMetricFamily(
            "tradewind_delivery_latency_seconds", "Fact to accepted, last hour.", labels=["channel", "quantile"]
        )
        for channel, values in found.items():
            values.sort()
            for share in (0.5, 0.99):
                latency.add_metric([channel, f"{share:g}"], values[min(len(values) - 1, int(share * len(values)))])
        yield latency
        drift = {str(severity): int(n) for severity, n in database.query(_DRIFT)[1]}
        yield _counted("drift_alerts", "Drift alerts of the run by severity.", "severity", drift)

    def _used(self) -> Iterator[Metric]:
        used, traffic = self._life.service.used(), self._life.service.traffic
        yield _gauge("resident_memory_bytes", "Resident memory.", used.rss)
        yield CounterMetricFamily("tradewind_cpu_seconds", "Processor time.", value=used.cpu_s)
        yield _gauge("open_files", "Open descriptors.", used.open_files)
        yield _gauge("database_bytes", "Size of the store.", used.database)
        yield _gauge("disk_free_bytes", "Left on the disk of the store.", used.disk_free)
        yield _counted(
            "network_bytes", "Bytes over the network.", "direction",
            {"sent": traffic.sent, "received": traffic.received},
        )  # fmt: skip


def metrics_of(life: Life) -> bytes:
    """The text Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector(life))
    return generate_latest(registry)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tradewind_{name}", text, value=value)


def _gauges(name: str, text: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(f"tradewind_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counted(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(f"tradewind_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
