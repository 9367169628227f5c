"""A project folder after at most three questions, nothing overwritten."""

from __future__ import annotations

import tomllib

import pytest

from tests.cli_runner import run_cli
from tradewind.app.config import load_config
from tradewind.cli.init import QUESTIONS

FOLDERS = ("data/raw", "data/features", "data/processed", "models/checkpoints", "models/promoted", "logs", "reports")


@pytest.mark.req("A18")
def test_the_folders_of_the_contract_are_created(tmp_path):
    ran = run_cli("init", str(tmp_path / "desk"), "--yes")
    assert ran.exit_code == 0
    assert all((tmp_path / "desk" / name).is_dir() for name in FOLDERS)
    assert "tradewind data import" in ran.stdout


def test_the_written_configuration_is_valid_and_commented(tmp_path):
    run_cli("init", str(tmp_path), "--yes")
    text = (tmp_path / "tradewind.toml").read_text()
    assert tomllib.loads(text)["preset"] == ["fx"]
    assert load_config(environment={}, folder=tmp_path).symbols == ("EUR/USD", "GBP/USD", "XAU/USD")
    assert "# min_agreement = 0.8" in text
    assert (tmp_path / ".env.example").exists()


def test_nothing_is_overwritten_without_force(tmp_path):
    (tmp_path / "tradewind.toml").write_text("# mine\n")
    refused = run_cli("init", str(tmp_path), "--yes")
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert (tmp_path / "tradewind.toml").read_text() == "# mine\n"
    assert not (tmp_path / "data").exists()
    assert run_cli("init", str(tmp_path), "--yes", "--force").exit_code == 0
    assert (tmp_path / "tradewind.toml").read_text() != "# mine\n"


def test_it_asks_at_most_three_questions_and_none_without_a_terminal(tmp_path):
    assert len(QUESTIONS) <= 3
    assert run_cli("init", str(tmp_path), "--json").document["created"]
