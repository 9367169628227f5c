"""``tradewind learning``: which models may act, what they show, and what their trainings came to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.control_options import WAIT_S, ActorOption, Ordering, ReasonOption, WaitOption
from tradewind.cli.options import OptionalIntervalOption, PairArgument, StoreOption

app = group("Continuous learning: modes of models, their confidence, their trainings.")

LastOption = Annotated[int, typer.Option("--last", min=1, max=1000, help="How many of the newest rows.")]


@app.command()
@verb
def status(config: Path | None, store: StoreOption = None) -> Report:
    """TRADING or LEARNING of every seat, since when, its confidence with its parts, its newest training."""
    from tradewind.cli.answers.learning import status_answer

    return status_answer(config, store)


@app.command()
@verb
def history(config: Path | None, last: LastOption = 20, store: StoreOption = None) -> Report:
    """Transitions, changed rules with old and new values, and trainings with what triggered them; newest first."""
    from tradewind.cli.answers.learning import history_answer

    return history_answer(config, last, store)


@app.command()
@verb
def retrain(
    symbol: PairArgument,
    config: Path | None = None,
    interval: OptionalIntervalOption = None,
    now: Annotated[bool, typer.Option("--now", help="Without waiting for the cool-down.")] = False,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Asks the run at work, or the next one, to train who sits there (exit 3: nothing has run; 4: refused).

    Without --interval every seat of the pair. It waits for the cool-down and its turn, is on record as `manual`, and
    what comes of it must meet gate and target like any other.
    """
    from tradewind.cli.answers.learning import retrain_answer

    return retrain_answer(symbol, interval, Ordering(config, store, reason, by, wait), at_once=now)


@app.command()
@verb
def cancel(
    symbol: PairArgument,
    config: Path | None = None,
    interval: OptionalIntervalOption = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Takes a `learning retrain` back before its training begins (exit 4: none waits there, or it has begun)."""
    from tradewind.cli.answers.learning import cancel_answer

    return cancel_answer(symbol, interval, Ordering(config, store, reason, by, wait))
