"""What members show on their own, short enough to be read: verdicts by symbol and the best few of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tradewind.app.signal_text import percent
from tradewind.cli.contract import table
from tradewind.model.report import Verdict
from tradewind.research.proof import MemberProof, best_first, edge_line

BEST = 5
SCREENED = (Verdict.PASS, Verdict.FAIL, Verdict.INSUFFICIENT)
"""What the screen can say of a member."""


def member_tables(proofs: Sequence[MemberProof]) -> list[Any]:
    """Verdicts by symbol, the best members by their lower bound, and in plain words whether an edge was found."""
    symbols = list(dict.fromkeys(proof.symbol for proof in proofs))
    counts = [(symbol, *_counts([one for one in proofs if one.symbol == symbol])) for symbol in symbols]
    best = [proof for symbol in symbols for proof in best_first([one for one in proofs if one.symbol == symbol])[:BEST]]
    verdicts = table("Strategies on their own (shadow trades, all costs)", ["symbol", "strategies", *SCREENED], counts)
    rows = table(
        f"The {BEST} best of each symbol, by the lower bound of their sealed expectancy",
        ["symbol", "strategy", "trades", "win rate", "break-even", "expectancy R", "lower bound R", "verdict"],
        [
            (
                proof.symbol,
                proof.member,
                proof.metrics.n,
                percent(proof.metrics.win_rate),
                percent(proof.metrics.breakeven),
                _number(proof.metrics.expectancy),
                _number(proof.lower_bound),
                str(proof.report.verdict),
            )
            for proof in best
        ],
        note=f"All {len(proofs)} strategies are in the report and in --json.",
    )
    return [verdicts, rows, edge_line(proofs)]


def _counts(proofs: Sequence[MemberProof]) -> tuple[int, ...]:
    found = Counter(proof.report.verdict for proof in proofs)
    return (len(proofs), *(found[verdict] for verdict in SCREENED))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:+.3f}"
