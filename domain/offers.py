"""Which ways to pay are offered: lists of countries and currencies as staff type them."""

from __future__ import annotations

import re


def allows(listed: str, code: str) -> bool:
    """Whether a list of codes ("DE, AT fr") names this one. An empty list names all."""
    codes = [word.upper() for word in re.split(r"[\s,;]+", listed) if word]
    return not codes or code.upper() in codes
