"""What waits for a person, each with how many there are: one statement, however much there is of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from extensions import db
from models.approval import OwnershipChange, PayApproval
from models.chat import ChatSession, ChatStatus
from models.financing import FinancingRequest, FinancingStatus
from models.job import Job, JobState
from models.notification import DeliveryState, NotificationDelivery
from models.payment import Payment, PaymentStatus
from models.policy import DataRequest, DataRequestStatus
from models.support_desk import InboundMail, InboundOutcome
from models.ticket import Ticket, TicketStatus
from services.ticket_states import CLOSED

COUNTED_TO: Final = 100
"""More than these are not counted: nobody reads the number, and counting them all would read them all."""
DUE_SOON: Final = dt.timedelta(hours=1)
OLD_CHECK: Final = dt.timedelta(minutes=15)
_REQUESTS: Final = (DataRequestStatus.OPEN, DataRequestStatus.IN_PROGRESS)


class Task(StrEnum):
    """What may wait."""

    TICKETS_OVERDUE = "tickets_overdue"
    TICKETS_DUE_SOON = "tickets_due_soon"
    TICKETS_MINE = "tickets_mine"
    TICKETS_UNASSIGNED = "tickets_unassigned"
    TICKETS_OPEN = "tickets_open"
    TICKETS_WAITING_FOR_SUPPORT = "tickets_waiting_for_support"
    TICKETS_WAITING_FOR_CUSTOMER = "tickets_waiting_for_customer"
    CHATS_WAITING = "chats_waiting"
    MAILS_HELD = "mails_held"
    PAYMENTS_BEING_CHECKED = "payments_being_checked"
    FINANCING_REQUESTED = "financing_requested"
    DATA_REQUESTS = "data_requests"
    DELIVERIES_FAILED = "deliveries_failed"
    JOBS_FAILED = "jobs_failed"
    PAYMENTS_TO_APPROVE = "payments_to_approve"
    OWNERSHIP_ASKED = "ownership_asked"


TICKET_STATES: Final = (Task.TICKETS_OPEN, Task.TICKETS_WAITING_FOR_SUPPORT, Task.TICKETS_WAITING_FOR_CUSTOMER)
_Conditions = Mapping[Task, tuple[Any, ColumnElement[bool]]]
_Numbers = CompoundSelect[str, int]


def waiting_tasks(
    tasks: Collection[Task],
    *,
    now: dt.datetime,
    seen_tickets: ColumnElement[bool] | None = None,
    staff_member_id: int | None = None,
) -> Mapping[Task, int]:
    """How many of each of these tasks wait for staff, at most COUNTED_TO of one.

    ``seen_tickets`` narrows the tickets to those that somebody of the staff sees, ``staff_member_id`` says whose
    TICKETS_MINE are.
    """
    if not tasks:
        return {}
    asked = tuple(tasks)
    statement = _of_staff(asked) if seen_tickets is None else _statement(asked, _for_staff(seen_tickets))
    return _count(statement, {**_moments(now), "staff_member_id": staff_member_id})


def waiting_in_account(
    tasks: Collection[Task], account_id: int, member_id: int | None, *, now: dt.datetime
) -> Mapping[Task, int]:
    """How many of each wait in an account: its tickets in progress by state, PAYMENTS_TO_APPROVE, and OWNERSHIP_ASKED,
    a change of ownership that waits for this member.
    """
    if not tasks:
        return {}
    whose = {"account_id": account_id, "member_id": member_id, "staff_member_id": None}
    return _count(_of_account(tuple(tasks)), {**_moments(now), **whose})


def _count(statement: _Numbers, params: dict[str, Any]) -> Mapping[Task, int]:
    return {Task(row[0]): int(row[1]) for row in db.session.execute(statement, params)}


def _moments(now: dt.datetime) -> dict[str, Any]:
    return {"now": now, "soon": now + DUE_SOON, "check_began": now - OLD_CHECK}


# The statements: first pages ask them all day, and making one takes longer than its answer.


@cache
def _of_staff(tasks: tuple[Task, ...]) -> _Numbers:
    return _statement(tasks, _for_staff(true()))


@cache
def _of_account(tasks: tuple[Task, ...]) -> _Numbers:
    return _statement(tasks, _for_account())


def _statement(tasks: tuple[Task, ...], conditions: _Conditions) -> _Numbers:
    return union_all(*(_counted(task, *conditions[task]) for task in tasks))


def _counted(task: Task, column: Any, condition: ColumnElement[bool]) -> Select[str, int]:
    some = select(column).where(condition).limit(COUNTED_TO).subquery()
    return select(literal(task.value), func.count()).select_from(some)


def _of_tickets(seen: ColumnElement[bool]) -> _Conditions:
    in_progress = Ticket.status.not_in(CLOSED) & seen
    found = {
        Task.TICKETS_OVERDUE: Ticket.due_at < bindparam("now"),
        Task.TICKETS_DUE_SOON: Ticket.due_at.between(bindparam("now"), bindparam("soon")),
        Task.TICKETS_MINE: Ticket.assignee_id == bindparam("staff_member_id"),
        Task.TICKETS_UNASSIGNED: Ticket.assignee_id.is_(None),
        Task.TICKETS_OPEN: Ticket.status == TicketStatus.OPEN,
        Task.TICKETS_WAITING_FOR_SUPPORT: Ticket.status == TicketStatus.WAITING_FOR_SUPPORT,
        Task.TICKETS_WAITING_FOR_CUSTOMER: Ticket.status == TicketStatus.WAITING_FOR_CUSTOMER,
    }
    return {task: (Ticket.id, condition & in_progress) for task, condition in found.items()}


def _for_staff(seen: ColumnElement[bool]) -> _Conditions:
    return {
        **_of_tickets(seen),
        Task.CHATS_WAITING: (ChatSession.id, ChatSession.status == ChatStatus.WAITING),
        Task.MAILS_HELD: (InboundMail.id, InboundMail.outcome == InboundOutcome.HELD),
        Task.PAYMENTS_BEING_CHECKED: (
            Payment.id,
            (Payment.status == PaymentStatus.BEING_CHECKED) & (Payment.created_at < bindparam("check_began")),
        ),
        Task.FINANCING_REQUESTED: (FinancingRequest.id, FinancingRequest.status == FinancingStatus.REQUESTED),
        Task.DATA_REQUESTS: (DataRequest.id, DataRequest.status.in_(_REQUESTS)),
        Task.DELIVERIES_FAILED: (NotificationDelivery.id, NotificationDelivery.state == DeliveryState.FAILED),
        Task.JOBS_FAILED: (Job.id, Job.state == JobState.FAILED),
    }


def _for_account() -> _Conditions:
    member_id: BindParameter[int] = bindparam("member_id")
    waits_for_member = or_(OwnershipChange.from_member_id == member_id, OwnershipChange.to_member_id == member_id)
    return {
        **_of_tickets(Ticket.account_id == bindparam("account_id")),
        Task.PAYMENTS_TO_APPROVE: (
            PayApproval.id,
            (PayApproval.account_id == bindparam("account_id")) & PayApproval.is_open,
        ),
        Task.OWNERSHIP_ASKED: (
            OwnershipChange.id,
            (OwnershipChange.account_id == bindparam("account_id"))
            & OwnershipChange.is_open
            & (OwnershipChange.expires_at > bindparam("now"))
            & waits_for_member,
        ),
    }
