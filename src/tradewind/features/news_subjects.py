"""What an article speaks of, and which of its words speak of it.

``Dollar falls as euro gains`` is bad for one and good for the other, so a text is cut into clauses, and the first
subject of a clause is what the clause is about; a subject behind ``against`` or ``versus`` is its other side. A sum of
money (``EUR 13.1 mn``, ``50 million dollars``) is no subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tradewind.model.instrument import AssetClass, Instrument

COINS: Final = "coins"
"""Subject of articles about the whole market of coins."""

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "BTC": ("bitcoin", "bitcoins", "btc", "xbt"),
    "ETH": ("ethereum", "ether", "eth"),
    "SOL": ("solana",),
    "XRP": ("xrp", "ripple"),
    "DOGE": ("dogecoin", "doge"),
    "ADA": ("cardano",),
    "LTC": ("litecoin",),
    "BNB": ("bnb",),
    "LINK": ("chainlink",),
    "DOT": ("polkadot",),
    "AVAX": ("avax",),
    COINS: (
        *("crypto", "cryptos", "cryptocurrency", "cryptocurrencies", "altcoin", "altcoins", "defi", "blockchain"),
        *("digital asset", "digital assets", "digital currency", "digital currencies", "virtual currencies"),
    ),
    "EUR": ("euro", "eurozone", "euro zone", "euro area", "ecb", "european central bank", "eur"),
    "GBP": ("sterling", "pound", "gbp", "boe", "bank of england"),
    "JPY": ("yen", "jpy", "boj", "bank of japan"),
    "CHF": ("franc", "chf", "snb", "swiss national bank"),
    "AUD": ("australian dollar", "aussie", "aud", "rba", "reserve bank of australia"),
    "CAD": ("canadian dollar", "loonie", "cad", "bank of canada"),
    "NZD": ("new zealand dollar", "kiwi", "nzd", "rbnz"),
    "HKD": ("hong kong dollar", "hkd"),
    "SGD": ("singapore dollar", "sgd"),
    "USD": ("dollar", "greenback", "usd", "dxy", "fed", "fomc", "federal reserve"),
    "XAU": ("gold", "bullion", "xau"),
}
_SUBJECT_OF: Final = {name: subject for subject, names in _NAMES.items() for name in names}
_LONGEST_FIRST: Final = sorted(_SUBJECT_OF, key=lambda name: (-len(name), name))
_CODES: Final = "|".join(sorted(code for code in _NAMES if code != COINS))
_PAIR: Final = re.compile(rf"\b(?P<base>{_CODES})[/-]?(?P<quote>{_CODES}|USDT|USDC)\b")
_SUM: Final = re.compile(
    r"(?:\b(?:EUR|USD|GBP|CHF|JPY|AUD|CAD|NZD)|[$€£¥])\s?\d[\d.,]*(?:\s?(?:mn|m|bn|k|million|billion|trillion)\b)?"
    r"|\b\d[\d.,]*\s?(?:(?:mn|m|bn|k|million|billion|trillion)\s)?(?:euros?|dollars?|pounds?|francs?|yen|EUR|USD)\b",
    re.IGNORECASE,
)
_MENTION: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, _LONGEST_FIRST))})\b", re.IGNORECASE)
_CLAUSE: Final = re.compile(
    r"[;:,.!?\u2013\u2014](?=\s|$)|\b(?:as|while|but|after|amid|despite|although|though|whereas|because)\b",
    re.IGNORECASE,
)
_OTHER_SIDE: Final = re.compile(r"\b(?:against|versus|vs)\b", re.IGNORECASE)
_TITLE_WEIGHT: Final = 2.0


class Aspect(NamedTuple):
    """Words of an article that speak of ``subject``; ``sign`` is -1 where it is the other side of what they say."""

    subject: str
    sign: int
    text: str
    weight: float


def aspects(title: str, summary: str = "") -> tuple[Aspect, ...]:
    """Who is spoken of, and in which words. An article about one subject alone speaks of it with all its words.

    The title weighs as much as two summaries. A coin by name takes the article from the market of all coins.
    """
    named = {mention.subject for text in (title, summary) for mention in _mentions(text)}
    if len(named) > 1 and any(one in _COINS_BY_NAME for one in named):
        named.discard(COINS)
    if len(named) == 1:
        (only,) = named
        parts = ((title, _TITLE_WEIGHT), (summary, 1.0))
        return tuple(Aspect(only, 1, text, weight) for text, weight in parts if text)
    found: list[Aspect] = []
    for text, weight in ((title, _TITLE_WEIGHT), (summary, 1.0)):
        for clause in _CLAUSE.split(text):
            mentions = [one for one in _mentions(clause) if one.subject in named]
            other = _OTHER_SIDE.search(clause)
            behind = len(clause) if other is None else other.start()
            about = [one for one in mentions if one.at < behind][:1]
            found += [Aspect(one.subject, 1, clause.strip(), weight) for one in about]
            if about:
                found += [Aspect(one.subject, -1, clause.strip(), weight) for one in mentions if one.at > behind][:1]
    said = {one.subject for one in found}
    silent = sorted(named - said)  # named only beside somebody else: the article is about it and says nothing of it
    return (*found, *(Aspect(one, 1, "", 1.0) for one in silent))


def summed(found: Sequence[Aspect], scores: Sequence[float]) -> tuple[tuple[str, float], ...]:
    """``(subject, score)`` by subject: the mean of what its aspects say, by weight, of six decimals."""
    totals: dict[str, tuple[float, float]] = {}
    for aspect, score in zip(found, scores, strict=True):
        total, weight = totals.get(aspect.subject, (0.0, 0.0))
        totals[aspect.subject] = total + aspect.weight * aspect.sign * score, weight + aspect.weight
    return tuple((subject, round(total / weight, 6)) for subject, (total, weight) in sorted(totals.items()))


def score_of(instrument: Instrument, subjects: Sequence[tuple[str, float]]) -> float | None:
    """How good an article is for the price of ``instrument``, -1 to 1; None where it does not speak of it.

    A coin is moved by what is said of it, else by what is said of coins; a pair of currencies and gold by the base less
    the quote, cut at 1.
    """
    said = dict(subjects)
    base = said.get(instrument.base)
    if instrument.asset_class is AssetClass.CRYPTO:
        return base if base is not None else said.get(COINS)
    quote = said.get(instrument.quote)
    if base is None and quote is None:
        return None
    return max(-1.0, min(1.0, (base or 0.0) - (quote or 0.0)))


class _Mention(NamedTuple):
    subject: str
    at: int


def _mentions(text: str) -> Iterator[_Mention]:
    """Subjects in the order of the text; of a pair (``EUR/USD``) the base, which is what its price is of."""
    plain = _SUM.sub(lambda found: " " * len(found.group()), text)
    pairs = list(_PAIR.finditer(plain))
    for pair in pairs:
        plain = plain[: pair.start()] + " " * len(pair.group()) + plain[pair.end() :]
    found = [_Mention(pair["base"], pair.start()) for pair in pairs]
    found += [_Mention(_SUBJECT_OF[one.group().lower()], one.start()) for one in _MENTION.finditer(plain)]
    yield from sorted(found, key=lambda one: one.at)


_COINS_BY_NAME: Final = frozenset({"BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LTC", "BNB", "LINK", "DOT", "AVAX"})
