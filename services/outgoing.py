"""What leaves the outbox, and what sends it: a claimed message as plain data, a sender a channel, and the documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from domain.refusals import Refusal
from integrations.mail import Answer, Attachment, Letter, LetterNotSafe, Mailer, Outcome
from models.document_file import DocumentKind
from models.notification import NotificationChannel


class NothingMakesDocuments(Refusal):
    message = "Nothing is set up here that could make its document. It waits."


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message, as plain data. ``attempt`` is the number of this try, the first has 1."""

    delivery_id: int
    attempt: int
    channel: NotificationChannel
    address: str
    subject: str
    text: str
    html: str | None
    message_id: str
    date: dt.datetime
    reply_to: str | None = None
    in_reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


class Sender(Protocol):
    """What sends over one channel. It never raises for what the world outside does."""

    def send(self, outgoing: Outgoing) -> Outcome: ...


Senders = Mapping[NotificationChannel, Sender]


class Learns(Protocol):
    """What hears what a channel said of an address: that it is gone, or moved. Called in the transaction of the row."""

    def __call__(self, outgoing: Outgoing, outcome: Outcome, *, now: dt.datetime) -> None: ...


def learn_nothing(outgoing: Outgoing, outcome: Outcome, *, now: dt.datetime) -> None:
    """For channels whose addresses nobody here keeps."""


class Documents(Protocol):
    """What gives the PDF of an account's document, made now if nobody has. Refused: whatever keeps it from being made.

    Called with no transaction open.
    """

    def __call__(self, account_id: int, kind: DocumentKind, number: str, *, now: dt.datetime) -> Attachment: ...


def no_documents(account_id: int, kind: DocumentKind, number: str, *, now: dt.datetime) -> Attachment:
    """For where none are made: mails with documents wait."""
    raise NothingMakesDocuments


class MailSender:
    """Sends over the e-mail channel."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def send(self, outgoing: Outgoing) -> Outcome:
        try:
            letter = Letter(
                to=outgoing.address,
                subject=outgoing.subject,
                text=outgoing.text,
                html=outgoing.html,
                message_id=outgoing.message_id,
                date=outgoing.date,
                reply_to=outgoing.reply_to,
                in_reply_to=outgoing.in_reply_to,
                headers=outgoing.headers,
                attachments=outgoing.attachments,
            )
        except LetterNotSafe as error:
            return Outcome(Answer.NEVER, str(error))
        return self._mailer.send(letter)
