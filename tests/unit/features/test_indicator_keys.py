"""Keys: written by people, read back exactly, refused with the nearest name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.features.market import every_indicator
from tradewind.errors import Misconfigured
from tradewind.features import spec
from tradewind.features.definitions import DEFINITIONS
from tradewind.features.spec import Indicator, atr, donchian, ema, macd, pct_rank, price, quantile


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ema(20)", "ema(20)"),
        ("macd(12,26,9).signal", "macd(12,26,9).signal"),
        ("macd.signal", "macd(12,26,9).signal"),
        (" bbands( 20 , 2.0 ).upper ", "bbands(20,2).upper"),
        ("rsi", "rsi(14)"),
        ("sar", "sar(0.02,0.2)"),
        ("close", "close"),
        ("sma(volume,20)", "sma(volume,20)"),
        ("sma(close,20)", "sma(20)"),
        ("pct_rank(atr(14),500)", "pct_rank(atr(14),500)"),
        ("pct_rank(atr)", "pct_rank(atr(14),500)"),
        ("zscore(macd(12,26,9).histogram,50)", "zscore(macd(12,26,9).histogram,50)"),
        ("quantile(natr(14),500,0.95)", "quantile(natr(14),500,0.95)"),
        ("ema(1e2)", "ema(100)"),
    ],
)
def test_a_key_is_read_into_its_canonical_form(text: str, key: str) -> None:
    """Spaces, defaults and whole numbers written as floats do not make another indicator."""
    assert Indicator.parse(text).key == key
    assert Indicator.parse(key) == Indicator.parse(text)


@pytest.mark.parametrize("indicator", every_indicator(), ids=lambda one: one.key)
def test_every_key_reads_back_to_the_same_indicator(indicator: Indicator) -> None:
    """Keys are unique and round."""
    assert Indicator.parse(indicator.key) == indicator


def test_constructors_and_keys_name_the_same_indicators() -> None:
    """Python and configuration speak of the same columns."""
    assert ema(20).key == "ema(20)"
    assert macd(output="signal") == Indicator.parse("macd(12,26,9).signal")
    assert donchian(20, "upper").key == "donchian(20).upper"
    assert price("close").key == "close"
    assert pct_rank(atr(14), 500).key == "pct_rank(atr(14),500)"
    assert quantile(atr(14), q=1.0).key == "quantile(atr(14),500,1)"


@pytest.mark.parametrize("kind", [kind for kind in DEFINITIONS if kind not in spec.PRICES])
def test_every_kind_has_a_constructor_that_gives_its_outputs(kind: str) -> None:
    """Nothing can be computed that cannot be named in Python."""
    definition = DEFINITIONS[kind]
    make = getattr(spec, kind)
    values = [20 if p.default is None else int(p.default) if p.whole else p.default for p in definition.params]
    source = [atr(14)] if definition.source == "" else []
    for output in definition.outputs:
        named = {"output": output.name} if output.name else {}
        made = make(*source, *values, **named)
        assert (made.kind, made.output) == (kind, output.name)
        assert list(made.params) == values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("emaa(20)", "did you mean 'ema'"),
        ("bolinger(20,2).upper", "unknown indicator 'bolinger'"),
        ("supertrnd.value", "did you mean 'supertrend'"),
        ("ema", "n is missing"),
        ("ema(0)", "n 1..100000"),
        ("ema(2.5)", "whole"),
        ("ema(20,3)", "at most 1"),
        ("ema(20).upper", "no output name"),
        ("bbands(20,2)", r"\.upper, \.middle, \.lower"),
        ("macd(12,26,9).sgnal", r"\.signal"),
        ("pct_rank(500)", "another indicator first"),
        ("atr(close,14)", "no source"),
        ("quantile(atr(14),500,1.5)", "q 0..1"),
        ("ema(20", "comma or closing"),
        ("ema(", "no closing parenthesis"),
        ("ema(20) x", "after the end"),
        ("ema(20,rsi(14))", "a number should be"),
        ("ema[20]", "'\\['"),
        ("", "the end"),
        ("20", "a name|name should be"),
        ("ema(nan)", "unknown indicator 'nan'"),
        ("ema(" * 12 + "20" + ")" * 12, "inside each other"),
    ],
)
def test_what_is_no_indicator_is_refused_with_the_reason(text: str, words: str) -> None:
    """The message says what was found and what is allowed."""
    with pytest.raises(Misconfigured, match=words):
        Indicator.parse(text)


@given(st.text(alphabet="emarsi(),.0123456789 _-+closetp", max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Whatever is typed is an indicator or Misconfigured, and an indicator's key reads back."""
    try:
        found = Indicator.parse(text)
    except Misconfigured:
        return
    assert Indicator.parse(found.key) == found


def test_a_price_that_does_not_exist_is_refused() -> None:
    """The columns there are are listed."""
    with pytest.raises(Misconfigured, match="typical"):
        price("bid")
