"""``tradewind weights tune``: a proposal and what it rests on; writing it down is a person's business."""

from __future__ import annotations

from pathlib import Path

from tradewind.app.config import load_config
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.timeframe_evidence import timeframe_evidence
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.models import store_reader
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table
from tradewind.ensemble.timeframe_weights import tuned
from tradewind.errors import Misconfigured


def proposed(config: Path | None, floor: float, cap: float, store: Path | None) -> Report:
    """The weights now and the proposed ones of every configured timeframe."""
    if floor > cap:
        raise Misconfigured(f"--floor {floor:g} above --cap {cap:g}", where="weights tune", allowed="floor up to cap")
    settings = load_config(config)
    workspace = Workspace(settings)
    intervals = settings.timeframes.intervals
    with store_reader(workspace, store) as reader, progress("Weighing", total=None):
        found = timeframe_evidence(workspace, Promotions(workspace), [one.interval for one in intervals], reader)
    weights = tuned({str(one.interval): one.weight for one in intervals}, found.results, floor, cap)
    moved = any(abs(one.proposed - one.now) > 1e-9 for one in weights)
    rows = [
        (one.timeframe, f"{one.now:.3f}", f"{one.proposed:.3f}", found.of_models[one.timeframe],
         found.of_signals[one.timeframe], one.why)
        for one in weights
    ]  # fmt: skip
    lines = ", ".join(f'{{ interval = "{one.timeframe}", weight = {one.proposed:.4f} }}' for one in weights)
    note = f"To take them: [timeframes] intervals = [{lines}]" if moved else "Nothing speaks for other weights."
    document = {
        "weights": weights, "moved": moved, "of_models": found.of_models, "of_signals": found.of_signals,
        "floor": floor, "cap": cap, "dry_run": True,
    }  # fmt: skip
    names = ["interval", "now", "proposed", "results of models", "of signals", "why"]
    return Report(document, table("Weights of timeframes", names, rows, note=note), DONE if moved else NEGATIVE)
