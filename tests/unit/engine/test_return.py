"""A seat that fell: what is asked for, who may shadow, and how it comes back; trades and models are scripted."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.mode_seat import SILENT, Seat, ShadowEvent
from tradewind.engine.modes import Modes
from tradewind.ensemble.shadow import ShadowTrade
from tradewind.model.bar import Bar
from tradewind.model.event import ModelServed, ModelTrained, ModeRulesSet
from tradewind.model.mode import ChallengerJudged, Mode, ModeChanged, ModeRules, RetrainAsked
from tradewind.model.output import Output
from tradewind.model.timeframe import DAY, HOUR, Timeframe

SYMBOL, H1 = "BTC/USDT", Timeframe.H1
RULES = ModeRules(on_loss=False, schedule=0, new_labels=0)
WINS, LOSES = (0.95,) * 7 + (-1.05,) * 3, (0.95,) * 3 + (-1.05,) * 7
"""R of ten trades net of 0.05 R of costs: 70% and 30% of a symmetric bracket."""


class Member:
    """A name in a series."""

    def __init__(self, name: str) -> None:
        self.id = name


class Trades:
    """A series whose shadow trades are told by a script; also its own shadow book."""

    def __init__(self) -> None:
        self.members = (Member("champion"), Member("challenger"))
        self.shadow = self
        self.closed: list[tuple[int, ShadowTrade]] = []

    def newest(self) -> list[tuple[int, ShadowTrade]]:
        return self.closed


class Market:
    """One seat, an hour at a time; who sits where is changed as an application changes it."""

    def __init__(self) -> None:
        self.modes = Modes([ModeSeat(SYMBOL, H1, "champion", "challenger")])
        self.seat = self.modes.seats[SYMBOL, H1]
        self.series, self.ts, self.outputs = Trades(), HOUR, list[Output]()
        self.modes.on_rules(ModeRulesSet(self.ts, RULES, "test"))
        self.serve("champion", "old")

    def serve(self, place: str, version: str) -> None:
        self.outputs += self.modes.on_served(ModelServed(self.ts, SYMBOL, H1, place, version, "aa" if version else ""))

    def trained(self, version: str) -> None:
        """A training that met its gate; it shadows unless another one is on trial."""
        self.modes.on_trained(ModelTrained(self.ts, SYMBOL, H1, version, None, 0.9, 0.02, True))
        if not self.modes.on_trial(SYMBOL, H1, self.ts):
            self.serve("challenger", version)

    def hours(self, champion: Iterable[float], challenger: Iterable[float] = ()) -> None:
        """A closed trade of each an hour; forecasts of both are right where their trades won.

        From its promotion on the challenger's trades are the champion's.
        """
        theirs, before = list(challenger), self.seat.champion.version
        for number, r in enumerate(champion):
            self.ts += HOUR
            pairs = [(0, r)] + ([(1, theirs[number])] if number < len(theirs) else [])
            if self.seat.champion.version != before:
                pairs = [(0, theirs[number])]
            self.series.closed = [
                (seat, ShadowTrade(self.ts - HOUR, self.ts, 1, one, one, 1.0, 1.0, "target", False))
                for seat, one in pairs
            ]
            bar = Bar(SYMBOL, H1, self.ts - HOUR, self.ts, 1.0, 1.0, 1.0, 1.0, 1.0)
            made = self.modes.on_closes((bar,), {H1: self.series}, history=False)
            if len(pairs) == 2:
                self.seat.pair.take(self.ts - HOUR, self.ts, r > 0.0, theirs[number] > 0.0)
            made += self.modes.after(made, self.ts)
            self.outputs += made
            for one in made:
                if isinstance(one, ChallengerJudged) and one.verdict == "promote":
                    self.serve("champion", one.challenger.version)

    def of(self, kind: type) -> list:
        return [one for one in self.outputs if isinstance(one, kind)]


@pytest.mark.req("J09", "HZ22")
def test_a_market_that_turns_leads_from_trading_to_learning_and_back_with_a_model_made_after_the_change():
    """Rule: stopped by the detectors, trained on what lies after the fall, back by the new model's own trades."""
    market = Market()
    market.hours(WINS * 12)
    assert market.seat.stands is Mode.TRADING
    market.hours(LOSES * 5)
    first, stop = market.of(ModeChanged)
    assert (first.after, stop.after, stop.reason) == (Mode.TRADING, Mode.LEARNING, "drift")
    (asked,) = market.of(RetrainAsked)
    assert (asked.trigger, asked.since, asked.ts) == ("drift", stop.ts, stop.ts)
    market.trained("new")
    market.hours(LOSES * 13, WINS * 13)
    (verdict,) = market.of(ChallengerJudged)
    assert (verdict.verdict, verdict.reason, verdict.challenger.version) == ("promote", "better", "new")
    back = market.of(ModeChanged)[-1]
    assert (back.after, back.version) == (Mode.TRADING, "new")
    assert back.seen.evidence >= back.seen.needs == 120.0
    assert len(market.of(ModeChanged)) == 3


def test_a_model_that_is_no_better_than_the_one_that_fell_and_loses_does_not_take_its_place():
    """Rule: not worse beside a champion that has drifted is enough only for one that pays."""
    market = Market()
    market.hours(WINS * 12)
    market.hours(LOSES * 5)
    market.trained("alike")
    market.hours(LOSES * 40, LOSES * 40)
    assert market.of(ChallengerJudged) == []
    assert market.seat.champion.version == "old"
    assert market.seat.pair.forward.of_not_worse > 20.0


def test_one_that_came_back_is_no_declined_champion_any_more():
    """Rule: then only a better one takes its place, not one that is not worse."""
    market = Market()
    market.hours(WINS * 12)
    market.hours(LOSES * 5)
    market.trained("new")
    market.hours(LOSES * 13, WINS * 13)
    assert market.seat.champion.version == "new"
    market.trained("newer")
    market.hours(WINS * 20, WINS * 20)
    assert market.seat.fallen
    assert not market.seat.declined
    assert len(market.of(ChallengerJudged)) == 1


def test_a_challenger_on_trial_is_not_displaced_by_the_next_training():
    """Rule: who trains more often than a trial takes would never end one; one that loses, or is silent, gives way."""
    market = Market()
    market.trained("one")
    market.hours(LOSES * 2, LOSES * 2)
    market.trained("two")
    assert market.seat.challenger.version == "one"
    market.hours(LOSES * 1, LOSES * 1)
    market.trained("two")
    assert market.seat.challenger.version == "two"
    market.hours(WINS * 9, WINS * 9)
    market.trained("three")
    assert market.seat.challenger.version == "two"
    market.hours(WINS * 11, WINS * 11)
    market.trained("three")
    assert market.seat.challenger.version == "three"
    market.ts += SILENT
    market.trained("four")
    assert market.seat.challenger.version == "four"
    assert SILENT == 30 * DAY


def test_every_model_that_shadows_since_a_fall_counts_whether_it_is_promoted_or_not():
    """Rule: i is the place of a model among those that shadowed, for who is promoted was chosen by those trades."""
    seat = Seat(stands=Mode.TRADING)
    seat.challenge("early", 1)
    assert (seat.tries, seat.challenger.rank) == (0, 0)
    seat.enter(Mode.LEARNING, "drift", 5)
    assert (seat.fell, seat.champion.rank, seat.challenger.rank) == (5, 1, 2)
    for number, name in enumerate(("a", "b", "c"), start=3):
        seat.challenge(name, 10 * number)
        assert seat.challenger.rank == number
    assert seat.needs(RULES) == 40.0
    seat.seat("c", 60)
    assert seat.needs(RULES) == 20.0 * 5 * 6
    seat.seat("by hand", 70)
    assert seat.needs(RULES) == 20.0 * 6 * 7


def test_a_second_fall_counts_anew():
    """Rule: what was tried since the first one ended with the return."""
    seat = Seat(stands=Mode.TRADING)
    seat.enter(Mode.LEARNING, "drift", 5)
    seat.challenge("a", 6)
    seat.seat("a", 7)
    assert seat.needs(RULES) == 120.0
    for number in range(150):
        seat.champion.take(ShadowEvent(number, WINS[number % 10]), RULES.window)
    seat.look(RULES)
    assert seat.due(RULES)[0] is Mode.TRADING
    seat.enter(Mode.TRADING, "confidence", 200)
    seat.enter(Mode.LEARNING, "confidence", 300)
    assert (seat.fell, seat.needs(RULES), seat.champion.evidence) == (300, 40.0, 1.0)
