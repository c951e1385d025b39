"""What people are told: the notice to read and the mail to send, written with the change that causes them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import select

from extensions import db
from models.notification import Notification, NotificationChannel, NotificationDelivery, NotificationKind
from models.person import Person
from services.mail_texts import mail_texts

_LONGEST_SUBJECT = 255


def queue_mail(
    to: Person | str,
    event: str,
    subject: str,
    text: str,
    *,
    now: dt.datetime,
    account_id: int | None = None,
    kind: NotificationKind = NotificationKind.SECURITY,
    secret: bool = False,
) -> NotificationDelivery:
    """Put a mail into the outbox, and for a person also a notice to read in the portal; give the mail's row.

    ``secret`` says that the text holds a link or password: it then stands in the mail only, never in the notice, and
    the row's text is blanked once it is sent. A person needs an e-mail address.
    """
    subject = " ".join(subject.split())[:_LONGEST_SUBJECT]
    person = to if isinstance(to, Person) else None
    address = person.email if person is not None else str(to)
    if not address:
        raise ValueError("a mail needs an address")
    notice = None
    if person is not None:
        notice = Notification(
            account_id=account_id,
            person_id=person.id,
            kind=kind,
            event=event,
            title=subject,
            body="" if secret else text,
            mandatory=kind is NotificationKind.SECURITY,
            created_at=now,
        )
        db.session.add(notice)
        db.session.flush()
    mail = NotificationDelivery(
        account_id=account_id,
        notification_id=notice.id if notice else None,
        person_id=person.id if person else None,
        event=event,
        channel=NotificationChannel.EMAIL,
        address=address,
        subject=subject,
        text=text,
        message_id=f"<{uuid.uuid4().hex}@{mail_texts.host}>",
        secret=secret,
        next_try_at=now,
        created_at=now,
    )
    db.session.add(mail)
    db.session.flush()
    return mail


def latest_mails(limit: int) -> Sequence[NotificationDelivery]:
    """The newest mails of the outbox."""
    mails = select(NotificationDelivery).where(NotificationDelivery.channel == NotificationChannel.EMAIL)
    return db.session.scalars(mails.order_by(NotificationDelivery.id.desc()).limit(limit)).all()
