"""How much is new to whoever is here and waits for them: notices, tickets, chats and their jobs (SPEC F8).

All numbers are one statement. It is put together once, because every page asks it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, null, or_, select

from extensions import db
from models.chat import ChatMessage, ChatSession, ChatStatus
from models.discussion import Discussion, Message
from models.staff import StaffDepartment
from models.ticket import Ticket, TicketSeen, TicketStatus
from services.asked_jobs import asked_at_work
from services.notices import MOST_COUNTED, NEW_FOR, Reader, asked_of, new_to_reader

MOST_LOOKED_AT: Final = 300
"""How many tickets are looked at for new answers, those that were last written in."""
_Numbers = Select[int, int | None, int | None, int]
_WAITS: Final = (TicketStatus.OPEN, TicketStatus.WAITING_FOR_SUPPORT)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of each wait; at most MOST_COUNTED. None: whoever asked has nothing to do with them."""

    notices: int = 0
    tickets: int | None = None
    chats: int | None = None
    jobs: int = 0


def waiting_for_member(
    reader: Reader, *, member_id: int | None, tickets: bool, chats: bool, besides: str = "", now: dt.datetime
) -> Waiting:
    """Notices that are new to a member; jobs at work that they asked for here; tickets of the account that support
    answered and they have not seen since; and lines of their running chat that came after their own last one.

    ``tickets`` and ``chats`` say which are counted; a reader without a person has nothing new. ``besides`` is the
    number of a ticket that is read just now.
    """
    if reader.person_id is None:
        return Waiting()
    asked = {**asked_of(reader, now=now), "member_id": member_id, "besides": besides}
    return _ask(_for_member(tickets, chats and member_id is not None), asked)


def waiting_for_staff(reader: Reader, *, agent_id: int | None, now: dt.datetime) -> Waiting:
    """Notices that are new to somebody of the staff, their jobs at work, and for an agent what waits.

    An agent is a staff member who works on tickets. For them wait tickets that wait for support and are theirs, or
    nobody's yet in one of their departments or in none; and chats that nobody has taken, or that are theirs and in
    which the member wrote last.
    """
    return _ask(_for_staff(agent_id is not None), {**asked_of(reader, now=now), "agent_id": agent_id})


def answered_tickets(account_id: int, person_id: int, *, limit: int, now: dt.datetime) -> Sequence[Ticket]:
    """The tickets that `waiting_for_member` counts, those with the newest message first."""
    asked = {"account_id": account_id, "person_id": person_id, "besides": "", "new_since": now - NEW_FOR}
    found = select(Ticket).where(Ticket.id.in_(_answered_tickets()))
    return db.session.scalars(found.order_by(Ticket.last_message_at.desc()).limit(limit), asked).all()


def _ask(statement: _Numbers, asked: dict[str, Any]) -> Waiting:
    return Waiting(*db.session.execute(statement, asked).one())


@cache
def _for_member(tickets: bool, chats: bool) -> _Numbers:
    return select(
        _number_of(new_to_reader(True, MOST_COUNTED)),
        _number_of(_answered_tickets().limit(MOST_COUNTED)) if tickets else null(),
        _number_of(_answered_lines().limit(MOST_COUNTED)) if chats else null(),
        _number_of(asked_at_work(True, MOST_COUNTED)),
    )


@cache
def _for_staff(is_agent: bool) -> _Numbers:
    return select(
        _number_of(new_to_reader(False, MOST_COUNTED)),
        _number_of(_waiting_tickets().limit(MOST_COUNTED)) if is_agent else null(),
        _number_of(_waiting_chats().limit(MOST_COUNTED)) if is_agent else null(),
        _number_of(asked_at_work(False, MOST_COUNTED)),
    )


def _number_of(rows: Select[Any]) -> ColumnElement[int]:
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


def _answered_tickets() -> Select[int]:
    """Of the tickets that were last written in: a page must not wait for an account that has thousands."""
    lately = (
        select(Ticket.id)
        .where(
            Ticket.account_id == bindparam("account_id"),
            Ticket.last_message_at > bindparam("new_since"),
            Ticket.number != bindparam("besides"),
        )
        .order_by(Ticket.last_message_at.desc(), Ticket.id.desc())
        .limit(MOST_LOOKED_AT)
        .subquery("lately")
    )
    seen = select(TicketSeen.message_id).where(
        TicketSeen.person_id == bindparam("person_id"), TicketSeen.ticket_id == lately.c.id
    )
    answered = (
        select(Message.id)
        .join(Discussion, Discussion.id == Message.discussion_id)
        .where(
            Discussion.ticket_id == lately.c.id,
            Message.from_staff,
            Message.internal.is_(False),
            Message.created_at > bindparam("new_since"),
            Message.id > func.coalesce(seen.correlate(lately).scalar_subquery(), 0),
        )
        .correlate(lately)
    )
    return select(lately.c.id).where(answered.exists())


def _answered_lines() -> Select[int]:
    own = select(func.max(ChatMessage.sequence)).where(
        ChatMessage.chat_session_id == ChatSession.id, ChatMessage.from_staff.is_(False)
    )
    return (
        select(ChatMessage.id)
        .join(ChatSession, ChatSession.id == ChatMessage.chat_session_id)
        .where(
            ChatSession.account_id == bindparam("account_id"),
            ChatSession.member_id == bindparam("member_id"),
            ChatSession.status != ChatStatus.CLOSED,
            ChatMessage.from_staff,
            ChatMessage.sequence > func.coalesce(own.correlate(ChatSession).scalar_subquery(), 0),
        )
    )


def _waiting_tickets() -> Select[int]:
    mine: BindParameter[int] = bindparam("agent_id")
    theirs = select(StaffDepartment.department_id).where(StaffDepartment.staff_member_id == mine)
    nobodys = and_(Ticket.assignee_id.is_(None), or_(Ticket.department_id.is_(None), Ticket.department_id.in_(theirs)))
    return select(Ticket.id).where(Ticket.status.in_(_WAITS), or_(Ticket.assignee_id == mine, nobodys))


def _waiting_chats() -> Select[int]:
    member_wrote_last = (
        select(ChatMessage.id)
        .where(
            ChatMessage.chat_session_id == ChatSession.id,
            ChatMessage.sequence == ChatSession.last_sequence,
            ChatMessage.from_staff.is_(False),
        )
        .correlate(ChatSession)
        .exists()
    )
    mine = and_(
        ChatSession.status == ChatStatus.OPEN,
        ChatSession.staff_member_id == bindparam("agent_id"),
        member_wrote_last,
    )
    return select(ChatSession.id).where(or_(ChatSession.status == ChatStatus.WAITING, mine))
