"""Options that several verbs share, so that one word means one thing everywhere.

The short forms are those traders type in other tools: ``-p`` pair, ``-i`` interval, ``-s`` strategy, ``-c``
configuration.
Use them as annotations: ``def backtest(symbol: SymbolOption, timerange: TimeRangeOption = None) -> Report``.
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import typer

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import SECOND, Timeframe

MOST_WORKERS = 1024
"""Processes on one machine; more are a slip of the finger."""


class TimeRange(NamedTuple):
    """``[start, end)`` in UTC nanoseconds; None leaves that side open.

    >>> TimeRange.parse("20240101-20240601").start == 1704067200 * SECOND
    True
    """

    start: int | None = None
    end: int | None = None

    @classmethod
    def parse(cls, text: str) -> TimeRange:
        """Reads ``20240101-20240601``, ``20240101-``, ``-20240601``, epoch seconds, or ISO times joined by ``..``.

        A day means its first instant in UTC, so the end day itself is outside.

        Raises:
            Misconfigured: a side is no time, both are missing, or the end is not after the start.
        """
        first, separator, last = text.partition(".." if ".." in text else "-")
        if not separator or not (first or last):
            raise _bad_range(text, "it has no start and no end")
        start, end = _instant(first, text), _instant(last, text)
        if start is not None and end is not None and end <= start:
            raise _bad_range(text, "it ends before it starts")
        return cls(start, end)


def _instant(word: str, text: str) -> int | None:
    word = word.strip()
    if not word:
        return None
    if word.isascii() and word.isdigit() and len(word) in (10, 13):
        return int(word) * (SECOND if len(word) == 10 else SECOND // 1000)
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise _bad_range(text, f"{word!r} is not a time") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return int((moment - _EPOCH).total_seconds()) * SECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _bad_range(text: str, why: str) -> Misconfigured:
    return Misconfigured(
        f"time range {text!r} cannot be used: {why}",
        where="--timerange",
        allowed="20240101-20240601, 20240101-, -20240601 or 2024-01-01T12:00..2024-06-01",
        next_step="write the range in one of these forms",
    )


class Period(NamedTuple):
    """A stretch of time counted back from the newest bar: ``5y``, ``18mo``, ``26w``, ``90d``.

    >>> Period.parse("5y").before(TimeRange.parse("20240301-").start) == TimeRange.parse("20190301-").start
    True
    """

    text: str
    months: int
    days: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Reads a number followed by y, mo, w or d.

        Raises:
            Misconfigured: it is written otherwise, or is no time at all.
        """
        found = re.fullmatch(r"(\d{1,4})(y|mo|w|d)", text.strip().lower())
        if found is None or not int(found[1]):
            raise Misconfigured(f"period {text!r} cannot be read", where="--period", allowed="5y, 18mo, 26w or 90d")
        number = int(found[1])
        months, days = {"y": (12, 0), "mo": (1, 0), "w": (0, 7), "d": (0, 1)}[found[2]]
        return cls(text, months * number, days * number)

    def before(self, ts: int) -> int:
        """Start of the period that ends at ``ts``, UTC nanoseconds: the same day of the month where it exists."""
        end = datetime.fromtimestamp(ts // SECOND, UTC)
        year, month = divmod(end.year * 12 + end.month - 1 - self.months, 12)
        day = min(end.day, monthrange(max(year, 1), month + 1)[1])
        start = end.replace(year=max(year, 1), month=month + 1, day=day) - timedelta(days=self.days)
        return int((start - _EPOCH).total_seconds()) * SECOND


MOST_DAYS = 20_000.0


def days_of(text: str) -> float:
    """A number of days, 0 to 20,000 (54 years).

    >>> days_of("7.5")
    7.5

    Raises:
        Misconfigured: it is no such number.
    """
    try:
        days = float(text)
    except ValueError:
        days = math.nan
    if not 0.0 <= days <= MOST_DAYS:
        raise Misconfigured(f"{text!r} days", where="--days", allowed=f"0 to {MOST_DAYS:,.0f}")
    return days


def address_of(text: str) -> str:
    """An address of HTTP with a host and, where one is given, a port there can be; empty is none.

    Raises:
        Misconfigured: it is no such address.
    """
    try:
        address = urlsplit(text)
        sound = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
        sound = sound and not re.search(r"[\s\x00-\x1f]", text)
    except ValueError:  # a port that is no number or too large, brackets that do not close
        sound = False
    if text and not sound:
        raise Misconfigured(
            f"{text!r} is no address", where="--gateway", allowed="http://HOST:PORT with a port from 1 to 65535"
        )
    return text


def moment(text: str, where: str = "--at") -> int:
    """UTC nanoseconds of a time that was typed after ``where``; without a zone it is UTC.

    Raises:
        Misconfigured: it is none.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise Misconfigured(f"{text!r} is no time", where=where, allowed="2022-06-10T12:00Z") from error
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return round(when.timestamp()) * SECOND


PairArgument = Annotated[str, typer.Argument(help="Pair such as EUR/USD; EURUSD and BTC-USD are understood too.")]
SymbolOption = Annotated[str, typer.Option("--symbol", "--pair", "-p", help="Pair such as EUR/USD.")]
SymbolsOption = Annotated[
    list[str] | None,
    typer.Option("--symbol", "--symbols", "--pair", "-p", help="Pair; repeat for several, or separate by commas."),
]
IntervalOption = Annotated[
    Timeframe,
    typer.Option(
        "--interval", "--timeframe", "-i", parser=Timeframe.parse, metavar="INTERVAL", help="Bar length: 1m to 1d."
    ),
]
OptionalIntervalOption = Annotated[
    Timeframe | None,
    typer.Option(
        "--interval", "--timeframe", "-i", parser=Timeframe.parse, metavar="INTERVAL", help="Bar length: 1m to 1d."
    ),
]
StrategyOption = Annotated[
    list[str] | None,
    typer.Option("--strategy", "-s", help="Strategy or member id; repeat for several. Default: configuration."),
]
TimeRangeOption = Annotated[
    TimeRange | None,
    typer.Option(
        "--timerange", parser=TimeRange.parse, metavar="RANGE", help="20240101-20240601; the end is exclusive."
    ),
]
PeriodOption = Annotated[
    Period | None,
    typer.Option("--period", parser=Period.parse, metavar="PERIOD", help="The last 5y, 18mo, 26w or 90d stored."),
]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, help="Seed of everything random; the same seed repeats the run.")
]
PresetOption = Annotated[
    str | None, typer.Option("--preset", help="Bundle of settings: fx, crypto, crpbot, strict or source.")
]
RiskPresetOption = Annotated[
    str | None,
    typer.Option("--risk-preset", help="Risk limits above all settings: tight, first-live, ftmo-2step, ftmo-1step."),
]
SizingOption = Annotated[
    str | None, typer.Option("--sizing", help="fixed, or dynamic: less where volatility is high or confidence low.")
]
StoreOption = Annotated[Path | None, typer.Option("--store", help="The run's database instead of the project's own.")]
DetailOption = Annotated[
    str, typer.Option("--detail", help="Stored interval that shows the path inside a bar: auto, none, 1m, 5m, ...")
]
GatewayOption = Annotated[
    str,
    typer.Option(
        "--gateway",
        parser=address_of,
        metavar="TEXT",
        help="Address of `data serve` or a proxy that stands for the venues, http://HOST:PORT.",
    ),
]
ProviderOption = Annotated[
    str, typer.Option("--provider", help="Provider, or several in order of priority: oanda,yahoo. See data providers.")
]


def named(option: str, value: str | None) -> str | None:
    """``value`` as typed; None where the option was not.

    Raises:
        Misconfigured: it was given and names nothing, which must not mean the same as not given.
    """
    if value is not None and not value.strip():
        raise Misconfigured(f"{value!r} names nothing", where=option, allowed="a name, or leave the option out")
    return value


def split_symbols(words: list[str] | None) -> tuple[str, ...]:
    """``["EUR/USD,GBP/USD", "XAU/USD"]`` as three names, in the order typed, without repeats.

    Raises:
        Misconfigured: the option was given and names nothing, which must not mean every configured pair.
    """
    split = (name.strip() for word in words or () for name in word.split(","))
    names = tuple(dict.fromkeys(name for name in split if name))
    if words and not names:
        raise Misconfigured(f"{','.join(words)!r} names no pair", where="--symbol", allowed="pairs such as EUR/USD")
    return names
