"""The identity of an indicator: kind, parameters, output and source, and the key people write for it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

from tradewind.errors import Misconfigured
from tradewind.features.definition import Definition, Parameter
from tradewind.features.definitions import definition_of

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<name>[a-z_]\w*)|(?P<mark>[(),.]))"
)
MOST_NESTING: Final = 8


class Indicator(msgspec.Struct, frozen=True):
    """One column of a feature bank: ``Indicator("macd", (12, 26, 9), "signal")``.

    Made canonical when created: missing trailing parameters take their defaults, whole numbers become int, and the
    usual source (close) is left out. Equal indicators have equal keys and the other way round.

    Raises:
        Misconfigured: unknown kind, output or source, or a parameter that is missing or out of its range.

    >>> Indicator("macd", (12, 26, 9), "signal").key
    'macd(12,26,9).signal'
    >>> Indicator.parse("pct_rank(atr(14),500)").source.key
    'atr(14)'
    """

    kind: str
    params: tuple[float, ...] = ()
    output: str = ""
    source: Indicator | None = None

    def __post_init__(self) -> None:
        definition = definition_of(self.kind)
        msgspec.structs.force_setattr(self, "params", _checked(definition, self.params))
        names = [output.name for output in definition.outputs]
        if self.output not in names:
            raise Misconfigured(
                f"no output {self.output!r}" if self.output else "no output named",
                where=_text(self.kind, self.params, self.source),
                allowed=", ".join(f".{name}" for name in names)
                if names != [""]
                else "no output name, there is one value",
            )
        _check_source(definition, self.source)
        if self.source is not None and self.source.key == definition.source:
            msgspec.structs.force_setattr(self, "source", None)

    @property
    def key(self) -> str:
        """Readable, unique text such as ``ema(20)``; ``parse`` reads it back."""
        text = _text(self.kind, self.params, self.source)
        return f"{text}.{self.output}" if self.output else text

    def __str__(self) -> str:
        return self.key

    @classmethod
    def parse(cls, text: str) -> Indicator:
        """An indicator from its key; spaces and omitted trailing defaults are fine (``rsi``, ``macd.signal``).

        Raises:
            Misconfigured: the text is no key; the message names the place and what may stand there.
        """
        tokens = _tokens(text)
        indicator, rest = _read(text, tokens, 0, 0)
        if rest != len(tokens):
            raise _unreadable(text, f"{tokens[rest][1]!r} after the end")
        return indicator


def _checked(definition: Definition, given: tuple[float, ...]) -> tuple[float, ...]:
    if len(given) > len(definition.params):
        raise Misconfigured(
            f"{len(given)} parameters",
            where=definition.kind,
            allowed=f"at most {len(definition.params)}: {_ranges(definition)}",
        )
    filled = [*given, *(parameter.default for parameter in definition.params[len(given) :])]
    return tuple(_in_range(definition, p, value) for p, value in zip(definition.params, filled, strict=True))


def _in_range(definition: Definition, parameter: Parameter, value: float | None) -> float:
    fits = isinstance(value, int | float) and parameter.least <= value <= parameter.most
    if value is None or not fits or (parameter.whole and value != int(value)):
        raise Misconfigured(
            f"{parameter.name} is missing" if value is None else f"{parameter.name} = {value}",
            where=definition.kind,
            allowed=_ranges(definition),
        )
    return int(value) if value == int(value) else float(value)


def _ranges(definition: Definition) -> str:
    parts = [f"{p.name} {p.least:g}..{p.most:g}{' (whole)' if p.whole else ''}" for p in definition.params]
    return ", ".join(parts) or "no parameter"


def _check_source(definition: Definition, source: Indicator | None) -> None:
    if source is not None and definition.source is None:
        raise Misconfigured(
            f"source {source.key}", where=definition.kind, allowed="no source, this indicator reads the bar itself"
        )
    if source is None and definition.source == "":
        raise Misconfigured(
            "no source",
            where=definition.kind,
            allowed=f"another indicator first, such as {definition.kind}(atr(14),...)",
        )


@lru_cache(maxsize=4096)  # a search asks each of a few hundred for its key many times
def _text(kind: str, params: tuple[float, ...], source: Indicator | None) -> str:
    parts = [source.key] if source is not None else []
    parts += [repr(value) for value in params]
    return f"{kind}({','.join(parts)})" if parts else kind


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unreadable(text, f"{text[place]!r} at position {place}")
        tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        place = match.end()
    return tokens


def _read(text: str, tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[Indicator, int]:
    """The indicator that starts at token ``at``, and the token after it."""
    if depth > MOST_NESTING:
        raise _unreadable(text, f"more than {MOST_NESTING} indicators inside each other")
    group, kind = tokens[at] if at < len(tokens) else ("end", "the end")
    if group != "name":
        raise _unreadable(text, f"{kind!r} where an indicator's name should be")
    at += 1
    source: Indicator | None = None
    params: list[float] = []
    if tokens[at : at + 1] == [("mark", "(")]:
        at += 1
        while tokens[at : at + 1] != [("mark", ")")]:
            if at >= len(tokens):
                raise _unreadable(text, "no closing parenthesis")
            if tokens[at][0] == "number":
                params.append(float(tokens[at][1]))
                at += 1
            elif source is None and not params:
                source, at = _read(text, tokens, at, depth + 1)
            else:
                raise _unreadable(text, f"{tokens[at][1]!r} where a number should be")
            if tokens[at : at + 1] == [("mark", ",")]:
                at += 1
            elif tokens[at : at + 1] != [("mark", ")")]:
                raise _unreadable(text, "no comma or closing parenthesis")
        at += 1
    output = ""
    if tokens[at : at + 1] == [("mark", ".")]:
        if tokens[at + 1 : at + 2] == [] or tokens[at + 1][0] != "name":
            raise _unreadable(text, "no output name after the point")
        output = tokens[at + 1][1]
        at += 2
    return Indicator(kind, tuple(params), output, source), at


def _unreadable(text: str, why: str) -> Misconfigured:
    return Misconfigured(
        why,
        where=f"indicator {text[:80]!r}",
        allowed="keys such as ema(20), macd(12,26,9).signal, pct_rank(atr(14),500)",
    )
