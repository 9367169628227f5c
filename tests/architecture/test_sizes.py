"""Small files, small functions: what does not fit on a screen is not read."""

from __future__ import annotations

import statistics

from tests.architecture.source import functions, modules

LARGEST_FILE = 400
LARGEST_FUNCTION = 60


def test_hardly_any_file_is_above_400_lines():
    """At most 2% of the files, none of them by far."""
    large = {module.name: module.lines for module in modules() if module.lines > LARGEST_FILE}
    assert len(large) <= len(modules()) * 0.02, large
    assert all(lines <= 1.5 * LARGEST_FILE for lines in large.values()), large


def test_the_median_file_is_near_100_lines():
    sizes = [module.lines for module in modules() if not module.name.endswith("__init__.py")]
    assert statistics.median(sizes) <= 130


def test_no_function_is_longer_than_60_lines():
    """Counted from `def` to the last line; the docstring does not count, so that nobody saves on it."""
    long = {}
    for module in modules():
        for function in functions(module):
            last = function.end_lineno or function.lineno
            first = function.body[0]
            described = function.body and getattr(getattr(first, "value", None), "value", None)
            docstring = (first.end_lineno or 0) - first.lineno + 1 if isinstance(described, str) else 0
            length = last - function.lineno + 1 - docstring
            if length > LARGEST_FUNCTION:
                long[f"{module.name}:{function.name}"] = length
    assert not long
