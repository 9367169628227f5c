"""``tradewind replay``: what a recorded run was, and whether it comes out the same when it is repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb

app = single()

JournalArgument = Annotated[
    Path | None, typer.Argument(metavar="[JOURNAL]", help="Store file of the run. Default: the project's own store.")
]
VerifyOption = Annotated[bool, typer.Option("--verify", help="Repeat the run; compare every decision byte for byte.")]
PageOption = Annotated[Path | None, typer.Option("--report", help="Write the run as an HTML report; repeats it too.")]
LastOption = Annotated[int, typer.Option("--last", min=0, help="How many of the newest signals and trades to print.")]


@app.command()
@verb
def replay(
    config: Path | None,
    journal: JournalArgument = None,
    verify: VerifyOption = False,
    page: PageOption = None,
    last: LastOption = 10,
) -> Report:
    """Repeats a recorded run from its journal. Reads only: a run that goes on beside it is not disturbed."""
    from tradewind.cli.answers.replay import answer

    return answer(config, journal, verify, page, last)
