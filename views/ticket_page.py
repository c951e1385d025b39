"""What the page of a ticket shows: its discussions, the forms to write, and beside them who, how soon and for whom.

One page for both realms. In the portal internal notes are not even read from the database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from flask import request
from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy import select

from domain.permissions import P
from domain.ready_answers import fill_in
from domain.sentences import Sentence
from extensions import db
from models import (
    Discussion,
    File,
    License,
    Message,
    MessageAttachment,
    MessageCc,
    MessageSource,
    Person,
    ReadyAnswer,
    Ticket,
    TicketParticipant,
    TicketType,
)
from panel import Visit
from panel.addresses import address
from panel.kinds import deadline_badge
from panel.pages import DetailsField
from services.macros import macros_for
from services.mail_texts import mail_texts
from services.markdown import markdown
from services.ready_answers import names_in, ready_answers_for
from services.ticket_answers import questions_of
from services.ticket_desk import Present, who_else
from views.avatars import avatar_url
from views.locale import said
from views.moments import moment_text
from views.sending_files import size_text
from views.ticket_forms import DiscussForm, MessageForm, NoteForm, RatingForm, answer_to

SAID_ELSEWHERE = frozenset({"number", "subject", "due_at", "rating"})
"""Columns of a ticket that stand in another place of its page."""

_SHOWN: Final = (
    Message.id,
    Message.discussion_id,
    Message.public_id,
    Message.author_id,
    Message.author_email,
    Message.from_staff,
    Message.internal,
    Message.title,
    Message.body,
    Message.quoted,
    Message.source,
    Message.created_at,
)

_BY_PAGES: Final = (MessageSource.PORTAL, MessageSource.STAFF)

_Form = TypeVar("_Form", bound=FlaskForm)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote, with the picture or the initials beside the name."""

    name: str
    initials: str
    avatar_url: str = ""
    from_staff: bool = False


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A file that hangs on a message; a picture is shown small."""

    name: str
    url: str
    size: str
    is_image: bool


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message, ready to show. ``anchor`` is its place on the page."""

    anchor: str
    title: str
    body: Markup
    quoted: Markup | None
    writer: Writer
    at: str
    at_iso: str
    internal: bool
    way: str  # how it came, where that is not by the pages: "by mail"
    copies: Sequence[str]
    attachments: Sequence[AttachmentView] = ()
    mine: bool = False


@dataclass(frozen=True, slots=True)
class DiscussionView:
    """A thread. ``from_ticket`` is the number of the merged ticket it stands in."""

    key: str
    title: str
    messages: Sequence[MessageView]
    from_ticket: str = ""


@dataclass(frozen=True, slots=True)
class ReadyView:
    """A ready answer with its preview, and the address that puts it into the form."""

    title: str
    text: str
    preview: Markup
    url: str


@dataclass(frozen=True, slots=True)
class TicketBody:
    """All of it. Forms that are None may not be used now, or not by this visitor."""

    discussions: Sequence[DiscussionView]
    url: str
    facts: Sequence[DetailsField]
    answers: Sequence[tuple[str, str]]
    people: Sequence[str]
    answer: MessageForm | None = None
    discuss: DiscussForm | None = None
    note: NoteForm | None = None
    rate: RatingForm | None = None
    rated: str = ""
    rating_comment: str = ""
    ready: Sequence[ReadyView] = ()
    macros: Sequence[tuple[str, str]] = ()  # (title, address of its preview)
    links: Sequence[tuple[str, str, str]] = field(default_factory=tuple)  # (words before, number, address)
    merged_into: tuple[str, str] | None = None
    present: Sequence[Present] = ()
    presence_url: str = ""
    own_messages: int = 0  # how many the reader wrote: one more, and a draft was sent
    said: frozenset[str] = SAID_ELSEWHERE


def ticket_body(visit: Visit, ticket: Ticket, now: dt.datetime) -> TicketBody:
    """The page of a ticket that the visit may see."""
    url = f"{visit.base_url}/tickets/{address(ticket.number)}"
    writes = ticket.takes_messages and visit.allows(P.TICKETS_WRITE)
    works = visit.owner_id is None and visit.allows(P.STAFF_TICKETS_WORK)
    staff_member_id = visit.actor.staff_member_id if works else None
    rates = ticket.can_rate and visit.owner_id is not None and visit.allows(P.TICKETS_WRITE)
    ready = _ready(visit, ticket, url) if works and writes else []
    discussions = _discussions(visit, ticket)
    return TicketBody(
        discussions=discussions,
        url=url,
        facts=_facts(visit, ticket, now),
        answers=_answers(ticket),
        people=_people(ticket),
        answer=_answer_form(ticket, ready) if writes else None,
        discuss=_named(DiscussForm(), "discuss") if writes else None,
        note=_named(NoteForm(), "note") if works and ticket.takes_messages else None,
        rate=_named(RatingForm(), "rate") if rates else None,
        rated=Sentence("%(rating)s of 5", rating=ticket.rating) if ticket.rating is not None else "",
        rating_comment=ticket.rating_comment or "",
        ready=ready,
        macros=_macros(visit, ticket) if works and writes else (),
        links=_links(visit, ticket),
        merged_into=_linked(visit, ticket.merged_into_id),
        present=who_else(ticket, staff_member_id, now=now) if staff_member_id is not None else (),
        presence_url=f"{visit.base_url}/ticket-presence/{address(ticket.number)}" if staff_member_id else "",
        own_messages=sum(message.mine for each in discussions for message in each.messages),
    )


def _discussions(visit: Visit, ticket: Ticket) -> list[DiscussionView]:
    """Those of the ticket, and those of tickets that were merged into it; without any message only staff see one."""
    merged = select(Ticket.id, Ticket.number).where(
        Ticket.merged_into_id == ticket.id, Ticket.account_id == ticket.account_id
    )
    numbers: dict[int, str] = {row.id: row.number for row in db.session.execute(merged)}
    within = select(Discussion).where(Discussion.ticket_id.in_([ticket.id, *numbers])).order_by(Discussion.id)
    discussions = db.session.scalars(within.where(Discussion.account_id == ticket.account_id)).all()
    messages = _messages(visit, [each.id for each in discussions])
    shown = [
        DiscussionView(each.public_id, each.title, messages.get(each.id, ()), numbers.get(each.ticket_id, ""))
        for each in discussions
        if visit.owner_id is None or each.id in messages
    ]
    return sorted(shown, key=lambda each: bool(each.from_ticket))


def _messages(visit: Visit, discussion_ids: Sequence[int]) -> dict[int, list[MessageView]]:
    """What was written, by discussion: in the portal without the notes among staff.

    Columns instead of rows with all that hangs on them: of 500 messages that takes a third of the time.
    """
    within = [Message.discussion_id.in_(discussion_ids)]
    if visit.owner_id is not None:
        within.append(Message.internal.is_(False))
    written = db.session.execute(select(*_SHOWN).where(*within).order_by(Message.id)).all()
    writers = _Writers({row.author_id for row in written if row.author_id is not None})
    copies: dict[int, list[str]] = {}
    copied = select(MessageCc.message_id, MessageCc.email).join(Message, Message.id == MessageCc.message_id)
    for message_id, email in db.session.execute(copied.where(*within).order_by(MessageCc.id)):
        copies.setdefault(message_id, []).append(email)
    files: dict[int, list[AttachmentView]] = {}
    attached = select(MessageAttachment, File).join(File, File.id == MessageAttachment.file_id)
    attached = attached.join(Message, Message.id == MessageAttachment.message_id).order_by(MessageAttachment.id)
    for each, file in db.session.execute(attached.where(*within)):
        files.setdefault(each.message_id, []).append(_attachment(visit, each, file))
    views: dict[int, list[MessageView]] = {}
    for row in written:
        view = MessageView(
            anchor=f"message-{row.public_id}",
            title=row.title,
            body=markdown(row.body),
            quoted=markdown(row.quoted) if row.quoted else None,
            writer=writers.of(row.author_id, row.author_email, from_staff=row.from_staff),
            at=moment_text(visit, row.created_at),
            at_iso=row.created_at.isoformat(timespec="seconds"),
            internal=row.internal,
            way="" if row.source in _BY_PAGES else said(Sentence("by %(source)s", source=row.source)),
            copies=copies.get(row.id, ()),
            attachments=files.get(row.id, ()),
            mine=row.author_id is not None and row.author_id == visit.actor.person_id,
        )
        views.setdefault(row.discussion_id, []).append(view)
    return views


def _attachment(visit: Visit, attached: MessageAttachment, file: File) -> AttachmentView:
    url = f"{visit.base_url}/attachments/{address(attached.public_id)}"
    return AttachmentView(attached.name, url, size_text(file.size), file.safe_image)


class _Writers:
    """Who wrote, each made once: few people write the messages of a ticket."""

    def __init__(self, person_ids: set[int]) -> None:
        found = db.session.scalars(select(Person).where(Person.id.in_(person_ids))) if person_ids else ()
        self._people = {person.id: person for person in found}
        self._made: dict[tuple[int | None, str | None, bool], Writer] = {}

    def of(self, person_id: int | None, email: str | None, *, from_staff: bool) -> Writer:
        key = (person_id, email, from_staff)
        if key not in self._made:
            self._made[key] = _writer(self._people.get(person_id or 0), email, from_staff)
        return self._made[key]


def _writer(person: Person | None, email: str | None, from_staff: bool) -> Writer:
    name = str(person) if person is not None else email or mail_texts.brand_name
    words = name.split()
    initials = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
    return Writer(name, initials, avatar_url(person) if person is not None else "", from_staff)


def _answer_form(ticket: Ticket, ready: Sequence[ReadyView]) -> MessageForm:
    """The form of an answer; ``?ready=`` puts a ready answer into it, for who has no script."""
    values = answer_to(ticket)
    wanted = request.args.get("ready", "")
    chosen = next((each for each in ready if each.url.endswith(f"?ready={wanted}#answer")), None) if wanted else None
    return _named(MessageForm(data={**values, "body": chosen.text if chosen is not None else ""}), "answer")


def _named(form: _Form, name: str) -> _Form:
    """The form with ids of its own: several stand on one page."""
    for each in form:
        each.id = each.label.field_id = f"{name}-{each.short_name}"
    return form


def _ready(visit: Visit, ticket: Ticket, url: str) -> list[ReadyView]:
    names = names_in(ticket, actor=visit.actor)
    return [_ready_view(each, fill_in(each.body, names), url) for each in ready_answers_for(ticket)]


def _ready_view(answer: ReadyAnswer, text: str, url: str) -> ReadyView:
    return ReadyView(answer.title, text, markdown(text), f"{url}?ready={answer.public_id}#answer")


def _macros(visit: Visit, ticket: Ticket) -> list[tuple[str, str]]:
    """What leads to the preview of each macro."""
    base = f"{visit.base_url}/ticket-macros/{address(ticket.number)}?macro="
    return [(each.title, f"{base}{each.public_id}") for each in macros_for(ticket)]


def _facts(visit: Visit, ticket: Ticket, now: dt.datetime) -> list[DetailsField]:
    """What stands beside the discussions and is no column of the record: the clocks and the license."""
    found = []
    license = db.session.get(License, ticket.license_id) if ticket.license_id is not None else None
    if license is not None and visit.allows(P.LICENSES_READ):
        link = Markup('<a href="{}">{}</a>').format(f"{visit.base_url}/licenses/{address(license.code)}", license.code)
        found.append(DetailsField("license", "License", "text", link))
    if ticket.is_in_progress and ticket.due_at is not None:
        mark = deadline_badge(ticket.due_at, now) if visit.owner_id is None else Markup("")
        label = "First answer by" if ticket.first_replied_at is None else "Solution by"
        found.append(DetailsField("due_at", label, "moment", Markup.escape(moment_text(visit, ticket.due_at)) + mark))
    return found


def _answers(ticket: Ticket) -> list[tuple[str, str]]:
    """What was answered when the ticket was opened, by the words of the questions, as far as they still stand."""
    labels = {each.key: each.label for each in questions_of(db.session.get_one(TicketType, ticket.ticket_type_id))}
    return [
        (labels.get(key, key.replace("_", " ").capitalize()), _said(value)) for key, value in ticket.answers.items()
    ]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return said("Yes" if value else "No")
    return "" if value is None else str(value)


def _people(ticket: Ticket) -> list[str]:
    """Who takes part, the opener first."""
    rows = select(Person, TicketParticipant.email).select_from(TicketParticipant)
    rows = rows.outerjoin(Person, Person.id == TicketParticipant.person_id)
    of_ticket = (TicketParticipant.ticket_id == ticket.id, TicketParticipant.account_id == ticket.account_id)
    found = db.session.execute(
        rows.where(*of_ticket, TicketParticipant.left_at.is_(None)).order_by(TicketParticipant.id)
    )
    return [str(person or email) for person, email in found]


def _links(visit: Visit, ticket: Ticket) -> list[tuple[str, str, str]]:
    """The tickets it belongs to: escalated from and to."""
    found = []
    source = _linked(visit, ticket.escalated_from_id)
    if source is not None:
        found.append(("Escalated from", *source))
    further = select(Ticket.number).where(Ticket.escalated_from_id == ticket.id, Ticket.account_id == ticket.account_id)
    numbers = db.session.scalars(further.order_by(Ticket.id))
    found.extend(("Escalated as", number, f"{visit.base_url}/tickets/{address(number)}") for number in numbers)
    return found


def _linked(visit: Visit, ticket_id: int | None) -> tuple[str, str] | None:
    if ticket_id is None:
        return None
    number = db.session.get_one(Ticket, ticket_id).number
    return number, f"{visit.base_url}/tickets/{address(number)}"
