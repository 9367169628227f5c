"""Networks as ONNX files, by onnxruntime on one thread; the library that trained them is not there."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt
from tradewind.ports.predictor import Windows

_FILES_BESIDE: Final = b"\x0a\x08location\x12"
"""How an ONNX file says that a tensor lies in another file: an entry of external_data with the key ``location``."""


class OnnxModel:
    """A network with one input ``(n, length, width)`` float32 and one output ``(n,)`` or ``(n, 1)``: probabilities.

    ``data`` is read as a graph of standard operators and never as a program: nothing in it is unpickled, loaded as a
    library or looked up in a file beside it.

    Raises:
        Corrupt: the bytes are no such network.
    """

    def __init__(self, data: bytes, length: int, width: int) -> None:
        self.length = length
        self.width = width
        self._session = onnx_session(data)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shape = list(inputs[0].shape) if len(inputs) == 1 else []
        if len(outputs) != 1 or shape[1:] != [length, width] or inputs[0].type != "tensor(float)":
            raise _corrupt(
                f"inputs {[(one.name, one.shape, one.type) for one in inputs]}",
                f"one input of shape (n, {length}, {width}), float32, and one output",
            )
        self._input, self._output = inputs[0].name, outputs[0].name

    def forecasts(self, windows: Windows) -> NDArray[np.float64]:
        """Probabilities, ``(n,)``; one call a window, so that company changes no bit."""
        found = np.empty(len(windows))
        for place in range(len(windows)):
            (answer,) = self._session.run([self._output], {self._input: windows[place : place + 1]})
            found[place] = answer.reshape(-1)[0]
        return found


def first_answer(session: Any, given: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """The first output of a session for named inputs.

    Raises:
        Corrupt: the graph fails on them.
    """
    import onnxruntime as ort  # loaded with the session

    try:
        answer: NDArray[Any] = session.run(None, given)[0]
    except _faults_of(ort) as fault:
        raise _corrupt(str(fault).splitlines()[0][:200], "a graph that answers what it is asked") from fault
    return answer


def onnx_session(data: bytes) -> Any:
    """A session of one thread over a graph of standard operators, files beside it not allowed.

    Raises:
        Corrupt: the bytes are no such graph.
    """
    import onnxruntime as ort  # 70 ms, 35 MiB; only where a network is served

    if _FILES_BESIDE in data:
        raise _corrupt("weights that lie in another file", "one file that holds its weights")
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False  # 0.2 MiB a network, kept for ever, to save microseconds of an answer
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except _faults_of(ort) as fault:
        raise _corrupt(str(fault).splitlines()[0][:200], "an ONNX graph of standard operators") from fault
    session._model_bytes = b""  # kept for a change of provider: a second copy of every network
    _give_back()
    return session


def _give_back() -> None:
    """To the system, what reading a graph took: glibc would keep it, 1 MiB for each LSTM of 3 x 128.

    Where the C library has no ``malloc_trim`` nothing happens.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _faults_of(ort: Any) -> tuple[type[Exception], ...]:
    """What onnxruntime raises for files it cannot take: a class of its own for each kind, with no common base."""
    kinds = vars(ort.capi.onnxruntime_pybind11_state).values()
    own = (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Exception))
    return (RuntimeError, ValueError, *own)


def _corrupt(found: str, allowed: str) -> Corrupt:
    return Corrupt(found, where="an ONNX model", allowed=allowed, next_step="train or promote another one")
