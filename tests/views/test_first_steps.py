"""First steps: what a new house still needs, and a mail to try the way out."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import StaffRole
from domain.settings import SETTINGS
from extensions import db
from models import DeliveryState, NotificationDelivery, StaffMember
from services.first_steps import Step, steps_done
from services.settings import change_setting
from tests.factories.catalogue import PriceFactory, TaxRuleFactory
from tests.services.money import CLERK
from tests.support.desk import staff_desk

PAGE = "/first-steps/"


@pytest.fixture
def desk(app, session):
    return staff_desk(app)


def mails():
    return db.session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id)).all()


def test_a_new_house_has_everything_before_it(session):
    assert steps_done(gateways=0) == dict.fromkeys(Step, False)


def test_each_step_is_done_by_its_own_act_alone(app, desk, now):
    before = dict.fromkeys(Step, False)
    assert steps_done(gateways=0) == before
    TaxRuleFactory()
    assert steps_done(gateways=0) == {**before, Step.TAX: True}
    PriceFactory()
    assert steps_done(gateways=1) == {**before, Step.TAX: True, Step.PRICES: True, Step.GATEWAY: True}
    staff_desk(app, StaffRole.BILLING)
    assert steps_done(gateways=0)[Step.COLLEAGUES]
    for key in ("seller_name", "seller_line1", "seller_city", "seller_country"):
        assert not steps_done(gateways=0)[Step.COMPANY] or SETTINGS[key].default
        change_setting(key, "DE" if key == "seller_country" else "Here", actor=CLERK, now=now)
    assert steps_done(gateways=0)[Step.COMPANY]


def test_a_test_mail_goes_to_whoever_asks_and_what_comes_of_it_is_said(desk):
    answer = desk.post(f"{PAGE}mail")
    assert "The mail is on its way." in desk.flashed(answer)
    (mail,) = mails()
    assert (mail.address, mail.event, mail.person_id) == (desk.person.email, "test_mail", desk.person.id)
    assert "waits to be sent" in desk.get(PAGE).text
    mail.state, mail.error = DeliveryState.FAILED, "550 no such user"
    db.session.commit()
    assert "was not sent: 550 no such user" in desk.get(PAGE).text
    mail.state, mail.error, mail.sent_at = DeliveryState.SENT, None, mail.created_at
    db.session.commit()
    assert "was handed over" in desk.get(PAGE).text
    assert steps_done(gateways=0)[Step.MAIL]


def test_test_mails_are_sent_once_a_minute(desk, app):
    desk.post(f"{PAGE}mail")
    answer = desk.post(f"{PAGE}mail")
    assert answer.status_code == 409
    assert "less than a minute ago" in answer.text
    assert len(mails()) == 1
    mails()[0].created_at -= dt.timedelta(minutes=2)
    db.session.commit()
    assert desk.post(f"{PAGE}mail").status_code == 303
    assert staff_desk(app).post(f"{PAGE}mail").status_code == 303
    assert len(mails()) == 3


def test_who_only_reads_the_settings_sends_no_mail(app, session):
    auditor = staff_desk(app, StaffRole.AUDITOR)
    page = auditor.get(PAGE)
    assert page.status_code == 200
    assert "Send me a test mail" not in page.text
    assert auditor.post(f"{PAGE}mail").status_code == 403
    assert mails() == []
    assert db.session.scalars(select(StaffMember)).all()
    assert staff_desk(app, StaffRole.SUPPORT_AGENT).get(PAGE).status_code == 403


def test_a_mail_is_not_sent_without_the_token_of_the_page(desk):
    assert desk.client.post(f"/staff{PAGE}mail", data={}).status_code in (400, 422)
    assert mails() == []
