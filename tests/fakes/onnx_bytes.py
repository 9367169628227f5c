"""ONNX files written field by field, so that tests need no library that writes them (onnx.proto, IR version 8)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np


def sigmoid_of_linear(length: int, width: int, weights: Sequence[float], bias: float, *, beside: str = "") -> bytes:
    """``sigmoid(bias + weights . window)`` of ``(n, length, width)``; ``beside`` puts the weights into another file."""
    cells = length * width
    nodes = [
        _node("Flatten", ["x"], ["flat"]),
        _node("Gemm", ["flat", "w", "b"], ["z"]),
        _node("Sigmoid", ["z"], ["p"]),
    ]
    weight = _external("w", (cells, 1), beside) if beside else _tensor("w", (cells, 1), weights)
    graph = b"".join(_bytes(1, node) for node in nodes)
    graph += _bytes(2, b"graph") + _bytes(5, weight) + _bytes(5, _tensor("b", (1,), [bias]))
    graph += _bytes(11, _value("x", ("n", length, width))) + _bytes(12, _value("p", ("n", 1)))
    return _int(1, 8) + _bytes(7, graph) + _bytes(8, _int(2, 17))


def sum_of_pieces(weights: Sequence[Sequence[float]]) -> bytes:
    """A text model: ``logits (1, labels) = sum of weights[input_ids]``, ``weights`` a row a piece."""
    rows, labels = len(weights), len(weights[0])
    nodes = [_node("Gather", ["w", "input_ids"], ["each"]), _node("ReduceSum", ["each", "axes"], ["rows"]),
             _node("Reshape", ["rows", "shape"], ["logits"])]  # fmt: skip
    graph = b"".join(_bytes(1, node) for node in nodes)
    graph += _bytes(2, b"graph") + _bytes(5, _tensor("w", (rows, labels), [one for row in weights for one in row]))
    graph += _bytes(5, _whole("axes", [1])) + _bytes(5, _whole("shape", [1, labels]))
    graph += _bytes(11, _value("input_ids", (1, "n"), 7)) + _bytes(12, _value("logits", (1, labels)))
    return _int(1, 8) + _bytes(7, graph) + _bytes(8, _int(2, 17))


def _varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def _int(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    return (
        b"".join(_bytes(1, name.encode()) for name in inputs)
        + b"".join(_bytes(2, name.encode()) for name in outputs)
        + _bytes(4, kind.encode())
    )


def _tensor(name: str, dims: Sequence[int], values: Sequence[float]) -> bytes:
    raw = struct.pack(f"<{len(values)}f", *np.asarray(values, np.float32).tolist())
    return b"".join(_int(1, dim) for dim in dims) + _int(2, 1) + _bytes(8, name.encode()) + _bytes(9, raw)


def _whole(name: str, values: Sequence[int]) -> bytes:
    raw = struct.pack(f"<{len(values)}q", *values)
    return _int(1, len(values)) + _int(2, 7) + _bytes(8, name.encode()) + _bytes(9, raw)


def _external(name: str, dims: Sequence[int], path: str) -> bytes:
    entry = _bytes(1, b"location") + _bytes(2, path.encode())
    head = b"".join(_int(1, dim) for dim in dims) + _int(2, 1) + _bytes(8, name.encode())
    return head + _bytes(13, entry) + _int(14, 1)


def _value(name: str, dims: Sequence[int | str], kind: int = 1) -> bytes:
    shape = b"".join(_bytes(1, _bytes(2, dim.encode()) if isinstance(dim, str) else _int(1, dim)) for dim in dims)
    tensor = _int(1, kind) + _bytes(2, shape)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))
