"""Mail that came in, for staff: what became of each, and what waits for them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import ColumnElement
from wtforms import StringField
from wtforms.validators import Length

from domain.actor import Actor
from domain.permissions import P
from domain.sentences import Sentence, counted
from models import InboundMail, InboundOutcome
from panel import STAFF, Action, Choice, Column, DateRange, Resource, Text, Visit, reading
from panel.form import Form
from panel.pages import DetailsField, Facts
from services.held_mails import MailDecided, content_of, let_in, mails_of_departments, proposal_for, reject_mail
from services.mail_counts import mail_counts
from views.locale import said, shown_number

SHOWN_DAYS = 7
_LONGEST_SHOWN = 5_000


class LetInForm(Form):
    """Where a mail belongs: to a ticket that there is, or to an account."""

    ticket = StringField("Ticket number", [Length(max=40)], description="To let it in as an answer in this ticket.")
    account = StringField("Client ID", [Length(max=120)], description="Or: to open a ticket of this account.")


def seen_mails(visit: Visit) -> ColumnElement[bool] | None:
    """An agent sees what is in no ticket, and what is in the tickets of their departments; others see all."""
    if visit.allows(P.STAFF_TICKETS_READ):
        return None
    return mails_of_departments(visit.actor.staff_member_id or 0, visit.actor.person_id)


def what_it_says(visit: Visit, mail: InboundMail, now: dt.datetime) -> list[Facts]:
    """The text of a mail and what hangs on it, as plain words: nothing of it is opened or fetched."""
    content = content_of(mail)
    if content is None:
        return [Facts("What it says", [_fact("text", "Text", "Its content is not there any more.")])]
    text = content.unread or content.text[:_LONGEST_SHOWN] or "It has no text."
    files = ", ".join(said(_file_words(file.name, len(file.content))) for file in content.attachments) or "None."
    return [Facts("What it says", [_fact("text", "Text", text), _fact("files", "Attachments", files)])]


def mail_stats(visit: Visit, waiting: int, now: dt.datetime) -> list[dict[str, Any]]:
    """For the first page: what came in, as a sum that adds up, and how many wait for a person of the staff."""
    counts = mail_counts(since=now.astimezone(dt.UTC).date() - dt.timedelta(days=SHOWN_DAYS - 1))
    note = Sentence(
        "= %(replies)s replies + %(new_tickets)s new tickets + %(held)s held + %(rejected)s rejected",
        replies=counts.replies,
        new_tickets=counts.new_tickets,
        held=counts.held,
        rejected=counts.rejected,
    )
    url = f"{visit.base_url}/inbound-mails/"
    received = {
        "label": Sentence("Mails in %(days)s days", days=SHOWN_DAYS),
        "value": shown_number(counts.received),
        "note": note,
        "url": url,
    }
    held = {"label": "Mails held", "value": shown_number(waiting), "url": f"{url}?outcome=held"}
    return [received, {**held, "note": "They wait for you to let them in.", "tone": "warning"} if waiting else held]


def _file_words(name: str, size: int) -> Sentence:
    return counted("%(name)s (%(count)s byte)", "%(name)s (%(count)s bytes)", size, name=name)


def _fact(name: str, label: str, value: str) -> DetailsField:
    return DetailsField(name, label, "text", Markup('<span class="long-text">{}</span>').format(escape(said(value))))


def _proposed(mail: InboundMail) -> dict[str, str]:
    proposed = proposal_for(mail)
    return {"ticket": proposed.ticket, "account": proposed.account}


def _let_in(
    mail: InboundMail, *, actor: Actor, now: dt.datetime, ticket: str | None, account: str | None
) -> InboundMail:
    return let_in(mail, ticket=ticket or "", account=account or "", actor=actor, now=now)


def _said(mail: InboundMail) -> str:
    return "It is an answer in the ticket." if mail.outcome is InboundOutcome.REPLY else "A ticket is open for it."


class InboundMailResource(Resource):
    model, slug, title, noun = InboundMail, "inbound-mails", "Mail in", "Mail"
    description = "Every mail that came in, and how it ended. What is held waits for you: let it in, or reject it."
    group, icon, label, status = "Support", "inbox", "subject", "outcome"
    realms = frozenset({STAFF})
    columns = (
        Column("received_at", "Received", sort=True),
        Column("subject", link=True),
        Column("sender", "From", sort=True),
        Column("recipient", "To"),
        Column("outcome"),
        Column("reason", "Why"),
        Column("size", "Bytes", list=False),
        Column("person.email", "Known as", list=False),
        Column("message.title", "Message", list=False),
        Column("email_message_id", "Message-ID", list=False),
        Column("decided_by.person.email", "Decided by", list=False),
        Column("decided_at", "Decided", list=False),
    )
    filters = (Choice("outcome"), Text("reason", "Why"), DateRange("received_at", "Received"))
    search = ("sender", "subject")
    default_sort = "-received_at"
    narrow = seen_mails
    facts = what_it_says
    grants = reading(P.STAFF_INBOUND_MAILS_READ)
    actions = (
        Action(
            _let_in,
            "Let in",
            grant=P.STAFF_INBOUND_MAILS_DECIDE,
            when=InboundMail.can_decide,
            why_not=MailDecided.message,
            form=LetInForm,
            fill=_proposed,
            confirm="It becomes a message, and its sender takes part in the ticket: they are told of all that follows.",
            done=_said,
            name="let-in",
        ),
        Action(
            reject_mail,
            "Reject",
            grant=P.STAFF_INBOUND_MAILS_DECIDE,
            when=InboundMail.can_decide,
            why_not=MailDecided.message,
            confirm="Nothing becomes of it. It is kept as it came, and its sender is told nothing.",
            done="The mail is rejected.",
            danger=True,
            bulk=True,
            name="reject",
        ),
    )
