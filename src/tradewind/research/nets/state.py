"""Weights as plain arrays in a file that holds nothing else; nothing is pickled on the way in or out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tradewind.errors import Corrupt

Arrays = dict[str, NDArray[Any]]


def arrays_of(state: Mapping[str, torch.Tensor]) -> Arrays:
    """Copies of the weights, by name."""
    return {name: tensor.detach().numpy().copy() for name, tensor in state.items()}


def tensors_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, torch.Tensor]:
    """The same as tensors."""
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


def packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An ``npz`` file."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes the names for flags
    return file.getvalue()


def unpacked(data: bytes) -> Arrays:
    """The arrays of an ``npz`` file.

    Raises:
        Corrupt: the bytes are no such file, or hold objects.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as fault:
        raise Corrupt(f"no weights: {fault}", where="a checkpoint", next_step="delete it and train again") from fault
