"""The strategy book: every strategy that was ever generated, what it showed and what became of it.

Nothing is ever deleted: what was refused stays with its reason, or the search would look better than it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tradewind.adapters.store.database import Cursor, Database
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.schema import utc_text
from tradewind.adapters.store.strategy_rows import INSERT, JUDGE, SELECT, candidate_row, judgement_row, stored_of
from tradewind.errors import Misconfigured, Rejected
from tradewind.features.rule import Member, spec_hash
from tradewind.model.strategy import Judgement, StoredStrategy, StrategyChange, StrategyStatus

CHUNK: Final = 2_000
"""Rows in one transaction: a service that commits its journal meanwhile waits no longer than for these."""
_ALL: Final = 2**62
_SHORTEST: Final = 4
"""Letters of a spec hash that are enough to ask for it."""
_AUDIT: Final = "timestamp, strategy_id, action, actor, reason, status_from, status_to"


class Added(NamedTuple):
    """Ids of all strategies asked for, in order, and how many of them are ``new`` to the book."""

    ids: tuple[str, ...]
    new: int


class JudgedRow(NamedTuple):
    """A strategy that the book knows a verdict of; ``opened`` where its sealed window was read for it."""

    id: str
    spec_hash: str
    symbol: str
    opened: bool


class StrategyBook:
    """Reads and writes ``strategies`` and ``strategy_audit`` of a store. A context manager.

    It writes beside a running service: its transactions are short and touch these two tables alone, which no journal
    entry leads to. Open it with ``open`` or ``read``.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, location: str | Path | Database, now: int) -> StrategyBook:
        """Opens to write, creating and migrating the store where needed; ``now`` is UTC nanoseconds.

        Raises:
            Unavailable: the schema must change while a service is running, or the disk refuses.
        """
        database = database_at(location)
        database.prepare(now)
        return cls(database)

    @classmethod
    def read(cls, location: str | Path | Database) -> StrategyBook:
        """Opens to read.

        Raises:
            Unavailable: there is no store.
            Misconfigured: its schema is not this version's.
        """
        database = database_at(location)
        database.require()
        return cls(database)

    def add(
        self,
        members: Sequence[Member],
        now: int,
        *,
        symbol: str = "",
        asset_class: str = "",
        told: Callable[[int], None] = lambda _: None,
        renumber: bool = True,
    ) -> Added:
        """Enters what is not in the book yet as candidates for ``symbol``, named in the order given.

        A strategy is what it does (``spec_hash``) on one symbol, so the same one again is found and not entered twice.
        One that was generated for no symbol becomes that of the first symbol it is tried on. ``told`` hears after every
        transaction how many more are durable. Without ``renumber`` a member keeps the number in its id where that is
        free.
        """
        specs = [spec_hash(member) for member in members]
        ids: list[str] = []
        new = 0
        for first in range(0, len(members), CHUNK):
            last = first + CHUNK
            with self.database.transaction() as cursor:
                known, fresh = _enter(
                    cursor, members[first:last], specs[first:last], utc_text(now), symbol, asset_class,
                    renumber=renumber,
                )  # fmt: skip
            ids += [known[spec] for spec in specs[first:last]]
            new += fresh
            told(len(members[first:last]))
        return Added(tuple(ids), new)

    def judge(self, judgements: Sequence[Judgement], now: int) -> None:
        """Writes what became of strategies that were entered before for the symbol judged.

        Raises:
            Misconfigured: one is not in the book, refuses without a reason, or says validated without a passed
                verdict, its hash and its trades. Nothing of its two thousand is written then.
        """
        stamp = utc_text(now)
        rows = [judgement_row(one, stamp) for one in judgements]
        for first in range(0, len(rows), CHUNK):
            chunk = rows[first : first + CHUNK]
            with self.database.transaction() as cursor:
                met = int(cursor.executemany(JUDGE, chunk).rowcount)
                if met != len(chunk):
                    raise Misconfigured(
                        f"{len(chunk) - met} of {len(chunk)} strategies judged are not in the book for that symbol",
                        where=str(self.database.path),
                        next_step="enter them with StrategyBook.add first",
                    )

    def get_top_strategies(
        self,
        min_confidence: float = 50.0,
        min_trades: int = 1,
        limit: int = 100,
        *,
        family: str | None = None,
        timeframe: str | None = None,
        symbol: str | None = None,
    ) -> tuple[StoredStrategy, ...]:
        """Validated strategies, the best first: by the lower end of the Wilson interval of their win rate.

        A single lucky trade has a lower end of 0.21 and does not lead. ``min_confidence`` is in percent.
        """
        return self.select(
            status=StrategyStatus.VALIDATED,
            family=family,
            timeframe=timeframe,
            symbol=symbol,
            min_confidence=min_confidence / 100.0,
            min_trades=min_trades,
            limit=limit,
        )

    def select(
        self,
        *,
        status: StrategyStatus | None = None,
        family: str | None = None,
        timeframe: str | None = None,
        symbol: str | None = None,
        min_confidence: float | None = None,
        min_trades: int | None = None,
        limit: int | None = None,
    ) -> tuple[StoredStrategy, ...]:
        """Strategies that meet every condition given, best first; those without evidence last, in the order entered."""
        conditions: list[tuple[str, object]] = [
            (f"{column} = ?", value)
            for column, value in (("status", status), ("family", family), ("timeframe", timeframe), ("symbol", symbol))
            if value is not None
        ]
        if min_confidence is not None:
            conditions.append(("confidence >= ?", min_confidence))
        if min_trades is not None:
            conditions.append(("trades >= ?", min_trades))
        where = f" WHERE {' AND '.join(text for text, _ in conditions)}" if conditions else ""
        order = " ORDER BY win_rate_low IS NULL, win_rate_low DESC, expectancy_r IS NULL, expectancy_r DESC, rowid"
        parameters = [str(value) if isinstance(value, str) else value for _, value in conditions]
        most = _ALL if limit is None else limit
        _, rows = self.database.query(f"{SELECT}{where}{order} LIMIT ?", [*parameters, most])
        return tuple(map(stored_of, rows))

    def judged(self, spec_hashes: Sequence[str]) -> tuple[StoredStrategy, ...]:
        """Every row of the strategies named by hash, on whatever symbol, in the order entered."""
        found: list[StoredStrategy] = []
        for first in range(0, len(spec_hashes), CHUNK):
            some = list(spec_hashes[first : first + CHUNK])
            places = ", ".join("?" * len(some))
            _, rows = self.database.query(f"{SELECT} WHERE spec_hash IN ({places}) ORDER BY rowid", some)
            found += map(stored_of, rows)
        return tuple(found)

    def with_verdict(self) -> tuple[JudgedRow, ...]:
        """Everything that was judged by the gates, in the order entered."""
        _, rows = self.database.query(
            "SELECT id, spec_hash, symbol, evidence_until IS NOT NULL FROM strategies WHERE verdict IS NOT NULL"
            " ORDER BY rowid"
        )
        return tuple(JudgedRow(str(name), str(spec), str(symbol), bool(opened)) for name, spec, symbol, opened in rows)

    def find(self, text: str) -> StoredStrategy:
        """The strategy of an id such as ``EMA_Crossover_1h_v42``, in any case, or of a spec hash or its beginning.

        Raises:
            Misconfigured: there is none, or several; the message names some.
        """
        begins = "lower(id) = lower(?)" + (" OR substr(spec_hash, 1, ?) = ?" if len(text) >= _SHORTEST else "")
        asked = [text, len(text), text] if len(text) >= _SHORTEST else [text]
        order = "ORDER BY CASE WHEN id = ? THEN 0 ELSE 1 END, rowid LIMIT 4"
        _, rows = self.database.query(f"{SELECT} WHERE {begins} {order}", [*asked, text])
        found = [stored_of(row) for row in rows]
        if found and (found[0].id == text or len(found) == 1):
            return found[0]
        raise Misconfigured(
            f"{'several strategies are' if found else 'no strategy is'} called {text!r}",
            where=str(self.database.path),
            allowed=", ".join(one.id for one in found) or "an id or a spec hash of `tradewind strategy list --all`",
            next_step="name one of them",
        )

    def families(self) -> tuple[str, ...]:
        """Families of the strategies in the book, those whose file is gone among them."""
        return tuple(str(family) for (family,) in self.database.query("SELECT DISTINCT family FROM strategies")[1])

    def counts(self) -> dict[str, int]:
        """``status -> number of strategies``, every status named."""
        _, rows = self.database.query("SELECT status, count(*) FROM strategies GROUP BY status")
        found = dict(rows)
        return {str(status): found.get(str(status), 0) for status in StrategyStatus}

    def disable(self, text: str, now: int, *, actor: str, reason: str) -> StoredStrategy:
        """Switches a strategy off and writes down who did it and why; one that is off already is left as it is."""
        found = self.find(text)
        if found.status is StrategyStatus.DISABLED:
            return found
        return self._switch(found, StrategyStatus.DISABLED, found.status, ("disable", actor, reason), now)

    def enable(self, text: str, now: int, *, actor: str, reason: str) -> StoredStrategy:
        """Gives a disabled strategy back the status it had, or has earned since; anything else is left as it is.

        Raises:
            Rejected: the gates refused it; no switch makes it heard.
        """
        found = self.find(text)
        if found.status is StrategyStatus.REJECTED:
            raise Rejected(
                f"{found.id} was rejected: {found.reason}",
                allowed="strategies that a person disabled",
                next_step="a strategy is heard after a passed verdict, and after nothing else",
            )
        if found.status is not StrategyStatus.DISABLED:
            return found
        back = StrategyStatus(found.status_before or StrategyStatus.CANDIDATE)
        return self._switch(found, back, None, ("enable", actor, reason), now)

    def _switch(
        self,
        found: StoredStrategy,
        to: StrategyStatus,
        before: StrategyStatus | None,
        said: tuple[str, str, str],
        now: int,
    ) -> StoredStrategy:
        stamp = utc_text(now)
        with self.database.transaction() as cursor:
            cursor.execute(
                "UPDATE strategies SET status = ?, status_before = ?, updated = ? WHERE id = ?",
                (str(to), before and str(before), stamp, found.id),
            )
            cursor.execute(
                f"INSERT INTO strategy_audit (ts, {_AUDIT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  constant
                (now, stamp, found.id, *said, str(found.status), str(to)),
            )
        return self.find(found.id)

    def changes(self, strategy_id: str) -> tuple[StrategyChange, ...]:
        """What people did to a strategy, oldest first."""
        _, rows = self.database.query(
            f"SELECT {_AUDIT} FROM strategy_audit WHERE strategy_id = ? ORDER BY id",  # noqa: S608  constant names
            [strategy_id],
        )
        return tuple(StrategyChange(*row) for row in rows)

    def close(self) -> None:
        """Closes the connections."""
        self.database.close()

    def __enter__(self) -> StrategyBook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _enter(
    cursor: Cursor,
    members: Sequence[Member],
    specs: Sequence[str],
    stamp: str,
    symbol: str,
    asset_class: str,
    *,
    renumber: bool,
) -> tuple[dict[str, str], int]:
    """``spec hash -> id`` of all ``specs`` for ``symbol`` afterwards, and how many rows are new."""
    known, unclaimed = _entered(cursor, specs, symbol)
    versions: dict[tuple[str, str], int] = {}
    fresh: list[tuple[object, ...]] = []
    claimed: list[tuple[object, ...]] = []
    for member, spec in zip(members, specs, strict=True):
        if spec in known:
            continue
        if spec in unclaimed:
            known[spec] = unclaimed[spec]
            claimed.append((symbol, asset_class, stamp, known[spec]))
            continue
        series = (member.family, str(member.timeframe))
        own = 0 if renumber else _own_version(cursor, member, {str(row[0]) for row in fresh})
        if not own:
            last = versions[series] if series in versions else _newest_version(cursor, series)
            own = versions[series] = 1 + last
        versions[series] = max(own, versions[series] if series in versions else _newest_version(cursor, series))
        fresh.append(candidate_row(member, spec, own, stamp, symbol, asset_class))
        known[spec] = str(fresh[-1][0])
    if claimed:
        cursor.executemany("UPDATE strategies SET symbol = ?, asset_class = ?, updated = ? WHERE id = ?", claimed)
    if fresh:
        cursor.executemany(INSERT, fresh)
    return known, len(fresh)


def _entered(cursor: Cursor, specs: Sequence[str], symbol: str) -> tuple[dict[str, str], dict[str, str]]:
    """``spec hash -> id`` of those of ``specs`` that are in the book for ``symbol``, and of those for no symbol yet."""
    places = ", ".join("?" * len(specs))
    rows = cursor.execute(
        f"SELECT spec_hash, symbol, id FROM strategies WHERE spec_hash IN ({places}) AND symbol IN ('', ?)",  # noqa: S608  question marks
        (*specs, symbol),
    ).fetchall()
    known = {str(spec): str(name) for spec, of, name in rows if of == symbol}
    return known, {str(spec): str(name) for spec, of, name in rows if not of and symbol}


def _own_version(cursor: Cursor, member: Member, taken: set[str]) -> int:
    """The number in the id of ``member``, 0 where it has none or another strategy is called so."""
    prefix, _, number = member.id.rpartition("_v")
    if prefix != f"{member.family}_{member.timeframe}" or not number.isdecimal() or member.id in taken:
        return 0
    rows = cursor.execute("SELECT 1 FROM strategies WHERE id = ?", (member.id,)).fetchall()
    return 0 if rows else int(number)


def _newest_version(cursor: Cursor, series: tuple[str, str]) -> int:
    statement = "SELECT coalesce(max(version), 0) FROM strategies WHERE family = ? AND timeframe = ?"
    return int(cursor.execute(statement, series).fetchone()[0])
