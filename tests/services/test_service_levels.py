"""SLA policies and business hours as staff set them up: what is kept, and what is refused by name."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.refusals import Refusal
from models import BusinessHours, SlaPolicy, TicketPriority
from services.service_levels import (
    MOST_MINUTES,
    DayNotReadable,
    FirstReplyNotPositive,
    HolidayNotReadable,
    PlaceUnknown,
    PromiseExists,
    PromiseNeverDue,
    SolutionBeforeFirstReply,
    TooManyHolidays,
    WeekWithoutHours,
    create_business_hours,
    create_promise,
    edit_business_hours,
    edit_promise,
    holidays_of,
    periods_of,
)
from services.ticket_clocks import start_clocks
from tests.factories.people import DepartmentFactory
from tests.factories.support import BusinessHoursFactory, SlaPolicyFactory, TicketFactory

SAM = Actor("Sam", Source.STAFF)
OFFICE = {
    "name": "Office",
    "time_zone": "Europe/Berlin",
    "monday": "9:00-12:00, 13:00 to 17:00",
    "friday": "09:00–24:00",
}
PROMISE: dict[str, Any] = {
    "name": "Normal tickets",
    "priority": TicketPriority.NORMAL,
    "department": None,
    "business_hours": None,
    "first_reply_minutes": 60,
    "solution_minutes": 120,
}


def office(now: dt.datetime, **values: Any) -> BusinessHours:
    return create_business_hours({**OFFICE, **values}, actor=SAM, now=now)


def promise(now: dt.datetime, **values: Any) -> SlaPolicy:
    return create_promise({**PROMISE, **values}, actor=SAM, now=now)


# Business hours


def test_hours_are_kept_as_the_clocks_read_them(session: Session, now: dt.datetime) -> None:
    hours = office(now, holidays="2026-12-26 2026-12-25,2026-12-25")
    assert hours.week[0] == [["09:00", "12:00"], ["13:00", "17:00"]]
    assert hours.week[4] == [["09:00", "24:00"]]
    assert hours.week[1] == []
    assert hours.holidays == ["2026-12-25", "2026-12-26"]
    assert (periods_of(hours, "monday"), holidays_of(hours)) == (
        "09:00-12:00, 13:00-17:00",
        "2026-12-25, 2026-12-26",
    )


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"time_zone": "Mars/Olympus"}, PlaceUnknown),
        ({"monday": "nine to five"}, DayNotReadable),
        ({"monday": "09:00-12:00, 11:00-13:00"}, DayNotReadable),
        ({"monday": "13:00-17:00, 09:00-12:00"}, DayNotReadable),
        ({"monday": "17:00-09:00"}, DayNotReadable),
        ({"monday": "25:00-26:00"}, DayNotReadable),
        ({"monday": "24:00-24:00"}, DayNotReadable),
        ({"monday": "", "friday": ""}, WeekWithoutHours),
        ({"holidays": "2026-12-25, Christmas"}, HolidayNotReadable),
        ({"holidays": "2026-02-30"}, HolidayNotReadable),
        ({"holidays": ",".join(str(dt.date(2026, 1, 1) + dt.timedelta(n)) for n in range(401))}, TooManyHolidays),
    ],
)
def test_hours_that_cannot_be_are_refused_at_their_field(
    session: Session, now: dt.datetime, typed: dict[str, str], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal) as refused:
        office(now, **typed)
    assert set(refused.value.fields) & {*typed, "monday"}  # type: ignore[attr-defined]


def test_a_day_is_changed_and_the_others_stay(session: Session, now: dt.datetime) -> None:
    hours = office(now)
    edit_business_hours(hours, {"tuesday": "10:00-11:00"}, actor=SAM, now=now)
    assert (hours.week[0], hours.week[1]) == ([["09:00", "12:00"], ["13:00", "17:00"]], [["10:00", "11:00"]])


def test_hours_in_which_a_promise_never_ends_are_refused(session: Session, now: dt.datetime) -> None:
    hours = BusinessHoursFactory()
    SlaPolicyFactory(business_hours=hours, first_reply_minutes=10_000)
    changes = {**dict.fromkeys(("monday", "tuesday", "wednesday", "thursday"), ""), "friday": "09:00-09:01"}
    with pytest.raises(PromiseNeverDue):
        edit_business_hours(hours, changes, actor=SAM, now=now)


# Promises


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"first_reply_minutes": 0}, FirstReplyNotPositive),
        ({"first_reply_minutes": MOST_MINUTES + 1, "solution_minutes": None}, FirstReplyNotPositive),
        ({"solution_minutes": 59}, SolutionBeforeFirstReply),
        ({"solution_minutes": MOST_MINUTES + 1}, SolutionBeforeFirstReply),
    ],
)
def test_a_promise_that_cannot_be_is_refused_at_its_field(
    session: Session, now: dt.datetime, typed: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal) as refused:
        promise(now, **typed)
    assert set(refused.value.fields) <= set(typed)  # type: ignore[attr-defined]


def test_a_priority_is_promised_once_in_a_department_and_once_in_all(session: Session, now: dt.datetime) -> None:
    department = DepartmentFactory()
    promise(now)
    own = promise(now, name="Own", department=department)
    for values in ({}, {"department": department}):
        with pytest.raises(PromiseExists):
            promise(now, name="Another", **values)
    with pytest.raises(PromiseExists):
        edit_promise(own, {"department": None}, actor=SAM, now=now)
    assert edit_promise(own, {"name": "Theirs"}, actor=SAM, now=now).name == "Theirs"


def test_a_promise_that_never_ends_in_its_hours_is_refused(session: Session, now: dt.datetime) -> None:
    hours = BusinessHoursFactory(week=[[["09:00", "09:01"]], [], [], [], [], [], []])
    with pytest.raises(PromiseNeverDue):
        promise(now, business_hours=hours, solution_minutes=10_000)


def test_open_tickets_keep_what_they_were_promised(session: Session, now: dt.datetime) -> None:
    department = DepartmentFactory()
    policy = promise(now, department=department)
    ticket = TicketFactory(department=department)
    start_clocks(ticket, now=now)
    edit_promise(policy, {"first_reply_minutes": 5}, actor=SAM, now=now)
    assert ticket.first_reply_due_at == now + dt.timedelta(minutes=60)
