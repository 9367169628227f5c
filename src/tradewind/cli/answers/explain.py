"""``tradewind explain``: one signal, the chain behind it, and what became of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tradewind.app.ask.desk import Desk, Journaled
from tradewind.app.ask.fate import Fate, Listed, find_signal, newest_signals
from tradewind.app.ask.why import Answer, recorded_chain
from tradewind.app.signal_text import percent, price_text, signal_lines, utc
from tradewind.cli.answers.why import chain_parts
from tradewind.cli.contract import Report, progress, table
from tradewind.cli.overrides import configured
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.decision import Signal
from tradewind.model.instrument import Instrument
from tradewind.model.outcome import Trade
from tradewind.model.stamp import SIMULATED, UNPROVEN, head_of


def answer(config: Path | None, signal_id: str | None, last: int, store: Path | None) -> Report:
    """One signal with its chain and its fate; without an id the newest ones."""
    desk = Desk(lambda chosen, asked: configured(config, chosen, asked), database=store)
    with desk.journaled() as journaled:
        if journaled is None:
            raise Unavailable(
                "no run has made a signal yet", where=str(desk.database), next_step="tradewind run --feed replay"
            )
        if signal_id is None:
            return _list(newest_signals(journaled.store.database, last))
        signal, fate = find_signal(journaled.store.database, signal_id)
        found, note = _chain(desk, journaled, signal)
    run = journaled.run.started
    document = {"fate": fate, "chain": found, "note": note, "run": run}
    instrument = desk.instrument(signal.symbol)
    human: list[Any] = [*signal_lines(signal, instrument), _fate_table(fate, instrument, signal.stamp)]
    human.append(f"Made by version {run.code_version}, configuration {run.config_hash}, journal entry {fate.entry} "
                 f"({fate.hash[:16]})")  # fmt: skip
    return Report(document, human=[*human, *(chain_parts(desk, found, told=True) if found is not None else [note])])


def _chain(desk: Desk, journaled: Journaled, signal: Signal) -> tuple[Answer | None, str]:
    """The chain out of the run's journal, or why it cannot be rebuilt."""
    try:
        with progress(f"Rebuild {signal.symbol}", None) as advance:
            return recorded_chain(desk, journaled, signal, advance), ""
    except Misconfigured as fault:
        return None, f"The chain cannot be rebuilt with the present configuration: {fault}"


def _list(listed: tuple[Listed, ...]) -> Report:
    rows = [
        (
            one.id,
            f"{one.timestamp[:16]} UTC",
            f"{one.direction} {one.symbol} {one.timeframe}",
            one.tier,
            percent(one.confidence),
            percent(one.win_probability),
            one.status,
            None if one.r is None else f"{one.r:+.2f}",
        )
        for one in listed
    ]
    stamps = {word for one in listed for word in one.stamp.split()}
    head = head_of(simulated=SIMULATED in stamps, unproven=UNPROVEN in stamps)
    columns = ["id", "time", "signal", "tier", "confidence", "win chance", "status", "R"]
    note = "Next: tradewind explain ID" if rows else "none yet"
    return Report(listed, human=table(f"{head}The newest signals", columns, rows, note=note))


def _fate_table(fate: Fate, instrument: Instrument, stamp: str) -> Any:
    """Every step after the signal, and the costs of its trade item by item."""
    rows: list[tuple[object, ...]] = []
    for fill in fate.fills:
        price = price_text(instrument, instrument.to_price(fill.price_ticks))
        lots = instrument.to_lots(fill.steps)
        word = "buy" if fill.side > 0 else "sell"
        rows.append((utc(fill.ts), f"{fill.leg} filled", f"{word} {lots:g} lots at {price}"))
    rows += [(utc(one.ts), one.kind, one.amount) for one in fate.charges]
    rows += [(utc(one.ts), "refused", f"{one.code}: {one.detail}") for one in fate.refusals]
    for trade in fate.trades:
        rows.append((utc(trade.ts_exit), f"closed by {trade.exit_leg}", _costs(trade)))
        excursion = f"at most {trade.mae_r:.2f} R against it and {trade.mfe_r:.2f} R for it on the way"
        rows.append((utc(trade.ts_exit), "result", f"{trade.r:+.3f} R; {excursion}"
                     + ("; AMBIGUOUS: stop and target in one bar" if trade.ambiguous else "")))  # fmt: skip
    rows = sorted(rows, key=lambda row: str(row[0]))
    title = f"{stamp + ' ' if stamp else ''}What became of it: {fate.status}"
    return table(title, ["time", "what", "how"], rows or [("-", "nothing yet", "no order was sent or filled")])


def _costs(trade: Trade) -> str:
    """``gross -6.0032, spread -0.2011, ... = net -6.6314``: the items add up to the net."""
    items = {
        "gross": Decimal(trade.gross),
        "spread": -Decimal(trade.spread_cost),
        "slippage": -Decimal(trade.slippage_cost),
        "commission": -Decimal(trade.commission),
        "swap": Decimal(trade.swap),
    }
    parts = ", ".join(f"{name} {amount + 0:.4f}" for name, amount in items.items())
    return f"{parts}: net {Decimal(trade.net):.4f}"
