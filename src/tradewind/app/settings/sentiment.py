"""Articles of the news: where they come from and what scores them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tradewind.app.settings.key import Key
from tradewind.app.settings.units import Unit


class SentimentSettings(msgspec.Struct, frozen=True):
    """Feeds of articles and the model that scores them."""

    feeds: Annotated[
        tuple[str, ...],
        Key("Addresses of RSS, Atom or JSON feeds of news; none: no articles are read.", source="M07",
            reader="news", decides=False),
    ] = ()  # fmt: skip
    refresh_hours: Annotated[
        float,
        Key("How often every feed is asked.", Unit.HOURS, low=0.1, high=3, source="M07", reader="news",
            decides=False),
    ] = 0.25  # fmt: skip
    model: Annotated[
        str,
        Key("Folder of an ONNX text model (model.onnx, vocab.txt, scorer.json); empty: the lexicon.", source="M07",
            reader="news", decides=False),
    ] = ""  # fmt: skip


class SentimentFilterSettings(msgspec.Struct, frozen=True):
    """When what was said in a day objects to a trade."""

    limit: Annotated[
        float,
        Key("Mean score of the day's articles against a trade from which it is kept out.", Unit.FRACTION, low=0.01,
            high=1, source="C10 M07", reader="filters"),
    ] = 0.2  # fmt: skip
    articles: Annotated[
        int,
        Key("Articles of the day below which their mean says nothing.", low=1, high=1000, source="C10 M07",
            reader="filters"),
    ] = 3  # fmt: skip
