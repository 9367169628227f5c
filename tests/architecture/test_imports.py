"""What is imported where: nothing hidden in functions without a reason, nothing heavy in the service."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT, SOURCE, functions, modules
from tradewind.cli.verbs import verbs
from tradewind.model.instrument import CALENDAR_NAMES
from tradewind.model.session import CALENDARS

# Library loaded inside a function -> why it may be.
LAZY = {
    "ccxt": "0.2 s and 45 MB, one exchange; only where such a venue is configured",
    "ccxt.async_support": "as ccxt",
    "polars": "history is read in a child process or from sidecars; the service never imports it",
    "rich.progress": "30 ms, only with a terminal to draw on",
    "rich": "only with a terminal to draw on",
    "uvloop": "only on hosts that have it",
    "numpy": "0.1 s; calendars and events are read by verbs without a column of numbers",
    "asyncio": "80 ms; only something that waits needs it",
    "tempfile": "only for the trace of an unexpected error",
    "httpx": "only where a venue is asked",
    "websockets": "only where a venue streams",
    "litecharts": "only where a report is written",
    "scipy.special": "30 ms; a search computes no probability",
    "scipy.optimize": "0.1 s; only where a model is calibrated",
    "scipy.signal": "0.3 s; only where labels are made",
    "lightgbm": "the training extra; only where boosting is trained",
    "onnxruntime": "70 ms, 35 MiB; only where a network is served",
    "numba": "a small bundle carries no compiler",
    "talib": "an oracle, never required",
    "PIL": "10 MiB; only where a signal is illustrated",
    "boto3": "an extra of its own; only where an account is used",
    "botocore": "as boto3",
    "optuna": "0.5 s and an extra of its own; only where parameters are searched",
    "sentry_sdk": "an extra of its own; only where errors are tracked",
    "distributed": "0.6 s and 60 MB; only where a cluster was asked for",
}
OWN = {
    ("__main__.py", "tradewind.cli.main"): "signals are caught while it is loaded",
    ("app/models/training.py", "tradewind.research.nets.state"): "PyTorch; only nets have weights of their own",
    ("research/model_training.py", "tradewind.research"): "PyTorch; simple predictors need none",
    ("research/model_training.py", "tradewind.research.nets.export"): "the same",
    ("research/model_training.py", "tradewind.research.nets.fitting"): "the same",
    ("app/people/telegram_link.py", "tradewind.adapters.notify.telegram_client"): "0.8 s, 37 MiB; only with the bot on",
    ("adapters/store/database.py", "tradewind.adapters.store"): "alembic costs 0.3 s; a current schema needs none",
    ("adapters/store/opening.py", "tradewind.adapters.store.postgres"): "psycopg, an extra; SQLite needs none",
    ("adapters/store/reader.py", "tradewind.adapters.store.opening"): "SQLAlchemy, 0.2 s; a look at SQLite needs none",
    ("cli/config.py", "tradewind.app.named_plugins"): "the compiler; only `config check` looks plug-ins up",
    ("cli/config.py", "tradewind.app.models.serving"): "as above; only `config check` verifies models",
    ("cli/kill.py", "tradewind.cli.answers.control"): "the store; shared by every verb that orders something",
    ("cli/pause.py", "tradewind.cli.answers.control"): "the same",
    ("cli/resume.py", "tradewind.cli.answers.control"): "the same",
    ("cli/liquidate.py", "tradewind.cli.answers.control"): "the same",
    ("cli/rollback.py", "tradewind.cli.answers.control"): "the same",
    ("app/run_live.py", "tradewind.app.learning.retraining_setup"): "models; only a run with seats for them trains any",
    ("cli/answers/run.py", "tradewind.app.learning.retraining_setup"): "the same",
    ("cli/answers/run.py", "tradewind.cli.answers.live"): "sockets, 20 MiB; a replay needs none",
    ("cli/data_import.py", "tradewind.app.bar_files"): "polars; `data list` and its sisters read no bar file",
    ("cli/data_verify.py", "tradewind.app.bar_files"): "polars; only verifying a file reads one",
}
HEAVY = {"torch", "sklearn", "lightgbm", "pandas", "polars", "matplotlib"}
SERVICE = (
    "tradewind.app.session",
    "tradewind.app.wiring",
    "tradewind.cli.answers.run",
    "tradewind.cli.answers.live",
    "tradewind.adapters.store.store",
)
PLAIN = tuple(f"tradewind.{name}" for name in ("cli.main", "cli.config", "app.config", "cli.data_list", "cli.status"))
QUICK = tuple(f"tradewind.cli.{row.name}" for row in verbs())


def test_imports_inside_functions_are_of_listed_libraries():
    """An import in a function may save start-up; it must never dodge a cycle, so our own modules need a reason."""
    found = []
    for module in modules():
        for function in functions(module):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [f"{node.module}"]
                else:
                    continue
                found += [f"{module.name}:{node.lineno} {name}" for name in names if not listed(module.name, name)]
    assert found == []


def listed(module: str, name: str) -> bool:
    if name == f"tradewind.cli.answers.{module.removeprefix('cli/').removesuffix('.py')}":
        return True  # what the verb does, when it is typed right: --help and usage errors need none of it
    return (module, name) in OWN or any(name == library or name.startswith(library + ".") for library in LAZY)


def loaded_by(*names: str) -> set[str]:
    """Top-level modules in a fresh process after importing ``names``."""
    loading = f"import importlib, json, sys\nfor name in {names!r}: importlib.import_module(name)"
    code = f"{loading}\nprint(json.dumps(sorted(sys.modules)))"
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def exists(name: str) -> bool:
    return (SOURCE.parent / (name.replace(".", "/") + ".py")).exists()


def test_the_service_imports_neither_frames_nor_learners():
    names = tuple(name for name in SERVICE if exists(name))
    assert names
    assert loaded_by(*names) & HEAVY == set()


def test_a_plain_verb_imports_neither_compiler_nor_store_nor_frames():
    """What keeps `tradewind config explain KEY` inside its 0.4 s."""
    assert loaded_by(*PLAIN) & (HEAVY | {"numba", "numpy", "scipy", "sqlalchemy", "httpx", "ccxt", "alembic"}) == set()


def test_no_verb_needs_the_compiler_the_store_or_a_venue_to_print_its_help():
    """Every module of a verb, imported together: what `--help` and a usage error wait for."""
    allowed = {"tradewind.cli.db"}  # its verbs are the store's own
    heavy = HEAVY | {"numba", "scipy", "sqlalchemy", "httpx", "websockets", "ccxt", "alembic", "asyncio"}
    assert loaded_by(*(name for name in QUICK if name not in allowed)) & heavy == set()


@pytest.mark.parametrize("word", ["unittest" + ".mock", "Magic" + "Mock", "mocker" + "."])
def test_no_test_uses_a_mock_library(word):
    """A fake keeps its own truth; a mock repeats what the test already believes."""
    users = [path.name for path in (ROOT / "tests").rglob("*.py") if word in path.read_text("utf-8")]
    assert users == []


def test_the_names_of_the_calendars_are_those_of_the_calendars():
    assert sorted(CALENDARS) == list(CALENDAR_NAMES)
