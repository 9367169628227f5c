"""Who an article speaks of, and on which side."""

from __future__ import annotations

import pytest

from tradewind.features.news_subjects import COINS, aspects, score_of, summed
from tradewind.model.instruments import INSTRUMENTS

BTC, EUR = INSTRUMENTS["BTC/USDT"], INSTRUMENTS["EUR/USD"]
UP, DOWN = ("gains", "rises", "rallies", "strengthens", "rally"), ("falls", "slips", "dips", "weakens")


def said(title: str, summary: str = "") -> dict[str, float]:
    """Subjects of a title, by a scorer that knows nine verbs."""
    found = aspects(title, summary)
    scores = [sum(w in UP for w in a.text.lower().split()) - sum(w in DOWN for w in a.text.lower().split())
              for a in found]  # fmt: skip
    return dict(summed(found, [float(max(-1, min(1, one))) for one in scores]))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Dollar falls as euro gains on ECB hike hopes", {"USD": -1.0, "EUR": 1.0}),
        ("Euro falls against the dollar", {"EUR": -1.0, "USD": 1.0}),
        ("Gold slips as dollar strengthens", {"XAU": -1.0, "USD": 1.0}),
        ("EUR/USD rises to 1.12", {"EUR": 1.0}),
        ("EURUSD tests 1.17 as DXY dips to 98", {"EUR": 0.0, "USD": -1.0}),
        ("Bitcoin and crypto rally", {"BTC": 1.0}),
        ("Crypto market falls", {COINS: -1.0}),
        ("Hong Kong dollar weakens", {"HKD": -1.0}),
        ("Australian dollar rises", {"AUD": 1.0}),
        ("Profit rises to EUR 13.1 mn, cost 50 million dollars and $3.2bn", {}),
        ("Court fines miner USD 16,000", {}),
        ("Goldman and Solid Feddersen rise", {}),
    ],
)
def test_a_clause_is_about_its_first_subject(title, expected):
    assert said(title) == expected


def test_a_pair_moves_with_its_base_and_against_its_quote():
    assert score_of(EUR, (("EUR", 0.5), ("USD", -0.25))) == 0.75
    assert score_of(EUR, (("EUR", 1.0), ("USD", -1.0))) == 1.0
    assert score_of(EUR, (("USD", 0.5),)) == -0.5
    assert score_of(EUR, (("BTC", 0.5),)) is None
    assert score_of(BTC, ((COINS, 0.5), ("USD", -1.0))) == 0.5
    assert score_of(BTC, (("BTC", -0.5), (COINS, 0.5))) == -0.5


def test_the_title_weighs_as_much_as_two_summaries():
    assert said("Bitcoin rises", "It later falls") == {"BTC": round(1 / 3, 6)}
