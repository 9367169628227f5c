"""Every table of a store as rows: counted, hashed and copied, whatever kind of database it is in.

The hash of a table is that of its rows in the order of their key, every value written so that the two kinds of database
cannot differ in how they return it. So equal hashes mean equal rows.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
from sqlalchemy import Boolean, Column, Float, Table

from tradewind.adapters.store.database import Cursor, Database
from tradewind.adapters.store.whole_schema import metadata

OWN: Final = frozenset({"lease"})
"""Tables that belong to the database they are in and go nowhere else: who writes it."""
_double = struct.Struct(">d").pack


class TableSum(msgspec.Struct, frozen=True):
    """Rows of a table and the hash over all of them."""

    rows: int
    sha256: str


def tables() -> tuple[Table, ...]:
    """The tables that are kept, those that others point to first."""
    return tuple(table for table in metadata.sorted_tables if table.name not in OWN)


def sums(database: Database, cursor: Cursor) -> dict[str, TableSum]:
    """``table -> TableSum`` of everything ``cursor`` sees."""
    return {table.name: _sum(database, cursor, table) for table in tables()}


def counts(found: Mapping[str, TableSum]) -> dict[str, int]:
    """``table -> rows``."""
    return {name: one.rows for name, one in found.items()}


def copy_all(source: Database, seen: Cursor, target: Database, cursor: Cursor) -> None:
    """Puts what ``seen`` sees of ``source`` into ``target`` inside its transaction, in place of everything there."""
    for table in reversed(tables()):
        cursor.execute(f"DELETE FROM {table.name}")  # noqa: S608  names of the schema
    for table in tables():
        columns = _columns(table)
        names, marks = ", ".join(f'"{one.name}"' for one in columns), ", ".join("?" * len(columns))
        insert = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608  names of the schema
        flags = [number for number, one in enumerate(columns) if isinstance(one.type, Boolean)]
        for rows in source.walk(seen, _select(table, columns, entered=True)):
            cursor.executemany(insert, [_flagged(row, flags) for row in rows] if flags else rows)
        target.count_on(cursor, table)


def _sum(database: Database, cursor: Cursor, table: Table) -> TableSum:
    columns = _columns(table)
    floats = [isinstance(column.type, Float) for column in columns]
    found, count = sha256(), 0
    for rows in database.walk(cursor, _select(table, columns)):
        count += len(rows)
        for row in rows:
            for value, real in zip(row, floats, strict=True):
                found.update(_bytes(float(value) if real and value is not None else value))
    return TableSum(count, found.hexdigest())


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.computed is None]


def _select(table: Table, columns: list[Column[Any]], *, entered: bool = False) -> str:
    """All rows by key; with ``entered`` in the order they came in, where that is not the order of the key."""
    names = ", ".join(f'"{column.name}"' for column in columns)
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    order = "rowid" if entered and table.name == "strategies" else keys
    return f"SELECT {names} FROM {table.name} ORDER BY {order}"  # noqa: S608  names of the schema


def _flagged(row: tuple[Any, ...], flags: list[int]) -> tuple[Any, ...]:
    values = list(row)
    for number in flags:
        values[number] = None if values[number] is None else bool(values[number])
    return tuple(values)


def _bytes(value: Any) -> bytes:
    if value is None:
        return b"-"
    if isinstance(value, float):
        return b"d" + _double(value)
    if isinstance(value, int):
        return b"i%d;" % value
    raw = value.encode() if isinstance(value, str) else bytes(value)
    return b"%c%d:" % (b"s" if isinstance(value, str) else b"b", len(raw)) + raw
