"""What people are told: the notice to read and the mail to send, written with the change that causes them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select, true

from domain.languages import ENGLISH
from domain.mail_text import clean
from domain.permissions import MEMBER_GRANTS, SEAT_GRANTS, MemberRole, P
from extensions import db
from models.account import Account
from models.member import Member, MemberRoleGrant
from models.notification import Notification, NotificationChannel, NotificationDelivery, NotificationKind
from models.person import Person
from services.audit import target_of
from services.deliveries import queue_delivery
from services.document_jobs import DocumentName
from services.mail_texts import MailText, mail_texts
from services.mail_threads import NO_THREAD, Thread
from services.notification_choices import (
    ALWAYS_ON,
    MARKETING,
    Choices,
    address_of,
    chats_of,
    choices_of,
    choices_of_many,
    first_try_at,
)
from services.seats import home_account_id
from services.unsubscribing import unsubscribe_links

LONGEST_IN_A_CHAT: Final = 2000  # Telegram takes 4096, and counts some letters twice
DISCUSSION: Final = "discussion"
"""Which discussion a delivery to a chat is about, in its ``headers``."""
_LONGEST_SUBJECT = 255
_SENT_CHANNELS = (NotificationChannel.EMAIL, NotificationChannel.SMS, NotificationChannel.TELEGRAM)


def tell(
    to: Person | str,
    event: str,
    *,
    now: dt.datetime,
    account_id: int | None = None,
    kind: NotificationKind = NotificationKind.SECURITY,
    secret: bool = False,
    unique_key: str | None = None,
    target: Any = None,
    thread: Thread = NO_THREAD,
    **values: Any,
) -> NotificationDelivery | None:
    """Tell a person, or a bare address, by the templates of the event; give the mail's row, None when none is sent.

    A person gets a notice to read, and a mail unless they have no address or switched the kind off, both in their own
    language; a bare address is written to in the account's. The templates get ``name``, ``email`` and the other values.
    ``secret`` says that the text holds a link or password: it then stands in the mail only. With a ``unique_key`` it is
    told once, however often this is called. ``target`` is the row it is about, ``thread`` where answers to it go.
    Without an ``account_id`` the notice stands in the account that manages the person, or the first they have.
    """
    if unique_key is not None:
        told = db.session.scalar(select(NotificationDelivery).where(NotificationDelivery.unique_key == unique_key))
        if told is not None:
            return told
    if not isinstance(to, Person):
        words = mail_texts.render(event, language=_language_of(account_id), **{"name": to, "email": to, **values})
        plain = _queue(
            None, None, to, event, words, now=now, account_id=account_id, secret=secret, unique_key=unique_key
        )
        return _in_thread(plain, thread)
    if account_id is None:
        account_id = home_account_id(to)
    words = _words_for(to, event, kind, values)
    notice = _add_notice(event, kind, words, now, account_id=account_id, person=to, secret=secret, target=target)
    return _deliver_as_chosen(
        notice,
        to,
        words,
        choices_of(to.id),
        chats_of([to.id]),
        now=now,
        account_id=account_id,
        secret=secret,
        unique_key=unique_key,
        thread=thread,
    )


def tell_account(
    account_id: int,
    permission: P,
    event: str,
    *,
    now: dt.datetime,
    kind: NotificationKind,
    unique_key: str | None = None,
    target: Any = None,
    document: DocumentName | None = None,
    people: Sequence[Person] | None = None,
    thread: Thread = NO_THREAD,
    **values: Any,
) -> Notification:
    """Tell everybody in an account whose roles hold the permission: one notice in the account's language, and a mail in
    their own to each who wants one.

    With ``people`` the notice is the same and only these get a mail: who may read, and who takes part, are two things.
    The templates get ``name``, ``email`` and the other values; the notice is addressed to the account. With a
    ``unique_key`` it is told once: a second call gives the first notice. The PDF of a ``document`` of the account goes
    with the mails; it need not be made yet.
    """
    if unique_key is not None:
        told = select(Notification).join(NotificationDelivery).where(Notification.account_id == account_id)
        found = db.session.scalar(told.where(NotificationDelivery.unique_key.startswith(f"{unique_key}:")).limit(1))
        if found is not None:
            return found
    account = db.session.get_one(Account, account_id)
    words = mail_texts.render(event, language=account.language, **{"name": account.name, "email": "", **values})
    notice = _add_notice(event, kind, words, now, account_id=account_id, permission=permission, target=target)
    people = people_with(account_id, permission) if people is None else people
    ids = [person.id for person in people]
    choices, chats = choices_of_many(ids), chats_of(ids)
    for person in people:
        _deliver_as_chosen(
            notice,
            person,
            _words_for(person, event, kind, values),
            choices[person.id],
            chats,
            now=now,
            account_id=account_id,
            unique_key=f"{unique_key}:{person.public_id}" if unique_key is not None else None,
            document=document,
            thread=thread,
        )
    return notice


def people_with(account_id: int, permission: P) -> Sequence[Person]:
    """Who sits in the account, may sign in, and holds the permission: by the seat itself, or by a role."""
    roles = [role for role, grants in MEMBER_GRANTS.items() if permission in grants]
    by_role = select(MemberRoleGrant.member_id).where(
        MemberRoleGrant.account_id == account_id, MemberRoleGrant.role.in_(roles)
    )
    holds: list[ColumnElement[bool]] = [Member.id.in_(by_role)]
    if MemberRole.OWNER in roles:
        holds.append(Member.is_owner.is_(True))
    if permission in SEAT_GRANTS:
        holds.append(true())
    members = select(Person).join(Member, Member.person_id == Person.id)
    members = members.where(Member.account_id == account_id, Member.can_sign_in, Person.can_sign_in)
    return db.session.scalars(members.where(or_(*holds)).order_by(Member.id)).all()


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
    html: str = "",
    reply_to: str | None = None,
    in_reply_to: str | None = None,
) -> NotificationDelivery:
    """Put a mail with ready words into the outbox, and for a person also a notice; give the mail's row.

    `tell` is the usual way: this one asks for no choice and knows no template. A person needs an e-mail address.
    """
    words = MailText(subject=_one_line(subject), text=text, html=html, notice=text)
    person = to if isinstance(to, Person) else None
    address = person.email if person is not None else str(to)
    if not address:
        raise ValueError("a mail needs an address")
    notice = None
    if person is not None:
        notice = _add_notice(event, kind, words, now, account_id=account_id, person=person, secret=secret)
    mail = _queue(notice, person, address, event, words, now=now, account_id=account_id, secret=secret)
    mail.reply_to, mail.in_reply_to = reply_to, in_reply_to
    return mail


def latest_mails(limit: int) -> Sequence[NotificationDelivery]:
    """The newest mails of the outbox."""
    mails = select(NotificationDelivery).where(NotificationDelivery.channel == NotificationChannel.EMAIL)
    return db.session.scalars(mails.order_by(NotificationDelivery.id.desc()).limit(limit)).all()


def _words_for(person: Person, event: str, kind: NotificationKind, values: dict[str, Any]) -> MailText:
    stop = "" if kind in ALWAYS_ON else unsubscribe_links.url(person, kind)
    known = {"name": str(person), "email": person.email, **values}
    return mail_texts.render(event, language=person.language, unsubscribe_url=stop, **known)


def _language_of(account_id: int | None) -> str:
    """The language for an address of which we know no more than the account."""
    account = db.session.get(Account, account_id) if account_id is not None else None
    return account.language if account is not None else ENGLISH.code


def _add_notice(
    event: str,
    kind: NotificationKind,
    words: MailText,
    now: dt.datetime,
    *,
    account_id: int | None,
    person: Person | None = None,
    permission: P | None = None,
    secret: bool = False,
    target: Any = None,
) -> Notification:
    about = target_of(target) if target is not None else None
    notice = Notification(
        account_id=account_id,
        person_id=person.id if person is not None else None,
        permission=permission.value if permission is not None else None,
        kind=kind,
        event=event,
        title=_one_line(words.subject),
        body="" if secret else words.notice,
        target_type=about.type if about else None,
        target_key=about.key if about else None,
        mandatory=kind in ALWAYS_ON,
        created_at=now,
    )
    db.session.add(notice)
    db.session.flush()
    return notice


def _deliver_as_chosen(
    notice: Notification,
    person: Person,
    words: MailText,
    choices: Choices,
    chats: Mapping[int, int],
    *,
    now: dt.datetime,
    account_id: int | None,
    secret: bool = False,
    unique_key: str | None = None,
    document: DocumentName | None = None,
    thread: Thread = NO_THREAD,
) -> NotificationDelivery | None:
    """Queue what the person wants over each channel; give the mail, if there is one. Secrets go by mail only."""
    mail = None
    if person.restricted_at is not None and notice.kind in MARKETING:
        return None
    for channel in _SENT_CHANNELS:
        address = address_of(person, channel, chats)
        by_mail = channel is NotificationChannel.EMAIL
        if not address or not choices[notice.kind, channel] or (secret and not by_mail):
            continue
        delivery = _queue(
            notice,
            person,
            address,
            notice.event,
            words,
            now=now,
            account_id=account_id,
            secret=secret,
            unique_key=unique_key if by_mail or unique_key is None else f"{unique_key}:{channel.value}",
            channel=channel,
            first_try=first_try_at(person, notice.kind, now),
            document=document if by_mail else None,
        )
        if by_mail:
            mail = _in_thread(delivery, thread)
        elif channel is NotificationChannel.TELEGRAM and thread.discussion:
            delivery.headers = {DISCUSSION: thread.discussion}
    return mail


def _in_thread(mail: NotificationDelivery, thread: Thread) -> NotificationDelivery:
    mail.reply_to, mail.in_reply_to = thread.reply_to, thread.in_reply_to
    return mail


def _text_over(channel: NotificationChannel, words: MailText) -> str:
    """A mail says everything, a chat what the notice says, and an SMS, which costs by length, what it is about."""
    if channel is NotificationChannel.EMAIL:
        return words.text
    subject = _one_line(words.subject)
    if channel is NotificationChannel.SMS:
        return subject
    text = f"{subject}\n\n{words.notice.strip()}"
    if len(text) <= LONGEST_IN_A_CHAT:
        return text
    link = words.notice.split()[-1]
    link = f"\n\n{link}" if link.startswith(mail_texts.base_url) else ""
    return f"{text[: LONGEST_IN_A_CHAT - len(link)].rstrip()}…{link}"


def _queue(
    notice: Notification | None,
    person: Person | None,
    address: str,
    event: str,
    words: MailText,
    *,
    now: dt.datetime,
    account_id: int | None,
    secret: bool,
    unique_key: str | None = None,
    channel: NotificationChannel = NotificationChannel.EMAIL,
    first_try: dt.datetime | None = None,
    document: DocumentName | None = None,
) -> NotificationDelivery:
    by_mail = channel is NotificationChannel.EMAIL
    stop = person is not None and notice is not None and by_mail and notice.kind not in ALWAYS_ON
    delivery = NotificationDelivery(
        account_id=account_id,
        notification_id=notice.id if notice else None,
        person_id=person.id if person else None,
        event=event,
        channel=channel,
        address=address,
        subject=_one_line(words.subject),
        text=_text_over(channel, words),
        html=(words.html or None) if by_mail else None,
        message_id=f"<{uuid.uuid4().hex}@{mail_texts.host}>",
        headers=_stop_headers(unsubscribe_links.url(person, notice.kind)) if stop and person and notice else {},
        document_kind=document.kind if document is not None else None,
        document_number=document.number if document is not None else None,
        secret=secret,
        unique_key=unique_key,
        next_try_at=first_try or now,
        created_at=now,
    )
    db.session.add(delivery)
    db.session.flush()
    queue_delivery(delivery, now=now)
    return delivery


def _stop_headers(url: str) -> dict[str, str]:
    """What lets mail programs show a button that stops such mails (RFC 2369 and 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _one_line(subject: str) -> str:
    """The subject without ends of lines, and without characters of control: a mail with one is never taken for safe."""
    return " ".join(clean(subject).split())[:_LONGEST_SUBJECT]
