"""Financing: shown to accounts of the United States only, asked for by a form that opens a ticket (SPEC E10)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import AuditEvent, FinancingRequest, FinancingStatus, Message, Ticket, TicketStatus
from tests.factories.catalogue import FinancingOptionFactory, FinancingRequestFactory
from tests.factories.people import AccountFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, page_of, said_by

ASKED = {
    "option": "lease",
    "amount": "12000.50",
    "contact": "Ada Miller",
    "email": "Ada@People.example",
    "phone": "+1 202",
}
NOT_OWNERS = [role for role in MemberRole if role is not MemberRole.OWNER]


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme", country="US", currency="USD")


@pytest.fixture
def options(session):
    """Three options, of which the second stands first, and one that is not offered."""
    for position, (code, name) in enumerate((("equal", "12 payments"), ("lease", "Lease"), ("later", "In 90 days"))):
        FinancingOptionFactory(code=code, name=name, description=f"About {name}.", position=(1, 0, 2)[position])
    FinancingOptionFactory(code="old", name="Old one", is_offered=False)


@pytest.fixture
def owner(app, account, options):
    return member_desk(app, account, MemberRole.OWNER)


def requests():
    db.session.rollback()
    return db.session.scalars(select(FinancingRequest).order_by(FinancingRequest.id)).all()


def test_the_page_shows_what_is_offered_in_the_order_of_staff_and_is_filled_with_who_asks(owner):
    answer = owner.get("/financing/")
    form, text = form_of(answer), page_of(answer).text
    assert [text.index(name) for name in ("About Lease.", "About 12 payments.", "About In 90 days.")] == sorted(
        text.index(name) for name in ("About Lease.", "About 12 payments.", "About In 90 days.")
    )
    assert "Old one" not in text
    assert (form.values["contact"], form.values["email"]) == (owner.person.name, owner.person.email)
    assert f"{owner.base}/financing/" in [url for _label, url in page_of(owner.get("/")).links]


def test_a_request_opens_a_ticket_with_all_that_was_typed(owner, account):
    answer = owner.confirm("/financing/", **ASKED, note="Forty phones.")
    assert "We answer in its ticket" in owner.flashed(answer)
    (request,) = requests()
    ticket = db.session.get_one(Ticket, request.ticket_id)
    assert (request.amount, request.currency, request.status) == (1_200_050, "USD", FinancingStatus.REQUESTED)
    assert (request.email, request.phone, request.requested_by_id) == ("ada@people.example", "+1 202", owner.person.id)
    assert (ticket.account_id, ticket.subject, ticket.status) == (account.id, "Financing: Lease", TicketStatus.OPEN)
    body = db.session.scalars(select(Message.body)).one()
    for told in ("“Lease”", "$12,000.50", "Ada Miller", "ada@people.example", "+1 202", "Forty phones."):
        assert told in body
    page = page_of(owner.client.get(answer.location)).text
    assert ticket.number in page
    assert "Lease" in page_of(owner.get("/financing-requests/")).text
    events = db.session.scalars(select(AuditEvent.event).where(AuditEvent.target_key == request.public_id))
    assert list(events) == ["financing_request.asked"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"option": ""}, "Choose an option."),
        ({"option": "old"}, "Not a valid choice."),
        ({"option": "nothing"}, "Not a valid choice."),
        ({"amount": ""}, "Enter an amount like 12000.00."),
        ({"amount": "many"}, "Enter an amount in USD like 12.50."),
        ({"amount": "-5"}, "Enter the amount to be financed, above zero."),
        ({"amount": "0"}, "Enter the amount to be financed, above zero."),
        ({"amount": "9" * 39}, ""),
        ({"email": "nobody"}, "Enter an e-mail address like name@example.com."),
        ({"contact": ""}, "Enter a name."),
        ({"contact": "x\0"}, ""),
        ({"note": "x" * 2001}, ""),
    ],
)
def test_what_cannot_be_is_refused_and_kept_to_be_corrected(owner, typed, said):
    answer = owner.post("/financing/", **{**ASKED, **typed})
    assert answer.status_code in (409, 422)
    assert said_by(answer)
    assert said in " ".join(said_by(answer))
    assert form_of(answer).values["phone"] == "+1 202"
    assert requests() == []
    assert db.session.scalars(select(Ticket)).all() == []


def test_the_same_form_twice_is_one_request_and_another_option_is_free(owner):
    first, again = (owner.post("/financing/", **ASKED) for _time in range(2))
    assert (first.status_code, again.status_code) == (303, 409)
    assert "You asked for this option already" in said_by(again)[0]
    assert owner.post("/financing/", **{**ASKED, "option": "equal"}).status_code == 303
    assert len(requests()) == 2


@pytest.mark.parametrize("country", ["DE", "CA"])
def test_elsewhere_there_is_no_such_page(app, options, country):
    FinancingOptionFactory(code="theirs", country=country)
    desk = member_desk(app, AccountFactory(client_id="10002", country=country), MemberRole.OWNER)
    assert desk.get("/financing/").status_code == 404
    assert desk.post("/financing/", **ASKED).status_code == 404
    assert f"{desk.base}/financing/" not in [url for _label, url in page_of(desk.get("/")).links]
    assert requests() == []


@pytest.mark.parametrize("role", NOT_OWNERS)
def test_a_member_needs_the_right_to_ask(app, account, options, role):
    desk = member_desk(app, account, role)
    answers = [desk.get("/financing/"), desk.post("/financing/", **ASKED), desk.get("/financing-requests/")]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert requests() == []


def test_requests_of_others_are_not_found(app, account, owner):
    foreign = FinancingRequestFactory(account=AccountFactory(country="US")).public_id
    assert owner.get(f"/financing-requests/{foreign}").status_code == 404
    assert owner.get(f"/financing-requests/{foreign}/approve").status_code == 404
    assert foreign not in owner.get("/financing-requests/").get_data(as_text=True)


@pytest.mark.parametrize("role", [StaffRole.SALES, StaffRole.ADMINISTRATOR])
@pytest.mark.parametrize(
    ("act", "status"), [("approve", FinancingStatus.APPROVED), ("decline", FinancingStatus.DECLINED)]
)
def test_staff_decide_once_and_the_ticket_tells(app, owner, role, act, status):
    owner.confirm("/financing/", **ASKED)
    key, desk = requests()[0].public_id, staff_desk(app, role)
    assert desk.confirm(f"/financing-requests/{key}/{act}", answer="Here is why.").status_code == 303
    (request,) = requests()
    ticket = db.session.get_one(Ticket, request.ticket_id)
    assert (request.status, ticket.status) == (status, TicketStatus.SOLVED)
    last = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
    assert (last.title, last.body, last.from_staff) == (f"Financing {status.value}", "Here is why.", True)
    again = desk.post(f"/financing-requests/{key}/decline", answer="No.")
    assert again.status_code == 409
    assert said_by(again) == ["This request was decided already."]
    assert owner.post("/financing/", **ASKED).status_code == 303  # asked anew


@pytest.mark.parametrize("role", [StaffRole.BILLING, StaffRole.SUPPORT_AGENT, StaffRole.AUDITOR])
def test_other_staff_decide_nothing(app, account, options, role):
    key = FinancingRequestFactory(account=account).public_id
    desk = staff_desk(app, role)
    assert desk.post(f"/financing-requests/{key}/approve", answer="Yes.").status_code == 403
    assert desk.get(f"/financing-requests/{key}").status_code == (200 if role is StaffRole.AUDITOR else 403)
    assert [request.status for request in requests()] == [FinancingStatus.REQUESTED]


def test_staff_of_the_catalogue_say_what_is_offered(app, owner):
    desk = staff_desk(app)
    typed = {"code": "new", "name": "Brand new", "description": "About it.", "position": "5", "is_offered": "y"}
    answer = desk.confirm("/financing-options/new", **typed)
    assert answer.status_code == 303
    assert "Brand new" in page_of(owner.get("/financing/")).text
    page = desk.client.get(answer.location)
    edit = next(url for label, url in page_of(page).links if label == "Edit")
    form = form_of(desk.client.get(edit)).values
    form.pop("is_offered")
    assert desk.client.post(edit, data=form).status_code == 303
    assert "Brand new" not in page_of(owner.get("/financing/")).text
    assert staff_desk(app, StaffRole.SALES).get("/financing-options/new").status_code == 403


def test_without_an_option_the_page_says_so(app, account):
    desk = member_desk(app, account, MemberRole.OWNER)
    assert "No option is offered at the moment" in page_of(desk.get("/financing/")).text
