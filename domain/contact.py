"""Addresses and places as people type them: e-mail addresses and time zones, each kept in one way.

An address is kept in ASCII: the part before the @ may hold nothing else, and a domain with other letters is kept as the
mail servers know it (xn--…). So two spellings of one address are one, and an address that only looks like another one
shows that it is not.
"""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from typing import Final

from domain.refusals import Refusal

LONGEST_EMAIL: Final = 254
LONGEST_LOCAL_PART: Final = 64

_LOCAL_PART: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SEVERAL: Final = re.compile(r"[,;\s]")

# Letters that the older rules for domains (IDNA 2003, Python's own) turn into others, or into nothing.
_AMBIGUOUS: Final = frozenset("ßς\u200c\u200d\u00ad")
# Scripts that are written together; any other mixture within one name is there to deceive.
_WRITTEN_TOGETHER: Final = ({"CJK", "HIRAGANA", "KATAKANA"}, {"CJK", "HANGUL"}, {"CJK", "BOPOMOFO"})


class EmailNotReadable(Refusal):
    message = "Enter an e-mail address like name@example.com."


class TimeZoneUnknown(Refusal):
    message = "This time zone is not known. Enter one like Europe/Berlin."


def normalise_email(text: str) -> str:
    """Give the address as it is kept: trimmed, in lower case and in ASCII. Refused: EmailNotReadable, saying why."""
    if len(text) > 4 * LONGEST_EMAIL:
        raise EmailNotReadable
    written = unicodedata.normalize("NFKC", text.strip()).lower()
    if written.count("@") > 1 and _SEVERAL.search(written):
        raise EmailNotReadable("Enter one e-mail address only, like name@example.com.")
    local, _, domain = written.rpartition("@")
    if not local.isascii():
        raise EmailNotReadable("Before the @ use plain letters and digits only: an address like name@example.com.")
    if len(local) > LONGEST_LOCAL_PART or not _LOCAL_PART.fullmatch(local):
        raise EmailNotReadable
    kept = f"{local}@{_ascii_domain(domain)}"
    if len(kept) > LONGEST_EMAIL:
        raise EmailNotReadable
    return kept


def canonical_email(text: str) -> str:
    """The address as it is kept, for looking it up; empty for what nobody can have."""
    try:
        return normalise_email(text)
    except EmailNotReadable:
        return ""


def check_time_zone(name: str) -> str:
    """Give the name back when there is such a time zone."""
    if name not in zoneinfo.available_timezones():
        raise TimeZoneUnknown
    return name


def _ascii_domain(domain: str) -> str:
    labels = [_ascii_label(label) for label in domain.split(".")]
    if len(labels) < 2 or labels[-1].isdigit():
        raise EmailNotReadable
    return ".".join(labels)


def _ascii_label(label: str) -> str:
    """One name between two points, in ASCII."""
    kept, shown = label, label
    try:
        if not label.isascii():
            kept = label.encode("idna").decode("ascii")
        elif label.startswith("xn--"):
            shown = label.encode("ascii").decode("idna")
            if shown.isascii() or shown.encode("idna").decode("ascii") != label:
                raise EmailNotReadable
    except UnicodeError:
        raise EmailNotReadable from None
    if not _LABEL.fullmatch(kept):
        raise EmailNotReadable
    if _AMBIGUOUS.intersection(shown) or not _is_in_one_script(shown):
        raise EmailNotReadable(
            "The part after the @ mixes letters that look alike. Write the address with plain letters."
        )
    return kept


def _is_in_one_script(label: str) -> bool:
    scripts = {unicodedata.name(letter, "?").split(" ")[0].split("-")[0] for letter in label if letter.isalpha()}
    return len(scripts) <= 1 or any(scripts <= allowed for allowed in _WRITTEN_TOGETHER)
