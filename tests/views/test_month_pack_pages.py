"""The pages of month packs: who may ask, what is shown, and what an ended or foreign link answers."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from sqlalchemy import select, update

from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import DeliveryLink, Job
from services.month_packs.asking import JOB
from tests.factories.people import AccountFactory
from tests.services.money import issued
from tests.support.desk import member_desk, staff_desk
from tests.support.due_jobs import run_due_jobs
from tests.support.pages import said_by

PATH = "/month-packs/"


@pytest.fixture
def moment(session):
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def last_month(moment):
    return f"{moment.replace(day=1) - dt.timedelta(days=1):%Y-%m}"


@pytest.fixture
def account(session, moment):
    account = AccountFactory(client_id="10001", name="Blue Door", currency="USD")
    issued(account, moment.replace(day=1) - dt.timedelta(days=3))
    db.session.commit()
    return account


def make(desk, month, **fields) -> str:
    """Ask for a pack, let it be made, and give the address of its file."""
    assert desk.post(f"{PATH}ask", month=month, **fields).status_code == 303
    assert run_due_jobs(JOB) == 1
    return f"{PATH}file/{db.session.scalars(select(DeliveryLink.public_id).order_by(DeliveryLink.id.desc())).first()}"


def page(desk, path=PATH):
    return desk.get(path).get_data(as_text=True)


def test_a_member_asks_and_saves_the_pack(app, account, last_month):
    desk = member_desk(app, account, MemberRole.PAYMENTS)
    assert f"{PATH}" in page(desk, "/statements/")
    assert desk.post(f"{PATH}ask", month=last_month).status_code == 303
    waiting = desk.get(PATH)
    assert (waiting.headers["Refresh"], "is being made" in waiting.get_data(as_text=True)) == ("3", True)
    assert run_due_jobs(JOB) == 1
    shown = page(desk)
    link = db.session.scalars(select(DeliveryLink)).one()
    assert f"/portal/10001/month-packs/file/{link.public_id}" in shown
    answer = desk.get(f"{PATH}file/{link.public_id}")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="month-pack-10001-{last_month}.zip"'
    assert "statement.pdf" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()


def test_staff_name_the_account_and_get_the_link_of_the_back_office(app, account, last_month):
    desk = staff_desk(app, StaffRole.BILLING)
    assert "Client ID or the whole name" in page(desk)
    assert desk.get(f"{PATH}?account=nobody").status_code == 422
    assert "Blue Door" in page(desk, f"{PATH}?account=10001")
    assert desk.get(make(desk, last_month, account="10001")).status_code == 200
    assert desk.post(f"{PATH}ask", month=last_month, account="nobody").status_code == 404


def test_an_ended_link_says_so_and_what_to_do(app, account, last_month):
    desk = member_desk(app, account, MemberRole.OWNER)
    path = make(desk, last_month)
    past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    db.session.execute(update(DeliveryLink).values(created_at=past - dt.timedelta(days=7), expires_at=past))
    db.session.commit()
    answer = desk.get(path)
    assert answer.status_code == 410
    assert "has expired" in answer.get_data(as_text=True)
    assert path not in page(desk)


def test_a_member_of_another_account_finds_nothing(app, account, last_month):
    path = make(member_desk(app, account, MemberRole.OWNER), last_month)
    other = member_desk(app, AccountFactory(client_id="10002"), MemberRole.OWNER)
    assert other.get(path).status_code == 404
    assert other.client.get(f"/portal/10001{path}").status_code == 404
    assert other.get(f"{PATH}file/nonsense").status_code == 404


def test_who_is_not_signed_in_is_sent_to_sign_in_and_led_back(app, account, last_month):
    path = make(member_desk(app, account, MemberRole.OWNER), last_month)
    answer = app.test_client().get(f"/portal/10001{path}")
    assert answer.status_code == 303
    assert "next=" in answer.location


@pytest.mark.parametrize("role", list(MemberRole))
def test_which_roles_may_ask(app, account, last_month, role):
    desk = member_desk(app, account, role)
    allowed = P.PAYMENTS_READ in MEMBER_GRANTS[role]
    assert desk.get(PATH).status_code == (200 if allowed else 403)
    assert desk.post(f"{PATH}ask", month=last_month).status_code == (303 if allowed else 403)


@pytest.mark.parametrize("role", list(StaffRole))
def test_which_staff_may_ask(app, account, last_month, role):
    desk = staff_desk(app, role)
    allowed = P.PAYMENTS_READ in STAFF_GRANTS[role]
    assert desk.get(f"{PATH}?account=10001").status_code == (200 if allowed else 403)
    assert desk.post(f"{PATH}ask", account="10001", month=last_month).status_code == (303 if allowed else 403)


@pytest.mark.parametrize("month", ["", "2999-01", "nonsense", "2001-01"])
def test_a_month_that_is_not_offered_is_refused_with_words(app, account, month):
    desk = member_desk(app, account, MemberRole.OWNER)
    answer = desk.post(f"{PATH}ask", month=month)
    assert answer.status_code == 422
    assert said_by(answer)
    assert db.session.query(Job).filter_by(kind=JOB).count() == 0
