"""Who else of the staff has a ticket open, and whether a new answer arrived: asked by the page while it is open."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_wtf import FlaskForm
from sqlalchemy import select

from domain.permissions import P
from domain.sentences import Sentence, counted, listed
from models import Ticket
from panel import RealmPage
from services.answers import newest_message
from services.ticket_desk import Present, note_presence, who_else
from services.ticket_mails import writer_of
from services.unit_of_work import unit_of_work
from views.locale import said
from views.see_other import see_other
from views.tickets import seen_tickets

_LONGEST = 40


class TicketPresencePage(RealmPage):
    """Each open page says once in a while that it is there, and is told who else is."""

    slug, title = "ticket-presence", "Who has a ticket open"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "here"), P.STAFF_TICKETS_WORK)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """A ticket is chosen in the list."""
        return see_other(f"{self.visit.base_url}/tickets/")

    @expose("/<number>", methods=("POST",))
    def here(self, number: str) -> ResponseReturnValue:
        """Posted ``writing`` and ``seen`` (the newest message on the page): words for the page, empty without news."""
        if not FlaskForm().validate():
            abort(400)
        staff_member_id = self.visit.actor.staff_member_id
        narrowed = seen_tickets(self.visit)
        found = select(Ticket).where(Ticket.number == number[:_LONGEST])
        ticket = (
            self.session.scalar(found if narrowed is None else found.where(narrowed)) if "\0" not in number else None
        )
        if ticket is None or staff_member_id is None:
            abort(404)
        now = self.hooks.now()
        with unit_of_work():
            note_presence(ticket, staff_member_id, writing=request.form.get("writing") == "yes", now=now)
            present = who_else(ticket, staff_member_id, now=now)
            newest = newest_message(ticket)
            news: dict[str, Any] = {"colleagues": words_of(present), "newer": ""}
            if newest is not None and newest.public_id != request.form.get("seen", ""):
                news["newer"] = said(Sentence("A new message of %(name)s arrived.", name=writer_of(newest)))
        return jsonify(news)


def words_of(present: list[Present]) -> str:
    """Who else is here, in a sentence."""
    writing = [each.name for each in present if each.writing]
    names = writing or [each.name for each in present]
    if not names:
        return ""
    who, number = listed(names), len(names)
    if writing:
        return said(counted("%(names)s is writing an answer.", "%(names)s are writing an answer.", number, names=who))
    return said(counted("%(names)s has this ticket open.", "%(names)s have this ticket open.", number, names=who))
