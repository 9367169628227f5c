"""Takes secrets out of text that leaves the process: every secret it was given, and what looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

HIDDEN: Final = "********"
SHORTEST: Final = 8
"""Shorter secrets are not looked for: every text would be full of asterisks."""
_NAMES: Final = re.compile(r"(SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|DSN|_PASS$|WEBHOOK)")
_SHAPES: Final = (
    (re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}"), HIDDEN),  # a Telegram bot
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), HIDDEN),
    (re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(://[^/\s:@]*:)[^@\s/]+(?=@)"), rf"\1{HIDDEN}"),
    (
        re.compile(r"(?i)([?&](?:api_?key|token|access_token|secret|signature|password|pass)=)[^&\s\"']+"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)(x-telegram-bot-api-secret-token[\"']?\s*[:=]\s*[\"']?)[^\s\"',]+"), rf"\1{HIDDEN}"),
)


class Redactor:
    """Knows secrets and writes asterisks over them.

    >>> redactor = Redactor(["correct horse"])
    >>> redactor("said correct horse to https://host/x?token=staple1")
    'said ******** to https://host/x?token=********'
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._ordered: tuple[str, ...] = ()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Hides ``secret`` from now on, also as part of a URL; of a database URL the password alone."""
        values = [secret]
        if "://" in secret:
            url = urlsplit(secret)
            by_user = url.scheme.startswith("http") and url.username
            values = [url.password or "", url.username or ""] if by_user else [url.password or ""]
            if url.scheme.startswith("http") and not by_user:
                values.append(url.path.strip("/"))
        for value in values:
            if len(value) >= SHORTEST:
                self._known.update((value, quote(value, safe=""), quote_plus(value), repr(value)[1:-1]))
        self._ordered = tuple(sorted(self._known, key=len, reverse=True))

    def learn_environment(self, environment: Mapping[str, str]) -> None:
        """Hides the values of variables whose name says that they are secret."""
        for name, value in environment.items():
            if _NAMES.search(name.upper()) and value:
                self.learn(value)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._ordered:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
        return text


redacted: Final = Redactor()
"""The redactor of this process: every ``Secret`` that was made is known to it."""
