"""Mail servers: a letter goes out over SMTP, and what the server answered is sorted by what to do next."""

from __future__ import annotations

import datetime as dt
import enum
import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import flask_mail

from domain.mail_kinds import LOOP_HEADER

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ADDRESS = re.compile(r"[^\s@<>(),;:\"\\\[\]]+@[^\s@<>(),;:\"\\\[\]]+")
_MESSAGE_ID = re.compile(r"<[^\s<>]+>")
_CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_FIRST_PERMANENT = 500
_LONGEST_WORDS = 500
_OURS: Final = frozenset({"message-id", "date", "from", "to", "cc", "bcc", "subject", "reply-to", "in-reply-to"})


class Answer(enum.StrEnum):
    """What came of a try.

    TAKEN: the server has the mail. LATER: it has it not, and may take it later. NEVER: it will not take it for this
    address. UNKNOWN: the connection was lost after the text was sent, so it may have it: repeat with the same
    Message-ID, by which a receiver can tell the two are one.
    """

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer, and the words to show to staff.

    What only some channels know: ``remote_id`` is what the other side calls the message, ``pause`` how long it wants us
    to wait. ``gone`` says that the address takes nothing from us any more, ``moved_to`` which one took its place.
    """

    answer: Answer
    words: str = ""
    remote_id: str = ""
    pause: dt.timedelta | None = None
    gone: bool = False
    moved_to: str = ""


class LetterNotSafe(ValueError):
    """A header holds more than its one line or its one address: somebody tries to write headers or recipients."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a letter, under the name it is saved by."""

    name: str
    content: bytes = field(repr=False)
    content_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one address. ``message_id`` and ``date`` stay the same over all tries."""

    to: str
    subject: str
    text: str
    message_id: str
    date: dt.datetime
    html: str | None = None
    reply_to: str | None = None
    in_reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()

    def __post_init__(self) -> None:
        _refuse_unless(self.to.isascii() and _ADDRESS.fullmatch(self.to), "to")
        _refuse_unless(self.reply_to is None or _ADDRESS.fullmatch(self.reply_to), "reply-to")
        _refuse_unless(_MESSAGE_ID.fullmatch(self.message_id), "message-id")
        _refuse_unless(self.in_reply_to is None or _MESSAGE_ID.fullmatch(self.in_reply_to), "in-reply-to")
        _refuse_unless(not _CONTROL.search(self.subject), "subject")
        for name, value in self.headers.items():
            _refuse_unless(re.fullmatch(r"[A-Za-z0-9-]+", name) and name.lower() not in _OURS, name)
            _refuse_unless(value.isascii() and not _CONTROL.search(value), name)
        for attachment in self.attachments:
            _refuse_unless(attachment.name and not _CONTROL.search(attachment.name), "content-disposition")
            _refuse_unless(_CONTENT_TYPE.fullmatch(attachment.content_type), "content-type")


def _refuse_unless(safe: object, header: str) -> None:
    if not safe:
        raise LetterNotSafe(f"the header {_CONTROL.sub(' ', header)!r} is not safe to send")


class Mailer(Protocol):
    """Whatever sends letters. It never raises for what a server or network does."""

    def send(self, letter: Letter) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over. ``named`` is how we introduce ourselves."""

    host: str
    port: int
    use_tls: bool = False
    use_ssl: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 20
    named: str = "localhost"


class FlaskMailer:
    """Sends over Flask-Mail, which builds the message. Wants the app's context, and Flask-Mail bound to the app."""

    def __init__(self, mail: flask_mail.Mail, server: MailServer, *, sender: str) -> None:
        _refuse_unless(not _CONTROL.search(sender), "from")
        self._state: Any = mail.state if mail.state is not None else mail
        self._server = server
        self._sender = sender

    def send(self, letter: Letter) -> Outcome:
        """Hand the letter over, and say what came of it."""
        message = self._message(letter)
        connection = _Connection(self._state, self._server)
        try:
            with connection:
                connection.send(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code, words = next(iter(refused.recipients.values()))
            return Outcome(Answer.NEVER if code >= _FIRST_PERMANENT else Answer.LATER, _words(code, words))
        except smtplib.SMTPDataError as refused:
            permanent = refused.smtp_code >= _FIRST_PERMANENT
            return Outcome(Answer.NEVER if permanent else Answer.LATER, _words(refused.smtp_code, refused.smtp_error))
        except smtplib.SMTPResponseException as refused:
            # Greeting, sign-in or sender: nothing about this recipient, and the operator can mend it.
            return Outcome(Answer.LATER, _words(refused.smtp_code, refused.smtp_error))
        except (OSError, smtplib.SMTPException) as lost:
            answer = Answer.UNKNOWN if connection.text_was_sent else Answer.LATER
            return Outcome(answer, _words(None, f"{type(lost).__name__}: {lost}"))
        return Outcome(Answer.TAKEN)

    def _message(self, letter: Letter) -> flask_mail.Message:
        headers = {"Auto-Submitted": "auto-generated", LOOP_HEADER: self._server.named, **letter.headers}
        if letter.in_reply_to:
            headers |= {"In-Reply-To": letter.in_reply_to, "References": letter.in_reply_to}
        message = flask_mail.Message(
            subject=_subject(letter.subject),
            recipients=[letter.to],
            body=letter.text,
            html=letter.html,
            sender=self._sender,
            reply_to=letter.reply_to,
            date=letter.date.timestamp(),
            charset="utf-8",
            extra_headers=headers,
        )
        for attachment in letter.attachments:
            message.attach(attachment.name, attachment.content_type, attachment.content)
        message.msgId = letter.message_id
        return message


class _Connection(flask_mail.Connection):
    """Flask-Mail's connection with time-outs, checked certificates, and the memory of how far it came."""

    def __init__(self, state: Any, server: MailServer) -> None:
        super().__init__(state)
        self._server = server

    @property
    def text_was_sent(self) -> bool:
        return bool(getattr(self.host, "text_was_sent", False))

    def configure_host(self) -> smtplib.SMTP:
        server = self._server
        host: _Smtp | _SmtpOverTls
        if server.use_ssl:
            host = _SmtpOverTls(
                server.host,
                server.port,
                local_hostname=server.named,
                timeout=server.timeout,
                context=ssl.create_default_context(),
            )
        else:
            host = _Smtp(server.host, server.port, local_hostname=server.named, timeout=server.timeout)
        try:
            if server.use_tls:
                host.starttls(context=ssl.create_default_context())
            if server.username:
                host.login(server.username, server.password)
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(self, *_error: object) -> None:
        """Say goodbye. The mail is taken or not by now: how the goodbye goes changes nothing."""
        if self.host is None:
            return
        try:
            self.host.quit()
        except (OSError, smtplib.SMTPException):
            self.host.close()


class _RemembersText:
    """Remembers that the text went out and that its answer is still to come."""

    text_was_sent = False

    def getreply(self) -> tuple[int, bytes]:
        reply: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        self.text_was_sent = False  # an answer has come: from here on it is known
        return reply

    def send(self, s: Any) -> None:
        # smtplib sends commands as text, and the mail itself as bytes that end in a single point.
        if isinstance(s, bytes) and s.endswith(b"\r\n.\r\n"):
            self.text_was_sent = True
        super().send(s)  # type: ignore[misc]


class _Smtp(_RemembersText, smtplib.SMTP):
    """SMTP that remembers."""


class _SmtpOverTls(_RemembersText, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


def _subject(subject: str) -> str:
    """The subject as it is handed to the library. What looks like an encoded word (RFC 2047) would be read as what it
    stands for, however often it is encoded: the library undoes that. A character that is not seen keeps it words."""
    return subject.replace("=?", "=\u200b?")


def _words(code: int | None, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = " ".join(_CONTROL.sub(" ", text).split())
    return (f"{code} {text}" if code is not None else text)[:_LONGEST_WORDS]
