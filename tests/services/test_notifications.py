"""What people are told is written with the change that causes it."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from sqlalchemy import select

from models import DeliveryState, Notification, NotificationDelivery, NotificationKind
from services.mail_texts import TEMPLATES, MailTexts, mail_texts
from services.notifications import queue_mail
from tests.factories.people import MemberFactory


def test_a_mail_to_a_person_is_a_notice_and_a_delivery(session, now):
    member = MemberFactory()
    mail = queue_mail(member.person, "license_reset", "Done", "It is done.", now=now, account_id=member.account_id)
    notice = session.scalars(select(Notification)).one()
    assert (notice.person_id, notice.account_id, notice.body) == (member.person_id, member.account_id, "It is done.")
    assert (mail.notification_id, mail.address, mail.state) == (notice.id, member.person.email, DeliveryState.WAITING)
    assert mail.next_try_at == now


def test_a_mail_to_an_address_is_a_delivery_only(session, now):
    mail = queue_mail("old@address.example", "email_changed", "Changed", "…", now=now)
    assert mail.address == "old@address.example"
    assert session.scalars(select(Notification)).all() == []


def test_security_mails_cannot_be_switched_off(session, now):
    person = MemberFactory().person
    queue_mail(person, "reset_link", "Reset", "…", now=now)
    queue_mail(person, "invoice_issued", "Invoice", "…", now=now, kind=NotificationKind.INVOICES)
    assert [notice.mandatory for notice in session.scalars(select(Notification).order_by(Notification.id))] == [
        True,
        False,
    ]


def test_every_mail_has_a_message_id_of_its_own(session, now):
    for _time in range(3):
        queue_mail("old@address.example", "email_changed", "Changed", "…", now=now)
    assert len(set(session.scalars(select(NotificationDelivery.message_id)))) == 3


def test_a_subject_is_one_line_of_bounded_length(session, now):
    mail = queue_mail("old@address.example", "email_changed", "One\r\nBcc: everybody " + "x" * 1000, "…", now=now)
    assert mail.subject.startswith("One Bcc: everybody xxx")
    assert len(mail.subject) == 255


def test_a_person_without_an_address_cannot_be_mailed(session, now):
    person = MemberFactory(person__email=None).person
    with pytest.raises(ValueError, match="needs an address"):
        queue_mail(person, "reset_link", "Reset", "…", now=now)


def test_every_event_has_a_subject_and_a_body():
    for event in mail_texts.events():
        assert {file.name for file in (TEMPLATES / event).iterdir()} >= {"subject.txt", "body.txt"}


def test_a_value_nobody_gave_is_an_error():
    with pytest.raises(UndefinedError):
        mail_texts.render("reset_link", name="Mia")


def test_names_stand_in_mails_as_they_are_written():
    mail = mail_texts.render("password_changed", name="Tom & <Jerry>\nBcc: x", email="tom@acme.example")
    assert "Hello Tom & <Jerry>" in mail.text
    assert "\n" not in mail.subject


def test_mails_name_the_provider_and_its_address():
    from jinja2 import DictLoader

    texts = MailTexts(DictLoader({"hello/subject.txt": "{{ brand_name }}", "hello/body.txt": "{{ base_url }}/x"}))
    texts.bind(brand_name="TELCOware", base_url="https://portal.example")
    assert (texts.render("hello").subject, texts.render("hello").text) == ("TELCOware", "https://portal.example/x\n")
    assert texts.host == "portal.example"
