"""The support chat: a member and one of the staff write to each other, live; what was said is kept (SPEC F6).

Messages of a chat are numbered without gaps by one guarded UPDATE, so a page that asks for what came after a number
misses nothing and shows nothing twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.refusals import Refusal
from domain.sentences import Moment, Sentence, joined
from extensions import db
from models.account import Account
from models.chat import ChatMessage, ChatSession, ChatStatus
from models.member import Member
from models.ticket import ParticipantPart, Ticket
from models.ticket_type import TicketType
from services.account_languages import language_of_account
from services.audit import record_event
from services.locks import locked
from services.messages import LONGEST_BODY
from services.participants import take_part
from services.people import acts_for_provider, refuse_while_logged_in_as
from services.tickets import TicketTypeNotOffered, open_ticket_of_any_type

LONGEST_TEXT: Final = 4_000
MOST_AT_ONCE: Final = 500
"""A page that was away for longer shows the newest."""


class ChatContractEnded(Refusal):
    message = "The support contract of this account does not cover the chat. Renew it, or open a ticket."


class ChatRunning(Refusal):
    message = "You are in a chat already. Go on there, or close it first."


class ChatTextMissing(Refusal):
    message = "Write something first."


class ChatTextTooLong(Refusal):
    message = Sentence("Write at most %(longest_text)s characters at once.", longest_text=LONGEST_TEXT)


class ChatClosed(Refusal):
    message = "This chat is closed. Start another one."


class ChatNotTaken(Refusal):
    message = "Take the chat before you write in it."


class ChatTakenAlready(Refusal):
    message = "This chat is yours already."


class ChatOfAnother(Refusal):
    message = "Only the member who started this chat writes in it and closes it. You can start one of your own."


class OnlyMembersStart(Refusal):
    message = "A chat is started by a member of the account."


class ChatIsTicket(Refusal):
    def __init__(self, number: str) -> None:
        super().__init__(Sentence("This chat is ticket %(number)s already.", number=number))


def contract_runs(account: Account, *, day: dt.date) -> bool:
    """Whether the account's support contract covers the chat on this day, its last one included."""
    return account.support_contract_until is not None and account.support_contract_until >= day


def running_chat(member_id: int) -> ChatSession | None:
    """The chat a member is in."""
    found = select(ChatSession).where(ChatSession.member_id == member_id, ChatSession.status != ChatStatus.CLOSED)
    return db.session.scalars(found.order_by(ChatSession.id.desc()).limit(1)).first()


def start_chat(account: Account, text: str, *, actor: Actor, now: dt.datetime) -> ChatSession:
    """Begin a chat with its first message; it waits until somebody takes it.

    Refused: OnlyMembersStart, NotWhileLoggedInAs, ChatContractEnded, ChatRunning, ChatTextMissing, ChatTextTooLong.
    """
    refuse_while_logged_in_as(actor)
    if actor.member_id is None or actor.account_id != account.id:
        raise OnlyMembersStart
    checked = _checked(text)
    locked(db.session.get_one(Member, actor.member_id))  # two windows that start at once start one
    _refuse_without_contract(account, now)
    if running_chat(actor.member_id) is not None:
        raise ChatRunning
    session = ChatSession(
        account_id=account.id, member_id=actor.member_id, status=ChatStatus.WAITING, last_sequence=0, created_at=now
    )
    db.session.add(session)
    db.session.flush()
    record_event(AuditEvent.CHAT_STARTED, session, actor=actor, now=now)
    _write(session, checked, actor, now)
    return session


def say(session: ChatSession, *, text: str, actor: Actor, now: dt.datetime) -> ChatMessage:
    """Write in a chat: the member whose it is, while the contract runs, and whoever of the staff took it.

    Refused: ChatTextMissing, ChatTextTooLong, ChatClosed, ChatNotTaken, ChatOfAnother, ChatContractEnded,
    NotWhileLoggedInAs.
    """
    checked = _checked(text)
    refuse_while_logged_in_as(actor)
    if acts_for_provider(actor):
        if session.status is not ChatStatus.CLOSED and session.staff_member_id != actor.staff_member_id:
            raise ChatNotTaken
    else:
        _refuse_another(session, actor)
        _refuse_without_contract(db.session.get_one(Account, session.account_id), now)
    message = _write(session, checked, actor, now)
    record_event(AuditEvent.CHAT_SAID, session, actor=actor, now=now, after={"message": message.sequence})
    return message


def take_chat(session: ChatSession, *, actor: Actor, now: dt.datetime) -> ChatSession:
    """Answer in a chat from now on, also in one that a colleague has. Refused: ChatClosed, ChatTakenAlready."""
    locked(session)
    if session.status is ChatStatus.CLOSED:
        raise ChatClosed
    if actor.staff_member_id is None or session.staff_member_id == actor.staff_member_id:
        raise ChatTakenAlready
    session.staff_member_id, session.status = actor.staff_member_id, ChatStatus.OPEN
    session.taken_at = session.taken_at or now
    db.session.flush()
    record_event(AuditEvent.CHAT_TAKEN, session, actor=actor, now=now)
    return session


def close_chat(session: ChatSession, *, actor: Actor, now: dt.datetime) -> ChatSession:
    """End a chat, from either side. Refused: ChatClosed, ChatOfAnother, NotWhileLoggedInAs."""
    refuse_while_logged_in_as(actor)
    locked(session)
    if not acts_for_provider(actor):
        _refuse_another(session, actor)
    if session.status is ChatStatus.CLOSED:
        raise ChatClosed
    session.status, session.closed_at = ChatStatus.CLOSED, now
    db.session.flush()
    record_event(AuditEvent.CHAT_CLOSED, session, actor=actor, now=now)
    return session


def chat_to_ticket(session: ChatSession, *, subject: str, actor: Actor, now: dt.datetime) -> Ticket:
    """Open a ticket with what was said, in which the member takes part; the chat is closed by it.

    Refused: ChatIsTicket, TicketTypeNotOffered where no type is offered, and what a ticket's first message refuses.
    """
    locked(session)
    if session.ticket_id is not None:
        raise ChatIsTicket(db.session.get_one(Ticket, session.ticket_id).number)
    member = db.session.get_one(Member, session.member_id)
    values = {
        "account_id": session.account_id,
        "ticket_type": _first_type(),
        "subject": subject,
        "description": _transcript(session),
    }
    ticket = open_ticket_of_any_type(values, actor=actor, now=now)
    take_part(ticket, ParticipantPart.WRITER, now=now, person_id=member.person_id)
    session.ticket_id = ticket.id
    record_event(AuditEvent.CHAT_BECAME_TICKET, session, actor=actor, now=now, after={"ticket": ticket.number})
    if session.status is not ChatStatus.CLOSED:
        close_chat(session, actor=actor, now=now)
    return ticket


def messages_after(session: ChatSession, sequence: int) -> Sequence[ChatMessage]:
    """What was said after a number, in its order; at most the newest MOST_AT_ONCE. Their authors are loaded."""
    found = select(ChatMessage).where(
        ChatMessage.chat_session_id == session.id,
        ChatMessage.account_id == session.account_id,
        ChatMessage.sequence > max(sequence, session.last_sequence - MOST_AT_ONCE),
    )
    return db.session.scalars(found.options(joinedload(ChatMessage.author)).order_by(ChatMessage.sequence)).all()


def author_name(message: ChatMessage) -> str:
    """Who said it, as people read it; the author is loaded by `messages_after`."""
    return str(message.author) if message.author is not None else ""


def _checked(text: str) -> str:
    checked = text.strip()
    if not checked:
        raise ChatTextMissing
    if len(checked) > LONGEST_TEXT:
        raise ChatTextTooLong
    return checked


def _refuse_another(session: ChatSession, actor: Actor) -> None:
    if actor.member_id != session.member_id:
        raise ChatOfAnother


def _refuse_without_contract(account: Account, now: dt.datetime) -> None:
    if not contract_runs(account, day=now.date()):
        raise ChatContractEnded


def _write(session: ChatSession, text: str, actor: Actor, now: dt.datetime) -> ChatMessage:
    counted = (
        update(ChatSession)
        .where(ChatSession.id == session.id, ChatSession.status != ChatStatus.CLOSED)
        .values(last_sequence=ChatSession.last_sequence + 1)
        .returning(ChatSession.last_sequence)
        .execution_options(synchronize_session=False)
    )
    sequence = db.session.execute(counted).scalar_one_or_none()
    if sequence is None:
        raise ChatClosed
    message = ChatMessage(
        account_id=session.account_id,
        chat_session_id=session.id,
        sequence=sequence,
        author_id=actor.person_id,
        from_staff=acts_for_provider(actor),
        text=text,
        created_at=now,
    )
    db.session.add(message)
    db.session.flush()
    db.session.refresh(session, ["last_sequence"])
    return message


def _first_type() -> TicketType:
    offered = select(TicketType).where(
        TicketType.retired.is_(False), TicketType.internal.is_(False), TicketType.escalates.is_(False)
    )
    found = db.session.scalars(offered.order_by(TicketType.position, TicketType.id).limit(1)).first()
    if found is None:
        raise TicketTypeNotOffered
    return found


def _who_wrote(message: ChatMessage) -> Sentence:
    return Sentence("%(author)s, %(moment)s:", author=author_name(message), moment=Moment(message.created_at))


def _transcript(session: ChatSession) -> str:
    """What was said, as Markdown quotes; of a long chat the end, since a message has a longest length."""
    lines: list[str] = []
    speaker, room = language_of_account(session.account_id), LONGEST_BODY
    for message in reversed(messages_after(session, 0)):
        quoted = message.text.replace("\n", "\n> ")
        line = speaker.say(joined([_who_wrote(message), f"> {quoted}\n"], "\n"))
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    return "\n".join(reversed(lines))
