"""One unit inside, every unit people write outside; what could mean two things is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.app.settings.units import Distance, Reading, Unit, quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15%", 0.15),
        ("0.15 fraction", 0.15),
        ("1500 bps", 0.15),
        (0.15, 0.15),
        ("15 percent", 0.15),
        (1, 1.0),
        ("0", 0.0),
    ],
)
def test_a_share_is_a_fraction_inside(text, expected):
    assert quantity(text, Unit.FRACTION) == expected


@pytest.mark.parametrize(
    ("value", "reading", "expected"),
    [
        (15.0, Reading.PERCENT, 0.15),
        ("10%", Reading.EXPLICIT, 0.10),
        ("0.10 fraction", Reading.EXPLICIT, 0.10),
        (82, Reading.HUNDRED, 0.82),
        (0, Reading.PERCENT, 0.0),
    ],
)
def test_a_name_may_say_the_unit(value, reading, expected):
    assert quantity(value, Unit.FRACTION, reading) == expected


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        (0.10, Reading.EXPLICIT),
        (10, Reading.EXPLICIT),
        (0.10, Reading.PERCENT),
        (5, Reading.NATIVE),
        ("20 pips", Reading.NATIVE),
        ("30s", Reading.NATIVE),
        ("nan", Reading.NATIVE),
        (float("inf"), Reading.NATIVE),
        (True, Reading.NATIVE),
        ("", Reading.NATIVE),
        (None, Reading.NATIVE),
        (150, Reading.HUNDRED),
    ],
)
def test_a_share_that_could_mean_two_things_is_refused(value, reading):
    with pytest.raises(ValueError, match=r"must be|needs its unit"):
        quantity(value, Unit.FRACTION, reading)


def test_the_refusal_of_an_ambiguous_share_writes_both_readings():
    with pytest.raises(ValueError) as refusal:
        quantity(0.10, Unit.FRACTION, Reading.EXPLICIT)
    assert '"0.1%"' in str(refusal.value)
    assert '"0.1 fraction"' in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("30s", Unit.SECONDS, 30.0),
        ("5m", Unit.SECONDS, 300.0),
        ("500ms", Unit.SECONDS, 0.5),
        (3600, Unit.SECONDS, 3600.0),
        ("2h", Unit.HOURS, 2.0),
        ("1d", Unit.HOURS, 24.0),
        (30, Unit.DAYS, 30.0),
    ],
)
def test_a_length_of_time_is_in_the_unit_of_its_key(text, unit, expected):
    assert quantity(text, unit) == expected


def test_a_distance_is_pips_or_a_share_of_price_and_never_a_bare_number():
    assert quantity("20 pips", Unit.DISTANCE) == Distance(20.0, "pips")
    assert quantity("0.2%", Unit.DISTANCE) == Distance(0.002, "price")
    with pytest.raises(ValueError, match="needs its unit"):
        quantity(20, Unit.DISTANCE)


@given(st.integers(0, 10_000))
def test_percent_and_fraction_of_the_same_share_are_the_same_number(hundredths):
    """15% must equal 0.15 exactly, or a boundary test would depend on how the file was written."""
    text = f"{hundredths // 100}.{hundredths % 100:02d}"
    assert quantity(f"{text}%", Unit.FRACTION) == hundredths / 10_000


@given(st.text(max_size=20), st.sampled_from([Unit.FRACTION, Unit.SECONDS, Unit.DISTANCE, Unit.NONE]))
def test_any_text_is_a_quantity_or_a_value_error(text, unit):
    try:
        found = quantity(text, unit)
    except ValueError:
        return
    assert isinstance(found, float | Distance)
