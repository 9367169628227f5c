"""``tradewind ab``: the paired difference of two versions."""

from __future__ import annotations

from pathlib import Path

from rich.console import RenderableType

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.models.duel import duel_of
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.registry import named_version
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.judged_models import score_table
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table
from tradewind.cli.options import split_symbols
from tradewind.errors import Misconfigured
from tradewind.model.stamp import SIMULATED
from tradewind.model.timeframe import Timeframe
from tradewind.research.served_forecasts import Compared, Difference


def compared(config: Path | None, names: tuple[str, str], symbols: tuple[str, ...], interval: str | None) -> Report:
    """Both on every symbol asked for; exit 0 where the second is better on each of them."""
    settings = load_config(config)
    workspace = Workspace(settings)
    promotions = Promotions(workspace)
    asked = workspace.symbols(split_symbols(list(symbols))) if symbols else ()
    timeframe = Timeframe.parse(interval) if interval else None
    one, two = (named_version(promotions, name, asked[0] if asked else "", timeframe) for name in names)
    if one == two:
        raise Misconfigured(f"{one} twice", where="ab", allowed="two versions")
    first, second = (promotions.version(name).manifest for name in (one, two))
    shared = asked or tuple(name for name in first.symbols if name in second.symbols)
    if not shared:
        raise Misconfigured(
            f"{one} speaks for {', '.join(first.symbols)}, {two} for {', '.join(second.symbols)}", where="ab",
            allowed="versions of one symbol",
        )  # fmt: skip
    found: dict[str, Compared] = {}
    with progress("Comparing", total=len(shared)) as advance:
        for symbol in shared:
            found[symbol] = duel_of(
                workspace, promotions, (one, two), symbol, timeframe or first.timeframe, WallClock().now()
            )
            advance()
    better = all(one.duel.verdict == "better" for one in found.values())
    simulated = first.provenance.simulated or second.provenance.simulated
    text: list[RenderableType | str] = []
    for symbol, each in found.items():
        made = f" {SIMULATED}" if simulated else ""
        text += [f"{symbol}{made} {first.timeframe}: {two} less {one}", score_table(each.duel), _differences(each)]
    text.append(f"{two} is better." if better else f"{two} is not shown to be better; that is a normal result.")
    document = {
        "first": one, "second": two, "interval": first.timeframe, "better": better, "simulated": simulated,
        "symbols": {name: each._asdict() for name, each in found.items()},
    }  # fmt: skip
    return Report(document, text, DONE if better else NEGATIVE)


def _differences(found: Compared) -> RenderableType:
    duel = found.duel
    rows = [
        ("accuracy", *_limits(Difference(duel.n, duel.mean, duel.low, duel.high))),
        ("Brier score (less is better)", *_limits(found.brier)),
        ("net result, R an event", *_limits(found.net_r)),
    ]
    return table("Paired differences", ["of", "events", "second less first", "95%"], rows)


def _limits(one: Difference) -> tuple[int, str, str]:
    mean = "undefined" if one.mean is None else f"{one.mean:+.4f}"
    return one.n, mean, "undefined" if one.low is None else f"{one.low:+.4f} to {one.high:+.4f}"
