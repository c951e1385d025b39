"""Tickets of the demo: of every type and status, with discussions, answers and internal notes."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from domain.actor import Actor, Source
from extensions import db
from models.account import Account
from models.discussion import Discussion, Message, MessageCc
from models.invoice import Invoice
from models.license import License
from models.ticket import MessageSource, ParticipantPart, Ticket, TicketParticipant, TicketStatus
from models.ticket_type import TicketPriority
from services.audit import record_event
from services.demo.companies import GONE
from services.demo.stories import EMERGENCY, ESCALATION, FAILED_PAYMENT, STORIES, Story
from services.demo.world import World, add, keep
from services.ticket_clocks import follow_policy
from services.ticket_states import move_ticket
from services.tickets import close_ticket, open_ticket

_ANSWER_AFTER: Final = dt.timedelta(hours=3)
_PARTNER: Final = "it-partner@partner.example"
_CAN_WAIT: Final = ("Training for new agents", "How do we record only the queue calls?")
_AGENTS: Final = ("agent", "agent", "finance", "admin")


def put_tickets(world: World) -> None:
    """Put the tickets of all customers on the agenda: many old ones, and a desk full of new ones."""
    chance = world.chance("tickets")
    accounts = [account for account in world.accounts.values() if account.name != GONE]
    for number in range(34):
        account = accounts[0] if number % 5 == 0 else chance.choice(accounts)
        age = (world.now - account.created_at).days
        days = chance.randrange(10, max(11, min(700, age - 5)))
        ending = TicketStatus.ARCHIVED if days > 200 else TicketStatus.SOLVED
        tell(world, account, STORIES[number % len(STORIES)], days, ending, rating=chance.choice((None, 3, 4, 5, 5)))
    open_ones = (TicketStatus.OPEN, TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.WAITING_FOR_SUPPORT)
    for number in range(18):
        account = accounts[number % 3] if number % 2 else chance.choice(accounts)
        tell(world, account, STORIES[(number * 5) % len(STORIES)], number % 9, open_ones[number % 3])
    world.agenda.note(world.ago(2, 8, 5), _raise_alarm, world, world.accounts["Acme Telecom"])


def tell(
    world: World,
    account: Account,
    story: Story,
    days_ago: int,
    ending: TicketStatus,
    *,
    kind: str = "general",
    rating: int | None = None,
    escalated_from: Ticket | None = None,
) -> None:
    """Put one ticket on the agenda, with everything that is written in it."""
    hour = 7 + len(story.subject) % 9
    moment = world.ago(days_ago, hour, len(story.question) % 60)
    world.agenda.note(moment, _play, world, account, story, ending, kind, rating, escalated_from)


def _play(
    world: World,
    account: Account,
    story: Story,
    ending: TicketStatus,
    kind: str,
    rating: int | None,
    escalated_from: Ticket | None,
    at: dt.datetime,
) -> Ticket:
    customer = world.as_owner(account)
    ticket = _open(world, account, story, kind, customer, at, escalated_from)
    discussion = db.session.scalars(select(Discussion).where(Discussion.ticket_id == ticket.id)).one()
    moment, turns = at, _turns_until(story, ending)
    agent = _AGENTS[len(story.subject) % len(_AGENTS)]
    for turn, text in enumerate(turns):
        moment = min(moment + _ANSWER_AFTER, world.now)
        by_staff = turn % 2 == 0
        writer = world.as_staff(agent) if by_staff else customer
        _write(discussion, ticket, text, writer, moment)
        if by_staff:
            _assign(world, ticket, agent, moment)
    if story.note:
        _write(discussion, ticket, story.note, world.as_staff("agent"), moment, internal=True)
    if story.second[0]:
        other = add(Discussion(account_id=account.id, ticket_id=ticket.id, title=story.second[0], created_at=moment))
        _write(other, ticket, story.second[1], customer, moment)
    _finish(world, ticket, ending, rating, moment)
    return ticket


def _turns_until(story: Story, ending: TicketStatus) -> tuple[str, ...]:
    """What is written until a ticket stands as it should: who is waited for wrote the last but one answer."""
    if ending is TicketStatus.OPEN:
        return ()
    if ending is TicketStatus.WAITING_FOR_CUSTOMER:
        return story.answers[:1] or ("Could you tell us a little more about it?",)
    if ending is TicketStatus.WAITING_FOR_SUPPORT:
        return story.answers[:2] if len(story.answers) > 1 else ("What exactly do you see?", "I sent you a picture.")
    return story.answers or ("A colleague has called you about it.",)


def _open(
    world: World,
    account: Account,
    story: Story,
    kind: str,
    customer: Actor,
    at: dt.datetime,
    escalated_from: Ticket | None,
) -> Ticket:
    values = {
        "account": account,
        "ticket_type": world.ticket_types[kind],
        "project": world.projects[story.project],
        "subject": story.subject,
        "description": story.question,
        "answers": _answers(account, kind, story, escalated_from),
    }
    ticket = open_ticket(values, actor=customer, now=at)
    if story.subject in _CAN_WAIT:
        ticket.priority = TicketPriority.LOW
        follow_policy(ticket, now=at)
    db.session.flush()
    return ticket


def _answers(account: Account, kind: str, story: Story, escalated_from: Ticket | None) -> dict[str, str]:
    """What the types of the demo ask (services/demo/desk.py)."""
    if escalated_from is not None:
        return {"ticket": escalated_from.number, "reason": story.question}
    if kind != "emergency":
        return {}
    code = db.session.scalars(select(License.code).where(License.account_id == account.id).order_by(License.id)).first()
    return {"license": code or "", "call_back": account.contact_phone or "+1 555 0100"}


def _assign(world: World, ticket: Ticket, agent: str, at: dt.datetime) -> None:
    if ticket.first_replied_at is None:
        ticket.first_replied_at = at
    if ticket.assignee_id is None:
        ticket.assignee_id = world.staff[agent].id
        keep(
            TicketParticipant(
                account_id=ticket.account_id,
                ticket_id=ticket.id,
                person_id=world.staff_people[agent].id,
                part=ParticipantPart.ASSIGNEE,
                created_at=at,
            )
        )
        who = str(world.staff_people[agent])
        record_event("ticket.assigned", ticket, actor=world.as_staff(agent), now=at, after={"assignee": who})


def _write(
    discussion: Discussion, ticket: Ticket, text: str, writer: Actor, at: dt.datetime, *, internal: bool = False
) -> None:
    from_staff = writer.source is Source.STAFF
    keep(
        Message(
            account_id=ticket.account_id,
            discussion_id=discussion.id,
            author_id=writer.person_id,
            from_staff=from_staff,
            internal=internal,
            title="Internal note" if internal else f"Re: {discussion.title}",
            body=text,
            source=MessageSource.STAFF if from_staff else MessageSource.PORTAL,
            created_at=at,
        )
    )
    if not internal:
        ticket.last_message_at = at
        record_event("ticket.answered", ticket, actor=writer, now=at)


def _finish(world: World, ticket: Ticket, ending: TicketStatus, rating: int | None, at: dt.datetime) -> None:
    agent = world.as_staff("agent")
    if ending in (TicketStatus.SOLVED, TicketStatus.ARCHIVED):
        close_ticket(ticket, actor=agent, now=at)
        if rating is not None:
            ticket.rating, ticket.rated_at = rating, at
    else:
        move_ticket(ticket, ending, now=at)
    if ending is TicketStatus.ARCHIVED:
        archived_at = min(at + dt.timedelta(days=60), world.now)
        ticket.status, ticket.archived_at = ending, archived_at
        record_event("ticket.archived", ticket, actor=world.system, now=archived_at,
                     before={"status": TicketStatus.SOLVED}, after={"status": ending})  # fmt: skip
    ticket.version += 1
    db.session.flush()


def _raise_alarm(world: World, account: Account, at: dt.datetime) -> None:
    """An emergency with a copy to somebody outside, and its escalation to another department the day after."""
    ticket = _play(world, account, EMERGENCY, TicketStatus.WAITING_FOR_SUPPORT, "emergency", None, None, at)
    first = select(Message).join(Discussion, Discussion.id == Message.discussion_id)
    message = db.session.scalars(first.where(Discussion.ticket_id == ticket.id).order_by(Message.id).limit(1)).one()
    keep(MessageCc(account_id=account.id, message_id=message.id, email=_PARTNER))
    keep(
        TicketParticipant(
            account_id=account.id, ticket_id=ticket.id, email=_PARTNER, part=ParticipantPart.COPIED, created_at=at
        )
    )
    tell(world, account, ESCALATION, 1, TicketStatus.WAITING_FOR_CUSTOMER, kind="escalation", escalated_from=ticket)


def open_failed_payment_ticket(world: World, account: Account, invoice: Invoice, reason: str, at: dt.datetime) -> None:
    """The ticket that opens by itself when a payment fails."""
    values = {
        "account": account,
        "ticket_type": world.ticket_types["failed-payment"],
        "project": world.projects[FAILED_PAYMENT.project],
        "subject": f"{FAILED_PAYMENT.subject}: {invoice.number}",
        "description": f"{reason}. {FAILED_PAYMENT.question}",
    }
    ticket = open_ticket(values, actor=world.as_staff("finance"), now=at)
    ticket.invoice_id = invoice.id
    ticket.status = TicketStatus.WAITING_FOR_CUSTOMER
    db.session.flush()
