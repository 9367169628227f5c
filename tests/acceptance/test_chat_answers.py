"""Black box: what the bot answers is what the verbs answer, from the same store and the same candles."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from tests.acceptance.conftest import Finished
from tests.acceptance.project import Project
from tests.acceptance.test_drift_action import ran as decayed  # noqa: F401  a fixture by another name
from tradewind.adapters.verb_process import VerbProcess
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.people.chat_desk import ChatDesk
from tradewind.app.people.chat_text import labelled
from tradewind.app.people.command_table import said
from tradewind.cli.overrides import configured
from tradewind.errors import TradewindError


async def at_once(work: Callable[[], list[str]]) -> list[str]:
    return work()


def asks(project: Project, *texts: str, audit: Callable[[str], None] = lambda _: None) -> list[list[str]]:
    """What a user of the bot reads, in order."""

    async def answered() -> list[list[str]]:
        verbs = VerbProcess(project.folder, project.variables())
        off_loop: Callable[[Callable[[], list[str]]], Awaitable[list[str]]] = at_once
        database = project.folder / "data" / "tradewind.db"
        desk = ChatDesk(
            lambda preset, interval: configured(None, preset, interval), database, WallClock(), verbs, audit,
            off_loop=off_loop,
        )  # fmt: skip
        found = []
        for text in texts:
            command = said(text)
            assert command is not None
            try:
                found.append(list(await desk.read(command)))
            except TradewindError as error:
                found.append([str(error)])
        return found

    with contextlib.chdir(project.folder):
        return asyncio.run(answered())


@pytest.mark.req("F09", "N02", "E12")
@pytest.mark.parametrize("pair", ["BTC/USDT", "EUR/USD"])
def test_the_same_question_has_the_same_answer_in_the_chat_and_on_the_command_line(
    finished: Finished, pair: str
) -> None:
    """State, reasons, prices: every line of the decision is a line of the verb's answer."""
    project = finished.project
    printed = {labelled(line) for line in project.types("signal", pair, "-i", "1h").stdout.splitlines()}
    (answer,) = asks(project, f"/signal {pair}")
    shown = [line for line in answer if line.strip()][2:]
    assert shown
    assert [line for line in shown if line not in printed] == []


@pytest.mark.req("A10")
def test_every_pair_that_is_asked_for_is_looked_up_itself(finished: Finished) -> None:
    """Three questions, three pairs: each answer and each line of the audit names the pair that was asked for."""
    audit: list[str] = []
    answers = asks(finished.project, "/signal BTC/USDT", "/signal EUR/USD", "/signal gold", audit=audit.append)
    assert [answer[0].split(":")[0].split()[-1] for answer in answers[:2]] == ["BTC/USDT", "EUR/USD"]
    assert "XAU/USD" in answers[2][0]
    assert [line.split(":")[0] for line in audit] == ["data for BTC/USDT", "data for EUR/USD"]


@pytest.mark.req("C12")
def test_a_backtest_can_be_asked_for_in_the_chat(finished: Finished) -> None:
    """The verb's own words, in a process of its own, in lines a phone can show."""
    (answer, slip, none) = asks(finished.project, "/backtest BTC/USDT 30d", "/backtest BTC/USDT soon", "/backtest")
    text = "\n".join(answer)
    assert "BTC/USDT" in text
    assert "trades" in text.lower()
    assert sum(len(line) <= 60 for line in answer) > 0.8 * len(answer)
    assert "is no period" in slip[0]
    assert "which pair" in none[0]


@pytest.mark.req("N04")
def test_every_question_of_the_chat_is_answered_from_a_finished_run(finished: Finished) -> None:
    """No question ends in an error of ours, and money is the store's."""
    texts = ["/start", "/status", "/stats", "/strategies", "/profit", "/daily", "/weekly", "/monthly", "/performance",
             "/trades 3", "/exits", "/balance", "/count", "/whitelist", "/health", "/show_config", "/version",
             "/why BTC/USDT", "/why"]  # fmt: skip
    answers = dict(zip(texts, asks(finished.project, *texts), strict=True))
    assert all(answers.values())
    rows = finished.project.rows("SELECT count(*), sum(pnl_absolute) FROM trade_outcomes")
    count, net = rows[0]
    assert f"Trades: {count}, from" in answers["/stats"][1]
    assert answers["/profit"][2] == f"Whole run: {net:+.2f} in {count} trades"
    assert answers["/trades 3"][0] == f"Last 3 of {count} trades"
    assert "which pair" in answers["/why"][0]
    assert "Members" in answers["/why BTC/USDT"]


@pytest.mark.req("K14")
def test_the_drift_report_of_a_day_has_an_address(decayed: Project) -> None:  # noqa: F811  the fixture
    """`/drift_report_20251103` asks for that day: what is read is that day's report and no other's."""
    days = [day for (day,) in decayed.rows("SELECT DISTINCT day FROM drift_checks ORDER BY day")]
    first, last = days[0], days[-1]
    assert first != last
    (one, other, wrong) = asks(
        decayed,
        f"/drift_report_{first.replace('-', '')}",
        f"/drift_report {last}",
        "/drift_report yesterday",
    )
    assert f"Drift {first}" in "\n".join(one)
    assert f"Drift {last}" in "\n".join(other)
    assert "is no day" in wrong[0]
