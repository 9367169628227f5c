"""What asks for a new model, in which order, and how often."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.engine.retrain_watch import RetrainWatch
from tradewind.model.mode import TRIGGERS, ModeRules
from tradewind.model.timeframe import DAY, HOUR, MINUTE, Timeframe

RULES = ModeRules()
SYMBOL, H1 = "BTC/USDT", Timeframe.H1


@pytest.mark.req("J06", "HZ23")
def test_twenty_five_losses_in_six_hours_ask_for_three_trainings():
    """Rule: one cool-down of two hours; what happened within it is one question."""
    watch, asked = RetrainWatch(), []
    for ts in range(0, 6 * HOUR, 6 * HOUR // 25):
        watch.want("loss_immediate", -1.0, 0.0)
        one = watch.due(SYMBOL, H1, ts, RULES)
        if one is not None:
            asked.append(one)
            watch.ended(ts + MINUTE, failed=False)
    assert len(asked) == 3
    assert (np.diff([one.ts for one in asked]) >= 2 * HOUR).all()


def test_of_several_triggers_the_most_telling_is_named_and_the_others_are_answered_with_it():
    """Rule: a person, then drift, calibration, loss, schedule, new labels."""
    watch = RetrainWatch()
    for trigger in reversed(TRIGGERS):
        watch.want(trigger, 1.0, 0.5)
    one = watch.due(SYMBOL, H1, 5, RULES)
    assert (one.trigger, one.also) == ("manual", TRIGGERS[1:])
    watch.ended(6, failed=False)
    assert watch.due(SYMBOL, H1, 5 + 3 * HOUR, RULES) is None


def test_nothing_is_asked_for_while_a_training_runs():
    """Rule: one at a time; what came up meanwhile is asked for afterwards."""
    watch = RetrainWatch()
    watch.want("drift", 1.0, 0.7)
    assert watch.due(SYMBOL, H1, 0, RULES) is not None
    watch.want("loss_immediate", -1.0, 0.0)
    assert watch.due(SYMBOL, H1, 3 * HOUR, RULES) is None
    watch.ended(3 * HOUR, failed=False)
    assert watch.due(SYMBOL, H1, 3 * HOUR, RULES).trigger == "loss_immediate"


@pytest.mark.req("J06", "J10")
def test_a_training_that_takes_long_is_not_followed_by_another_one_of_the_schedule():
    """Rule: time and labels count from the end of a training, however many bars closed while it ran."""
    watch = RetrainWatch()
    watch.labels = RULES.new_labels
    watch.pass_time(30 * DAY, RULES)
    asked = watch.due(SYMBOL, H1, 30 * DAY, RULES)
    assert (asked.trigger, asked.also) == ("schedule", ("new_labels",))
    for ts in range(30 * DAY, 40 * DAY, DAY):
        watch.labels += 100
        watch.pass_time(ts, RULES)
        assert watch.due(SYMBOL, H1, ts, RULES) is None
    watch.ended(40 * DAY, failed=False)
    for ts in range(40 * DAY, 70 * DAY, DAY):
        watch.pass_time(ts, RULES)
        assert watch.due(SYMBOL, H1, ts, RULES) is None
    watch.pass_time(70 * DAY, RULES)
    assert watch.due(SYMBOL, H1, 70 * DAY, RULES).trigger == "schedule"


def test_a_training_that_failed_is_asked_for_again_where_its_cause_is_still_there():
    """Rule: a drift and a calibration error stay; a single loss does not."""
    for trigger, again in (("drift", True), ("calibration", True), ("loss_immediate", False), ("schedule", False)):
        watch = RetrainWatch()
        watch.want(trigger, 1.0, 0.5)
        watch.due(SYMBOL, H1, 0, RULES)
        watch.ended(MINUTE, failed=True)
        assert watch.due(SYMBOL, H1, HOUR, RULES) is None
        assert (watch.due(SYMBOL, H1, 2 * HOUR, RULES) is not None) is again


@pytest.mark.req("J20")
def test_switched_off_nothing_is_ever_asked_for_nor_made_up_for():
    """Rule: with retraining off what comes up is forgotten."""
    watch, off = RetrainWatch(), ModeRules(retrains=False)
    for number, trigger in enumerate(TRIGGERS):
        watch.want(trigger, 1.0, 0.5)
        assert watch.due(SYMBOL, H1, number * DAY, off) is None
    assert watch.due(SYMBOL, H1, 90 * DAY, RULES) is None


def test_time_and_labels_ask_too():
    """Rule: 30 days since the last training, or 250 new shadow events."""
    watch = RetrainWatch(trained=DAY)
    watch.pass_time(31 * DAY - 1, RULES)
    assert not watch.pending
    watch.pass_time(31 * DAY, RULES)
    assert watch.due(SYMBOL, H1, 31 * DAY, RULES).trigger == "schedule"
    watch.ended(31 * DAY, failed=False)
    watch.labels = 250
    watch.pass_time(32 * DAY, RULES)
    assert watch.due(SYMBOL, H1, 32 * DAY, RULES).trigger == "new_labels"
