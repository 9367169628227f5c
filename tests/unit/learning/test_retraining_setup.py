"""What is typed to train a model that a run asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fakes.served_models import made_model
from tradewind.app.config import load_config
from tradewind.app.learning.retraining_setup import size_words, training_words
from tradewind.app.settings.root import AppConfig
from tradewind.cli.answers.train import sized
from tradewind.cli.options import moment
from tradewind.errors import Misconfigured
from tradewind.model.mode import RetrainAsked
from tradewind.model.timeframe import HOUR, Timeframe

ASKED = RetrainAsked(1_612_800_000 * 10**9 + HOUR, "BTC/USDT", Timeframe.H1, "drift", 0.8, 0.7)


def config(news: bool = False, **learning: object) -> AppConfig:
    predictors = [{"name": "hourly", "news": news}]
    return load_config(environment={}, overrides={"predictors": predictors, "continuous_learning": learning})


@pytest.mark.req("J11", "I15")
def test_of_a_recorded_market_a_training_knows_the_bars_up_to_its_question_alone():
    """Rule: later bars are stored already; a model may not learn of what it has to forecast, and nothing is fetched."""
    (train,) = training_words(config(), ASKED, "logistic", file=None, recorded=True)
    assert moment(train[train.index("--until") + 1]) == ASKED.ts
    fetch, live = training_words(config(), ASKED, "logistic", file=Path("x.toml"))
    assert fetch[:2] == ["data", "fetch"]
    assert "--until" not in live
    assert live[-2:] == fetch[-2:] == ["--config", "x.toml"]
    (alone,) = training_words(config(retraining={"fetch": False}), ASKED, "logistic", file=None)
    assert alone[:5] == ["train", "--symbol", "BTC/USDT", "--interval", "1h"]


def test_a_seat_that_fell_is_trained_on_what_lies_after_its_fall():
    """Rule: the trainer is told when; it decides by how many samples there are whether that is enough."""
    (train,) = training_words(
        config(), replace(ASKED, since=ASKED.ts - 50 * HOUR), "logistic", file=None, recorded=True
    )
    assert moment(train[train.index("--since") + 1]) == ASKED.ts - 50 * HOUR
    (train,) = training_words(config(), ASKED, "logistic", file=None, recorded=True)
    assert "--since" not in train


@pytest.mark.req("I15", "I04")
def test_a_net_is_trained_again_at_the_sizes_of_the_one_that_sits_there():
    """Rule: window, named size, options and rate as on its card; what has no sizes is given none."""
    _, made = made_model("BTC/USDT", Timeframe.H1, "v1", length=30)
    order = {"size": "3x128", "options": {"hidden": 64, "dropout": 0.1}, "plan": {"rate": 0.002}}
    net = replace(made, kind="lstm", artifact="model.onnx", card={"order": order})
    assert size_words(net) == [
        "--length", "30", "--size", "3x128", "--rate", "0.002", "--option", "hidden=64", "--option", "dropout=0.1",
    ]  # fmt: skip
    assert size_words(made) == []
    (train,) = training_words(config(), ASKED, "lstm", file=None, recorded=True, sizes=size_words(net))
    assert train[train.index("--type") : train.index("--no-seal")] == ["--type", "lstm", *size_words(net)]
    assert sized(["hidden=64", "dropout=0.1"], layers=2) == {"layers": 2, "hidden": 64, "dropout": 0.1}
    with pytest.raises(Misconfigured, match="--option"):
        sized(["hidden"])


@pytest.mark.req("M07", "I09")
@pytest.mark.parametrize("news", [False, True])
def test_a_seat_that_reads_the_news_is_trained_with_them(news: bool):
    """Rule: a model of other inputs could not take the seat."""
    (train,) = training_words(config(news), ASKED, "logistic", file=None, recorded=True)
    assert ("--with-sentiment" in train) is news
