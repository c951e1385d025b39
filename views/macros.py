"""Macros as staff set them up: a ready answer with what is changed along with it."""

from __future__ import annotations

from domain.permissions import P
from models import Macro
from panel import STAFF, Choice, Column, Lookup, Resource, Section, YesNo, reading
from services.macros import create_macro, edit_macro

_CHANGES = ("status", "priority", "department", "takes", "assignee")


class MacroResource(Resource):
    model, slug, title = Macro, "macros", "Macros"
    description = (
        "A ready answer and what is changed along with it, or either of them: used on a ticket from its page, or on"
        " many from their list. What is empty stays as it is."
    )
    group, icon, label, status = "Support", "lightning", "title", ""
    realms = frozenset({STAFF})
    columns = (
        Column("title", link=True, sort=True),
        Column("ready_answer.title", "Ready answer"),
        Column("status"),
        Column("priority"),
        Column("department.name", "Department"),
        Column("takes", "Takes the ticket"),
        Column("assignee.person.email", "Assigned to"),
    )
    filters = (Lookup("ready_answer", "Ready answer"), Choice("status"), Lookup("department"), YesNo("takes", "Takes"))
    search = ("title",)
    default_sort = "title"
    form = {"create": ("title", "ready_answer", *_CHANGES), "edit": ("title", "ready_answer", *_CHANGES)}
    sections = (Section("What it changes", _CHANGES, "Each by the rules of the act itself: who solves takes first."),)
    labels = {"ready_answer": "Ready answer", "takes": "Take the ticket", "assignee": "Assign to"}
    help = {
        "ready_answer": "Sent as an answer. Empty: nothing is sent.",
        "status": "Empty: an answer lets the ticket wait for the customer.",
        "department": "Where the ticket goes.",
        "takes": "Whoever uses it answers for the ticket from then on.",
        "assignee": "A colleague who answers for it from then on.",
    }
    saves = {"create": create_macro, "edit": edit_macro}
    load = ("ready_answer", "department", "assignee")
    grants = {
        **reading(P.STAFF_TICKETS_WORK),
        "create": P.STAFF_TICKETS_WORK,
        "edit": P.STAFF_TICKETS_WORK,
        "delete": P.STAFF_TICKETS_WORK,
    }
