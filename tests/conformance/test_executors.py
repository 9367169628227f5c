"""What every executor keeps: here, in processes, on a cluster of two workers, the same results in the same order."""

from __future__ import annotations

import functools
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.dask_cluster import cluster_of_two
from tests.fakes import chunk_work as work
from tradewind.adapters.executors.cluster import ClusterExecutor, _packed, compute, versions
from tradewind.adapters.executors.processes import ProcessExecutor
from tradewind.adapters.executors.serial import SerialExecutor
from tradewind.adapters.executors.threads import ThreadExecutor
from tradewind.adapters.executors.worker import unprepared
from tradewind.app.environment import limit_threads
from tradewind.app.executors import executor_for
from tradewind.app.own_modules import own_files
from tradewind.app.own_strategies import family_in
from tradewind.errors import Misconfigured, Rejected, Unavailable
from tradewind.features.rule import member_of
from tradewind.model.timeframe import Timeframe

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("serial", "threads", "processes", "cluster")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers with their nannies on loopback."""
    pytest.importorskip("distributed", reason="tradewind[cluster] is not installed")
    with cluster_of_two(tmp_path_factory.mktemp("cluster")) as at:
        yield at


@pytest.fixture(scope="module")
def serial() -> SerialExecutor:
    return SerialExecutor()


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadExecutor]:
    with ThreadExecutor(2) as made:
        yield made


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessExecutor]:
    with ProcessExecutor(2, prepare=limit_threads) as made:
        yield made


@pytest.fixture(scope="module")
def cluster(address: str) -> Iterator[ClusterExecutor]:
    with ClusterExecutor(address) as made:
        yield made


@pytest.fixture(params=KINDS)
def executor(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def test_results_come_in_the_order_of_the_chunks(executor):
    """Rule: whatever finished first; also for no chunk, one chunk, and many more chunks than workers."""
    assert list(executor.map_chunks(work.slower_first, range(5))) == [0, 1, 2, 3, 4]
    assert list(executor.map_chunks(work.squared, [])) == []
    assert list(executor.map_chunks(work.squared, [9])) == [81]
    assert list(executor.map_chunks(work.squared, range(60))) == [number * number for number in range(60)]


def test_the_first_failing_chunk_in_order_is_raised_after_the_results_before_it(executor):
    """Rule: the failure is the one of serial work, with its parts, not the one that happened to come first."""
    results = executor.map_chunks(work.refused_at_five, range(8))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Rejected, match="chunk 3") as refused:
        next(results)
    assert (refused.value.where, refused.value.allowed, refused.value.next_step) == ("here", "others", "leave it out")
    assert list(executor.map_chunks(work.squared, [3])) == [9], "it works on after a failure"


def test_what_was_not_begun_at_a_failure_never_is(executor, tmp_path):
    """Rule: the first failure cancels the rest."""
    results = executor.map_chunks(functools.partial(work.marked, str(tmp_path)), range(200))
    with pytest.raises(Rejected):
        next(results)
    list(executor.map_chunks(work.squared, range(8)))  # whatever was under way is over
    assert len(list(tmp_path.iterdir())) < 20


def test_a_reader_that_stops_early_leaves_the_executor_usable(executor):
    """Rule: results nobody reads are not computed to the end."""
    results = executor.map_chunks(work.slower_first, range(50))
    assert next(results) == 0
    results.close() if hasattr(results, "close") else None
    assert list(executor.map_chunks(work.squared, range(3))) == [0, 1, 4]


def test_results_do_not_depend_on_who_computes(executor):
    """Rule: a chunk's generator belongs to the chunk; the same bits everywhere."""
    here = [work.simulated(number) for number in range(12)]
    assert list(executor.map_chunks(work.simulated, range(12))) == here


def test_shared_data_goes_with_the_work_and_large_results_come_back(executor):
    """Rule: a partial carries what all chunks read; a result may be far larger than a pipe."""
    prices = np.arange(300_000, dtype=np.float64)
    picked = executor.map_chunks(functools.partial(np.take, prices), [np.array([1, 2]), np.array([299_999])])
    assert [row.tolist() for row in picked] == [[1.0, 2.0], [299_999.0]]
    assert [float(row.sum()) for row in executor.map_chunks(work.big, range(4))] == [0.0, 5e5, 1e6, 1.5e6]


def test_a_function_inside_a_chunk_is_data(executor):
    """Rule: nobody takes a chunk for work, whatever is in it."""
    chunks = [(work.squared, 3), ("text", 4), (len, [1, 2])]
    assert list(executor.map_chunks(work.first_of, chunks)) == ["squared", "text", "len"]


@pytest.mark.soak
def test_a_chunk_that_kills_every_worker_of_a_cluster_is_named(cluster):
    """Rule: dask gives it up after as many workers as it is allowed to cost; results before it were told."""
    results = cluster.map_chunks(work.always_dies, range(6))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(Unavailable, match="workers died on chunk 3 of 6"):
        next(results)
    assert list(cluster.map_chunks(work.squared, range(3))) == [0, 1, 4]


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_worker_killed_in_the_middle_costs_nothing_but_time(kind, tmp_path, request):
    """Rule: its chunk is computed again elsewhere; the results are those of nobody having died."""
    deaths: list[str] = []
    made: Any = (
        ProcessExecutor(2, on_death=deaths.append)
        if kind == "processes"
        else ClusterExecutor(request.getfixturevalue("address"))
    )
    with made as executor:
        results = list(executor.map_chunks(functools.partial(work.dies_once, str(tmp_path)), range(12)))
    assert (tmp_path / "died").exists()
    assert results == [(number, work.simulated(number)) for number in range(12)]
    if kind == "processes":
        assert deaths == ["a worker died of signal 9 on chunk 5 of 12 (attempt 1)"]


def test_a_chunk_that_kills_every_worker_is_named():
    """Rule: three workers, then the chunk is the cause; results before it were told."""
    with ProcessExecutor(2) as executor:
        results = executor.map_chunks(work.always_dies, range(6))
        assert [next(results), next(results)] == [0, 1]
        with pytest.raises(Unavailable, match="3 workers died on chunk 3 of 6, the last of signal 9"):
            next(results)
        assert list(executor.map_chunks(work.squared, range(3))) == [0, 1, 4]


def test_a_failure_that_cannot_travel_is_described():
    """Rule: an error with a lock inside still says what it was, and where."""
    with ProcessExecutor(1) as executor, pytest.raises(RuntimeError, match="Unpicklable: chunk 0 holds a lock") as told:
        list(executor.map_chunks(work.fails_strangely, [0]))
    assert any("in fails_strangely" in note for note in told.value.__notes__)


def test_a_worker_process_has_one_thread():
    """Rule: two workers on two processors do not start four threads of linear algebra."""
    with executor_for(2) as executor:
        assert list(executor.map_chunks(work.threads, range(2))) == [(1, "1"), (1, "1")]


def test_the_workers_end_with_their_executor():
    """Rule: no process is left behind, also when the reader stopped in the middle."""
    with ProcessExecutor(2) as executor:
        results = executor.map_chunks(work.slower_first, range(50))
        next(results)
        processes = [worker.process for worker in executor._pool]
    assert len(processes) == 2
    assert not any(process.is_alive() for process in processes)


def test_a_map_inside_a_map_is_refused():
    """Rule: one at a time, said at once and not by mixed-up results."""
    with ProcessExecutor(1) as executor:
        first = executor.map_chunks(work.squared, range(3))
        next(first)
        with pytest.raises(AssertionError, match="one map_chunks at a time"):
            next(executor.map_chunks(work.squared, range(3)))


def test_the_choice_is_by_number_and_address():
    """Rule: one worker is this process; none at all is a mistake."""
    assert isinstance(executor_for(1), SerialExecutor)
    assert isinstance(executor_for(2), ProcessExecutor)
    with pytest.raises(Misconfigured, match="0 workers"):
        executor_for(0)


def test_an_address_where_nobody_answers_is_said_so(monkeypatch):
    """Rule: exit 3 with what to start; an address that is none is a mistake."""
    pytest.importorskip("distributed")
    monkeypatch.setattr("tradewind.adapters.executors.cluster.CONNECT_S", 0.3)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(Unavailable, match=r"no scheduler answers.*dask scheduler"):
            ClusterExecutor(f"tcp://127.0.0.1:{port}")
    with pytest.raises(Misconfigured, match="tcp://"):
        ClusterExecutor("nonsense://x")


def test_a_worker_of_another_version_refuses_its_chunks():
    """Rule: the same results or none; the machine and the difference are named."""
    other = tuple((name, "0.0" if name == "numpy" else found) for name, found in versions())
    with pytest.raises(Misconfigured, match=r"numpy \S+ where the research has 0\.0"):
        compute(_packed(work.squared), _packed(3), other, unprepared)
    assert compute(_packed(work.squared), _packed(3), versions(), unprepared) == 9
    nets = (*versions(), ("torch", "0.0"))
    with pytest.raises(Misconfigured, match=r"torch \S+ where the research has 0\.0"):
        compute(_packed(work.squared), _packed(3), nets, unprepared)
    assert compute(_packed(work.squared), _packed(3), versions(("torch",)), unprepared) == 9


@pytest.mark.parametrize("kind", KINDS[1:])
def test_members_of_a_persons_own_family_travel_and_an_edited_file_is_read_again(kind, tmp_path, request):
    """Rule: workers need not have the folder; parameters of its classes arrive, and no old file is computed with."""
    at = request.getfixturevalue("address") if kind == "cluster" else ""
    example = (ROOT / "examples" / "strategies" / "midweek_breakout.py").read_text()
    path = tmp_path / "midweek_travels.py"
    for period in (24, 31):
        path.write_text(example.replace("] = 24", f"] = {period}"))
        family = family_in(path)
        member = member_of(family, Timeframe.H1, family.Params(), 1)
        with executor_for(2, at, own_files(tmp_path)) as executor:
            told = list(executor.map_chunks(work.rule_of, [member, member]))
        assert told == [work.rule_of(member)] * 2
        assert f"donchian({period})" in told[0]
        assert f"default {period}" in told[0]
