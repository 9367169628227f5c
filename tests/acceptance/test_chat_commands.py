"""Black box: every command of the bot, with good and with bad words, over a finished run and the strict Bot API."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.acceptance.conftest import Finished
from tests.acceptance.project import Project
from tests.acceptance.test_chat_answers import at_once
from tests.unit.people.bot import OWNER, bot_and_api
from tests.unit.people.test_bot_desk import Scene as DeskScene
from tradewind.adapters.notify.pace import Pace
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.verb_process import VerbProcess
from tradewind.app.people.access import AccessList
from tradewind.app.people.bot import Bot
from tradewind.app.people.bot_desk import BotDesk
from tradewind.app.people.chat_desk import ChatDesk
from tradewind.app.people.command_table import COMMANDS
from tradewind.app.people.desk_orders import InboxOrders
from tradewind.cli.overrides import configured
from tradewind.model.timeframe import MINUTE

MARKS = "<b>&amp;</b><script>\u202e\U0001f600"
LONG = "x" * 4000
BAD = ("", "nope", MARKS, LONG, "0", "-1", "1e9", "'; DROP TABLE journal; --", "%", "_")
HEAVY = ("backtest", "drift_report", "risk")
"""Verbs in a process of their own: a second each, so they get fewer words."""


@pytest.fixture(scope="module")
def project(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished run, into whose inbox and log this module may write."""
    folder = tmp_path_factory.mktemp("chat")
    shutil.copytree(finished.project.folder, folder, dirs_exist_ok=True)
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    (logs / "trading_bot.log").write_text("".join(f"line {n} a < b & c\n" for n in range(50)) + f"{LONG}\n")
    return Project(folder)


@contextlib.contextmanager
def in_chat(project: Project) -> Iterator[Conversation]:
    """A bot of the project whose every message the strict server must take."""
    path = project.folder / "data" / "tradewind.db"
    database = database_at(path)
    with contextlib.chdir(project.folder):
        try:
            yield Conversation(project, database, path)
        finally:
            database.close()


class Conversation:
    """``says`` types words and gives what came back, page by page."""

    def __init__(self, project: Project, database: object, path: Path) -> None:
        self.client, self.network, self.clock = bot_and_api()
        scene = DeskScene(AccessList(frozenset({OWNER})))
        verbs = VerbProcess(project.folder, project.variables())
        reads = ChatDesk(
            lambda preset, interval: configured(None, preset, interval), path, self.clock, verbs, lambda _: None,
            off_loop=at_once,
        )  # fmt: skip
        orders = InboxOrders(database, path, self.clock)  # type: ignore[arg-type]  # whatever `database_at` gave
        desk = BotDesk(
            scene.access, reads, orders, self.clock, lambda: "123456", audit=lambda _: None, alarm=scene.alarms.append
        )
        self.said: list[str] = []
        self.bot = Bot(self.client, desk, Pace(), self.clock, alarm=scene.alarms.append, say=self.said.append)

    def says(self, *texts: str) -> list[list[str]]:
        """What each of the texts is answered with; a minute apart, as a person types."""
        return asyncio.run(self._says(texts))

    async def _says(self, texts: Sequence[str]) -> list[list[str]]:
        answers = []
        for text in texts:
            before = len(self.network.api.said_in(OWNER))
            self.network.api.person_writes(OWNER, text)
            left = [2]

            def stop(left: list[int] = left) -> bool:
                left[0] -= 1
                return left[0] < 0

            await self.bot.poll(stop, lambda: None, timeout_s=0)
            answers.append(self.network.api.said_in(OWNER)[before:])
            self.clock.advance(MINUTE)
        return answers


@pytest.mark.req("N04")
@pytest.mark.parametrize("name", [one.name for one in COMMANDS])
def test_a_command_with_any_words_behind_it_is_answered_in_messages_that_are_taken(project: Project, name: str) -> None:
    """No silence, no fault of ours, no refused length or mark, whatever is typed behind the command."""
    with in_chat(project) as chat:
        words = BAD[:3] if name in HEAVY else BAD
        answers = chat.says(*(f"/{name} {word}".strip()[:4096] for word in words))
        refused = [one for one in chat.said if "did not arrive" in one]
    assert all(answer for answer in answers)
    assert refused == []
    text = "\n".join(page for answer in answers for page in answer)
    assert "Traceback" not in text
    assert "sqlite" not in text.lower()
    assert all(len(page.encode("utf-16-le")) // 2 <= 4096 for answer in answers for page in answer)


@pytest.mark.req("N04")
def test_results_by_entry_and_by_way_out_add_up_to_what_the_store_holds(project: Project) -> None:
    """Every trade is in one line of each list; a pair's lists hold that pair's alone."""
    rows = project.rows(
        "SELECT symbol, count(*), sum(pnl_absolute) FROM trade_outcomes GROUP BY symbol ORDER BY symbol"
    )
    with in_chat(project) as chat:
        for name in ("entries", "exits", "mix_tags"):
            (((whole,)), *by_pair) = chat.says(f"/{name}", *(f"/{name} {symbol}" for symbol, *_ in rows))
            for text, count, net in (
                (whole, sum(row[1] for row in rows), sum(row[2] for row in rows)),
                *((page, row[1], row[2]) for (page,), row in zip(by_pair, rows, strict=True)),
            ):
                lines = [line.rsplit(": ", 1)[1].split() for line in text.splitlines()[1:]]
                assert sum(int(line[2]) for line in lines) == count
                assert sum(float(line[0]) for line in lines) == pytest.approx(net, abs=0.01 * len(lines))
        (slip,) = chat.says("/entries FOO/BAR")
    assert "FOO/BAR" in slip[0]


@pytest.mark.req("G02", "N04")
def test_risk_in_the_chat_is_the_answer_of_the_verb(project: Project) -> None:
    """The same lines, and the same numbers as its document."""
    typed = project.types_outside(
        "risk", "status", environment={"COLUMNS": "56", "NO_COLOR": "1", "TERM": "dumb"}
    )  # fmt: skip
    assert typed.returncode == 0, typed.stderr
    with in_chat(project) as chat:
        ((page,),) = chat.says("/risk")
    printed = [" ".join(line.split()) for line in typed.stdout.splitlines() if line.strip()]
    shown = [" ".join(line.split()) for line in page.splitlines() if line.strip()]
    assert shown == printed
    document = project.types("risk", "status", "--json").document
    assert f"{document['equity']:,.2f}" in page
    assert f"{document['balance']:,.2f}" in page


@pytest.mark.req("N04")
def test_what_holds_trading_back_and_what_is_never_traded_is_told(project: Project) -> None:
    """Locks name cause and end, a pair's own rest with it; the blacklist says whom nobody hears."""
    with in_chat(project) as chat:
        ((locks,), (black,), (logs,), (table,)) = chat.says("/locks", "/blacklist", "/logs 3", "/status table")
    latches = project.rows("SELECT count(*) FROM guard_state")[0][0]
    assert locks.startswith("Locks\n")
    assert len(locks.splitlines()) == 1 + max(latches, 1)
    assert "only BTC/USDT, " in black or "only EUR/USD, " in black
    assert "Strategies switched off: none" in black
    assert logs.splitlines()[0] == "Last 3 lines of the log"
    assert "line 49 a < b & c" in logs
    held = project.rows("SELECT count(*) FROM positions WHERE status = 'open'")[0][0]
    assert f"{held} open positions" in table


@pytest.mark.req("N04", "H17")
def test_the_orders_of_a_signal_are_shown_where_orders_went_to_a_venue(project: Project, tmp_path: Path) -> None:
    """`/order` with the id of a signal: entry, stop and target with what was filled; without orders it says why."""
    made = Project(tmp_path / "sent")
    shutil.copytree(project.folder, made.folder, ignore=shutil.ignore_patterns("tradewind.db*"))
    ran = made.types("run", "--allow-unproven", "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h",
                     "--execution", "auto", "--iterations", "900", "--quiet")  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    signal = made.rows("SELECT signal_id FROM orders WHERE leg = 'entry' AND filled > 0 LIMIT 1")[0][0]
    with in_chat(made) as chat:
        ((found,), (none,)) = chat.says(f"/order {signal}", "/order")
    assert found.startswith(f"Orders of {signal}")
    assert all(f"\n{leg} " in found for leg in ("entry", "stop", "target"))
    assert "which order" in none
    with in_chat(project) as chat:
        ((other,),) = chat.says(f"/order {signal}")
    assert "the engine fills signals without orders" in other
