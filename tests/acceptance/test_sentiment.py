"""Articles in features, models and backtests: known when they were known, and shown for what they are worth."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.acceptance.project import HOUR, Project, simulated
from tradewind.model.bar import BarColumns

BTC = "data/features/BTC-USDT-1h_features.parquet"
OPEN = "[ensemble]\nquorum = 1\nmin_agreement = 0.5\nmin_confidence = 0.0\nmin_record = 2\n[filters]\nenabled = []\n"


def written(project: Project, bars: BarColumns, signs: np.ndarray, name: str = "told.jsonl") -> None:
    """An article half an hour after the open of every bar: a rally (+1), a crash (-1) or nothing (0) of Bitcoin."""
    said = {1: "Bitcoin rallies strongly", -1: "Bitcoin crashes sharply", 0: "Bitcoin talk of the town"}
    rows = []
    for number, (ts, sign) in enumerate(zip(bars.ts_open.tolist(), signs.tolist(), strict=True)):
        when = datetime.fromtimestamp((ts + HOUR // 2) // 10**9, UTC).isoformat()
        rows.append(json.dumps({"id": f"{number}", "title": f"{said[sign]}, note {number}", "published": when}))
    (project.folder / name).write_text("\n".join(rows))
    ran = project.types("news", "import", name, "--json")
    assert ran.exit_code == 0, ran.stderr
    assert ran.document["new"] == len(rows)


def foreseen(bars: BarColumns, hours: int = 12) -> np.ndarray:
    """+1 where the close is higher ``hours`` later, else -1: what no article could know."""
    later = np.concatenate([bars.close[hours:], np.full(hours, bars.close[-1])])
    return np.where(later > bars.close, 1, -1)


@pytest.fixture(scope="module")
def bars() -> BarColumns:
    return simulated("BTC/USDT", 2400)


@pytest.fixture(scope="module")
def told(market: Project, bars: BarColumns, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose articles know the next half day. Copy it before anything is changed."""
    folder = tmp_path_factory.mktemp("told")
    shutil.copytree(market.folder, folder, dirs_exist_ok=True)
    project = Project(folder)
    written(project, bars, foreseen(bars))
    return project


@pytest.fixture
def own(told: Project, tmp_path: Path) -> Project:
    shutil.copytree(told.folder, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path)


@pytest.mark.req("I09", "A18")
def test_features_with_sentiment_say_how_much_of_them_is_unknown(own, bars):
    """Rule: two columns more, NaN until a day was read, a NaN rate of every channel; leakage is found in them."""
    ran = own.types("features", "build", "--symbol", "BTC/USDT", "--interval", "1h", "--with-sentiment", "--json")
    assert ran.exit_code == 0, ran.stderr
    made = ran.document["features"][0]
    assert made["news"] == {"articles": 2400, "known": pytest.approx(1.0 - 24 / 2400, abs=0.002)}
    assert set(made["unknown"]) >= {"rsi", "news_score", "news_articles"}
    frame = pl.read_parquet(own.folder / BTC)
    score = frame["news_score"].to_numpy()
    assert np.isnan(score[:23]).all()
    assert np.isfinite(score[24:]).all()
    assert np.abs(score[24:]).max() > 0.4
    people = own.types("features", "build", "--symbol", "BTC/USDT", "--interval", "1h", "--with-sentiment")
    assert "news_score" in people.stdout
    assert "2,400 articles" in people.stdout
    assert own.types("features", "verify").exit_code == 0
    early = frame.with_columns(pl.col("news_score").shift(-1))
    about = {
        key: one for key, one in pl.read_parquet_metadata(own.folder / BTC).items() if key.startswith("tradewind.")
    }
    early.write_parquet(own.folder / BTC, metadata=about)
    caught = own.types("features", "verify", "--check-leakage", "--json")
    assert caught.exit_code == 4
    (fault,) = caught.document["features"][0]["columns"]
    assert (fault["column"], fault["kind"], fault["shift"]) == ("news_score", "leak", 1)


@pytest.mark.req("M08", "I09")
def test_an_article_added_later_changes_no_row_before_it_was_known(own, bars):
    """Rule: features up to T are byte-equal whatever is planted at T+1, and others afterwards."""
    columns = ["time", "news_score", "news_articles"]
    words = ("features", "build", "--symbol", "BTC/USDT", "--interval", "1h", "--with-sentiment")
    assert own.types(*words).exit_code == 0
    before = pl.read_parquet(own.folder / BTC, columns=columns)
    at = int(bars.ts_close[1500])
    planted = datetime.fromtimestamp(at // 10**9 + 60, UTC).isoformat()
    rows = [
        {"title": f"Bitcoin collapses, exchange {n} hacked", "published": planted, "id": f"x{n}"} for n in range(50)
    ]
    (own.folder / "planted.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert own.types("news", "import", "planted.jsonl").exit_code == 0
    assert own.types(*words).exit_code == 0
    after = pl.read_parquet(own.folder / BTC, columns=columns)
    assert before[:1501].equals(after[:1501], null_equal=True)
    assert float(after["news_articles"][1501]) > float(before["news_articles"][1501])


@pytest.mark.req("I09")
def test_the_ablation_shows_what_the_news_are_worth(own, market, bars, tmp_path_factory):
    """Known answers: articles that know the next half day are worth a lot; articles drawn by lot nothing."""
    words = ("train", "--symbol", "BTC/USDT", "--interval", "1h", "--type", "logistic", "--with-sentiment", "--json")
    ran = own.types(*words)
    assert ran.exit_code == 0, ran.stderr
    (worth,) = ran.document["ablation"]
    assert worth["n"] == worth["with_news"]["n"] == worth["without"]["n"]
    assert worth["gain"] == pytest.approx(worth["with_news"]["accuracy"] - worth["without"]["accuracy"])
    assert worth["low"] > 0.0
    assert worth["brier_gain"] > 0.02
    drawn = Project(tmp_path_factory.mktemp("drawn"))
    shutil.copytree(market.folder, drawn.folder, dirs_exist_ok=True)
    written(drawn, bars, np.random.default_rng(3).integers(-1, 2, len(bars.close)))
    people = drawn.types(*words[:-1]).stdout
    assert "Ablation: the same samples with and without the news" in people
    assert "not told from nothing" in people


@pytest.mark.req("C10")
def test_a_backtest_with_sentiment_prints_win_rate_and_ablation(own):
    """Rule: timestamped articles, the veto that hears them, and the same bars without either beside it."""
    own.configured(OPEN)
    words = ("backtest", "--system", "crypto", "--interval", "1h", "--with-sentiment", "--no-report")
    ran = own.types(*words, "--json")
    assert ran.exit_code in (0, 4), ran.stderr
    told = ran.document["sentiment"]
    heard, deaf = told["with_news"], told["without"]
    assert told["articles"] > 1000
    assert told["blocked"] > 0
    assert 0 < heard["trades"] < deaf["trades"]
    assert heard["win_rate"] > deaf["win_rate"]  # they know the next half day
    assert ran.document["result"]["counts"]["reasons"]["sentiment"] == told["blocked"]
    assert ran.document["result"]["symbols"] == ["BTC/USDT"]
    people = own.types(*words).stdout
    for word in (
        "win rate",
        "Ablation: the same bars with and without the news",
        "decisions had the news against them",
    ):
        assert word in people
    again = own.types(*words, "--json").document
    assert again["result"]["digest"] == ran.document["result"]["digest"]


@pytest.mark.req("C10", "M08")
def test_articles_of_the_future_change_no_decision_of_a_backtest(own, bars):
    """Rule (INV-01): up to T the decisions are the same bytes, whatever article became known after T."""
    own.configured(
        OPEN
        + "\n[filters.sentiment]\nlimit = 0.05\narticles = 1\n".replace("[filters.sentiment]", "[filters.sentiment]")
    )
    day = datetime.fromtimestamp(int(bars.ts_close[1200]) // 10**9, UTC)
    until = day.strftime("%Y%m%d")
    words = ("backtest", "--symbol", "BTC/USDT", "--interval", "1h", "--timerange", f"-{until}", "--with-sentiment",
             "--no-report", "--json")  # fmt: skip
    before = own.types(*words)
    rows = [{"title": f"Bitcoin collapses again, {n}", "published": day.isoformat(), "id": f"y{n}"} for n in range(99)]
    (own.folder / "later.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert own.types("news", "import", "later.jsonl").exit_code == 0
    after = own.types(*words)
    assert before.document["result"]["digest"] == after.document["result"]["digest"]


@pytest.mark.req("C10")
def test_without_articles_of_its_time_there_is_nothing_to_compare(own_market):
    ran = own_market.types("backtest", "--symbol", "BTC/USDT", "--interval", "1h", "--with-sentiment")
    assert ran.exit_code == 3
    assert "news import" in ran.stderr
    assert own_market.types("train", "--type", "logistic", "--symbol", "BTC/USDT", "--with-sentiment").exit_code == 3
    assert own_market.types("features", "build", "--with-sentiment", "--symbol", "BTC/USDT").exit_code == 3
    assert own_market.types("backtest", "--system", "stocks").exit_code == 2


@pytest.mark.req("M07", "M08")
def test_a_run_journals_the_articles_it_was_told_and_replays_without_the_archive(own):
    """Rule: articles are input events: kept in a table, decided with, and the journal alone repeats every byte."""
    own.configured(OPEN.replace("enabled = []", 'enabled = ["sentiment"]'))
    words = ("run", "--allow-unproven", "--feed", "replay", "--symbol", "BTC/USDT", "--interval", "1h", "--execution",
             "paper", "--quiet", "--json")  # fmt: skip
    ran = own.types(*words)
    assert ran.exit_code == 0, ran.stderr
    assert ran.document["counts"]["reasons"]["sentiment"] > 0
    assert own.rows("SELECT count(*) FROM articles") == [[2400]]
    ((first, subjects),) = own.rows("SELECT timestamp, subjects FROM articles ORDER BY ts LIMIT 1")
    assert first == "2020-01-01 00:30:00"
    assert json.loads(subjects)[0][0] == "BTC"
    shutil.rmtree(own.folder / "data/news")
    again = own.types("replay", "--json")
    assert again.exit_code == 0, again.stderr
