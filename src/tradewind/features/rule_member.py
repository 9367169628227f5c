"""What the ensemble is made of: rules, the families that make them, and the members with their parameters.

A family is one file in ``strategies/``; a member is a family with parameters on one timeframe.
"""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import msgspec
import numpy as np

from tradewind.errors import Misconfigured
from tradewind.features.rule_exits import Exits
from tradewind.features.rule_expression import Condition
from tradewind.features.rule_space import FOLLOWING, Range
from tradewind.model.timeframe import Timeframe

Kind = Literal["trend", "breakout", "reversion", "momentum", "volatility", "channel", "session", "multi-timeframe"]


class Rule(msgspec.Struct, frozen=True):
    """When to go long, when to go short, how to leave.

    A bar on which both conditions are true is no vote, and a NaN operand in either condition silences both.
    """

    long: Condition
    short: Condition
    exits: Exits

    def __str__(self) -> str:
        return f"long when {self.long}; short when {self.short}"


class StrategyParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every family's ``Params``; ranges are ``msgspec.Meta`` on the fields."""

    exits: Exits = Exits()


ParamsT = TypeVar("ParamsT", bound=StrategyParams)


@dataclass(frozen=True, slots=True)
class Family(Generic[ParamsT]):
    """One way of trading, open in its parameters.

    ``name`` starts the ids of its members. ``pool`` holds the parameter sets that run when nothing else is configured;
    the n-th one is version n. ``longest`` is the longest timeframe the default pool runs it on. ``space`` is what a
    search may draw for every parameter but the exits, in the order of drawing; ``ways_out`` what it may draw for
    target and time stop (the stop is a matter of the instrument).
    """

    name: str
    kind: Kind
    Params: type[ParamsT]
    rule: Callable[[ParamsT], Rule]
    pool: tuple[ParamsT, ...]
    longest: Timeframe = Timeframe.D1
    space: Mapping[str, Range] = field(default_factory=dict)
    ways_out: Mapping[str, Range] = field(default_factory=lambda: FOLLOWING)

    def params_of(self, mapping: Mapping[str, Any]) -> ParamsT:
        """Parameters from configuration text; missing fields take their defaults.

        Raises:
            Misconfigured: unknown field, wrong type, or a value out of its range; the message names the field.
        """
        unknown = sorted(set(mapping) - set(self.Params.__struct_fields__))
        if unknown:
            near = difflib.get_close_matches(unknown[0], self.Params.__struct_fields__, n=1)
            raise Misconfigured(
                f"unknown parameter {unknown[0]!r}",
                where=f"strategy {self.name}",
                allowed=", ".join(self.Params.__struct_fields__),
                next_step=f"did you mean {near[0]!r}?" if near else "remove it",
            )
        try:
            return msgspec.convert(dict(mapping), self.Params)
        except msgspec.ValidationError as error:
            raise Misconfigured(
                str(error), where=f"strategy {self.name}", allowed=_ranges(self.Params), next_step="change the value"
            ) from error

    def check(self, params: ParamsT) -> ParamsT:
        """Equal parameters after the checks of ``params_of``; numpy numbers, as drawn by a generator, become plain."""
        mapping: dict[str, Any] = msgspec.to_builtins(params, enc_hook=_plain)
        return self.params_of(mapping)


class Member(msgspec.Struct, frozen=True):
    """A voter: a family's rule with parameters on one timeframe, and its weight in the ensemble."""

    id: str
    family: str
    timeframe: Timeframe
    params: StrategyParams
    weight: float
    rule: Rule


def member_of(
    family: Family[ParamsT], timeframe: Timeframe, params: ParamsT, version: int, weight: float = 1.0
) -> Member:
    """The member called ``{family}_{timeframe}_v{version}``, for example ``EMA_Crossover_1h_v1``.

    Raises:
        Misconfigured: parameters out of range, version below 1, or a weight that is not positive.
    """
    if version < 1 or not 0.0 < weight < float("inf"):
        raise Misconfigured(
            f"version {version}, weight {weight}", where=f"strategy {family.name}", allowed="version >= 1, weight > 0"
        )
    checked = family.check(params)
    name = f"{family.name}_{timeframe}_v{version}"
    return Member(name, family.name, timeframe, checked, weight, family.rule(checked))


def spec_hash(member: Member) -> str:
    """What ``member`` does, as 16 hexadecimal digits: the same on every machine, whatever it is called or weighs.

    ``sha256(JSON [family, timeframe, rule, parameters])[:16]``, parameters with their exits, names sorted, numbers in
    their shortest form. Zeros, ``false`` and nulls are left out, so that a new switch which is off changes no hash. The
    rule is part of it since a family whose file was changed is another strategy, and was looked at once more.
    """
    params = _without_zeros(msgspec.to_builtins(member.params))
    spec = [member.family, str(member.timeframe), str(member.rule), params]
    return hashlib.sha256(msgspec.json.encode(spec, order="deterministic")).hexdigest()[:16]


def _without_zeros(item: Any) -> Any:
    """``item`` with mappings, at any depth, less their entries that are 0, false or null."""
    if not isinstance(item, dict):
        return item
    return {name: _without_zeros(part) for name, part in item.items() if part or isinstance(part, str)}


def _plain(number: object) -> Any:
    if isinstance(number, np.generic):
        return number.item()
    raise Misconfigured(f"{number!r} as a parameter", allowed="numbers and text", next_step="change the value")


def _ranges(params: type[StrategyParams]) -> str:
    """``fast 2..200, slow 5..400`` of the fields that carry limits."""
    limits = limits_of(params).items()
    return ", ".join(f"{name} {low:g}..{high:g}" for name, (low, high) in limits if math.isfinite(high - low))


def limits_of(params: type[msgspec.Struct]) -> dict[str, tuple[float, float]]:
    """``{field: (least, most)}`` of every field but those that are structs; infinite where it carries no limits."""
    found = {}
    for one in msgspec.inspect.type_info(params).fields:  # type: ignore[attr-defined]  # a Struct's info has fields
        if not isinstance(one.type, msgspec.inspect.StructType):
            low, high = getattr(one.type, "ge", None), getattr(one.type, "le", None)
            found[one.name] = (-math.inf if low is None else low, math.inf if high is None else high)
    return found
