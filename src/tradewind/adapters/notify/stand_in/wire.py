"""Requests to the Bot API taken apart: urlencoded, JSON or multipart bodies become parameters and files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tradewind.adapters.notify.stand_in.bot_api import Reply
from tradewind.ports.transport import Response

_NAME: Final = re.compile(rb'name="([^"]*)"')
_FILE: Final = re.compile(rb'filename="([^"]*)"')


def target_of(url: str) -> tuple[str, str, dict[str, str]]:
    """``(token, method, query)`` of ``.../bot<token>/<method>?...``."""
    parts = urlsplit(url)
    segments = [unquote(part) for part in parts.path.split("/") if part]
    bot = next((index for index, part in enumerate(segments) if part.startswith("bot")), len(segments))
    token = segments[bot].removeprefix("bot") if bot < len(segments) else ""
    method = segments[bot + 1] if bot + 1 < len(segments) else ""
    return token, method, dict(parse_qsl(parts.query, keep_blank_values=True))


def fields_of(headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """``(parameters, files)`` of a body."""
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if "json" in kind:
        document = json.loads(body or b"{}")
        return {name: value if isinstance(value, str) else json.dumps(value) for name, value in document.items()}, {}
    if "multipart" in kind:
        return _parts(kind.partition("boundary=")[2].strip('"'), body)
    return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}


def response_of(reply: Reply) -> Response:
    """The answer as bytes."""
    return Response(reply.status, {"content-type": "application/json"}, json.dumps(reply.document).encode())


def _parts(boundary: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    params: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in body.split(b"--" + boundary.encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        content = content.removesuffix(b"\r\n")
        found = _NAME.search(head)
        name = found.group(1).decode() if found else ""
        if _FILE.search(head):
            files[name] = content
        else:
            params[name] = content.decode()
    return params, files
