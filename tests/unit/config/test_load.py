"""Layers in, one configuration out, or every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.app.config import AppConfig, InvalidConfiguration, built_in, config_hash, load, load_config
from tradewind.app.settings.presets import PRESETS
from tradewind.app.settings.secret import Secret
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import Timeframe


def faults(folder: Path, environment: dict[str, str] | None = None, **files: str) -> tuple[str, ...]:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    with pytest.raises(InvalidConfiguration) as refusal:
        load(environment=environment or {}, folder=folder)
    return refusal.value.faults


def test_without_anything_the_defaults_hold(tmp_path):
    assert load_config(environment={}, folder=tmp_path) == AppConfig()


@pytest.mark.req("W19", "W09", "W10")
def test_all_faults_come_in_one_answer_and_in_these_words(tmp_path):
    with pytest.raises(InvalidConfiguration) as refusal:
        load(
            environment={
                "MIN_CONFIDENCE_THRESHOLD": "150",
                "TRADEWIND__TELEGRAM__ENABLED": "true",
                "TELEGRAM_CHAT_ID": "1",
                "TELEGRAM_ALLOWED_USERS": "1,2",
            },
            folder=tmp_path,
        )
    assert str(refusal.value) == (
        "Configuration validation failed:\n"
        "  - TELEGRAM_BOT_TOKEN is not set\n"
        "  - MIN_CONFIDENCE_THRESHOLD must be between 0 and 100, got 150"
    )


def test_every_kind_of_fault_is_found_in_the_same_answer(tmp_path):
    found = faults(
        tmp_path,
        {
            "RUNTIME_MODE": "real",
            "KILL_SWITCH": "maybe",
            "AUTO_SIGNAL_PAIRS": "EUR/USD,FOO/BAR",
            "TRADEWIND__RISK__MAX_DRAWDWN": "1",
        },
        tradewind__toml="""
            colour = "blue"
            [risk]
            daily_loss_limit = 5
            max_position_size_percent = 0.10
            [ensemble]
            quorum = 2.5
            [[timeframes.intervals]]
            interval = "7h"
            wight = 0.3
            [filters]
            enabled = 3
        """,
    )
    text = "\n".join(found)
    for expected in (
        "colour is unknown; there are",
        "TRADEWIND__RISK__MAX_DRAWDWN is unknown; did you mean TRADEWIND__RISK__MAX_DRAWDOWN?",
        "RUNTIME_MODE must be one of dryrun, paper, live, got 'real'",
        "KILL_SWITCH must be true or false, got 'maybe'",
        "AUTO_SIGNAL_PAIRS has the unknown pair 'FOO/BAR'; there are EUR/USD",
        'risk.daily_loss_limit must be between 0 and 1, got 5; if percent is meant write "5%"',
        "risk.max_position_size_percent needs its unit",
        "ensemble.quorum must be a whole number, got 2.5",
        "timeframes.intervals[0].interval must be one of 1m, 5m, 15m, 30m, 1h, 4h, 1d, got '7h'",
        "timeframes.intervals[0].weight is not set",
        "timeframes.intervals[0].wight is unknown; did you mean weight?",
        "filters.enabled must be a list",
    ):
        assert expected in text
    assert len(found) == 12


@pytest.mark.parametrize("name", ["tradewind.toml", "tradewind.yaml"])
def test_a_file_is_read_in_either_form(tmp_path, name):
    text = {
        "tradewind.toml": 'symbols = ["USD_EURUSD", "GBPUSD"]\n[risk]\nmax_drawdown_percent = 15.0\n',
        "tradewind.yaml": "symbols: [Gold_XAUUSD]\nrisk:\n  max_drawdown_percent: 15.0\n",
    }[name]
    (tmp_path / name).write_text(text)
    config = load_config(environment={}, folder=tmp_path)
    assert config.risk.max_drawdown == 0.15
    assert config.symbols == (("EUR/USD", "GBP/USD") if name.endswith("toml") else ("XAU/USD",))


def test_later_layers_win_and_say_so(tmp_path):
    """Order: defaults, preset, file, .env, environment, flags."""
    (tmp_path / "tradewind.toml").write_text('preset = "tight"\n[risk]\ndaily_loss_limit = 0.02\n')
    (tmp_path / ".env").write_text(
        "# comment\nexport TRADEWIND__ENSEMBLE__QUORUM='3' \nCONFIDENCE_THRESHOLD=0.7 # note\n"
    )
    loaded = load(environment={"CONFIDENCE_THRESHOLD": "0.75"}, overrides={"account.balance": "5000"}, folder=tmp_path)
    config = loaded.config
    assert (config.risk.max_drawdown, loaded.origin("risk.max_drawdown")) == (0.12, "preset tight")
    assert (config.risk.daily_loss_limit, loaded.origin("risk.daily_loss_limit")) == (0.02, "file tradewind.toml")
    assert (config.ensemble.quorum, loaded.origin("ensemble.quorum")[:9]) == (3, "file .env")
    assert (config.ensemble.min_confidence, loaded.origin("ensemble.min_confidence")[:11]) == (0.75, "environment")
    assert (config.account.balance, loaded.origin("account.balance")) == (5000.0, "flag")
    assert loaded.origin("account.currency") == "default"


def test_two_names_for_one_key_that_disagree_are_a_fault(tmp_path):
    found = faults(tmp_path, {"TELEGRAM_TOKEN": "a", "TELEGRAM_BOT_TOKEN": "b"})
    assert found == ("TELEGRAM_BOT_TOKEN and TELEGRAM_TOKEN both set telegram.bot_token; keep one of them",)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("tradewind.yaml", "symbols: [EUR/USD]\nsymbols: [GBP/USD]\n", "written twice"),
        ("tradewind.yaml", "risk: [1, 2\n", "expected"),
        ("tradewind.yaml", "- a\n", "not a table"),
        ("tradewind.yaml", "symbols: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        ("tradewind.toml", "a = 1\na = 2\n", "Cannot overwrite"),
        ("tradewind.toml", "[risk\n", "Expected"),
        (".env", "TOKEN hunter2\n", "line 1 is not NAME=value"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(Misconfigured, match=words) as refusal:
        load(environment={}, folder=tmp_path)
    assert name in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_section_written_as_a_value_is_a_fault(tmp_path):
    assert "risk" in faults(tmp_path, tradewind__toml="risk = 3\n")[0]


def test_a_named_file_must_be_there_and_two_lying_files_are_one_too_many(tmp_path):
    with pytest.raises(Misconfigured, match=r"there is no configuration file missing\.toml"):
        load(Path("missing.toml"), environment={}, folder=tmp_path)
    with pytest.raises(Misconfigured, match="TRADEWIND_CONFIG"):
        load(environment={"TRADEWIND_CONFIG": "gone.toml"}, folder=tmp_path)
    (tmp_path / "tradewind.toml").write_text("")
    (tmp_path / "tradewind.yml").write_text("")
    with pytest.raises(Misconfigured, match="two configuration files"):
        load(environment={}, folder=tmp_path)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TRADEWIND__CONTINUOUS_LEARNING__CONFIDENCE__HYSTERESIS": "0.9"}, "must be below trading_threshold 0.8"),
        (
            {"TRADEWIND__CONTINUOUS_LEARNING__RETRAINING__TARGET_CONFIDENCE": "0.7"},
            "must be at least trading_threshold",
        ),
        (
            {"TRADEWIND__TIMEFRAMES__INTERVALS": '[{"interval":"1h","weight":0.3},{"interval":"4h","weight":0.25}]'},
            "sum to 1",
        ),
        ({"TRADEWIND__TIMEFRAMES__BASE": "1d"}, "must not be longer"),
        ({"TRADEWIND__SYMBOLS": "FOO/BAR"}, "unknown pair 'FOO/BAR'"),
        ({"RUNTIME_MODE": "live"}, "both must say live"),
        ({"TRADEWIND__RISK__DRAWDOWN_ALERT": "20%"}, "must not be above risk.max_drawdown"),
        (
            {"TRADEWIND__PREDICTORS": '[{"name":"x","source":"mock"}]', "RUNTIME_MODE": "paper"},
            "allowed in dryrun only",
        ),
        ({"TRADEWIND__PRESET": "fxx"}, "must be one of fx, crypto, crpbot, strict, source"),
        (
            {"TRADEWIND__TELEGRAM__ENABLED": "1", "TELEGRAM_BOT_TOKEN": "t", "TELEGRAM_CHAT_ID": "1"},
            "TELEGRAM_ALLOWED_USERS is not set",
        ),
    ],
)
def test_rules_over_several_keys_are_held(tmp_path, environment, words):
    found = faults(tmp_path, environment)
    assert len(found) == 1
    assert words in found[0]


def test_a_new_pair_needs_configuration_only(tmp_path):
    """A24: an instrument that is not built in is described in the file and may then be named as a symbol."""
    (tmp_path / "tradewind.toml").write_text('symbols = ["NZDUSD"]\n[[instruments]]\nsymbol = "NZD/USD"\n')
    config = load_config(environment={}, folder=tmp_path)
    assert config.symbols == ("NZD/USD",)
    assert config.instruments[0].pip == 0.0001


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_by_itself(name):
    assert built_in(name).config.preset == (name,)


def test_presets_are_laid_over_each_other_in_order():
    config = built_in("crypto,cautious").config
    assert config.symbols == ("BTC/USDT", "ETH/USDT")
    assert config.timeframes.intervals[0].interval is Timeframe.M1
    assert config.continuous_learning.confidence.trading_threshold == 0.82


def test_secrets_show_in_no_form_of_the_configuration(tmp_path):
    canary = "canary-4711"
    environment = dict.fromkeys(("TELEGRAM_TOKEN", "FTMO_PASS", "DB_URL", "OANDA_API_KEY", "SENTRY_DSN"), canary)
    config = load_config(environment=environment, folder=tmp_path)
    assert config.telegram.bot_token == Secret(canary)
    assert config.telegram.bot_token.reveal() == canary
    assert canary not in repr(config) + str(config)
    environment |= {"MIN_CONFIDENCE_THRESHOLD": "150"}
    assert canary not in "".join(faults(tmp_path, environment))


def test_the_hash_moves_with_decisions_and_with_nothing_else(tmp_path):
    base = config_hash(load_config(environment={}, folder=tmp_path))
    same = {
        "TELEGRAM_TOKEN": "x",
        "RUNTIME_MODE": "paper",
        "TRADEWIND__PATHS__DATA": "elsewhere",
        "TRADEWIND__MARKET__FEED": "stream",
        "TRADEWIND__ENSEMBLE__MIN_CONFIDENCE": "80%",
    }
    assert config_hash(load_config(environment=same, folder=tmp_path)) == base
    for other in (
        {"TRADEWIND__ENSEMBLE__QUORUM": "3"},
        {"TRADEWIND__SYMBOLS": "EUR/USD"},
        {"TRADEWIND__COSTS__SLIPPAGE": "0"},
    ):
        assert config_hash(load_config(environment=other, folder=tmp_path)) != base
    assert len(base) == 16


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
)
SECTIONS = st.sampled_from(
    ["risk", "symbols", "x", "ensemble", "preset", "instruments", "telegram", "timeframes.intervals"]
)


@given(st.dictionaries(SECTIONS, TREES, max_size=3))
def test_any_table_is_a_configuration_or_a_list_of_faults(values):
    try:
        config = load(environment={}, overrides=values, folder=Path("/nonexistent")).config
    except InvalidConfiguration as refusal:
        config = None if refusal.faults else refusal
    assert config is None or isinstance(config, AppConfig)
