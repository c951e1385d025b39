"""No resets left: a ticket asks for more, once, and staff grant them from the ticket or the license."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from extensions import db
from models import License, LicenseStatus, Message, Ticket, TicketStatus, TicketType
from services.licenses import ResetsNotReadable, reset_hardware_lock
from services.more_resets import (
    AskedAlready,
    NoResetsAsked,
    ResetsStillThere,
    ask_for_resets,
    grant_and_answer,
    grant_from_ticket,
    wish_text,
)
from services.settings import change_setting, number_setting
from services.tickets import TicketTypeNotOffered, open_ticket
from tests.factories.services import HardwareResetFactory, LicenseFactory
from tests.factories.support import TicketFactory
from tests.services.money import CLERK, rows_of
from tests.support.parallel import at_once, refusals

MEMBER = Actor("Robin Miller", Source.PORTAL, ip="192.0.2.1")


@pytest.fixture
def license(session: Session) -> License:
    return LicenseFactory(resets_left=0, code="LIC-1", reference="Office")


def ask(license: License, now: dt.datetime, text: str = "The server died.") -> Ticket:
    return ask_for_resets(license, description=text, actor=MEMBER, now=now)


def texts() -> list[str]:
    return list(db.session.scalars(select(Message.body).order_by(Message.id)))


def test_the_text_names_the_license_what_is_saved_and_the_last_resets(license: License) -> None:
    HardwareResetFactory(license=license, reset_by="Robin Miller")
    text = wish_text(license)
    assert "license LIC-1 (Office): none are left" in text
    assert "MAC address 00:1A:2B:3C:4D:5E, IP address 192.0.2.10" in text
    assert "Robin Miller" in text


def test_asking_opens_a_ticket_of_the_license(license: License, now: dt.datetime) -> None:
    ticket = ask(license, now)
    assert (ticket.license_id, ticket.account_id, ticket.status) == (license.id, license.account_id, TicketStatus.OPEN)
    assert ticket.subject == "More resets for license LIC-1"
    assert texts() == ["The server died."]


def test_a_ticket_without_words_says_what_the_page_proposed(license: License, now: dt.datetime) -> None:
    ask(license, now, "  ")
    assert texts() == [wish_text(license)]


@pytest.mark.parametrize(
    "values",
    [{"resets_left": 1}, {"mac_address": None, "last_valid_ip": None}, {"status": LicenseStatus.TERMINATED}],
)
def test_nothing_is_asked_where_no_reset_is_missing(
    license: License, now: dt.datetime, values: dict[str, object]
) -> None:
    for name, value in values.items():
        setattr(license, name, value)
    with pytest.raises(ResetsStillThere):
        ask(license, now)
    assert rows_of(Ticket) == 0


def test_one_ticket_asks_at_a_time(license: License, now: dt.datetime) -> None:
    first = ask(license, now)
    with pytest.raises(AskedAlready, match=first.number):
        ask(license, now)
    other = ask(LicenseFactory(resets_left=0), now)
    assert other.ticket_type_id == first.ticket_type_id


def test_sixteen_who_ask_at_once_open_one_ticket(license: License, now: dt.datetime) -> None:
    license_id = license.id
    results = at_once(lambda _: ask(db.session.get_one(License, license_id), now).id)
    assert {type(refusal) for refusal in refusals(results)} == {AskedAlready}
    assert rows_of(Ticket) == 1
    assert rows_of(TicketType) == 1


def test_members_are_not_offered_the_type_by_itself(license: License, now: dt.datetime) -> None:
    kind = ask(license, now).ticket_type
    values = {"account_id": license.account_id, "ticket_type": kind, "subject": "More", "description": "Please"}
    with pytest.raises(TicketTypeNotOffered):
        open_ticket(values, actor=MEMBER, now=now)


def test_staff_grant_from_the_ticket_which_is_answered_and_solved(license: License, now: dt.datetime) -> None:
    ticket = grant_from_ticket(ask(license, now), count=2, actor=CLERK, now=now)
    assert (license.resets_left, ticket.status) == (2, TicketStatus.SOLVED)
    assert texts()[-1] == "License LIC-1 has 2 more resets, 2 in all. The MAC and IP address can be reset now."
    reset_hardware_lock(license, actor=MEMBER, now=now)
    assert license.resets_left == 1


def test_a_ticket_grants_once(license: License, now: dt.datetime) -> None:
    ticket = ask(license, now)
    ticket_id = ticket.id
    results = at_once(
        lambda _: grant_from_ticket(db.session.get_one(Ticket, ticket_id), count=3, actor=CLERK, now=now).id
    )
    assert {type(refusal) for refusal in refusals(results)} == {NoResetsAsked}
    assert license.resets_left == 3


def test_a_grant_on_the_license_answers_its_ticket(license: License, now: dt.datetime) -> None:
    ticket, other = ask(license, now), ask(LicenseFactory(resets_left=0), now)
    grant_and_answer(license, count=1, actor=CLERK, now=now)
    assert (ticket.status, other.status) == (TicketStatus.SOLVED, TicketStatus.OPEN)
    assert "has 1 more reset, 1 in all" in texts()[-1]


def test_a_grant_without_a_ticket_is_just_a_grant(license: License, now: dt.datetime) -> None:
    grant_and_answer(license, count=1, actor=CLERK, now=now)
    assert (license.resets_left, rows_of(Message)) == (1, 0)


def test_a_grant_that_is_refused_leaves_the_ticket_open(license: License, now: dt.datetime) -> None:
    ticket = ask(license, now)
    with pytest.raises(ResetsNotReadable):
        grant_from_ticket(ticket, count=0, actor=CLERK, now=now)
    assert ticket.status is TicketStatus.OPEN


def test_another_ticket_of_the_license_grants_nothing(license: License, now: dt.datetime) -> None:
    ticket = TicketFactory(account=license.account, license_id=license.id)
    with pytest.raises(NoResetsAsked):
        grant_from_ticket(ticket, count=3, actor=CLERK, now=now)
    assert license.resets_left == 0


def test_grants_from_both_sides_at_once_answer_once_and_do_not_wait_in_a_circle(
    license: License, now: dt.datetime
) -> None:
    license_id, ticket_id = license.id, ask(license, now).id

    def grant(place: int) -> int:
        if place % 2:
            return grant_from_ticket(db.session.get_one(Ticket, ticket_id), count=1, actor=CLERK, now=now).id
        return grant_and_answer(db.session.get_one(License, license_id), count=1, actor=CLERK, now=now).id

    results = at_once(grant)
    granted = 16 - len(refusals(results))
    assert license.resets_left == granted
    assert db.session.get_one(Ticket, ticket_id).status is TicketStatus.SOLVED
    assert len(texts()) == 2


def test_how_often_a_new_license_can_be_reset_is_a_setting(session: Session, now: dt.datetime) -> None:
    assert number_setting("license_resets") == 3
    change_setting("license_resets", "5", actor=CLERK, now=now)
    assert number_setting("license_resets") == 5
