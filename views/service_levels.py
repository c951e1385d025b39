"""What tickets are promised: SLA promises by priority and department, and the business hours they run in."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from markupsafe import escape
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from domain.permissions import P
from domain.sentences import Sentence
from models import BusinessHours, SlaPolicy
from panel import STAFF, Choice, Column, Lookup, Resource, Visit, reading
from panel.form import Form
from panel.pages import DetailsField, Facts
from services.service_levels import (
    DAYS,
    create_business_hours,
    create_promise,
    edit_business_hours,
    edit_promise,
    holidays_of,
    periods_of,
)
from views.locale import said

_KEPT = (
    "Open tickets keep what they were promised. A change reaches one when its clocks are computed anew: with another \
priority or department, or when they go on after the customer was asked."
)
_GRANTS = {
    **reading(P.STAFF_TICKET_TYPES_READ),
    "create": P.STAFF_TICKET_TYPES_EDIT,
    "edit": P.STAFF_TICKET_TYPES_EDIT,
}


def _day(day: str) -> StringField:
    return StringField(
        day.capitalize(),
        [Length(max=200, message="Enter at most 200 characters.")],
        description="Like 09:00-12:00, 13:00-17:00. Empty: closed." if day == DAYS[0] else "",
    )


def _holidays() -> Any:
    return TextAreaField(
        "Holidays",
        [Length(max=8_000, message="Enter at most 8,000 characters.")],
        description="Days like 2026-12-25, with commas between. No clock runs on them.",
        render_kw={"rows": 3},
    )


WeekForm = type("WeekForm", (Form,), {**{day: _day(day) for day in DAYS}, "holidays": _holidays()})


def the_week(_visit: Visit, hours: BusinessHours, _now: dt.datetime) -> list[Facts]:
    """The hours of each day."""
    days = [(day, periods_of(hours, day).replace("-", "–") or said("Closed")) for day in DAYS]
    return [Facts("Week", [DetailsField(day, day.capitalize(), "text", escape(words)) for day, words in days])]


class BusinessHoursResource(Resource):
    model, slug, title, noun = BusinessHours, "business-hours", "Business hours", "Business hours"
    description = Sentence("When the clocks of promises run. %(kept)s", kept=Sentence(_KEPT))
    group, icon, label, status = "Support", "calendar-range", "name", ""
    realms = frozenset({STAFF})
    columns = (
        Column("name", sort=True, link=True),
        Column("time_zone", "Time zone"),
        Column("holidays", list=False),
    )
    default_sort = "name"
    form = {"create": ("name", "time_zone"), "edit": ("name", "time_zone")}
    form_extras = {"create": WeekForm, "edit": WeekForm}
    extra_values = {**{day: partial(periods_of, day=day) for day in DAYS}, "holidays": holidays_of}
    help = {"time_zone": "Like Europe/Berlin. The hours are those of this place, in summer and in winter."}
    required = frozenset({"time_zone"})
    saves = {"create": create_business_hours, "edit": edit_business_hours}
    facts = the_week
    grants = _GRANTS


class SlaPolicyResource(Resource):
    model, slug, title, noun = SlaPolicy, "sla-policies", "SLA policies", "SLA policy"
    description = Sentence(
        "What tickets of a priority are promised: a first reply, and a solution. %(kept)s", kept=Sentence(_KEPT)
    )
    group, icon, label, status = "Support", "hourglass-split", "name", ""
    realms = frozenset({STAFF})
    columns = (
        Column("name", sort=True, link=True),
        Column("priority"),
        Column("department.name", "Department"),
        Column("business_hours.name", "Business hours"),
        Column("first_reply_minutes", "First reply (minutes)"),
        Column("solution_minutes", "Solution (minutes)"),
    )
    filters = (Choice("priority"), Lookup("department"), Lookup("business_hours", "Business hours"))
    default_sort = "name"
    form = {
        "create": ("name", "priority", "department", "business_hours", "first_reply_minutes", "solution_minutes"),
        "edit": ("name", "priority", "department", "business_hours", "first_reply_minutes", "solution_minutes"),
    }
    labels = {"business_hours": "Business hours"}
    help = {
        "department": "Empty: every department that has no promise of its own for this priority.",
        "business_hours": "Empty: around the clock.",
        "first_reply_minutes": "In minutes of business hours.",
        "solution_minutes": "In minutes of business hours, not before the first reply. Empty: no promise.",
    }
    saves = {"create": create_promise, "edit": edit_promise}
    grants = _GRANTS
