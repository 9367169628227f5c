"""What a model reads at the close of a bar: the channels, each free of scale, and the hash that names them all.

A channel is one formula over four numbers that are known at that close,

    (a - b) / (c - d) * scale + offset,

or a sine or cosine of the clock out of a table. Nothing else: an element of such a formula is rounded the same way
alone and among a million, which no exponential or logarithm of an array promises (their tails go another way than
their middle). So a model is served the very bits it was trained on.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Final

import msgspec

from tradewind.errors import Misconfigured
from tradewind.features.graph import Seeding
from tradewind.features.indicator import Indicator
from tradewind.features.schema import SCHEMA_VERSION
from tradewind.model.timeframe import Timeframe

INPUTS_VERSION: Final = 1
"""Raise it when the formula or the tables change: models trained before then no longer fit."""

HIGHER: Final[dict[Timeframe, tuple[Timeframe, ...]]] = {
    Timeframe.M1: (Timeframe.M15, Timeframe.H1),
    Timeframe.M5: (Timeframe.H1, Timeframe.H4),
    Timeframe.M15: (Timeframe.H1, Timeframe.H4),
    Timeframe.M30: (Timeframe.H4, Timeframe.D1),
    Timeframe.H1: (Timeframe.H4, Timeframe.D1),
    Timeframe.H4: (Timeframe.D1,),
    Timeframe.D1: (),
}
"""The longer bars a model looks at beside its own; there is none above a day."""

CLOCKS: Final = {"hour": 24, "weekday": 7}
"""Indicator of the clock, and how many of its units make a turn."""

NEWS: Final = ("news:score", "news:articles")
"""What of the news can be read: mean score -1..1 of the articles of a day, and how many there were."""

ATR: Final = "atr(14)"


class Channel(msgspec.Struct, frozen=True):
    """One number of a row; ``name`` is its column in a file.

    ``over`` and ``under`` are ``(a, b)`` and ``(c, d)``: keys of the feature bank, ``4h:KEY`` for the last closed bar
    of a longer timeframe, ``news:score`` and ``news:articles``, or a number as text. 0 / 0 is 0 (a bar without range is
    in its own middle), anything else over 0 is unknown. With ``turn`` (``sine``, ``cosine``) it is that of ``a``, an
    indicator of the clock.
    """

    name: str
    over: tuple[str, str]
    under: tuple[str, str] = ("1", "0")
    scale: float = 1.0
    offset: float = 0.0
    turn: str = ""


class InputSchema(msgspec.Struct, frozen=True):
    """The row of a model on ``timeframe``: ``channels`` in order, from its own bars and those of ``higher``.

    ``hash`` names all of it. Models, data sets and what serves them carry it, and fit only where it is equal.

    Raises:
        Misconfigured: two channels of one name, a source that cannot be read, a longer timeframe that is not longer.
    """

    timeframe: Timeframe
    higher: tuple[Timeframe, ...]
    channels: tuple[Channel, ...]
    seeding: Seeding = "sma"

    def __post_init__(self) -> None:
        names = self.names
        if not names or len(set(names)) != len(names):
            raise Misconfigured(f"channels {', '.join(names) or 'none'}", where="InputSchema", allowed="one of a name")
        if any(one.rank <= self.timeframe.rank for one in self.higher) or len(set(self.higher)) != len(self.higher):
            raise Misconfigured(
                f"{', '.join(self.higher)} above {self.timeframe}", where="InputSchema", allowed="longer timeframes"
            )
        for channel in self.channels:
            if channel.turn and (channel.turn not in ("sine", "cosine") or channel.over[0] not in CLOCKS):
                raise Misconfigured(f"the {channel.turn} of {channel.over[0]}", where=channel.name)
        for source in self.sources:
            self._require(source)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels, in the order of a row."""
        return tuple(channel.name for channel in self.channels)

    @property
    def width(self) -> int:
        """Numbers in a row, ``k``."""
        return len(self.channels)

    @property
    def sources(self) -> tuple[str, ...]:
        """Everything the channels read, each once: the order of a source row ``(m,)``."""
        return tuple(dict.fromkeys(key for one in self.channels for key in (*one.over, *one.under)))

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """What the feature bank of the timeframe itself must hold."""
        return tuple(Indicator.parse(key) for key in self.sources if ":" not in key and constant(key) is None)

    def indicators_of(self, higher: Timeframe) -> tuple[Indicator, ...]:
        """What the feature bank of a longer timeframe must hold."""
        head = f"{higher}:"
        return tuple(Indicator.parse(key.removeprefix(head)) for key in self.sources if key.startswith(head))

    @property
    def reads_news(self) -> bool:
        """Whether a channel reads what articles said."""
        return any(key in NEWS for key in self.sources)

    @property
    def hash(self) -> str:
        """sha256 over the versions and everything above, 64 hex digits."""
        head = f"tradewind inputs {INPUTS_VERSION} features {SCHEMA_VERSION}\n".encode()
        return hashlib.sha256(head + self.encoded()).hexdigest()

    def encoded(self) -> bytes:
        """The schema as JSON; ``decoded`` reads it back."""
        return msgspec.json.encode(self)

    @classmethod
    def decoded(cls, text: bytes | str) -> InputSchema:
        """A schema from its JSON.

        Raises:
            Misconfigured: it is none.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise Misconfigured(f"no schema of inputs ({error})", where="InputSchema") from error

    def _require(self, key: str) -> None:
        if constant(key) is not None or key in NEWS:
            return
        head, _, rest = key.rpartition(":")
        if head and head not in self.higher:
            heads = ", ".join(f"{one}:" for one in self.higher) or "nothing"
            allowed = f"keys of indicators, alone or behind {heads}; {', '.join(NEWS)}; numbers"
            raise Misconfigured(f"source {key!r}", where="InputSchema", allowed=allowed)
        if Indicator.parse(rest).key != rest:  # two texts of one indicator would be two hashes of one schema
            raise Misconfigured(f"source {key!r}", where="InputSchema", allowed=Indicator.parse(rest).key)


def constant(key: str) -> float | None:
    """The number that ``key`` is, None where it is the name of something."""
    try:
        number = float(key)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def default_schema(timeframe: Timeframe, *, news: bool = False) -> InputSchema:
    """The inputs of every model that asks for no others: 32 channels where two longer timeframes stand above.

    22 of price and volume, 4 of the clock (none of the hour on daily bars), 3 of each longer timeframe, 2 of the news.
    """
    higher = HIGHER[timeframe]
    channels = [*_prices(), *_clock("weekday")]
    if timeframe is not Timeframe.D1:
        channels += _clock("hour")
    for longer in higher:
        channels += _longer(longer)
    if news:
        channels += [
            Channel("news_score", ("news:score", "0")),
            Channel("news_articles", ("news:articles", "0"), ("news:articles", "-8")),
        ]
    return InputSchema(timeframe, higher, tuple(channels))


def _prices() -> Iterable[Channel]:
    """Price, range and volume of the timeframe's own bars; distances are counted in average true ranges."""
    for n in (1, 2, 4, 8, 24):
        yield Channel(f"return_{n}", ("close", f"lag(close,{n})"), (ATR, "0"), scale=1.0 / math.sqrt(n))
    for n in (10, 50, 200):
        yield Channel(f"above_ema_{n}", ("close", f"ema({n})"), (ATR, "0"))
    yield Channel("macd_histogram", ("macd(12,26,9).histogram", "0"), (ATR, "0"))
    yield Channel("rsi", ("rsi(14)", "50"), ("50", "0"))
    yield Channel("stochastic", ("stoch(14,3,3).k", "50"), ("50", "0"))
    yield Channel("adx", ("adx(14)", "25"), ("25", "0"))
    yield Channel("direction", ("plus_di(14)", "minus_di(14)"), ("25", "0"))
    yield _within("donchian_20", "donchian(20)")
    yield _within("donchian_55", "donchian(55)")
    yield _within("bollinger", "bbands(20,2)")
    yield Channel("range_ratio", ("atr(7)", "atr(28)"), ("atr(28)", "0"))
    yield Channel("range_rank", ("pct_rank(natr(14),250)", "50"), ("50", "0"))
    yield Channel("body", ("close", "open"), (ATR, "0"))
    yield Channel("close_in_bar", ("close", "median"), ("high", "low"), scale=2.0)
    yield Channel("efficiency", ("er(10)", "0.5"), ("0.5", "0"))
    yield Channel("volume", ("zscore(volume,50)", "0"))


def _longer(timeframe: Timeframe) -> Iterable[Channel]:
    """Where the last closed bar of a longer timeframe stands: in its trend, its swing and its channel."""
    close = f"{timeframe}:close"
    yield Channel(f"{timeframe}_above_ema_20", (close, f"{timeframe}:ema(20)"), (f"{timeframe}:{ATR}", "0"))
    yield Channel(f"{timeframe}_rsi", (f"{timeframe}:rsi(14)", "50"), ("50", "0"))
    yield _within(f"{timeframe}_donchian_20", f"{timeframe}:donchian(20)", close)


def _within(name: str, band: str, price: str = "close") -> Channel:
    """-1 at the lower edge of a band, +1 at the upper one, 0 in the middle and where it has no width."""
    return Channel(name, (price, f"{band}.middle"), (f"{band}.upper", f"{band}.lower"), scale=2.0)


def _clock(unit: str) -> Iterable[Channel]:
    """Place on the circle of the clock, so that the last hour of a day is near the first."""
    yield Channel(f"{unit}_sine", (unit, "0"), turn="sine")
    yield Channel(f"{unit}_cosine", (unit, "0"), turn="cosine")
