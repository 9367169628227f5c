"""A network in the same process: requests go to a function, nothing touches a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import urlencode

from tradewind.errors import Retryable
from tradewind.ports.transport import Channel, Response, Traffic

Answer = Callable[[str, str, Mapping[str, str]], Response]


class InProcessTransport:
    """Hands ``(method, url with query, headers)`` to ``answer`` and keeps what was asked in ``asked``.

    ``streams`` maps the start of a URL to the lines a long-lived answer gives; an exception is raised there.
    """

    def __init__(self, answer: Answer, streams: Mapping[str, list[bytes | Exception]] | None = None) -> None:
        self._answer = answer
        self._streams = dict(streams or {})
        self.asked: list[str] = []
        self.traffic = Traffic()

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float = 10.0,
    ) -> Response:
        full = f"{url}?{urlencode(dict(params))}" if params else url
        self.asked.append(full)
        return self._answer(method, full, dict(headers or {}))

    async def connect(self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0) -> Channel:
        raise Retryable("no web socket here", where=url)

    async def lines(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0
    ) -> AsyncIterator[bytes]:
        self.asked.append(url)
        for prefix, lines in self._streams.items():
            if url.startswith(prefix):
                while lines:
                    line = lines.pop(0)
                    if isinstance(line, Exception):
                        raise line
                    yield line
                return
        raise Retryable("nothing streams here", where=url)
