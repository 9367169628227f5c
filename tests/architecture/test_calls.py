"""Time, randomness, identity and environment come through one seam each."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import Module, dotted, modules

SEAMS = {
    "wall clock": ({"adapters/wall_clock.py"}, {"time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns",
                    "time.sleep", "time.perf_counter", "time.perf_counter_ns", "datetime.now", "datetime.utcnow",
                    "datetime.today", "datetime.datetime.now", "datetime.datetime.utcnow", "date.today",
                    "datetime.date.today"}),
    # A key that signs and a code that confirms must not follow from a seed.
    "randomness": ({"adapters/verdict_files.py", "adapters/confirm_code.py"}, {
                           "uuid.uuid4", "uuid.uuid1", "os.urandom", "np.random.seed", "np.random.rand",
                           "np.random.randn", "np.random.random", "secrets.token_hex"}),
    "environment": ({"app/environment.py"}, {"os.environ", "os.getenv", "os.environ.get", "os.putenv"}),
    "tasks": ({"adapters/task_scheduler.py"}, {"asyncio.create_task", "asyncio.ensure_future"}),
}  # fmt: skip
MODULES_NOBODY_IMPORTS = {"random", "secrets", "pickle", "shelve", "marshal", "torch"}


def uses(module: Module, names: set[str]) -> list[str]:
    aliases = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "uuid", "os", "asyncio"}
        for alias in node.names
    }
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            name = dotted(node)
            if aliases.get(name, name) in names:
                found.append(f"{module.name}:{node.lineno} {name}")
    return found


@pytest.mark.parametrize("seam", SEAMS)
def test_nothing_reads_it_but_its_seam(seam):
    allowed, names = SEAMS[seam]
    assert [use for module in modules() if module.name not in allowed for use in uses(module, names)] == []


TRAINING = "research/nets/"


def test_no_module_imports_what_the_runtime_must_not_hold():
    """Randomness without a seed, pickles, and torch, which belongs into training alone."""
    found = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            tops = {name.split(".")[0] for name in names}
            if module.name.startswith(TRAINING):
                tops -= {"torch"}
            found += [f"{module.name} imports {name}" for name in sorted(tops & MODULES_NOBODY_IMPORTS)]
    assert found == []


def test_a_broad_except_stands_in_the_supervisor_only_or_passes_everything_on():
    """One that ends in a bare `raise` swallows nothing; it puts something back and lets the error go on."""
    found = []
    for module in modules():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            broad = any(kind is None or dotted(kind) in {"Exception", "BaseException"} for kind in kinds)
            passes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            if broad and not passes_on:
                found.append(f"{module.name}:{node.lineno}")
    assert [place for place in found if not place.startswith("app/service/supervisor.py")] == []
