"""The parts of a mail: its text, plain if there is one, and what hangs on it. Nothing is unpacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Final

from domain.file_names import UNNAMED, clean_file_name
from domain.mail_html import text_of_html
from domain.mail_text import clean, decode

LONGEST_TEXT: Final = 100_000
MOST_ATTACHMENTS: Final = 50
_LONGEST_CONTENT_TYPE: Final = 127
_ENDINGS: Final = {
    "text/plain": "txt",
    "text/html": "html",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "message/rfc822": "eml",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/pgp-signature": "asc",
    "application/ms-tnef": "dat",
}


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """A file that came with a mail. ``content_type`` is what the sender claims."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Read:
    """What the parts hold, and what was left out of it."""

    text: str = ""
    attachments: list[MailAttachment] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def read_parts(message: EmailMessage) -> Read:
    """Give text and attachments of a mail whose tree was parsed with limits."""
    read = Read()
    texts = [text for text in _texts(message, read) if text.strip()]
    whole = clean("\n\n".join(text.strip("\r\n") for text in texts))
    if len(whole) > LONGEST_TEXT:
        whole = whole[:LONGEST_TEXT]
        read.faults.append(f"Only the first {LONGEST_TEXT} characters of its text were taken.")
    read.text = whole
    return read


def _texts(part: EmailMessage, read: Read) -> list[str]:
    """The texts below a part, in order; what is no text is kept as attachments on the way."""
    kind = _content_type(part)
    if part.is_multipart() and kind.startswith("multipart/"):
        below = [child for child in part.iter_parts() if isinstance(child, EmailMessage)]
        if kind == "multipart/alternative":
            return _best_of(below, read)
        if kind == "multipart/related":
            return _with_its_pictures(below, read)
        return [text for child in below for text in _texts(child, read)]
    if kind in ("text/plain", "text/html") and not _is_file(part):
        text = _text_of(part)
        return [text_of_html(text) if kind == "text/html" else text]
    if kind.startswith("multipart/"):  # it says so, and has no parts: what it holds is text at best
        return [_text_of(part)]
    _attach(part, kind, read)
    return []


def _best_of(below: Sequence[EmailMessage], read: Read) -> list[str]:
    """The same in several forms (RFC 2046, section 5.1.4): plain text if it says anything, else the best other one."""
    found: list[tuple[bool, list[str], Read]] = []
    for child in below:
        own = Read()
        texts = _texts(child, own)
        if any(text.strip() for text in texts):
            found.append((_content_type(child) == "text/plain", texts, own))
        else:
            read.attachments += own.attachments[: MOST_ATTACHMENTS - len(read.attachments)]
        read.faults += own.faults
    if not found:
        return []
    chosen = next((texts for is_plain, texts, _own in found if is_plain), found[-1][1])
    for _is_plain, _texts_of_it, own in found:
        for attachment in own.attachments:
            _keep(attachment, read)
    return chosen


def _with_its_pictures(below: Sequence[EmailMessage], read: Read) -> list[str]:
    """A page and what it shows (RFC 2387): the first part is the page."""
    texts = _texts(below[0], read) if below else []
    for child in below[1:]:
        further = _texts(child, read)
        texts = texts if any(text.strip() for text in texts) else further
    return texts


def _content_type(part: EmailMessage) -> str:
    try:
        kind = part.get_content_type().lower()
    except Exception:  # noqa: BLE001  a type that cannot be read is none
        return "application/octet-stream"
    return kind if kind.isascii() and len(kind) <= _LONGEST_CONTENT_TYPE and " " not in kind else "text/plain"


def _is_file(part: EmailMessage) -> bool:
    return _disposition(part) == "attachment" or bool(_file_name(part))


def _disposition(part: EmailMessage) -> str:
    try:
        return (part.get_content_disposition() or "").lower()
    except Exception:  # noqa: BLE001
        return ""


def _file_name(part: EmailMessage) -> str:
    try:
        return part.get_filename() or ""
    except Exception:  # noqa: BLE001
        return ""


def _text_of(part: EmailMessage) -> str:
    try:
        charset: Any = part.get_param("charset")
    except Exception:  # noqa: BLE001
        charset = None
    return decode(_content(part), charset if isinstance(charset, str) else None)


def _content(part: EmailMessage) -> bytes:
    """The bytes behind the transfer encoding; what is encoded wrongly is taken as it stands."""
    try:
        content: Any = part.get_payload(decode=True)
        if isinstance(content, bytes):
            return content
    except Exception:  # noqa: BLE001
        content = None
    held: Any = part.get_payload()
    return held.encode("utf-8", "surrogateescape") if isinstance(held, str) else b""


def _attach(part: EmailMessage, kind: str, read: Read) -> None:
    content = _inner_mail(part) if part.is_multipart() else _content(part)
    if content is None:
        read.faults.append("A mail that was attached to it could not be written out; it stands in the raw mail.")
        return
    fallback = f"attachment-{len(read.attachments) + 1}.{_ENDINGS.get(kind, 'bin')}"
    name = clean_file_name(clean(_file_name(part)))
    if name == UNNAMED:
        name = "invitation.ics" if kind == "text/calendar" else fallback
    _keep(MailAttachment(name, kind, content), read)


def _inner_mail(part: EmailMessage) -> bytes | None:
    inner: Any = part.get_payload()
    try:
        return b"\n\n".join(child.as_bytes() for child in inner)
    except Exception:  # noqa: BLE001  the library cannot write everything that it reads
        return None


def _keep(attachment: MailAttachment, read: Read) -> None:
    if len(read.attachments) < MOST_ATTACHMENTS:
        read.attachments.append(attachment)
        return
    words = f"Only the first {MOST_ATTACHMENTS} attachments were taken."
    if words not in read.faults:
        read.faults.append(words)
