"""Keys in addresses: whatever text a key holds, its address leads back to it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

# What stands below a record list itself, and what browsers take for steps in a path.
TAKEN_WORDS = frozenset({"new", "count", "export.csv", "export.xlsx", "lookup", "bulk", ".", ".."})

_PLAIN = re.compile(r"[A-Za-z0-9_.-]+").fullmatch
_ESCAPED = re.compile("~([0-9a-f]{2})")


def address(key: Any) -> str:
    """A record's key as the part of an address.

    Servers undo %2F before they look for the record, so a slash ("INV 2026/17") is written in a way of our own.
    """
    text = str(key)
    if _PLAIN(text):  # most are plain, and a list page writes hundreds
        return f"~{ord(text[0]):02x}{text[1:]}" if text in TAKEN_WORDS else text
    return quote(text.replace("~", "~7e").replace("/", "~2f"), safe="")


def key_in(part: str) -> str:
    """The key that a part of an address stands for."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), part)
