"""The loops of the service over a real store, in simulated time: errors, restarts of the process, bounded resources."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.service.test_signs_of_life import settings
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.store import Store
from tradewind.app.service import jobs
from tradewind.app.service.duties import DUTIES, health_check
from tradewind.app.service.life import Life
from tradewind.app.service.passes import known_passes
from tradewind.app.service.scheduling import pass_through
from tradewind.app.service.service import Service
from tradewind.model.timeframe import HOUR
from tradewind.ports.transport import Traffic

START = 1_700_000_000_000_000_000 // HOUR * HOUR


class Run:
    """What the loops need of a run: its store."""

    def __init__(self, store: Store) -> None:
        self.store = store


@pytest.fixture
def life(tmp_path):
    clock = ManualClock(START)
    service = Service(settings(tmp_path), tmp_path / "x.db", clock, lambda _: None, lambda _: None, {}, Traffic())
    with Store.open(tmp_path / "x.db", START) as store:
        service.begins()
        service.holds_store()
        yield Life(service, service.config, Run(store), (), None, clock, None)  # type: ignore[arg-type]
        service.ends("stopped")


@pytest.mark.req("O03")
def test_a_pass_that_fails_is_logged_and_counted_and_the_loop_goes_on(life: Life, tmp_path: Path) -> None:
    """An exception at each third pass: 24 hours, 24 passes, 8 errors in log and `error_log`."""
    made = []

    def fragile(_: Life, now: int) -> None:
        made.append(now)
        if len(made) % 3 == 0:
            raise RuntimeError(f"pass {len(made)} failed")

    duties = {**DUTIES, jobs.LEARNING: fragile}
    for hour in range(1, 25):
        pass_through(life, life.service.timetable, START + hour * HOUR + HOUR // 2, (jobs.LEARNING,), duties)
    state = life.service.timetable.states[jobs.LEARNING]
    assert (len(made), state.passes, state.failed) == (24, 24, 8)
    assert (life.service.operations, life.service.failed) == (24, 8)
    life.service.errors.drain(life.run.store.log_error)
    rows = life.run.store.database.query("SELECT error_type, message, origin FROM error_log ORDER BY id")[1]
    assert rows == [("RuntimeError", f"pass {n} failed", "learning-cycle") for n in range(3, 25, 3)]
    assert (tmp_path / "logs" / "error.log").read_text().count('"exception"') == 8


@pytest.mark.req("X17", "O10")
def test_people_hear_once_that_a_feed_is_blind_and_once_that_it_sees_again(life: Life) -> None:
    """Nothing is decided on it, and silence looks like calm; the check fails as long as it lasts."""
    told: list[tuple[str, str]] = []
    life.service.on_alarm = lambda notice: told.append((notice.code, notice.subject))
    for state in ("connected", "stale", "stale", "fresh", "fresh"):
        life.service.feeds["EUR/USD"] = state  # type: ignore[index]
        health_check(life, START)
    assert told == [("feed_stale", "EUR/USD"), ("feed_fresh", "EUR/USD")]
    assert life.service.checks_passed == 2


def test_what_was_begun_is_remembered_over_processes(life: Life) -> None:
    nothing = dict.fromkeys(DUTIES, lambda life, now: None)
    pass_through(life, life.service.timetable, START + 2 * HOUR, (jobs.LEARNING,), nothing)
    assert known_passes(life.run.store.database) == {jobs.LEARNING: START + 2 * HOUR}


@pytest.mark.req("O14")
def test_ten_thousand_operations_leave_no_descriptor_open(life: Life) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    store = life.run.store
    store.database.query("SELECT 1")
    before = open_files()
    for number in range(10_000):
        store.database.query("SELECT count(*) FROM error_log")
        if number % 100 == 0:
            store.log_error(START, "A", "a")
            life.service.beat()
    assert open_files() == before
