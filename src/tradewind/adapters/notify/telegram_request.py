"""python-telegram-bot over our own Transport port: one network seam, and no token in any message or log."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from tradewind.errors import Misconfigured, Retryable
from tradewind.ports.transport import NotSent, Transport

logging.getLogger("telegram").setLevel(logging.WARNING)  # at DEBUG it writes its base URL, which holds the token

TOKEN: Final = re.compile(r"\b\d{5,}:[A-Za-z0-9_-]{20,}")
_BOUNDARY: Final = "tradewind-part-0f5d3c8b9e7a4612"
_DEFAULT_S: Final = 10.0


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: float = _DEFAULT_S


class _Refusal(msgspec.Struct, frozen=True):
    description: str = "too many requests"
    parameters: _Parameters = _Parameters()


class Unsent(NetworkError):
    """No byte left; python-telegram-bot hands it through as it is."""


class Limited(NetworkError):
    """A 429 with the seconds to wait; the library's own error for it changes its type between versions."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class TransportRequest(BaseRequest):
    """The seam under ``telegram.Bot``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def read_timeout(self) -> float:
        """Seconds a request may take where nothing else is said."""
        return _DEFAULT_S

    async def initialize(self) -> None:
        """Nothing: the transport is its owner's."""

    async def shutdown(self) -> None:
        """Nothing: the transport is its owner's."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        """One request; errors name what failed and never the address, which holds the token."""
        del write_timeout, connect_timeout, pool_timeout  # one limit holds for all of them
        headers, body = _encoded(request_data)
        timeout = read_timeout if isinstance(read_timeout, int | float) else _DEFAULT_S
        try:
            answer = await self._transport.request(method, url, headers=headers, body=body, timeout_s=timeout)
        except NotSent as error:
            raise Unsent(without_token(error.found)) from None
        except Retryable as error:
            raise TimedOut(without_token(error.found)) from None
        except Misconfigured as error:
            raise Unsent(f"{without_token(error.found)}: check telegram.base_url") from None
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise _limited(answer.body)
        return answer.status, answer.body


def _limited(body: bytes) -> Limited:
    try:
        refusal = msgspec.json.decode(body, type=_Refusal)
    except msgspec.MsgspecError:
        return Limited("too many requests", _DEFAULT_S)
    return Limited(refusal.description, refusal.parameters.retry_after)


def without_token(text: str) -> str:
    """``text`` with every bot token taken out."""
    return TOKEN.sub("***", text)


def _encoded(data: RequestData | None) -> tuple[dict[str, str], bytes]:
    if data is None:
        return {}, b""
    if not data.contains_files:
        return {"content-type": "application/x-www-form-urlencoded"}, urlencode(data.json_parameters).encode()
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (_BOUNDARY.encode(), name.encode(), value.encode())
        for name, value in data.json_parameters.items()
    ]
    for name, (filename, content, kind) in data.multipart_data.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}'
        raw = content if isinstance(content, bytes) else content.read()
        parts.append(b"--%b\r\n%b\r\n\r\n%b\r\n" % (_BOUNDARY.encode(), head.encode(), raw))
    parts.append(f"--{_BOUNDARY}--\r\n".encode())
    return {"content-type": f"multipart/form-data; boundary={_BOUNDARY}"}, b"".join(parts)
