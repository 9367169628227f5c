"""The verdict on one strategy as a signed document: what was judged, on which data, by which code, and what came out.

The document is signed (``signing``). Nothing here reads or writes a file; bytes come in and go out.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tradewind.errors import Corrupt, Misconfigured, Rejected
from tradewind.features.rule import Member, spec_hash
from tradewind.model.instrument import AssetClass, CostModel, Instrument
from tradewind.model.report import Verdict
from tradewind.model.strategy import StrategyEvidence
from tradewind.model.timeframe import Timeframe
from tradewind.research.judged_costs import below_floor, dearer
from tradewind.research.signing import signed_bytes, signed_document
from tradewind.validation.gates_profiles import Judgement
from tradewind.validation.windows import Windows

SCHEMA: Final = 4
"""Raised whenever a gate, a limit or the document changes its meaning: older verdicts then have to be earned again."""
_KIND: Final = "verdict"
_AGAIN: Final = "validate the strategy again"


class VerdictStamp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the verdict can be reproduced from. ``ledger_head`` is the trial ledger's newest entry when it was made.

    ``seeds`` are those of the search and of the resampling, by name. ``simulated``: the bars were made, not received.
    ``bars`` (``judged_bars.bars_by_month``) tells later whether stored bars are still those that were judged; empty in
    verdicts of before it was kept.
    """

    data_hash: str
    config_hash: str
    code_version: str
    ledger_head: str
    seeds: dict[str, int] = {}
    simulated: bool = False
    bars: dict[str, str] = {}


class StrategySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The strategy that was judged; ``spec_hash`` covers family, timeframe and parameters."""

    id: str
    spec_hash: str
    family: str
    timeframe: Timeframe
    params: dict[str, Any]


class SignedVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One strategy judged on one symbol at its timeframe and at ``costs``; ``issued_at`` is UTC nanoseconds.

    ``evidence`` is what the strategy book holds of it, None while the sealed window is closed.
    """

    schema: int
    strategy: StrategySpec
    symbol: str
    instrument_class: AssetClass
    costs: CostModel
    windows: Windows
    judgement: Judgement
    stamp: VerdictStamp
    issued_at: int
    evidence: StrategyEvidence | None = None

    @property
    def approved(self) -> bool:
        """True for PASS of the deciding profile alone."""
        return self.judgement.approved

    @property
    def name(self) -> str:
        """``EMA_Crossover_1h_v1.0f3a9c5e7b2d4861.EUR-USD``: one for each strategy, its parameters and symbol."""
        return verdict_name(self.strategy.id, self.strategy.spec_hash, self.symbol)


def verdict_name(strategy: str, spec: str, symbol: str) -> str:
    """What the verdict on a strategy is called: its id, its spec hash, its symbol."""
    return f"{strategy}.{spec}.{symbol.replace('/', '-').replace(':', '_')}"


def verdict_on(
    member: Member,
    instrument: Instrument,
    windows: Windows,
    judgement: Judgement,
    stamp: VerdictStamp,
    issued_at: int,
    evidence: StrategyEvidence | None = None,
) -> SignedVerdict:
    """The document for a member judged on ``instrument``.

    Raises:
        Misconfigured: source and honest are not both in the judgement, or it is on another strategy.
    """
    missing = [name for name in ("source", "honest") if judgement.report(name) is None]
    if missing or judgement.subject != member.id:
        raise Misconfigured(
            f"a judgement on {judgement.subject or 'nobody'} without {', '.join(missing) or 'fault'}",
            where=f"verdict on {member.id}",
            allowed="a judgement on this strategy with the source and the honest report",
        )
    strategy = StrategySpec(
        id=member.id,
        spec_hash=spec_hash(member),
        family=member.family,
        timeframe=member.timeframe,
        params=msgspec.to_builtins(member.params),
    )
    return SignedVerdict(
        schema=SCHEMA,
        strategy=strategy,
        symbol=instrument.symbol,
        instrument_class=instrument.asset_class,
        costs=instrument.costs,
        windows=windows,
        judgement=judgement,
        stamp=stamp,
        issued_at=issued_at,
        evidence=evidence,
    )


def sign(verdict: SignedVerdict, key: bytes) -> bytes:
    """The bytes of a verdict file: an indented JSON document with the verdict, the key's id and the signature.

    Raises:
        Misconfigured: the key is too short to sign with.
    """
    return signed_bytes(_KIND, verdict, key)


def verify(data: bytes, key: bytes | None) -> SignedVerdict:
    """The verdict in ``data``, if these are exactly the bytes that were signed with ``key``.

    Raises:
        Unavailable: there is no key, so that nothing can be told about any verdict.
        Rejected: it was signed with another key, or by code whose gates mean something else.
        Corrupt: the bytes are no verdict, or not those that were signed.
    """
    document = signed_document(_KIND, data, key, _AGAIN)
    if document.get("schema") != SCHEMA:
        raise Rejected(
            f"made under schema {document.get('schema')}, the gates of this version are schema {SCHEMA}",
            where=_KIND,
            allowed=f"schema {SCHEMA}",
            next_step=_AGAIN,
        )
    try:
        return msgspec.convert(document, SignedVerdict)
    except msgspec.ValidationError as error:
        raise Corrupt(f"signed, but no verdict of schema {SCHEMA}: {error}", where=_KIND, next_step=_AGAIN) from error


def ledger_head_of(data: bytes, key: bytes | None) -> tuple[int, str]:
    """``(entry, hash)`` of the trial ledger that a verdict rests on, of any schema; ``(0, "")`` where it names none.

    Raises:
        Unavailable, Rejected, Corrupt: as for ``verify``, but for the schema.
    """
    stamp = signed_document(_KIND, data, key, _AGAIN).get("stamp")
    text = stamp.get("ledger_head") if isinstance(stamp, dict) else None
    entry, _, digest = str(text or "").partition(":")
    return (int(entry), digest) if entry.isdecimal() and digest else (0, "")


def refusal(
    verdict: SignedVerdict,
    symbol: str,
    timeframe: Timeframe,
    instrument: Instrument,
    *,
    member: Member | None = None,
    simulated: bool = False,
) -> str:
    """Why the strategy may not speak there, ``""`` where it may.

    It speaks with PASS alone, on the timeframe and the instrument class it was judged on, with the parameters it was
    judged with where ``member`` is given, and on received bars only if it was judged on received bars (``simulated``
    says that the market in question is made). A PASS of the source thresholds that the honest gates do not share never
    speaks, nor does one that was judged below the floor of costs, or where trading costs more than it was judged at.
    Other symbols of the class are allowed: the class shares costs and hours.
    """
    strategy = verdict.strategy
    if symbol != instrument.symbol:
        return f"{symbol} was asked for with the instrument {instrument.symbol}"
    if not verdict.approved:
        return (
            f"{strategy.id} was judged {verdict.judgement.verdict.value} on {verdict.symbol}, not {Verdict.PASS.value}"
        )
    if not verdict.judgement.proven:
        return (
            f"{strategy.id} meets the bare thresholds of profile {verdict.judgement.deciding} alone, which cannot "
            "tell it from luck; a verdict that speaks has PASS of the honest gates"
        )
    if timeframe is not strategy.timeframe:
        return f"{strategy.id} was validated on {strategy.timeframe}, not on {timeframe}"
    if instrument.asset_class is not verdict.instrument_class:
        return f"{strategy.id} was validated on {verdict.instrument_class}, {symbol} is {instrument.asset_class}"
    if costs := below_floor(verdict.costs, verdict.symbol, verdict.instrument_class):
        return f"{strategy.id} was judged on {verdict.symbol} at costs at which nothing is proven: {costs}"
    if costs := dearer(instrument.costs, verdict.costs):
        return (
            f"{strategy.id} was validated on {verdict.symbol} at lower costs than those of {symbol} in this run:"
            f" {costs}; validate it at these costs"
        )
    if verdict.stamp.simulated and not simulated:
        return f"{strategy.id} was validated on SIMULATED bars, {symbol} is a real market"
    if member is not None and spec_hash(member) != strategy.spec_hash:
        return f"{member.id} is {spec_hash(member)} now, validated was {strategy.spec_hash}: its parameters changed"
    return ""


def speaks_for(
    verdict: SignedVerdict,
    symbol: str,
    timeframe: Timeframe,
    instrument: Instrument,
    *,
    member: Member | None = None,
    simulated: bool = False,
) -> bool:
    """Whether the strategy may speak there; ``refusal`` says why not."""
    return not refusal(verdict, symbol, timeframe, instrument, member=member, simulated=simulated)
