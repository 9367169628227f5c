"""TRADING or LEARNING for each symbol and timeframe that a model sits on, and the questions that follow from it.

A seat in LEARNING votes in the shadow: nobody hears it, its record goes on. Modes move at the close of the seat's own
bars, before anything is decided there; what was known while a run warmed up moves nothing. Nothing here changes a rule:
rules come in as events, with their old and new values going out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tradewind.engine.mode_alarms import ModeAlarms
from tradewind.engine.mode_duel import judged, verdict_of
from tradewind.engine.mode_orders import obeyed
from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.mode_seat import UNLIKELY, Outcome, Seat, ShadowEvent
from tradewind.engine.orders.approval import Obeyed
from tradewind.engine.retrain_watch import RetrainWatch
from tradewind.engine.series import Series
from tradewind.model.bar import Bar
from tradewind.model.decision import Reason
from tradewind.model.drift import DriftAlarm
from tradewind.model.event import Command, ModelServed, ModelTrained, ModeRulesSet
from tradewind.model.forecast import ForecastEnded
from tradewind.model.mode import ChallengerJudged, Mode, ModeChanged, ModeRules, ModeRulesChanged, SeatSeen
from tradewind.model.outcome import SignalOutcome
from tradewind.model.output import Output
from tradewind.model.timeframe import Timeframe

SeatKey = tuple[str, Timeframe]


class _State(msgspec.Struct, frozen=True):
    rules: ModeRules
    seats: dict[str, Seat]
    watches: dict[str, RetrainWatch]
    alarms: ModeAlarms


class Modes:
    """The modes of all ``places``; every seat begins in LEARNING.

    ``quiet`` is whom nobody hears because of it, each as ``SYMBOL ID``; ``stirred`` whether the last event changed it.
    """

    def __init__(self, places: Sequence[ModeSeat]) -> None:
        self.places: dict[SeatKey, ModeSeat] = {(one.symbol, one.timeframe): one for one in places}
        self.rules = ModeRules()
        self.seats = {key: Seat() for key in self.places}
        self.watches = {key: RetrainWatch() for key in self.places}
        self.alarms = ModeAlarms()
        self.stirred = False
        self._champions = {f"{one.symbol} {one.champion}": key for key, one in self.places.items()}

    @property
    def quiet(self) -> frozenset[str]:
        """Champions in LEARNING."""
        return frozenset(name for name, key in self._champions.items() if self.seats[key].stands is Mode.LEARNING)

    @property
    def members(self) -> frozenset[str]:
        """Every champion: whether one is heard is a matter of its mode, not of the drift watch."""
        return frozenset(self._champions)

    def reason(self, symbol: str, timeframe: Timeframe, series: Series) -> Reason | None:
        """Why the champion's vote at the latest bar is not heard; None where it is, or where it made none."""
        place = self.places.get((symbol, timeframe))
        if place is None or not series.side_of(place.champion):
            return None
        seat = self.seats[symbol, timeframe]
        if seat.stands is Mode.TRADING:
            return None
        seen, needed = seat.seen, self.rules.min_events
        if seen.confidence is None:
            return Reason(code="learning", value=float(seen.n), limit=float(needed), detail="shadow events")
        detail = "confidence"
        if seen.evidence < seen.needs and seen.confidence >= self.rules.trading_threshold:
            return Reason(code="learning", value=seen.evidence, limit=seen.needs, detail="evidence since it fell")
        return Reason(code="learning", value=seen.confidence, limit=self.rules.trading_threshold, detail=detail)

    def obey(self, order: Command) -> Obeyed:
        """A training by hand, ordered or taken back; what is asked for follows with the other questions."""
        return obeyed(order, self.watches, self.places, self.rules)

    def on_rules(self, event: ModeRulesSet) -> list[Output]:
        """Holds modes to other rules from now on; every changed key is told with both values."""
        old, new = _numbers(self.rules), _numbers(event.rules)
        changed = [name for name, value in new.items() if value != old[name]]
        self.rules = event.rules
        if not changed:
            return []
        before, after = {name: old[name] for name in changed}, {name: new[name] for name in changed}
        return [ModeRulesChanged(event.ts, event.source, before, after)]

    def on_served(self, event: ModelServed) -> list[Output]:
        """Another model sits somewhere; one that nothing is known of yet is not heard."""
        key = (event.symbol, event.timeframe)
        seat = self.seats.get(key)
        if seat is None:
            return []
        if event.seat == "challenger":
            if (seat.challenger.version if seat.challenger else "") != event.version:
                seat.challenge(event.version, event.ts)
            return []
        if seat.champion.version == event.version:
            return []
        first = not seat.since
        seat.seat(event.version, event.ts)
        if first:
            seat.since = self.watches[key].trained = event.ts
        return self._moved(key, event.ts)

    def on_trained(self, event: ModelTrained) -> list[Output]:
        """A training is over; who sits where changes by ``ModelServed`` alone."""
        watch = self.watches.get((event.symbol, event.timeframe))
        if watch is not None:
            watch.ended(event.ts, failed=event.fault is not None)
        return [] if event.fault is None or watch is None else [ModeAlarms.failed(event)]

    def on_closes(self, bars: Iterable[Bar], series: Mapping[Timeframe, Series], *, history: bool) -> list[Output]:
        """Bars of one symbol that closed together, after their series took them and before they are decided on."""
        self.stirred = False
        outputs: list[Output] = []
        for bar in () if history else bars:
            key = (bar.symbol, bar.timeframe)
            if key in self.places:
                outputs += self._closed(key, bar.ts_close, series[bar.timeframe])
        return outputs

    def after(self, made: Iterable[Output], ts: int) -> list[Output]:
        """What follows from the outputs ``made`` of an event at ``ts``: duels that are over, trainings that are due."""
        for one in made:
            if isinstance(one, ForecastEnded):
                self._ended(one)
            elif isinstance(one, SignalOutcome):
                self._outcome(one)
            elif isinstance(one, DriftAlarm):
                self._drift(one)
        outputs: list[Output] = []
        for key, seat in self.seats.items():
            place = self.places[key]
            verdict = judged(place.symbol, place.timeframe, seat, self.rules, ts)
            if verdict is not None:
                outputs.append(verdict)
            if not self.watches[key].pending:
                continue
            asked = self.watches[key].due(place.symbol, place.timeframe, ts, self.rules, seat.fell)
            if asked is not None:
                if "calibration" in (asked.trigger, *asked.also):
                    seat.champion.outcomes = []  # the same forecasts are no second reason
                outputs += [asked, *self.alarms.asked(asked, self.rules)]
        return outputs

    def verdicts(self, ts: int) -> list[ChallengerJudged]:
        """Duels that are over and were not followed by another model in a seat; what they showed is as of ``ts``."""
        found = ((place, self.seats[key]) for key, place in self.places.items())
        return [verdict_of(one.symbol, one.timeframe, seat, ts) for one, seat in found if seat.pair.over]

    def on_trial(self, symbol: str, timeframe: Timeframe, ts: int) -> str:
        """The version that shadows beside the champion and is not to be disturbed; empty where there is none."""
        seat = self.seats[symbol, timeframe]
        return seat.challenger.version if seat.challenger is not None and seat.on_trial(self.rules, ts) else ""

    def snapshot(self) -> bytes:
        """The whole state."""
        named = {key: f"{key[0]} {key[1]}" for key in self.places}
        return msgspec.msgpack.encode(
            _State(
                self.rules,
                {named[key]: one for key, one in self.seats.items()},
                {named[key]: one for key, one in self.watches.items()},
                self.alarms,
            )
        )

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot; empty bytes are those of an engine without modes."""
        if not state:
            return
        found = msgspec.msgpack.decode(state, type=_State)
        self.rules, self.alarms = found.rules, found.alarms
        for key in self.places:
            name = f"{key[0]} {key[1]}"
            if name in found.seats:
                self.seats[key], self.watches[key] = found.seats[name], found.watches[name]

    def _closed(self, key: SeatKey, ts: int, series: Series) -> list[Output]:
        seat, place, watch = self.seats[key], self.places[key], self.watches[key]
        if not seat.since:
            seat.since = watch.trained = ts
        before = seat.champion.seen
        for number, trade in series.shadow.newest():
            name = series.members[number].id
            event = ShadowEvent(trade.ts_exit, trade.r)
            if name == place.champion and trade.ts_entry >= max(seat.champion.since, 1):
                seat.champion.take(event, self.rules.window)
                watch.labels += 1
                if seat.watch is not None:
                    seat.watch.step(trade.r)
            if seat.challenger is not None and name == place.challenger and trade.ts_entry >= seat.challenger.since:
                seat.challenger.take(event, self.rules.window)
        watch.pass_time(ts, self.rules)
        moved = self._moved(key, ts)
        if seat.champion.seen != before:
            seen = SeatSeen(ts, place.symbol, place.timeframe, seat.stands, seat.seen, seat.champion.version)
            moved.insert(0, seen)
        return [*moved, *self.alarms.closed(place, seat, watch, self.rules, ts)]

    def _moved(self, key: SeatKey, ts: int) -> list[Output]:
        """Looks at a seat and moves it where it is due."""
        seat, place = self.seats[key], self.places[key]
        seen = seat.look(self.rules)
        after, reason = seat.due(self.rules)
        self._calibrated(key)
        if after is seat.stands:
            return []
        before = seat.stands
        seat.enter(after, reason, ts)
        if reason == "drift":
            self.watches[key].want("drift", seen.drift_score, self.rules.drift_score)
        limit = self.rules.trading_threshold if after is Mode.TRADING else self.rules.leave
        if reason == "drift":
            limit = self.rules.drift_score
        self.stirred = True
        changed = ModeChanged(
            ts, place.symbol, place.timeframe, before, after, reason, limit, seen, seat.champion.version
        )
        return [changed, self.alarms.told_of(changed), *self.alarms.changed(place, seat, self.rules, ts)]

    def _calibrated(self, key: SeatKey) -> None:
        """Asks for a model whose probabilities are too far off, where that is more than luck."""
        seat = self.seats[key]
        if (seat.seen.calibration_error or 0.0) <= self.rules.calibration_limit:
            return  # known since the seat was looked at; how likely it is takes a test, at every close of every seat
        found = seat.champion.calibration(self.rules.min_events)
        if found is not None and found[0] > self.rules.calibration_limit and found[1] < UNLIKELY:
            self.watches[key].want("calibration", found[0], self.rules.calibration_limit)

    def _ended(self, one: ForecastEnded) -> None:
        """A forecast is over: its probability is held against what came, and champion against challenger."""
        seat = self.seats.get((one.symbol, one.timeframe))
        if seat is None or not one.went:
            return
        record = seat.champion if one.seat == "champion" else seat.challenger
        if record is None or record.version != one.version or one.forecast_ts < record.since:
            return
        record.hear(Outcome(one.p, one.went > 0), one.forecast_ts, one.ts, self.rules.window)
        if seat.challenger is not None and one.forecast_ts >= seat.challenger.since:
            seat.pair.hear(one.forecast_ts, one.ts, one.seat, right=(one.p >= 0.5) == (one.went > 0))

    def _outcome(self, one: SignalOutcome) -> None:
        """A signal that a champion led has lost."""
        key = self._champions.get(f"{one.symbol} {one.member}")
        if key is not None and self.rules.on_loss and one.r is not None and one.r < 0.0:
            self.watches[key].want("loss_immediate", one.r, 0.0)

    def _drift(self, one: DriftAlarm) -> None:
        """The drift watch speaks of a champion that it has a baseline of."""
        key = self._champions.get(one.check.subject)
        if key is not None and one.confirmed:
            self.seats[key].drifted = True
            self.watches[key].want("drift", 1.0, self.rules.drift_score)


def _numbers(rules: ModeRules) -> dict[str, float]:
    return {name: float(value) for name, value in msgspec.structs.asdict(rules).items()}
