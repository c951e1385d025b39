"""Opening tickets: the questions of types, and escalations as new, linked tickets (SPEC F1)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from extensions import db
from models import Message, Ticket, TicketFieldKind, TicketPriority, TicketStatus, TicketType
from services.audit import timeline_of
from services.escalations import EscalatedAlready, EscalatedIsClosed, EscalatedToItsOwnDepartment
from services.messages import MessageWithoutBody
from services.ticket_answers import AnswersNotAccepted
from services.ticket_questions import ChoicesMissing, KeyNotUsable, LongestNotPositive, add_question
from services.tickets import TicketTypeNotOffered, open_ticket
from tests.factories.people import DepartmentFactory
from tests.factories.services import LicenseFactory
from tests.factories.support import TicketFactory, TicketFieldFactory, TicketTypeFactory
from tests.services.money import CLERK, rows_of
from tests.support.parallel import at_once, refusals

MEMBER = Actor("Robin Miller", Source.PORTAL)


@pytest.fixture
def ticket(session: Session) -> Ticket:
    """A ticket that may be escalated."""
    return TicketFactory(number="T-900001")


@pytest.fixture
def escalation(session: Session) -> TicketType:
    return TicketTypeFactory(key="escalation", escalates=True, department=DepartmentFactory(name="Second level"))


def opened(kind: TicketType, now: dt.datetime, *, account_id: int, **answers: str) -> Ticket:
    values = {
        "account_id": account_id,
        "ticket_type": kind,
        "subject": "No dial tone",
        "description": "Since Monday.",
        "answers": answers,
    }
    return open_ticket(values, actor=MEMBER, now=now)


def test_the_type_gives_priority_and_department(ticket: Ticket, now: dt.datetime) -> None:
    kind = TicketTypeFactory(priority=TicketPriority.URGENT, department=DepartmentFactory())
    new = opened(kind, now, account_id=ticket.account_id)
    assert (new.priority, new.department_id) == (TicketPriority.URGENT, kind.department_id)
    assert (new.status, new.answers) == (TicketStatus.OPEN, {})


def test_answers_are_kept_under_the_keys_of_the_questions(ticket: Ticket, now: dt.datetime) -> None:
    kind = TicketTypeFactory()
    TicketFieldFactory(ticket_type=kind, key="phone", kind=TicketFieldKind.TEXT)
    TicketFieldFactory(ticket_type=kind, key="since", kind=TicketFieldKind.DATE, required=False)
    new = opened(kind, now, account_id=ticket.account_id, phone=" 7 ", smuggled="x")
    assert new.answers == {"phone": "7", "since": None}


def test_every_wrong_answer_is_named_and_nothing_is_saved(ticket: Ticket, now: dt.datetime) -> None:
    kind = TicketTypeFactory()
    TicketFieldFactory(ticket_type=kind, key="phone")
    TicketFieldFactory(ticket_type=kind, key="since", kind=TicketFieldKind.DATE)
    with pytest.raises(AnswersNotAccepted) as refused:
        opened(kind, now, account_id=ticket.account_id, since="soon")
    assert sorted(refused.value.fields) == ["answer_phone", "answer_since"]
    assert (rows_of(Ticket), rows_of(Message)) == (1, 0)


def test_a_license_that_is_answered_is_that_of_the_ticket(ticket: Ticket, now: dt.datetime) -> None:
    license = LicenseFactory(account=ticket.account, code="LIC-1")
    kind = TicketTypeFactory()
    TicketFieldFactory(ticket_type=kind, key="license", kind=TicketFieldKind.LICENSE)
    assert opened(kind, now, account_id=ticket.account_id, license="lic-1").license_id == license.id


def test_the_license_of_another_account_is_not_found(ticket: Ticket, now: dt.datetime) -> None:
    LicenseFactory(code="LIC-2")
    kind = TicketTypeFactory()
    TicketFieldFactory(ticket_type=kind, key="license", kind=TicketFieldKind.LICENSE)
    with pytest.raises(AnswersNotAccepted) as refused:
        opened(kind, now, account_id=ticket.account_id, license="LIC-2")
    assert "no license code “LIC-2” in this account" in refused.value.fields["answer_license"]


@pytest.mark.parametrize("values", [{"retired": True}, {"internal": True}])
def test_a_type_that_is_not_offered_opens_nothing(ticket: Ticket, now: dt.datetime, values: dict[str, bool]) -> None:
    with pytest.raises(TicketTypeNotOffered):
        opened(TicketTypeFactory(**values), now, account_id=ticket.account_id)


def test_a_ticket_needs_a_description(ticket: Ticket, now: dt.datetime) -> None:
    values = {"account_id": ticket.account_id, "ticket_type": TicketTypeFactory(), "subject": "X", "description": " "}
    with pytest.raises(MessageWithoutBody):
        open_ticket(values, actor=MEMBER, now=now)


# Escalations


def escalate(kind: TicketType, ticket: Ticket, now: dt.datetime, number: str = "t-900001") -> Ticket:
    return opened(kind, now, account_id=ticket.account_id, ticket=number, reason="Nobody answers.")


def test_an_escalation_is_a_new_ticket_in_another_department_linked_to_the_old(
    ticket: Ticket, escalation: TicketType, now: dt.datetime
) -> None:
    new = escalate(escalation, ticket, now)
    assert (new.escalated_from_id, new.department_id) == (ticket.id, escalation.department_id)
    assert new.answers == {"ticket": "T-900001", "reason": "Nobody answers."}
    assert db.session.scalars(select(Message.body)).all() == ["Nobody answers."]
    assert ticket.status is TicketStatus.OPEN
    assert timeline_of("ticket", ticket.number)[0].after == {"ticket": new.number}


def test_an_escalation_asks_for_number_and_reason(ticket: Ticket, escalation: TicketType, now: dt.datetime) -> None:
    with pytest.raises(AnswersNotAccepted) as refused:
        opened(escalation, now, account_id=ticket.account_id)
    assert sorted(refused.value.fields) == ["answer_reason", "answer_ticket"]


def test_the_ticket_of_another_account_is_not_escalated(
    ticket: Ticket, escalation: TicketType, now: dt.datetime
) -> None:
    foreign = TicketFactory(number="T-900002")
    with pytest.raises(AnswersNotAccepted) as refused:
        escalate(escalation, ticket, now, foreign.number)
    assert "no ticket number “T-900002” in this account" in refused.value.fields["answer_ticket"]


def test_a_closed_ticket_is_reopened_and_not_escalated(
    ticket: Ticket, escalation: TicketType, now: dt.datetime
) -> None:
    ticket.status, ticket.solved_at = TicketStatus.SOLVED, now
    with pytest.raises(EscalatedIsClosed, match="Reopen"):
        escalate(escalation, ticket, now)


def test_a_ticket_of_the_department_it_would_go_to_is_not_escalated(
    ticket: Ticket, escalation: TicketType, now: dt.datetime
) -> None:
    ticket.department_id = escalation.department_id
    with pytest.raises(EscalatedToItsOwnDepartment) as refused:
        escalate(escalation, ticket, now)
    assert list(refused.value.fields) == ["answer_ticket"]


def test_of_many_who_escalate_at_once_one_opens_a_ticket(
    ticket: Ticket, escalation: TicketType, now: dt.datetime
) -> None:
    account_id, kind_id = ticket.account_id, escalation.id

    def work(_number: int) -> int:
        kind = db.session.get_one(TicketType, kind_id)
        return opened(kind, now, account_id=account_id, ticket="T-900001", reason="Please.").id

    results = at_once(work, times=6)
    assert {type(refusal) for refusal in refusals(results)} == {EscalatedAlready}
    assert rows_of(Ticket) == 2


# Questions


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"key": "Call back"}, KeyNotUsable),
        ({"kind": TicketFieldKind.CHOICE, "choices": ["one"]}, ChoicesMissing),
        ({"max_length": 0}, LongestNotPositive),
    ],
)
def test_a_question_that_could_not_be_asked_is_refused(
    ticket: Ticket, now: dt.datetime, values: dict[str, object], refusal: type[Exception]
) -> None:
    usual = {
        "ticket_type": ticket.ticket_type,
        "key": "colour",
        "label": "Colour",
        "kind": TicketFieldKind.TEXT,
        "choices": [],
    }
    with pytest.raises(refusal):
        add_question({**usual, **values}, actor=CLERK, now=now)
