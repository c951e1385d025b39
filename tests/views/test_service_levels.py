"""The pages of SLA policies and business hours: read and changed as ticket types are."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import BusinessHours, SlaPolicy
from tests.factories.people import AccountFactory
from tests.factories.support import BusinessHoursFactory, SlaPolicyFactory
from tests.support.desk import member_desk, staff_desk


def test_business_hours_are_set_up_read_and_changed(app, session):
    desk = staff_desk(app)
    typed = {"name": "Office", "time_zone": "Europe/Berlin", "monday": "09:00-12:00, 13:00-17:00"}
    assert "Business hours Office added." in desk.flashed(desk.post("/business-hours/new", **typed))
    hours = db.session.scalars(select(BusinessHours)).one()
    page = desk.get(f"/business-hours/{hours.public_id}").get_data(as_text=True)
    assert "09:00–12:00, 13:00–17:00" in page
    assert "Closed" in page
    assert desk.confirm(f"/business-hours/{hours.public_id}/edit", tuesday="10:00-11:00").status_code == 303
    db.session.expire_all()
    assert db.session.scalars(select(BusinessHours)).one().week[1] == [["10:00", "11:00"]]


def test_hours_that_overlap_are_said_at_their_day(app, session):
    typed = {"name": "Office", "time_zone": "UTC", "monday": "09:00-12:00, 11:00-13:00"}
    answer = staff_desk(app).post("/business-hours/new", **typed)
    assert answer.status_code == 422
    assert "Enter the hours of Monday like" in answer.get_data(as_text=True)


def test_a_promise_is_set_up_and_says_what_becomes_of_open_tickets(app, session):
    BusinessHoursFactory(name="Office")
    desk = staff_desk(app)
    assert "Open tickets keep what they were promised" in desk.get("/sla-policies/new").get_data(as_text=True)
    typed = {"name": "Urgent tickets", "priority": "urgent", "business_hours": "Office", "first_reply_minutes": "30"}
    assert "Urgent tickets added." in desk.flashed(desk.post("/sla-policies/new", **typed))
    assert db.session.scalars(select(SlaPolicy.first_reply_minutes)).one() == 30
    again = desk.post("/sla-policies/new", **{**typed, "name": "Another"})
    assert "There is a promise for this priority and department already" in again.get_data(as_text=True)


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [
        (StaffRole.ADMINISTRATOR, 200, 200),
        (StaffRole.SUPPORT_AGENT, 200, 403),
        (StaffRole.AUDITOR, 200, 403),
        (StaffRole.BILLING, 403, 403),
    ],
)
def test_who_reads_ticket_types_reads_them_and_who_edits_these_changes_them(app, session, role, read, write):
    SlaPolicyFactory()
    desk = staff_desk(app, role)
    for slug in ("sla-policies", "business-hours"):
        assert (desk.get(f"/{slug}/").status_code, desk.get(f"/{slug}/new").status_code) == (read, write)


def test_members_have_no_such_pages(app, session):
    desk = member_desk(app, AccountFactory(client_id="10001"), MemberRole.OWNER)
    assert {desk.get(f"/{slug}/").status_code for slug in ("sla-policies", "business-hours")} == {404}
