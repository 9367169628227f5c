"""Who is heard on a symbol: the proven strategies, everybody, or nobody; the others vote in the shadow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from tradewind.errors import Misconfigured
from tradewind.features.rule import Family, Member, member_of, spec_hash
from tradewind.model.proven import ProvenStrategy


class Policy(StrEnum):
    """PROVEN: those that a verdict speaks for. SHADOW: nobody. UNPROVEN: everybody, and everything is stamped so."""

    PROVEN = "proven"
    SHADOW = "shadow"
    UNPROVEN = "unproven"


class Pool(NamedTuple):
    """The proven strategies of a run, each for one symbol, best first, and who of all is heard."""

    policy: Policy
    proven: tuple[ProvenStrategy, ...] = ()


class Seats(NamedTuple):
    """The members of a symbol, the ids of those that nobody hears, and of those that wait for a seat."""

    members: tuple[Member, ...]
    unheard: tuple[str, ...]
    reserve: tuple[str, ...] = ()


def seats_of(
    pool: Pool, symbol: str, configured: Sequence[Member], families: Mapping[str, Family[Any]], seats: int = 0
) -> Seats:
    """The members of ``symbol``: its proven strategies and the ``configured`` ones, the proven first.

    A configured member that does what a proven one does is that one, under the name it was judged by and with the
    configured weight. Another that has only its name is told apart by its hash. With ``seats`` only so many of the
    proven are heard, and the others are the reserve.

    Raises:
        Misconfigured: a proven strategy cannot be built any more as it was judged.
    """
    own = [one for one in pool.proven if one.symbol == symbol]
    specs = {one.spec_hash for one in own}
    hashes = [spec_hash(member) for member in configured]
    weights = {spec: member.weight for spec, member in zip(hashes, configured, strict=True)}
    proven = [member_behind(one, families, weights.get(one.spec_hash, 1.0)) for one in own]
    names = {member.id for member in proven}
    others = [
        msgspec.structs.replace(member, id=f"{member.id}.{spec[:8]}") if member.id in names else member
        for member, spec in zip(configured, hashes, strict=True)
        if spec not in specs
    ]
    members = (*proven, *others)
    silent = {Policy.PROVEN: others, Policy.SHADOW: members, Policy.UNPROVEN: ()}[pool.policy]
    waiting = proven[seats:] if seats and pool.policy is Policy.PROVEN else []
    return Seats(members, tuple(member.id for member in silent), tuple(member.id for member in waiting))


def member_behind(proven: ProvenStrategy, families: Mapping[str, Family[Any]], weight: float = 1.0) -> Member:
    """The member that was judged.

    Raises:
        Misconfigured: its family is gone, or its file was changed since, so that it would do something else.
    """
    where, advice = f"strategy {proven.id}", "bring back the family's file as it was, or validate the strategy again"
    family = families.get(proven.family)
    if family is None:
        raise Misconfigured(
            f"its family {proven.family} is gone", where=where, allowed=", ".join(families), next_step=advice
        )
    member = member_of(family, proven.timeframe, family.params_of(proven.params), 1, weight)
    if spec_hash(member) != proven.spec_hash:
        raise Misconfigured(
            f"its family {proven.family} is not what was judged: {spec_hash(member)} instead of {proven.spec_hash}",
            where=where,
            next_step=advice,
        )
    return msgspec.structs.replace(member, id=proven.id)
