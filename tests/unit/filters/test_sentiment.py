"""The sentiment veto: what the day said against a trade, and when that is no objection."""

from __future__ import annotations

import math

import pytest

from tests.fakes.said_desk import SaidDesk
from tradewind.app.config import config_hash
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.sentiment import SentimentFilterSettings
from tradewind.app.settings.trading import FilterSettings
from tradewind.filters.sentiment import SentimentFilter
from tradewind.model.decision import Consensus
from tradewind.model.feature_row import FeatureRow

ROW: FeatureRow = None  # type: ignore[assignment]  # the filter reads no feature


@pytest.mark.parametrize(
    ("side", "score", "number", "blocked"),
    [
        (1, -0.2, 3.0, True),
        (1, -0.19, 30.0, False),
        (1, -0.9, 2.0, False),
        (1, 0.9, 30.0, False),
        (-1, 0.2, 3.0, True),
        (-1, -0.9, 30.0, False),
        (1, math.nan, math.nan, False),
        (1, 0.0, 0.0, False),
    ],
)
def test_only_enough_articles_against_the_side_object(side, score, number, blocked):
    """Rule: edges inclusive; few articles, or nobody who read them, are no objection."""
    consensus = Consensus(side, 1.0, ("A",), 1, 1.0, None, None, None, None, "")
    reason = SentimentFilter().judge(consensus, ROW, (), SaidDesk(news=(score, number)))
    assert (reason is not None) == blocked
    if reason is not None:
        assert (reason.code, reason.value, reason.limit) == ("sentiment", -0.2, -0.2)


def test_a_veto_that_is_off_changes_no_hash_of_a_configuration():
    """Rule: runs that were begun before there was such a veto are still their own."""
    plain = AppConfig()
    other = FilterSettings(sentiment=SentimentFilterSettings(limit=0.5))
    on = FilterSettings(enabled=("sentiment",))
    on_other = FilterSettings(enabled=("sentiment",), sentiment=SentimentFilterSettings(limit=0.5))
    assert config_hash(plain) == config_hash(AppConfig(filters=other))
    assert config_hash(AppConfig(filters=on)) != config_hash(AppConfig(filters=on_other))
