"""A small HTTP server on this machine alone, on the running event loop: uvicorn, without its signals and its logs."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tradewind.errors import Unavailable

LOOPBACK = "127.0.0.1"
Answer = Callable[[], tuple[int, str, bytes]]
Handler = Callable[[Request], Awaitable[Response]]


class LoopbackServer:
    """``answers`` maps a path to what gives ``(status, content type, body)``; anything else is 404.

    ``handlers`` maps further paths to functions of a request, with the methods they take.
    """

    def __init__(
        self,
        answers: Mapping[str, Answer],
        port: int,
        handlers: Mapping[str, tuple[Handler, Sequence[str]]] | None = None,
    ) -> None:
        routes = [Route(path, _handler(answer), methods=["GET"]) for path, answer in answers.items()]
        routes += [Route(path, made, methods=list(methods)) for path, (made, methods) in (handlers or {}).items()]
        self._app = Starlette(routes=routes)
        self._wanted = port
        self.port = 0

    async def serve(
        self, listening: Callable[[int], None] = lambda _: None, alive: Callable[[], None] = lambda: None
    ) -> None:
        """Serves until cancelled; port 0 takes any free one, told to ``listening``; ``alive`` is called as it works.

        Raises:
            Unavailable: the port is taken.
        """

        async def notify() -> None:
            alive()

        end = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                end.bind((LOOPBACK, self._wanted))
            except OSError as error:
                raise Unavailable(
                    f"port {self._wanted} cannot be taken ({error.strerror})",
                    where="health server",
                    next_step="stop what listens there, or set monitoring.health_port to another one, or to 0 for none",
                ) from error
            self.port = int(end.getsockname()[1])
            config = uvicorn.Config(
                self._app, log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=1,
                server_header=False, callback_notify=notify, timeout_notify=5,
            )  # fmt: skip
            server = _QuietServer(config)
            listening(self.port)
            try:
                await server.serve(sockets=[end])
            finally:
                if server.started:
                    await server.shutdown(sockets=[end])
        finally:
            end.close()


class _QuietServer(uvicorn.Server):
    """Signals are the service's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures nothing."""
        yield


def _handler(answer: Answer) -> Handler:
    async def handle(_: Request) -> Response:
        status, kind, body = answer()
        return Response(body, status, media_type=kind)

    return handle
