"""The clocks of tickets: what is promised, in which hours, when they stand, and what is the next promise (SPEC F4)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from extensions import db
from models import BusinessHours, Department, SlaPolicy, Ticket, TicketPriority, TicketStatus
from services.ticket_clocks import policy_for
from services.ticket_desk import assign_ticket
from services.tickets import add_message, close_ticket, open_ticket, reopen_ticket
from tests.factories.people import AccountFactory, DepartmentFactory, StaffMemberFactory
from tests.factories.support import BusinessHoursFactory, SlaPolicyFactory, TicketTypeFactory

MEMBER = Actor("Robin Miller", Source.PORTAL)
FRIDAY = dt.datetime(2026, 5, 15, 14, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
MONDAY = FRIDAY.replace(hour=9) + 3 * DAY


@pytest.fixture
def hours(session: Session) -> BusinessHours:
    return BusinessHoursFactory()  # Monday to Friday, 9 to 17, UTC


@pytest.fixture
def policy(hours: BusinessHours) -> SlaPolicy:
    return SlaPolicyFactory(
        priority=TicketPriority.NORMAL,
        department=None,
        business_hours=hours,
        first_reply_minutes=4 * 60,
        solution_minutes=12 * 60,
    )


@pytest.fixture
def ticket(policy: SlaPolicy) -> Ticket:
    values = {
        "account_id": AccountFactory().id,
        "ticket_type": TicketTypeFactory(department=DepartmentFactory()),
        "subject": "No dial tone",
        "description": "Since noon.",
    }
    return open_ticket(values, actor=MEMBER, now=FRIDAY)


@pytest.fixture
def agent(ticket: Ticket) -> Actor:
    staff_member = StaffMemberFactory()
    return Actor("Ann", Source.STAFF, person_id=staff_member.person_id, staff_member_id=staff_member.id)


def say(ticket: Ticket, actor: Actor, now: dt.datetime) -> None:
    add_message(ticket, "Re", "Words.", actor=actor, now=now)


def test_a_ticket_is_promised_a_reply_and_a_solution_in_business_hours(ticket: Ticket, policy: SlaPolicy) -> None:
    assert ticket.sla_policy_id == policy.id
    assert ticket.first_reply_due_at == MONDAY + HOUR  # three hours on Friday, one on Monday
    assert ticket.solution_due_at == MONDAY + DAY + HOUR
    assert ticket.due_at == ticket.first_reply_due_at


def test_a_department_may_promise_something_of_its_own(ticket: Ticket) -> None:
    department = db.session.get_one(Department, ticket.department_id)
    own = SlaPolicyFactory(priority=TicketPriority.NORMAL, department=department)
    assert policy_for(ticket) is own


def test_without_a_promise_nothing_is_due(session: Session) -> None:
    values = {"account_id": AccountFactory().id, "ticket_type": TicketTypeFactory(), "subject": "X", "description": "X"}
    new = open_ticket(values, actor=MEMBER, now=FRIDAY)
    assert (new.sla_policy_id, new.due_at) == (None, None)


def test_the_clocks_stand_while_the_customer_is_asked(ticket: Ticket, agent: Actor) -> None:
    say(ticket, agent, FRIDAY + HOUR)
    assert (ticket.paused_at, ticket.due_at) == (FRIDAY + HOUR, None)
    say(ticket, MEMBER, MONDAY + 3 * HOUR)
    assert ticket.paused_at is None
    # Eleven hours were left on Friday, and are left on Monday at noon: five that day, six on Tuesday.
    assert ticket.due_at == ticket.solution_due_at == MONDAY + DAY + 6 * HOUR


def test_after_the_first_reply_the_solution_is_the_next_promise(ticket: Ticket, agent: Actor) -> None:
    say(ticket, agent, FRIDAY)
    say(ticket, MEMBER, FRIDAY)
    assert ticket.due_at == ticket.solution_due_at == MONDAY + DAY + HOUR


def test_a_second_question_does_not_begin_the_pause_anew(ticket: Ticket, agent: Actor) -> None:
    say(ticket, agent, FRIDAY)
    say(ticket, agent, FRIDAY + HOUR)
    assert ticket.paused_at == FRIDAY


def test_a_broken_promise_stays_broken(ticket: Ticket, agent: Actor) -> None:
    late = MONDAY + 2 * DAY
    broken = ticket.solution_due_at
    say(ticket, agent, late)
    say(ticket, MEMBER, late + DAY)
    assert ticket.due_at == broken


def test_nothing_is_due_on_a_solved_ticket_and_a_reopened_one_goes_on(ticket: Ticket, agent: Actor) -> None:
    close_ticket(ticket, actor=agent, now=FRIDAY)
    assert ticket.due_at is None
    reopen_ticket(ticket, actor=MEMBER, now=MONDAY)
    assert ticket.due_at == MONDAY + 4 * HOUR


def test_another_priority_is_another_promise_and_the_minutes_gone_count(ticket: Ticket, agent: Actor) -> None:
    SlaPolicyFactory(
        priority=TicketPriority.HIGH,
        department=None,
        business_hours=None,
        first_reply_minutes=90,
        solution_minutes=None,
    )
    assign_ticket(ticket, priority="high", actor=agent, now=FRIDAY + HOUR)
    assert ticket.due_at == FRIDAY + HOUR + HOUR / 2
    assert ticket.solution_due_at is None


def test_a_promise_that_is_broken_by_another_priority_is_due_now(ticket: Ticket, agent: Actor) -> None:
    SlaPolicyFactory(priority=TicketPriority.HIGH, department=None, business_hours=None, first_reply_minutes=30)
    assign_ticket(ticket, priority="high", actor=agent, now=FRIDAY + HOUR)
    assert ticket.due_at == FRIDAY + HOUR
    assert ticket.status is TicketStatus.OPEN
