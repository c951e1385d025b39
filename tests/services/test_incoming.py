"""Mails that come in: each ends in exactly one outcome, and what it says never counts for more than who may say it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from extensions import db
from models import (
    Account,
    Discussion,
    InboundMail,
    InboundOutcome,
    Message,
    MessageSource,
    NotificationDelivery,
    Ticket,
    TicketStatus,
    TicketType,
)
from models.file import File
from services.audit import timeline_of
from services.held_mails import let_in
from services.incoming import hold_mail, receive_mail
from services.mail_counts import MailCounts, mail_counts
from services.mail_files import FOLDER, raw_of
from services.mail_messages import TYPE_KEY
from services.mail_senders import sender_proofs
from services.mail_threads import reply_addresses
from services.stored_files import discard_lost, stored_files
from services.ticket_desk import merge_ticket
from services.waiting_tasks import Task, waiting_tasks
from tests.factories.people import DepartmentFactory, MemberFactory, MemberRoleGrantFactory
from tests.factories.support import AnnouncementFactory, DiscussionFactory, MessageFactory, TicketFactory
from tests.services.money import rows_of
from tests.support.mails import a_mail, corpus
from tests.support.mails.house import MailHouse, build_house

REPLY, NEW, HELD, REJECTED = InboundOutcome


@pytest.fixture
def house(session: Session, tmp_path: Path) -> MailHouse:
    stored_files.bind_folder(tmp_path / "files")
    return build_house()


@pytest.fixture
def receive(house: MailHouse, now: dt.datetime) -> Any:
    def hand_over(mail: EmailMessage | bytes, recipient: str = "", sender: str | None = None) -> InboundMail:
        content = mail if isinstance(mail, bytes) else mail.as_bytes()
        return receive_mail(content, recipient=recipient or house.corpus.reply, sender=sender, now=now)

    return hand_over


def message_of(mail: InboundMail) -> Message:
    return db.session.get_one(Message, mail.message_id)


def outcomes_counted(now: dt.datetime) -> MailCounts:
    return mail_counts(since=now.date())


@pytest.mark.slow
def test_each_of_a_hundred_mails_ends_in_its_outcome_and_the_counter_adds_up(
    house: MailHouse, receive: Any, now: dt.datetime
) -> None:
    samples = corpus(house.corpus)
    ended = {sample.name: receive(sample.content, sample.recipient, sample.sender) for sample in samples}
    wrong = {
        sample.name: (ended[sample.name].outcome.value, ended[sample.name].reason)
        for sample in samples
        if ended[sample.name].outcome is not sample.outcome
    }
    assert wrong == {}
    by_outcome = Counter(sample.outcome for sample in samples)
    counts = outcomes_counted(now)
    assert counts == MailCounts(100, by_outcome[REPLY], by_outcome[NEW], by_outcome[HELD], by_outcome[REJECTED])
    rows = Counter(db.session.scalars(select(InboundMail.outcome)))
    assert rows == by_outcome
    for sample in samples:
        mail = ended[sample.name]
        assert raw_of(mail) == sample.content  # whatever became of it, it is there as it came
        assert (mail.message_id is not None) == (mail.outcome in (REPLY, NEW))
        assert mail.reason or mail.outcome in (REPLY, NEW)


def test_an_answer_becomes_a_message_of_the_same_discussion(house: MailHouse, receive: Any) -> None:
    text = "Yes, twice.\n\nOn Fri, 15 May 2026 at 10:00, Support <s@p.example> wrote:\n> Did you restart it?\n"
    mail = receive(a_mail(house.corpus.member, house.corpus.reply, "Re: It", text, message_id="<1@acme.example>"))
    message = message_of(mail)
    assert mail.outcome is REPLY
    assert message.discussion_id == house.discussion.id
    assert (message.body, message.source, message.author_id) == (
        "Yes, twice.",
        MessageSource.EMAIL,
        house.member.person_id,
    )
    assert message.quoted is not None
    assert "Did you restart it?" in message.quoted
    assert message.email_message_id == "<1@acme.example>"
    assert not message.from_staff


def test_an_answer_of_an_agent_is_one_of_the_staff(house: MailHouse, receive: Any) -> None:
    message = message_of(receive(a_mail(house.corpus.agent, house.corpus.reply, "Re: It", "We look at it.")))
    assert message.from_staff
    assert message.author_id == house.agent.person_id
    assert db.session.get_one(Ticket, house.ticket.id).status is TicketStatus.WAITING_FOR_CUSTOMER


def test_an_answer_of_a_copied_address_names_the_address(house: MailHouse, receive: Any) -> None:
    message = message_of(receive(a_mail(house.corpus.copied, house.corpus.reply, "Re: It", "Me too.")))
    assert (message.author_id, message.author_email, message.from_staff) == (None, house.corpus.copied, False)


def test_the_right_address_is_not_enough_for_whoever_takes_no_part(house: MailHouse, receive: Any) -> None:
    for sender in (house.corpus.stranger, house.corpus.colleague, house.corpus.in_two_accounts):
        mail = receive(a_mail(sender, house.corpus.reply, "Re: It", f"From {sender}"))
        assert mail.outcome is HELD
        assert house.ticket.number in str(mail.reason)
    assert rows_of(Message) == 0


def test_somebody_who_left_the_ticket_answers_no_more(house: MailHouse, receive: Any, now: dt.datetime) -> None:
    db.session.refresh(house.ticket, ["participants"])
    for participant in house.ticket.participants:
        participant.left_at = now
    assert receive(a_mail(house.corpus.copied, house.corpus.reply, "Re: It", "Me too.")).outcome is HELD


def test_a_member_whose_seat_was_disabled_answers_no_more(house: MailHouse, receive: Any) -> None:
    house.member.portal_access = False
    assert receive(a_mail(house.corpus.member, house.corpus.reply, "Re: It", "Yes.")).outcome is HELD


def test_a_mail_of_another_house_s_signature_is_held(house: MailHouse, receive: Any) -> None:
    theirs = house.corpus.reply
    reply_addresses.bind("another secret key, of another installation", house.corpus.domain)
    assert receive(a_mail(house.corpus.member, theirs, "Re: It", "Yes."), theirs).outcome is HELD


def test_without_a_domain_no_address_is_signed(house: MailHouse) -> None:
    reply_addresses.bind("a secret key", "")
    assert reply_addresses.thread_of(house.discussion).reply_to is None
    assert reply_addresses.token(house.corpus.reply) is None


def test_a_mail_that_answers_a_received_one_goes_where_that_went(house: MailHouse, receive: Any) -> None:
    MessageFactory(discussion=house.discussion, email_message_id="<first@acme.example>")
    mail = a_mail(house.corpus.member, house.corpus.support, answers="<first@acme.example>")
    assert receive(mail, house.corpus.support).outcome is REPLY


def test_an_answer_to_a_merged_ticket_goes_where_that_one_went(
    house: MailHouse, receive: Any, now: dt.datetime
) -> None:
    kept = TicketFactory(number="T-KEPT", account=house.ticket.account, department=house.department)
    goes_on = DiscussionFactory(ticket=kept)
    person = house.agent.person
    agent = Actor(str(person), Source.STAFF, person_id=person.id, staff_member_id=house.agent.id)
    merge_ticket(house.ticket, into=kept.number, actor=agent, now=now)
    mail = receive(a_mail(house.corpus.member, house.corpus.reply, "Re: It", "Yes."))
    assert message_of(mail).discussion_id == goes_on.id


def test_an_answer_to_an_archived_ticket_is_held(house: MailHouse, receive: Any, now: dt.datetime) -> None:
    house.ticket.status, house.ticket.archived_at = TicketStatus.ARCHIVED, now
    mail = receive(a_mail(house.corpus.member, house.corpus.reply, "Re: It", "Yes."))
    assert (mail.outcome, mail.message_id) == (HELD, None)
    assert "archived" in str(mail.reason)
    assert rows_of(Message) == 0


def test_a_question_of_a_member_opens_a_ticket_in_the_department_of_the_address(house: MailHouse, receive: Any) -> None:
    sales = DepartmentFactory(email="sales@mail.provider.example")
    mail = receive(a_mail(house.corpus.member, str(sales.email), message_id="<q@acme.example>"), str(sales.email))
    ticket = db.session.scalars(select(Ticket).where(Ticket.id != house.ticket.id)).one()
    assert mail.outcome is NEW
    assert (ticket.account_id, ticket.department_id) == (house.ticket.account_id, sales.id)
    assert (ticket.subject, ticket.source, ticket.opened_by_id) == (
        "It rings only once",
        MessageSource.EMAIL,
        house.member.person_id,
    )
    assert message_of(mail).email_message_id == "<q@acme.example>"


def test_an_owner_needs_no_further_role_to_open_a_ticket(house: MailHouse, receive: Any) -> None:
    MemberFactory(account=house.ticket.account, is_owner=True, person__email="owner@acme.example")
    assert receive(a_mail("owner@acme.example", house.corpus.support), house.corpus.support).outcome is NEW


@pytest.mark.parametrize("broken", ["account", "member"])
def test_a_member_who_may_not_come_in_opens_no_ticket(house: MailHouse, receive: Any, broken: str) -> None:
    member = MemberFactory(person__email="gone@gone.example")
    MemberRoleGrantFactory(member=member, role="tickets")
    if broken == "account":
        member.account.status = "suspended"
    else:
        member.status = "disabled"
    assert receive(a_mail("gone@gone.example", house.corpus.support), house.corpus.support).outcome is HELD


def test_attachments_hang_on_the_message_under_clean_names(house: MailHouse, receive: Any) -> None:
    mail = a_mail(house.corpus.member, house.corpus.reply, "Re: It", "See the file.")
    mail.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="..\\..\\Trace.pdf")
    message = message_of(receive(mail))
    db.session.refresh(message, ["attachments"])
    (attached,) = message.attachments
    file = db.session.get_one(File, attached.file_id)
    assert (attached.name, file.account_id, file.size) == ("Trace.pdf", house.ticket.account_id, 6)
    assert not file.safe_image
    with stored_files.store.open(file.key) as content:
        assert content.read() == b"%PDF-1"


def test_files_that_a_page_would_refuse_are_left_out_and_said_so(house: MailHouse, receive: Any) -> None:
    mail = a_mail(house.corpus.member, house.corpus.reply, "Re: It", "See the files.")
    mail.add_attachment(b"MZ\x90\x00", maintype="application", subtype="pdf", filename="invoice.pdf.exe")
    mail.add_attachment(b"", maintype="text", subtype="x-log", filename="empty.log")
    for number in range(12):
        mail.add_attachment(b"line\n", maintype="text", subtype="x-log", filename=f"{number}.log")
    kept = receive(mail)
    message = message_of(kept)
    db.session.refresh(message, ["attachments"])
    assert [each.name for each in message.attachments] == [f"{number}.log" for number in range(10)]
    assert "is a program" in str(kept.reason)
    assert "first 10 files" in str(kept.reason)


def test_the_same_mail_twice_is_one_record(house: MailHouse, receive: Any, now: dt.datetime) -> None:
    mail = a_mail(house.corpus.member, house.corpus.reply, "Re: It", "Yes.")
    assert receive(mail).id == receive(mail).id
    assert rows_of(Message) == 1
    assert outcomes_counted(now).received == 1


def test_the_same_mail_on_two_ways_is_one_message(house: MailHouse, receive: Any) -> None:
    mail = a_mail(house.corpus.member, house.corpus.reply, "Re: It", "Yes.", message_id="<1@acme.example>")
    first = receive(mail)
    second = receive(b"Delivered-To: elsewhere\n" + mail.as_bytes())
    assert (first.outcome, second.outcome) == (REPLY, REJECTED)
    assert rows_of(Message) == 1


def test_what_is_longer_than_a_message_goes_on_in_its_folded_part(house: MailHouse, receive: Any) -> None:
    message = message_of(receive(a_mail(house.corpus.member, house.corpus.reply, "Re: It", "word " * 6_000 + "END")))
    assert len(message.body) <= 20_000
    assert message.quoted is not None
    assert message.quoted.endswith("END")


def test_what_the_mail_says_of_its_time_decides_nothing(house: MailHouse, receive: Any, now: dt.datetime) -> None:
    mail = a_mail(house.corpus.member, house.corpus.reply, "Re: It", "Yes.")
    del mail["Date"]
    mail["Date"] = "Fri, 15 May 1999 11:25:00 +0200"
    kept = receive(mail)
    assert kept.received_at == now
    assert message_of(kept).created_at == now


def test_an_outcome_is_told_in_the_audit_with_its_reason(house: MailHouse, receive: Any) -> None:
    mail = receive(a_mail(house.corpus.stranger, house.corpus.support), house.corpus.support)
    (told,) = timeline_of("inbound_mail", mail.public_id)
    assert told.event == "inbound_mail.received"
    assert told.after["outcome"] == "held"
    assert told.after["reason"] == "Its sender is not known here."


def test_a_mail_that_nothing_can_handle_is_held_as_it_came(house: MailHouse, now: dt.datetime) -> None:
    mail = hold_mail(b"From: x@y.example\r\n\r\nHi", recipient="a@b.example", sender=None, reason="It broke.", now=now)
    assert (mail.outcome, mail.reason) == (HELD, "It broke.")
    assert waiting_tasks([Task.MAILS_HELD], now=now) == {Task.MAILS_HELD: 1}


def test_the_counter_keeps_days_apart(house: MailHouse, now: dt.datetime) -> None:
    for days in (0, 0, 3):
        when = now - dt.timedelta(days=days)
        content = a_mail(house.corpus.stranger, house.corpus.support, X_Number=str(rows_of(InboundMail)))
        receive_mail(content.as_bytes(), recipient=house.corpus.support, sender=None, now=when)
    assert mail_counts(since=now.date()).received == 2
    assert mail_counts(since=now.date() - dt.timedelta(days=3)) == MailCounts(3, 0, 0, 3, 0)


def test_contents_of_mails_that_no_row_knows_are_deleted_after_a_day(
    house: MailHouse, receive: Any, now: dt.datetime
) -> None:
    mail = receive(a_mail(house.corpus.stranger, house.corpus.support))
    stored_files.store.put("mails/20260515/lost", b"lost")
    assert discard_lost(FOLDER, now=now) == 0  # its row might still be on its way
    assert discard_lost(FOLDER, now=now + dt.timedelta(days=3)) == 1
    assert raw_of(mail) is not None


@pytest.fixture
def believing(house: MailHouse) -> Iterator[None]:
    """The mail server in front is asked what it found out about senders."""
    sender_proofs.bind("mx.provider.example")
    yield
    sender_proofs.bind("")


@pytest.mark.parametrize(("found", "outcome"), [("pass", REPLY), ("none", HELD), ("fail", HELD)])
@pytest.mark.usefixtures("believing")
def test_an_answer_of_the_staff_counts_only_with_a_proof(
    house: MailHouse, receive: Any, found: str, outcome: InboundOutcome
) -> None:
    proof = f"mx.provider.example; dmarc={found} header.from=provider.example"
    mail = receive(a_mail(house.corpus.agent, house.corpus.reply, "Re: It", Authentication_Results=proof))
    assert mail.outcome is outcome


@pytest.mark.parametrize(("found", "outcome"), [("pass", NEW), ("none", NEW), ("fail", HELD)])
@pytest.mark.usefixtures("believing")
def test_a_member_s_mail_is_held_when_it_seems_forged(
    house: MailHouse, receive: Any, found: str, outcome: InboundOutcome
) -> None:
    proof = f"mx.provider.example; dmarc={found} header.from=acme.example"
    mail = a_mail(house.corpus.member, house.corpus.support, Authentication_Results=proof)
    assert receive(mail, house.corpus.support).outcome is outcome


@pytest.mark.usefixtures("believing")
def test_a_proof_that_the_sender_wrote_is_none(house: MailHouse, receive: Any) -> None:
    mail = a_mail(house.corpus.agent, house.corpus.reply, Authentication_Results="evil.example; dmarc=pass")
    assert receive(mail).outcome is HELD


# While an announcement holds tickets back


@pytest.fixture
def held_back(house: MailHouse, receive: Any, now: dt.datetime) -> Any:
    """Tickets by mail of the member's account are held back until noon."""
    receive(a_mail(house.corpus.member, house.corpus.support, "The first", "It makes the type."), house.corpus.support)
    kind = db.session.scalars(select(TicketType).where(TicketType.key == TYPE_KEY)).one()
    hours = {"starts_at": now - dt.timedelta(hours=1), "ends_at": now + dt.timedelta(hours=2)}
    words = {"title": "Lines are down", "body": "We **know**. See [status](https://status.provider.example/)."}
    announcement = AnnouncementFactory(blocked_ticket_type=kind, for_all=True, **hours, **words)
    db.session.execute(delete(NotificationDelivery))
    return announcement


def answers_to(address: str) -> list[NotificationDelivery]:
    found = select(NotificationDelivery).where(NotificationDelivery.address == address)
    return list(db.session.scalars(found.order_by(NotificationDelivery.id)))


def test_a_mail_that_a_page_would_refuse_opens_its_ticket_and_is_answered_with_the_announcement(
    house: MailHouse, receive: Any, held_back: Any
) -> None:
    mail = receive(a_mail(house.corpus.member, house.corpus.support), house.corpus.support)
    assert (mail.outcome, mail.reason) == (NEW, None)
    ticket = db.session.scalars(select(Ticket).where(Ticket.subject == "It rings only once")).one()
    [answer] = answers_to(house.corpus.member)
    assert answer.subject == f"[{ticket.number}] Lines are down"
    assert "We know. See status" in answer.text
    assert "https://status.provider.example/" in answer.text
    assert "**" not in answer.text
    assert "<strong>know</strong>" in str(answer.html)
    discussion = db.session.get_one(Discussion, message_of(mail).discussion_id)
    assert answer.reply_to == reply_addresses.thread_of(discussion).reply_to
    assert ticket.status is TicketStatus.OPEN  # nobody has answered what was asked


@pytest.mark.parametrize("away", ["over", "of another account"])
def test_an_announcement_that_holds_nothing_back_answers_nobody(
    house: MailHouse, receive: Any, held_back: Any, now: dt.datetime, away: str
) -> None:
    if away == "over":
        held_back.ends_at = now
    else:
        held_back.for_all = False
    assert receive(a_mail(house.corpus.member, house.corpus.support), house.corpus.support).outcome is NEW
    assert answers_to(house.corpus.member) == []


def test_a_stranger_who_is_let_in_is_answered_with_the_announcement_too(
    house: MailHouse, receive: Any, held_back: Any, now: dt.datetime
) -> None:
    mail = receive(a_mail(house.corpus.stranger, house.corpus.support), house.corpus.support)
    assert (mail.outcome, answers_to(house.corpus.stranger)) == (HELD, [])
    person = house.agent.person
    agent = Actor(str(person), Source.STAFF, person_id=person.id, staff_member_id=house.agent.id)
    account = db.session.get_one(Account, house.ticket.account_id)
    let_in(mail, ticket="", account=account.client_id, actor=agent, now=now)
    [answer] = answers_to(house.corpus.stranger)
    assert "Lines are down" in answer.subject
