"""The seats of a project as a state machine: whatever is asked in whatever order, the files say what a list says."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.fakes.shelved_models import shelved
from tradewind.app.config import load_config
from tradewind.app.models.promotion import Promotions
from tradewind.app.workspace import Workspace
from tradewind.errors import Rejected
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.seats import Duel, Score

PAIR, HOUR = "BTC/USDT", Timeframe.H1
GOOD, UNSEALED, WEAK = ("a", "b", "c"), ("d",), ("e",)
VERSIONS = st.sampled_from((*GOOD, *UNSEALED, *WEAK))


def duel(champion: str, challenger: str, verdict: str) -> Duel:
    one, two = (Score(name, 9, 0.5, 0.2, 9, 0.5, 0.0) for name in (champion, challenger))
    return Duel(one, two, 1, 2, 9, 0.0, -0.1, 0.1, 1.0, 1.0, champion_drifted=False, verdict=verdict)


class Seats(RuleBasedStateMachine):
    """Champion, predecessor and challenger by hand beside those of the files, opened anew before every step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="seats-"))
        self.workspace = Workspace(load_config(environment={}, folder=self.folder), self.folder)
        for number, name in enumerate((*GOOD, *UNSEALED, *WEAK)):
            sealed = None if name in UNSEALED else True
            shelved(self.workspace, name, bias=0.1 * number, passed=name not in WEAK, sealed=sealed)
        self.champion, self.predecessor, self.challenger = "", "", ""
        self.count = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @property
    def promotions(self) -> Promotions:
        return Promotions(self.workspace)

    @rule(version=VERSIONS, fought=st.sampled_from(["won", "lost", "other", "none"]))
    def promote(self, version: str, fought: str) -> None:
        self.count += 1
        given = {
            "won": duel(self.champion, version, "better"),
            "lost": duel(self.champion, version, ""),
            "other": duel("x", version, "better"),
            "none": None,
        }[fought]
        earned = version != self.champion and version not in WEAK
        earned = earned and (fought == "won" if self.champion else version in GOOD)
        done = self.promotions.promote(PAIR, HOUR, version, "", self.count, given).done
        assert done is earned
        if earned:
            self.champion, self.predecessor = version, self.champion
            self.challenger = "" if self.challenger == version else self.challenger

    @rule(version=VERSIONS)
    def challenge(self, version: str) -> None:
        self.count += 1
        assert self.promotions.challenge(PAIR, HOUR, version, "try", self.count).done is (version != self.champion)
        if version != self.champion:
            self.challenger = version

    @rule()
    def withdraw(self) -> None:
        try:
            self.promotions.withdraw(PAIR, HOUR, "enough", self.count)
            assert self.challenger
            self.count += 1
        except Rejected:
            assert not self.challenger
        self.challenger = ""

    @rule()
    def rollback(self) -> None:
        try:
            self.promotions.rollback(PAIR, HOUR, "back", self.count)
            assert self.predecessor
            self.count += 1
            self.champion, self.predecessor = self.predecessor, self.champion
            self.challenger = "" if self.challenger == self.champion else self.challenger
        except Rejected:
            assert not self.predecessor

    @invariant()
    def the_files_say_the_same(self) -> None:
        seat = self.promotions.seat(PAIR, HOUR)
        held = [one.version if one else "" for one in (seat.champion, seat.predecessor, seat.challenger)]
        assert held == [self.champion, self.predecessor, self.challenger]
        assert not self.challenger or self.challenger != self.champion
        decisions = self.promotions.decisions()
        assert len(decisions) == self.count
        last = next((one.seat for one in reversed(decisions) if one.seat), None)
        assert (last or seat) == seat


Seats.TestCase.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
TestSeats = Seats.TestCase
