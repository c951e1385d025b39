"""Asking about one's own data, and what a person asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.person import Person
from models.policy import DataRequest, DataRequestKind, DataRequestStatus
from services.audit import record_event
from services.data_requests.moving import move_request
from services.jobs import enqueue
from services.locks import locked
from services.notifications import tell
from services.people import refuse_while_logged_in_as

JOB: Final = "make_data_export"
ANSWERED_WITHIN: Final = dt.timedelta(days=30)
LONGEST_NOTE: Final = 1000
_SHOWN: Final = 50


class RequestOpenAlready(Refusal):
    message = "You asked for this already and it is not answered yet. One request of a kind is open at a time."


class RequestUnknown(Refusal):
    message = "There is no such request of yours."


class RequestClosed(Refusal):
    message = "This request is closed already. Reload the page to see what became of it."


class NoteTooLong(Refusal):
    message = Sentence("Enter at most %(longest_note)s characters.", longest_note=LONGEST_NOTE)


def ask_about_data(
    person: Person, kind: DataRequestKind, *, note: str = "", actor: Actor, now: dt.datetime
) -> DataRequest:
    """Ask for one thing about one's own data, to be answered within 30 days; an export is made at once, by a job.

    The request is the person's alone and stands in no account. They are told by mail that it was received, unless
    the export itself is the answer. Refused: NotWhileLoggedInAs, RequestOpenAlready, NoteTooLong.
    """
    refuse_while_logged_in_as(actor)
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong
    locked(person)  # of two who ask at the same moment, one waits here
    same = select(DataRequest.id).where(
        DataRequest.person_id == person.id, DataRequest.kind == kind, DataRequest.is_open
    )
    if db.session.scalar(same.limit(1)) is not None:
        raise RequestOpenAlready
    request = DataRequest(
        person_id=person.id,
        kind=kind,
        note=note or None,
        due_on=now.date() + ANSWERED_WITHIN,
        created_at=now,
    )
    db.session.add(request)
    db.session.flush()
    record_event(AuditEvent.DATA_REQUEST_ASKED, request, actor=actor, now=now, after={"kind": kind})
    if kind is DataRequestKind.EXPORT:
        enqueue(JOB, {"request_id": request.id}, now=now, requested_by_id=person.id)
    else:
        tell(
            person,
            "data_request_received",
            now=now,
            target=request,
            kind_of_request=kind,
            due_on=request.due_on,
        )
    return request


def withdraw_request(person: Person, public_id: str, *, actor: Actor, now: dt.datetime) -> DataRequest:
    """Take one's own request back while it is open. Refused: NotWhileLoggedInAs, RequestUnknown, RequestClosed."""
    refuse_while_logged_in_as(actor)
    mine = select(DataRequest).where(DataRequest.person_id == person.id, DataRequest.public_id == public_id)
    request = db.session.scalar(mine)
    if request is None:
        raise RequestUnknown
    locked(request)
    if not request.is_open:
        raise RequestClosed
    move_request(request, DataRequestStatus.WITHDRAWN, AuditEvent.DATA_REQUEST_WITHDRAWN, actor=actor, now=now)
    return request


def requests_of(person: Person) -> Sequence[DataRequest]:
    """What the person asked for, the newest first; at most fifty."""
    mine = select(DataRequest).where(DataRequest.person_id == person.id)
    return db.session.scalars(mine.order_by(DataRequest.id.desc()).limit(_SHOWN)).all()


def is_any_overdue(*, today: dt.date) -> bool:
    """Whether a request that is open was due before today."""
    late = select(DataRequest.id).where(DataRequest.is_open, DataRequest.due_on < today)
    return db.session.scalar(late.limit(1)) is not None
