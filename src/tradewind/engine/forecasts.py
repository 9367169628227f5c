"""What served models say at the close of a bar, and what their prediction sets learn from what became of it.

All of it is a function of the events before: the rows of inputs, the sets and the open forecasts are part of the
snapshot, and which model speaks from which bar on is an event (``ModelServed``). The models themselves are not part of
it; they are asked for by version and hash.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Protocol

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tradewind.engine.seat import WINDOW, SeatPlan
from tradewind.ensemble.shadow import ShadowBook
from tradewind.errors import Corrupt, Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.graph import Seeding
from tradewind.features.indicator import Indicator
from tradewind.features.model_inputs import LiveInputs
from tradewind.features.news_inputs import News
from tradewind.model.bar import Bar
from tradewind.model.decision import Reason
from tradewind.model.event import ModelServed
from tradewind.model.forecast import SEATS, Forecast, ForecastEnded, Outcomes, Seat
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.conformal import DOWN, UP, Conformal
from tradewind.predictors.served import ServedModel

DIGITS: Final = 6
"""Of a probability: beyond them the libraries of two machines need not agree, and nothing may depend on it."""
KEPT: Final = 4
"""Versions whose record and sets are remembered after they left, for a roll-back."""

_SETS: Final[Mapping[frozenset[int], Outcomes]] = {
    frozenset(): "neither",
    frozenset((UP,)): "up",
    frozenset((DOWN,)): "down",
    frozenset((UP, DOWN)): "either",
}


class ModelSource(Protocol):
    """Where an engine gets the models that events name."""

    def model(self, version: str, sha256: str) -> ServedModel:
        """The verified model; whatever is wrong with it is raised."""
        ...


class Banks:
    """The feature banks behind the inputs of one symbol's models, by timeframe; every bar goes here before a series.

    ``news`` is what is known of articles about the symbol, for models that read them.
    """

    def __init__(self, seats: Sequence[SeatPlan], seeding: Seeding, news: News | None = None) -> None:
        self.news = news
        wanted: dict[Timeframe, list[Indicator]] = {}
        for one in seats:
            wanted.setdefault(one.timeframe, []).extend(one.schema.indicators)
            for longer in one.schema.higher:
                wanted.setdefault(longer, []).extend(one.schema.indicators_of(longer))
        self.of: Mapping[Timeframe, FeatureBank] = {
            timeframe: FeatureBank(tuple(dict.fromkeys(needed)), seeding) for timeframe, needed in wanted.items()
        }

    def step(self, bars: Iterable[Bar]) -> None:
        """Takes bars of any of the timeframes that closed together."""
        for bar in bars:
            bank = self.of.get(bar.timeframe)
            if bank is not None:
                bank.step(bar.ts_close, bar.open, bar.high, bar.low, bar.close, bar.volume)

    def snapshot(self) -> dict[str, bytes]:
        """State by timeframe."""
        return {str(timeframe): bank.snapshot() for timeframe, bank in self.of.items()}

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Continues from ``state``."""
        for timeframe, bank in self.of.items():
            bank.restore(state[str(timeframe)])


class _Open(msgspec.Struct, gc=False):
    """A forecast that is not decided yet; ``left`` bars may still come, ``told``: it was put out."""

    version: str
    ts: int
    p: float
    side: int
    acted: bool
    lower: float
    upper: float
    outcomes: Outcomes
    left: int
    told: bool = False


class _Kept(msgspec.Struct, frozen=True):
    """What a version takes along when it leaves a seat."""

    sets: Conformal
    record: bytes


class _SeatState(msgspec.Struct, frozen=True):
    version: str
    sha256: str
    sets: Conformal | None
    open: list[_Open]
    voted: Forecast | None


class _State(msgspec.Struct, frozen=True):
    rows: bytes
    seats: dict[str, _SeatState]
    kept: dict[str, _Kept]


class _Chair:
    """One seat: who sits there, what it promised, and its forecasts that are not decided yet."""

    __slots__ = ("model", "open", "place", "seat", "sets", "sha256", "version", "voted")

    def __init__(self, seat: Seat, place: int) -> None:
        self.seat: Final = seat
        self.place: Final = place
        self.model: ServedModel | None = None
        self.version = self.sha256 = ""
        self.sets: Conformal | None = None
        self.open: list[_Open] = []
        self.voted: Forecast | None = None

    def sit(self, version: str, sha256: str, model: ServedModel | None, sets: Conformal | None) -> None:
        """Somebody else from now on; forecasts of the one before are still decided."""
        self.version, self.sha256, self.model, self.sets = version, sha256, model, sets
        self.voted = None


class Forecasts:
    """The seats of one series. ``places`` gives the positions of their members among those of the series.

    ``news`` is what the last bar led to: ends of forecasts, then new ones.
    """

    def __init__(self, plan: SeatPlan, banks: Banks, places: Mapping[str, int]) -> None:
        self.plan = plan
        higher = {longer: banks.of[longer] for longer in plan.schema.higher}
        self._inputs = LiveInputs(plan.schema, banks.of[plan.timeframe], higher, banks.news)
        self._rows: NDArray[np.float32] = np.full((WINDOW, plan.schema.width), math.nan, dtype=np.float32)
        self._chairs: dict[Seat, _Chair] = {seat: _Chair(seat, places[plan.member(seat)]) for seat in SEATS}
        self._kept: dict[str, _Kept] = {}
        self.news: list[Forecast | ForecastEnded] = []

    def serving(self, seat: Seat) -> tuple[str, str]:
        """``(version, sha256)`` of who sits there; empty texts for nobody."""
        chair = self._chairs[seat]
        return chair.version, chair.sha256

    def step(self, bar: Bar, sides: NDArray[np.int8], atr: NDArray[np.float64]) -> int:
        """Takes a bar whose banks were stepped, and writes the sides of the seats into ``sides``; how many it wrote."""
        rows = self._rows
        rows[:-1] = rows[1:]
        rows[-1] = self._inputs.row(bar.ts_close)
        self.news = []
        spoke = 0
        for chair in self._chairs.values():
            if chair.open:
                self.news += self._decided(chair, bar)
        for chair in self._chairs.values():
            if chair.model is not None:
                made = self._forecast(chair, chair.model, bar, float(atr[chair.place]))
                if made is not None:
                    self.news.append(made)
                    sides[chair.place] = made.side
                    spoke += made.side != 0
        return spoke

    def tell(self, silent: Collection[int]) -> list[Forecast | ForecastEnded]:
        """The news, to be put out; whose place is ``silent`` was not acted on. An end is told where its begin was."""
        for number, one in enumerate(self.news):
            if isinstance(one, Forecast):
                chair = self._chairs[one.seat]
                newest = chair.open[-1]
                newest.told, newest.acted = True, one.side != 0 and chair.place not in silent
                self.news[number] = replace(one, acted=newest.acted)
        return self.news

    def reasons(self, voters: Collection[str]) -> list[Reason]:
        """Which models among ``voters`` said what: the probability of the side they took, version and hash."""
        found = []
        for chair in self._chairs.values():
            said = chair.voted
            if said is not None and self.plan.member(chair.seat) in voters:
                p = said.p if said.side > 0 else 1.0 - said.p
                who = f"{said.version} ({said.sha256[:16]}), {chair.seat} on {said.timeframe}"
                found.append(Reason(code="model", value=p, detail=who))
        return found

    def words(self, member: str) -> str:
        """What the model behind ``member`` said at the latest bar; empty where no seat is that member's."""
        for chair in self._chairs.values():
            if self.plan.member(chair.seat) == member:
                said = [one for one in self.news if isinstance(one, Forecast) and one.seat == chair.seat]
                if not said:
                    return f"{chair.version}: no forecast" if chair.version else "nobody sits there"
                return f"{chair.version}: P(up) {said[0].p:.1%}, its set holds {said[0].outcomes}"
        return ""

    def serve(self, event: ModelServed, model: ServedModel | None, book: ShadowBook) -> int | None:
        """Lets ``model`` sit where ``event`` says; the position of the member, None where it sits there already.

        A version's shadow record and its sets follow it: from the other seat as they are, from an earlier time without
        the trade that was open then. A version that was never here begins without a record.

        Raises:
            Corrupt: the model does not fit the seat.
        """
        chair = self._chairs[event.seat]
        if (chair.version, chair.sha256) == (event.version, event.sha256):
            return None
        if model is not None and (fault := self.plan.misfit(model.manifest, event.seat)):
            raise Corrupt(fault, where=f"model {event.version} in {self.plan.member(event.seat)}")
        if chair.sets is not None:
            self._kept.pop(chair.version, None)
            self._kept[chair.version] = _Kept(chair.sets, book.kept(chair.place))
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        if model is None:
            book.resume(chair.place)
            chair.sit("", "", None, None)
            return chair.place
        other = next(one for one in self._chairs.values() if one is not chair)
        known = self._kept.get(event.version)
        if other.version == event.version and other.sets is not None:
            book.resume(chair.place, book.kept(other.place), flat=False)
            chair.open += [replace(one, told=False) for one in other.open if one.version == event.version]
            sets = _copied(other.sets)
        elif known is not None:
            book.resume(chair.place, known.record)
            sets = _copied(known.sets)
        else:
            book.resume(chair.place)
            sets = Conformal.of(model.manifest.alpha, scores=model.manifest.scores)
        chair.sit(event.version, event.sha256, model, sets)
        return chair.place

    def snapshot(self) -> bytes:
        """Rows, sets, open forecasts and who sits where."""
        seats: dict[str, _SeatState] = {
            chair.seat: _SeatState(chair.version, chair.sha256, chair.sets, chair.open, chair.voted)
            for chair in self._chairs.values()
        }
        return msgspec.msgpack.encode(_State(self._rows.tobytes(), seats, self._kept))

    def restore(self, state: bytes, models: ModelSource | None) -> None:
        """Continues from ``state``.

        Raises:
            Corrupt: the rows are those of other inputs.
            Misconfigured: somebody sat there, and nobody gives models.
        """
        found = msgspec.msgpack.decode(state, type=_State)
        if len(found.rows) != self._rows.nbytes:
            raise Corrupt("rows of other inputs", where=f"forecasts on {self.plan.symbol} {self.plan.timeframe}")
        self._rows = np.frombuffer(found.rows, dtype=np.float32).reshape(self._rows.shape).copy()
        self._kept = dict(found.kept)
        for chair in self._chairs.values():
            own = found.seats[chair.seat]
            model = given(models, own.version, own.sha256)
            chair.sit(own.version, own.sha256, model, own.sets)
            chair.open, chair.voted = list(own.open), own.voted

    def _forecast(self, chair: _Chair, model: ServedModel, bar: Bar, atr: float) -> Forecast | None:
        """What the model says at the close; None on bars it was made from, and where an input or the range is NaN."""
        if bar.ts_close <= model.manifest.provenance.last_seen or not atr > 0.0:
            return None
        p = round(model.p_up(self._rows[WINDOW - model.manifest.length :]), DIGITS)
        if math.isnan(p) or chair.sets is None:
            return None
        share = self.plan.barriers.width * atr / bar.close
        found = chair.sets.outcomes(p)
        side = next(iter(found)) if len(found) == 1 else 0
        made = Forecast(
            ts=bar.ts_close,
            symbol=bar.symbol,
            timeframe=bar.timeframe,
            seat=chair.seat,
            version=chair.version,
            sha256=chair.sha256,
            p=p,
            outcomes=_SETS[found],
            side=side,
            acted=False,
            lower=bar.close * (1.0 - share),
            upper=bar.close * (1.0 + share),
        )
        chair.open.append(
            _Open(
                version=chair.version,
                ts=made.ts,
                p=p,
                side=side,
                acted=False,
                lower=made.lower,
                upper=made.upper,
                outcomes=made.outcomes,
                left=self.plan.barriers.horizon,
            )
        )
        if side:
            chair.voted = made
        return made

    def _decided(self, chair: _Chair, bar: Bar) -> list[ForecastEnded]:
        """Meets the open forecasts with a bar, oldest first; where it touches both prices the lower one came first."""
        ended: list[ForecastEnded] = []
        still: list[_Open] = []
        for one in chair.open:
            one.left -= 1
            went = DOWN if bar.low <= one.lower else UP if bar.high >= one.upper else 0
            if not went and one.left > 0:
                still.append(one)
                continue
            if went and chair.sets is not None and one.version == chair.version:
                chair.sets.learn(one.p, went)
            if one.told:
                missed = bool(went) and one.outcomes not in ("either", "up" if went == UP else "down")
                where = (bar.symbol, bar.timeframe, chair.seat, one.version)
                ended.append(ForecastEnded(bar.ts_close, *where, one.ts, one.p, one.side, one.acted, went, missed))
        chair.open = still
        return ended


def given(models: ModelSource | None, version: str, sha256: str) -> ServedModel | None:
    """The model of an event or a snapshot, None for an empty seat.

    Raises:
        Misconfigured: nobody gives models.
    """
    if not version:
        return None
    if models is None:
        raise Misconfigured(
            f"model {version} is served in this run, and no models folder was given",
            where="engine",
            next_step="run it from its project's folder",
        )
    return models.model(version, sha256)


def _copied(sets: Conformal) -> Conformal:
    return replace(sets, recent=list(sets.recent))
