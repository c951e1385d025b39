"""Texts in spreadsheets: never taken for formulas."""

from __future__ import annotations

import re
from typing import Final

_RISKY: Final = frozenset("=+-@\t\r")
_A_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?").fullmatch


def harmless(text: str) -> str:
    """The text as a spreadsheet cell that is never taken for a formula. Numbers stay as they are."""
    if text and text[0] in _RISKY and not _A_NUMBER(text):
        return "'" + text
    return text
