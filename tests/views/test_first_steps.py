"""First steps: what a new house still needs, and a mail to try the way out."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from sqlalchemy import select

from domain.permissions import StaffRole
from domain.settings import SETTINGS
from extensions import db
from gateways.port import Health
from models import DeliveryState, Job, NotificationDelivery, StaffMember
from services.first_steps import Step, steps_done
from services.gateway_checks import CHECK_JOB
from services.settings import change_setting
from tests.factories.catalogue import PriceFactory, TaxRuleFactory
from tests.services.money import CLERK
from tests.support.desk import staff_desk
from tests.support.due_jobs import run_due_jobs
from tests.support.scripted_gateway import ScriptedGateway, offer_besides

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


# The payment providers


@pytest.fixture
def gateway(app, monkeypatch):
    scripted = ScriptedGateway()
    offer_besides(app, monkeypatch, scripted)
    return scripted


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (Health.WORKS, "and takes the keys"),
        (Health.REFUSES_KEYS, "but does not take the keys"),
        (Health.DOES_NOT_ANSWER, "Scripted gave no answer on"),
    ],
)
def test_a_payment_provider_is_asked_by_a_job_and_what_comes_of_it_is_said(desk, gateway, health, words):
    gateway.health = health
    assert "Test Scripted" in desk.get(PAGE).text
    answer = desk.post(f"{PAGE}gateways/scripted")
    assert "Scripted is asked." in desk.flashed(answer)
    assert "Scripted is being asked." in desk.get(PAGE).text
    assert run_due_jobs(CHECK_JOB) == 1
    page = desk.get(PAGE).text
    assert words in page
    assert "is being asked" not in page
    assert gateway.taken == {}


def test_a_payment_provider_is_asked_once_however_often_it_is_pressed(desk, gateway):
    minute = dt.datetime.now(dt.UTC).replace(second=30)
    with time_machine.travel(minute, tick=False):
        for _press in range(3):
            assert desk.post(f"{PAGE}gateways/scripted").status_code == 303
    assert len(db.session.scalars(select(Job).where(Job.kind == CHECK_JOB)).all()) == 1


def test_who_only_reads_the_settings_tests_no_payment_provider(app, session, gateway):
    auditor = staff_desk(app, StaffRole.AUDITOR)
    assert "Test Scripted" not in auditor.get(PAGE).text
    assert auditor.post(f"{PAGE}gateways/scripted").status_code == 403
    assert db.session.scalars(select(Job).where(Job.kind == CHECK_JOB)).all() == []


def test_a_payment_provider_that_is_not_set_up_is_not_there(desk, gateway):
    for name in ("nobody", "bank_transfer", "..%2Fmail"):
        assert desk.post(f"{PAGE}gateways/{name}").status_code == 404
    assert "Test Bank transfer" not in desk.get(PAGE).text
    assert db.session.scalars(select(Job).where(Job.kind == CHECK_JOB)).all() == []
