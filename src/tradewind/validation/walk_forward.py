"""Walk-forward windows in time, anchored or rolling: choose on what was known, measure on what came next.

Windows are half-open ``[start, end)`` in UTC nanoseconds. Training ends where its test begins, or an embargo before
that; ``windows.inside`` gives the trades of a window, so that one across a boundary is in neither.
"""

from __future__ import annotations

from typing import NamedTuple

from tradewind.errors import Misconfigured
from tradewind.model.report import Window


class ForwardStep(NamedTuple):
    """One step of a walk forward: choose on ``train``, measure on ``test``."""

    train: Window
    test: Window


def walk_forward(
    span: Window, *, folds: int = 5, lead: int = 1, anchored: bool = True, embargo: int = 0
) -> tuple[ForwardStep, ...] | None:
    """``span`` in ``lead + folds`` segments of equal time; segment ``lead + i`` is the test of step i.

    It is trained on all segments before it (anchored) or on the ``lead`` segments before it (rolling), less the last
    ``embargo`` nanoseconds. The tests touch each other and end with the span. None where the span is too short to be
    cut so, or the embargo leaves no training.

    Raises:
        Misconfigured: ``folds`` or ``lead`` below 1, or a negative embargo.
    """
    if folds < 1 or lead < 1 or embargo < 0:
        raise Misconfigured(
            f"{folds} folds behind {lead} segments with an embargo of {embargo}",
            where="walk_forward",
            allowed="at least 1 fold, at least 1 segment, an embargo of 0 or more",
        )
    # Whole numbers: a long span in nanoseconds does not fit a float.
    pieces = lead + folds
    cuts = [span.start + (span.end - span.start) * piece // pieces for piece in range(pieces + 1)]
    steps = tuple(
        ForwardStep(
            Window(cuts[0] if anchored else cuts[test - lead], cuts[test] - embargo),
            Window(cuts[test], cuts[test + 1]),
        )
        for test in range(lead, pieces)
    )
    usable = all(step.train.start < step.train.end and step.test.start < step.test.end for step in steps)
    return steps if usable else None
