"""How orders are handled where a venue that keeps its own truth is behind the broker."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tradewind.app.settings.key import Key
from tradewind.app.settings.units import Unit


class OrderSettings(msgspec.Struct, frozen=True):
    """Where orders go, who approves them, and how long anything may take."""

    venue: Annotated[
        Literal["engine", "paper", "hostile"],
        Key("Who fills orders with execution = paper: the engine itself, a paper account that keeps its own truth, or "
            "one that does everything wrong, for rehearsals.", source="H14 X14 X15", reader="orders"),
    ] = "engine"  # fmt: skip
    approval: Annotated[
        Literal["none", "required"],
        Key(
            "required: an entry waits for a person (`orders approve`, a button in Telegram), as with execution = "
            "approve.",
            source="H07",
            reader="orders",
        ),
    ] = "none"
    approval_ttl: Annotated[
        float,
        Key("How long an entry waits for approval before it expires, at most as long as its signal is good for.",
            Unit.SECONDS, above=0, high=604_800, source="H07", reader="orders"),
    ] = 300.0  # fmt: skip
    positions: Annotated[
        Literal["netting", "hedging"],
        Key("One side per symbol, or every signal kept apart.", source="X12", reader="orders"),
    ] = "netting"
    protect_within: Annotated[
        float,
        Key("How long what is held may be without a proven stop of its size before it is left at market.",
            Unit.SECONDS, above=0, high=60, source="G09", reader="orders"),
    ] = 2.0  # fmt: skip
    entry_ttl: Annotated[
        float,
        Key("How long an entry may wait to be sent, or rest partly filled; 0: no limit.", Unit.SECONDS, 0, 86_400,
            source="X13", reader="orders"),
    ] = 60.0  # fmt: skip
    reconcile_every: Annotated[
        float,
        Key("Time between two comparisons with the venue's orders and positions; a day with the paper venue.",
            Unit.SECONDS, 10, 86_400, source="X15", reader="orders"),
    ] = 300.0  # fmt: skip
    look_back: Annotated[
        float,
        Key("How far back executions are asked for.", Unit.SECONDS, 60, 604_800, source="X15", reader="orders"),
    ] = 86_400.0
    dead_man: Annotated[
        float,
        Key("Silence after which the venue cancels resting entries, where it can; 0: never.", Unit.SECONDS, 0, 3600,
            source="X24", reader="orders"),
    ] = 0.0  # fmt: skip
    requests_per_second: Annotated[
        int,
        Key("Requests that may leave in any second; 0: as many as there are.", low=0, high=1000, source="X14",
            reader="orders", decides=False),
    ] = 0  # fmt: skip
