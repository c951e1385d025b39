"""The section "Your data": asking, what was asked, taking it back, and the link that was mailed."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import DataRequest, DataRequestStatus, File, NotificationDelivery
from services.data_requests.asking import JOB
from tests.factories.people import AccountFactory
from tests.factories.support import DataRequestFactory, PolicyFactory, PolicyVersionFactory
from tests.services.money import rows_of
from tests.support.desk import member_desk, staff_desk
from tests.support.door import csrf_token_of
from tests.support.due_jobs import run_due_jobs

PAGE = "/settings/your-data"


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


@pytest.fixture
def mia(app, account):
    return member_desk(app, account, MemberRole.BILLING)


def send(desk, path, **fields):
    return desk.client.post(f"{PAGE}/{path}", data={"csrf_token": csrf_token_of(desk.client, PAGE), **fields})


def test_a_request_is_listed_with_its_state_and_due_day(mia):
    answer = send(mia, "ask/deletion", note="I move on.")
    assert (answer.status_code, answer.location) == (303, PAGE)
    page = mia.client.get(PAGE).text
    assert all(words in page for words in ("Your request was received.", "I move on.", "Open", "answered by"))


def test_the_second_of_a_kind_is_refused_on_the_page(mia):
    send(mia, "ask/restriction")
    answer = send(mia, "ask/restriction")
    assert answer.status_code == 422
    assert "One request of a kind is open at a time." in answer.text
    assert rows_of(DataRequest) == 1


def test_a_request_is_taken_back(mia):
    send(mia, "ask/deletion")
    request = db.session.scalars(select(DataRequest)).one()
    assert send(mia, f"{request.public_id}/withdraw").status_code == 303
    assert "Withdrawn" in mia.client.get(PAGE).text
    assert send(mia, f"{request.public_id}/withdraw").status_code == 422


def test_the_request_of_another_is_neither_shown_nor_taken_back(mia):
    other = DataRequestFactory(note="Nobody else reads this.")
    assert "Nobody else reads this." not in mia.client.get(PAGE).text
    assert send(mia, f"{other.public_id}/withdraw").status_code == 404
    db.session.refresh(other)
    assert other.status is DataRequestStatus.OPEN


@pytest.mark.parametrize("kind", ["everything", "EXPORT", "%00"])
def test_what_cannot_be_asked_for_is_not_found(mia, kind):
    assert send(mia, f"ask/{kind}").status_code == 404
    assert rows_of(DataRequest) == 0


def test_a_note_that_is_too_long_is_said_on_the_page(mia):
    answer = send(mia, "ask/deletion", note="x" * 1001)
    assert answer.status_code == 422
    assert "Enter at most 1,000 characters." in answer.text


def test_asking_needs_our_form(mia):
    assert mia.client.post(f"{PAGE}/ask/export").status_code in (400, 422)
    assert rows_of(DataRequest) == 0


def test_the_link_in_the_mail_opens_for_its_person_alone(app, client, account, mia):
    send(mia, "ask/export")
    assert run_due_jobs(JOB) == 1
    text = db.session.scalars(
        select(NotificationDelivery.text).where(NotificationDelivery.event == "data_export_ready")
    ).one()
    link = re.search(rf"{PAGE}/file/\S+", text)[0]
    answer = mia.client.get(link)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "text/csv", "no-store")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert mia.person.email in answer.text
    answer.close()
    for other in (member_desk(app, account, MemberRole.OWNER), staff_desk(app)):
        assert other.client.get(link).status_code == 404
    assert client.get(link).location.startswith("/sign-in")


def test_a_link_that_has_ended_says_so(mia):
    send(mia, "ask/export")
    run_due_jobs(JOB)
    text = db.session.scalars(select(NotificationDelivery.text).order_by(NotificationDelivery.id.desc())).first()
    link = re.search(rf"{PAGE}/file/\S+", text)[0]
    request = db.session.scalars(select(DataRequest)).one()
    file = db.session.get_one(File, request.file_id)
    file.created_at = file.created_at.replace(year=2020)
    answer = mia.client.get(link)
    assert answer.status_code == 410
    assert "has expired" in answer.text


def test_staff_ask_as_well(app, session):
    desk = staff_desk(app)
    assert send(desk, "ask/export").status_code == 303
    assert run_due_jobs(JOB) == 1
    assert "Done" in desk.client.get(PAGE).text


def test_who_has_not_accepted_a_policy_may_ask(mia):
    PolicyVersionFactory(policy=PolicyFactory(mandatory=True))
    assert mia.client.get(PAGE).status_code == 200
    assert send(mia, "ask/deletion").location == PAGE
