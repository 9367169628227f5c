"""Rows of the strategy book: members and judgements as columns, columns as ``StoredStrategy``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tradewind.errors import Misconfigured
from tradewind.features.rule import Exits, Member
from tradewind.model.strategy import Judgement, StoredStrategy, StrategyStatus
from tradewind.validation.significance import wilson

COLUMNS: Final = StoredStrategy.__struct_fields__
SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM strategies"  # noqa: S608  constant names

INSERT: Final = (
    "INSERT INTO strategies (id, timestamp, updated, family, timeframe, version, spec_hash, symbol, asset_class,"
    " status, params, weight, stop_loss, take_profit, reason)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'candidate', ?, ?, ?, ?, '')"
)
# A person's switch stays: what is disabled stays disabled, and enabling it leads to what it was judged last.
JUDGE: Final = (
    "UPDATE strategies SET status = CASE status WHEN 'disabled' THEN 'disabled' ELSE ? END,"
    " status_before = CASE status WHEN 'disabled' THEN ? ELSE NULL END,"
    " trades = ?, wins = ?, win_rate = ?, win_rate_low = ?, breakeven = ?, profit_factor = ?, sharpe_ratio = ?,"
    " expectancy_r = ?, max_drawdown = ?, retention = ?, confidence = ?, evidence_until = ?, verdict = ?,"
    " verdict_path = ?, verdict_hash = ?, reason = ?, simulated = ?, updated = ? WHERE spec_hash = ? AND symbol = ?"
)


def stored_of(row: Sequence[Any]) -> StoredStrategy:
    """The strategy of a row of ``SELECT``."""
    found = dict(zip(COLUMNS, row, strict=True))
    made = found["simulated"]
    return msgspec.convert(found | {"simulated": None if made is None else bool(made)}, StoredStrategy)


def candidate_row(
    member: Member, spec: str, version: int, stamp: str, symbol: str, asset_class: str
) -> tuple[object, ...]:
    """The values of ``INSERT``; the id is the family, the timeframe and the ``version`` that is free in this book."""
    params = msgspec.json.encode(member.params, order="deterministic").decode()
    exits = member.rule.exits
    name = f"{member.family}_{member.timeframe}_v{version}"
    what = (member.family, str(member.timeframe), version, spec, symbol, asset_class)
    return name, stamp, stamp, *what, params, member.weight, stop_words(exits), target_words(exits)


def judgement_row(one: Judgement, stamp: str) -> tuple[object, ...]:
    """The values of ``JUDGE``; win rate and Wilson bound follow from the counts and from nothing else.

    Raises:
        Misconfigured: it refuses without a reason, validates without proof, or has more wins than trades.
    """
    unexplained = one.status is StrategyStatus.REJECTED and not one.reason
    unproven = one.status is StrategyStatus.VALIDATED and not (
        one.verdict == "PASS" and one.verdict_hash and one.symbol and one.evidence and one.evidence.trades
    )
    if one.status is StrategyStatus.DISABLED or unexplained or unproven:
        raise Misconfigured(
            f"{one.status} with verdict {one.verdict or 'none'} and reason {one.reason!r}",
            where=f"judgement of {one.spec_hash}",
            allowed="candidate, shadow; rejected with its reason; validated with verdict PASS, its hash and its trades",
            next_step="only a person disables, and nothing but a passed verdict validates",
        )
    found = one.evidence
    if found is None:
        measured: tuple[object, ...] = (None,) * 12
    else:
        if not 0 <= found.wins <= found.trades:
            raise Misconfigured(f"{found.wins} wins of {found.trades} trades", where=f"judgement of {one.spec_hash}")
        interval = wilson(found.wins, found.trades)
        rate = found.wins / found.trades if found.trades else None
        measured = (
            *(found.trades, found.wins, rate, interval[0] if interval else None),
            *(found.breakeven, found.profit_factor, found.sharpe_ratio, found.expectancy_r),
            *(found.max_drawdown, found.retention, found.confidence, found.until),
        )
    verdict = (one.verdict, one.verdict_path, one.verdict_hash, one.reason, int(one.simulated))
    return str(one.status), str(one.status), *measured, *verdict, stamp, one.spec_hash, one.symbol


def stop_words(exits: Exits) -> str:
    """The stop in words: ``0.2% of price``, ``1.5 x ATR(14)``, or the wider of both with its floor."""
    share, span = f"{100 * exits.stop_pct:.4g}% of price", f"{exits.stop_atr:.4g} x ATR({exits.atr_period})"
    words = {"pct": share, "atr": span}.get(
        exits.stop_mode, f"wider of {share} and {span}, at least {exits.min_stop_costs:.4g} round trips"
    )
    return words + (f", following at {exits.trail_r:.4g} x stop" if exits.trail_r else "")


def target_words(exits: Exits) -> str:
    """The target in words: ``1.5 x stop``, and what else ends the trade."""
    ends = [f"at most {exits.time_stop_bars} bars"] if exits.time_stop_bars else []
    ends += ["out on the opposite vote"] if exits.exit_on_opposite else []
    return ", ".join([f"{exits.target_r:.4g} x stop", *ends])
