"""Chats with support: the page of one in both realms, and the list of all for staff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from domain.permissions import P
from domain.sentences import Sentence
from extensions import db
from models import ChatMessage, ChatSession, ChatStatus, Member, Person, StaffMember, Ticket
from panel import STAFF, Action, Choice, Column, DateRange, Lookup, Resource, Visit, reading
from panel.addresses import address
from panel.form import Form
from services.chats import (
    LONGEST_TEXT,
    ChatClosed,
    ChatTextMissing,
    ChatTextTooLong,
    author_name,
    chat_to_ticket,
    close_chat,
    messages_after,
    say,
    take_chat,
)
from views.moments import moment_text


class SayForm(Form):
    """One line of a chat, or several."""

    text = TextAreaField(
        "Message",
        [InputRequired(ChatTextMissing.message), Length(max=LONGEST_TEXT, message=ChatTextTooLong.message)],
        render_kw={"rows": 3},
    )


class SubjectForm(Form):
    """What the ticket of a chat is called."""

    subject = StringField("Subject", [InputRequired("Enter a subject."), Length(max=255)], default="From the chat")


@dataclass(frozen=True, slots=True)
class LineView:
    """What somebody said. ``mine`` is told from whose eyes look at it."""

    sequence: int
    who: str
    at: str
    at_iso: str
    text: str
    from_staff: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class ChatBody:
    """The page of a chat. ``say`` is None where nothing can be written; ``news_url`` is asked for what came after."""

    title: str
    state: str
    lines: Sequence[LineView]
    last: int
    url: str
    news_url: str
    closed: bool
    ticket: tuple[str, str] | None = None
    say: SayForm | None = None


def chat_body(visit: Visit, session: ChatSession, _now: dt.datetime) -> ChatBody:
    """The page of a chat that the visit may see."""
    url = f"{visit.base_url}/chats/{address(session.public_id)}"
    mine = (session.staff_member_id, visit.actor.staff_member_id)
    if visit.owner_id is not None:
        mine = (session.member_id, visit.actor.member_id)
    writes = session.status is not ChatStatus.CLOSED and mine[0] == mine[1]
    return ChatBody(
        title=title_of(session),
        state=state_of(session),
        lines=lines_after(visit, session, 0),
        last=session.last_sequence,
        url=url,
        news_url=f"{visit.base_url}/chat-news/{address(session.public_id)}",
        closed=session.status is ChatStatus.CLOSED,
        ticket=_ticket(visit, session),
        say=SayForm() if writes else None,
    )


def lines_after(visit: Visit, session: ChatSession, sequence: int) -> list[LineView]:
    """What was said after a number."""
    return [_line(visit, each) for each in messages_after(session, sequence)]


def title_of(session: ChatSession) -> str:
    """Who asked for it."""
    member = db.session.get_one(Member, session.member_id)
    return Sentence("Chat with %(name)s", name=db.session.get_one(Person, member.person_id))


def state_of(session: ChatSession) -> str:
    """Where it stands, in a sentence."""
    if session.status is ChatStatus.WAITING:
        return "Nobody of the support has taken it yet. Whoever comes reads what you write."
    if session.status is ChatStatus.CLOSED:
        return "It is closed. What was said stays here."
    agent = db.session.get_one(StaffMember, session.staff_member_id)
    return Sentence("%(name)s of the support answers.", name=db.session.get_one(Person, agent.person_id))


def _line(visit: Visit, message: ChatMessage) -> LineView:
    return LineView(
        sequence=message.sequence,
        who=author_name(message),
        at=moment_text(visit, message.created_at),
        at_iso=message.created_at.isoformat(timespec="seconds"),
        text=message.text,
        from_staff=message.from_staff,
        mine=message.from_staff == (visit.owner_id is None),
    )


def _ticket(visit: Visit, session: ChatSession) -> tuple[str, str] | None:
    if session.ticket_id is None or not visit.allows(P.TICKETS_READ):
        return None
    number = db.session.get_one(Ticket, session.ticket_id).number
    return number, f"{visit.base_url}/tickets/{address(number)}"


class ChatResource(Resource):
    model, slug, title, noun = ChatSession, "chats", "Chats", "Chat"
    description = "Talks with support, the newest first. What was said stays."
    group, icon, label = "Support", "chat-dots", "created_at"
    columns = (
        Column("created_at", "Started", sort=True, link=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("status", sort=True),
        Column("member.person.first_name", "First name"),
        Column("member.person.last_name", "Last name"),
        Column("staff_member.person.first_name", "Answered by"),
        Column("last_sequence", "Messages"),
        Column("closed_at", "Closed"),
        Column("ticket.number", "Ticket"),
    )
    filters = (Choice("status"), DateRange("created_at", "Started"), Lookup("account", realms={STAFF}))
    default_sort = "-created_at"
    grants = reading(P.CHAT_USE)
    template = "pages/chat/chat.html"
    body = chat_body
    actions = (
        Action(
            take_chat,
            "Take",
            grant=P.STAFF_TICKETS_WORK,
            when=ChatSession.can_close,
            why_not=ChatClosed.message,
            realms={STAFF},
            confirm="You answer in it from now on.",
            done="The chat is yours.",
            name="take",
        ),
        Action(
            chat_to_ticket,
            "Turn into a ticket",
            grant=P.STAFF_TICKETS_WORK,
            when=ChatSession.can_become_ticket,
            why_not="It is a ticket already.",
            realms={STAFF},
            form=SubjectForm,
            confirm="What was said becomes the first message of a ticket, in which the customer takes part."
            " The chat is closed.",
            done=lambda ticket: Sentence("Ticket %(number)s is open for it.", number=ticket.number),
            name="to-ticket",
        ),
        Action(
            close_chat,
            "Close",
            grant=P.CHAT_USE,
            when=ChatSession.can_close,
            why_not=ChatClosed.message,
            confirm="Nothing more can be written in it. What was said stays.",
            done="The chat is closed.",
            name="close",
        ),
        Action(
            say,
            "Send",
            grant=P.CHAT_USE,
            when=ChatSession.can_close,
            why_not=ChatClosed.message,
            form=SayForm,
            done="Sent.",
            menu=False,
            name="say",
        ),
    )

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Members come to their chats by the page "Support chat"."""
        return visit.owner_id is None
