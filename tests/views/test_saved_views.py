"""Columns, closeness and kept views of lists: each their own, shared by staff alone, never more than may be seen."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import AuditEvent, SavedView
from services.saved_views import MOST_VIEWS
from tests.factories.money import InvoiceFactory
from tests.factories.people import AccountFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import page_of

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


# With which view a list opens (UX 8)


def shared_view(desk, name="Unpaid", query="status=unpaid"):
    assert keep(desk, name, query, shared="y").status_code == 303
    return kept()[-1]


def opens_for(desk, view, who):
    return desk.post(f"{PAGE}/views/{view.public_id}/opens-for", opens_for=who)


def test_a_list_opens_with_the_default_of_everybody_and_all_rows_are_one_link_away(clerk, app):
    view = shared_view(clerk)
    assert clerk.get("/invoices/").status_code == 200
    assert "kept with what this list opens" in clerk.flashed(opens_for(clerk, view, "everybody"))
    colleague = staff_desk(app, StaffRole.BILLING)
    answer = colleague.get("/invoices/")
    assert (answer.status_code, answer.location) == (303, "/staff/invoices/?status=unpaid")
    page = page_of(colleague.client.get(answer.location))
    assert ("All", "/staff/invoices/?view=all") in page.links
    whole = colleague.get("/invoices/?view=all")
    assert whole.status_code == 200
    assert 'href="/staff/invoices/?view=all" aria-current="page"' in whole.text
    assert "INV-0" in whole.text


def test_without_its_filters_the_list_is_whole_and_does_not_open_with_the_default_again(clerk):
    opens_for(clerk, shared_view(clerk), "everybody")
    links = {url for _text, url in page_of(clerk.get("/invoices/?status=unpaid")).links}
    assert "/staff/invoices/?view=all" in links  # of the chip, too
    assert clerk.get("/invoices/?number=INV-0").status_code == 200


def test_the_default_of_ones_role_comes_before_that_of_everybody(clerk, app):
    opens_for(clerk, shared_view(clerk, "All of them", "sort=number"), "everybody")
    opens_for(clerk, shared_view(clerk), "billing")
    assert staff_desk(app, StaffRole.BILLING).get("/invoices/").location.endswith("?status=unpaid")
    assert staff_desk(app, StaffRole.AUDITOR).get("/invoices/").location.endswith("?sort=number")


def test_another_default_takes_the_place_of_the_one_before(clerk, app):
    first, second = shared_view(clerk), shared_view(clerk, "By number", "sort=number")
    opens_for(clerk, first, "billing")
    opens_for(clerk, second, "billing")
    assert [(view.is_default, view.default_role) for view in kept()] == [(False, None), (True, StaffRole.BILLING)]
    assert clerk.flashed(opens_for(clerk, second, "nobody"))
    assert [view.is_default for view in kept()] == [False, False]
    assert staff_desk(app, StaffRole.BILLING).get("/invoices/").status_code == 200


def test_a_default_without_filters_opens_the_whole_list_and_no_circle(clerk):
    opens_for(clerk, shared_view(clerk, "Everything", ""), "everybody")
    answer = clerk.get("/invoices/")
    assert answer.location == "/staff/invoices/?view=all"
    assert clerk.client.get(answer.location).status_code == 200


def test_a_removed_default_opens_nothing(clerk):
    view = shared_view(clerk)
    opens_for(clerk, view, "everybody")
    clerk.post(f"{PAGE}/views/{view.public_id}/remove")
    assert clerk.get("/invoices/").status_code == 200


@pytest.mark.parametrize("who", ["", "owner", "everybody%00", "billing "])
def test_a_default_is_for_a_role_that_there_is(clerk, who):
    view = shared_view(clerk)
    assert opens_for(clerk, view, who).status_code == 422
    assert not kept()[0].is_default


def test_a_view_of_ones_own_opens_the_list_of_nobody(clerk):
    keep(clerk)
    answer = opens_for(clerk, kept()[0], "everybody")
    assert (answer.status_code, kept()[0].is_default) == (409, False)
    assert "Only a shared view opens the list of others." in answer.text


def test_colleagues_without_the_right_to_the_settings_do_not_set_the_default_of_others(clerk, app):
    view = shared_view(clerk)
    assert opens_for(staff_desk(app, StaffRole.BILLING), view, "everybody").status_code == 404
    assert not kept()[0].is_default
    assert opens_for(staff_desk(app), view, "everybody").status_code == 303
    assert kept()[0].is_default


def test_members_set_no_default_and_get_none(clerk, app, account):
    opens_for(clerk, shared_view(clerk), "everybody")
    member = member_desk(app, account, MemberRole.OWNER)
    assert member.get("/invoices/").status_code == 200
    keep(member, "Own", "status=unpaid")
    assert opens_for(member, kept()[-1], "everybody").status_code == 404
    assert not kept()[-1].is_default


def test_the_database_refuses_two_defaults_of_a_role_and_one_that_is_not_shared(clerk):
    first, second = shared_view(clerk), shared_view(clerk, "By number", "sort=number")
    opens_for(clerk, first, "everybody")
    for values in ({"is_default": True}, {"is_default": True, "shared": False, "default_role": StaffRole.SALES}):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.execute(update(SavedView).where(SavedView.id == second.id).values(**values))
    db.session.rollback()
