"""The numbers of the bell and beside the entries of the navigation: what is new to whoever is here (SPEC F8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request

from domain.permissions import P
from domain.sentences import Sentence, counted
from models import Ticket
from panel import Banner, Visit
from panel.addresses import address, key_in
from services.counters import Waiting, answered_tickets, waiting_for_member, waiting_for_staff
from services.notices import MOST_COUNTED
from services.ticket_seen import has_news, note_seen
from services.unit_of_work import unit_of_work
from views.clock import now
from views.locale import said
from views.readers import has_own_eyes, reader_of

Counter = dict[str, Any]
Words = Callable[[int, str], Sentence]

_MOST_BANNERS = 2


def counters(visit: Visit) -> dict[str, Counter]:
    """The bell, one's jobs at work ("your-jobs"), and by the slug of its entry each number of the navigation.

    Each has its number, its text ("99+", empty for none) and its words. One statement.
    """
    if visit.owner_id is None:
        found = _of_staff(visit)
        shown: dict[str, tuple[int | None, Words]] = {
            "tickets": (
                found.tickets,
                lambda n, shown: counted(
                    "%(shown)s ticket waits for you", "%(shown)s tickets wait for you", n, shown=shown
                ),
            ),
            "chats": (
                found.chats,
                lambda n, shown: counted("%(shown)s chat waits", "%(shown)s chats wait", n, shown=shown),
            ),
        }
    else:
        found = _of_member(visit)
        shown = {
            "tickets": (
                found.tickets,
                lambda n, shown: counted(
                    "%(shown)s ticket with new answers", "%(shown)s tickets with new answers", n, shown=shown
                ),
            ),
            "chat": (
                found.chats,
                lambda n, shown: counted("%(shown)s new line", "%(shown)s new lines", n, shown=shown),
            ),
        }
    bell = _counter(found.notices, _unread)
    shown["your-jobs"] = (found.jobs, _at_work)
    return {
        "bell": {**bell, "words": bell["words"] or said("No unread notifications")},
        **{slug: _counter(number, words) for slug, (number, words) in shown.items() if number is not None},
    }


def _unread(number: int, shown: str) -> Sentence:
    return counted("%(shown)s unread notification", "%(shown)s unread notifications", number, shown=shown)


def _at_work(number: int, shown: str) -> Sentence:
    return counted("%(shown)s of your jobs is at work", "%(shown)s of your jobs are at work", number, shown=shown)


def note_ticket_seen(visit: Visit, ticket: Ticket) -> None:
    """Whoever of the account opened a ticket has seen its answers. Nothing is written while there is nothing new."""
    person_id = visit.actor.person_id
    if visit.owner_id is None or person_id is None or not has_own_eyes(visit):
        return
    if has_news(ticket, person_id, now=now()):
        with unit_of_work():
            note_seen(ticket, person_id, now=now())


def answered_banners(visit: Visit) -> list[Banner]:
    """Says above a member's list of tickets which of them have new answers."""
    person_id = visit.actor.person_id
    if visit.owner_id is None or person_id is None or not has_own_eyes(visit):
        return []
    tickets = answered_tickets(visit.owner_id, person_id, limit=_MOST_BANNERS, now=now())
    return [
        Banner(
            Sentence("%(number)s, %(subject)s: there are new answers.", number=each.number, subject=each.subject),
            _ticket_url(visit, each),
            "Read them",
        )
        for each in tickets
    ]


def _ticket_url(visit: Visit, ticket: Ticket) -> str:
    return f"{visit.base_url}/tickets/{address(ticket.number)}"


def _of_staff(visit: Visit) -> Waiting:
    agent_id = visit.actor.staff_member_id if visit.allows(P.STAFF_TICKETS_WORK) else None
    return waiting_for_staff(reader_of(visit), agent_id=agent_id, now=now())


def _of_member(visit: Visit) -> Waiting:
    own = has_own_eyes(visit)
    return waiting_for_member(
        reader_of(visit),
        member_id=visit.actor.member_id,
        tickets=own and visit.allows(P.TICKETS_READ),
        chats=own and visit.allows(P.CHAT_USE),
        besides=_ticket_before_them(),
        now=now(),
    )


def _ticket_before_them() -> str:
    """The number of the ticket whose page is being made: whoever looks at it is not told that it has news."""
    shown = request.endpoint == "portal_tickets.details_view"
    return key_in(str((request.view_args or {}).get("key", ""))).replace("\0", "") if shown else ""


def _counter(number: int, words: Words) -> Counter:
    text = f"{MOST_COUNTED - 1}+" if number >= MOST_COUNTED else str(number or "")
    return {"number": number, "text": text, "words": said(words(number, text)) if number else ""}
