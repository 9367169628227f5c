"""A value that must never be printed."""

from __future__ import annotations

from typing import final

from tradewind.app.settings.redaction import HIDDEN, redacted


@final
class Secret:
    """Holds a token or password; text forms of it are asterisks, so logs, reports and traces stay clean.

    >>> str(Secret("hunter2")), repr(Secret("hunter2")), Secret("hunter2").reveal()
    ('********', "Secret('********')", 'hunter2')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        redacted.learn(value)

    def reveal(self) -> str:
        """The value itself; call it only where it is handed to the service it belongs to."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret('{HIDDEN}')"
