"""Trained nets as ONNX files, checked against what torch answers before anybody serves them."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from tradewind.errors import Corrupt
from tradewind.predictors.manifest import AGREES, probe_windows
from tradewind.predictors.onnx_model import OnnxModel
from tradewind.research.nets.fitting import probabilities
from tradewind.research.nets.net import Net, Options
from tradewind.research.nets.state import tensors_of

OPSET: Final = 17


class _Probability(torch.nn.Module):
    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.model(x))


def exported(
    net: Net, options: Options, weights: Mapping[str, NDArray[Any]], length: int, width: int
) -> tuple[bytes, tuple[float, ...]]:
    """The ONNX file, and torch's answers to the probe, which the served model must give too.

    The exporter that traces is used: the one that compiles takes forty times as long for recurrent nets and gives the
    same numbers.

    Raises:
        Corrupt: the file answers otherwise than the net.
    """
    model = net.build(length, width, options)
    model.load_state_dict(tensors_of(weights))
    model.eval()
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it will be removed one day, and it traces branches on shapes, which are fixed
        torch.onnx.export(
            _Probability(model), (torch.zeros(1, length, width),), file, dynamo=False, opset_version=OPSET,
            input_names=["x"], output_names=["p"], dynamic_axes={"x": {0: "n"}, "p": {0: "n"}},
        )  # fmt: skip
    windows = probe_windows(length, width)
    wanted = probabilities(net, options, weights, windows)
    found = OnnxModel(file.getvalue(), length, width).forecasts(windows)
    furthest = float(np.abs(found - wanted).max())
    if not furthest <= AGREES:
        raise Corrupt(f"the exported {net.name} is {furthest:.2g} away from the trained one", where="export")
    return file.getvalue(), tuple(wanted.tolist())
