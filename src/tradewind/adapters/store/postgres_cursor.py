"""A PostgreSQL cursor that takes the statements the store is written in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Self


@lru_cache(maxsize=1024)
def server_sql(sql: str) -> str:
    """``sql`` with the server driver's marks: ``?`` outside of quotes becomes ``%s``, every ``%`` is doubled.

    >>> server_sql("SELECT '?', 5 % 2 WHERE a = ?")
    "SELECT '?', 5 %% 2 WHERE a = %s"
    """
    quoted = ""
    made: list[str] = []
    for letter in sql:
        if letter in "'\"" and quoted in ("", letter):
            quoted = "" if quoted else letter
        made.append("%s" if letter == "?" and not quoted else "%%" if letter == "%" else letter)
    return "".join(made)


class PostgresCursor:
    """Implements ``database.Cursor`` over psycopg's."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    @property
    def rowcount(self) -> int:
        """Rows that the last statement changed."""
        return int(self.raw.rowcount)

    @property
    def columns(self) -> list[str]:
        """Names of the columns that the last statement gives; none where it gives no rows."""
        return [column[0] for column in self.raw.description or ()]

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Runs one statement."""
        self.raw.execute(server_sql(sql), parameters)
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Self:
        """Runs one statement for each row of parameters, without waiting for each."""
        self.raw.executemany(server_sql(sql), rows)
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, None at the end."""
        row: tuple[Any, ...] | None = self.raw.fetchone()
        return row

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """The next ``size`` rows."""
        return list(self.raw.fetchmany(size))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows that are left."""
        return list(self.raw.fetchall())

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.raw)

    def close(self) -> None:
        """Closes the cursor."""
        self.raw.close()
