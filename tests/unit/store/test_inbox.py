"""The inbox: what is put is found once, what is answered is known for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.session_script import START, bar_closed
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.inbox import Answer, Inbox, waiting
from tradewind.adapters.store.store import Store
from tradewind.errors import Unavailable
from tradewind.model.guard import Answered, GuardState


def test_an_order_waits_until_the_entry_that_obeys_it_is_committed(tmp_path: Path) -> None:
    """The answer is in the transaction of the journal entry: before the commit nobody sees it."""
    path = tmp_path / "t.db"
    with Store.open(path, START) as store, Inbox(path) as inbox:
        request = inbox.put("kill_on", actor="ann", reason="wrong prices", now=START)
        (order,) = waiting(store.database, START + 5)
        assert (order.verb, order.actor, order.reason, order.id, order.ts) == (
            "kill_on", "ann", "wrong prices", request, START + 5,
        )  # fmt: skip
        answered = Answered(request, order.ts, order.verb, "done", GuardState.HALTED, "nothing was open")
        store.journal.append(order, encode_outputs([answered]))
        assert inbox.answer(request) is None
        store.journal.commit()
        assert inbox.answer(request) == Answer("done", "halted", "nothing was open", order.ts, 1)
        assert waiting(store.database, START) == []


def test_orders_are_heard_in_the_order_they_were_put_beside_a_writing_run(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with Store.open(path, START) as store, Inbox(path) as one, Inbox(path) as two:
        ids = [one.put("pause", actor="a", now=START), two.put("resume", actor="b", now=START + 1)]
        store.journal.append(bar_closed(0), b"[]")
        store.journal.commit()
        ids.append(one.put("rollback", actor="a", now=START + 2))
        assert [(order.id, order.verb) for order in waiting(store.database, START + 9)] == list(
            zip(ids, ["pause", "resume", "rollback"], strict=True)
        )


def test_an_answer_to_an_id_of_no_row_changes_nothing(tmp_path: Path) -> None:
    """Requests of another origin carry ids of their own; the first answer to a row stands."""
    path = tmp_path / "t.db"
    with Store.open(path, START) as store, Inbox(path) as inbox:
        request = inbox.put("pause", actor="a", now=START)
        for result, number in (("done", request), ("refused", request), ("done", "77"), ("done", "chat:5")):
            answer = Answered(number, START, "pause", result, GuardState.NORMAL)
            store.journal.append(bar_closed(0), encode_outputs([answer]))
        store.journal.commit()
        assert inbox.answer(request) == Answer("done", "normal", "", START, 1)
        assert inbox.answer("77") is None
        assert inbox.answer("chat:5") is None


def test_without_a_store_there_is_nobody_to_order(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no database"):
        Inbox(tmp_path / "none.db")
