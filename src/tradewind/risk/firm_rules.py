"""Rules of a prop firm as data: a table in a TOML file, checked here, followed by ``FirmAccount``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tradewind.errors import Misconfigured

Share = Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=86_400)]


class DailyLoss(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """floor of the day = what ``anchor`` says at midnight - ``share`` * initial balance.

    ``anchor``: the balance, the equity, or the higher of both.
    """

    share: Share
    anchor: Literal["balance", "equity", "higher"] = "balance"


class TotalLoss(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """static: initial * (1 - share). trailing: highest balance at any midnight - share * initial, never down.

    ``locks_at_initial``: a trailing floor stops rising where it reaches the initial balance.
    """

    share: Share
    kind: Literal["static", "trailing"] = "static"
    locks_at_initial: bool = False


class NewsWindow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No fill from ``before_s`` before to ``after_s`` after listed news, bounds included; some account types may.

    Listed are events up to tier ``tiers`` of the calendar: 1 what stops markets, 2 every high-impact release.
    """

    before_s: Seconds = 120
    after_s: Seconds = 120
    tiers: Annotated[int, msgspec.Meta(ge=1, le=3)] = 2
    exempt_types: tuple[str, ...] = ()


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stage of the account. ``target`` is a share of the initial balance, None where there is none to reach.

    ``trading_days`` with an opened position are needed; ``best_day`` is the largest share of the total profit that one
    day may have made. ``news_window`` and ``flat_weekends``: whether those rules hold in this stage.
    """

    target: Share | None = None
    trading_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 0
    best_day: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] | None = None
    news_window: bool = False
    flat_weekends: bool = False


class FirmRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a firm asks of an account. ``time_zone`` is the IANA zone whose midnight begins the firm's day."""

    title: str
    source: str
    time_zone: str
    daily_loss: DailyLoss
    total_loss: TotalLoss
    stages: dict[str, Stage]
    news: NewsWindow = NewsWindow()

    def stage(self, name: str) -> Stage:
        """The stage of a name.

        Raises:
            Misconfigured: the firm has none of that name.
        """
        found = self.stages.get(name)
        if found is None:
            raise Misconfigured(f"no stage {name!r}", where=self.title, allowed=", ".join(self.stages))
        return found


def firm_rules_of(mapping: Mapping[str, Any], where: str) -> FirmRules:
    """The rules written in a table; ``where`` names its file.

    Raises:
        Misconfigured: a key is missing, unknown or out of its bounds, or the time zone is none.
    """
    try:
        rules = msgspec.convert(mapping, FirmRules)
    except msgspec.ValidationError as fault:
        text, _, place = str(fault).partition(" - at `$")
        key = place.strip("`.") or "the file"
        if "[...]" in key:
            key = _named(mapping, key)
        raise Misconfigured(
            f"{key}: {text}",
            where=where,
            next_step="compare it with a shipped file: `tradewind risk firms --show NAME`",
        ) from fault
    try:
        ZoneInfo(rules.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise Misconfigured(
            f"time_zone: {rules.time_zone!r} is no IANA time zone", where=where, allowed="such as Europe/Prague"
        ) from fault
    if not rules.title.strip():
        raise Misconfigured("title: it is empty", where=where, allowed="the name of the firm and its product")
    if rules.daily_loss.share > rules.total_loss.share:
        raise Misconfigured(
            f"daily_loss.share: {rules.daily_loss.share:g} is above total_loss.share {rules.total_loss.share:g}, so the"
            " day's floor could never be met first",
            where=where,
            allowed="a share up to that of the total loss",
        )
    if not rules.stages:
        raise Misconfigured("stages: at least one is needed", where=where, allowed="such as [stages.challenge]")
    if rules.total_loss.locks_at_initial and rules.total_loss.kind != "trailing":
        raise Misconfigured("total_loss.locks_at_initial: only a trailing floor can lock", where=where)
    return rules


def _named(mapping: Mapping[str, Any], key: str) -> str:
    """The place of a fault inside the stages with the name of the first stage that has it, not dots."""
    for name, stage in mapping["stages"].items():
        try:
            msgspec.convert(stage, Stage)
        except msgspec.ValidationError:
            return key.replace("[...]", f".{name}")
    return key.replace("[...]", "")
