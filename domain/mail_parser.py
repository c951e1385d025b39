"""The standard library's parser of mails, with limits: no header is read past a length, no tree grows past a size.

`email` under ``policy.default`` raises for some broken headers, takes the time squared for long ones, and makes as many
parts as a mail claims to have. Here a header that cannot be read is its raw text, and a mail with too many parts, or
too deep, is read by its headers alone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.parser import BytesFeedParser
from email.policy import EmailPolicy
from typing import Any, Final, cast

from domain.mail_text import clean, decode

MOST_PARTS: Final = 300
DEEPEST: Final = 20
MOST_HEADER_BYTES: Final = 256 * 1024
_MOST_HEADER_LINES: Final = 2_000
_LONGEST_HEADER: Final = 4_000
_CHUNK: Final = 64 * 1024


class TooManyParts(ValueError):
    """The mail is made of more parts, or lies deeper, than any that somebody wrote."""


class _Policy(EmailPolicy):
    """``policy.default`` that cuts what it reads of a header and never raises."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        if hasattr(value, "name"):
            return value
        text = decode(value[:_LONGEST_HEADER].encode("utf-8", "surrogateescape"), None)
        text = clean(text).replace("\n", "")
        with suppress(Exception):
            parsed: str = self.header_factory(name, text)
            str(parsed), getattr(parsed, "params", None)  # some faults show only now
            return parsed
        return text


POLICY: Final = _Policy(header_factory=HeaderRegistry())


class Part(EmailMessage):
    """A part that knows how deep it lies and refuses to lie deeper. ``count`` is shared by all parts of a mail."""

    def __init__(self, policy: Any = POLICY, count: list[int] | None = None) -> None:
        super().__init__(policy)
        self.depth = 0
        self.count = count if count is not None else [0]
        self.count[0] += 1
        if self.count[0] > MOST_PARTS:
            raise TooManyParts(f"It has more than {MOST_PARTS} parts.")

    def attach(self, payload: Any) -> None:
        payload.depth = self.depth + 1
        if payload.depth > DEEPEST:
            raise TooManyParts(f"Its parts lie more than {DEEPEST} deep in each other.")
        super().attach(payload)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A mail as a tree; ``fault`` says why only its headers were read, and is empty otherwise."""

    message: Part
    fault: str = ""


def parse(raw: bytes) -> Parsed:
    """Parse any bytes at all."""
    head = head_of(raw)
    if head.count(b"\n") > _MOST_HEADER_LINES or len(head) >= MOST_HEADER_BYTES:
        return Parsed(_tree(_first_lines(head) + b"\n\n"), "Its headers are longer than those of any mail.")
    try:
        return Parsed(_tree(raw))
    except TooManyParts as refused:
        return Parsed(_only_headers(head), str(refused))
    except Exception as error:  # noqa: BLE001  a fault of the parser's is no reason to lose a mail
        return Parsed(_only_headers(head), f"It cannot be parsed ({type(error).__name__}).")


def parse_headers(raw: bytes) -> Part:
    """Read the headers alone, of a mail that is too large for more."""
    return _only_headers(head_of(raw))


def head_of(raw: bytes) -> bytes:
    """The header part of a mail, cut at 256 KiB."""
    start = raw[:MOST_HEADER_BYTES]
    ends = [place for place in (start.find(b"\r\n\r\n"), start.find(b"\n\n"), start.find(b"\r\r")) if place >= 0]
    return start[: min(ends)] if ends else start


def _first_lines(head: bytes) -> bytes:
    return b"\n".join(head.split(b"\n", _MOST_HEADER_LINES)[:_MOST_HEADER_LINES])


def _only_headers(head: bytes) -> Part:
    try:
        parser = BytesFeedParser(Part, policy=POLICY)
        parser._set_headersonly()  # type: ignore[attr-defined]  # what BytesParser.parsebytes(headersonly=True) calls
        parser.feed(_first_lines(head) + b"\n\n")
        return cast(Part, parser.close())
    except Exception:  # noqa: BLE001  see above: then nothing of it can be read
        return Part()


def _tree(raw: bytes) -> Part:
    count = [0]

    def make(policy: Any = POLICY) -> Part:
        return Part(policy, count)

    parser = BytesFeedParser(make, policy=POLICY)
    for place in range(0, len(raw), _CHUNK):
        parser.feed(raw[place : place + _CHUNK])
    return cast(Part, parser.close())
