"""Ways to look ahead, planted one by one: which of them the detector names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from tests.fakes import leaky_code

from tradewind.model.bar import BarColumns
from tradewind.research.lookahead import examine
from tradewind.research.lookahead_subjects import CodeSubject


class Leaks(NamedTuple):
    """Names of what was ``planted``, how many were ``caught`` by name, those ``missed``; ``false_alarms`` on twins."""

    planted: list[str]
    caught: int
    missed: list[str]
    honest: int
    false_alarms: list[str]


def examined(bars: int = 260) -> Leaks:
    """Every planted leak and every honest twin over bars with gaps, cut at each bar."""
    columns = leaky_code.gapped_bars(bars)

    def named(subject: CodeSubject) -> set[str]:
        return {leak.column for leak in examine(subject, columns, np.random.default_rng(5), rewritings=2).leaks}

    missed, alarms = [], []
    for function in leaky_code.LEAKS:
        if named(_column(function)) != {function.__name__}:
            missed.append(function.__name__)
    for function in leaky_code.FILLS:
        if named(_trades(function)) != {f"{function.__name__} trades"}:
            missed.append(function.__name__)
    for function in leaky_code.TWINS:
        if named(_column(function)):
            alarms.append(function.__name__)
    if named(_trades(leaky_code.next_open_fill)):
        alarms.append(leaky_code.next_open_fill.__name__)
    planted = [one.__name__ for one in (*leaky_code.LEAKS, *leaky_code.FILLS)]
    return Leaks(planted, len(planted) - len(missed), missed, len(leaky_code.TWINS) + 1, alarms)


def _column(function: Callable[[BarColumns], Any]) -> CodeSubject:
    return CodeSubject("code", features=lambda bars: {function.__name__: function(bars)}, first=8)


def _trades(function: Callable[[BarColumns], Any]) -> CodeSubject:
    return CodeSubject(function.__name__, trades=function, first=30)
