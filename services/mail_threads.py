"""Which discussion a mail belongs to: told by the address it was sent to, or by the Message-IDs it answers.

Every mail about a discussion names its signed address twice: as Reply-To, and as the Message-ID that it answers. So an
answer finds its way also where a mail program leaves one of the two out. Who wrote it is another question, which is
always asked (services/incoming.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from domain.reply_addresses import reply_address, signed_token
from extensions import db
from models.discussion import Discussion, Message
from models.notification import NotificationDelivery


@dataclass(frozen=True, slots=True)
class Thread:
    """What a mail about a discussion carries, so that its answers come back and mail programs show it as one.

    ``discussion`` is its public id, by which answers in a chat come back.
    """

    reply_to: str | None = None
    in_reply_to: str | None = None
    discussion: str = ""


NO_THREAD: Final = Thread()


class ReplyAddresses:
    """Makes and reads the addresses. Without a domain there are none: nothing would take the answers in."""

    def __init__(self) -> None:
        self.bind(secrets.token_urlsafe(), "")

    def bind(self, secret_key: str, domain: str) -> None:
        """Sign with this key, for this domain."""
        self._secret_key, self.domain = secret_key, domain.lower()

    def thread_of(self, discussion: Discussion) -> Thread:
        """What mails about this discussion carry."""
        if not self.domain:
            return NO_THREAD
        address = reply_address(discussion.public_id, secret_key=self._secret_key, domain=self.domain)
        return Thread(reply_to=address, in_reply_to=f"<{address}>")

    def token(self, address: str) -> str | None:
        """The public id of the discussion; None for an address that we did not make."""
        if not self.domain:
            return None
        return signed_token(address, secret_key=self._secret_key, domain=self.domain)


reply_addresses = ReplyAddresses()


def discussion_addressed(addresses: Iterable[str]) -> Discussion | None:
    """The discussion that one of the addresses was signed for."""
    tokens = [token for address in addresses if (token := reply_addresses.token(address)) is not None]
    if not tokens:
        return None
    return db.session.scalar(select(Discussion).where(Discussion.public_id == tokens[0]))


def discussion_answered(references: Sequence[str]) -> Discussion | None:
    """The discussion of the newest Message-ID in the thread that we know: signed by us, sent by us, or received."""
    signed = discussion_addressed(references)
    if signed is not None or not references:
        return signed
    received = select(Message.email_message_id, Discussion).join(Discussion, Discussion.id == Message.discussion_id)
    received = received.where(Message.email_message_id.in_(references), Message.internal.is_(False))
    by_id = {row[0]: row[1] for row in db.session.execute(received)}
    sent = select(NotificationDelivery.message_id, NotificationDelivery.reply_to)
    sent = sent.where(NotificationDelivery.message_id.in_(references), NotificationDelivery.reply_to.is_not(None))
    answers = {row.message_id: row.reply_to for row in db.session.execute(sent)}
    for reference in references:
        if reference in by_id:
            return by_id[reference]
        if reference in answers:
            return discussion_addressed([answers[reference] or ""])
    return None


def was_sent_by_us(message_id: str | None) -> bool:
    """Whether a mail has the Message-ID of one that we sent: it came round."""
    if message_id is None:
        return False
    sent = select(NotificationDelivery.id).where(NotificationDelivery.message_id == message_id)
    return db.session.scalar(sent) is not None
