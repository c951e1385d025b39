"""What tickets are promised, as staff set it up: promises for priorities, and the business hours they run in (SPEC F4).

Open tickets keep what they were promised. A change reaches one when its clocks are computed anew: with another priority
or department, or when they go on after a pause (services/ticket_clocks.py).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from domain.actor import Actor
from domain.business_hours import BusinessWeek, HoursNotReadable, due_after, read_week
from domain.contact import TimeZoneUnknown, check_time_zone
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.service_level import BusinessHours, SlaPolicy
from models.staff import Department
from models.ticket_type import TicketPriority
from services.records import create_record, edit_record

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_MINUTES: Final = 60 * 24 * 90
MOST_HOLIDAYS: Final = 400
_PERIOD: Final = re.compile(r"(\d{1,2}:\d{2})\s*(?:-|–|to)\s*(\d{1,2}:\d{2})")
_BETWEEN: Final = re.compile(r"[\s,;]+")


class PlaceUnknown(TimeZoneUnknown):
    fields: Final = {"time_zone": TimeZoneUnknown.message}


class DayNotReadable(Refusal):
    def __init__(self, day: str) -> None:
        super().__init__(
            Sentence(
                "Enter the hours of %(day)s like 09:00-12:00, 13:00-17:00, one after the other without overlap.",
                day=day.capitalize(),
            )
        )
        self.fields = {day: self.message}


class WeekWithoutHours(Refusal):
    message = "Enter hours for at least one day. A promise without business hours runs around the clock."
    fields: Final = {DAYS[0]: message}


class HolidayNotReadable(Refusal):
    def __init__(self, typed: str) -> None:
        super().__init__(
            Sentence("“%(typed)s” is no day. Enter days like 2026-12-25, with commas between.", typed=typed[:40])
        )
        self.fields = {"holidays": self.message}


class TooManyHolidays(Refusal):
    message = Sentence(
        "Enter at most %(most_holidays)s holidays. Leave out those that are over.", most_holidays=MOST_HOLIDAYS
    )
    fields: Final = {"holidays": message}


class FirstReplyNotPositive(Refusal):
    message = Sentence("Enter minutes from 1 to %(most_minutes)s.", most_minutes=MOST_MINUTES)
    fields: Final = {"first_reply_minutes": message}


class SolutionBeforeFirstReply(Refusal):
    message = Sentence(
        "Enter at least as many minutes as for the first reply, and at most %(most_minutes)s.",
        most_minutes=MOST_MINUTES,
    )
    fields: Final = {"solution_minutes": message}


class PromiseExists(Refusal):
    message = "There is a promise for this priority and department already. Change that one."
    fields: Final = {"priority": message}


class PromiseNeverDue(Refusal):
    message = "In these business hours a promise would not come to an end within ten years. Enter more hours."


def create_business_hours(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> BusinessHours:
    """Set up business hours. ``values``: ``name``, ``time_zone``, each of DAYS as its periods are typed, ``holidays``.

    Refused: PlaceUnknown, DayNotReadable, WeekWithoutHours, HolidayNotReadable, TooManyHolidays, RecordExists.
    """
    kept = {
        "name": values["name"],
        "time_zone": _zone(values.get("time_zone") or "UTC"),
        "week": _week([values.get(day) or "" for day in DAYS]),
        "holidays": _holidays(values.get("holidays") or ""),
    }
    return create_record(BusinessHours, kept, actor=actor, now=now)


def edit_business_hours(
    hours: BusinessHours, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime
) -> BusinessHours:
    """Change business hours. Refused: as `create_business_hours`, and PromiseNeverDue."""
    kept = {name: value for name, value in changes.items() if name not in (*DAYS, "holidays")}
    if "time_zone" in kept:
        kept["time_zone"] = _zone(kept["time_zone"] or "UTC")
    kept["week"] = _week([changes.get(day, periods_of(hours, day)) or "" for day in DAYS])
    kept["holidays"] = _holidays(changes.get("holidays", holidays_of(hours)) or "")
    week = read_week(kept["week"], zone=ZoneInfo(kept.get("time_zone", hours.time_zone)), holidays=kept["holidays"])
    for policy in db.session.scalars(select(SlaPolicy).where(SlaPolicy.business_hours_id == hours.id)):
        _check_due(policy.solution_minutes or policy.first_reply_minutes, week, now)
    return edit_record(hours, kept, actor=actor, now=now)


def periods_of(hours: BusinessHours, day: str) -> str:
    """The hours of one of DAYS as they are typed: "09:00-12:00, 13:00-17:00"; empty when it is closed."""
    number = DAYS.index(day)
    periods = hours.week[number] if number < len(hours.week) else []
    return ", ".join(f"{start}-{end}" for start, end in periods)


def holidays_of(hours: BusinessHours) -> str:
    """The holidays as they are typed."""
    return ", ".join(hours.holidays)


def create_promise(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> SlaPolicy:
    """Promise a priority a first reply and a solution; new tickets get it.

    Refused: FirstReplyNotPositive, SolutionBeforeFirstReply, PromiseExists, PromiseNeverDue, RecordExists.
    """
    _check_promise(values, None, now)
    return create_record(SlaPolicy, values, actor=actor, now=now)


def edit_promise(policy: SlaPolicy, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> SlaPolicy:
    """Change a promise. Refused: as `create_promise`."""
    held: dict[str, Any] = {
        "priority": policy.priority,
        "department": db.session.get(Department, policy.department_id) if policy.department_id else None,
        "business_hours": db.session.get(BusinessHours, policy.business_hours_id) if policy.business_hours_id else None,
        "first_reply_minutes": policy.first_reply_minutes,
        "solution_minutes": policy.solution_minutes,
    }
    _check_promise({**held, **changes}, policy.id, now)
    return edit_record(policy, changes, actor=actor, now=now)


def _check_promise(values: Mapping[str, Any], policy_id: int | None, now: dt.datetime) -> None:
    first, solution = values["first_reply_minutes"], values.get("solution_minutes")
    if first is None or not 1 <= first <= MOST_MINUTES:
        raise FirstReplyNotPositive
    if solution is not None and not first <= solution <= MOST_MINUTES:
        raise SolutionBeforeFirstReply
    priority: TicketPriority = values["priority"]
    department: Department | None = values.get("department")
    of_these = SlaPolicy.department_id.is_(None) if department is None else SlaPolicy.department_id == department.id
    other = db.session.scalar(select(SlaPolicy.id).where(SlaPolicy.priority == priority, of_these))
    if other is not None and other != policy_id:
        raise PromiseExists
    hours: BusinessHours | None = values.get("business_hours")
    if hours is not None:
        week = read_week(hours.week, zone=ZoneInfo(hours.time_zone), holidays=hours.holidays)
        _check_due(solution or first, week, now)


def _check_due(minutes: int, week: BusinessWeek, now: dt.datetime) -> None:
    try:
        due_after(now, minutes, week)
    except HoursNotReadable:
        raise PromiseNeverDue from None


def _zone(name: str) -> str:
    try:
        return check_time_zone(name)
    except TimeZoneUnknown:
        raise PlaceUnknown from None


def _week(typed: Sequence[str]) -> list[list[list[str]]]:
    week = [_periods(day, text) for day, text in zip(DAYS, typed, strict=True)]
    if not any(week):
        raise WeekWithoutHours
    return week


def _periods(day: str, typed: str) -> list[list[str]]:
    """The periods of a day as they are kept. Refused: DayNotReadable."""
    parts = [part.strip() for part in re.split(r"[,;]", typed) if part.strip()]
    found = [_PERIOD.fullmatch(part) for part in parts]
    periods = [[match[1].zfill(5), match[2].zfill(5)] for match in found if match is not None]
    try:
        read_week([periods, *([[]] * 6)], zone=dt.UTC)
    except HoursNotReadable:
        raise DayNotReadable(day) from None
    if len(periods) < len(parts) or any(start == "24:00" for start, _end in periods):
        raise DayNotReadable(day)
    return periods


def _holidays(typed: str) -> list[str]:
    days = set()
    for word in _BETWEEN.split(typed):
        try:
            days.update([dt.date.fromisoformat(word).isoformat()] if word else [])
        except ValueError:
            raise HolidayNotReadable(word) from None
    if len(days) > MOST_HOLIDAYS:
        raise TooManyHolidays
    return sorted(days)
