"""Financing: the options that accounts in the United States may ask for, and what becomes of a request (SPEC E10)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.audit import AuditEvent
from domain.contact import normalise_email
from domain.refusals import Refusal
from domain.sentences import Amount, Sentence, joined
from extensions import db
from models.account import Account
from models.financing import FinancingOption, FinancingRequest, FinancingStatus
from models.ticket import Ticket
from services.account_languages import language_of_account, written_for
from services.audit import record_event
from services.locks import guarded, locked, reread
from services.ticket_types import house_ticket_type
from services.tickets import add_message, close_ticket, open_ticket_of_any_type

COUNTRY: Final = "US"
"""Where financing is offered: nowhere else."""
TICKET_TYPE: Final = "financing"
TYPE_NAME: Final = "Financing request"


class FinancingNotOffered(Refusal):
    message = "Financing is offered to accounts in the United States only."


class OptionNotOffered(Refusal):
    message = "This option is not offered any more. Choose another one."


class NothingToFinance(Refusal):
    message = "Enter the amount to be financed, above zero."


class FinancingAskedAlready(Refusal):
    def __init__(self, number: str) -> None:
        super().__init__(
            Sentence("You asked for this option already, in ticket %(number)s. We answer there.", number=number)
        )


class FinancingDecided(Refusal):
    message = "This request was decided already."


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: ``amount`` in minor units of the account's currency, and whom to talk to."""

    amount: int
    contact: str
    email: str
    phone: str = ""
    note: str = ""


def options_for(account: Account) -> list[FinancingOption]:
    """What an account may ask for, in the order staff gave; nothing outside of the United States."""
    if account.country != COUNTRY:
        return []
    offered = select(FinancingOption).where(FinancingOption.is_offered, FinancingOption.country == account.country)
    return list(db.session.scalars(offered.order_by(FinancingOption.position, FinancingOption.id)))


def request_financing(
    account: Account, option: FinancingOption, wish: Wish, *, actor: Actor, now: dt.datetime
) -> FinancingRequest:
    """Ask for an option: a request, and the ticket in which the rest is talked over. One at a time for each option.

    Refused: FinancingNotOffered, OptionNotOffered, NothingToFinance, FinancingAskedAlready, EmailNotReadable.
    """
    locked(account)
    if account.country != COUNTRY:
        raise FinancingNotOffered
    if not option.is_offered or option.country != account.country:
        raise OptionNotOffered
    if wish.amount <= 0:
        raise NothingToFinance
    there = _waiting(account, option)
    if there is not None:
        raise FinancingAskedAlready(there)
    email = normalise_email(wish.email)
    ticket = open_ticket_of_any_type(
        {
            "account_id": account.id,
            "ticket_type": house_ticket_type(TICKET_TYPE, TYPE_NAME, actor=actor, now=now),
            "subject": written_for(account.id, Sentence("Financing: %(option)s", option=option.name)),
            "description": language_of_account(account.id).say(_text(account, option, wish, email)),
        },
        actor=actor,
        now=now,
    )
    request = FinancingRequest(
        account_id=account.id,
        option_id=option.id,
        ticket_id=ticket.id,
        requested_by_id=actor.person_id,
        currency=account.currency,
        amount=wish.amount,
        contact=wish.contact,
        email=email,
        phone=wish.phone or None,
        note=wish.note or None,
        created_at=now,
    )
    db.session.add(request)
    db.session.flush()
    after = {"option": option.name, "amount": wish.amount, "currency": account.currency, "ticket": ticket.number}
    record_event(AuditEvent.FINANCING_ASKED, request, actor=actor, now=now, after=after)
    return request


def approve_financing(request: FinancingRequest, *, answer: str, actor: Actor, now: dt.datetime) -> FinancingRequest:
    """Say yes, in the ticket. Refused: FinancingDecided."""
    return _decide(request, FinancingStatus.APPROVED, answer, actor, now)


def decline_financing(request: FinancingRequest, *, answer: str, actor: Actor, now: dt.datetime) -> FinancingRequest:
    """Say no, in the ticket. Refused: FinancingDecided."""
    return _decide(request, FinancingStatus.DECLINED, answer, actor, now)


def _decide(
    request: FinancingRequest, status: FinancingStatus, answer: str, actor: Actor, now: dt.datetime
) -> FinancingRequest:
    """Set the status once; the ticket is answered, and solved unless it is closed."""
    decided = (
        update(FinancingRequest)
        .where(FinancingRequest.id == request.id, FinancingRequest.can_decide)
        .values(status=status, version=FinancingRequest.version + 1)
    )
    if not guarded(decided):
        raise FinancingDecided
    reread(request)
    event = AuditEvent.FINANCING_APPROVED if status is FinancingStatus.APPROVED else AuditEvent.FINANCING_DECLINED
    record_event(event, request, actor=actor, now=now, after={"status": status, "answer": answer})
    if request.ticket_id is not None:
        ticket = db.session.get_one(Ticket, request.ticket_id)
        locked(ticket)
        title = "Financing approved" if status is FinancingStatus.APPROVED else "Financing declined"
        add_message(ticket, language_of_account(ticket.account_id).say(title), answer, actor=actor, now=now)
        if ticket.can_solve:
            close_ticket(ticket, actor=actor, now=now)
    return request


def _waiting(account: Account, option: FinancingOption) -> str | None:
    """The number of the ticket in which the account waits for an answer about this option."""
    asked = select(Ticket.number).join(FinancingRequest, FinancingRequest.ticket_id == Ticket.id)
    return db.session.scalar(
        asked.where(
            FinancingRequest.account_id == account.id,
            FinancingRequest.option_id == option.id,
            FinancingRequest.can_decide,
        ).limit(1)
    )


def _text(account: Account, option: FinancingOption, wish: Wish, email: str) -> Sentence:
    asked = Sentence(
        "We ask for “%(option)s” for %(amount)s.", option=option.name, amount=Amount(wish.amount, account.currency)
    )
    ways = ", ".join(filter(None, (wish.contact, email, wish.phone)))
    parts = [asked, Sentence("Contact: %(ways)s", ways=ways)]
    return joined([*parts, *([wish.note] if wish.note else [])], "\n\n")
