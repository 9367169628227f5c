"""A store of the first schema becomes one of this, with what was in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from tests.fakes.judged import NOW
from tradewind.adapters.store.location import SCHEMA_REVISION
from tradewind.adapters.store.sqlite import SqliteDatabase
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.model.strategy import StrategyStatus


@pytest.mark.sqlite
def test_strategies_of_the_first_schema_stay_and_are_not_heard(tmp_path: Path) -> None:
    """Whatever an earlier version called good carries no verdict, so it is a candidate; the journal is untouched."""
    path = tmp_path / "t.db"
    path.touch()
    database = SqliteDatabase(path)
    with database.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "tradewind.adapters.store:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO strategies (id, timestamp, family, timeframe, params, weight, stop_loss, take_profit, trades,"
            " confidence, verdict) VALUES ('EMA_Crossover_1h_v1', '2025-01-01 00:00:00', 'EMA_Crossover', '1h', '{}',"
            " 2.0, '0.2%', '1.5 R', 50, 0.9, 'PASS')"
        )
        connection.exec_driver_sql(
            "INSERT INTO error_log (timestamp, error_type, message, origin) VALUES ('2025-01-01', 'a', 'b', 'c')"
        )
    database.close()
    with StrategyBook.open(path, NOW) as book:
        assert book.database.revision() == SCHEMA_REVISION
        (kept,) = book.select()
        assert (kept.id, kept.name, kept.weight, kept.trades) == ("EMA_Crossover_1h_v1", "EMA_Crossover_1h_v1", 2.0, 50)
        assert (kept.status, kept.reason) == (StrategyStatus.CANDIDATE, "kept from an earlier version")
        assert book.get_top_strategies(0, 0) == ()
        assert book.database.query("SELECT count(*) FROM error_log")[1] == [(1,)]
