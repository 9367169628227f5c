"""From the words of an article to what it says of each thing it speaks of."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from tradewind.features.news_inputs import NewsScores, Span
from tradewind.features.news_subjects import aspects, score_of, summed
from tradewind.model.article import Article
from tradewind.model.instrument import Instrument
from tradewind.ports.text_scorer import TextScorer


def scored(articles: Sequence[tuple[Article, str]], scorer: TextScorer) -> list[Article]:
    """Articles, each with its summary, as articles that say how well they speak of what."""
    found = [aspects(article.title, summary) for article, summary in articles]
    told = scorer.scores([one.text for each in found for one in each]).tolist()
    made, first = [], 0
    for (article, _), parts in zip(articles, found, strict=True):
        subjects = summed(parts, told[first : first + len(parts)])
        made.append(msgspec.structs.replace(article, subjects=subjects, scorer=scorer.name))
        first += len(parts)
    return made


def scores_of(instrument: Instrument, articles: Sequence[Article], spans: Sequence[Span]) -> NewsScores:
    """What models and backtests read of ``instrument``: its articles, and the ``spans`` in which they were read."""
    pairs = [
        (article.known_at, score)
        for article in articles
        if (score := score_of(instrument, article.subjects)) is not None
    ]
    known = np.array([at for at, _ in pairs], dtype=np.int64)
    return NewsScores(known, np.array([score for _, score in pairs], dtype=np.float64), spans)
