"""Black box: a served model that reads the news hears of an article from the moment it was known on, and no earlier."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.project import Project, simulated
from tests.acceptance.test_live_run import series
from tests.fakes.shelved_models import seated, shelved
from tests.fakes.venue import START, in_background
from tradewind.app.config import load_config
from tradewind.app.workspace import Workspace
from tradewind.model.timeframe import HOUR, MINUTE, SECOND

SETTINGS = """
symbols = ["BTC/USDT"]
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[ensemble]
quorum = 1
min_confidence = 0
min_record = 2
[filters]
enabled = []
[continuous_learning]
enabled = false
[continuous_learning.confidence]
trading_threshold = 0.001
hysteresis = 0
min_events = 30
return_evidence = 1
[[predictors]]
name = "reader"
symbols = ["BTC/USDT"]
news = true
"""
RUN = ("run", "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h", "--allow-unproven", "--execution",
       "paper", "--quiet")  # fmt: skip
KNOWS = {"news_score": 4.0, "return_1": 0.5}
T = 1500


@pytest.fixture
def read(own_market: Project) -> Project:
    """A promoted model of the news, and articles every six hours of the market."""
    own_market.configured(SETTINGS)
    workspace = Workspace(load_config(folder=own_market.folder, environment={}), own_market.folder)
    shelved(workspace, "reader-1", weights=KNOWS, news=True, scores=tuple(0.3 + one / 1000 for one in range(60)))
    seated(workspace, "reader-1")
    bars = simulated("BTC/USDT", 2400)
    said = ("Bitcoin rallies strongly", "Bitcoin crashes sharply", "Bitcoin talk of the town")
    imports(
        own_market,
        "every.jsonl",
        [(f"{said[n % 3]}, {n}", ts - 20 * MINUTE) for n, ts in enumerate(bars.ts_close[::6])],
    )
    return own_market


def imports(project: Project, name: str, articles: list[tuple[str, int]], **more: str) -> None:
    rows = [{"title": title, "published": iso(ts), "id": f"{name}-{title}", **more} for title, ts in articles]
    (project.folder / name).write_text("\n".join(map(json.dumps, rows)))
    ran = project.types("news", "import", name, "--json")
    assert ran.exit_code == 0, ran.stderr


def iso(ts: int) -> str:
    return datetime.fromtimestamp(int(ts) // SECOND, UTC).isoformat()


def ran(project: Project, folder: Path, prepare: Callable[[Project], None]) -> tuple[list[Any], list[Any]]:
    """Forecasts and decisions of a run in a copy of the project."""
    shutil.copytree(project.folder, folder)
    own = Project(folder)
    prepare(own)
    done = own.types(*RUN)
    assert done.exit_code == 0, done.stderr
    assert own.types("replay", "--verify").exit_code == 0
    return (
        own.rows("SELECT ts, p, outcomes, side, acted FROM forecasts ORDER BY ts"),
        own.rows("SELECT ts, kind, summary FROM decisions ORDER BY ts"),
    )


@pytest.mark.req("M08", "M07", "I14")
@pytest.mark.parametrize("late", [False, True], ids=["written at T+1", "seen at T+1"])
def test_an_article_of_the_future_changes_nothing_that_a_served_model_said_before(
    read: Project, tmp_path_factory: pytest.TempPathFactory, late: bool
) -> None:
    """Fifty crashes known a minute after T, by their own time or because nobody saw them earlier: every forecast and
    decision up to T is the same, and those after it are not."""
    bars = simulated("BTC/USDT", 2400)
    at = int(bars.ts_close[T])
    folder = tmp_path_factory.mktemp("copies")

    def planted(project: Project) -> None:
        crashes = [
            (f"Bitcoin collapses, exchange {n} hacked", at - 5 * HOUR if late else at + MINUTE) for n in range(50)
        ]
        imports(project, "planted.jsonl", crashes, **({"seen": iso(at + MINUTE)} if late else {}))

    before = ran(read, folder / "before", lambda _: None)
    after = ran(read, folder / "after", planted)
    for one, other in zip(before, after, strict=True):
        known, changed = [row for row in one if row[0] <= at], [row for row in other if row[0] <= at]
        assert known == changed
        assert len(known) > 500
    later = {row[0]: row[1] for row in before[0] if at < row[0] <= at + 24 * HOUR}
    moved = {row[0]: row[1] for row in after[0] if at < row[0] <= at + 24 * HOUR}
    assert later.keys() == moved.keys()
    assert all(moved[ts] < later[ts] for ts in later), "from its own moment on it is heard, for a day"
    signals = [json.loads(row[2]) for row in before[1] if row[1] == "signal"]
    assert any("model:BTC-USDT:1h:champion" in one["consensus"]["voters"] for one in signals)


@pytest.mark.req("M07", "M08")
def test_a_model_that_reads_the_news_says_so_where_nothing_is_read(read: Project) -> None:
    """A live start and the preflight name the models and what they are without; a replay of a market that nobody has
    read about says it, and there is no forecast; with a feed nothing is said."""
    words = ("the models of reader read the news, and no feed is configured (sentiment.feeds)",
             "a model is silent where nobody has read for a day")  # fmt: skip
    with in_background([series()], label="SIMULATED", now=START + 700 * HOUR + MINUTE, bars_per_s=20) as server:
        live = read.types(
            "run", "--feed", "stream", "--provider", "binance", "--gateway", server.url, "--symbol", "BTC/USDT",
            "--interval", "1h", "--execution", "paper", "--allow-unproven", "--iterations", "2", "--store", "live.db",
        )  # fmt: skip
    assert live.exit_code == 0, live.stderr
    found = {one["name"]: one for one in read.types("doctor", "project", "--json").document["findings"]}
    for word in words:
        assert word in " ".join(live.stderr.split())
        assert word in found["news of models"]["detail"]
    assert found["news of models"]["state"] == "warn"
    (read.folder / "tradewind.toml").write_text(SETTINGS + '[sentiment]\nfeeds = ["https://news.example/rss"]\n')
    fed = [one["name"] for one in read.types("doctor", "project", "--json").document["findings"]]
    assert "news of models" not in fed
    read.configured(SETTINGS.replace('symbols = ["BTC/USDT"]', 'symbols = ["EUR/USD"]', 1))
    (nowhere,) = [one for one in read.types("doctor", "project", "--json").document["findings"]
                  if one["name"] == "promoted models"]  # fmt: skip
    assert (nowhere["state"], nowhere["detail"].split(",")[0]) == (
        "warn",
        "every seat of the predictors is on BTC/USDT",
    )
    shutil.rmtree(read.folder / "data" / "news")
    read.configured(SETTINGS)
    silent = read.types(*RUN, "--json")
    assert silent.exit_code == 0
    assert "nobody has read any news between" in silent.stderr
    assert read.rows("SELECT count(*) FROM forecasts") == [[0]]
