"""Buttons under a message, by the rules of the public Bot API: rows of a label with 1 to 64 bytes of data each."""

from __future__ import annotations

import json
from typing import Any, Final

DATA_LIMIT: Final = 64
BUTTONS_LIMIT: Final = 100


class BadKeyboard(ValueError):
    """The words of the API's refusal, behind ``Bad Request:``."""


def buttons_in(markup: str) -> tuple[tuple[str, str], ...]:
    """``(label, data)`` of every button of a ``reply_markup``, in reading order; none where it is empty.

    Raises:
        BadKeyboard: it is no keyboard under a message, or one of its buttons breaks a rule.
    """
    if not markup or markup == "null":
        return ()
    try:
        document: Any = json.loads(markup)
    except ValueError as fault:
        raise BadKeyboard("can't parse reply keyboard markup JSON object") from fault
    rows = document.get("inline_keyboard") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadKeyboard('field "inline_keyboard" must be an Array of Arrays')
    found = tuple(_button(one) for row in rows for one in row)
    if len(found) > BUTTONS_LIMIT:
        raise BadKeyboard("reply markup is too long")
    return found


def _button(one: Any) -> tuple[str, str]:
    label, data = (one.get("text"), one.get("callback_data")) if isinstance(one, dict) else (None, None)
    if not isinstance(label, str) or not label.strip():
        raise BadKeyboard('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not isinstance(data, str):
        raise BadKeyboard("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if not 1 <= len(data.encode()) <= DATA_LIMIT:
        raise BadKeyboard("BUTTON_DATA_INVALID")
    return label, data
