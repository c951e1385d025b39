"""A mail that came in, read: who, what, in which thread, what is new in it, and what hangs on it.

Any bytes are a mail, whatever is wrong with them, and reading them is bounded: the limits stand below. What was left
out is named in ``faults``; the raw mail is kept beside, so nothing is lost by it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from domain.mail_kinds import MailKind, Recognised, recognise
from domain.mail_parser import Part, parse, parse_headers
from domain.mail_parts import MailAttachment, Read, read_parts
from domain.mail_text import clean, decode, one_line
from domain.quoted_text import Parted, part_quoted

LONGEST_SUBJECT: Final = 255
LONGEST_MESSAGE_ID: Final = 255
MOST_REFERENCES: Final = 50
MOST_RECIPIENTS: Final = 100
LONGEST_ADDRESS: Final = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
_LONGEST_READ: Final = 16_000
_MESSAGE_ID: Final = re.compile(r"<[^\s<>]{1,253}>")
_ADDRESS: Final = re.compile(r"[^\s@<>(),;:\"\\\[\]]+@[^\s@<>(),;:\"\\\[\]]+")
_FIRST_YEAR: Final = 1971


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A mail as plain data.

    ``senders`` are all addresses its From fields name, small letters: more than one is no proof of anybody.
    ``references`` begins with what it answers (In-Reply-To), then the newest of its thread. ``date`` is what the
    sender's clock said, in UTC: never to be trusted, None when it is no date. ``text`` is all of it, parted into
    ``new`` and ``quoted``. ``unread`` says why only its headers were read, and is empty otherwise.
    ``authentication`` is what mail servers on its way, or whoever wrote it, say of its sender (domain/mail_proof.py).
    """

    message_id: str | None
    references: tuple[str, ...]
    senders: tuple[str, ...]
    recipients: tuple[str, ...]
    subject: str
    date: dt.datetime | None
    text: str
    new: str
    quoted: str
    attachments: tuple[MailAttachment, ...]
    recognised: Recognised
    faults: tuple[str, ...] = field(default=())
    unread: str = ""
    authentication: tuple[str, ...] = ()

    @property
    def sender(self) -> str:
        """The one address in From; empty when there is none, or more than one."""
        return self.senders[0] if len(self.senders) == 1 else ""

    @property
    def kind(self) -> MailKind:
        return self.recognised.kind


def read_mail(raw: bytes, *, envelope_sender: str | None = None) -> IncomingMail:
    """Read any bytes as a mail; never an error. ``envelope_sender``: as in `recognise`."""
    parsed = parse(raw)
    read = read_parts(parsed.message) if not parsed.fault else Read()
    return _mail(parsed.message, read, envelope_sender, unread=parsed.fault)


def read_headers(raw: bytes, *, envelope_sender: str | None = None) -> IncomingMail:
    """Read the headers alone, of a mail that is too large: without text and attachments."""
    return _mail(parse_headers(raw), Read(), envelope_sender)


def _mail(message: Part, read: Read, envelope_sender: str | None, *, unread: str = "") -> IncomingMail:
    senders = _addresses(_values(message, "From"), 10)
    subject = one_line(_first(message, "Subject"), LONGEST_SUBJECT)
    recipients = (_values(message, name) for name in ("To", "Cc", "Delivered-To", "X-Original-To"))
    parted = part_quoted(read.text) if read.text else Parted("", "")
    return IncomingMail(
        message_id=next(iter(_message_ids(_raw_values(message, "Message-ID"))), None),
        references=_references(message),
        senders=senders,
        recipients=_addresses((value for values in recipients for value in values), MOST_RECIPIENTS),
        subject=subject,
        date=_date(_first(message, "Date")),
        text=read.text,
        new=parted.new,
        quoted=parted.quoted,
        attachments=tuple(read.attachments),
        recognised=recognise(
            lambda name: _values(message, name),
            content_type=message.get_content_type(),
            report_type=_parameter(message, "report-type"),
            sender=senders[0] if senders else "",
            subject=subject,
            envelope_sender=envelope_sender,
        ),
        faults=tuple(read.faults),
        unread=unread,
        authentication=tuple(_values(message, "Authentication-Results")),
    )


def _raw_values(message: Part, name: str) -> list[str]:
    """The values as they came, cut: for what is no words (Message-IDs, References)."""
    wanted = name.lower()
    values = [str(value) for key, value in message.raw_items() if key.lower() == wanted]
    return [decode(value[-_LONGEST_READ:].encode("utf-8", "surrogateescape"), None) for value in values[:5]]


def _values(message: Part, name: str) -> list[str]:
    return [clean(str(value)) for value in message.get_all(name, [])[: MOST_RECIPIENTS + 1]]


def _first(message: Part, name: str) -> str:
    values = _values(message, name)
    return values[0] if values else ""


def _parameter(message: Part, name: str) -> str:
    value = message.get_param(name)
    return value.lower() if isinstance(value, str) else ""


def _references(message: Part) -> tuple[str, ...]:
    answered = _message_ids(_raw_values(message, "In-Reply-To"))
    thread = _message_ids(_raw_values(message, "References"))
    return tuple(dict.fromkeys([*answered, *reversed(thread)]))[:MOST_REFERENCES]


def _message_ids(values: Sequence[str]) -> list[str]:
    return [clean(found) for value in values for found in _MESSAGE_ID.findall(value)]


def _addresses(values: Iterable[str], most: int) -> tuple[str, ...]:
    """Addresses in small letters, each once: an address of a header that cannot be read counts as none."""
    found: dict[str, None] = {}
    for value in values:
        for _name, address in _pairs(value):
            plain = address.strip().lower()
            if len(plain) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(plain):
                found[plain] = None
        if len(found) >= most:
            break
    return tuple(found)[:most]


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        return getaddresses([value])
    except Exception:  # noqa: BLE001  a header that the library trips over names nobody
        return []


def _date(value: str) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(value[:200])
        moment = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.year >= _FIRST_YEAR else None
