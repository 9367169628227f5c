"""What an answer of a served model costs, and what a service with 24 of them holds in memory.

``python -m benchmarks.inference --json``, by an interpreter that has PyTorch (``make training``): a process of its own
exports untrained nets of the product's sizes, and every figure is taken in fresh processes that never import it.

Answers are those of one window of 60 rows of 32 inputs, one thread; *cpu* is processor time of this thread's process,
*wall* the clock on the wall, which also counts whoever else uses the machine. ``all_24`` asks 24 small models one after
the other, *service* is the peak (``VmHWM``) of ``tradewind run --feed replay --execution paper`` over four symbols on
six timeframes with a promoted model on each, and which unwanted modules it had loaded.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.desk import desk_config, recordings_of
from benchmarks.machine import arguments, machine, show
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.models.shelf import seat_of
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.models.promotion import SEAT
from tradewind.app.models.versions import KIND, shelf_of
from tradewind.app.workspace import Workspace
from tradewind.features.input_schema import default_schema
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.calibrators import Identity
from tradewind.predictors.manifest import (
    BARRIERS,
    FORMAT,
    GateRecord,
    InputScale,
    Manifest,
    Provenance,
    probe_windows,
)
from tradewind.predictors.onnx_model import OnnxModel
from tradewind.predictors.seats import Seat, Seated
from tradewind.research.signing import signed_bytes

LENGTH, WIDTH = 60, 32
NETS = {"small": ("patch_mlp", ""), "lstm_3x128": ("lstm", "3x128")}
GOALS = {"small": 0.2, "lstm_3x128": 1.0, "all_24": 5.0, "service_mib": 400.0}
SYMBOLS = ("BTC/USDT", "EUR/USD", "GBP/USD", "XAU/USD")
TIMEFRAMES = ("5m", "15m", "30m", "1h", "4h", "1d")
BARS = 98_000
"""Bars of five minutes: 340 days of a market that never closes, so that the daily models speak too."""
SPOKEN = 4_000
"""Of these the newest; before them every model is silent, as one that was trained on them is."""
ANSWERS = 5_000
UNWANTED = ("torch", "sklearn", "pandas", "polars")
_EXPORT = """
import sys
from pathlib import Path
import torch
from tradewind.research.nets import net
from tradewind.research.nets.export import exported
from tradewind.research.nets.state import arrays_of
torch.manual_seed(1)
folder, length = Path(sys.argv[1]), int(sys.argv[2])
for name, kind, size, width in (one.split(",") for one in sys.argv[3:]):
    made = net(kind)
    options = made.options_of({}, size)
    built = made.build(length, int(width), options)
    (folder / f"{name}.onnx").write_bytes(exported(made, options, arrays_of(built.state_dict()), length, int(width))[0])
"""
_RUN = """
import sys
from tradewind.cli.main import main
try:
    sys.exit(main())
finally:
    with open("/proc/self/status") as status:
        print("\\nPEAK", next(line.split()[1] for line in status if line.startswith("VmHWM")), file=sys.stderr)
    print("LOADED " + " ".join(name for name in UNWANTED if name in sys.modules), file=sys.stderr)
"""


def nets(folder: Path) -> dict[str, bytes]:
    """ONNX files of every net at every width that a timeframe has, made by a process of its own."""
    widths = {default_schema(Timeframe.parse(one)).width for one in TIMEFRAMES}
    words = [f"{name}-{width},{kind},{size},{width}" for name, (kind, size) in NETS.items() for width in widths]
    subprocess.run([sys.executable, "-c", _EXPORT, str(folder), str(LENGTH), *words], check=True)
    return {path.stem: path.read_bytes() for path in folder.glob("*.onnx")}


def timed(models: list[OnnxModel], answers: int) -> dict[str, float]:
    """Milliseconds of asking every model once, over ``answers`` rounds."""
    windows = np.random.default_rng(1).standard_normal((64, 1, LENGTH, WIDTH)).astype(np.float32)
    cpu, wall = [], []
    for number in range(answers + 50):
        window = windows[number % 64]
        began = time.process_time(), time.perf_counter()
        for model in models:
            model.forecasts(window)
        cpu.append(1000.0 * (time.process_time() - began[0]))
        wall.append(1000.0 * (time.perf_counter() - began[1]))
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    found = {f"cpu_{name}_ms": float(np.quantile(cpu[50:], share)) for name, share in shares.items()}
    found |= {f"wall_{name}_ms": float(np.quantile(wall[50:], share)) for name, share in shares.items()}
    return {name: round(value, 4) for name, value in found.items()}


def promoted(folder: Path, artifacts: dict[str, bytes], name: str) -> None:
    """A project with candles and a promoted model on each of the 24 seats."""
    config = desk_config(SYMBOLS)
    until = {}
    for one in recordings_of(config, BARS, Timeframe.M5):
        until[one.symbol] = int(one.columns.ts_close[-min(SPOKEN, BARS)])
        CandleStore(folder / "data" / "candles").write(one.symbol, one.timeframe, one.columns, one.source)
    weights = (0.1, 0.1, 0.2, 0.2, 0.2, 0.2)
    intervals = ", ".join(
        f'{{ interval = "{one}", weight = {weight} }}' for one, weight in zip(TIMEFRAMES, weights, strict=True)
    )
    (folder / "tradewind.toml").write_text(
        f"[continuous_learning]\nenabled = false\n[timeframes]\nintervals = [{intervals}]\n"
        f'[[predictors]]\nname = "{name}"\n'
    )
    workspace = Workspace(config, folder)
    shelf, key = shelf_of(workspace), VerdictFiles(workspace.data).make_key()
    for symbol in SYMBOLS:
        for timeframe in map(Timeframe.parse, TIMEFRAMES):
            schema = default_schema(timeframe)
            artifact = artifacts[f"{name}-{schema.width}"]
            model = OnnxModel(artifact, LENGTH, schema.width)
            seat = seat_of(symbol, timeframe)
            manifest = Manifest(
                format=FORMAT, version=f"{name}-{seat}", kind=NETS[name][0], symbols=(symbol,), timeframe=timeframe,
                artifact="model.onnx", sha256=hashlib.sha256(artifact).hexdigest(), schema_hash=schema.hash,
                channels=schema.names, length=LENGTH, scale=InputScale((0.0,) * schema.width, (1.0,) * schema.width),
                barriers=BARRIERS, calibrator=Identity(), alpha=0.1, scores=(0.4, 0.5),
                probe=tuple(model.forecasts(probe_windows(LENGTH, schema.width)).tolist()),
                gate=GateRecord("honest", passed=True, figures={}),
                provenance=Provenance("none", "none", 1, (0, 1), (1, until[symbol]), 3, simulated=True),
            )  # fmt: skip
            shelf.put(manifest.version, "model.onnx", artifact, signed_bytes(KIND, manifest, key))
            seated = Seated(manifest.version, manifest.sha256, 1, "benchmark")
            shelf.choose(seat, signed_bytes(SEAT, Seat(symbol=symbol, timeframe=timeframe, champion=seated), key))


def service(artifacts: dict[str, bytes], name: str) -> dict[str, object]:
    """Peak memory of a paper process with 24 models, the forecasts it made, and what it must not have loaded."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        promoted(folder, artifacts, name)
        words = ["run", "--symbol", ",".join(SYMBOLS), "--interval", "5m", "--feed", "replay", "--execution", "paper",
                 "--allow-unproven", "--quiet", "--json"]  # fmt: skip
        script = _RUN.replace("UNWANTED", repr(UNWANTED))
        ran = subprocess.run(
            [sys.executable, "-c", script, *words], cwd=folder, capture_output=True, text=True, check=False
        )
        if ran.returncode:
            raise RuntimeError(f"the run ended with {ran.returncode}: {ran.stderr[-800:]}")
        _, rows = database_at(folder / "data" / "tradewind.db").query(
            "SELECT count(*), count(DISTINCT version) FROM forecasts"
        )
    told = {line.split()[0]: line.split()[1:] for line in ran.stderr.splitlines() if line[:4] in ("PEAK", "LOAD")}
    return {
        "peak_mib": round(int(told["PEAK"][0]) / 1024, 1),
        "forecasts": rows[0][0],
        "models_that_spoke": rows[0][1],
        "unwanted_modules": told["LOADED"],
    }


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__, answers=ANSWERS)
    figures: dict[str, object] = {
        "benchmark": "inference", "unit": "ms", "goals": GOALS, "data": "SIMULATED", "machine": machine(),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        artifacts = nets(Path(place))
    models = {name: [OnnxModel(artifacts[f"{name}-{WIDTH}"], LENGTH, WIDTH)] for name in NETS}
    models["all_24"] = [OnnxModel(artifacts[f"small-{WIDTH}"], LENGTH, WIDTH) for _ in range(24)]
    for name, asked in models.items():
        figures[name] = timed(asked, given.answers if len(asked) == 1 else given.answers // 10)
    figures["artifact_kib"] = {name: round(len(data) / 1024, 1) for name, data in artifacts.items()}
    figures["service"] = {name: service(artifacts, name) for name in NETS}
    show(figures, as_json=given.json)


if __name__ == "__main__":
    main()
