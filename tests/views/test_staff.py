"""Staff over HTTP: roles and departments, what an agent sees of tickets, and the whole audit."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import select

from domain.actor import Actor, Source
from domain.permissions import StaffRole
from extensions import db
from models import StaffMember, TicketStatus
from services.audit import record_event
from services.departments import departments_of
from tests.factories.people import (
    AccountFactory,
    DepartmentFactory,
    MemberFactory,
    PersonFactory,
    StaffDepartmentFactory,
    StaffMemberFactory,
    StaffPersonFactory,
)
from tests.factories.support import TicketFactory
from tests.support.desk import Desk, staff_desk
from tests.support.pages import said_by


@pytest.fixture
def admin(app, session):
    return staff_desk(app)


# Roles and departments


def test_an_administrator_invites_staff_with_role_and_departments(admin, session):
    support, _billing = DepartmentFactory(name="Support"), DepartmentFactory(name="Billing")
    answer = admin.confirm(
        "/staff-members/new",
        **{"person.first_name": "Ada", "person.last_name": "Byron", "person.email": "ada@foyer.example",
           "role": "support_agent", "departments": [support.public_id]},
    )  # fmt: skip
    assert answer.status_code == 303, said_by(answer)
    made = db.session.scalars(select(StaffMember).where(StaffMember.role == StaffRole.SUPPORT_AGENT)).one()
    assert departments_of(made) == [support.public_id]
    page = admin.get(f"/staff-members/{made.public_id}/edit").get_data(as_text=True)
    assert f'value="{support.public_id}" checked' in page or 'checked id="departments-1"' in page or "checked" in page
    admin.confirm(f"/staff-members/{made.public_id}/withdraw-invitation")
    assert admin.get(f"/staff-members/{made.public_id}/invite").status_code == 409


def test_an_administrator_cannot_change_own_role_and_departments(app, admin):
    department = DepartmentFactory()
    me = db.session.scalars(select(StaffMember).where(StaffMember.person_id == admin.person.id)).one()
    StaffMemberFactory(role=StaffRole.ADMINISTRATOR)
    for widened in ({"role": "auditor"}, {"departments": [department.public_id]}):
        answer = admin.confirm(f"/staff-members/{me.public_id}/edit", **widened)
        assert answer.status_code == 409
        assert "cannot change your own role" in said_by(answer)[0]


@pytest.mark.parametrize("role", [StaffRole.BILLING, StaffRole.SALES, StaffRole.SUPPORT_AGENT, StaffRole.AUDITOR])
def test_others_do_not_edit_staff(app, session, role):
    key = StaffMemberFactory().public_id
    desk = staff_desk(app, role)
    for path in ("new", f"{key}/edit", f"{key}/invite", f"{key}/withdraw-invitation", f"{key}/disable"):
        assert desk.get(f"/staff-members/{path}").status_code == 403
        assert desk.post(f"/staff-members/{path}", role="administrator").status_code == 403


# Tickets of departments


@pytest.fixture
def tickets(session):
    """An agent of one department, and tickets in theirs, in another and in none."""
    account = AccountFactory(client_id="10001", name="Acme")
    own, other = DepartmentFactory(name="Own"), DepartmentFactory(name="Other")
    TicketFactory(account=account, number="T-1", subject="Ours", department=own, status=TicketStatus.OPEN)
    TicketFactory(account=account, number="T-2", subject="Theirs", department=other, status=TicketStatus.OPEN)
    TicketFactory(account=account, number="T-3", subject="Nobodys", department=None, status=TicketStatus.OPEN)
    agent = StaffMemberFactory(role=StaffRole.SUPPORT_AGENT)
    StaffDepartmentFactory(staff_member=agent, department=own)
    return agent


def test_an_agent_sees_tickets_of_own_departments_in_lists_pages_and_exports(app, tickets):
    desk = Desk(app, tickets.person, "/staff")
    for path in ("/tickets/", "/tickets/export.csv", "/tickets/?q=T-2", "/tickets/?account=10001"):
        text = desk.get(path).get_data(as_text=True)
        assert "Theirs" not in text, path
    page = desk.get("/tickets/").get_data(as_text=True)
    assert "Ours" in page
    assert "Nobodys" in page
    assert "Theirs" not in desk.get("/").get_data(as_text=True)
    assert "2" in desk.get("/tickets/count").get_data(as_text=True)


@pytest.mark.parametrize("path", ["", "/solve", "/reopen", "/edit"])
def test_a_ticket_of_another_department_is_not_there_for_an_agent(app, tickets, path):
    desk = Desk(app, tickets.person, "/staff")
    assert desk.get(f"/tickets/T-2{path}").status_code == 404
    if path:
        assert desk.post(f"/tickets/T-2{path}").status_code == 404
    assert desk.post("/tickets/bulk/solve", id=["T-1", "T-2"]).status_code == 404


def test_a_ticket_assigned_to_an_agent_is_theirs_wherever_it_stands(app, tickets):
    assigned = TicketFactory(subject="Mine", department=DepartmentFactory(), assignee=tickets)
    assert Desk(app, tickets.person, "/staff").get(f"/tickets/{assigned.number}").status_code == 200


@pytest.mark.parametrize("role", [StaffRole.ADMINISTRATOR, StaffRole.AUDITOR])
def test_administrators_and_auditors_see_the_tickets_of_all_departments(app, tickets, role):
    page = staff_desk(app, role).get("/tickets/").get_data(as_text=True)
    assert all(subject in page for subject in ("Ours", "Theirs", "Nobodys"))


# The whole audit


@pytest.fixture
def events(session, now):
    account = AccountFactory(client_id="10001", name="Acme")
    clerk = StaffPersonFactory(first_name="Ann", last_name="Clerk", email="ann@foyer.example")
    owner = PersonFactory(first_name="Olivia", last_name="Owner", email="olivia@acme.example")
    MemberFactory(account=account, person=owner)
    as_her = Actor("Ann", Source.PORTAL, person_id=clerk.id, account_id=account.id, on_behalf_of_id=owner.id)
    record_event("account.edited", account, actor=as_her, now=now, after={"website": "acme.example"})
    job = Actor("nightly run", Source.JOB)
    record_event("account.suspended", account, actor=job, now=now, after={"status": "suspended"})
    session.commit()
    return clerk, owner


def listed(desk, query=""):
    text = desk.get(f"/audit/export.csv{query}").get_data(as_text=True).removeprefix("\ufeff")
    return [(row["Who"], row["Event"]) for row in csv.DictReader(io.StringIO(text)) if "list" not in row["Event"]]


BOTH = ("Ann Clerk as Olivia Owner", "account.edited")
JOB = ("nightly run", "account.suspended")


def test_both_people_of_a_visit_are_named_in_list_details_timeline_and_export(admin, events):
    assert set(listed(admin)) == {BOTH, JOB}
    page = admin.get("/audit/?event=account.edited").get_data(as_text=True)
    assert "Ann Clerk as Olivia Owner" in page
    assert "Ann Clerk as Olivia Owner" in admin.get("/accounts/10001").get_data(as_text=True)


def test_the_audit_is_filtered_by_who_as_whom_event_record_account_source_and_day(admin, events):
    clerk, owner = events
    for query, wanted in (
        (f"?who={clerk.public_id}", {BOTH}),
        (f"?as={owner.public_id}", {BOTH}),
        ("?who=ann@foyer.example", {BOTH}),
        ("?logged-in-as=yes", {BOTH}),
        ("?logged-in-as=no", {JOB}),
        ("?source=job", {JOB}),
        ("?event=suspended", {JOB}),
        ("?target_type=account&target_key=10001", {BOTH, JOB}),
        ("?account=10001&source=portal", {BOTH}),
        ("?at.from=2026-05-15&at.to=2026-05-15", {BOTH, JOB}),
        ("?at.to=2026-05-14", set()),
    ):
        assert set(listed(admin, query)) == wanted, query


@pytest.mark.parametrize("query", ["?who=nobody", "?as=%00", "?source=magic", "?at.from=yesterday", f"?ip={'9' * 500}"])
def test_a_filter_that_says_nothing_readable_is_told_and_the_page_stands(admin, events, query):
    assert admin.get(f"/audit/{query}").status_code == 200
