"""``tradewind promote``: promotions, challenges, withdrawals and ways back, each a decision on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import RenderableType

from tradewind.adapters.models.shelf import ModelShelf
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.control.free_text import one_line
from tradewind.app.models.duel import duel_of
from tradewind.app.models.evaluation import Asked, evaluate
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.registry import named_version
from tradewind.app.models.run_models import run_shelf
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.judged_models import score_table
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress
from tradewind.cli.options import split_symbols
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.seats import Decision, Duel


class PromoteOptions(NamedTuple):
    """What was typed after ``promote``."""

    model: str | None
    symbols: tuple[str, ...]
    interval: str | None
    dest: Path | None
    challenge: bool
    withdraw: bool
    rollback: bool
    reason: str
    store: Path | None = None


def promoted(config: Path | None, asked: PromoteOptions) -> Report:
    """Decides about every seat asked for; exit 4 where one was refused."""
    settings = load_config(config)
    asked = asked._replace(reason=one_line(asked.reason, "--reason"))
    _require_one_thing(asked)
    workspace = Workspace(settings)
    own = Promotions(workspace, None if asked.store is None else run_shelf(workspace, asked.store))
    promotions = Promotions(workspace, None if asked.dest is None else _shelf_at(asked.dest))
    symbols = workspace.symbols(split_symbols(list(asked.symbols))) if asked.symbols else ()
    interval = Timeframe.parse(asked.interval) if asked.interval else None
    now = WallClock().now()
    if asked.rollback or asked.withdraw:
        if not symbols or interval is None:
            raise Misconfigured("no seat", where="promote", next_step="name --symbol and --interval")
        act = promotions.rollback if asked.rollback else promotions.withdraw
        return _report([act(symbol, interval, asked.reason, now) for symbol in symbols])
    version = named_version(own, asked.model or "challenger", symbols[0] if symbols else "", interval)
    manifest = own.version(version).manifest
    names = symbols or manifest.symbols
    timeframe = interval or manifest.timeframe
    _carry(own, promotions, version)
    decisions, anew = [], []
    with progress(f"Deciding about {version}", total=len(names)) as advance:
        for symbol in names:
            if not asked.challenge and promotions.written_anew(symbol, timeframe, version):
                anew.append(f"{symbol} {timeframe}")
            elif asked.challenge:
                decisions.append(promotions.challenge(symbol, timeframe, version, asked.reason or "by hand", now))
            else:
                duel = _evidence(workspace, promotions, version, symbol, timeframe, now)
                decisions.append(promotions.promote(symbol, timeframe, version, asked.reason, now, duel))
            advance()
    return _report(decisions, version, anew)


def _require_one_thing(asked: PromoteOptions) -> None:
    if asked.challenge + asked.withdraw + asked.rollback > 1:
        raise Misconfigured("several things at once", where="promote", allowed="--challenge, --withdraw or --rollback")
    if (asked.rollback or asked.withdraw) and (asked.model or not asked.reason):
        word = "--rollback" if asked.rollback else "--withdraw"
        raise Misconfigured(
            f"{word} takes no --model: the seat says who it is" if asked.model else f"{word} needs a --reason",
            where="promote",
            allowed=f"{word} with --symbol, --interval and --reason",
        )
    if (asked.rollback or asked.withdraw) and asked.store is not None:
        raise Misconfigured("--store with a way back", where="promote", allowed="--store with a version to take over")
    if not (asked.model or asked.symbols or asked.rollback or asked.withdraw):
        raise Misconfigured("no version", where="promote", next_step="--model VERSION; tradewind models list")


def _shelf_at(dest: Path) -> ModelShelf:
    """The models folder whose promoted models ``dest`` names."""
    for folder in (dest, *dest.parents):
        if folder.name == "promoted":
            return ModelShelf(folder.parent)
    raise Misconfigured(
        f"{dest} is no place of promoted models", where="--dest", allowed="a folder called promoted, or a seat in it"
    )


def _carry(own: Promotions, there: Promotions, version: str) -> None:
    """Puts a version with what it showed on sealed bars on another shelf."""
    if own.shelf.folder.resolve() == there.shelf.folder.resolve():
        return
    with there.shelf.alone():
        there.shelf.put(version, *own.shelf.read(version))
        record = own.shelf.evaluation(version)
        if record is not None:
            there.shelf.keep_evaluation(version, record)


def _evidence(
    workspace: Workspace, promotions: Promotions, version: str, symbol: str, timeframe: Timeframe, now: int
) -> Duel | None:
    """The duel with the champion, whatever the gate says; without one the sealed bars are opened, if nobody did yet."""
    found = promotions.version(version)
    if symbol not in found.manifest.symbols or timeframe is not found.manifest.timeframe:
        return None
    champion = promotions.seat(symbol, timeframe).champion
    if champion is not None:
        if champion.version == version:
            return None
        return duel_of(workspace, promotions, (champion.version, version), symbol, timeframe, now).duel
    if found.sealed is None and found.manifest.gate.passed:
        evaluate(workspace, promotions, version, (), Asked(workspace.config.model.profile), now)
    return None


def _report(decisions: Sequence[Decision], version: str = "", anew: Sequence[str] = ()) -> Report:
    done = all(one.done for one in decisions)
    lines = [
        f"{seat}: the seat of {version} was written anew, as the newest decision about it left it" for seat in anew
    ]
    document = {"decisions": decisions, "written_anew": anew, "done": done}
    return Report(document, [*lines, *_text(decisions)], DONE if done else NEGATIVE)


_SAID: dict[str, str] = {
    "promote": "is heard", "challenge": "shadows", "withdraw": "was withdrawn", "rollback": "is heard again",
}  # fmt: skip


def _text(decisions: Sequence[Decision]) -> Iterator[RenderableType | str]:
    for one in decisions:
        seat = f"{one.symbol} {one.timeframe}"
        if one.done:
            before = (
                f" in the place of {one.champion}" if one.champion and one.action in ("promote", "rollback") else ""
            )
            yield f"{seat}: {one.version} {_SAID[one.action]}{before}: {one.reason} (decision {one.number})"
        else:
            stays = f"{one.champion} stays" if one.champion else "the seat stays empty"
            yield f"{seat}: {one.version} was refused: {one.reason}; {', '.join(one.missed)} (decision {one.number})"
            yield f"Nothing was changed: {stays}."
        if one.duel is not None:
            yield score_table(one.duel)
