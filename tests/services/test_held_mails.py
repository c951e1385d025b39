"""Mails that wait for staff: let in as an answer or a new ticket, or rejected; each once, and the counter follows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.permissions import StaffRole
from extensions import db
from models import InboundMail, InboundOutcome, Message, Ticket, TicketParticipant
from models.file import File
from services.audit import timeline_of
from services.held_mails import (
    AccountUnknown,
    MailDecided,
    MailGone,
    Proposed,
    SenderUnclear,
    TicketUnknown,
    WhereToUnclear,
    let_in,
    proposal_for,
    reject_mail,
)
from services.incoming import receive_mail
from services.mail_counts import MailCounts, mail_counts
from services.messages import TicketArchived
from services.stored_files import stored_files
from tests.factories.people import DepartmentFactory, StaffMemberFactory
from tests.factories.support import TicketFactory
from tests.services.money import rows_of
from tests.support.mails import a_mail
from tests.support.mails.house import MailHouse, build_house


@pytest.fixture
def house(session: Session, tmp_path: Path) -> MailHouse:
    stored_files.bind_folder(tmp_path / "files")
    return build_house()


@pytest.fixture
def held(house: MailHouse, now: dt.datetime) -> Any:
    """A held mail of the given sender, by default a stranger's to the support address."""

    def receive(sender: str = "", to: str = "", **more: Any) -> InboundMail:
        recipient = to or house.corpus.support
        mail = a_mail(sender or house.corpus.stranger, recipient, message_id="<held@elsewhere.example>", **more)
        return receive_mail(mail.as_bytes(), recipient=recipient, sender=None, now=now)

    return receive


def acting(staff_member: Any) -> Actor:
    person = staff_member.person
    return Actor(str(person), Source.STAFF, person_id=person.id, staff_member_id=staff_member.id)


def participants(ticket_id: int) -> set[str]:
    emails = select(TicketParticipant.email).where(
        TicketParticipant.ticket_id == ticket_id, TicketParticipant.email.is_not(None)
    )
    return {str(email) for email in db.session.scalars(emails)}


def test_a_stranger_s_mail_is_let_in_as_an_answer_and_the_stranger_takes_part(
    house: MailHouse, held: Any, now: dt.datetime
) -> None:
    mail = let_in(held(), ticket=house.ticket.number, account="", actor=acting(house.agent), now=now)
    message = db.session.get_one(Message, mail.message_id)
    assert mail.outcome is InboundOutcome.REPLY
    assert (message.discussion_id, message.author_email) == (house.discussion.id, house.corpus.stranger)
    assert not message.from_staff
    assert house.corpus.stranger in participants(house.ticket.id)
    assert (mail.decided_by_id, mail.decided_at) == (house.agent.id, now)


def test_whoever_was_let_in_answers_by_themselves_from_then_on(house: MailHouse, held: Any, now: dt.datetime) -> None:
    let_in(held(), ticket=house.ticket.number, account="", actor=acting(house.agent), now=now)
    answer = a_mail(house.corpus.stranger, house.corpus.reply, "Re: It", "And another thing.")
    again = receive_mail(answer.as_bytes(), recipient=house.corpus.reply, sender=None, now=now)
    assert again.outcome is InboundOutcome.REPLY


def test_a_mail_opens_a_ticket_of_the_account_that_staff_choose(house: MailHouse, held: Any, now: dt.datetime) -> None:
    client_id = house.ticket.account.client_id
    mail = let_in(held(), ticket="", account=client_id, actor=acting(house.agent), now=now)
    opened = db.session.scalars(select(Ticket).where(Ticket.id != house.ticket.id)).one()
    assert mail.outcome is InboundOutcome.NEW_TICKET
    assert (opened.account_id, opened.department_id) == (house.ticket.account_id, house.department.id)
    assert participants(opened.id) == {house.corpus.stranger}


def test_a_member_s_mail_that_is_let_in_is_theirs(house: MailHouse, held: Any, now: dt.datetime) -> None:
    mail = held(house.corpus.colleague, house.corpus.reply)
    let_in(mail, ticket=house.ticket.number, account="", actor=acting(house.agent), now=now)
    message = db.session.get_one(Message, mail.message_id)
    assert (message.author_id, message.author_email) == (house.colleague.person_id, None)


def test_a_rejected_mail_becomes_nothing(house: MailHouse, held: Any, now: dt.datetime) -> None:
    mail = reject_mail(held(), actor=acting(house.agent), now=now)
    assert (mail.outcome, mail.message_id, mail.decided_by_id) == (InboundOutcome.REJECTED, None, house.agent.id)
    assert rows_of(Message) == 0


def test_the_counter_follows_each_decision(house: MailHouse, held: Any, now: dt.datetime) -> None:
    mails = [held(text=f"Number {number}") for number in range(3)]
    later = now + dt.timedelta(days=2)
    reject_mail(mails[0], actor=acting(house.agent), now=later)
    for mail in mails[1:]:
        mail.email_message_id = None
    let_in(mails[1], ticket=house.ticket.number, account="", actor=acting(house.agent), now=later)
    assert mail_counts(since=now.date()) == MailCounts(received=3, replies=1, new_tickets=0, held=1, rejected=1)


def test_a_decision_is_told_in_the_audit_with_who_made_it(house: MailHouse, held: Any, now: dt.datetime) -> None:
    mail = reject_mail(held(), actor=acting(house.agent), now=now)
    newest = timeline_of("inbound_mail", mail.public_id)[0]
    assert (newest.event, newest.actor_name) == ("inbound_mail.rejected", str(house.agent.person))
    assert (newest.before["outcome"], newest.after["outcome"]) == ("held", "rejected")


def test_a_mail_is_decided_once(house: MailHouse, held: Any, now: dt.datetime) -> None:
    mail = reject_mail(held(), actor=acting(house.agent), now=now)
    with pytest.raises(MailDecided):
        let_in(mail, ticket=house.ticket.number, account="", actor=acting(house.agent), now=now)
    with pytest.raises(MailDecided):
        reject_mail(mail, actor=acting(house.agent), now=now)


@pytest.mark.parametrize(("ticket", "account"), [("", ""), (" ", " "), ("T-1", "10001")])
def test_exactly_one_place_is_named(house: MailHouse, held: Any, now: dt.datetime, ticket: str, account: str) -> None:
    with pytest.raises(WhereToUnclear):
        let_in(held(), ticket=ticket, account=account, actor=acting(house.agent), now=now)


def test_a_ticket_of_another_department_is_not_known(house: MailHouse, held: Any, now: dt.datetime) -> None:
    theirs = TicketFactory(number="T-OTHER", department=DepartmentFactory())
    for number in (theirs.number, "T-NONE"):
        with pytest.raises(TicketUnknown):
            let_in(held(), ticket=number, account="", actor=acting(house.agent), now=now)


def test_an_administrator_lets_mails_into_every_ticket(house: MailHouse, held: Any, now: dt.datetime) -> None:
    administrator = StaffMemberFactory(role=StaffRole.ADMINISTRATOR)
    mail = let_in(held(), ticket=house.ticket.number, account="", actor=acting(administrator), now=now)
    assert mail.outcome is InboundOutcome.REPLY


def test_an_account_that_there_is_not_is_refused(house: MailHouse, held: Any, now: dt.datetime) -> None:
    with pytest.raises(AccountUnknown):
        let_in(held(), ticket="", account="no such account", actor=acting(house.agent), now=now)


def test_what_the_ticket_refuses_leaves_the_mail_held(house: MailHouse, held: Any, now: dt.datetime) -> None:
    house.ticket.status, house.ticket.archived_at = "archived", now
    mail = held()
    with pytest.raises(TicketArchived):
        let_in(mail, ticket=house.ticket.number, account="", actor=acting(house.agent), now=now)
    assert mail.outcome is InboundOutcome.HELD


def test_a_mail_without_a_sender_can_only_be_rejected(house: MailHouse, now: dt.datetime) -> None:
    mail = receive_mail(b"Subject: Hi\r\n\r\nHi", recipient=house.corpus.support, sender=None, now=now)
    with pytest.raises(SenderUnclear):
        let_in(mail, ticket=house.ticket.number, account="", actor=acting(house.agent), now=now)


def test_a_mail_whose_content_is_gone_is_not_let_in(house: MailHouse, held: Any, now: dt.datetime) -> None:
    mail = held()
    stored_files.store.delete(db.session.get_one(File, mail.file_id).key)
    with pytest.raises(MailGone):
        let_in(mail, ticket=house.ticket.number, account="", actor=acting(house.agent), now=now)


def test_the_ticket_that_a_mail_answers_is_proposed(house: MailHouse, held: Any) -> None:
    assert proposal_for(held(to=house.corpus.reply)) == Proposed(ticket=house.ticket.number)


def test_the_account_of_a_member_is_proposed_where_it_is_the_only_one(house: MailHouse, held: Any) -> None:
    assert proposal_for(held(house.corpus.without_role)) == Proposed(account=house.ticket.account.client_id)
    assert proposal_for(held(house.corpus.in_two_accounts)) == Proposed()
