"""What the Bot API takes as a photo: a real picture, not too heavy, not too large, not too long and thin."""

from __future__ import annotations

import struct
from typing import Final

_HEAVIEST: Final = 10 * 1024 * 1024
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SIDES: Final = 10_000
_RATIO: Final = 20


def photo_fault(photo: bytes) -> str:
    """Why ``photo`` is none; empty where it is one."""
    if not photo:
        return "there is no photo in the request"
    if len(photo) > _HEAVIEST:
        return "file is too big"
    if not photo.startswith(_PNG) or len(photo) < 24:
        return "IMAGE_PROCESS_FAILED"
    width, height = struct.unpack(">II", photo[16:24])
    if width + height > _SIDES or max(width, height) > _RATIO * max(1, min(width, height)):
        return "PHOTO_INVALID_DIMENSIONS"
    return ""
