"""What waits for a person of the staff: each kind is counted by itself, and never further than is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from models import (
    ChatStatus,
    DataRequestStatus,
    DeliveryState,
    FinancingStatus,
    InboundOutcome,
    JobState,
    PaymentStatus,
    Ticket,
    TicketStatus,
)
from services.waiting_tasks import COUNTED_TO, TICKET_STATES, Task, waiting_in_account, waiting_tasks
from tests.factories.activity import JobFactory, NotificationDeliveryFactory
from tests.factories.catalogue import FinancingRequestFactory
from tests.factories.money import PaymentFactory
from tests.factories.people import (
    AccountFactory,
    MemberFactory,
    OwnershipChangeFactory,
    PayApprovalFactory,
    StaffMemberFactory,
)
from tests.factories.support import ChatSessionFactory, DataRequestFactory, InboundMailFactory, TicketFactory

HOUR = dt.timedelta(hours=1)

MADE: dict[Task, Callable[[dt.datetime], Any]] = {
    Task.CHATS_WAITING: lambda _now: ChatSessionFactory(status=ChatStatus.WAITING),
    Task.MAILS_HELD: lambda _now: InboundMailFactory(outcome=InboundOutcome.HELD),
    Task.PAYMENTS_BEING_CHECKED: lambda now: PaymentFactory(
        status=PaymentStatus.BEING_CHECKED, settled_at=None, created_at=now - HOUR
    ),
    Task.FINANCING_REQUESTED: lambda _now: FinancingRequestFactory(status=FinancingStatus.REQUESTED),
    Task.DATA_REQUESTS: lambda _now: DataRequestFactory(status=DataRequestStatus.OPEN),
    Task.DELIVERIES_FAILED: lambda _now: NotificationDeliveryFactory(state=DeliveryState.FAILED),
    Task.JOBS_FAILED: lambda _now: JobFactory(state=JobState.FAILED),
}


@pytest.mark.parametrize("task", MADE, ids=str)
def test_one_that_waits_is_counted_as_what_it_is(session: Session, now: dt.datetime, task: Task) -> None:
    MADE[task](now)
    found = waiting_tasks(list(MADE), now=now)
    assert found == {each: int(each is task) for each in MADE}


def test_a_payment_whose_check_has_just_begun_waits_for_nobody(session: Session, now: dt.datetime) -> None:
    PaymentFactory(status=PaymentStatus.BEING_CHECKED, settled_at=None, created_at=now)
    assert waiting_tasks([Task.PAYMENTS_BEING_CHECKED], now=now) == {Task.PAYMENTS_BEING_CHECKED: 0}


def test_tickets_in_progress_are_counted_by_state_promise_and_whose_they_are(
    session: Session, now: dt.datetime
) -> None:
    mine = StaffMemberFactory()
    TicketFactory(status=TicketStatus.OPEN, assignee=mine, due_at=now - HOUR)
    TicketFactory(status=TicketStatus.WAITING_FOR_CUSTOMER, assignee=None, due_at=now + HOUR / 2)
    TicketFactory(status=TicketStatus.WAITING_FOR_SUPPORT, assignee=StaffMemberFactory(), due_at=now + 2 * HOUR)
    TicketFactory(status=TicketStatus.SOLVED, assignee=mine, due_at=now - HOUR, solved_at=now)
    tickets = [task for task in Task if task.name.startswith("TICKETS_")]
    assert waiting_tasks(tickets, now=now, staff_member_id=mine.id) == dict.fromkeys(tickets, 1)


def test_tickets_that_somebody_does_not_see_are_not_counted(session: Session, now: dt.datetime) -> None:
    seen = TicketFactory(status=TicketStatus.OPEN)
    TicketFactory(status=TicketStatus.OPEN)
    found = waiting_tasks([Task.TICKETS_OPEN], now=now, seen_tickets=Ticket.id == seen.id)
    assert found == {Task.TICKETS_OPEN: 1}


def test_an_account_counts_its_own_tickets_only(session: Session, now: dt.datetime) -> None:
    account = AccountFactory()
    TicketFactory(account=account, status=TicketStatus.WAITING_FOR_CUSTOMER)
    TicketFactory(status=TicketStatus.OPEN)
    assert sum(waiting_in_account(TICKET_STATES, account.id, None, now=now).values()) == 1


def test_an_account_counts_the_payments_and_the_ownership_that_wait_for_an_answer(
    session: Session, now: dt.datetime
) -> None:
    change = OwnershipChangeFactory(expires_at=now + HOUR)
    PayApprovalFactory(member=change.to_member)
    PayApprovalFactory()  # somebody else's
    tasks = (Task.PAYMENTS_TO_APPROVE, Task.OWNERSHIP_ASKED)

    def asked_of(member_id: int) -> list[int]:
        return list(waiting_in_account(tasks, change.account_id, member_id, now=now).values())

    assert asked_of(change.to_member_id) == asked_of(change.from_member_id) == [1, 1]
    bystander = MemberFactory(account=change.to_member.account)
    assert asked_of(bystander.id) == [1, 0]
    change.expires_at = now
    session.flush()
    assert asked_of(change.to_member_id) == [1, 0]


def test_more_than_are_read_are_not_counted(session: Session, now: dt.datetime) -> None:
    JobFactory.create_batch(COUNTED_TO + 3, state=JobState.FAILED)
    assert waiting_tasks([Task.JOBS_FAILED], now=now) == {Task.JOBS_FAILED: COUNTED_TO}


def test_no_task_asks_nothing(session: Session, now: dt.datetime) -> None:
    assert waiting_tasks([], now=now) == {}
