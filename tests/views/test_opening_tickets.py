"""Opening a ticket on pages, in two steps and without script: first its type, then what that type asks (SPEC F1)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import Message, Ticket, TicketFieldKind
from tests.factories.people import AccountFactory, DepartmentFactory
from tests.factories.services import LicenseFactory
from tests.factories.support import TicketFactory, TicketFieldFactory, TicketTypeFactory
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import form_of, page_of, said_by


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme Telecom")


@pytest.fixture
def emergency(session):
    kind = TicketTypeFactory(name="Emergency", description="Nobody can call any more.", position=2)
    TicketFieldFactory(ticket_type=kind, key="license", label="License", kind=TicketFieldKind.LICENSE, position=1)
    choices = {"kind": TicketFieldKind.CHOICE, "choices": ["By phone", "By mail"]}
    TicketFieldFactory(ticket_type=kind, key="answer_by", label="Answer by", position=2, **choices)
    return kind


@pytest.fixture
def member(app, account, emergency):
    return member_desk(app, account, MemberRole.TICKETS)


def kept():
    db.session.expire_all()
    return db.session.scalars(select(Ticket).order_by(Ticket.id)).all()


def test_the_first_page_asks_what_it_is_about(member, emergency):
    TicketTypeFactory(name="General", position=1)
    TicketTypeFactory(name="Hidden", internal=True)
    page = page_of(member.get("/tickets/new"))
    assert page.text.index("General") < page.text.index("Emergency") < page.text.index("Nobody can call any more.")
    assert "Hidden" not in page.text
    assert page.forms[-1].method == "get"


def test_the_second_page_asks_what_the_type_needs(member, emergency):
    answer = member.get(f"/tickets/new?ticket_type={emergency.public_id}")
    form = form_of(answer)
    asked = ["project", "subject", "answer_license", "answer_answer_by", "description", "copies", "files"]
    assert list(form.controls) == ["ticket_type", "csrf_token", *asked]
    assert form.controls["ticket_type"].type == "hidden"
    assert "Add ticket: Emergency" in answer.get_data(as_text=True)


def test_a_ticket_is_opened_with_its_answers(member, account, emergency):
    LicenseFactory(account=account, code="LIC-1")
    answer = member.confirm(
        f"/tickets/new?ticket_type={emergency.public_id}",
        subject="All down",
        description="Since 9.",
        answer_license="LIC-1",
        answer_answer_by="By phone",
    )
    assert "All down added." in member.flashed(answer)
    (ticket,) = kept()
    assert ticket.answers == {"license": "LIC-1", "answer_by": "By phone"}
    assert ticket.opened_by_id == member.person.id


def test_what_is_missing_is_said_at_each_field_and_nothing_is_saved(member, emergency):
    answer = member.confirm(f"/tickets/new?ticket_type={emergency.public_id}", subject="All down")
    assert answer.status_code == 422
    assert "Error:" in page_of(answer).title
    text = answer.get_data(as_text=True)
    for name in ("answer_license", "answer_answer_by", "description"):
        assert f'id="{name}-error"' in text
    assert form_of(answer).values["subject"] == "All down"
    assert kept() == []


def test_what_is_wrong_is_said_at_its_field_with_all_that_was_typed_kept(member, emergency):
    answer = member.confirm(
        f"/tickets/new?ticket_type={emergency.public_id}",
        subject="All down",
        description="Since 9.",
        answer_license="LIC-404",
        answer_answer_by="By phone",
    )
    assert answer.status_code == 422
    assert any("no license code “LIC-404” in this account" in each for each in said_by(answer))
    form = form_of(answer)
    assert form.controls["answer_license"].invalid
    assert form.values["description"].strip() == "Since 9."
    assert kept() == []


def test_a_choice_that_is_not_offered_is_refused_at_its_field(member, emergency):
    answer = member.confirm(
        f"/tickets/new?ticket_type={emergency.public_id}", subject="X", description="X", answer_answer_by="By pigeon"
    )
    assert answer.status_code == 422
    assert kept() == []


@pytest.mark.parametrize("typed", ["", "no-such-type", "\0", "x" * 10_000])
def test_a_type_that_is_not_offered_leads_back_to_the_first_page(member, typed):
    answer = member.post("/tickets/new", ticket_type=typed, subject="X", description="X")
    assert answer.status_code == 422
    assert 'id="ticket_type-error"' in answer.get_data(as_text=True)
    assert kept() == []


def test_customers_do_not_open_internal_types_by_their_key(member):
    kind = TicketTypeFactory(internal=True)
    assert member.get(f"/tickets/new?ticket_type={kind.public_id}").status_code == 422


def test_an_escalation_is_opened_by_number_and_reason(member, account):
    kind = TicketTypeFactory(name="Escalation", escalates=True, department=DepartmentFactory())
    old = TicketFactory(account=account, number="T-900001")
    path = f"/tickets/new?ticket_type={kind.public_id}"
    assert "description" not in form_of(member.get(path)).controls
    answer = member.confirm(path, subject="Too slow", answer_ticket="T-900001", answer_reason="Two weeks.")
    assert "Too slow added." in member.flashed(answer)
    new = kept()[-1]
    assert (new.escalated_from_id, new.department_id) == (old.id, kind.department_id)
    assert db.session.scalars(select(Message.body)).all() == ["Two weeks."]


def test_the_number_of_a_foreign_ticket_is_not_found(member):
    TicketFactory(number="T-900009")
    kind = TicketTypeFactory(escalates=True, department=DepartmentFactory())
    path = f"/tickets/new?ticket_type={kind.public_id}"
    answer = member.confirm(path, subject="Mine", answer_ticket="T-900009", answer_reason="Please.")
    assert answer.status_code == 422
    assert any("no ticket number “T-900009” in this account" in each for each in said_by(answer))


def test_staff_open_a_ticket_for_an_account(app, account, emergency):
    agent = staff_desk(app, StaffRole.SUPPORT_AGENT)
    LicenseFactory(account=account, code="LIC-1")
    answer = agent.confirm(
        f"/tickets/new?ticket_type={emergency.public_id}",
        account="10001",
        subject="Called us",
        description="On the phone.",
        answer_license="LIC-1",
        answer_answer_by="By mail",
    )
    assert answer.status_code == 303
    assert kept()[0].account_id == account.id


@pytest.mark.parametrize("roles", [(), (MemberRole.BILLING,)])
def test_who_may_not_write_tickets_opens_none(app, account, roles):
    assert member_desk(app, account, *roles).get("/tickets/new").status_code == 403


def test_staff_set_up_what_a_type_asks(app, emergency):
    admin = staff_desk(app)
    answer = admin.confirm(
        "/ticket-fields/new",
        ticket_type=emergency.public_id,
        key="colour",
        label="Colour of the lamp",
        kind="choice",
        choices="Red, Green",
        position="3",
    )
    assert "Colour of the lamp added." in admin.flashed(answer)
    form = form_of(admin.get(f"/tickets/new?ticket_type={emergency.public_id}"))
    assert form.controls["answer_colour"].options == ["", "Red", "Green"]


def test_a_question_that_cannot_be_asked_is_refused_at_its_field(app, emergency):
    admin = staff_desk(app)
    typed = {"ticket_type": emergency.public_id, "key": "Call back", "label": "X", "kind": "text", "position": "1"}
    answer = admin.confirm("/ticket-fields/new", **typed)
    assert answer.status_code == 422
    assert form_of(answer).controls["key"].invalid
