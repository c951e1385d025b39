"""Using a macro: on one ticket after a preview, on many after a list of what comes of each, and how it went (UX 36)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy import select
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence, counted
from models import Macro, Ticket
from models.base import new_public_id
from panel import RealmPage
from panel.addresses import address
from panel.form import Form
from panel.forms import errors_of, refuse_nul, tell_fields
from panel.resource import words
from services.answers import newest_message, newest_of, reply_title
from services.macro_runs import MOST_TICKETS, TooManyTickets, ask_for_macro, find_run
from services.macros import Change, all_macros, find_macro, macros_for, plan_macro, use_macro
from services.markdown import markdown
from services.messages import LONGEST_BODY, LONGEST_TITLE
from services.ready_answers import answer_text
from services.unit_of_work import unit_of_work
from views.locale import flash, said
from views.see_other import see_other
from views.ticket_forms import SeenField
from views.tickets import seen_tickets

_LONGEST_KEY = 40
_ONCE = re.compile(r"[a-z0-9]{8,32}").fullmatch
_WORDS = {"Status", "Priority"}


class MacroForm(Form):
    """A macro without an answer: nothing is asked."""

    macro = HiddenField()


class MacroAnswerForm(MacroForm):
    """The answer of a macro, as it is sent."""

    seen = SeenField()
    title = StringField("Title", [InputRequired("Enter a title."), Length(max=LONGEST_TITLE)])
    body = TextAreaField(
        "Description",
        [InputRequired("Enter a description."), Length(max=LONGEST_BODY)],
        description="You can change it here, for this ticket. Markdown is understood.",
        render_kw={"rows": 8},
    )


@dataclass(frozen=True, slots=True)
class TicketRow:
    """What a macro would do to one of many tickets; ``refused`` says why nothing."""

    number: str
    subject: str
    url: str
    seen: str
    changes: Sequence[Change]
    refused: str


class MacroPage(RealmPage):
    """``ticket-macros/``: many tickets, chosen in their list; ``ticket-macros/<number>``: one."""

    slug, title = "ticket-macros", "Use a macro"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("many", "ask", "one", "run", "progress"), P.STAFF_TICKETS_WORK)

    @expose("/")
    def many(self) -> ResponseReturnValue:
        """Choose a macro for the tickets named, then see what it would do to each."""
        self._may_write()
        numbers = request.args.getlist("id")
        if not numbers:
            flash("Choose at least one ticket first.", "warning")
            return see_other(f"{self.visit.base_url}/tickets/")
        wanted = request.args.get("macro", "")
        macro = find_macro(wanted[:_LONGEST_KEY]) if wanted else None
        if macro is None:
            return self._choose(self._tickets(numbers), all_macros(), wrong=bool(wanted))
        return self._many(macro, self._tickets(numbers))

    @expose("/", methods=("POST",))
    def ask(self) -> ResponseReturnValue:
        """Use it on all of them, in a job."""
        self._may_write()
        if not FlaskForm().validate():
            abort(400)
        macro = find_macro(request.form.get("macro", "")[:_LONGEST_KEY])
        once = request.form.get("once", "")
        numbers, seen = request.form.getlist("id"), request.form.getlist("seen")
        if macro is None or not numbers or not _ONCE(once) or len(numbers) != len(seen):
            abort(400)
        self._tickets(numbers)
        tickets = [(number, each[:_LONGEST_KEY]) for number, each in dict(zip(numbers, seen, strict=True)).items()]
        with unit_of_work():
            job = ask_for_macro(macro, tickets, once=once, actor=self.visit.actor, now=self.hooks.now())
            url = self._url(f"runs/{job.public_id}")
        return see_other(url)

    @expose("/<number>", methods=("GET", "POST"))
    def one(self, number: str) -> ResponseReturnValue:
        """Choose a macro, see what is sent and changed, and do it."""
        self._may_write()
        (ticket,) = self._tickets([number])
        wanted = request.values.get("macro", "")
        macro = find_macro(wanted[:_LONGEST_KEY]) if wanted else None
        if macro is None:
            return self._choose([ticket], macros_for(ticket), wrong=bool(wanted))
        form = self._form(macro, ticket)
        if request.method == "GET":
            return self._one(macro, ticket, form)
        valid = bool(form.validate())
        if refuse_nul(form) or not valid:
            return self._one(macro, ticket, form, errors_of(form) or [("", "This page was open too long.")], 422)
        typed = {field.short_name: field.data for field in form if field.short_name in ("title", "body", "seen")}
        try:
            with unit_of_work():
                use_macro(ticket, macro, **typed, actor=self.visit.actor, now=self.hooks.now())
                done, url = Sentence("“%(macro)s” is done.", macro=macro.title), self._ticket_url(ticket)
        except Refusal as refused:
            (ticket,), macro = self._tickets([number]), find_macro(wanted[:_LONGEST_KEY]) or abort(404)
            at_fields = tell_fields(form, getattr(refused, "fields", {})) and errors_of(form)
            return self._one(macro, ticket, form, at_fields or [("", refused.message)], 409)
        flash(done, "success")
        return see_other(url)

    @expose("/runs/<public_id>")
    def run(self, public_id: str) -> ResponseReturnValue:
        """How it went, or goes, ticket by ticket."""
        return self._run(public_id, "pages/macro/run.html")

    @expose("/progress/<public_id>")
    def progress(self, public_id: str) -> ResponseReturnValue:
        """The same without the page around it, for the script that keeps it fresh."""
        return self._run(public_id, "pages/macro/_run.html")

    def _run(self, public_id: str, template: str) -> ResponseReturnValue:
        found = find_run(public_id[:_LONGEST_KEY], person_id=self.visit.actor.person_id)
        if found is None:
            abort(404)
        return self._page(
            template,
            title=_on_tickets(found.macro or said("A deleted macro"), found.total),
            run=found,
            results=[
                (each.outcome, each.number, self._ticket_address(each.number), each.message) for each in found.results
            ],
            list_url=f"{self.visit.base_url}/tickets/",
            url=self._url(f"runs/{address(public_id)}"),
            progress_url=self._url(f"progress/{address(public_id)}"),
        )

    def _choose(self, tickets: Sequence[Ticket], macros: Sequence[Macro], *, wrong: bool) -> ResponseReturnValue:
        one = tickets[0] if len(tickets) == 1 else None
        page = self._page(
            "pages/macro/choose.html",
            title=counted("Use a macro on %(count)s ticket", "Use a macro on %(count)s tickets", len(tickets)),
            tickets=[(each.number, each.subject, self._ticket_url(each)) for each in tickets],
            macros=[(each.public_id, each.title) for each in macros],
            numbers=[each.number for each in tickets],
            url=self._url(),
            back=(one.number, self._ticket_url(one)) if one else (said("Tickets"), f"{self.visit.base_url}/tickets/"),
            new_url=f"{self.visit.base_url}/macros/new",
            error="Choose a macro of the list." if wrong else "",
        )
        return page, 404 if wrong else 200

    def _many(self, macro: Macro, tickets: Sequence[Ticket]) -> ResponseReturnValue:
        newest = newest_of(tickets)
        rows = [self._row(macro, each, newest.get(each.id, "")) for each in tickets]
        first = next((each for each, row in zip(tickets, rows, strict=True) if not row.refused), None)
        return self._page(
            "pages/macro/many.html",
            title=_on_tickets(macro.title, len(tickets)),
            macro=macro,
            rows=rows,
            able=sum(not row.refused for row in rows),
            example=(first.number, self._preview(macro, first)) if first is not None and macro.ready_answer else None,
            form=FlaskForm(),
            once=new_public_id(),
            url=self._url(),
            choose_url=self._url(f"?{urlencode([('id', each.number) for each in tickets])}"),
            list_url=f"{self.visit.base_url}/tickets/",
        )

    def _row(self, macro: Macro, ticket: Ticket, seen: str) -> TicketRow:
        plan = plan_macro(macro, ticket, actor=self.visit.actor)
        refused = plan.refused.message if plan.refused is not None else ""
        return TicketRow(
            ticket.number, ticket.subject, self._ticket_url(ticket), seen, _in_words(plan.changes), refused
        )

    def _form(self, macro: Macro, ticket: Ticket) -> FlaskForm:
        if macro.ready_answer is None:
            return MacroForm(data={"macro": macro.public_id})
        newest = newest_message(ticket)
        return MacroAnswerForm(
            data={
                "macro": macro.public_id,
                "seen": newest.public_id if newest is not None else "",
                "title": reply_title(ticket.subject),
                "body": answer_text(macro.ready_answer, ticket, actor=self.visit.actor),
            }
        )

    def _one(
        self, macro: Macro, ticket: Ticket, form: FlaskForm, errors: Sequence[tuple[str, str]] = (), status: int = 200
    ) -> ResponseReturnValue:
        plan = plan_macro(macro, ticket, actor=self.visit.actor)
        page = self._page(
            "pages/macro/one.html",
            title=Sentence("%(macro)s: ticket %(number)s", macro=macro.title, number=ticket.number),
            number=ticket.number,
            subject=ticket.subject,
            form=form,
            preview=markdown(form.body.data or "") if "body" in form else None,
            changes=_in_words(plan.changes),
            refused=plan.refused.message if plan.refused is not None else "",
            errors=errors,
            url=self._url(address(ticket.number)),
            ticket_url=self._ticket_url(ticket),
        )
        return page, status

    def _preview(self, macro: Macro, ticket: Ticket) -> Markup:
        answer = macro.ready_answer
        return markdown(answer_text(answer, ticket, actor=self.visit.actor)) if answer is not None else Markup("")

    def _may_write(self) -> None:
        if not self.visit.allows(P.TICKETS_WRITE):
            abort(403)

    def _tickets(self, numbers: Sequence[str]) -> Sequence[Ticket]:
        """These tickets, each once, by row number; 404 where this visitor does not see one of them."""
        wanted = set(numbers)
        if len(wanted) > MOST_TICKETS:
            abort(400, TooManyTickets.message)
        if any("\0" in number or len(number) > _LONGEST_KEY for number in wanted):
            abort(404)
        found, narrowed = select(Ticket).where(Ticket.number.in_(wanted)), seen_tickets(self.visit)
        if narrowed is not None:
            found = found.where(narrowed)
        tickets = self.session.scalars(found.order_by(Ticket.id)).all()
        if len(tickets) != len(wanted):
            abort(404)
        return tickets

    def _ticket_url(self, ticket: Ticket) -> str:
        return self._ticket_address(ticket.number)

    def _ticket_address(self, number: str) -> str:
        return f"{self.visit.base_url}/tickets/{address(number)}"

    def _url(self, part: str = "") -> str:
        return f"{self.visit.base_url}/{self.slug}/{part}"

    def _page(self, template: str, **shown: Any) -> str:
        return render_template(template, layout=self.realm.layout, visit=self.visit, **shown)


def _in_words(changes: Sequence[Change]) -> list[Change]:
    """The changes with the words of a choice instead of its value."""
    return [
        Change(each.what, words(each.before), words(each.after)) if each.what in _WORDS else each for each in changes
    ]


def _on_tickets(macro: str, number: int) -> str:
    return counted("%(macro)s on %(count)s ticket", "%(macro)s on %(count)s tickets", number, macro=macro)
