"""More resets of a license: asked for by a ticket when none are left, granted from there or the license (SPEC E7)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from domain.actor import Actor
from domain.refusals import Refusal
from domain.sentences import Sentence, counted
from extensions import db
from models.license import HardwareReset, License
from models.ticket import Ticket
from models.ticket_type import MORE_RESETS
from services.account_languages import language_of_account
from services.licenses import grant_resets
from services.locks import locked
from services.ticket_types import house_ticket_type
from services.tickets import add_message, close_ticket, open_ticket_of_any_type

TYPE_NAME: Final = "More resets of a license"
LONGEST_TEXT: Final = 20_000
_TOLD: Final = 5


class ResetsStillThere(Refusal):
    message = "Resets are still left for this license, or there is nothing to reset. Reload the page."


class AskedAlready(Refusal):
    def __init__(self, number: str) -> None:
        super().__init__(Sentence("Ticket %(number)s asks for this already. Support grants more there.", number=number))


class TextTooLong(Refusal):
    message = "Say in at most 20,000 characters why more resets are needed."


class NoResetsAsked(Refusal):
    message = "This ticket asks for no resets, or is closed."


_WISH = "Please grant more resets of the MAC and IP address of license %(license)s: none are left."


def wish_text(license: License) -> str:
    """What the ticket says unless the person changes it: the license, what is saved, and the last resets."""
    last = select(HardwareReset).where(HardwareReset.license_id == license.id)
    newest = last.order_by(HardwareReset.reset_at.desc(), HardwareReset.id.desc()).limit(_TOLD)
    resets = [f"- {row.reset_at:%Y-%m-%d}: {row.reset_by}" for row in db.session.scalars(newest)]
    speaker = language_of_account(license.account_id)
    named = f"{license.code} ({license.reference})" if license.reference else license.code
    return "\n".join(
        [
            speaker.say(Sentence(_WISH, license=named)),
            "",
            speaker.say(
                Sentence(
                    "Saved now: MAC address %(mac)s, IP address %(ip)s.",
                    mac=license.mac_address or Sentence("none"),
                    ip=license.last_valid_ip or Sentence("none"),
                )
            ),
            *(["", speaker.say("The last resets:"), *resets] if resets else []),
        ]
    )


def ask_for_resets(license: License, *, description: str, actor: Actor, now: dt.datetime) -> Ticket:
    """Open the ticket, one at a time for each license. Refused: ResetsStillThere, AskedAlready, TextTooLong."""
    locked(license)
    if not license.can_ask_for_resets:
        raise ResetsStillThere
    if len(description) > LONGEST_TEXT:
        raise TextTooLong
    there = _waiting(license)
    if there is not None:
        raise AskedAlready(there.number)
    speaker = language_of_account(license.account_id)
    values = {
        "account_id": license.account_id,
        "ticket_type": house_ticket_type(MORE_RESETS, TYPE_NAME, actor=actor, now=now),
        "subject": speaker.say(Sentence("More resets for license %(license)s", license=license.code)),
        "description": description.strip() or wish_text(license),
        "license_id": license.id,
    }
    return open_ticket_of_any_type(values, actor=actor, now=now)


def grant_and_answer(license: License, *, count: int, actor: Actor, now: dt.datetime) -> License:
    """Grant more resets; the ticket that waits for them is answered and solved. Refused: ResetsNotReadable.

    Whoever grants from the ticket holds it and waits for the license, so here a held ticket is left to them.
    """
    grant_resets(license, count=count, actor=actor, now=now)
    ticket = _waiting(license, lock=True)
    if ticket is not None:
        _answer(ticket, license, count, actor, now)
    return license


def grant_from_ticket(ticket: Ticket, *, count: int, actor: Actor, now: dt.datetime) -> Ticket:
    """Grant the resets that a ticket asks for, answer and solve it. Refused: NoResetsAsked, ResetsNotReadable."""
    locked(ticket)
    if not db.session.scalar(select(Ticket.asks_for_resets).where(Ticket.id == ticket.id)):
        raise NoResetsAsked
    license = db.session.get_one(License, ticket.license_id)
    grant_resets(license, count=count, actor=actor, now=now)
    return _answer(ticket, license, count, actor, now)


def _answer(ticket: Ticket, license: License, count: int, actor: Actor, now: dt.datetime) -> Ticket:
    speaker = language_of_account(license.account_id)
    text = counted(
        "License %(license)s has 1 more reset, %(left)s in all. The MAC and IP address can be reset now.",
        "License %(license)s has %(count)s more resets, %(left)s in all. The MAC and IP address can be reset now.",
        count,
        license=license.code,
        left=license.resets_left,
    )
    add_message(ticket, speaker.say("Resets granted"), speaker.say(text), actor=actor, now=now)
    return close_ticket(ticket, actor=actor, now=now)


def _waiting(license: License, *, lock: bool = False) -> Ticket | None:
    """The ticket in progress that asks for resets of this license; locked, only if nobody else holds it."""
    asking = select(Ticket).where(
        Ticket.license_id == license.id, Ticket.account_id == license.account_id, Ticket.asks_for_resets
    )
    first = asking.order_by(Ticket.id).limit(1)
    return db.session.scalar(first.with_for_update(skip_locked=True) if lock else first)
