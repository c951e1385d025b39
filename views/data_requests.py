"""The desk for what people ask about their own data: a 30-day clock, a checklist, and the acts that answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlencode

from wtforms import IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from domain.permissions import P
from domain.refusals import Refusal
from extensions import db
from models import DataRequest, DataRequestKind, DataRequestStatus, Person
from panel import STAFF, Action, Banner, CheckItem, Choice, Column, DateRange, Related, Resource, Visit, reading
from panel.form import Form
from services.data_requests.asking import RequestClosed, is_any_overdue
from services.data_requests.desk import (
    LONGEST_OUTCOME,
    NotRestricted,
    OutcomeMissing,
    RequestNotStarted,
    RequestStarted,
    carry_out_request,
    check_off,
    close_request,
    lift_restriction,
    refuse_request,
    start_request,
    what_stands_in_the_way,
)
from services.data_requests.steps import steps_of
from views.clock import now as time_now
from views.locale import chosen

_OPEN = (("status", DataRequestStatus.OPEN.value), ("status", DataRequestStatus.IN_PROGRESS.value))


class OutcomeForm(Form):
    """What the person is told."""

    outcome = TextAreaField(
        "What the person is told",
        [InputRequired(OutcomeMissing.message), Length(min=3, max=LONGEST_OUTCOME, message=OutcomeMissing.message)],
        description="They read it in a mail and in their settings.",
        render_kw={"rows": 5},
    )


class LineForm(Form):
    """Which line of the checklist."""

    position = IntegerField(
        "Line",
        [Optional()],
        description="The number of the line that you looked at. Empty: all that are left.",
    )


def overdue_filters() -> Sequence[tuple[str, str]]:
    """Filters of the list that leave what should have been answered."""
    yesterday = time_now().date() - dt.timedelta(days=1)
    return (*_OPEN, ("due_on.to", yesterday.isoformat()))


def overdue_banner(visit: Visit) -> list[Banner]:
    """Says above the list that somebody waits for longer than the law lets them."""
    if not is_any_overdue(today=time_now().date()):
        return []
    url = f"{visit.base_url}/data-requests/?{urlencode(overdue_filters())}"
    return [Banner("Requests are overdue: they should have been answered by now.", url, "Show what is overdue")]


def lists_asked_for(_visit: Visit) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    return (("To be answered", _OPEN), ("Overdue", overdue_filters()))


def carry_out_checks(_visit: Visit, request: DataRequest, _now: dt.datetime) -> list[CheckItem]:
    """The checklist of a deletion, and what stands in its way."""
    if request.kind is not DataRequestKind.DELETION:
        return []
    lines = [
        CheckItem(
            f"{step.position}. {step.title}",
            "fine" if step.done_at is not None else "blocks",
            f"{chosen(step.decision) if step.decision else ''}: {step.reason}",
        )
        for step in steps_of(request)
    ]
    person = db.session.get_one(Person, request.person_id)
    return [*lines, *(_in_the_way(each) for each in what_stands_in_the_way(request, person))]


def _in_the_way(refusal: Refusal) -> CheckItem:
    return CheckItem("In the way", "blocks", refusal.message)


def _carried_out(request: DataRequest) -> str:
    if request.kind is DataRequestKind.EXPORT:
        return "The export is being made and closes the request."
    return "It is carried out, and the person is told."


class DataRequestResource(Resource):
    model, slug, title, noun = DataRequest, "data-requests", "Data requests", "Data request"
    description = "What people ask about their own data: a copy, deletion, restriction of use. Due within 30 days."
    group, icon, label = "Administration", "person-lock", "public_id"
    realms = frozenset({STAFF})
    columns = (
        Column("public_id", "Request", link=True),
        Column("kind"),
        Column("status", sort=True),
        Column("due_on", "Due", sort=True),
        Column("person.email", "E-mail"),
        Column("person.first_name", "First name"),
        Column("person.last_name", "Last name"),
        Column("created_at", "Asked", sort=True),
        Column("note", "Their note", list=False),
        Column("outcome", "What they were told", list=False),
        Column("closed_at", "Closed", list=False),
        Column("handled_by.person.email", "Handled by", list=False),
        Column("person.restricted_at", "Use of data restricted", list=False),
        Column("person.erased_at", "Data replaced", list=False),
    )
    filters = (Choice("status"), Choice("kind"), DateRange("due_on", "Due"), DateRange("created_at", "Asked"))
    default_sort = "due_on"
    banners = overdue_banner
    shortcuts = lists_asked_for
    grants = reading(P.STAFF_DATA_REQUESTS_READ)
    actions = (
        Action(
            start_request,
            "Start",
            grant=P.STAFF_DATA_REQUESTS_DECIDE,
            when=DataRequest.can_start,
            why_not=RequestStarted.message,
            done="The request is yours.",
            name="start",
        ),
        Action(
            check_off,
            "Check off a line",
            grant=P.STAFF_DATA_REQUESTS_DECIDE,
            when=DataRequest.is_in_progress,
            why_not=RequestNotStarted.message,
            form=LineForm,
            confirm="You looked at what becomes of this data, and it is right.",
            done="It is checked off.",
            name="check-off",
        ),
        Action(
            carry_out_request,
            "Carry out",
            grant=P.STAFF_DATA_REQUESTS_DECIDE,
            when=DataRequest.is_in_progress,
            why_not=RequestNotStarted.message,
            checks=carry_out_checks,
            confirm="A deletion is final: name, addresses and ways to sign in are gone afterwards. The person is told.",
            done=_carried_out,
            danger=True,
            sensitive=True,
            name="carry-out",
        ),
        Action(
            close_request,
            "Close",
            grant=P.STAFF_DATA_REQUESTS_DECIDE,
            when=DataRequest.is_in_progress,
            why_not=RequestNotStarted.message,
            form=OutcomeForm,
            confirm="For what you answered in another way. The person is told what you write.",
            done="The request is closed, and the person is told.",
            name="close",
        ),
        Action(
            refuse_request,
            "Refuse",
            grant=P.STAFF_DATA_REQUESTS_DECIDE,
            when=DataRequest.is_open,
            why_not=RequestClosed.message,
            form=OutcomeForm,
            confirm="The person is told the reason that you write.",
            done="The request is refused, and the person is told.",
            danger=True,
            sensitive=True,
            name="refuse",
        ),
        Action(
            lift_restriction,
            "Lift the restriction",
            grant=P.STAFF_DATA_REQUESTS_DECIDE,
            when=DataRequest.can_lift,
            why_not=NotRestricted.message,
            confirm="Their data is used as before. The person is told.",
            done="The restriction is lifted.",
            name="lift-restriction",
        ),
    )
    related = (
        Related(
            "steps", columns=("position", "title", "decision", "reason", "done_at"), label="Checklist", order="position"
        ),
    )
