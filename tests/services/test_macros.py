"""Ready answers and macros: names filled in for each ticket, every act by its own rules, all of it or nothing (UX 36)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor
from domain.permissions import StaffRole
from domain.ready_answers import VariableUnknown
from domain.refusals import Refusal
from extensions import db
from models import (
    Job,
    JobState,
    Macro,
    MacroStatus,
    Message,
    ReadyAnswer,
    StaffMember,
    StaffStatus,
    Ticket,
    TicketPriority,
)
from models import TicketStatus as Status
from services.answers import NewerMessage, newest_of
from services.audit import timeline_of
from services.macro_runs import (
    AgentGone,
    MacroGone,
    MessageArrived,
    NoTicketsChosen,
    TicketGone,
    TooManyTickets,
    ask_for_macro,
    find_run,
    give_up_next,
    use_on_next,
)
from services.macros import (
    Change,
    MacroChangesNothing,
    MacroDoesNothing,
    MacroNotOffered,
    MacroSolvesForAnother,
    MacroTakesAndAssigns,
    create_macro,
    edit_macro,
    find_macro,
    macros_for,
    plan_macro,
    use_macro,
)
from services.messages import TicketArchived
from services.ready_answers import answer_text, create_ready_answer, edit_ready_answer
from services.records import RecordExists, RecordInUse, delete_record
from services.ticket_desk import ColleagueUnknown, TicketClosed, take_ticket
from services.tickets import NotTaken, TicketNotOpen, close_ticket, let_ticket_wait
from tests.factories.people import DepartmentFactory, PersonFactory, StaffDepartmentFactory, StaffMemberFactory
from tests.factories.support import MacroFactory, MessageFactory, ReadyAnswerFactory, TicketFactory
from tests.services.money import rows_of
from tests.services.test_messages import LATER, Desk


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk()


def macro(**values: Any) -> Macro:
    """A macro as it is read for use; without an answer, unless one is given."""
    made = MacroFactory(**{"ready_answer": None, **values})
    found = find_macro(made.public_id)
    assert found is not None
    return found


def use(desk: Desk, used: Macro, now: dt.datetime, **more: Any) -> Ticket:
    words = {"title": "Re: it", "body": "Restart it.", **more} if used.ready_answer is not None else more
    return use_macro(desk.ticket, used, **words, actor=desk.as_agent(), now=now)


def refused_by(desk: Desk, used: Macro) -> type[Refusal]:
    return type(plan_macro(used, desk.ticket, actor=desk.as_agent()).refused)


# Ready answers


def test_names_are_those_of_the_ticket_and_of_who_answers(desk: Desk, now: dt.datetime) -> None:
    answer = create_ready_answer(
        {"title": "A", "body": "Dear {customer}: {ticket number}. {agent}"}, actor=desk.as_agent(), now=now
    )
    desk.ticket.opened_by_id = PersonFactory(first_name="Mia", last_name="Stone").id
    assert answer_text(answer, desk.ticket, actor=desk.as_agent()) == f"Dear Mia Stone: {desk.ticket.number}. Ann"


@pytest.mark.parametrize("opener", ["staff", "nobody"])
def test_the_customer_of_a_ticket_that_no_member_opened_is_the_account(desk: Desk, opener: str) -> None:
    desk.ticket.opened_by_id = desk.agent.person_id if opener == "staff" else None
    desk.opener.account.name = "Acme"
    answer = ReadyAnswerFactory(body="Dear {customer}")
    assert answer_text(answer, desk.ticket, actor=desk.as_agent()) == "Dear Acme"


def test_a_ready_answer_with_an_unknown_name_is_not_kept(desk: Desk, now: dt.datetime) -> None:
    with pytest.raises(VariableUnknown):
        create_ready_answer({"title": "A", "body": "Dear {custmer}"}, actor=desk.as_agent(), now=now)
    assert rows_of(ReadyAnswer) == 0
    answer = create_ready_answer({"title": "A", "body": "Dear {customer}"}, actor=desk.as_agent(), now=now)
    with pytest.raises(VariableUnknown):
        edit_ready_answer(answer, {"body": "Dear {custmer}"}, actor=desk.as_agent(), now=now)
    assert edit_ready_answer(answer, {"title": "B"}, actor=desk.as_agent(), now=now).title == "B"


# Keeping macros


def test_a_macro_is_kept_changed_and_audited(desk: Desk, now: dt.datetime) -> None:
    made = create_macro({"title": "Close", "status": MacroStatus.SOLVED}, actor=desk.as_agent(), now=now)
    edit_macro(made, {"takes": True}, actor=desk.as_agent(), now=now)
    assert [line.event for line in timeline_of("macro", made.public_id)] == ["macro.edited", "macro.created"]
    with pytest.raises(RecordExists):
        create_macro({"title": "Close", "takes": True}, actor=desk.as_agent(), now=now)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({}, MacroDoesNothing),
        ({"takes": False, "priority": None}, MacroDoesNothing),
        ({"takes": True, "assignee": True}, MacroTakesAndAssigns),
        ({"status": MacroStatus.SOLVED, "assignee": True}, MacroSolvesForAnother),
    ],
)
def test_a_macro_that_contradicts_itself_or_does_nothing_is_not_kept(
    desk: Desk, now: dt.datetime, values: dict[str, Any], refusal: type[Refusal]
) -> None:
    given = {**values, **({"assignee": desk.agent} if values.get("assignee") else {})}
    with pytest.raises(refusal):
        create_macro({"title": "M", **given}, actor=desk.as_agent(), now=now)
    assert rows_of(Macro) == 0


def test_a_change_of_a_macro_is_judged_by_what_it_holds_then(desk: Desk, now: dt.datetime) -> None:
    taking = macro(takes=True)
    with pytest.raises(MacroDoesNothing):
        edit_macro(taking, {"takes": False}, actor=desk.as_agent(), now=now)
    with pytest.raises(MacroTakesAndAssigns):
        edit_macro(taking, {"assignee": desk.agent}, actor=desk.as_agent(), now=now)
    passing = macro(assignee=desk.agent)
    with pytest.raises(MacroSolvesForAnother):
        edit_macro(passing, {"status": MacroStatus.SOLVED}, actor=desk.as_agent(), now=now)


def test_a_ready_answer_that_a_macro_sends_stays(desk: Desk, now: dt.datetime) -> None:
    used = macro(ready_answer=ReadyAnswerFactory())
    with pytest.raises(RecordInUse):
        delete_record(used.ready_answer, actor=desk.as_agent(), now=now)


def test_macros_are_offered_by_the_department_of_their_answer(desk: Desk) -> None:
    MacroFactory(title="B of all")
    MacroFactory(title="A without answer", ready_answer=None, takes=True)
    MacroFactory(title="C of here", ready_answer=ReadyAnswerFactory(department=desk.ticket.department))
    MacroFactory(title="D of another", ready_answer=ReadyAnswerFactory(department=DepartmentFactory()))
    assert [each.title for each in macros_for(desk.ticket)] == ["A without answer", "B of all", "C of here"]


# Using one


def test_a_macro_answers_takes_passes_on_and_solves(desk: Desk, now: dt.datetime) -> None:
    department = DepartmentFactory(name="Second level")
    used = macro(
        ready_answer=ReadyAnswerFactory(),
        takes=True,
        priority=TicketPriority.HIGH,
        department=department,
        status=MacroStatus.SOLVED,
    )
    plan = plan_macro(used, desk.ticket, actor=desk.as_agent())
    assert plan.changes == [
        Change("Status", "Open", "Solved"),
        Change("Priority", "Normal", "High"),
        Change("Department", desk.ticket.department.name, "Second level"),
        Change("Assigned to", "", "Ann"),
    ]
    use(desk, used, now)
    ticket = desk.ticket
    assert (ticket.status, ticket.priority, ticket.department_id) == (Status.SOLVED, TicketPriority.HIGH, department.id)
    assert ticket.assignee_id == desk.agent.id
    assert db.session.scalars(select(Message.body)).all() == ["Restart it."]
    events = [line.event for line in timeline_of("ticket", ticket.number)]
    assert sorted(events) == ["ticket.answered", "ticket.assigned", "ticket.assigned", "ticket.solved"]


def test_a_macro_with_an_answer_alone_sends_it_and_lets_the_ticket_wait(desk: Desk, now: dt.datetime) -> None:
    used = macro(ready_answer=ReadyAnswerFactory())
    assert plan_macro(used, desk.ticket, actor=desk.as_agent()).changes == [
        Change("Status", "Open", "Waiting for customer")
    ]
    use(desk, used, now)
    assert desk.ticket.status is Status.WAITING_FOR_CUSTOMER


def test_a_macro_may_leave_an_answered_ticket_waiting_for_support(desk: Desk, now: dt.datetime) -> None:
    use(desk, macro(ready_answer=ReadyAnswerFactory(), status=MacroStatus.WAITING_FOR_SUPPORT), now)
    assert desk.ticket.status is Status.WAITING_FOR_SUPPORT
    assert timeline_of("ticket", desk.ticket.number)[0].event == "ticket.status_set"


def test_an_agent_takes_before_a_macro_solves(desk: Desk, now: dt.datetime) -> None:
    used = macro(status=MacroStatus.SOLVED)
    assert refused_by(desk, used) is NotTaken
    with pytest.raises(NotTaken):
        use(desk, used, now)
    take_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    use(desk, used, now)
    assert desk.ticket.status is Status.SOLVED


def test_a_macro_that_is_refused_on_its_way_sends_nothing(desk: Desk, now: dt.datetime) -> None:
    gone = StaffMemberFactory(status=StaffStatus.DISABLED)
    used = macro(ready_answer=ReadyAnswerFactory(), assignee=gone)
    with pytest.raises(ColleagueUnknown), db.session.begin_nested():
        use(desk, used, now)
    db.session.refresh(desk.ticket)
    assert (rows_of(Message), desk.ticket.status) == (0, Status.OPEN)


def test_a_closed_ticket_is_answered_by_a_macro_and_changed_by_none_without_answer(
    desk: Desk, now: dt.datetime
) -> None:
    close_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    quiet = macro(priority=TicketPriority.LOW)
    assert refused_by(desk, quiet) is TicketClosed
    with pytest.raises(TicketClosed):
        use(desk, quiet, now)
    use(desk, macro(ready_answer=ReadyAnswerFactory(), priority=TicketPriority.LOW), now)
    assert (desk.ticket.status, desk.ticket.priority) == (Status.WAITING_FOR_CUSTOMER, TicketPriority.LOW)


def test_what_takes_no_messages_fits_not_or_would_change_nothing_is_refused(desk: Desk, now: dt.datetime) -> None:
    foreign = macro(ready_answer=ReadyAnswerFactory(department=DepartmentFactory()))
    nothing = macro(priority=TicketPriority.NORMAL)
    for used, refusal in ((foreign, MacroNotOffered), (nothing, MacroChangesNothing)):
        assert refused_by(desk, used) is refusal
        with pytest.raises(refusal):
            use(desk, used, now)
    desk.ticket.status, desk.ticket.solved_at, desk.ticket.archived_at = Status.ARCHIVED, now, now
    with pytest.raises(TicketArchived):
        use(desk, macro(ready_answer=ReadyAnswerFactory()), now)


def test_a_macro_over_an_unseen_message_is_refused(desk: Desk, now: dt.datetime) -> None:
    first = desk.write(desk.as_member(), now)
    desk.write(desk.as_member(), now + LATER)
    with pytest.raises(NewerMessage):
        use(desk, macro(ready_answer=ReadyAnswerFactory()), now + LATER, seen=first.public_id)


def test_a_ticket_waits_by_hand_only_while_it_is_in_progress(desk: Desk, now: dt.datetime) -> None:
    version = desk.ticket.version
    let_ticket_wait(desk.ticket, Status.OPEN, actor=desk.as_agent(), now=now)
    assert desk.ticket.version == version
    close_ticket(desk.ticket, actor=desk.as_agent(), now=now)
    with pytest.raises(TicketNotOpen):
        let_ticket_wait(desk.ticket, Status.WAITING_FOR_SUPPORT, actor=desk.as_agent(), now=now)


def test_the_newest_message_of_each_of_many_tickets_is_one_customers_see(desk: Desk) -> None:
    MessageFactory(discussion=desk.discussion)
    seen = MessageFactory(discussion=desk.discussion)
    MessageFactory(discussion=desk.discussion, internal=True, from_staff=True)
    assert newest_of([desk.ticket, TicketFactory()]) == {desk.ticket.id: seen.public_id}


# Many tickets


def ask(
    desk: Desk, used: Macro, now: dt.datetime, *tickets: Ticket, actor: Actor | None = None, once: str = "x"
) -> Job:
    chosen = [(each.number, "") for each in tickets]
    return ask_for_macro(used, chosen, once=once, actor=actor or desk.as_agent(), now=now)


def run(desk: Desk, job: Job, now: dt.datetime) -> list[tuple[str, str, str]]:
    done, total = 0, 1
    while done < total:
        done, total = use_on_next(job.id, now=now)
    found = find_run(job.public_id, person_id=desk.agent.person_id)
    assert found is not None
    return [(each.number, each.outcome, each.message) for each in found.results]


def ticket_of(desk: Desk, **values: Any) -> Ticket:
    return TicketFactory(account=desk.opener.account, department=desk.ticket.department, **values)


def test_each_of_many_tickets_is_answered_with_its_own_names_and_said_what_came_of_it(
    desk: Desk, now: dt.datetime
) -> None:
    used = macro(ready_answer=ReadyAnswerFactory(body="About {ticket number}"), takes=True, status=MacroStatus.SOLVED)
    second = ticket_of(desk, subject="Fax")
    archived = ticket_of(desk, status=Status.ARCHIVED, solved_at=now, archived_at=now)
    job = ask(desk, used, now, desk.ticket, archived, second)
    assert run(desk, job, now) == [
        (desk.ticket.number, "done", ""),
        (archived.number, "skipped", TicketArchived.message),
        (second.number, "done", ""),
    ]
    written = db.session.execute(select(Message.title, Message.body).order_by(Message.id)).all()
    assert [tuple(row) for row in written] == [
        ("Re: Phones ring only once", f"About {desk.ticket.number}"),
        ("Re: Fax", f"About {second.number}"),
    ]
    assert {desk.ticket.status, second.status} == {Status.SOLVED}
    assert timeline_of("ticket", second.number)[0].actor_name == str(desk.agent.person)


def test_a_job_that_begins_again_answers_nobody_twice(desk: Desk, now: dt.datetime) -> None:
    second = ticket_of(desk)
    job = ask(desk, macro(ready_answer=ReadyAnswerFactory()), now, desk.ticket, second)
    assert use_on_next(job.id, now=now) == (1, 2)
    assert len(run(desk, job, now)) == 2  # as after a crash
    assert use_on_next(job.id, now=now) == (2, 2)
    assert rows_of(Message) == 2


def test_asking_twice_with_one_page_is_one_run(desk: Desk, now: dt.datetime) -> None:
    used = macro(takes=True)
    assert ask(desk, used, now, desk.ticket).id == ask(desk, used, now, desk.ticket).id
    assert ask(desk, used, now, desk.ticket, once="another").id != ask(desk, used, now, desk.ticket).id


def test_no_ticket_and_too_many_are_refused(desk: Desk, now: dt.datetime) -> None:
    used = macro(takes=True)
    with pytest.raises(NoTicketsChosen):
        ask(desk, used, now)
    with pytest.raises(TooManyTickets):
        ask(desk, used, now, *([desk.ticket] * 501))


def test_one_that_fails_stops_no_other_and_keeps_nothing_of_itself(desk: Desk, now: dt.datetime) -> None:
    used = macro(ready_answer=ReadyAnswerFactory(), status=MacroStatus.SOLVED)  # without taking
    mine = ticket_of(desk, assignee=desk.agent)
    job = ask(desk, used, now, desk.ticket, mine)
    assert run(desk, job, now) == [(desk.ticket.number, "failed", NotTaken.message), (mine.number, "done", "")]
    assert rows_of(Message) == 1


def test_a_message_that_came_after_the_preview_is_not_answered_over(desk: Desk, now: dt.datetime) -> None:
    seen = desk.write(desk.as_member(), now)
    desk.write(desk.as_member(), now + LATER, body="It works again, a secret.")
    used = macro(ready_answer=ReadyAnswerFactory())
    job = ask_for_macro(used, [(desk.ticket.number, seen.public_id)], once="x", actor=desk.as_agent(), now=now)
    assert run(desk, job, now) == [(desk.ticket.number, "failed", MessageArrived.message)]
    assert "secret" not in str(job.payload)


@pytest.mark.parametrize("change", ["disabled", "another role", "another department", "no macro"])
def test_what_the_agent_may_is_asked_when_it_is_done(desk: Desk, now: dt.datetime, change: str) -> None:
    used = macro(takes=True)
    job = ask(desk, used, now, desk.ticket)
    expected: type[Refusal] = AgentGone
    if change == "disabled":
        desk.agent.status = StaffStatus.DISABLED
    elif change == "another role":
        desk.agent.role = StaffRole.BILLING
    elif change == "another department":
        desk.ticket.department, expected = DepartmentFactory(), TicketGone
    else:
        delete_record(used, actor=desk.as_agent(), now=now)
        expected = MacroGone
    db.session.flush()
    assert run(desk, job, now) == [(desk.ticket.number, "failed", expected.message)]
    assert desk.ticket.assignee_id is None


def test_a_ticket_that_a_mistake_stops_is_passed_over(desk: Desk, now: dt.datetime) -> None:
    job = ask(desk, macro(takes=True), now, desk.ticket)
    assert give_up_next(job.id) == (1, 1)
    assert give_up_next(job.id) == (1, 1)
    assert run(desk, job, now)[0][1] == "failed"


def test_a_run_is_shown_to_who_asked_for_it_alone(desk: Desk, now: dt.datetime) -> None:
    job = ask(desk, macro(title="Take", takes=True), now, desk.ticket)
    found = find_run(job.public_id, person_id=desk.agent.person_id)
    assert found is not None
    assert (found.macro, found.total, found.ended) == ("Take", 1, False)
    other: StaffMember = StaffMemberFactory()
    StaffDepartmentFactory(staff_member=other, department=desk.ticket.department)
    assert find_run(job.public_id, person_id=other.person_id) is None
    job.state, job.finished_at = JobState.CANCELLED, now
    assert [each.ended for each in [find_run(job.public_id, person_id=desk.agent.person_id)] if each] == [True]
    assert find_run("x\0", person_id=desk.agent.person_id) is None
    assert find_run(job.public_id, person_id=None) is None
