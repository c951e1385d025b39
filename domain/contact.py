"""Addresses and places as people type them: e-mail addresses and time zones, each kept in one way."""

from __future__ import annotations

import re
import zoneinfo
from typing import Final

from domain.refusals import Refusal

LONGEST_EMAIL: Final = 254

# One @ with something on both sides and a point in the domain. Whether anybody reads it, only a mail can tell.
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f<>,;:\"]+@[^@\s\x00-\x1f\x7f<>,;:\"]+\.[^@\s\x00-\x1f\x7f<>,;:\".]+")


class EmailNotReadable(Refusal):
    message = "Enter an e-mail address like name@example.com."


class TimeZoneUnknown(Refusal):
    message = "This time zone is not known. Enter one like Europe/Berlin."


def normalise_email(text: str) -> str:
    """Give the address as it is kept: trimmed and in lower case."""
    written = text.strip().lower()
    if len(written) > LONGEST_EMAIL or not _EMAIL.fullmatch(written) or ".." in written:
        raise EmailNotReadable
    return written


def check_time_zone(name: str) -> str:
    """Give the name back when there is such a time zone."""
    if name not in zoneinfo.available_timezones():
        raise TimeZoneUnknown
    return name
