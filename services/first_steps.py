"""What a new installation still needs before it can sell: looked at in one statement, and a mail to try the way out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from extensions import db
from models.notification import DeliveryState, NotificationChannel, NotificationDelivery
from models.person import Person
from models.price import Price
from models.staff import StaffMember
from models.tax import TaxRule
from services.audit import record_event
from services.mail_texts import mail_texts
from services.notifications import queue_mail
from services.settings import text_setting

TEST_MAIL: Final = "test_mail"
PAUSE: Final = dt.timedelta(minutes=1)
_ON_DOCUMENTS: Final = ("seller_name", "seller_line1", "seller_city", "seller_country")


class Step(StrEnum):
    """One thing to set up, in the order in which it is sensible."""

    COMPANY = "company"
    MAIL = "mail"
    GATEWAY = "gateway"
    TAX = "tax"
    PRICES = "prices"
    COLLEAGUES = "colleagues"


class TestMailTooSoon(Refusal):
    message = "A test mail was sent to you less than a minute ago. Wait for what comes of it."


class NoAddress(Refusal):
    message = "You have no e-mail address to send a mail to."


@dataclass(frozen=True, slots=True)
class TestMail:
    """How the newest mail that somebody sent themself stands. ``error`` is what the mail server said, or empty."""

    address: str
    asked_at: dt.datetime
    state: DeliveryState
    error: str


def steps_done(*, gateways: int) -> dict[Step, bool]:
    """Which steps are done; ``gateways`` is how many payment providers are set up."""
    sent = (
        select(NotificationDelivery.id)
        .where(
            NotificationDelivery.state == DeliveryState.SENT,
            NotificationDelivery.channel == NotificationChannel.EMAIL,
        )
        .limit(1)
    )
    colleagues = select(StaffMember.id).limit(2).subquery()
    found = db.session.execute(
        select(
            sent.exists().label("mail"),
            select(TaxRule.id).limit(1).exists().label("tax"),
            select(Price.id).limit(1).exists().label("prices"),
            select(func.count(colleagues.c.id)).scalar_subquery().label("colleagues"),
        )
    ).one()
    return {
        Step.COMPANY: all(text_setting(key) for key in _ON_DOCUMENTS),
        Step.MAIL: bool(found.mail),
        Step.GATEWAY: gateways > 0,
        Step.TAX: bool(found.tax),
        Step.PRICES: bool(found.prices),
        Step.COLLEAGUES: found.colleagues > 1,
    }


def send_test_mail(person: Person, *, actor: Actor, now: dt.datetime) -> NotificationDelivery:
    """Send the person a mail the way all others go. Refused: NoAddress, TestMailTooSoon."""
    if not person.email:
        raise NoAddress
    last = last_test_mail(person)
    if last is not None and last.asked_at > now - PAUSE:
        raise TestMailTooSoon
    values: dict[str, Any] = {"name": person.first_name, "email": person.email}
    words = mail_texts.render(TEST_MAIL, language=person.language, **values)
    row = queue_mail(person, TEST_MAIL, words.subject, words.text, html=words.html, now=now)
    record_event(AuditEvent.MAIL_TESTED, person, actor=actor, now=now)
    return row


def last_test_mail(person: Person) -> TestMail | None:
    """The newest one of this person."""
    row = db.session.scalar(
        select(NotificationDelivery)
        .where(NotificationDelivery.person_id == person.id, NotificationDelivery.event == TEST_MAIL)
        .order_by(NotificationDelivery.id.desc())
        .limit(1)
    )
    return TestMail(row.address, row.created_at, row.state, row.error or "") if row is not None else None
