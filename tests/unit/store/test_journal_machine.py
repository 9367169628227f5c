"""The journal against a list: any order of append, commit, failed commit, reopen and read."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.fakes.session_script import START, SYMBOL, bar_closed, signal
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.store import Store
from tradewind.errors import Retryable
from tradewind.model.event import Command, FeedState, InputEvent, Started

TEXT = st.text(max_size=20)
EVENTS = st.one_of(
    st.integers(0, 500).map(bar_closed),
    st.builds(Command, verb=st.sampled_from(["pause", "resume", "note"]), actor=TEXT, ts=st.just(START), argument=TEXT),
    st.builds(FeedState, symbol=st.just(SYMBOL), state=TEXT, ts=st.integers(0, 2**62), detail=TEXT),
    st.builds(Started, ts=st.just(START), config_hash=TEXT, code_version=TEXT, series=st.tuples(TEXT, TEXT)),
)


@cache
def empty_database() -> Path:
    """Migrating takes a hundred times longer than anything else here, so it is done once."""
    path = Path(tempfile.mkdtemp()) / "empty.db"
    Store.open(path, START).close()
    return path


class JournalMachine(RuleBasedStateMachine):
    """Keeps its own truth: two lists, what was committed and what waits."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.path = Path(shutil.copy(empty_database(), self.folder / "t.db"))
        self.store = self.opened()
        self.durable: list[tuple[InputEvent, bytes]] = []
        self.waiting: list[tuple[InputEvent, bytes]] = []
        self.signals = 0

    def opened(self) -> Store:
        return Store.open(database_at(self.path, busy_timeout_s=0), START)

    @rule(event=EVENTS, publishes=st.booleans())
    def append(self, event: InputEvent, publishes: bool) -> None:
        outputs = encode_outputs([signal(self.signals)] if publishes else [])
        self.signals += publishes
        entry = self.store.journal.append(event, outputs)
        self.waiting.append((event, outputs))
        assert entry.seq == len(self.durable) + len(self.waiting)

    @rule()
    def commit(self) -> None:
        self.store.journal.commit()
        self.durable += self.waiting
        self.waiting = []

    @precondition(lambda self: self.waiting)
    @rule()
    def commit_while_locked(self) -> None:
        other = sqlite3.connect(self.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Retryable):
            self.store.journal.commit()
        other.close()

    @precondition(lambda self: self.waiting)
    @rule()
    def commit_and_be_interrupted(self) -> None:
        """The commit reaches the disk, the answer does not arrive; nothing is written twice by the next one."""
        writer: Any = self.store.writer
        writer._cursor = DeafCursor(writer._cursor)
        with pytest.raises(KeyboardInterrupt):
            self.store.journal.commit()
        writer._cursor = writer._cursor.cursor
        self.commit()

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = self.opened()
        self.waiting = []

    @rule(first=st.integers(1, 30))
    def read(self, first: int) -> None:
        entries = list(self.store.journal.read(first))
        assert [(entry.event, entry.outputs) for entry in entries] == self.durable[first - 1 :]

    @invariant()
    def the_chain_is_that_of_the_list(self) -> None:
        if not hasattr(self, "store"):
            return
        memory = MemoryJournal()
        for event, outputs in self.durable:
            memory.append(event, outputs)
        memory.commit()
        assert self.store.journal.head == memory.head
        assert self.store.journal.pending == len(self.waiting)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


class DeafCursor:
    """Passes a COMMIT on and is interrupted before it can tell."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def execute(self, sql: str, *parameters: Any) -> Any:
        result = self.cursor.execute(sql, *parameters)
        if sql == "COMMIT":
            raise KeyboardInterrupt
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)


TestJournalMachine = pytest.mark.sqlite(JournalMachine.TestCase)  # a database for each example is too much for a server
TestJournalMachine.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
