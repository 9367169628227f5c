"""Signed verdicts of known outcome in a project's data folder, as a job that judged would leave them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from tests.gate_evidence import candidate
from tradewind import strategies
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.proofs import shelf_of
from tradewind.app.validation.restoring import restored
from tradewind.features.rule import Member
from tradewind.model.instruments import resolve
from tradewind.model.report import Stamp
from tradewind.model.strategy import StrategyStatus
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


def prove(folder: Path, members: Iterable[Member], *symbols: str, booked: bool = True, **how: Any) -> list[Path]:
    """Puts a verdict on every member and symbol into the data folder of the project at ``folder``.

    The strategy book there knows of it, switched on; with ``booked`` False it is not told.
    """
    files = VerdictFiles(folder / "data")
    key = files.make_key()
    made = [verdict_of(member, symbol, **how) for member in members for symbol in symbols]
    paths = [files.write(one.name, sign(one, key)) for one in made]
    if booked:
        enter(folder)
    return paths


def enter(folder: Path) -> None:
    """Tells the strategy book of the project at ``folder`` of the verdicts that it does not know, switched on."""
    files = VerdictFiles(folder / "data")
    with StrategyBook.open(folder / "data" / "tradewind.db", ISSUED) as book:
        for row in restored(book, shelf_of(folder / "data"), files, strategies.families(), ISSUED).rows:
            if row.status is StrategyStatus.DISABLED:
                book.enable(row.id, ISSUED, actor="test", reason="as a job would have left it")
