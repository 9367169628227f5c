"""Models in the engine: what they are fed, what they say, what their sets learn."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from tests import scene
from tests.fakes.served_models import BARRIERS, Library, made_model
from tradewind.adapters.store.codec import encode_outputs
from tradewind.app.wiring import engine_for, sequencer_for
from tradewind.engine.aggregate import aggregate
from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.seat import SeatPlan
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.errors import Corrupt, Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.input_schema import default_schema
from tradewind.features.model_inputs import inputs_of
from tradewind.features.spec import atr
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.decision import Signal
from tradewind.model.event import BarClosed, InputEvent, ModelServed
from tradewind.model.forecast import Forecast, ForecastEnded, seat_member
from tradewind.model.output import Output
from tradewind.model.session import calendar_of
from tradewind.model.shadow import ShadowOutcome, ShadowVotes
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.conformal import Conformal
from tradewind.predictors.manifest import GateRecord, Provenance
from tradewind.validation.barrier_labels import barrier_labels

SYMBOL = "BTC/USDT"
H1, H4, D1 = Timeframe.H1, Timeframe.H4, Timeframe.D1
N = 1100
"""Bars: the first row is complete after some 490."""
FOLLOW = made_model(SYMBOL, H1, "follow", slope=1.0)
AGAINST = made_model(SYMBOL, H1, "against", slope=-1.0)
LONGER = made_model(SYMBOL, H4, "longer", slope=1.0)


@pytest.fixture(scope="module")
def bars() -> BarColumns:
    return scene.market(bars=N)[0]


def seated(*timeframes: Timeframe, challengers: bool = True) -> EnginePlan:
    """The plan of the checks with seats on ``timeframes``; a challenger is unheard."""
    plan = scene.plan((SYMBOL,))
    (symbol,) = plan.symbols
    seats = tuple(SeatPlan(SYMBOL, one, default_schema(one), BARRIERS, simulated=True) for one in timeframes)
    members = tuple(member for seat in seats for member in seat.members)
    unheard = tuple(seat.member("challenger") for seat in seats) if challengers else ()
    own = msgspec.structs.replace(symbol, members=(*symbol.members, *members), seats=seats, unheard=unheard)
    return msgspec.structs.replace(plan, symbols=(own,))


def engine(plan: EnginePlan, *models) -> Engine:
    return engine_for(plan, models=Library(*models))


def closed(columns: BarColumns) -> list[InputEvent]:
    prices = zip(*(column.tolist() for column in columns[:-1]), strict=True)
    return [BarClosed(Bar(SYMBOL, H1, *row, None)) for row in prices]


def served(model, seat="champion", timeframe=H1) -> ModelServed:
    return ModelServed(0, SYMBOL, timeframe, seat, model[1].version, model[1].sha256)


def of(outputs: list[Output], *kinds: type) -> list[Output]:
    return [one for one in outputs if isinstance(one, kinds)]


def ran(made: Engine, events: list[InputEvent]) -> list[Output]:
    return [output for event in events for output in made.process(event)]


def test_a_live_forecast_is_what_the_model_says_of_the_whole_history(bars):
    """Rule: the same probability as from all rows at once; longer bars that close with it count."""
    outputs = ran(engine(seated(H1, H4), FOLLOW, LONGER), [served(FOLLOW), served(LONGER, timeframe=H4), *closed(bars)])
    calendar = calendar_of("crypto")
    columns = {H1: bars, **{one: aggregate(bars, calendar, one) for one in (H4, D1)}}
    library = Library(FOLLOW, LONGER)
    for timeframe, model in ((H1, FOLLOW[1]), (H4, LONGER[1])):
        said = {one.ts: one.p for one in of(outputs, Forecast) if one.timeframe is timeframe}
        rows = inputs_of(default_schema(timeframe), columns[timeframe], columns)
        own = library.model(model.version, model.sha256)
        wanted = {}
        for last in range(model.length - 1, len(rows)):
            p = own.p_up(rows[last - model.length + 1 : last + 1])
            if not math.isnan(p):
                wanted[int(columns[timeframe].ts_close[last])] = round(p, 6)
        assert said == wanted
        assert len(said) > (500 if timeframe is H1 else 8)


def test_forecasts_end_as_the_labels_of_training_do_and_the_sets_learn_just_that(bars):
    """Rule: its outcome is its triple-barrier label; its side that of a set fed with the labels."""
    outputs = ran(engine(seated(H1), FOLLOW), [served(FOLLOW), *closed(bars)])
    ranges = FeatureBank((atr(14),)).batch(bars)[:, 0]
    width = 2.0 * ranges / bars.close
    labels = barrier_labels(bars.high, bars.low, bars.close, width, width, 24)
    place = {int(ts): number for number, ts in enumerate(bars.ts_close)}
    said, ended = of(outputs, Forecast), of(outputs, ForecastEnded)
    assert len(ended) > 400
    for one in ended:
        label = labels.label[place[one.forecast_ts]]
        assert one.went == (0 if np.isnan(label) else label)
        assert place[one.ts] == labels.end[place[one.forecast_ts]]
    sets = Conformal.of(0.1, scores=FOLLOW[1].scores)
    queue = sorted(ended, key=lambda one: (one.ts, one.forecast_ts))
    for one in said:
        while queue and queue[0].ts <= one.ts:
            if (old := queue.pop(0)).went:
                sets.learn(old.p, old.went)
        assert one.side == sets.side(one.p)
        assert one.upper - one.lower == pytest.approx(4.0 * ranges[place[one.ts]])
    misses = [one.missed for one in ended if one.went]
    assert 0.02 < np.mean(misses) < 0.25, "one in ten is promised"


def test_a_side_is_a_vote_whose_bracket_is_the_forecasts_barriers(bars):
    """Rule: the champion is heard and leads with its own bracket; its signal names model and probability."""
    plan = seated(H1)
    alone = msgspec.structs.replace(
        plan,
        ensemble=msgspec.structs.replace(plan.ensemble, quorum=1, min_agreement=0.0, min_confidence=0.0, min_record=5),
        symbols=(msgspec.structs.replace(plan.symbols[0], members=plan.symbols[0].seats[0].members),),
    )
    outputs = ran(engine(alone, FOLLOW), [served(FOLLOW), *closed(bars)])
    said = {one.ts: one for one in of(outputs, Forecast)}
    signals = of(outputs, Signal)
    assert len(signals) > 5
    for signal in signals:
        forecast = said[signal.ts]
        assert forecast.acted
        assert forecast.side == signal.bracket.side
        assert signal.consensus.voters == (seat_member(SYMBOL, H1, "champion"),)
        (reason,) = [one for one in signal.checks if one.code == "model"]
        assert reason.value == pytest.approx(forecast.p if forecast.side > 0 else 1 - forecast.p)
        assert reason.detail == f"follow ({forecast.sha256[:16]}), champion on 1h"
        risk = abs(signal.bracket.entry - signal.bracket.stop)
        assert abs(signal.bracket.target - signal.bracket.entry) == pytest.approx(risk, rel=1e-3)


def test_a_challenger_changes_no_decision_and_a_seat_where_nobody_sits_none_either(bars):
    """Rule: what a challenger says is put out, never heard; an empty seat is as none at all."""
    events = closed(bars)
    decisions = []
    for plan, models, extra in (
        (scene.plan((SYMBOL,)), (), []),
        (seated(H1, H4), (), []),
        (seated(H1), (AGAINST,), [served(AGAINST, "challenger")]),
    ):
        same = msgspec.structs.replace(plan, config_hash="0" * 16)
        outputs = ran(engine(same, *models), [*extra, *events])
        quiet = (Forecast, ForecastEnded, ShadowVotes, ShadowOutcome)
        decisions.append(encode_outputs([one for one in outputs if not isinstance(one, quiet)]))
        shadow = of(outputs, ShadowOutcome)
        assert bool(shadow) is bool(models)
        assert not any(one.acted for one in of(outputs, Forecast))
    assert decisions[0] == decisions[1] == decisions[2]
    assert len(decisions[0]) > 100_000


def test_a_model_says_nothing_of_the_bars_it_was_made_from(bars):
    """Rule: its first forecast is after the last bar that training or its test has seen; its record begins there."""
    seen = int(bars.ts_close[800])
    late = made_model(SYMBOL, H1, "late", provenance=Provenance("d", "c", 1, (0, 1), (1, seen), 3))
    made = engine(seated(H1), late)
    outputs = ran(made, [served(late), *closed(bars)])
    assert min(one.ts for one in of(outputs, Forecast)) == int(bars.ts_close[801])
    series = made.desks[SYMBOL].series[H1]
    assert 0 < series.record(series.places[seat_member(SYMBOL, H1, "champion")]).n < 100


@pytest.mark.parametrize("cut", [0, 610, 700, 1000])
def test_a_snapshot_goes_on_to_the_same_bytes(bars, cut):
    """Rule: rows, sets, open forecasts, records and who sits where are all in it, also between swaps."""
    plan = seated(H1, H4)
    models = (FOLLOW, AGAINST, LONGER)
    events = closed(bars)
    events[650:650] = [served(AGAINST), served(FOLLOW, "challenger")]
    events[0:0] = [served(FOLLOW), served(LONGER, timeframe=H4)]
    whole = engine(plan, *models)
    wanted = [encode_outputs(whole.process(event)) for event in events]
    first = engine(plan, *models)
    for event in events[:cut]:
        first.process(event)
    state = snapshot_engine(first, sequencer_for(plan))
    second = engine(plan, *models)
    restore_engine(second, sequencer_for(plan), state)
    assert [encode_outputs(second.process(event)) for event in events[cut:]] == wanted[cut:]
    assert snapshot_engine(second, sequencer_for(plan)) == snapshot_engine(whole, sequencer_for(plan))


def test_a_record_follows_its_version_and_a_new_one_begins_with_none(bars):
    """Rule: promoted from the shadow it keeps what it showed there; nobody inherits what another one earned."""
    made = engine(seated(H1), FOLLOW, AGAINST)
    events = closed(bars)
    series = made.desks[SYMBOL].series[H1]
    champion, challenger = (series.places[seat_member(SYMBOL, H1, one)] for one in ("champion", "challenger"))
    ran(made, [served(FOLLOW), served(AGAINST, "challenger"), *events[:900]])
    earned, shadowed = series.record(champion), series.record(challenger)
    assert earned.n > 20
    assert shadowed.n > 20
    assert earned != shadowed
    ran(made, [served(AGAINST)])
    assert series.record(champion) == shadowed
    assert champion not in [series.places[vote.member] for vote in series.votes()]
    ran(made, [ModelServed(0, SYMBOL, H1, "challenger")])
    assert series.record(challenger).n == 0
    ran(made, events[900:950])
    ran(made, [served(FOLLOW)])
    assert series.record(champion) == earned, "rolled back: its own record, without the trade that was open"
    fresh = made_model(SYMBOL, H1, "fresh", slope=0.5)
    made.models = Library(FOLLOW, AGAINST, fresh)
    ran(made, [served(fresh)])
    assert series.record(champion).n == 0
    ran(made, events[950:])
    assert series.record(champion).n > 0


MISFITS = {
    "symbol": {"symbols": ("ETH/USDT",)},
    "barriers": {"barriers": msgspec.structs.replace(BARRIERS, horizon=12)},
    "gate": {"gate": GateRecord("honest", passed=False, figures={}, missed=("skill",))},
    "inputs": {"channels": tuple(reversed(default_schema(H1).names))},
    "timeframe": {},
}


@pytest.mark.parametrize("what", MISFITS)
def test_a_model_that_does_not_fit_its_seat_is_refused_and_the_old_one_serves_on(bars, what):
    """Rule: symbol, timeframe, inputs, barriers and a passed gate; nothing is changed by a refusal."""
    good, bad = FOLLOW, made_model(SYMBOL, H4 if what == "timeframe" else H1, "bad", **MISFITS[what])
    library = Library(good)
    library.served["bad", bad[1].sha256] = type(library.model("follow", good[1].sha256))(bad[1], None)  # type: ignore[arg-type]  # never asked
    made = engine_for(seated(H1), models=library)
    made.process(served(good))
    with pytest.raises(Corrupt):
        made.process(served(bad))
    outputs = ran(made, closed(bars))
    assert {one.version for one in of(outputs, Forecast)} == {"follow"}


def test_a_model_of_made_bars_does_not_speak_about_real_ones():
    """Rule: SIMULATED evidence stays where the market is SIMULATED."""
    manifest = made_model(SYMBOL, H1, "sim", provenance=Provenance("d", "c", 1, (0, 1), (1, 2), 3, simulated=True))[1]
    real = SeatPlan(SYMBOL, H1, default_schema(H1), BARRIERS)
    assert "SIMULATED" in real.misfit(manifest, "champion")
    assert not msgspec.structs.replace(real, simulated=True).misfit(manifest, "champion")


def test_an_engine_without_models_or_seats_says_so():
    """Rule: an event that cannot be followed is an error, never passed over."""
    with pytest.raises(Misconfigured, match="no models folder"):
        engine_for(seated(H1)).process(served(FOLLOW))
    with pytest.raises(Misconfigured, match="predictors"):
        engine_for(scene.plan((SYMBOL,)), models=Library(FOLLOW)).process(served(FOLLOW))


def test_what_a_seat_remembers_does_not_grow_with_the_run():
    """Rule: rows, sets, open forecasts and the records of modes have their limits: 2,000 bars more add nothing."""
    plan = seated(H1)
    alone = msgspec.structs.replace(plan.symbols[0], members=plan.symbols[0].seats[0].members, filters=())
    plan = msgspec.structs.replace(plan, symbols=(alone,), modes=(ModeSeat.of_models(SYMBOL, H1),))
    made = engine(plan, FOLLOW, AGAINST)
    events = [served(FOLLOW), served(AGAINST, "challenger"), *closed(scene.market(bars=6000)[0])]
    sizes = []
    for part in (events[:4002], events[4002:]):
        ran(made, part)
        seat = made.desks[SYMBOL].series[H1].snapshot().forecasts
        sizes.append((len(msgspec.msgpack.encode(seat)), len(made.modes.snapshot())))
    (rows_before, modes_before), (rows, modes) = sizes
    assert 10_000 < rows < 1.05 * rows_before
    assert 5_000 < modes < 1.05 * modes_before
