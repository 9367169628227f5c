"""A signal at chosen moments of the start, delivered where Python cannot pass an exception on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import gc, signal, sys, weakref

number, wanted, place = int(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.argv = ["tradewind", *sys.argv[4:]]

class Thing:
    pass

class Fading:
    def __del__(self):
        signal.raise_signal(number)

def destructor():
    Fading()

def collector():
    def called(phase, info):
        gc.callbacks.remove(called)
        signal.raise_signal(number)
    gc.callbacks.append(called)
    gc.collect()

def reference():
    thing = Thing()
    kept = weakref.ref(thing, lambda _: signal.raise_signal(number))
    del thing

def library():
    try:
        signal.raise_signal(number)
    except BaseException:
        pass

def on_import(event, args):
    global wanted
    if event == "import" and args[0] == wanted:
        wanted = ""
        globals()[place]()

sys.addaudithook(on_import)
from tradewind.__main__ import main
code = main()
print("ended by itself", file=sys.stderr)
sys.exit(code)
"""
RUN = ("run", "--feed", "stream", "--provider", "binance", "--gateway", "http://127.0.0.1:9", "-p", "BTC/USDT", "-i",
       "1h", "--execution", "paper", "--allow-unproven")  # fmt: skip
MOMENTS = [
    ("tradewind.cli.main", "library", RUN, signal.SIGINT),
    ("typer", "destructor", RUN, signal.SIGTERM),
    ("tradewind.cli.options", "reference", RUN, signal.SIGINT),
    ("tradewind.cli.answers.run", "library", RUN, signal.SIGTERM),
    ("tradewind.engine.pipeline", "collector", RUN, signal.SIGINT),
    ("tradewind.cli.answers.live", "reference", RUN, signal.SIGTERM),
    ("tradewind.cli.answers.watchdog", "library", ("watchdog", "--console"), signal.SIGTERM),
    ("tradewind.cli.verbs", "library", ("status",), signal.SIGINT),
    ("tradewind.cli.contract", "collector", ("status",), signal.SIGTERM),
]


@pytest.mark.req("O12", "Q18")
@pytest.mark.parametrize(
    ("wanted", "place", "typed", "number"), MOMENTS, ids=[f"{one[2][0]}, {one[1]} at {one[0]}" for one in MOMENTS]
)
def test_a_signal_while_modules_load_ends_the_process_wherever_it_falls(
    wanted: str, place: str, typed: tuple[str, ...], number: int, tmp_path: Path
) -> None:
    """A destructor, a weak reference, the collector, a library's bare except: none of them loses it."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(int(number)), wanted, place, *typed], cwd=tmp_path,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 130, ran.stderr
    assert "interrupted" in ran.stderr
    assert "Traceback" not in ran.stderr
