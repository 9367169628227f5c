"""Who sits in a run: proven strategies first and under the name they were judged by, everybody else as configured."""

from __future__ import annotations

import msgspec
import pytest

from tests.fakes.proofs import verdict_of
from tradewind import strategies
from tradewind.app.config import load_config
from tradewind.app.pool import Policy, Pool, member_behind, seats_of
from tradewind.app.wiring import plan_for
from tradewind.errors import Misconfigured
from tradewind.features.rule import Member, spec_hash
from tradewind.model.proven import ProvenStrategy
from tradewind.model.stamp import SIMULATED, UNPROVEN, head_of, says, stamp_of
from tradewind.model.timeframe import Timeframe

BTC = "BTC/USDT"
EVERYBODY = strategies.default_members([Timeframe.H1])
FAMILIES = strategies.families()


def proven(member: Member, symbol: str = BTC, name: str = "") -> ProvenStrategy:
    held = verdict_of(member, symbol).strategy
    return ProvenStrategy(
        symbol=symbol, id=name or held.id, spec_hash=held.spec_hash, family=held.family, timeframe=held.timeframe,
        params=held.params, judged_on=symbol, verdict="ab" * 32,
    )  # fmt: skip


def test_the_proven_come_first_and_alone_are_heard():
    pool = Pool(Policy.PROVEN, (proven(EVERYBODY[5]), proven(EVERYBODY[2]), proven(EVERYBODY[7], "EUR/USD")))
    seats = seats_of(pool, BTC, EVERYBODY, FAMILIES)
    assert [one.id for one in seats.members[:2]] == [EVERYBODY[5].id, EVERYBODY[2].id]
    assert sorted(one.id for one in seats.members) == sorted(one.id for one in EVERYBODY)
    assert set(seats.unheard) == {one.id for one in EVERYBODY} - {EVERYBODY[5].id, EVERYBODY[2].id}


@pytest.mark.parametrize(
    ("policy", "heard"), [(Policy.SHADOW, 0), (Policy.PROVEN, 1), (Policy.UNPROVEN, len(EVERYBODY))]
)
def test_the_policy_says_who_is_heard(policy: Policy, heard: int):
    seats = seats_of(Pool(policy, (proven(EVERYBODY[0]),)), BTC, EVERYBODY, FAMILIES)
    assert len(seats.members) - len(seats.unheard) == heard


def test_one_strategy_under_two_names_sits_once_and_two_under_one_name_are_told_apart():
    """By what it does: the name of the verdict, the weight of the configuration."""
    mine = msgspec.structs.replace(EVERYBODY[0], id="mine", weight=3.0)
    (one,) = seats_of(Pool(Policy.PROVEN, (proven(EVERYBODY[0]),)), BTC, [mine], FAMILIES).members
    assert (one.id, one.weight, spec_hash(one)) == (EVERYBODY[0].id, 3.0, spec_hash(mine))
    other = msgspec.structs.replace(EVERYBODY[1], id=EVERYBODY[0].id)
    seats = seats_of(Pool(Policy.PROVEN, (proven(EVERYBODY[0]),)), BTC, [other], FAMILIES)
    assert [one.id for one in seats.members] == [EVERYBODY[0].id, f"{EVERYBODY[0].id}.{spec_hash(other)[:8]}"]
    assert seats.unheard == (seats.members[1].id,)


def test_what_cannot_be_built_as_it_was_judged_is_refused():
    good = proven(EVERYBODY[0])
    assert spec_hash(member_behind(good, FAMILIES)) == good.spec_hash
    with pytest.raises(Misconfigured, match="is gone"):
        member_behind(msgspec.structs.replace(good, family="Gone"), FAMILIES)
    with pytest.raises(Misconfigured, match="is not what was judged"):
        member_behind(msgspec.structs.replace(good, spec_hash="0" * 16), FAMILIES)


def test_a_plan_that_forgot_its_pool_says_unproven():
    """The safe side: only a pool of proven strategies takes the word away, and another pool is another plan."""
    config = load_config(environment={})
    made = [
        plan_for(config, {BTC: Timeframe.H1}, executes=False, simulated=True, pool=pool)
        for pool in (None, Pool(Policy.UNPROVEN), Pool(Policy.SHADOW), Pool(Policy.PROVEN, (proven(EVERYBODY[0]),)))
    ]
    assert [one.unproven for one in made] == [True, True, False, False]
    assert all(one.simulated for one in made)
    assert len({one.config_hash for one in made}) == 3
    assert made[0].config_hash == made[1].config_hash


def test_a_stamp_says_each_of_its_words():
    assert stamp_of(simulated=True, unproven=True) == "SIMULATED UNPROVEN"
    assert (stamp_of(simulated=False, unproven=False), head_of(simulated=False, unproven=False)) == ("", "")
    assert head_of(simulated=False, unproven=True) == "UNPROVEN "
    assert says("SIMULATED UNPROVEN", UNPROVEN)
    assert not says("SIMULATED", UNPROVEN)
    assert says("SIMULATED", SIMULATED)
