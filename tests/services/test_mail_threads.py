"""Mails about a discussion carry the address that answers to them go to, and the thread they belong to."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from extensions import db
from models import NotificationDelivery
from services.mail_threads import (
    NO_THREAD,
    discussion_addressed,
    discussion_answered,
    reply_addresses,
    was_sent_by_us,
)
from services.messages import write_message
from tests.factories.activity import NotificationDeliveryFactory
from tests.factories.support import DiscussionFactory, MessageFactory
from tests.support.mails.house import DOMAIN, SECRET, MailHouse, build_house


@pytest.fixture
def house(session: Session) -> MailHouse:
    return build_house()


def mails_about(house: MailHouse, now: dt.datetime) -> list[NotificationDelivery]:
    """What an agent's message in the discussion lets go out."""
    person = house.agent.person
    actor = Actor(str(person), Source.STAFF, person_id=person.id, staff_member_id=house.agent.id)
    write_message(house.discussion, {"title": "We look", "body": "We look at it."}, actor=actor, now=now)
    return list(db.session.scalars(select(NotificationDelivery).where(NotificationDelivery.event == "ticket_answered")))


def test_each_mail_about_a_message_says_where_answers_go(house: MailHouse, now: dt.datetime) -> None:
    mails = mails_about(house, now)
    assert {mail.address for mail in mails} == {house.corpus.member, house.corpus.copied}
    for mail in mails:
        assert reply_addresses.token(str(mail.reply_to)) == house.discussion.public_id
        assert mail.in_reply_to == f"<{mail.reply_to}>"


def test_without_a_domain_for_answers_mails_name_none(house: MailHouse, now: dt.datetime) -> None:
    reply_addresses.bind(SECRET, "")
    assert {mail.reply_to for mail in mails_about(house, now)} == {None}


def test_the_address_leads_to_its_discussion(house: MailHouse) -> None:
    DiscussionFactory(ticket=house.ticket)
    found = discussion_addressed(["somebody@else.example", house.corpus.reply])
    assert found is not None
    assert found.id == house.discussion.id
    assert discussion_addressed(["somebody@else.example"]) is None


def test_an_address_of_a_discussion_that_is_gone_leads_nowhere(house: MailHouse) -> None:
    gone = DiscussionFactory.build(public_id="a" * 16)
    assert discussion_addressed([str(reply_addresses.thread_of(gone).reply_to)]) is None


def test_the_newest_message_id_that_is_known_leads_to_its_discussion(house: MailHouse) -> None:
    other = MessageFactory(email_message_id="<old@acme.example>")
    NotificationDeliveryFactory(message_id="<new@p.example>", reply_to=house.corpus.reply)
    newest = discussion_answered(["<unknown@x>", "<new@p.example>", "<old@acme.example>"])
    assert newest is not None
    assert newest.id == house.discussion.id
    old = discussion_answered(["<old@acme.example>", "<new@p.example>"])
    assert old is not None
    assert old.id == other.discussion_id


def test_a_mail_about_something_else_leads_nowhere(house: MailHouse) -> None:
    NotificationDeliveryFactory(message_id="<invoice@p.example>", reply_to=None)
    assert discussion_answered(["<invoice@p.example>"]) is None
    assert discussion_answered([]) is None


def test_an_internal_note_leads_nowhere(house: MailHouse) -> None:
    MessageFactory(discussion=house.discussion, email_message_id="<note@p>", internal=True, from_staff=True)
    assert discussion_answered(["<note@p>"]) is None


def test_our_own_mails_are_known_by_their_message_id(house: MailHouse) -> None:
    assert was_sent_by_us(house.corpus.sent_id)
    assert not was_sent_by_us("<unknown@x>")
    assert not was_sent_by_us(None)


def test_what_has_no_domain_is_in_no_thread(house: MailHouse) -> None:
    reply_addresses.bind(SECRET, "")
    assert reply_addresses.thread_of(house.discussion) == NO_THREAD
    reply_addresses.bind(SECRET, DOMAIN.upper())
    assert reply_addresses.token(house.corpus.reply) == house.discussion.public_id
