"""A macro used on many tickets: one job, in which each ticket is a transaction of its own and is taken up once.

The job's row holds which tickets wait and what came of the others. Both change in the transaction that changes the
ticket, so a job that was killed goes on where it was, and nobody is answered twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor, Source
from domain.permissions import STAFF_GRANTS, P
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.job import Job, JobState
from models.person import Person
from models.staff import StaffMember
from models.support_desk import Macro
from models.ticket import Ticket
from services.answers import NewerMessage, reply_title
from services.jobs import enqueue
from services.macros import MacroChangesNothing, MacroNotOffered, find_macro, use_macro
from services.messages import TicketArchived, TicketMerged
from services.participants import is_shown_to
from services.ready_answers import answer_text

JOB: Final = "use_macro"
MOST_TICKETS: Final = 500
DONE, SKIPPED, FAILED = "done", "skipped", "failed"
_SKIPS: Final = (TicketArchived, TicketMerged, MacroChangesNothing, MacroNotOffered)


class NoTicketsChosen(Refusal):
    message = "Choose at least one ticket first."


class TooManyTickets(Refusal):
    message = Sentence(
        "A macro is used on at most %(most_tickets)s tickets at once. Choose fewer.", most_tickets=MOST_TICKETS
    )


class MacroGone(Refusal):
    message = "There is no such macro any more."


class AgentGone(Refusal):
    message = "Whoever asked for this does not work on tickets any more."


class TicketGone(Refusal):
    message = "There is no such ticket, or it went to another department."


class MessageArrived(Refusal):
    message = "A new message arrived in the meantime. Read it before you answer."


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one ticket: done, skipped or failed, and why."""

    number: str
    outcome: str
    message: str


@dataclass(frozen=True, slots=True)
class Run:
    """How a macro on many tickets stands. ``ended``: nothing more is done, also where some were not taken up."""

    macro: str
    total: int
    results: Sequence[Result]
    ended: bool


def ask_for_macro(
    macro: Macro, tickets: Sequence[tuple[str, str]], *, once: str, actor: Actor, now: dt.datetime
) -> Job:
    """Let a macro be used on tickets: (number, newest message that was seen of it). The same ``once`` is one run.

    Refused: NoTicketsChosen, TooManyTickets.
    """
    if not tickets:
        raise NoTicketsChosen
    if len(tickets) > MOST_TICKETS:
        raise TooManyTickets
    payload = {"macro": macro.public_id, "waiting": [list(each) for each in tickets], "results": []}
    return enqueue(
        JOB,
        payload,
        unique_key=f"{JOB}:{actor.staff_member_id}:{once}",
        requested_by_id=actor.person_id,
        now=now,
    )


def use_on_next(job_id: int, *, now: dt.datetime) -> tuple[int, int]:
    """Use the macro of a job on the next ticket that waits; give how many are done, of how many."""
    job = _held(job_id)
    if job.payload["waiting"]:
        number, seen = job.payload["waiting"][0]
        try:
            with db.session.begin_nested():
                _use(job, number, seen, now)
            result = [number, DONE, ""]
        except _SKIPS as refusal:
            result = [number, SKIPPED, refusal.message]
        except NewerMessage:
            result = [number, FAILED, MessageArrived.message]  # not its own words: staff can read what jobs hold
        except Refusal as refusal:
            result = [number, FAILED, refusal.message]
        _note(job, result)
    return _progress(job)


def give_up_next(job_id: int) -> tuple[int, int]:
    """Pass over the next ticket, after a mistake of ours; give how many are done, of how many."""
    job = _held(job_id)
    if job.payload["waiting"]:
        _note(job, [job.payload["waiting"][0][0], FAILED, "Something went wrong on our side. Try this one again."])
    return _progress(job)


def find_run(public_id: str, *, person_id: int | None) -> Run | None:
    """How a run stands, for who asked for it."""
    asked = select(Job).where(Job.public_id == public_id, Job.kind == JOB, Job.requested_by_id == person_id)
    job = db.session.scalar(asked) if "\0" not in public_id and person_id is not None else None
    if job is None:
        return None
    macro = find_macro(str(job.payload["macro"]))
    results = [Result(*each) for each in job.payload["results"]]
    ended = not job.payload["waiting"] or job.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
    return Run(macro.title if macro is not None else "", len(results) + len(job.payload["waiting"]), results, ended)


def _use(job: Job, number: str, seen: str, now: dt.datetime) -> None:
    staff_member = db.session.scalar(select(StaffMember).where(StaffMember.person_id == job.requested_by_id))
    if staff_member is None or not staff_member.can_sign_in or not _works(staff_member):
        raise AgentGone
    macro = find_macro(str(job.payload["macro"]))
    if macro is None:
        raise MacroGone
    ticket = db.session.scalar(select(Ticket).where(Ticket.number == number))
    if ticket is None or not is_shown_to(ticket, staff_member):
        raise TicketGone
    person = db.session.get_one(Person, staff_member.person_id)
    actor = Actor(str(person), Source.STAFF, person_id=person.id, staff_member_id=staff_member.id)
    body = answer_text(macro.ready_answer, ticket, actor=actor) if macro.ready_answer is not None else ""
    use_macro(ticket, macro, title=reply_title(ticket.subject), body=body, seen=seen, actor=actor, now=now)


def _works(staff_member: StaffMember) -> bool:
    return {P.STAFF_TICKETS_WORK, P.TICKETS_WRITE} <= STAFF_GRANTS[staff_member.role]


def _held(job_id: int) -> Job:
    """The job's row, locked: of two runners one waits, and takes up the ticket after."""
    found = select(Job).where(Job.id == job_id).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(found).one()


def _note(job: Job, result: list[str]) -> None:
    held: dict[str, Any] = dict(job.payload)
    job.payload = {**held, "waiting": held["waiting"][1:], "results": [*held["results"], result]}
    db.session.flush()


def _progress(job: Job) -> tuple[int, int]:
    done = len(job.payload["results"])
    return done, done + len(job.payload["waiting"])
