"""Options that every verb that orders something of a run has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the journal.")]
ActorOption = Annotated[str, typer.Option("--by", help="Who; default: the user of this process.")]
WaitOption = Annotated[float, typer.Option("--wait", min=0, max=600, help="Seconds to wait for the run's answer.")]
StoreOption = Annotated[Path | None, typer.Option("--store", help="The run's database instead of the project's own.")]
WAIT_S = 5.0


class Ordering(NamedTuple):
    """What was typed beside the order itself."""

    config: Path | None
    store: Path | None
    reason: str
    by: str
    wait_s: float
