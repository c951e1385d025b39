"""Text messages on their way through the outbox."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from integrations.mail import Answer, Outcome
from integrations.sms import KeepsSms
from models import DeliveryState, Job, NotificationChannel, NotificationDelivery
from services.deliveries import Step, deliver
from services.sms import SmsSender, queue_sms
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, StaffPersonFactory

NUMBER = "+12025550123"
TEN_MINUTES = dt.timedelta(minutes=10)


class Refuses:
    def __init__(self, answer):
        self.answer = answer

    def send(self, _sms):
        return Outcome(self.answer, "because")


def queued(person, now, number=NUMBER):
    with unit_of_work():
        return queue_sms(
            person,
            number,
            "phone_code",
            now=now,
            not_after=now + TEN_MINUTES,
            secret=True,
            code="123456",
            minutes=10,
        ).id


def sent(delivery_id, gateway, now):
    return deliver(delivery_id, {NotificationChannel.SMS: SmsSender(gateway)}, now=now)


def row(session, delivery_id):
    return session.get(NotificationDelivery, delivery_id, populate_existing=True)


def test_a_message_is_queued_in_the_account_of_the_person_and_looked_at_by_a_job(session, now):
    member = MemberFactory()
    delivery_id = queued(member.person, now)
    assert row(session, delivery_id).account_id == member.account_id
    assert session.scalars(select(Job.payload).where(Job.kind == "deliver")).all() == [{"delivery_id": delivery_id}]
    assert row(session, queued(StaffPersonFactory(), now)).account_id is None


def test_a_code_goes_out_once_and_its_text_is_blanked(session, now, tmp_path):
    delivery_id = queued(MemberFactory().person, now)
    keeps = KeepsSms(tmp_path, clock=lambda: now)
    assert sent(delivery_id, keeps, now) is Step.SENT
    assert sent(delivery_id, keeps, now) is Step.NOTHING
    [kept] = keeps.newest(10)
    assert (kept.to, kept.text.split("#")[-1]) == (NUMBER, "123456")
    assert (row(session, delivery_id).state, row(session, delivery_id).text) == (DeliveryState.SENT, "")


def test_a_code_whose_time_is_over_is_not_sent(session, now, tmp_path):
    delivery_id = queued(MemberFactory().person, now)
    late = now + TEN_MINUTES
    assert sent(delivery_id, KeepsSms(tmp_path, clock=lambda: late), late) is Step.FAILED
    assert "time was over" in row(session, delivery_id).error


@pytest.mark.parametrize(
    ("answer", "step"), [(Answer.NEVER, Step.FAILED), (Answer.LATER, Step.POSTPONED), (Answer.UNKNOWN, Step.POSTPONED)]
)
def test_what_the_gateway_answers_decides_about_another_try(session, now, answer, step):
    assert sent(queued(MemberFactory().person, now), Refuses(answer), now) is step


def test_what_is_no_number_is_never_sent(session, now, tmp_path):
    delivery_id = queued(MemberFactory().person, now, number="+12025550123,+12025550124")
    assert sent(delivery_id, KeepsSms(tmp_path), now) is Step.FAILED
