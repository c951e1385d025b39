"""Names of files that somebody sent: kept readable, and harmless wherever they are shown or saved."""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST_NAME: Final = 120
UNNAMED: Final = "file"
_NOT_IN_NAMES: Final = frozenset('<>:"/\\|?*')
# The names of devices on Windows, with or without an extension.
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
)


def clean_file_name(name: str) -> str:
    """The last part of a path without control, formatting and reserved characters, of 1 to LONGEST_NAME letters.

    Formatting characters go because one of them (U+202E, which turns the direction) shows a program as a picture. The
    extension is kept where the name is shortened.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(each for each in last if each not in _NOT_IN_NAMES and unicodedata.category(each)[0] != "C")
    kept = " ".join(kept.split()).strip(". ")
    if not kept:
        return UNNAMED
    stem, dot, suffix = kept.rpartition(".")
    if (stem if dot else kept).split(".")[0].strip().lower() in _DEVICES:
        kept = f"_{kept}"
    if len(kept) <= LONGEST_NAME:
        return kept
    ending = f".{suffix}" if dot and len(suffix) <= 10 else ""
    return kept[: LONGEST_NAME - len(ending)].rstrip(". ") + ending
