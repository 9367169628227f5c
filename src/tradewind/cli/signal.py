"""``tradewind signal``: the signal for one pair now, or why there is none."""

from __future__ import annotations

from pathlib import Path

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import OptionalIntervalOption, PairArgument, PresetOption, StoreOption

app = single()


@app.command()
@verb
def signal(
    config: Path | None,
    pair: PairArgument,
    interval: OptionalIntervalOption = None,
    preset: PresetOption = None,
    store: StoreOption = None,
) -> Report:
    """The signal for one pair now, or NO TRADE with every reason; a signal too old to act on says EXPIRED."""
    from tradewind.cli.answers.signal import answer

    return answer(config, pair, interval, preset, store)
