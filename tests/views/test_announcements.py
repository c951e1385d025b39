"""Announcements in the back office: who writes them, how they read, and what is asked before one is sent."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import StaffRole
from extensions import db
from models import Announcement, Job
from services.announcements import JOB
from tests.factories.people import AccountFactory
from tests.factories.support import AnnouncementFactory
from tests.support.desk import member_desk, staff_desk

FORM = {
    "kind": "notice",
    "title": "Maintenance on Sunday",
    "body": "Calls may **drop**.\n\n<script>alert(1)</script>",
    "starts_at": "2030-01-31T01:00",
    "ends_at": "2030-01-31T03:00",
}


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001")


def the_announcement() -> Announcement:
    return db.session.scalars(select(Announcement)).one()


def test_an_agent_writes_one_for_chosen_accounts_and_reads_it_cleaned(app, account):
    desk = staff_desk(app, StaffRole.SUPPORT_AGENT)
    page = desk.flashed(desk.post("/announcements/new", **FORM, client_ids="10001"))
    assert "Maintenance on Sunday" in page
    page = desk.get(f"/announcements/{the_announcement().public_id}").get_data(as_text=True)
    assert "<strong>drop</strong>" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "1 account: 10001" in page


def test_an_unknown_client_id_is_said_at_its_field_and_nothing_is_saved(app, account):
    answer = staff_desk(app).post("/announcements/new", **FORM, client_ids="99999")
    assert answer.status_code == 422
    assert "There is no account with this client ID: 99999." in answer.get_data(as_text=True)
    assert db.session.scalars(select(Announcement)).all() == []


def test_sending_says_first_how_many_accounts_are_told_and_is_done_once(app, account):
    AccountFactory()
    announcement = AnnouncementFactory(ends_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    desk, path = staff_desk(app), f"/announcements/{announcement.public_id}/send"
    assert "The members of all 2 accounts are told" in desk.get(path).get_data(as_text=True)
    assert "It is being sent." in desk.flashed(desk.confirm(path))
    assert len(db.session.scalars(select(Job).where(Job.kind == JOB)).all()) == 1
    again = desk.post(path)
    assert again.status_code == 409
    assert "This announcement is sent" in again.get_data(as_text=True)


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [
        (StaffRole.ADMINISTRATOR, 200, 200),
        (StaffRole.SUPPORT_AGENT, 200, 200),
        (StaffRole.AUDITOR, 200, 403),
        (StaffRole.BILLING, 403, 403),
        (StaffRole.SALES, 403, 403),
    ],
)
def test_administrators_and_agents_write_and_auditors_read(app, session, role, read, write):
    announcement = AnnouncementFactory()
    desk = staff_desk(app, role)
    assert desk.get("/announcements/").status_code == read
    assert desk.get("/announcements/new").status_code == write
    sending = desk.get(f"/announcements/{announcement.public_id}/send")
    assert sending.status_code == write


def test_members_have_no_such_list(app, account):
    assert member_desk(app, account).get("/announcements/").status_code == 404
