"""Signed verdicts: what a reader may trust, what is refused and with which words, and for what a strategy may speak."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from tests.gate_evidence import candidate, window
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.errors import Corrupt, Misconfigured, Rejected, Unavailable
from tradewind.features.rule import Member, spec_hash
from tradewind.model.instruments import resolve
from tradewind.model.report import Stamp, Verdict
from tradewind.model.timeframe import Timeframe
from tradewind.research.verdict import (
    SCHEMA,
    SignedVerdict,
    VerdictStamp,
    refusal,
    sign,
    speaks_for,
    verdict_on,
    verify,
)
from tradewind.strategies import default_members
from tradewind.validation.gates_profiles import SOURCE, judgement_of

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
STAMP = VerdictStamp(
    data_hash="d" * 16, config_hash="c" * 16, code_version="0.1.0", ledger_head="12:ab", seeds={"search": 1, "gate": 2}
)
MEMBER: Member = default_members([Timeframe.H1])[0]
EURUSD = resolve("EUR/USD")


def verdict(opened: dict | None = None, **stamp) -> SignedVerdict:
    """A verdict on the first default strategy, PASS unless something was ``opened``."""
    evidence = candidate(subject=MEMBER.id, opened=opened or {})
    judgement = judgement_of(evidence, stamp=Stamp(data_hash=STAMP.data_hash))
    return verdict_on(MEMBER, EURUSD, evidence.windows, judgement, msgspec.structs.replace(STAMP, **stamp), 5)


@pytest.mark.req("X05")
def test_a_verdict_holds_everything_it_rests_on_and_comes_back_equal():
    """Strategy, windows, both reports and every stamp; the same verdict has the same bytes."""
    data = sign(verdict(), KEY)
    assert verify(data, KEY) == verdict()
    assert sign(verdict(), KEY) == data
    document = json.loads(data)["verdict"]
    assert [one["profile"] for one in document["judgement"]["reports"]] == ["source", "honest"]
    assert document["strategy"]["spec_hash"] == spec_hash(MEMBER)
    assert document["strategy"]["params"]["exits"]["stop_mode"] == "wider_of"
    assert document["stamp"]["seeds"] == {"search": 1, "gate": 2}
    assert set(document["windows"]) >= {"train", "test", "sealed"}


@pytest.mark.req("D24")
def test_no_byte_can_be_changed():
    """Every byte of the file, altered in one bit, added to or cut: refused, and never read as a verdict."""
    data = sign(verdict(), KEY)
    generator = np.random.default_rng(3)
    for place in range(len(data)):
        bent = bytearray(data)
        bent[place] ^= 1 << int(generator.integers(0, 8))
        with pytest.raises((Corrupt, Rejected)):
            verify(bytes(bent), KEY)
    for bent in (data + b" ", data[:-1], b" " + data, data.replace(b"  ", b" "), b"", b"{}", b"[" * 10_000):
        with pytest.raises(Corrupt):
            verify(bent, KEY)


@pytest.mark.req("D24")
def test_a_changed_outcome_is_named_as_a_change():
    """What somebody would really try: REJECTED made into a PASS."""
    refused = sign(verdict({"window": window(150, 250)}), KEY)
    with pytest.raises(Corrupt, match="changed after it was signed"):
        verify(refused.replace(b'"FAIL"', b'"PASS"'), KEY)


def test_each_refusal_has_its_own_words():
    """Another key, no key, another schema, no verdict at all."""
    data = sign(verdict(), KEY)
    with pytest.raises(Rejected, match="signed with the key"):
        verify(data, OTHER)
    with pytest.raises(Unavailable, match="key that signs verdicts is missing"):
        verify(data, None)
    later = sign(msgspec.structs.replace(verdict(), schema=SCHEMA + 1), KEY)
    with pytest.raises(Rejected, match=f"schema {SCHEMA + 1}"):
        verify(later, KEY)
    with pytest.raises(Corrupt, match="no verdict"):
        verify(b"not json", KEY)
    with pytest.raises(Misconfigured, match="key of 5 bytes"):
        sign(verdict(), b"short")


def test_a_verdict_needs_both_profiles_and_its_own_strategy():
    """A report on somebody else, or without the honest one, is not signed."""
    judgement = judgement_of(candidate(subject="Somebody_1h_v1"))
    with pytest.raises(Misconfigured, match="Somebody_1h_v1"):
        verdict_on(MEMBER, EURUSD, candidate().windows, judgement, STAMP, 5)
    own = judgement_of(candidate(subject=MEMBER.id))
    only = msgspec.structs.replace(own, reports=own.reports[1:])
    with pytest.raises(Misconfigured, match="source"):
        verdict_on(MEMBER, EURUSD, candidate().windows, only, STAMP, 5)


@pytest.mark.req("HZ18")
def test_a_strategy_speaks_where_it_was_validated_and_nowhere_else():
    """Timeframe and instrument class; another symbol of the class is allowed."""
    held = verdict()
    assert speaks_for(held, "EUR/USD", Timeframe.H1, EURUSD, member=MEMBER)
    assert speaks_for(held, "GBP/USD", Timeframe.H1, resolve("GBP/USD"))
    for timeframe in Timeframe:
        assert speaks_for(held, "EUR/USD", timeframe, EURUSD) is (timeframe is Timeframe.H1)
    assert "not on 1d" in refusal(held, "EUR/USD", Timeframe.D1, EURUSD)
    for symbol in ("BTC/USDT", "XAU/USD"):
        assert not speaks_for(held, symbol, Timeframe.H1, resolve(symbol))
    assert "validated on fx" in refusal(held, "BTC/USDT", Timeframe.H1, resolve("BTC/USDT"))
    assert "with the instrument" in refusal(held, "GBP/USD", Timeframe.H1, EURUSD)


@pytest.mark.req("D24", "HZ18")
def test_only_a_pass_speaks():
    """Each other verdict is named in the refusal."""
    for opened, expected in (
        ({"window": window(150, 250)}, Verdict.FAIL),
        ({"window": window(70, 99)}, Verdict.INSUFFICIENT),
        ({"holm_p": 0.06}, Verdict.THRESHOLDS_ONLY),
    ):
        held = verdict(opened)
        assert held.judgement.verdict is expected
        assert f"judged {expected.value}" in refusal(held, "EUR/USD", Timeframe.H1, EURUSD)


@pytest.mark.req("D24", "HZ25")
def test_a_pass_of_the_bare_thresholds_does_not_speak():
    """`gate.profile = source` may decide what is printed as APPROVED; only what is honest too is heard."""
    evidence = candidate(subject=MEMBER.id, opened={"holm_p": 0.06})
    lucky = verdict_on(MEMBER, EURUSD, evidence.windows, judgement_of(evidence, SOURCE), STAMP, 5)
    assert lucky.judgement.verdict is Verdict.PASS
    assert not lucky.judgement.proven
    assert "bare thresholds of profile source" in refusal(lucky, "EUR/USD", Timeframe.H1, EURUSD)
    sound = candidate(subject=MEMBER.id)
    both = verdict_on(MEMBER, EURUSD, sound.windows, judgement_of(sound, SOURCE), STAMP, 5)
    assert refusal(both, "EUR/USD", Timeframe.H1, EURUSD) == ""


@pytest.mark.req("HZ18")
def test_changed_parameters_and_made_bars_do_not_speak():
    """The hash of what the strategy does must be the validated one; SIMULATED bars say nothing of a market."""
    other = msgspec.structs.replace(default_members([Timeframe.H1])[1], id=MEMBER.id)
    assert "parameters changed" in refusal(verdict(), "EUR/USD", Timeframe.H1, EURUSD, member=other)
    made = verdict(simulated=True)
    assert "SIMULATED" in refusal(made, "EUR/USD", Timeframe.H1, EURUSD)
    assert speaks_for(made, "EUR/USD", Timeframe.H1, EURUSD, simulated=True)


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path):
    """First use makes it, later uses read it; a reader makes none."""
    files = VerdictFiles(tmp_path / "data")
    assert files.key() is None
    assert not files.key_path.exists()
    key = files.make_key()
    assert len(key) == 32
    assert stat.S_IMODE(files.key_path.stat().st_mode) == 0o600
    assert files.make_key() == key == VerdictFiles(tmp_path / "data").key()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["verdict.key"]
    assert VerdictFiles(tmp_path / "other").make_key() != key


def test_a_key_that_others_may_read_or_that_is_none_is_refused(tmp_path):
    """Both say what to do."""
    files = VerdictFiles(tmp_path)
    files.make_key()
    files.key_path.chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        files.key()
    files.key_path.chmod(0o600)
    files.key_path.write_text("no key")
    with pytest.raises(Corrupt, match="no key"):
        files.make_key()


def test_processes_that_make_the_key_together_hold_the_same_one(tmp_path):
    """Four at once."""
    code = (
        "import sys, pathlib; from tradewind.adapters.verdict_files import VerdictFiles;"
        "print(VerdictFiles(pathlib.Path(sys.argv[1])).make_key().hex())"
    )
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/bin:/bin"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(4)
    ]
    said = {process.communicate()[0].strip() for process in started}
    assert len(said) == 1
    assert len(said.pop()) == 64


def test_verdict_files_are_written_read_and_listed(tmp_path):
    """By the name of the verdict; an unknown one and a path are refused."""
    files, held = VerdictFiles(tmp_path), verdict()
    assert files.names() == ()
    path = files.write(held.name, sign(held, files.make_key()))
    assert path.name == f"{MEMBER.id}.{spec_hash(MEMBER)}.EUR-USD.json"
    assert files.names() == (held.name,)
    assert verify(files.read(held.name), files.key()) == held
    with pytest.raises(Unavailable, match="no verdict nothing"):
        files.read("nothing")
    for name in ("../key", "/etc/passwd", "", "."):
        with pytest.raises(Misconfigured):
            files.read(name)


@pytest.mark.req("D24", "X11")
@pytest.mark.parametrize(
    "dear",
    [
        {"spread_fraction": 0.0002},
        {"slippage_fraction": 0.0003},
        {"commission_fraction": 0.001},
        {"commission_per_lot": 1.0},
        {"spread_by_hour": (1.0,) * 23 + (2.0,)},
    ],
)
def test_a_verdict_does_not_speak_where_trading_costs_more_than_it_was_judged_at(dear):
    """Each charge by itself; at the costs it was judged at, and at lower ones, it speaks."""
    held = verify(sign(verdict(), KEY), KEY)
    assert held.costs == EURUSD.costs
    higher = msgspec.structs.replace(EURUSD, costs=msgspec.structs.replace(EURUSD.costs, **dear))
    assert "validated on EUR/USD at lower costs" in refusal(held, "EUR/USD", Timeframe.H1, higher)
    lower = msgspec.structs.replace(EURUSD, costs=msgspec.structs.replace(EURUSD.costs, spread_fraction=0.00005))
    assert speaks_for(held, "EUR/USD", Timeframe.H1, EURUSD)
    assert speaks_for(held, "EUR/USD", Timeframe.H1, lower)
