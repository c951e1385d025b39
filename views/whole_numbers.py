"""Whole numbers as people type them and forms carry them."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 9  # digits: whatever is read fits into an INTEGER of the database


def whole_number(text: str) -> int | None:
    """The number in a text, from 0 up; None for anything but the digits 0 to 9, at most nine of them."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else None


def number_shown(text: str) -> int:
    """The number that a page of ours sent along hidden; -1, which no page shows, for what cannot have come from one."""
    number = whole_number(text)
    return -1 if number is None else number
