"""Black box: what a strategy family may be called wherever ``--family`` is typed, and what is said of other names."""

from __future__ import annotations

import pytest

from tests.acceptance.project import Project

TAKEN = (
    ("strategy", "families"),
    ("strategy", "generate", "-n", "2"),
    ("strategy", "list", "--all"),
    ("validate",),
    ("research", "-n", "2", "-p", "EUR/USD"),
    ("optimize", "-p", "EUR/USD"),
)


@pytest.mark.req("B03")
@pytest.mark.parametrize("words", TAKEN, ids=[" ".join(words[:2]) for words in TAKEN])
def test_a_family_is_called_by_its_name_in_any_capitals(project: Project, words: tuple[str, ...]) -> None:
    """Small letters mean the family; a slip names the nearest one, and exit 2 says that nothing was done."""
    project.types("strategy", "generate", "-n", "2", "--family", "EMA_Crossover")
    found = project.types(*words, "--family", "ema_crossover")
    assert "no strategy family" not in found.stderr
    wrong = project.types(*words, "--family", "ema_crosover")
    assert wrong.exit_code == 2
    assert "no strategy family is called 'ema_crosover'" in wrong.stderr
    assert "use EMA_Crossover, if that was meant" in wrong.stderr


def test_small_letters_draw_and_list_what_the_written_name_draws_and_lists(project: Project) -> None:
    """The name is read, not passed on: rows in the book carry the family's own name."""
    drawn = project.types("strategy", "generate", "-n", "3", "--family", "rsi_reversion", "--json").document
    assert {one["family"] for one in drawn["strategies"]} == {"RSI_Reversion"}
    listed = project.types("strategy", "list", "--all", "--family", "RSI_REVERSION", "--json").document
    assert {one["id"] for one in listed["strategies"]} == {one["id"] for one in drawn["strategies"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lookahead", "--tolerance", "nan"), "nan is no number"),
        (("strategy", "list", "--min-confidence=nan"), "nan is no number"),
        (("run", "--speed", "NaN"), "nan is no number"),
        (("lookahead", "--simulated", "--columns", "nofile.py:f"), "there is no file nofile.py"),
        (("lookahead", "--simulated", "--columns", "nofile.py"), "names no function in a file"),
        (("baseline", "show", ""), "this is a folder"),
    ],
)
def test_what_is_typed_wrongly_is_said_to_be_what_it_is(project: Project, words: tuple[str, ...], said: str) -> None:
    """Not a number is below no limit, a missing file is no missing function; exit 2 for each."""
    ran = project.types(*words)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert "should be" not in ran.stderr


def test_counts_of_the_book_are_no_list_of_what_is_allowed(project: Project) -> None:
    """Who asks for a status that nobody has is told what there is, as a fact."""
    project.types("strategy", "generate", "-n", "2", "--family", "EMA_Crossover")
    for words in (("validate", "--status", "shadow"), ("baseline", "freeze")):
        ran = project.types(*words)
        assert ran.exit_code == 3
        assert "2 candidate" in ran.stderr
        assert "Allowed" not in ran.stderr
