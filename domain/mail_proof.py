"""Whether the mail server in front of us proved who a mail is from: its Authentication-Results (RFC 8601), for DMARC.

From can be written by anybody. What counts is only the topmost field of the server that is trusted: a sender may have
written others of the same name below it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

_COMMENT: Final = re.compile(r"\([^()]*\)")
_DMARC: Final = re.compile(r"^\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)


class Dmarc(StrEnum):
    """What was found out about From (RFC 7489, section 11.2)."""

    PASS = "pass"  # noqa: S105  what a server found, no password
    FAIL = "fail"
    UNKNOWN = "unknown"  # the sender's domain says nothing of it, or nobody looked


def dmarc_of(results: Sequence[str], *, authserv_id: str) -> Dmarc:
    """What the trusted server says, out of all Authentication-Results of a mail, the topmost first."""
    for result in results:
        server, *found = _COMMENT.sub(" ", result).split(";")
        named = server.split()
        if not named or named[0].lower() != authserv_id.lower():
            continue
        verdicts = [match[1].lower() for part in found if (match := _DMARC.match(part))]
        if verdicts == ["pass"]:
            return Dmarc.PASS
        return Dmarc.FAIL if "fail" in verdicts else Dmarc.UNKNOWN
    return Dmarc.UNKNOWN
