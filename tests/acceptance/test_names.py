"""Black box: what instruments are called, on the way in and on the way out."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.conftest import Finished
from tests.acceptance.project import Project, straight, write_csv

FX = ("EUR/USD", "GBP/USD", "USD/JPY", "AUD/USD", "USD/CHF")
MONDAY = 1_704_067_200 * 1_000_000_000
# A pair without its slash, or with a venue's decoration; `data pairs` shows those on purpose and is not searched.
SQUASHED = re.compile(r"(?i)\b(?:USD_EURUSD|EURUSD|BTCUSDT|EURUSD=X|BTC-USDT(?!-))\b")


@pytest.mark.req("A05")
def test_the_fx_and_metal_universe_is_listed_with_pip_digits_and_session(project: Project) -> None:
    listed = {row["symbol"]: row for row in project.types("data", "pairs", "--json").document}
    assert set(FX) | {"XAU/USD"} <= set(listed)
    assert [listed[name]["digits"] for name in (*FX, "XAU/USD")] == [5, 5, 3, 5, 5, 2]
    assert listed["EUR/USD"]["pip"] == 0.0001
    assert listed["USD/JPY"]["pip"] == 0.01
    shown = project.types("data", "pairs").stdout
    for name in (*FX, "XAU/USD"):
        assert name in shown
    assert all(listed[name]["session"] for name in (*FX, "XAU/USD"))


@pytest.mark.req("A06")
def test_the_crypto_universe_has_at_least_six_pairs_with_their_venue_names(project: Project) -> None:
    listed = {row["symbol"]: row for row in project.types("data", "pairs", "--class", "crypto", "--json").document}
    assert {"BTC/USDT", "ETH/USDT", "SOL/USDT", "BNB/USDT", "BTC/USD", "ETH/USD"} <= set(listed)
    assert listed["BTC/USD"]["venues"]["coinbase"] == "BTC-USD"
    assert listed["BTC/USDT"]["venues"]["binance"] == "BTCUSDT"


@pytest.mark.req("A07")
@pytest.mark.parametrize(
    ("pair", "yahoo"),
    [("EUR/USD", "EURUSD=X"), ("GBP/USD", "GBPUSD=X"), ("XAU/USD", "GC=F"), ("USD/JPY", "USDJPY=X"),
     ("AUD/USD", "AUDUSD=X"), ("USD/CHF", "USDCHF=X")],
)  # fmt: skip
def test_each_provider_has_its_own_name_of_a_pair(project: Project, pair: str, yahoo: str) -> None:
    listed = {row["symbol"]: row for row in project.types("data", "pairs", "--json").document}
    assert listed[pair]["venues"]["yahoo"] == yahoo


@pytest.mark.req("A07", "HZ01")
def test_everything_a_run_prints_names_pairs_as_base_slash_quote(finished: Finished) -> None:
    """Signals, trades, tables, documents, the store and the report: no squashed pair anywhere."""
    made = finished.project
    report = made.folder / "page.html"
    said = [
        finished.ran.stdout,
        finished.ran.stderr,
        made.types("backtest", "--symbol", "EURUSD", "--interval", "1h", "--report", str(report)).stdout,
        made.types("backtest", "--symbol", "BTC-USDT", "-i", "1h", "--no-report", "--json").stdout,
        made.types("data", "list").stdout,
        made.types("data", "status", "--json").stdout,
        report.read_text("utf-8"),
        *(str(row) for row in made.rows("SELECT * FROM signals")),
        *(str(row) for row in made.rows("SELECT * FROM trade_outcomes")),
    ]
    assert "EUR/USD" in said[0]
    assert "BTC/USDT" in said[0]
    found = {match for text in said for match in SQUASHED.findall(text.replace(".csv", ""))}
    assert found == set()


@pytest.mark.req("A08")
@pytest.mark.parametrize(
    ("typed", "meant"),
    [("USD_EURUSD", "EUR/USD"), ("GBP_GBPUSD", "GBP/USD"), ("Gold_XAUUSD", "XAU/USD"), ("EURUSD", "EUR/USD"),
     ("BTC-USD", "BTC/USD"), ("EURUSD=X", "EUR/USD"), ("eur/usd", "EUR/USD")],
)  # fmt: skip
def test_older_notations_are_understood(project: Project, typed: str, meant: str) -> None:
    assert project.types("data", "resolve", typed).stdout.strip() == meant
    assert project.types("data", "resolve", typed, "--json").document["symbol"] == meant


@pytest.mark.req("A09")
@pytest.mark.parametrize(
    "words",
    [
        ("data", "resolve", "FOO/BAR"),
        ("data", "status", "FOO/BAR"),
        ("backtest", "--symbol", "FOO/BAR"),
        ("run", "--allow-unproven", "--feed", "replay", "--symbol", "FOO/BAR"),
    ],
)
def test_an_unknown_pair_is_answered_with_those_there_are(project: Project, words: tuple[str, ...]) -> None:
    ran = project.types(*words)
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert "FOO/BAR" in ran.stderr
    assert "EUR/USD" in ran.stderr
    assert "BTC/USDT" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "EUR/USD" in project.types(*words, "--json").document["error"]["allowed"]


@pytest.mark.req("HZ01")
def test_each_symbol_is_decided_on_its_own_prices(project: Project) -> None:
    """Three pairs at three levels: the journal holds three loads, and no decision uses another pair's prices."""
    levels = {"EUR/USD": 1.1, "GBP/USD": 1.3, "USD/JPY": 150.0}
    for symbol, level in levels.items():
        wave = [level * (1 + 0.001 * ((i * 7) % 11)) for i in range(40)]
        project.imports(straight(wave, start=MONDAY, reach=level * 1e-4), symbol)
    ran = project.types(
        "run", "--allow-unproven", "--feed", "replay", "--symbol", ",".join(levels), "--interval", "1h", "--json"
    )
    assert ran.document["counts"]["decisions"] == 120
    for symbol, level in levels.items():
        (low, high, bars), = project.rows(
            f"SELECT min(low), max(high), count(*) FROM candles WHERE symbol = '{symbol}'"
        )  # fmt: skip
        assert bars == 40
        assert level * 0.999 < low <= high < level * 1.02


@pytest.mark.req("A24")
def test_a_pair_that_is_not_built_in_is_tested_back_after_two_lines_of_configuration(project: Project) -> None:
    """NZD/USD: configuration and a CSV file, no code."""
    wave = [0.6 * (1 + 0.002 * ((i * 7) % 13)) for i in range(400)]
    project.configured('[[instruments]]\nsymbol = "NZD/USD"\n')
    write_csv(project.folder / "nzd.csv", straight(wave, start=MONDAY, reach=1e-4))
    assert project.types("data", "import", "nzd.csv", "--symbol", "NZD/USD", "--interval", "1h").exit_code == 0
    ran = project.types("backtest", "--symbol", "NZD/USD", "--interval", "1h", "--json")
    assert ran.exit_code == 4, ran.stderr
    assert ran.document["result"]["symbols"] == ["NZD/USD"]
    assert ran.document["result"]["counts"]["bars"] == 400


@pytest.mark.req("HZ17")
def test_gold_at_yahoo_is_flagged_as_a_future_and_a_gold_report_names_its_series(project: Project) -> None:
    listed = {row["symbol"]: row for row in project.types("data", "pairs", "--json").document}
    assert "future" in str(listed["XAU/USD"]).lower()
    assert "roll" in project.types("data", "pairs").stdout
    assert "basis" in project.types("data", "pairs").stdout
    wave = [1900.0 * (1 + 0.001 * ((i * 7) % 13)) for i in range(60)]
    project.imports(straight(wave, start=MONDAY, reach=0.5), "XAU/USD", source="yahoo GC=F (future)")
    ran = project.types("backtest", "--symbol", "XAU/USD", "--interval", "1h", "--report", "gold.html")
    assert "yahoo GC=F (future)" in ran.stdout
    assert "yahoo GC=F (future)" in (project.folder / "gold.html").read_text("utf-8")
