"""What a job says passed, held against the signed verdicts: nothing is called approved on the word of the job alone."""

from __future__ import annotations

from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.research.result import SymbolResult
from tradewind.errors import Corrupt, TradewindError, Unavailable
from tradewind.research.verdict import verdict_name, verify


def confirmed(result: SymbolResult, files: VerdictFiles) -> SymbolResult:
    """``result`` itself, if each strategy that it calls approved has a signed verdict that says so.

    Raises:
        Unavailable: such a verdict or the key is missing, or it was judged otherwise since.
        Rejected: it was signed with another key.
        Corrupt: it was changed after it was signed.
    """
    symbol, approved = result.search.symbol, () if result.proof is None else result.proof.approved
    if not approved:
        return result
    key = files.key()
    for one in approved:
        name = verdict_name(one.id, one.spec_hash, symbol)
        path = str(files.folder / f"{name}.json")
        data = files.read(name)
        try:
            verdict = verify(data, key)
        except TradewindError as fault:
            raise type(fault)(fault.found, where=path, allowed=fault.allowed, next_step=fault.next_step) from fault
        if verdict.name != name:
            raise Corrupt(f"the verdict on {verdict.name} under another name", where=path, next_step="restore it")
        if not verdict.approved:
            raise Unavailable(
                f"the job calls {one.id} approved, its signed verdict says {verdict.judgement.verdict.value}",
                where=path,
                next_step="the verdict holds; tradewind report without --job shows what is proven",
            )
    return result
