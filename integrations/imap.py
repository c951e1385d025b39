"""A mailbox that mails are fetched from over IMAP (RFC 3501): by UID, and marked as seen only once they are kept."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

LARGEST_FETCHED: Final = 64 * 1024 * 1024
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")

Keep = Callable[[bytes, bool], None]
"""Keep a mail; the second says whether it is whole, or its headers only. An error means that it is not kept."""


class MailboxNotReachable(Exception):
    """The server cannot be reached, or refuses. The message names what it said, never the password."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where it is, and who opens it."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    use_ssl: bool = True
    timeout: float = 30


def fetch_unseen(mailbox: Mailbox, keep: Keep, *, most: int) -> int:
    """Hand over at most so many mails that nobody has seen, the oldest first; give their number.

    Each is marked as seen after ``keep`` came back. What ``keep`` raises ends the round: that mail and those behind it
    stay unseen, and come again. Of a mail larger than 64 MiB only the headers are fetched. Raises MailboxNotReachable.
    """
    kept = 0
    with _opened(mailbox) as server:
        for uid in _unseen(server)[:most]:
            fetched = _fetch(server, uid)
            if fetched is not None:
                keep(*fetched)
                _ask(server, "STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
                kept += 1
    return kept


@contextmanager
def _opened(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    try:
        server: imaplib.IMAP4
        if mailbox.use_ssl:
            context = ssl.create_default_context()
            server = imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=context, timeout=mailbox.timeout)
        else:
            server = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=mailbox.timeout)
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxNotReachable(f"{mailbox.host}: {type(error).__name__}") from None
    try:
        with _said_kindly(mailbox):
            server.login(mailbox.username, mailbox.password)
            answer, said = server.select(f'"{mailbox.folder}"')
            if answer != "OK":
                raise MailboxNotReachable(f"{mailbox.folder}: {_words(said)}")
            yield server
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            server.logout()
        with suppress(OSError):
            server.shutdown()  # a goodbye that failed leaves the connection open


@contextmanager
def _said_kindly(mailbox: Mailbox) -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, ConnectionError, TimeoutError, EOFError, ssl.SSLError) as error:
        words = str(error).replace(mailbox.password, "…") if mailbox.password else str(error)
        raise MailboxNotReachable(f"{mailbox.host}: {words[:200]}") from None


def _unseen(server: imaplib.IMAP4) -> list[str]:
    found = _ask(server, "SEARCH", "UNSEEN")
    return sorted((uid.decode() for part in found if part for uid in part.split()), key=int)


def _fetch(server: imaplib.IMAP4, uid: str) -> tuple[bytes, bool] | None:
    """The mail and whether it is whole; None for one that is gone meanwhile. It is not marked by being looked at."""
    size = _SIZE.search(b" ".join(part for part in _ask(server, "FETCH", uid, "(RFC822.SIZE)") if part))
    if size is None:
        return None
    whole = int(size[1]) <= LARGEST_FETCHED
    parts = _ask(server, "FETCH", uid, "(BODY.PEEK[])" if whole else "(BODY.PEEK[HEADER])")
    content = next((part[1] for part in parts if isinstance(part, tuple)), None)
    return None if content is None else (content, whole)


def _ask(server: imaplib.IMAP4, command: str, *words: str) -> Sequence[Any]:
    answer, said = server.uid(command, *words)
    if answer != "OK":
        raise imaplib.IMAP4.error(f"{command}: {_words(said)}")
    return said


def _words(said: Sequence[Any]) -> str:
    return " ".join(part.decode("utf-8", "replace") for part in said if isinstance(part, bytes))
