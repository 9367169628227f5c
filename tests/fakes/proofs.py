"""Signed verdicts of known outcome in a project's data folder, as a job that judged would leave them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from tests.gate_evidence import candidate
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.features.rule import Member
from tradewind.model.instruments import resolve
from tradewind.model.report import Stamp
from tradewind.research.verdict import SignedVerdict, VerdictStamp, sign, verdict_on
from tradewind.validation.gates_profiles import judgement_of

ISSUED = 1_750_000_000_000_000_000
STAMP = VerdictStamp(data_hash="d" * 16, config_hash="c" * 16, code_version="0.1.0", ledger_head="0:ab", simulated=True)


def verdict_of(
    member: Member,
    symbol: str,
    *,
    issued_at: int = ISSUED,
    opened: dict[str, Any] | None = None,
    simulated: bool = True,
) -> SignedVerdict:
    """A verdict on ``member``: PASS, or what the changes to its ``opened`` window make of it."""
    evidence = candidate(subject=member.id, opened=opened or {})
    judgement = judgement_of(evidence, stamp=Stamp(data_hash=STAMP.data_hash))
    stamp = msgspec.structs.replace(STAMP, simulated=simulated)
    return verdict_on(member, resolve(symbol), evidence.windows, judgement, stamp, issued_at)


def prove(folder: Path, members: Iterable[Member], *symbols: str, **how: Any) -> list[Path]:
    """Puts a verdict on every member and symbol into the data folder of the project at ``folder``."""
    files = VerdictFiles(folder / "data")
    key = files.make_key()
    made = [verdict_of(member, symbol, **how) for member in members for symbol in symbols]
    return [files.write(one.name, sign(one, key)) for one in made]
