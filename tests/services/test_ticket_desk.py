"""The agents' desk and what customers do in turn: take, assign, answer, merge, solve, rate, archive (SPEC F2 and F4)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, system_actor
from domain.permissions import StaffRole
from domain.refusals import Refusal
from extensions import db
from models import Discussion, Message, Ticket, TicketPriority, TicketStatus
from services.answers import (
    DiscussionUnknown,
    NewerMessage,
    answer_ticket,
    discuss_ticket,
    newest_message,
    note_on_ticket,
)
from services.audit import timeline_of
from services.messages import TicketMerged
from services.ready_answers import ready_answers_for
from services.ticket_desk import (
    ColleagueUnknown,
    DepartmentGone,
    KeptByTheHouse,
    MergeIntoClosed,
    MergeNotFound,
    OnlyStaffTake,
    TakenAlready,
    TicketClosed,
    assign_ticket,
    colleagues,
    merge_ticket,
    note_presence,
    take_ticket,
    who_else,
)
from services.tickets import (
    CannotBeRated,
    NotTaken,
    RatingNotReadable,
    TicketInProgress,
    TicketNotOpen,
    TicketPutAway,
    add_message,
    archive_ticket,
    close_ticket,
    rate_ticket,
    reopen_ticket,
    solve_ticket,
)
from tests.factories.money import InvoiceFactory
from tests.factories.people import DepartmentFactory, StaffMemberFactory
from tests.factories.support import DiscussionFactory, ReadyAnswerFactory, TicketFactory, TicketTypeFactory
from tests.services.test_messages import Desk, mailed, part_of


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk()


def solved(ticket: Ticket, now: dt.datetime) -> Ticket:
    return close_ticket(ticket, actor=system_actor("test"), now=now)


# Taking and assigning


def test_an_agent_takes_a_ticket_and_takes_part(desk: Desk, now: dt.datetime) -> None:
    take_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    assert desk.ticket.assignee_id == desk.agent.id
    assert part_of(desk.ticket)[desk.agent.person_id] == "assignee"
    assert timeline_of("ticket", desk.ticket.number)[0].event == "ticket.assigned"


def test_a_ticket_is_taken_once_but_also_from_a_colleague(desk: Desk, now: dt.datetime) -> None:
    desk.ticket.assignee = StaffMemberFactory()
    db.session.flush()
    take_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    with pytest.raises(TakenAlready):
        take_ticket(desk.ticket, actor=desk.as_agent(), now=now)


def test_members_take_nothing(desk: Desk, now: dt.datetime) -> None:
    with pytest.raises(OnlyStaffTake):
        take_ticket(desk.ticket, actor=desk.as_member(), now=now)


def test_a_ticket_is_passed_on_with_department_and_priority(desk: Desk, now: dt.datetime) -> None:
    colleague, department = StaffMemberFactory(), DepartmentFactory(name="Second level")
    assign_ticket(
        desk.ticket,
        assignee=colleague.public_id,
        department=department.public_id,
        priority="high",
        actor=desk.as_agent(),
        now=now,
    )
    assert desk.ticket.assignee_id == colleague.id
    assert (desk.ticket.department_id, desk.ticket.priority) == (department.id, TicketPriority.HIGH)


def test_what_is_left_as_it_is_does_not_change(desk: Desk, now: dt.datetime) -> None:
    version = desk.ticket.version
    assign_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    assert (desk.ticket.version, desk.ticket.assignee_id) == (version, None)


def test_only_who_works_on_tickets_is_given_one(desk: Desk, now: dt.datetime) -> None:
    auditor = StaffMemberFactory(role=StaffRole.AUDITOR)
    assert auditor.public_id not in {each.key for each in colleagues()}
    with pytest.raises(ColleagueUnknown):
        assign_ticket(desk.ticket, assignee=auditor.public_id, actor=desk.as_agent(), now=now)


def test_a_retired_department_gets_no_tickets(desk: Desk, now: dt.datetime) -> None:
    gone = DepartmentFactory(retired=True)
    with pytest.raises(DepartmentGone):
        assign_ticket(desk.ticket, department=gone.public_id, actor=desk.as_agent(), now=now)


def test_a_closed_ticket_is_assigned_to_nobody(desk: Desk, now: dt.datetime) -> None:
    solved(desk.ticket, now)
    with pytest.raises(TicketClosed):
        assign_ticket(desk.ticket, priority="high", actor=desk.as_agent(), now=now)


# Solving, archiving, rating


def test_an_agent_solves_only_what_they_have_taken(desk: Desk, now: dt.datetime) -> None:
    with pytest.raises(NotTaken):
        solve_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    take_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    solve_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    assert (desk.ticket.status, desk.ticket.solved_at) == (TicketStatus.SOLVED, now)


def test_a_colleague_does_not_solve_what_another_has_taken(desk: Desk, now: dt.datetime) -> None:
    take_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    other = StaffMemberFactory()
    with pytest.raises(NotTaken):
        solve_ticket(desk.ticket, actor=desk.as_agent(other), now=now)


def test_a_customer_solves_without_taking(desk: Desk, now: dt.datetime) -> None:
    solve_ticket(desk.ticket, actor=desk.as_member(), now=now)
    assert desk.ticket.status is TicketStatus.SOLVED
    with pytest.raises(TicketNotOpen):
        solve_ticket(desk.ticket, actor=desk.as_member(), now=now)


def test_a_ticket_in_progress_is_not_archived(desk: Desk, now: dt.datetime) -> None:
    with pytest.raises(TicketInProgress):
        archive_ticket(desk.ticket, actor=desk.as_member(), now=now)


def test_a_solved_ticket_is_archived_once_and_opened_again(desk: Desk, now: dt.datetime) -> None:
    solved(desk.ticket, now)
    archive_ticket(desk.ticket, actor=desk.as_member(), now=now)
    assert (desk.ticket.status, desk.ticket.archived_at) == (TicketStatus.ARCHIVED, now)
    with pytest.raises(TicketPutAway):
        archive_ticket(desk.ticket, actor=desk.as_member(), now=now)
    reopen_ticket(desk.ticket, actor=desk.as_member(), now=now)
    assert (desk.ticket.status, desk.ticket.archived_at) == (TicketStatus.WAITING_FOR_SUPPORT, None)


def test_an_act_of_the_house_opens_an_archived_ticket_to_answer_it(desk: Desk, now: dt.datetime) -> None:
    solved(desk.ticket, now)
    archive_ticket(desk.ticket, actor=desk.as_member(), now=now)
    add_message(desk.ticket, "Paid", "Thank you.", actor=system_actor("payments"), now=now)
    assert desk.ticket.status is TicketStatus.WAITING_FOR_CUSTOMER


def test_a_solved_ticket_is_rated_once_with_a_comment(desk: Desk, now: dt.datetime) -> None:
    solved(desk.ticket, now)
    rate_ticket(desk.ticket, rating=4, comment=" Quick ", actor=desk.as_member(), now=now)
    assert (desk.ticket.rating, desk.ticket.rating_comment, desk.ticket.rated_at) == (4, "Quick", now)
    with pytest.raises(CannotBeRated):
        rate_ticket(desk.ticket, rating=5, comment="", actor=desk.as_member(), now=now)


def test_a_ticket_in_progress_is_not_rated(desk: Desk, now: dt.datetime) -> None:
    with pytest.raises(CannotBeRated):
        rate_ticket(desk.ticket, rating=5, comment="", actor=desk.as_member(), now=now)


@pytest.mark.parametrize(("rating", "comment"), [(0, ""), (6, ""), (3, "x" * 1001)])
def test_a_rating_has_its_limits(desk: Desk, now: dt.datetime, rating: int, comment: str) -> None:
    solved(desk.ticket, now)
    with pytest.raises(RatingNotReadable):
        rate_ticket(desk.ticket, rating=rating, comment=comment, actor=desk.as_member(), now=now)


# Answers


def answer(desk: Desk, actor: Actor, now: dt.datetime, **more: str) -> Message:
    return answer_ticket(desk.ticket, title="Re: It", body="Try again.", actor=actor, now=now, **more)


def test_an_answer_goes_to_the_discussion_named_else_to_the_first(desk: Desk, now: dt.datetime) -> None:
    other = DiscussionFactory(ticket=desk.ticket)
    assert answer(desk, desk.as_agent(), now).discussion_id == desk.discussion.id
    assert answer(desk, desk.as_agent(), now, discussion=other.public_id).discussion_id == other.id


def test_a_ticket_that_came_in_without_a_discussion_gets_one(desk: Desk, now: dt.datetime) -> None:
    desk.ticket = TicketFactory(account=desk.opener.account, subject="By hand")
    message = answer(desk, desk.as_agent(), now)
    assert db.session.get_one(Discussion, message.discussion_id).title == "By hand"


def test_the_discussion_of_another_ticket_is_not_answered_here(desk: Desk, now: dt.datetime) -> None:
    other = DiscussionFactory(ticket=TicketFactory(account=desk.opener.account))
    with pytest.raises(DiscussionUnknown):
        answer(desk, desk.as_agent(), now, discussion=other.public_id)


def test_an_answer_over_an_unseen_message_is_refused_once_and_shows_it(desk: Desk, now: dt.datetime) -> None:
    seen = answer(desk, desk.as_member(), now).public_id
    newer = answer(desk, desk.as_member(desk.colleague), now)
    with pytest.raises(NewerMessage, match="Try again"):
        answer(desk, desk.as_agent(), now, seen=seen)
    assert answer(desk, desk.as_agent(), now, seen=newer.public_id).from_staff


def test_own_newer_messages_and_notes_do_not_stand_in_the_way(desk: Desk, now: dt.datetime) -> None:
    seen = answer(desk, desk.as_member(), now).public_id
    answer(desk, desk.as_agent(), now)
    note_on_ticket(desk.ticket, title="Note", body="Careful.", actor=desk.as_agent(StaffMemberFactory()), now=now)
    assert answer(desk, desk.as_agent(), now, seen=seen).from_staff


def test_another_discussion_begins_with_its_message(desk: Desk, now: dt.datetime) -> None:
    message = discuss_ticket(
        desk.ticket, title="Fax", body="Too.", copies="a@x.example; b@x.example", actor=desk.as_member(), now=now
    )
    assert message.discussion_id != desk.discussion.id
    assert {"a@x.example", "b@x.example"} <= set(mailed())


def test_a_note_is_no_newest_message(desk: Desk, now: dt.datetime) -> None:
    note_on_ticket(desk.ticket, title="Note", body="Careful.", actor=desk.as_agent(), now=now)
    assert newest_message(desk.ticket) is None


# Merging


@pytest.fixture
def target(desk: Desk) -> Ticket:
    ticket = TicketFactory(account=desk.opener.account, number="T-900001", department=desk.ticket.department)
    DiscussionFactory(ticket=ticket)
    return ticket


def test_a_merged_ticket_points_on_and_says_so(desk: Desk, target: Ticket, now: dt.datetime) -> None:
    discussion = desk.discussion
    message = answer(desk, desk.as_member(), now)
    assert merge_ticket(desk.ticket, into=" t-900001 ", actor=desk.as_agent(), now=now) is target
    assert (desk.ticket.status, desk.ticket.merged_into_id) == (TicketStatus.ARCHIVED, target.id)
    assert message.discussion_id == discussion.id
    said = db.session.scalars(select(Message.body).order_by(Message.id.desc()).limit(1)).one()
    assert "merged into ticket T-900001" in said
    with pytest.raises(TicketMerged, match="T-900001"):
        reopen_ticket(desk.ticket, actor=desk.as_agent(), now=now)


def test_who_took_part_in_the_merged_ticket_takes_part_in_the_other(
    desk: Desk, target: Ticket, now: dt.datetime
) -> None:
    answer(desk, desk.as_member(), now, copies="it@partner.example")
    merge_ticket(desk.ticket, into="T-900001", actor=desk.as_agent(), now=now)
    assert {desk.opener.person_id, desk.agent.person_id, "it@partner.example"} <= set(part_of(target))


def test_what_was_merged_before_points_to_the_last(desk: Desk, target: Ticket, now: dt.datetime) -> None:
    last = TicketFactory(account=desk.opener.account, number="T-900002", department=desk.ticket.department)
    merge_ticket(desk.ticket, into="T-900001", actor=desk.as_agent(), now=now)
    merge_ticket(target, into="T-900002", actor=desk.as_agent(), now=now)
    db.session.refresh(desk.ticket)
    assert desk.ticket.merged_into_id == last.id


@pytest.mark.parametrize("number", ["T-404", "", "\0"])
def test_a_ticket_that_is_not_there_takes_nothing_in(desk: Desk, now: dt.datetime, number: str) -> None:
    with pytest.raises(MergeNotFound):
        merge_ticket(desk.ticket, into=number, actor=desk.as_agent(), now=now)


def test_tickets_of_other_accounts_and_departments_and_the_ticket_itself_are_not_found(
    desk: Desk, target: Ticket, now: dt.datetime
) -> None:
    foreign = TicketFactory(department=desk.ticket.department)
    target.department = DepartmentFactory()
    db.session.flush()
    for number in (foreign.number, target.number, desk.ticket.number):
        with pytest.raises(MergeNotFound):
            merge_ticket(desk.ticket, into=number, actor=desk.as_agent(), now=now)


def test_a_closed_ticket_takes_nothing_in(desk: Desk, target: Ticket, now: dt.datetime) -> None:
    solved(target, now)
    with pytest.raises(MergeIntoClosed):
        merge_ticket(desk.ticket, into="T-900001", actor=desk.as_agent(), now=now)


@pytest.mark.parametrize("kept", ["invoice", "type"])
def test_tickets_that_the_house_keeps_are_not_merged(desk: Desk, target: Ticket, now: dt.datetime, kept: str) -> None:
    if kept == "invoice":
        desk.ticket.invoice_id = InvoiceFactory(account=desk.opener.account).id
    else:
        desk.ticket.ticket_type = TicketTypeFactory(internal=True)
    db.session.flush()
    with pytest.raises(KeptByTheHouse):
        merge_ticket(desk.ticket, into="T-900001", actor=desk.as_agent(), now=now)


# Presence and ready answers


def test_colleagues_who_have_the_ticket_open_are_named_for_a_while(desk: Desk, now: dt.datetime) -> None:
    other = StaffMemberFactory(person__first_name="Bea", person__last_name="Lind")
    note_presence(desk.ticket, desk.agent.id, writing=True, now=now)
    note_presence(desk.ticket, other.id, writing=False, now=now)
    note_presence(desk.ticket, other.id, writing=True, now=now)
    assert [(each.name, each.writing) for each in who_else(desk.ticket, desk.agent.id, now=now)] == [("Bea Lind", True)]
    assert who_else(desk.ticket, desk.agent.id, now=now + dt.timedelta(minutes=2)) == []


def test_ready_answers_are_those_of_the_department_and_of_all(desk: Desk) -> None:
    ReadyAnswerFactory(title="B of all")
    ReadyAnswerFactory(title="A of the department", department=desk.ticket.department)
    ReadyAnswerFactory(title="C of another", department=DepartmentFactory())
    assert [each.title for each in ready_answers_for(desk.ticket)] == ["A of the department", "B of all"]


def test_every_refusal_of_the_desk_says_what_to_do() -> None:
    found = [NotTaken, TicketInProgress, TicketPutAway, CannotBeRated, TakenAlready, TicketClosed, KeptByTheHouse]
    assert all(issubclass(each, Refusal) and each.message.endswith(".") for each in found)
