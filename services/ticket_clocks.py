"""The clocks of a ticket: until when it is answered and solved, in business hours, and when they stand (SPEC F4).

They stand while the customer is asked and while the ticket is closed. What was left of a promise then is left when they
go on, so no sum of pauses need be kept.
"""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from domain.business_hours import BusinessWeek, due_after, minutes_between, read_week
from extensions import db
from models.service_level import BusinessHours, SlaPolicy
from models.ticket import Ticket, TicketStatus

RUNNING: Final = frozenset({TicketStatus.OPEN, TicketStatus.WAITING_FOR_SUPPORT})


def start_clocks(ticket: Ticket, *, now: dt.datetime) -> None:
    """Promise a new ticket what its priority and department are promised; nothing where there is no promise."""
    policy = policy_for(ticket)
    if policy is None:
        return
    ticket.sla_policy_id = policy.id
    week = _week_of(policy)
    ticket.first_reply_due_at = due_after(now, policy.first_reply_minutes, week)
    ticket.solution_due_at = _after(now, policy.solution_minutes, week)
    _say_next(ticket)


def follow_policy(ticket: Ticket, *, now: dt.datetime) -> None:
    """Promise what the priority and department are promised now; the minutes that passed already count."""
    new, old = policy_for(ticket), _policy(ticket.sla_policy_id)
    if new is None or old is None or new.id == old.id:
        return
    since, week = ticket.paused_at or now, _week_of(new)
    gone = old.first_reply_minutes - _left(since, ticket.first_reply_due_at, _week_of(old))
    ticket.sla_policy_id = new.id
    ticket.first_reply_due_at = _after(since, new.first_reply_minutes - gone, week)
    solution = new.solution_minutes
    ticket.solution_due_at = _after(since, None if solution is None else solution - gone, week)
    _say_next(ticket)


def follow_status(ticket: Ticket, *, now: dt.datetime) -> None:
    """Let the clocks stand or go on as the status says, and say which promise is the next that could be broken."""
    if ticket.status not in RUNNING:
        ticket.paused_at = ticket.paused_at or now
    elif ticket.paused_at is not None:
        policy = _policy(ticket.sla_policy_id)
        if policy is not None:
            week = _week_of(policy)
            ticket.first_reply_due_at = _moved(ticket.first_reply_due_at, ticket.paused_at, now, week)
            ticket.solution_due_at = _moved(ticket.solution_due_at, ticket.paused_at, now, week)
        ticket.paused_at = None
    _say_next(ticket)


def policy_for(ticket: Ticket) -> SlaPolicy | None:
    """The promise for the priority: the department's own, else that of all."""
    of_all = SlaPolicy.department_id.is_(None)
    found = select(SlaPolicy).where(SlaPolicy.priority == ticket.priority)
    found = found.where(or_(of_all, SlaPolicy.department_id == ticket.department_id))
    return db.session.scalar(found.order_by(of_all, SlaPolicy.id).limit(1))


def _say_next(ticket: Ticket) -> None:
    """The next promise: the first reply until there is one, then the solution; none while the clocks stand."""
    if ticket.status not in RUNNING:
        ticket.due_at = None
    elif ticket.first_replied_at is None and ticket.first_reply_due_at is not None:
        ticket.due_at = ticket.first_reply_due_at
    else:
        ticket.due_at = ticket.solution_due_at


def _moved(
    due: dt.datetime | None, paused_at: dt.datetime, now: dt.datetime, week: BusinessWeek | None
) -> dt.datetime | None:
    """A promise after a pause; one that was broken before stays broken."""
    if due is None or due <= paused_at:
        return due
    return _after(now, minutes_between(paused_at, due, week), week)


def _left(since: dt.datetime, due: dt.datetime | None, week: BusinessWeek | None) -> int:
    """How many minutes of a promise are left; below zero, by how many it is broken."""
    if due is None:
        return 0
    return minutes_between(since, due, week) if due > since else -minutes_between(due, since, week)


def _after(start: dt.datetime, minutes: int | None, week: BusinessWeek | None) -> dt.datetime | None:
    if minutes is None:
        return None
    return due_after(start, minutes, week) if minutes > 0 else start


def _policy(policy_id: int | None) -> SlaPolicy | None:
    return db.session.get(SlaPolicy, policy_id) if policy_id is not None else None


def _week_of(policy: SlaPolicy) -> BusinessWeek | None:
    """The hours of a promise; None: around the clock."""
    if policy.business_hours_id is None:
        return None
    hours = db.session.get_one(BusinessHours, policy.business_hours_id)
    return read_week(hours.week, zone=ZoneInfo(hours.time_zone), holidays=hours.holidays)
