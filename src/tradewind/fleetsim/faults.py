"""What can go wrong: the menu, and schedules drawn from it by seed. A schedule is a list, so that it can be shrunk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import DAY, HOUR


class FaultKind(StrEnum):
    """One way in which the world misbehaves; ``ROWS`` names the row of the fault menu it belongs to."""

    SILENT = "silent"
    REPLAYED = "replayed"
    FROZEN = "frozen"
    GAP = "gap"
    DISCONNECT = "disconnect"
    HISTORY_DOWN = "history_down"
    HISTORY_ROW_LOST = "history_row_lost"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    LATE_CORRECTION = "late_correction"
    UNCLOSED_ROW = "unclosed_row"
    CLOSED_EARLY = "closed_early"
    NOT_A_NUMBER = "not_a_number"
    ZERO_PRICE = "zero_price"
    WRONG_SCALE = "wrong_scale"
    MALFORMED = "malformed"
    CLOCK_STEP = "clock_step"
    CLOCK_SKEW = "clock_skew"
    CRASH_BEFORE_COMMIT = "crash_before_commit"
    CRASH_AFTER_COMMIT = "crash_after_commit"
    CRASH_WHEN_SAID = "crash_when_said"
    CRASH_AFTER_TOLD = "crash_after_told"
    CRASH_WHILE_STARTING = "crash_while_starting"
    POWER_CUT = "power_cut"
    TERMINATED = "terminated"
    SECOND_INSTANCE = "second_instance"
    KILL_SWITCH = "kill_switch"
    CHAT_DOWN = "chat_down"
    CHAT_LIMITED = "chat_limited"
    CHAT_ANSWER_LOST = "chat_answer_lost"
    CRASH_WHEN_SENT = "crash_when_sent"
    DISK_FULL = "disk_full"
    ACK_LOST = "ack_lost"
    REJECTED_UNHEARD = "rejected_unheard"
    ORDER_SHOWN_LATE = "order_shown_late"
    FILL_TOLD_AGAIN = "fill_told_again"
    FILL_NOT_TOLD = "fill_not_told"
    FILLED_IN_PARTS = "filled_in_parts"
    CANCEL_RACE = "cancel_race"
    STOP_REFUSED = "stop_refused"
    AMEND_REFUSED = "amend_refused"
    CANCEL_REFUSED = "cancel_refused"
    ENTRY_REFUSED = "entry_refused"
    FILLS_TOO_OLD = "fills_too_old"
    OTHER_BOT = "other_bot"
    VENUE_DOWN = "venue_down"
    VENUE_PAGE = "venue_page"
    VENUE_CUT = "venue_cut"
    VENUE_LIMITED = "venue_limited"
    HAND_TRADE = "hand_trade"
    LIQUIDATION = "liquidation"
    CRASH_WHILE_HOLDING = "crash_while_holding"
    CRASH_ON_A_LOSING_DAY = "crash_on_a_losing_day"
    GONE_FOR_HOURS = "gone_for_hours"
    CLOCK_CHANGE = "clock_change"
    MIDNIGHT_LOSS = "midnight_loss"
    STORE_LOCKED = "store_locked"
    OLDER_COPY = "older_copy"
    MODEL_SPOILT = "model_spoilt"
    TRAINING_FAILS = "training_fails"
    CONFIDENCE_SWINGS = "confidence_swings"
    TASK_DIES = "task_dies"
    STALL = "stall"
    FLOOD = "flood"
    NEWS_WRONG = "news_wrong"
    BURST = "burst"
    STRANGERS = "strangers"
    CONFIG_SLIP = "config_slip"
    SHUFFLED = "shuffled"


ROWS: Final[dict[FaultKind, str]] = {
    FaultKind.SILENT: "FLT-01",
    FaultKind.REPLAYED: "FLT-02",
    FaultKind.FROZEN: "FLT-02",
    FaultKind.GAP: "FLT-03",
    FaultKind.DISCONNECT: "FLT-03",
    FaultKind.HISTORY_DOWN: "FLT-18",
    FaultKind.HISTORY_ROW_LOST: "FLT-06",
    FaultKind.DUPLICATE: "FLT-04",
    FaultKind.REORDER: "FLT-04",
    FaultKind.LATE_CORRECTION: "FLT-04",
    FaultKind.UNCLOSED_ROW: "FLT-05",
    FaultKind.CLOSED_EARLY: "FLT-05",
    FaultKind.NOT_A_NUMBER: "FLT-06",
    FaultKind.ZERO_PRICE: "FLT-06",
    FaultKind.WRONG_SCALE: "FLT-06",
    FaultKind.MALFORMED: "FLT-06",
    FaultKind.CLOCK_STEP: "FLT-08",
    FaultKind.CLOCK_SKEW: "FLT-08",
    FaultKind.CRASH_BEFORE_COMMIT: "FLT-37",
    FaultKind.CRASH_AFTER_COMMIT: "FLT-25",
    FaultKind.CRASH_WHEN_SAID: "FLT-25",
    FaultKind.CRASH_AFTER_TOLD: "FLT-37",
    FaultKind.CRASH_WHILE_STARTING: "FLT-37",
    FaultKind.POWER_CUT: "FLT-29",
    FaultKind.TERMINATED: "FLT-37",
    FaultKind.SECOND_INSTANCE: "FLT-26",
    FaultKind.KILL_SWITCH: "FLT-38",
    FaultKind.CHAT_DOWN: "FLT-22",
    FaultKind.CHAT_LIMITED: "FLT-23",
    FaultKind.CHAT_ANSWER_LOST: "FLT-24",
    FaultKind.CRASH_WHEN_SENT: "FLT-25",
    FaultKind.DISK_FULL: "FLT-28",
    FaultKind.ACK_LOST: "FLT-11",
    FaultKind.REJECTED_UNHEARD: "FLT-12",
    FaultKind.ORDER_SHOWN_LATE: "FLT-12",
    FaultKind.FILL_TOLD_AGAIN: "FLT-13",
    FaultKind.FILL_NOT_TOLD: "FLT-13",
    FaultKind.FILLED_IN_PARTS: "FLT-14",
    FaultKind.CANCEL_RACE: "FLT-14",
    FaultKind.STOP_REFUSED: "FLT-15",
    FaultKind.AMEND_REFUSED: "FLT-15",
    FaultKind.CANCEL_REFUSED: "FLT-15",
    FaultKind.ENTRY_REFUSED: "FLT-12",
    FaultKind.FILLS_TOO_OLD: "FLT-16",
    FaultKind.OTHER_BOT: "FLT-17",
    FaultKind.VENUE_DOWN: "FLT-18",
    FaultKind.VENUE_PAGE: "FLT-18",
    FaultKind.VENUE_CUT: "FLT-03",
    FaultKind.VENUE_LIMITED: "FLT-19",
    FaultKind.HAND_TRADE: "FLT-20",
    FaultKind.LIQUIDATION: "FLT-20",
    FaultKind.CRASH_WHILE_HOLDING: "FLT-16",
    FaultKind.CRASH_ON_A_LOSING_DAY: "FLT-10",
    FaultKind.GONE_FOR_HOURS: "FLT-21",
    FaultKind.CLOCK_CHANGE: "FLT-07",
    FaultKind.MIDNIGHT_LOSS: "FLT-09",
    FaultKind.STORE_LOCKED: "FLT-27",
    FaultKind.OLDER_COPY: "FLT-30",
    FaultKind.MODEL_SPOILT: "FLT-31",
    FaultKind.TRAINING_FAILS: "FLT-32",
    FaultKind.CONFIDENCE_SWINGS: "FLT-33",
    FaultKind.TASK_DIES: "FLT-34",
    FaultKind.STALL: "FLT-35",
    FaultKind.FLOOD: "FLT-36",
    FaultKind.NEWS_WRONG: "FLT-39",
    FaultKind.BURST: "FLT-40",
    FaultKind.STRANGERS: "FLT-41",
    FaultKind.CONFIG_SLIP: "FLT-43",
    FaultKind.SHUFFLED: "FLT-44",
}

CHECKPOINTS: Final = {
    FaultKind.CRASH_BEFORE_COMMIT: "before-commit",
    FaultKind.CRASH_AFTER_COMMIT: "after-commit",
    FaultKind.CRASH_WHEN_SAID: "said",
    FaultKind.CRASH_AFTER_TOLD: "after-told",
    FaultKind.CRASH_WHEN_SENT: "sent",
}
"""Where in ``Session.flush`` the process dies."""

DEADLY: Final = (
    *CHECKPOINTS,
    FaultKind.CRASH_WHILE_STARTING,
    FaultKind.POWER_CUT,
    FaultKind.DISK_FULL,
    FaultKind.TERMINATED,
    FaultKind.CRASH_WHILE_HOLDING,
    FaultKind.CRASH_ON_A_LOSING_DAY,
    FaultKind.GONE_FOR_HOURS,
)
OF_ORDERS: Final = frozenset(
    kind for kind, row in ROWS.items() if "FLT-10" <= row <= "FLT-21" and kind is not FaultKind.HISTORY_DOWN
) | {FaultKind.VENUE_CUT}
"""What only happens where a venue holds orders."""
UNDRAWN: Final = (FaultKind.CLOCK_CHANGE, FaultKind.CONFIDENCE_SWINGS)
"""What happens when it happens, or once in every run, not when a seed says so."""
OTHERS: Final = frozenset(
    kind for kind, row in ROWS.items() if row in ("FLT-27", "FLT-30", "FLT-31", "FLT-32", "FLT-33", "FLT-34", "FLT-35",
                                                  "FLT-36", "FLT-39", "FLT-40", "FLT-41", "FLT-43", "FLT-44")
)  # fmt: skip
"""What strikes beside market, orders and death."""
OF_BOT_YEAR: Final = OF_ORDERS | OTHERS | {FaultKind.CLOCK_CHANGE, FaultKind.MIDNIGHT_LOSS}
"""What the world of two markets has no place for."""
WAITING: Final = (FaultKind.CRASH_WHILE_HOLDING, FaultKind.CRASH_ON_A_LOSING_DAY)
"""Deaths that come at the first moment of their kind."""
RECORDED: Final = (FaultKind.POWER_CUT, FaultKind.DISK_FULL)
"""Faults of the disk itself, which only a life on the recording disk can have."""
HARMLESS: Final = (
    FaultKind.REPLAYED, FaultKind.DUPLICATE, FaultKind.REORDER, FaultKind.LATE_CORRECTION, FaultKind.GAP,
    FaultKind.DISCONNECT, FaultKind.MALFORMED, FaultKind.UNCLOSED_ROW, FaultKind.CLOSED_EARLY, FaultKind.CLOCK_STEP,
    FaultKind.CLOCK_SKEW, FaultKind.SECOND_INSTANCE, *DEADLY,
)  # fmt: skip
"""Faults that change no data in the end: whatever of these happens, the decisions are those of a clean run."""


class ScheduledFault(msgspec.Struct, frozen=True, order=True):
    """A fault at a moment (UTC ns). ``size`` counts bars, messages or hours; ``share`` in [0, 1) is its free choice."""

    at: int
    kind: FaultKind
    symbol: str
    size: int
    share: float

    def __str__(self) -> str:
        """``silent BTC/USDT at 1577836800.0 s, size 3``."""
        return f"{self.kind} {self.symbol} at {self.at / 1e9:.1f} s, size {self.size}, share {self.share:.3f}"


class FaultMix(msgspec.Struct, frozen=True):
    """How much goes wrong: faults and deaths a simulated day, and of which kinds.

    ``stops_before_cuts`` ends the life before a power cut in order, an hour ahead: only the last life then needs the
    disk whose power can go.
    """

    per_day: float = 5.0
    deaths_per_day: float = 1.1
    kinds: tuple[FaultKind, ...] = tuple(kind for kind in FaultKind if kind not in DEADLY)
    deaths: tuple[FaultKind, ...] = DEADLY
    stops_before_cuts: bool = False

    @classmethod
    def over(cls, days: float) -> FaultMix:
        """A thousand faults and fifty deaths a year, and enough of both in a run of a few days."""
        return cls(per_day=max(3.0, 10.0 / days), deaths_per_day=max(0.15, 2.0 / days), stops_before_cuts=True)

    def without(self, kinds: Collection[FaultKind]) -> FaultMix:
        """The mix less what a world has no place for."""
        return msgspec.structs.replace(
            self,
            kinds=tuple(kind for kind in self.kinds if kind not in kinds),
            deaths=tuple(kind for kind in self.deaths if kind not in kinds),
        )

    @classmethod
    def harmless(cls) -> FaultMix:
        """Everything that must leave no trace in the decisions."""
        return cls(kinds=tuple(kind for kind in HARMLESS if kind not in DEADLY))


MENU: Final = tuple(f"FLT-{number:02d}" for number in range(1, 45) if number != 42)
"""Every row of the menu but that of a real cloud."""


def chosen(text: str, mix: FaultMix) -> FaultMix:
    """``mix`` with what a person asks for: all, none, harmless, or rows and kinds with commas between them.

    Raises:
        Misconfigured: a name is neither, or of a row that has no fault here.
    """
    if text == "all":
        return mix
    if text == "none":
        return msgspec.structs.replace(mix, kinds=(), deaths=())
    if text == "harmless":
        return msgspec.structs.replace(mix, kinds=FaultMix.harmless().kinds)
    wanted: set[FaultKind] = set()
    for name in text.split(","):
        word = name.strip()
        found = {kind for kind in FaultKind if word.lower() == kind.value or word.upper() == ROWS[kind]}
        if not found:
            raise Misconfigured(
                f"no fault is called {word!r}",
                where="--faults",
                allowed=f"all, none, harmless, {', '.join(sorted(set(ROWS.values())))} or {', '.join(FaultKind)}",
            )
        wanted |= found
    return msgspec.structs.replace(
        mix,
        kinds=tuple(kind for kind in FaultKind if kind in wanted and kind not in DEADLY),
        deaths=tuple(kind for kind in DEADLY if kind in wanted),
    )


def draw(
    mix: FaultMix, symbols: Sequence[str], start: int, end: int, generator: np.random.Generator
) -> tuple[ScheduledFault, ...]:
    """A schedule over ``[start, end)``: kinds are dealt from a shuffled deck, so that none is left out for long."""
    days = (end - start) / DAY
    faults = []
    drawn = tuple(kind for kind in mix.kinds if kind not in UNDRAWN)
    for kinds, count in ((drawn, mix.per_day * days), (mix.deaths, mix.deaths_per_day * days)):
        deck: list[FaultKind] = []
        for _ in range(round(count) if kinds else 0):
            deck = deck or [kinds[position] for position in generator.permutation(len(kinds))]
            faults.append(
                ScheduledFault(
                    at=int(generator.integers(start, end)),
                    kind=deck.pop(),
                    symbol=symbols[int(generator.integers(len(symbols)))],
                    size=int(generator.integers(1, 6)),
                    share=float(generator.random()),
                )
            )
    asked = [one for one in faults if one.kind in RECORDED]
    faults += [
        msgspec.structs.replace(one, at=max(start, one.at - HOUR), kind=FaultKind.TERMINATED)
        for one in asked
        if mix.stops_before_cuts
    ]
    return tuple(sorted(faults))
