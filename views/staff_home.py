"""The first page of the back office: the business over time, what waits for a person, and tickets by their state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from babel.dates import format_datetime

from domain.permissions import P
from domain.sentences import word
from models import TicketStatus
from panel import Visit
from panel.addresses import address
from services.business_figures import last_business_figures
from services.overviews import payments_failed, tickets_assigned
from services.waiting_tasks import COUNTED_TO, Task, waiting_tasks
from views.business_chart import business_chart
from views.inbound_mails import mail_stats
from views.money import format_money
from views.tickets import seen_tickets

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a task is called, whose right it is, and the list that holds it."""

    label: str
    grant: P
    slug: str
    params: Params
    tone: str = "warning"


# In the order of what cannot wait.
WAITING: Final[Mapping[Task, Waiting]] = {
    Task.TICKETS_OVERDUE: Waiting(
        "Tickets overdue", P.TICKETS_READ, "tickets", (("overdue", "yes"), ("sort", "due_at")), "danger"
    ),
    Task.CHATS_WAITING: Waiting("Chats waiting", P.CHAT_USE, "chats", (("status", "waiting"),), "danger"),
    Task.PAYMENTS_BEING_CHECKED: Waiting(
        "Payments being checked", P.PAYMENTS_READ, "payments", (("status", "being_checked"),)
    ),
    Task.MAILS_HELD: Waiting("Mails held", P.STAFF_INBOUND_MAILS_READ, "inbound-mails", (("outcome", "held"),)),
    Task.TICKETS_UNASSIGNED: Waiting(
        "Tickets nobody took", P.STAFF_TICKETS_WORK, "tickets", (("is_unassigned", "yes"), ("sort", "due_at"))
    ),
    Task.DATA_REQUESTS: Waiting(
        "Data requests",
        P.STAFF_DATA_REQUESTS_READ,
        "data-requests",
        (("status", "open"), ("status", "in_progress"), ("sort", "due_on")),
    ),
    Task.FINANCING_REQUESTED: Waiting(
        "Financing requests", P.STAFF_FINANCING_DECIDE, "financing-requests", (("status", "requested"),)
    ),
    Task.DELIVERIES_FAILED: Waiting(
        "Mails not delivered", P.STAFF_DELIVERIES_READ, "deliveries", (("state", "failed"),)
    ),
    Task.JOBS_FAILED: Waiting("Jobs failed", P.STAFF_JOBS_READ, "jobs", (("state", "failed"),)),
}
# The same tickets by state and by promise; ``params`` are those of the list.
STATES: Final[Mapping[Task, tuple[str, Params]]] = {
    Task.TICKETS_OPEN: (word(TicketStatus.OPEN), (("status", "open"),)),
    Task.TICKETS_WAITING_FOR_SUPPORT: ("Waiting for support", (("status", "waiting_for_support"),)),
    Task.TICKETS_WAITING_FOR_CUSTOMER: ("Waiting for customers", (("status", "waiting_for_customer"),)),
    Task.TICKETS_DUE_SOON: ("Due within the hour", (("sort", "due_at"),)),
    Task.TICKETS_OVERDUE: ("Overdue", (("overdue", "yes"), ("sort", "due_at"))),
}


def work_waiting(visit: Visit, now: dt.datetime) -> dict[str, Any]:
    """``waiting``: what waits for a person, without what does not; ``ticket_states``: all of them; ``stats``: the mail
    that came in."""
    tasks = [task for task, each in WAITING.items() if visit.allows(each.grant)]
    states = list(STATES) if visit.allows(P.TICKETS_READ) else []
    counted = waiting_tasks(dict.fromkeys([*tasks, *states]), now=now, seen_tickets=seen_tickets(visit))
    shown: dict[str, Any] = {
        "waiting": [
            _line(visit, WAITING[task].label, WAITING[task].slug, WAITING[task].params, counted[task])
            | {"tone": WAITING[task].tone}
            for task in tasks
            if counted[task]
        ]
    }
    if states:
        shown["ticket_states"] = [
            _line(visit, label, "tickets", params, counted[task]) for task, (label, params) in STATES.items()
        ]
    if Task.MAILS_HELD in counted:
        shown["stats"] = mail_stats(visit, counted[Task.MAILS_HELD], now)
    return shown


def business(visit: Visit, wanted: str) -> dict[str, Any]:
    """The months in one currency, for those who read the books; ``wanted`` is that of the address."""
    if not visit.allows(P.STAFF_BOOKS_READ):
        return {}
    last = last_business_figures()
    if last is None or not last[1].currencies:
        return {"business": None}
    counted_at, figures = last
    currency = wanted if wanted in figures.currencies else next(iter(figures.currencies))
    return {
        "business": business_chart(figures.months, figures.currencies[currency], currency, visit.locale),
        "currency": currency,
        "currencies": list(figures.currencies),
        "counted_at": format_datetime(counted_at.astimezone(visit.time_zone), "short", locale=visit.locale),
    }


def failed_payments(visit: Visit, date: Any) -> dict[str, Any]:
    """The newest payments that failed, each with why."""
    if not visit.allows(P.PAYMENTS_READ):
        return {}
    base = f"{visit.base_url}/payments/"
    return {
        "failed_payments": [
            {
                "title": row.account_name,
                "url": f"{base}{address(row.number)}",
                "note": row.failure_reason or row.number,
                "side": f"{format_money(row.amount, row.currency, visit.locale)} · {date(row.received_on)}",
            }
            for row in payments_failed()
        ],
        "failed_payments_url": f"{base}?status=failed",
    }


def own_tickets(visit: Visit) -> Sequence[Any] | None:
    """An agent's own tickets in progress, what is due first; None for those who work on none."""
    if not visit.allows(P.STAFF_TICKETS_WORK) or visit.actor.staff_member_id is None:
        return None
    return tickets_assigned(visit.actor.staff_member_id)


def _line(visit: Visit, label: str, slug: str, params: Params, number: int) -> dict[str, Any]:
    shown = f"{COUNTED_TO}+" if number >= COUNTED_TO else str(number)
    return {"label": label, "number": number, "shown": shown, "url": f"{visit.base_url}/{slug}/?{urlencode(params)}"}
