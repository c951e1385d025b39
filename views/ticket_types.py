"""What tickets are made of, as staff set it up: types with their questions, projects, ready answers."""

from __future__ import annotations

from domain.permissions import P
from domain.ready_answers import VARIABLES
from domain.sentences import Sentence, joined, listed
from models import Project, ReadyAnswer, TicketField, TicketType
from panel import STAFF, Choice, Column, Lookup, Related, Resource, Text, YesNo, reading
from services.ready_answers import create_ready_answer, edit_ready_answer
from services.ticket_questions import add_question, edit_question, remove_question

QUESTION = ("label", "help", "kind", "choices", "required", "max_length", "position")
_EDITED_BY_WHO_EDITS_TYPES = {
    **reading(P.STAFF_TICKET_TYPES_READ),
    "create": P.STAFF_TICKET_TYPES_EDIT,
    "edit": P.STAFF_TICKET_TYPES_EDIT,
}


class TicketTypeResource(Resource):
    model, slug, title = TicketType, "ticket-types", "Ticket types"
    group, icon, label, status = "Support", "tags", "name", ""
    realms = frozenset({STAFF})
    columns = (
        Column("name", sort=True, link=True),
        Column("key"),
        Column("priority"),
        Column("department.name", "Department"),
        Column("escalates"),
        Column("internal"),
        Column("retired"),
        Column("position", sort=True),
        Column("description", list=False),
    )
    filters = (Choice("priority"), YesNo("retired"))
    search = ("name",)
    default_sort = "position"
    form = {
        "create": ("key", "name", "description", "priority", "department", "escalates", "internal", "position"),
        "edit": ("name", "description", "priority", "department", "escalates", "internal", "position", "retired"),
    }
    help = {
        "escalates": "It asks for the number of another ticket and a reason, and goes to this type's department.",
        "internal": "Only staff open tickets of this type.",
    }
    grants = _EDITED_BY_WHO_EDITS_TYPES
    related = (Related("fields", columns=("label", "kind", "required"), label="Questions", order="position"),)


class TicketFieldResource(Resource):
    model, slug, title, noun = TicketField, "ticket-fields", "Questions of ticket types", "Question"
    description = "What a ticket type asks before a ticket is opened. Answers given already stay as they are."
    group, icon, label, status = "Support", "question-circle", "label", ""
    realms = frozenset({STAFF})
    columns = (
        Column("label", link=True),
        Column("ticket_type.name", "Ticket type"),
        Column("key"),
        Column("kind"),
        Column("required"),
        Column("position"),
        Column("max_length", "Longest answer", list=False),
        Column("choices", list=False),
        Column("help", list=False),
    )
    filters = (Lookup("ticket_type", "Ticket type"), Choice("kind"))
    form = {"create": ("ticket_type", "key", *QUESTION), "edit": QUESTION}
    help = {
        "key": "A short name in small letters, like call_back. It cannot be changed later.",
        "choices": "For a choice: separated by commas.",
        "position": "Questions are asked in this order, the lowest number first.",
    }
    labels = {"max_length": "Longest answer", "help": "Help"}
    saves = {"create": add_question, "edit": edit_question, "delete": remove_question}
    grants = {**_EDITED_BY_WHO_EDITS_TYPES, "delete": P.STAFF_TICKET_TYPES_EDIT}


class ProjectResource(Resource):
    model, slug, title = Project, "projects", "Projects"
    description = "What tickets are about. A retired one is not offered any more."
    group, icon, label, status = "Support", "folder", "name", ""
    realms = frozenset({STAFF})
    columns = (Column("name", link=True, sort=True), Column("description"), Column("retired"))
    filters = (YesNo("retired"),)
    search = ("name",)
    default_sort = "name"
    form = {"create": ("name", "description"), "edit": ("name", "description", "retired")}
    grants = _EDITED_BY_WHO_EDITS_TYPES


def _becomes(name: str, words: str) -> Sentence:
    return Sentence("%(name)s becomes %(words)s", name=f"{{{name}}}", words=words)


class ReadyAnswerResource(Resource):
    model, slug, title = ReadyAnswer, "ready-answers", "Ready answers"
    description = joined(
        [
            Sentence("Texts that agents put into their answers."),
            Sentence("In them %(variables)s.", variables=listed([_becomes(*each) for each in VARIABLES.items()])),
        ]
    )
    group, icon, label, status = "Support", "chat-left-text", "title", ""
    realms = frozenset({STAFF})
    columns = (
        Column("title", link=True, sort=True),
        Column("department.name", "Department"),
        Column("language"),
        Column("body", "Text", list=False),
    )
    filters = (Lookup("department"), Text("language", exact=True))
    search = ("title",)
    default_sort = "title"
    form = {"create": ("title", "body", "department", "language"), "edit": ("title", "body", "department", "language")}
    labels = {"body": "Text"}
    saves = {"create": create_ready_answer, "edit": edit_ready_answer}
    help = {"department": "Offered to agents of this department only; empty: to everybody."}
    grants = {
        **reading(P.STAFF_TICKETS_WORK),
        "create": P.STAFF_TICKETS_WORK,
        "edit": P.STAFF_TICKETS_WORK,
        "delete": P.STAFF_TICKETS_WORK,
    }
