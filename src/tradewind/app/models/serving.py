"""From the shelf into the engine: who sits where by the project's decisions, verified before it counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tradewind.adapters.models.shelf import seat_of
from tradewind.app.models.library import ModelLibrary
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.run_models import RunModels, run_models
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.engine.forecasts import Forecasts
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.seat import SeatPlan
from tradewind.errors import Corrupt, Misconfigured, TradewindError, Unavailable
from tradewind.features.input_schema import default_schema
from tradewind.model.event import ModelServed
from tradewind.model.forecast import SEATS, Seat
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.manifest import BARRIERS
from tradewind.predictors.seats import Seated

SHOWN: Final = 6
Stamp = tuple[tuple[str, int, int], ...]


class Refused(NamedTuple):
    """A model that may not take its seat, and why; ``gone``: nobody sits there any more, and nobody goes on."""

    seat: SeatPlan
    place: Seat
    version: str
    error: TradewindError
    gone: bool = False

    @property
    def text(self) -> str:
        """In one line."""
        return f"{self.place} {self.version or '?'} of {self.seat.symbol} {self.seat.timeframe}: {self.error}"


def seats_for(
    config: AppConfig, symbol: str, timeframes: Sequence[Timeframe], *, simulated: bool
) -> tuple[SeatPlan, ...]:
    """Where the configured predictors may speak on ``symbol``; one without symbols or timeframes speaks on all.

    Raises:
        Misconfigured: two predictors claim one seat, or a weight is none.
    """
    found: dict[Timeframe, tuple[str, SeatPlan]] = {}
    for one in config.predictors:
        names = {resolve(name, config.instruments).symbol for name in one.symbols}
        if one.source != "promoted" or (names and symbol not in names):
            continue
        for timeframe in timeframes:
            if one.timeframes and timeframe not in one.timeframes:
                continue
            if timeframe in found:
                raise Misconfigured(
                    f"{found[timeframe][0]} and {one.name} both sit on {symbol} {timeframe}",
                    where="predictors",
                    allowed="one predictor for a symbol and a timeframe",
                    next_step="give them other symbols or timeframes",
                )
            if not 0.0 < one.weight < math.inf:
                raise Misconfigured(f"weight {one.weight}", where=f"predictors, {one.name}", allowed="above 0")
            schema = default_schema(timeframe, news=one.news)
            found[timeframe] = one.name, SeatPlan(symbol, timeframe, schema, BARRIERS, simulated, one.weight)
    return tuple(seat for _, seat in found.values())


def configured_seats(config: AppConfig, folder: Path | None = None) -> tuple[SeatPlan, ...]:
    """Every seat the predictors claim: on the configured symbols, and on those that a predictor alone names.

    A run over a symbol that is named with ``--symbol`` has its seat too, so it is looked at before.

    Raises:
        Misconfigured: as ``seats_for``, or a predictor names no instrument.
    """
    named = tuple(name for one in config.predictors for name in one.symbols)
    workspace = Workspace(config, folder)
    symbols = dict.fromkeys((*workspace.symbols(), *(workspace.symbols(named) if named else ())))
    timeframes = tuple(one.interval for one in config.timeframes.intervals)
    return tuple(seat for symbol in symbols for seat in seats_for(config, symbol, timeframes, simulated=True))


class Serving:
    """The seats of a run and what the shelf says of them. ``library`` is what its engine takes models from.

    What was decided about a seat is read again only where its file changed, and a model only where one of its files
    did, so asking often costs little. Without ``models`` those are the project's.
    """

    def __init__(self, config: AppConfig, folder: Path | None = None, models: RunModels | None = None) -> None:
        self.models = models
        self._promotions = Promotions(Workspace(config, folder)) if models is None else models.promotions
        self.library = ModelLibrary(self._promotions) if models is None else models.library
        self._seen: dict[str, bytes | None] = {}
        self._stamps: dict[str, Stamp] = {}

    def due(self, engine: Engine, ts: int) -> tuple[list[ModelServed], list[Refused]]:
        """What has to be told to ``engine`` so that it serves what was decided, and what may not be served.

        Every model that is named was loaded and verified. A champion is told before a challenger, so that a record goes
        with its version. A refusal is told once for each change of the shelf; whoever sits there stays.
        """
        served: list[ModelServed] = []
        refused: list[Refused] = []
        for plan in seats_of_plan(engine):
            name = seat_of(plan.symbol, plan.timeframe)
            speaks = engine.desks[plan.symbol].series[plan.timeframe].forecasts
            assert speaks is not None, "the plan has a seat there"
            pointer = self._promotions.shelf.choice(name)
            if name in self._seen and self._seen[name] == pointer:
                refused += self._spoilt(plan, speaks)
                continue
            self._seen[name] = pointer
            found, faults = self._wanted(plan)
            refused += faults
            for place, one in found.items():
                wanted, sits = (one.version, one.sha256) if one else ("", ""), speaks.serving(place)
                if wanted != sits:
                    served.append(ModelServed(ts, plan.symbol, plan.timeframe, place, *wanted))
                if place == "champion" and sits[0] and one is None:
                    refused.append(Refused(plan, place, sits[0], _vacant(plan), gone=True))
        return served, refused

    def _spoilt(self, plan: SeatPlan, speaks: Forecasts) -> list[Refused]:
        """Models that serve from memory and whose files are not any more what was promoted; each change told once."""
        found = []
        for place in SEATS:
            version, _ = speaks.serving(place)
            stamp = self._promotions.shelf.stamp(version) if version else ()
            if not version or self._stamps.get(version) == stamp:
                continue
            known, self._stamps[version] = version in self._stamps, stamp
            if known:
                try:
                    self._promotions.version(version)
                except TradewindError as error:
                    found.append(Refused(plan, place, version, error))
        return found

    def missing(self, seats: Iterable[SeatPlan]) -> list[str]:
        """Why seats have no champion that may speak, a line each."""
        lines = []
        for plan in seats:
            found, refused = self._wanted(plan)
            own = [one.error for one in refused if one.place == "champion"]
            if own:
                lines.append(f"the promoted model of {plan.symbol} {plan.timeframe} cannot be served: {own[0]}")
            elif found.get("champion") is None:
                lines.append(f"no promoted model for {plan.symbol} {plan.timeframe}")
        return lines

    def _wanted(self, plan: SeatPlan) -> tuple[dict[Seat, Seated | None], list[Refused]]:
        """Who should sit in the places of a seat, without those that may not."""
        try:
            seat = self._promotions.seat(plan.symbol, plan.timeframe)
        except TradewindError as error:
            return {}, [Refused(plan, "champion", "", error)]
        wanted: dict[Seat, Seated | None] = {}
        refused: list[Refused] = []
        for place, one in zip(SEATS, (seat.champion, seat.challenger), strict=True):
            if one is not None:
                try:
                    self._fitting(plan, place, one)
                except TradewindError as error:
                    refused.append(Refused(plan, place, one.version, error))
                    continue
            wanted[place] = one
        return wanted, refused

    def _fitting(self, plan: SeatPlan, place: Seat, one: Seated) -> None:
        self._stamps.setdefault(one.version, self._promotions.shelf.stamp(one.version))
        manifest = self.library.model(one.version, one.sha256).manifest
        if fault := plan.misfit(manifest, place):
            raise Corrupt(fault, where=f"model {one.version}", next_step="promote a model that fits, or roll back")


def _vacant(plan: SeatPlan) -> Unavailable:
    return Unavailable(
        "nobody sits there any more, and no decision says so",
        where=f"{plan.symbol} {plan.timeframe}",
        next_step="tradewind models restore FILE brings it back from a copy; tradewind models list",
    )


def library_for(config: AppConfig, plan: EnginePlan, store: Path) -> ModelLibrary | None:
    """What the run in ``store`` made and the models of the project, to repeat it; None where its plan has no seats."""
    has_seats = any(one.seats for one in plan.symbols)
    return run_models(Workspace(config), store, own=True).library if has_seats else None


def serving_of(config: AppConfig, plan: EnginePlan, models: RunModels | None = None) -> Serving | None:
    """What gives a run its models, those of the project without ``models``; None where the plan has no seats."""
    return Serving(config, models=models) if any(one.seats for one in plan.symbols) else None


def seats_of_plan(engine: Engine) -> tuple[SeatPlan, ...]:
    """Every seat of an engine's plan."""
    return tuple(seat for one in engine.plan.symbols for seat in one.seats)


def require_models(config: AppConfig, seats: Sequence[SeatPlan], folder: Path | None = None) -> None:
    """Stops where a configured predictor makes its predictions up, or has no promoted model that verifies on a seat.

    Raises:
        Misconfigured: naming each predictor and each seat.
    """
    made_up = [
        f"{one.name} makes its predictions up (source {one.source})"
        for one in config.predictors
        if one.source != "promoted"
    ]
    if made_up:
        raise Misconfigured(
            "; ".join(made_up),
            where="predictors",
            allowed="source promoted, unless nothing is filled",
            next_step="promote a model, remove the predictor, or run with --mode dryrun",
        )
    named = ", ".join(one.name for one in config.predictors)
    if seats and (lines := Serving(config, folder).missing(seats)):
        more = f"; and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        raise Misconfigured(
            f"{named}: " + "; ".join(lines[:SHOWN]) + more,
            where="predictors",
            allowed=f"models promoted into {config.paths.models}/promoted, whose files are what was promoted",
            next_step="tradewind train, evaluate and promote one; remove the predictor; or run with --mode dryrun",
        )


def require_promoted_models(config: AppConfig, mode: str, folder: Path | None = None) -> None:
    """As ``require_models`` for every configured symbol and timeframe; ``mode`` dryrun starts without.

    A configuration without predictors starts: its votes come from strategies alone.

    Raises:
        Misconfigured: naming each predictor and each seat, or predictions that are made up.
    """
    if mode == "dryrun" or not config.predictors:
        return
    require_models(config, configured_seats(config, folder), folder)
