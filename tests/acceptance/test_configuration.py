"""Black box: what an operator types about configuration, and what comes back."""

from __future__ import annotations

import pytest

from tests.cli_runner import run_cli
from tests.fakes.shelved_models import seated, shelved
from tradewind.app.config import AppConfig
from tradewind.app.workspace import Workspace

KEYS = {
    "W01": ("live_trading.mode", "live_trading.enabled"),
    "W02": ("continuous_learning.enabled",),
    "W03": ("continuous_learning.confidence.trading_threshold", "continuous_learning.confidence.hysteresis"),
    "W04": tuple(
        f"continuous_learning.retraining.{name}"
        for name in ("on_loss", "max_epochs", "target_confidence", "patience", "min_interval_hours", "drift_threshold")
    ),
    "W05": ("risk.max_drawdown_percent", "risk.daily_loss_limit", "risk.max_position_size_percent"),
    "W06": ("symbols",),
    "W07": ("timeframes.intervals",),
    "W08": ("ENABLE_AUTO_SIGNALS", "AUTO_SIGNAL_INTERVAL", "AUTO_SIGNAL_PAIRS"),
    "W09": ("TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN", "TELEGRAM_CHAT_ID", "TELEGRAM_ALLOWED_USERS", "ADMIN_CHAT_ID"),
    "W10": ("MIN_CONFIDENCE_THRESHOLD",),
    "W11": ("CONFIDENCE_THRESHOLD",),
    "W12": ("RUNTIME_MODE", "KILL_SWITCH"),
    "W13": ("FTMO_LOGIN", "FTMO_PASS", "FTMO_SERVER"),
    "W14": ("AWS_REGION", "DB_URL"),
    "W15": (
        "TRADING_TOOL_TELEGRAM_BOT_TOKEN",
        "TRADING_TOOL_NEWS_API_KEY",
        "TRADING_TOOL_OANDA_API_KEY",
    ),
    "W16": ("POSITION_SIZE_BTC", "POSITION_SIZE_ETH"),
    "W17": ("drift.drift_threshold", "drift.min_trades_for_detection", "drift.lookback_days", "drift.cooldown_hours"),
    "W18": ("generator.max_strategies", "strategies.min_confidence", "strategies.min_trades", "strategies.limit"),
}


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.req("W01", "W02", "W03", "W04", "W05", "W06", "W07", "W08", "W09", "W10", "W11", "W12", "W17", "W18")
@pytest.mark.parametrize(("row", "key"), [(row, key) for row, keys in KEYS.items() for key in keys])
def test_every_key_of_the_area_is_explained(row, key):
    """`config explain KEY` prints type, unit, default, range, source."""
    document = run_cli("config", "explain", key, "--json").document
    assert row in document["source"].split()
    assert document["type"]
    assert {"unit", "default", "range", "choices", "presets", "read_by"} <= set(document)
    human = run_cli("config", "explain", key)
    assert human.exit_code == 0
    for word in ("meaning", "type", "default", "source"):
        assert word in human.stdout


@pytest.mark.req("W03", "W04", "W17", "W18")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("continuous_learning.confidence.trading_threshold", 0.80),
        ("continuous_learning.confidence.hysteresis", 0.05),
        ("continuous_learning.retraining.max_epochs", 50),
        ("continuous_learning.retraining.patience", 12),
        ("continuous_learning.retraining.min_interval_hours", 2.0),
        ("continuous_learning.retraining.drift_threshold", 0.70),
        ("drift.drift_threshold", 0.15),
        ("drift.min_trades_for_detection", 30),
        ("drift.lookback_days", 30.0),
        ("drift.cooldown_hours", 24.0),
        ("generator.max_strategies", 100),
        ("strategies.min_confidence", 0.50),
        ("strategies.fallback_min_confidence", 0.40),
        ("strategies.limit", 100),
    ],
)
def test_a_default_is_the_one_of_the_source(key, value):
    assert run_cli("config", "explain", key, "--json").document["default"] == value


@pytest.mark.req("W03", "W04")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[confidence]\nhysteresis = 0.9", "hysteresis must be below trading_threshold 0.8, got 0.9"),
        ("[confidence]\ntrading_threshold = 1.2", "trading_threshold must be between 0 and 1, got 1.2"),
        ("[confidence]\nhysteresis = -0.1", "hysteresis must be between 0 and 1, got -0.1"),
        ("[retraining]\ntarget_confidence = 0.7", "target_confidence must be at least trading_threshold 0.8, got 0.7"),
        ("[retraining]\nmax_epochs = 0", "max_epochs must be"),
    ],
)
def test_learning_keys_are_bounded_and_agree_with_each_other(tmp_path, text, fault):
    (tmp_path / "tradewind.toml").write_text(text.replace("[", "[continuous_learning."))
    refused = run_cli("config", "check")
    assert refused.exit_code == 2
    assert fault in refused.stderr


@pytest.mark.req("W17")
def test_the_two_drift_thresholds_are_two_keys(tmp_path):
    """0.15 is a loss of performance, 0.70 a score: setting one leaves the other."""
    (tmp_path / "tradewind.toml").write_text("[drift]\ndrift_threshold = 0.2\n")
    settings = run_cli("config", "show", "--json").document["settings"]
    assert settings["drift.drift_threshold"]["value"] == 0.2
    assert settings["continuous_learning.retraining.drift_threshold"]["value"] == 0.7


@pytest.mark.req("W05", "HZ13")
def test_a_share_needs_its_unit_where_it_could_mean_two_things(tmp_path):
    path = tmp_path / "tradewind.yaml"
    path.write_text(
        "risk:\n  max_drawdown_percent: 15.0\n  daily_loss_limit: 0.05\n  max_position_size_percent: 0.10\n"
    )
    refused = run_cli("config", "check")
    assert refused.exit_code == 2
    assert refused.stderr == (
        "Configuration validation failed:\n"
        "  - risk.max_position_size_percent needs its unit: 0.1 can mean 0.1% or 0.1 of the whole; "
        'write "0.1%" or "0.1 fraction"\n'
    )
    for written in ("10%", "0.10 fraction"):
        path.write_text(path.read_text().rpartition(":")[0] + f': "{written}"\n')
        settings = run_cli("config", "show", "--json").document["settings"]
        values = [settings[f"risk.{key}"]["value"] for key in ("max_drawdown", "daily_loss_limit", "max_position_size")]
        assert values == [0.15, 0.05, 0.10]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[risk]\nfirm = "nope.toml"', "risk.firm 'nope.toml' cannot be followed: risk.firm: no prop firm"),
        ('[risk]\nfirm = "own.toml"', "risk.firm 'own.toml' cannot be followed: own.toml: title"),
        ('[risk]\nfirm = "ftmo-2step"\nfirm_stage = "nope"', "no stage 'nope'"),
        ('[telegram]\nenabled = true\nchat_id = "abc"', "telegram.chat_id must be a chat's number"),
        ('[telegram]\nenabled = true\nadmin_chat_id = "12x"', "telegram.admin_chat_id must be a chat's number"),
    ],
)
def test_what_a_run_could_not_follow_is_no_valid_configuration(tmp_path, text, fault):
    """A prop firm that is not there, its broken file, a chat nobody has: exit 2 from the check and from the run."""
    (tmp_path / "own.toml").write_text('title = 3\nsource = ""\n')
    (tmp_path / "tradewind.toml").write_text(text + "\n")
    for words in (("config", "check"), ("run", "--feed", "replay"), ("run", "--feed", "poll")):
        refused = run_cli(*words)
        assert refused.exit_code == 2
        assert fault in refused.stderr


@pytest.mark.parametrize("name", ["tradewind.toml", "tradewind.yaml", ".env"])
def test_a_folder_in_the_place_of_a_file_of_settings_never_means_the_defaults(tmp_path, name):
    """A mount that did not find its file leaves a folder: without a word a run would have no guard and no Telegram."""
    (tmp_path / name).mkdir()
    for words in (("config", "check"), ("run", "--feed", "replay"), ("backtest",)):
        refused = run_cli(*words)
        assert refused.exit_code == 2
        assert f"{name}: it is a folder" in refused.stderr
    assert f"{name}: it is a folder" in run_cli("status").stderr


def test_a_file_of_secrets_that_others_can_read_is_a_warning(tmp_path):
    """`config check` and `doctor` name the file and the cure, never the secret; mode 0600 and no secret say nothing."""
    file = tmp_path / ".env"
    file.write_text("TELEGRAM_BOT_TOKEN=canary-of-a-token\n")
    file.chmod(0o644)
    for words in (("config", "check"), ("doctor", "config")):
        told = " ".join(run_cli(*words, "--json").stdout.split())
        assert "TELEGRAM_BOT_TOKEN" in told
        assert "chmod 600 .env" in told
        assert "canary" not in told
    file.chmod(0o600)
    assert "chmod" not in run_cli("config", "check").stdout
    file.write_text("TRADEWIND__ENSEMBLE__QUORUM=3\n")
    file.chmod(0o644)
    assert "chmod" not in run_cli("config", "check").stdout


def test_a_link_to_nothing_in_the_place_of_the_file_is_refused(tmp_path):
    """Where the volume with the settings is not mounted, the link stays."""
    (tmp_path / "tradewind.toml").symlink_to(tmp_path / "gone.toml")
    refused = run_cli("config", "check")
    assert refused.exit_code == 2
    assert "a link to nothing" in refused.stderr


@pytest.mark.req("W07", "E06")
def test_weights_of_the_timeframes_must_sum_to_one(tmp_path):
    text = "timeframes:\n  intervals:\n    - {interval: 1h, weight: 0.30}\n    - {interval: 4h, weight: 0.25}\n"
    (tmp_path / "tradewind.yaml").write_text(text)
    refused = run_cli("config", "check")
    assert refused.exit_code == 2
    assert "weights must sum to 1, got 0.55" in refused.stderr
    assert "1h 0.5455, 4h 0.4545" in refused.stderr


@pytest.mark.req("W08")
def test_automatic_signals_are_read_from_the_environment_with_their_types(monkeypatch):
    monkeypatch.setenv("ENABLE_AUTO_SIGNALS", "true")
    monkeypatch.setenv("AUTO_SIGNAL_INTERVAL", "3600")
    monkeypatch.setenv("AUTO_SIGNAL_PAIRS", "EUR/USD,GBP/USD,XAU/USD")
    settings = run_cli("config", "show", "--json").document["settings"]
    assert settings["auto_signals.enabled"]["value"] is True
    assert settings["auto_signals.interval"]["value"] == 3600.0
    assert settings["auto_signals.pairs"]["value"] == ["EUR/USD", "GBP/USD", "XAU/USD"]
    monkeypatch.setenv("AUTO_SIGNAL_PAIRS", "EUR/USD,FOO/BAR")
    refused = run_cli("config", "check")
    assert refused.exit_code == 2
    assert "unknown pair 'FOO/BAR'" in refused.stderr


@pytest.mark.req("W09")
@pytest.mark.parametrize("name", ["TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN", "TRADING_TOOL_TELEGRAM_BOT_TOKEN"])
def test_every_name_of_the_token_is_accepted_and_its_absence_is_named(monkeypatch, name):
    monkeypatch.setenv("TRADEWIND__TELEGRAM__ENABLED", "true")
    monkeypatch.setenv("TELEGRAM_CHAT_ID", "42")
    monkeypatch.setenv("TELEGRAM_ALLOWED_USERS", "1,2")
    missing = run_cli("config", "check")
    assert (missing.exit_code, missing.stderr) == (
        2,
        "Configuration validation failed:\n  - TELEGRAM_BOT_TOKEN is not set\n",
    )
    monkeypatch.setenv(name, "canary-4711")
    assert run_cli("config", "check").exit_code == 0
    shown = run_cli("config", "show")
    assert "canary-4711" not in shown.stdout + shown.stderr + run_cli("config", "show", "--json").stdout
    assert run_cli("config", "show", "--json").document["settings"]["telegram.bot_token"]["value"] == "********"


@pytest.mark.req("W10", "W11")
def test_confidence_is_read_on_the_scale_of_its_name(monkeypatch):
    monkeypatch.setenv("MIN_CONFIDENCE_THRESHOLD", "82")
    settings = run_cli("config", "show", "--json").document["settings"]
    assert settings["ensemble.min_confidence"]["value"] == 0.82
    monkeypatch.setenv("MIN_CONFIDENCE_THRESHOLD", "150")
    refused = run_cli("config", "check")
    assert refused.stderr == (
        "Configuration validation failed:\n  - MIN_CONFIDENCE_THRESHOLD must be between 0 and 100, got 150\n"
    )
    monkeypatch.delenv("MIN_CONFIDENCE_THRESHOLD")
    monkeypatch.setenv("CONFIDENCE_THRESHOLD", "0.75")
    settings = run_cli("config", "show", "--json").document["settings"]
    assert settings["ensemble.min_confidence"]["value"] == 0.75
    monkeypatch.setenv("CONFIDENCE_THRESHOLD", "75")
    assert "must be between 0 and 1, got 75" in run_cli("config", "check").stderr


@pytest.mark.req("W12")
def test_mode_and_kill_switch_are_strict(monkeypatch):
    monkeypatch.setenv("RUNTIME_MODE", "prod")
    monkeypatch.setenv("KILL_SWITCH", "perhaps")
    assert run_cli("config", "check", "--json").document["error"]["faults"] == [
        "RUNTIME_MODE must be one of dryrun, paper, live, got 'prod'",
        "KILL_SWITCH must be true or false, got 'perhaps'",
    ]


@pytest.mark.req("W19")
def test_a_configuration_with_five_faults_answers_with_five_lines_and_exit_2(tmp_path):
    (tmp_path / "tradewind.toml").write_text(
        'symbols = ["FOO/BAR"]\nexecution = "yes"\n'
        "[risk]\nmax_drawdwn = 1\ndaily_loss_limit = 7\n[account]\nbalance = -1\n"
    )
    refused = run_cli("config", "check")
    assert refused.exit_code == 2
    assert refused.stderr.splitlines()[0] == "Configuration validation failed:"
    assert len(refused.stderr.splitlines()[1:]) == 5
    assert all(line.startswith("  - ") for line in refused.stderr.splitlines()[1:])
    assert len(run_cli("config", "check", "--json").document["error"]["faults"]) == 5
    assert run_cli("config", "explain", "account.balance").exit_code == 0


@pytest.mark.req("W19")
def test_names_of_strategies_filters_and_providers_are_checked_too(tmp_path):
    (tmp_path / "tradewind.toml").write_text(
        '[market]\nproviders = ["binanse"]\n[filters]\nenabled = ["trent"]\n'
        '[[strategies.members]]\nfamily = "EMA_Crosover"\n'
        '[[strategies.members]]\nfamily = "EMA_Crossover"\nparams = { fasst = 3 }\n'
    )
    faults = run_cli("config", "check", "--json").document["error"]["faults"]
    assert [fault.split()[0].rstrip(":") for fault in faults] == [
        "strategies.members[0]",
        "strategies.members[1]",
        "filters.enabled",
        "market.providers",
    ]
    assert "'EMA_Crosover'" in faults[0]
    assert "unknown parameter 'fasst'" in faults[1]
    assert "allowed: correlation, currency_exposure, higher_timeframe" in faults[2]
    assert "'binanse'" in faults[3]


def test_a_member_on_a_timeframe_that_does_not_vote_is_noted(tmp_path):
    (tmp_path / "tradewind.toml").write_text('[[strategies.members]]\nfamily = "EMA_Crossover"\ntimeframe = "4h"\n')
    ran = run_cli("config", "check")
    assert ran.exit_code == 0
    assert "strategies.members[0] is silent: 4h is not among timeframes.intervals" in ran.stdout


def test_the_five_drawdown_thresholds_are_explained_together():
    thresholds = run_cli("config", "explain", "drawdown", "--json").document["thresholds"]
    assert [(name, value) for name, _, value, _ in thresholds] == [
        ("train", 0.25),
        ("30 days", 0.20),
        ("rollback", 0.15),
        ("tight", 0.12),
        ("good and hourly", 0.10),
    ]


@pytest.mark.req("E03", "E04")
@pytest.mark.parametrize(
    ("preset", "key", "value"),
    [
        ("crpbot", "ensemble.min_confidence", 0.75),
        ("fx", "ensemble.min_confidence", 0.80),
        ("crypto", "continuous_learning.confidence.trading_threshold", 0.80),
        ("cautious", "continuous_learning.confidence.trading_threshold", 0.82),
        ("relaxed", "continuous_learning.confidence.trading_threshold", 0.75),
        ("tight", "risk.max_drawdown", 0.12),
        ("source", "ensemble.applies_to", "win_probability"),
    ],
)
def test_a_preset_sets_what_its_source_used(preset, key, value):
    settings = run_cli("config", "show", "--preset", preset, "--json").document["settings"]
    assert settings[key]["value"] == value
    differences = run_cli("config", "diff", "--preset", preset, "--json").document["differences"]
    from_default = run_cli("config", "explain", key, "--json").document["default"] != value
    assert from_default == (key in {difference["key"] for difference in differences})


@pytest.mark.req("H19")
def test_a_predictor_without_a_promoted_model_stops_paper_and_live(tmp_path, monkeypatch):
    (tmp_path / "tradewind.toml").write_text('[[predictors]]\nname = "lstm"\n')
    assert run_cli("config", "check").exit_code == 0
    monkeypatch.setenv("RUNTIME_MODE", "paper")
    refused = run_cli("config", "check")
    assert refused.exit_code == 2
    assert "no promoted model for EUR/USD 1h" in refused.stderr
    (tmp_path / "models" / "promoted").mkdir(parents=True)
    (tmp_path / "models" / "promoted" / "EUR-USD-1h.json").write_bytes(b"x")
    (tmp_path / "tradewind.toml").write_text(
        '[[predictors]]\nname = "lstm"\nsymbols = ["EUR/USD"]\ntimeframes = ["1h"]\n'
    )
    refused = run_cli("config", "check")
    assert refused.exit_code == 2, "a file by hand is no promotion"
    assert "cannot be served" in refused.stderr
    shelved(Workspace(AppConfig(), tmp_path), "v1", symbols=("EUR/USD",))
    seated(Workspace(AppConfig(), tmp_path), "v1", symbol="EUR/USD")
    assert run_cli("config", "check").exit_code == 0
    (tmp_path / "tradewind.toml").write_text('[[predictors]]\nname = "dice"\nsource = "random"\n')
    refused = run_cli("config", "check")
    assert refused.exit_code == 2
    assert "dice has source random, allowed in dryrun only" in refused.stderr
    monkeypatch.setenv("RUNTIME_MODE", "dryrun")
    assert run_cli("config", "check").exit_code == 0
