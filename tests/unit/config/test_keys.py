"""Every key explains itself, and what is generated from the keys holds all of them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tradewind.app.config import NAMES, SETTINGS, AppConfig, load_config, value_at
from tradewind.app.settings.example import env_example, toml_example, variables_in
from tradewind.app.settings.explain import matching
from tradewind.app.settings.presets import PRESETS
from tradewind.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[3]


def test_every_key_has_a_meaning_a_source_and_a_reader():
    for setting in SETTINGS.values():
        assert setting.key.text.endswith("."), setting.path
        assert setting.key.source, setting.path
        assert setting.key.reader, setting.path


def test_every_default_stands_in_its_own_bounds():
    for setting in SETTINGS.values():
        key, default = setting.key, setting.default
        if isinstance(default, int | float) and not isinstance(default, bool):
            assert key.low is None or default >= key.low, setting.path
            assert key.high is None or default <= key.high, setting.path
            assert key.above is None or default > key.above, setting.path


def test_every_key_of_a_preset_exists():
    assert {path for values in PRESETS.values() for path in values} <= set(SETTINGS)


@pytest.mark.req("U08")
def test_the_committed_env_example_holds_exactly_the_variables_of_the_keys():
    committed = (ROOT / ".env.example").read_text()
    assert committed == env_example(SETTINGS.values()), "run `make env-example`"
    keys = {setting.variable for setting in SETTINGS.values()}
    aliases = {name for setting in SETTINGS.values() for name, _ in setting.key.env}
    assert variables_in(committed) == keys | aliases


def test_the_env_example_with_every_line_switched_on_is_the_default_configuration(tmp_path):
    lines = env_example(SETTINGS.values()).splitlines()
    (tmp_path / ".env").write_text(
        "\n".join(line.removeprefix("#") if not line.startswith("# ") else "" for line in lines)
    )
    assert load_config(environment={}, folder=tmp_path) == AppConfig()


def test_the_toml_example_with_every_line_switched_on_is_the_default_configuration(tmp_path):
    text = toml_example(SETTINGS.values(), {setting.path: setting.default for setting in SETTINGS.values()})
    (tmp_path / "tradewind.toml").write_text(text)
    assert load_config(environment={}, folder=tmp_path) == AppConfig()
    assert tomllib.loads(toml_example(SETTINGS.values(), {})).keys() <= {path.partition(".")[0] for path in SETTINGS}


def test_a_word_finds_a_key_by_any_of_its_names():
    assert [setting.path for setting in matching("FTMO_PASS", NAMES)] == ["ftmo.password"]
    assert [setting.path for setting in matching("risk.max_drawdown_percent", NAMES)] == ["risk.max_drawdown"]
    assert {setting.path for setting in matching("telegram", NAMES)} >= {"telegram.chat_id", "telegram.enabled"}
    with pytest.raises(Misconfigured, match=r"try .*risk\.leverage"):
        matching("risk.leverige", NAMES)


def test_every_path_leads_to_a_value():
    for path, setting in SETTINGS.items():
        assert value_at(AppConfig(), path) == setting.default
