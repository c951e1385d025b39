"""Columns, closeness and kept views of lists: each their own, shared by staff alone, never more than may be seen."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import AuditEvent, SavedView
from services.saved_views import MOST_VIEWS
from tests.factories.money import InvoiceFactory
from tests.factories.people import AccountFactory
from tests.support.desk import member_desk, staff_desk

PAGE = "/saved-views/invoices"


@pytest.fixture
def account(session):
    made = AccountFactory()
    for number in range(3):
        InvoiceFactory(account=made, number=f"INV-{number}")
    return made


@pytest.fixture
def clerk(app, account):
    return staff_desk(app)


def kept():
    return db.session.scalars(select(SavedView).order_by(SavedView.id)).all()


def keep(desk, name="Mine", query="status=unpaid&after=xyz", **more):
    return desk.post(f"{PAGE}/views", name=name, query=query, **more)


def test_a_list_is_kept_under_a_name_without_the_place_of_its_page(clerk):
    answer = keep(clerk)
    assert (answer.status_code, answer.location) == (303, "/staff/invoices/?status=unpaid")
    (view,) = kept()
    assert (view.name, view.query, view.shared, view.person_id) == ("Mine", "status=unpaid", False, clerk.person.id)
    page = clerk.get("/invoices/?status=unpaid").text
    assert 'href="/staff/invoices/?status=unpaid" aria-current="page"' in page
    assert db.session.scalar(select(func.count(AuditEvent.id)).where(AuditEvent.event == "saved_view.created")) == 1


def test_columns_and_closeness_are_kept_for_the_person_alone(clerk, app):
    answer = clerk.post(
        f"{PAGE}/layout", columns=["number", "total"], rows="dense", query="status=unpaid&columns=due_on"
    )
    assert answer.location == "/staff/invoices/?status=unpaid"
    page = clerk.get("/invoices/").text
    assert "is-dense" in page
    assert 'data-label="Total"' in page
    assert 'data-label="Account"' not in page
    other = staff_desk(app).get("/invoices/").text
    assert "is-dense" not in other
    assert 'data-label="Account"' in other


def test_choosing_the_usual_columns_again_leaves_the_list_as_usual(clerk):
    clerk.post(f"{PAGE}/layout", columns=["number"], rows="dense")
    clerk.post(f"{PAGE}/layout", columns=[], rows="wide")
    (view,) = kept()
    assert (view.columns, view.dense) == ([], False)


def test_a_shared_view_is_seen_by_colleagues_and_removed_by_its_owner_or_who_runs_the_settings(clerk, app):
    keep(clerk, shared="y")
    (view,) = kept()
    key = view.public_id
    assert "Mine" in clerk.get("/invoices/").text
    colleague = staff_desk(app, StaffRole.BILLING)
    assert "Mine" in colleague.get("/invoices/").text
    assert colleague.post(f"{PAGE}/views/{key}/remove").status_code == 404
    assert len(kept()) == 1
    assert staff_desk(app).post(f"{PAGE}/views/{key}/remove").status_code == 303
    assert kept() == []


def test_a_view_of_ones_own_is_seen_by_nobody_else(clerk, app):
    keep(clerk)
    assert "Mine" not in staff_desk(app).get("/invoices/").text
    assert "Mine" not in staff_desk(app).get(PAGE).text


def test_members_keep_views_and_share_none(app, account):
    member = member_desk(app, account, MemberRole.OWNER)
    assert keep(member, shared="y").status_code == 303
    (view,) = kept()
    assert (view.realm, view.shared) == ("portal", False)
    assert "Mine" not in staff_desk(app).get("/invoices/").text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": "  "}, "Enter a name of at most 80 characters."),
        ({"name": "n" * 81}, "Enter a name of at most 80 characters."),
        ({"name": "There"}, "You keep a view of this list under this name already."),
        ({"query": "status=" + "x" * 3000}, "This list is filtered by too much to be kept."),
    ],
)
def test_what_cannot_be_kept_is_said_and_kept_nowhere(clerk, fields, message):
    keep(clerk, name="There")
    answer = keep(clerk, **{"name": "New", **fields})
    assert answer.status_code == 409
    assert message in answer.text
    assert [view.name for view in kept()] == ["There"]


def test_there_is_an_end_to_the_views_of_a_list(clerk, monkeypatch):
    monkeypatch.setattr("services.saved_views.MOST_VIEWS", 1)
    keep(clerk)
    answer = keep(clerk, name="Another")
    assert answer.status_code == 409
    assert f"You keep {MOST_VIEWS} views of this list already." in answer.text


def test_a_list_that_may_not_be_opened_has_no_views(app, account):
    technician = member_desk(app, account, MemberRole.TICKETS)
    for path in (PAGE, f"{PAGE}/counts"):
        assert technician.get(path).status_code == 403
    assert technician.post(f"{PAGE}/views", name="Mine", query="").status_code == 403
    assert technician.get("/saved-views/no-such-list").status_code == 404
    assert kept() == []


def test_kept_views_have_counts_of_what_their_reader_sees(clerk, app, account):
    InvoiceFactory(account=AccountFactory(), number="INV-9")
    keep(clerk, name="All", query="")
    keep(clerk, name="One", query="number=INV-9")
    member = member_desk(app, account, MemberRole.OWNER)
    keep(member, name="Own", query="")
    counts = {view.name: view.public_id for view in kept()}
    shown = clerk.get(f"{PAGE}/counts").get_json()
    assert {name: shown.get(key) for name, key in counts.items()} == {"All": "4", "One": "1", "Own": None}
    assert member.get(f"{PAGE}/counts").get_json() == {counts["Own"]: "3"}


def test_a_view_leads_to_its_list_and_nowhere_else(clerk):
    answer = keep(clerk, query="next=https://evil.example&//evil=1")
    assert answer.location.startswith("/staff/invoices/?")
