"""What staff do with requests of people about their own data: start, refuse, carry out, close (SPEC G2)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from extensions import db
from models.account import Account, AccountStatus
from models.member import Member, MemberStatus
from models.notification import DeliveryState, NotificationDelivery
from models.person import Person
from models.policy import DataRequest, DataRequestKind, DataRequestStatus
from models.staff import StaffMember, StaffStatus
from services.audit import record_event
from services.data_requests.asking import JOB as EXPORT_JOB
from services.data_requests.asking import RequestClosed
from services.data_requests.moving import move_request
from services.data_requests.steps import add_steps, steps_of
from services.erased_traces import DELETED_ADDRESS
from services.erasure import erase_person
from services.jobs import enqueue
from services.locks import locked
from services.notifications import tell
from services.people import refuse_while_logged_in_as
from services.step_up import require_recent_proof

FORGET_JOB: Final = "forget_last_mail"
LAST_MAIL_KEPT: Final = dt.timedelta(days=2)
LONGEST_OUTCOME: Final = 2000
_ERASED: Final = "Your personal data was replaced or removed. Kept is only what the law wants kept."
_RESTRICTED: Final = "The use of your data is restricted from now on: you get no newsletters."
_LIFTED: Final = "The restriction is lifted: your data is used as before."


class RequestStarted(Refusal):
    message = "Somebody has started on this request already. Reload the page to see how it stands."


class RequestNotStarted(Refusal):
    message = "Start on the request first."


class OutcomeMissing(Refusal):
    message = "Say why in 3 to 2,000 letters: the person reads it."


class StepUnknown(Refusal):
    message = "There is no open line of this number on the checklist."


class StepsOpen(Refusal):
    message = "Lines of the checklist are not checked off yet. Look at each of them first."


class OwnsAccount(Refusal):
    message = "This person owns an account. Move its ownership or delete the account first."


class WorksHere(Refusal):
    message = "This person is one of the staff. Disable them first."


class ErasedAlready(Refusal):
    message = "This person's data was replaced already. Close the request."


class DeletionNotCarriedOut(Refusal):
    message = "Nothing was deleted yet. Carry the request out, or refuse it with a reason."


class NotRestricted(Refusal):
    message = "The use of this person's data is not restricted."


def start_request(request: DataRequest, *, actor: Actor, now: dt.datetime) -> DataRequest:
    """Take a request on; a deletion gets its checklist. Refused: RequestClosed, RequestStarted."""
    refuse_while_logged_in_as(actor)
    locked(request)
    if not request.is_open:
        raise RequestClosed
    if request.is_in_progress:
        raise RequestStarted
    if request.kind is DataRequestKind.DELETION:
        add_steps(request, _person_of(request))
    request.handled_by_id = actor.staff_member_id
    move_request(request, DataRequestStatus.IN_PROGRESS, AuditEvent.DATA_REQUEST_STARTED, actor=actor, now=now)
    return request


def check_off(request: DataRequest, *, position: int | None, actor: Actor, now: dt.datetime) -> DataRequest:
    """Check off a line of the checklist, by its number; without one, all that are left.

    Refused: RequestClosed, RequestNotStarted, StepUnknown.
    """
    refuse_while_logged_in_as(actor)
    _refuse_unless_started(request)
    left = [step for step in steps_of(request) if step.done_at is None and position in (None, step.position)]
    if not left:
        raise StepUnknown
    for step in left:
        step.done_at, step.done_by_id = now, actor.staff_member_id
    db.session.flush()
    after = {"lines": [step.position for step in left]}
    record_event(AuditEvent.DATA_REQUEST_STEP_DONE, request, actor=actor, now=now, after=after)
    return request


def refuse_request(request: DataRequest, *, outcome: str, actor: Actor, now: dt.datetime) -> DataRequest:
    """Refuse an open request; the person is told why. Refused: RequestClosed, OutcomeMissing. Raises ProofNeeded."""
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    locked(request)
    if not request.is_open:
        raise RequestClosed
    request.outcome = _said(outcome)
    _answer(request, _person_of(request), DataRequestStatus.REFUSED, actor=actor, now=now)
    return request


def close_request(request: DataRequest, *, outcome: str, actor: Actor, now: dt.datetime) -> DataRequest:
    """Close what was answered in another way; the person is told. A deletion wants to be carried out.

    Refused: RequestClosed, RequestNotStarted, OutcomeMissing, DeletionNotCarriedOut.
    """
    refuse_while_logged_in_as(actor)
    _refuse_unless_started(request)
    person = _person_of(request)
    if request.kind is DataRequestKind.DELETION and person.erased_at is None:
        raise DeletionNotCarriedOut
    request.outcome = _said(outcome)
    _answer(request, person, DataRequestStatus.DONE, actor=actor, now=now)
    return request


def carry_out_request(request: DataRequest, *, actor: Actor, now: dt.datetime) -> DataRequest:
    """Do what was asked, and tell the person: erase them, restrict the use of their data, or make the export anew.

    Refused: RequestClosed, RequestNotStarted; of a deletion StepsOpen, OwnsAccount, WorksHere, ErasedAlready. Raises
    ProofNeeded.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    _refuse_unless_started(request)
    person = locked(_person_of(request))
    if request.kind is DataRequestKind.EXPORT:
        enqueue(EXPORT_JOB, {"request_id": request.id}, now=now, requested_by_id=person.id)
    elif request.kind is DataRequestKind.RESTRICTION:
        person.restricted_at = person.restricted_at or now
        person.version += 1
        request.outcome = _RESTRICTED
        _answer(request, person, DataRequestStatus.DONE, actor=actor, now=now)
    else:
        _erase(request, person, actor=actor, now=now)
    return request


def lift_restriction(request: DataRequest, *, actor: Actor, now: dt.datetime) -> DataRequest:
    """Use the data as before, and tell the person. Refused: NotRestricted."""
    refuse_while_logged_in_as(actor)
    locked(request)
    person = locked(_person_of(request))
    if not request.can_lift or person.restricted_at is None:
        raise NotRestricted
    person.restricted_at = None
    person.version += 1
    request.outcome = _LIFTED
    request.version += 1
    db.session.flush()
    record_event(AuditEvent.DATA_REQUEST_RESTRICTION_LIFTED, request, actor=actor, now=now)
    _tell(request, person, person.email, now=now)
    return request


def what_stands_in_the_way(request: DataRequest, person: Person) -> list[Refusal]:
    """Why a deletion cannot be carried out yet."""
    found: list[Refusal] = []
    owned = select(Member.id).join(Account, Account.id == Member.account_id)
    owned = owned.where(Member.person_id == person.id, Member.is_owner, Account.status != AccountStatus.DELETED)
    works = select(StaffMember.id).where(StaffMember.person_id == person.id, StaffMember.status != StaffStatus.DISABLED)
    if person.erased_at is not None:
        found.append(ErasedAlready())
    if db.session.scalar(owned.limit(1)) is not None:
        found.append(OwnsAccount())
    if db.session.scalar(works.limit(1)) is not None:
        found.append(WorksHere())
    if any(step.done_at is None for step in steps_of(request)):
        found.append(StepsOpen())
    return found


def forget_last_mail(delivery_id: int) -> bool:
    """Take the address and the words out of the mail that told of an erasure; False where it is gone already."""
    mail = db.session.get(NotificationDelivery, delivery_id)
    if mail is None:
        return False
    if mail.state is DeliveryState.WAITING:  # whoever could not be reached by now is not written to later
        mail.state = DeliveryState.CANCELLED
    mail.address, mail.subject, mail.text, mail.html = DELETED_ADDRESS, "", "", None
    db.session.flush()
    return True


def _erase(request: DataRequest, person: Person, *, actor: Actor, now: dt.datetime) -> None:
    """The person is told at the address they had, which is forgotten two days later: by then the mail is sent."""
    for refusal in what_stands_in_the_way(request, person):
        raise refusal
    address = person.email
    for seat in db.session.scalars(select(Member).where(Member.person_id == person.id, Member.is_owner.is_(False))):
        seat.status = MemberStatus.DISABLED
    erase_person(person, account_id=None, actor=actor, now=now)
    request.outcome = _ERASED
    _answer(request, person, DataRequestStatus.DONE, actor=actor, now=now, address=address)


def _answer(
    request: DataRequest,
    person: Person,
    status: DataRequestStatus,
    *,
    actor: Actor,
    now: dt.datetime,
    address: str | None = None,
) -> None:
    request.handled_by_id = actor.staff_member_id
    refused = status is DataRequestStatus.REFUSED
    event = AuditEvent.DATA_REQUEST_REFUSED if refused else AuditEvent.DATA_REQUEST_DONE
    move_request(request, status, event, actor=actor, now=now)
    _tell(request, person, address or person.email, now=now)


def _tell(request: DataRequest, person: Person, address: str | None, *, now: dt.datetime) -> None:
    """By mail, with a notice; who was erased gets the mail alone, whose row forgets them afterwards."""
    if not address:
        return
    erased = person.erased_at is not None
    mail = tell(
        address if erased else person,
        "data_request_answered",
        now=now,
        target=request,
        kind_of_request=request.kind,
        status=request.status,
        outcome=request.outcome or "",
    )
    if erased and mail is not None:
        enqueue(FORGET_JOB, {"delivery_id": mail.id}, now=now, run_at=now + LAST_MAIL_KEPT)


def _refuse_unless_started(request: DataRequest) -> None:
    locked(request)
    if not request.is_open:
        raise RequestClosed
    if not request.is_in_progress:
        raise RequestNotStarted


def _person_of(request: DataRequest) -> Person:
    return db.session.get_one(Person, request.person_id)


def _said(outcome: str) -> str:
    text = outcome.strip()
    if not 3 <= len(text) <= LONGEST_OUTCOME:
        raise OutcomeMissing
    return text
