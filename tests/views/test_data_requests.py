"""The desk for requests about people's own data, in the back office: its list, its checklist, and who may decide."""

from __future__ import annotations

import pytest

from domain.permissions import StaffRole
from extensions import db
from models import DataRequestKind, DataRequestStatus
from tests.factories.people import AccountFactory, MemberFactory, OwnerFactory, PersonFactory
from tests.factories.support import DataRequestFactory
from tests.support.desk import Desk, member_desk, staff_desk


@pytest.fixture
def mia(session):
    person = PersonFactory(first_name="Mia", last_name="Marsh", email="mia@acme.example")
    MemberFactory(account=AccountFactory(client_id="10001"), person=person)
    return person


@pytest.fixture
def request_of_mia(mia):
    return DataRequestFactory(person=mia, kind=DataRequestKind.DELETION, note="I move on.")


@pytest.fixture
def clerk(app, session) -> Desk:
    return staff_desk(app)


def page(desk, path):
    return desk.get(path).get_data(as_text=True)


def test_the_list_shows_who_asks_for_what_and_until_when(clerk, request_of_mia):
    shown = page(clerk, "/data-requests/")
    assert all(words in shown for words in (request_of_mia.public_id, "mia@acme.example", "Deletion", "Open"))


def test_what_is_overdue_is_said_above_the_list_and_found_by_its_link(clerk, request_of_mia):
    later = DataRequestFactory(due_on=request_of_mia.due_on.replace(year=9000))
    request_of_mia.due_on = request_of_mia.due_on.replace(year=2020)
    assert "Requests are overdue" in page(clerk, "/data-requests/")
    shown = page(clerk, "/data-requests/?status=open&status=in_progress&due_on.to=2021-01-01")
    assert request_of_mia.public_id in shown
    assert later.public_id not in shown


def test_nothing_is_said_while_nothing_is_overdue(clerk, request_of_mia):
    request_of_mia.due_on = request_of_mia.due_on.replace(year=9000)
    assert "Requests are overdue" not in page(clerk, "/data-requests/")


def test_a_deletion_is_carried_out_from_the_start_to_the_end(clerk, mia, request_of_mia):
    at = f"/data-requests/{request_of_mia.public_id}"
    assert "The request is yours." in clerk.flashed(clerk.confirm(f"{at}/start"))
    assert "It becomes a deleted person." in page(clerk, at)
    assert "It is checked off." in clerk.flashed(clerk.confirm(f"{at}/check-off", position="1"))
    assert "It is checked off." in clerk.flashed(clerk.confirm(f"{at}/check-off", position=""))
    assert "the person is told" in clerk.flashed(clerk.confirm(f"{at}/carry-out"))
    db.session.refresh(mia)
    assert (mia.name, mia.email) == ("deleted person", None)
    shown = page(clerk, at)
    assert "Done" in shown
    assert "I move on." not in shown


def test_carrying_out_names_what_stands_in_its_way(clerk, mia, request_of_mia):
    OwnerFactory(account=AccountFactory(), person=mia)
    at = f"/data-requests/{request_of_mia.public_id}"
    clerk.confirm(f"{at}/start")
    shown = page(clerk, f"{at}/carry-out")
    assert "This person owns an account." in shown
    assert "1. Profile" in shown
    assert clerk.post(f"{at}/carry-out").status_code == 409
    db.session.refresh(mia)
    assert mia.email == "mia@acme.example"


def test_a_line_that_is_not_there_is_refused_in_words(clerk, request_of_mia):
    at = f"/data-requests/{request_of_mia.public_id}"
    clerk.confirm(f"{at}/start")
    answer = clerk.confirm(f"{at}/check-off", position="99")
    assert answer.status_code in (409, 422)
    assert "There is no open line of this number" in answer.get_data(as_text=True)


def test_a_refusal_reaches_the_person_in_their_settings(app, clerk, session):
    desk = member_desk(app, AccountFactory())
    request = DataRequestFactory(person=desk.person, kind=DataRequestKind.DELETION)
    answer = clerk.confirm(f"/data-requests/{request.public_id}/refuse", outcome="Your contract still runs.")
    assert "The request is refused" in clerk.flashed(answer)
    shown = desk.client.get("/settings/your-data").text
    assert "Your contract still runs." in shown
    assert "Refused" in shown


def test_a_restriction_is_shown_to_staff_on_the_member(clerk, mia):
    request = DataRequestFactory(person=mia, kind=DataRequestKind.RESTRICTION)
    at = f"/data-requests/{request.public_id}"
    clerk.confirm(f"{at}/start")
    clerk.confirm(f"{at}/carry-out")
    seat = db.session.scalars(db.select(MemberFactory._meta.model).filter_by(person_id=mia.id)).one()
    assert "Use of data restricted" in page(clerk, f"/members/{seat.public_id}")
    assert "The restriction is lifted." in clerk.flashed(clerk.confirm(f"{at}/lift-restriction"))


@pytest.mark.parametrize(
    ("role", "reads", "decides"),
    [
        (StaffRole.ADMINISTRATOR, 200, 200),
        (StaffRole.AUDITOR, 200, 403),
        (StaffRole.BILLING, 403, 403),
        (StaffRole.SALES, 403, 403),
        (StaffRole.SUPPORT_AGENT, 403, 403),
    ],
)
def test_administrators_decide_and_auditors_read(app, request_of_mia, role, reads, decides):
    desk = staff_desk(app, role)
    at = f"/data-requests/{request_of_mia.public_id}"
    assert (desk.get("/data-requests/").status_code, desk.get(at).status_code) == (reads, reads)
    for act in ("start", "refuse"):
        assert desk.get(f"{at}/{act}").status_code == decides, act
    if decides == 403:
        assert desk.post(f"{at}/start").status_code == 403
        db.session.refresh(request_of_mia)
        assert request_of_mia.status is DataRequestStatus.OPEN


def test_members_have_no_such_page(app, request_of_mia):
    desk = member_desk(app, AccountFactory(client_id="20002"))
    assert desk.get("/data-requests/").status_code == 404
    assert desk.client.get("/staff/data-requests/").status_code in (403, 404)


def test_a_request_that_is_not_there_is_not_found(clerk):
    assert clerk.get("/data-requests/no-such-request").status_code == 404
