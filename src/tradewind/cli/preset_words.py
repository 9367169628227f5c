"""Flags about risk ride in the word of the preset, under which a run is recorded: ``crypto+tight+sizing:dynamic``."""

from __future__ import annotations

from typing import Final

SIZING: Final = "sizing:"


def preset_word(preset: str | None, risk: str | None = None, sizing: str | None = None) -> str | None:
    """The word of all three; None where none was typed."""
    flags = [f"+{flag}" for flag in (risk, f"{SIZING}{sizing}" if sizing else None) if flag]
    return f"{preset or ''}{''.join(flags)}" if flags else preset
