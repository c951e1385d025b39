"""Tickets, chat, mail in and requests: what the database itself refuses."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from models import Discussion, InboundOutcome, TicketPriority, TicketStatus
from tests.factories.people import AccountFactory, StaffMemberFactory
from tests.factories.support import (
    ChatMessageFactory,
    ChatSessionFactory,
    DataRequestFactory,
    DiscussionFactory,
    InboundDayFactory,
    InboundMailFactory,
    MessageAttachmentFactory,
    MessageFactory,
    SlaPolicyFactory,
    TicketFactory,
    TicketFieldFactory,
    TicketParticipantFactory,
)

pytestmark = pytest.mark.usefixtures("session")


def test_a_ticket_number_is_given_once():
    ticket = TicketFactory()
    with pytest.raises(IntegrityError):
        TicketFactory(number=ticket.number)


def test_a_ticket_is_escalated_within_its_account():
    foreign = TicketFactory()
    with pytest.raises(IntegrityError):
        TicketFactory(escalated_from_id=foreign.id)


def test_an_escalation_names_a_ticket_of_the_same_account(session):
    first = TicketFactory()
    second = TicketFactory(account=first.account, escalated_from_id=first.id)
    session.expire_all()
    read = session.scalars(
        select(type(second)).where(type(second).id == second.id).options(selectinload(type(second).escalated_from))
    ).one()
    assert read.escalated_from.number == first.number


def test_a_ticket_is_not_merged_into_itself(session):
    ticket = TicketFactory()
    ticket.merged_into_id = ticket.id
    with pytest.raises(IntegrityError, match="not_merged_into_itself"):
        session.flush()


@pytest.mark.parametrize("rating", [0, 6])
def test_a_rating_is_one_to_five(session, now, rating):
    ticket = TicketFactory()
    ticket.rating, ticket.rated_at = rating, now
    with pytest.raises(IntegrityError, match="rating_range"):
        session.flush()


def test_a_solved_ticket_says_when():
    with pytest.raises(IntegrityError, match="solved_has_time"):
        TicketFactory(status=TicketStatus.SOLVED)


def test_a_discussion_stays_in_the_account_of_its_ticket():
    ticket, stranger = TicketFactory(), AccountFactory()
    with pytest.raises(IntegrityError):
        DiscussionFactory(ticket=ticket, account_id=stranger.id)


def test_an_attachment_stays_in_the_account_of_its_message():
    message, stranger = MessageFactory(), AccountFactory()
    with pytest.raises(IntegrityError):
        MessageAttachmentFactory(message=message, account_id=stranger.id)


def test_only_staff_write_internal_notes():
    with pytest.raises(IntegrityError, match="only_staff_write_internal"):
        MessageFactory(internal=True)


def test_internal_notes_are_not_among_the_visible_messages(session):
    discussion = DiscussionFactory()
    answer = MessageFactory(discussion=discussion)
    note = MessageFactory(discussion=discussion, internal=True, from_staff=True)
    session.expire_all()
    read = session.scalars(
        select(Discussion).options(selectinload(Discussion.messages), selectinload(Discussion.visible_messages))
    ).one()
    assert read.messages == [answer, note]
    assert read.visible_messages == [answer]


def test_a_mail_becomes_one_message():
    MessageFactory(email_message_id="<1@mail.example>")
    with pytest.raises(IntegrityError):
        MessageFactory(email_message_id="<1@mail.example>")


def test_a_participant_is_a_person_or_an_address():
    TicketParticipantFactory(person=None, email="copy@people.example")
    with pytest.raises(IntegrityError, match="person_or_email"):
        TicketParticipantFactory(email="copy@people.example")


def test_a_question_has_one_key_within_its_type():
    field = TicketFieldFactory()
    with pytest.raises(IntegrityError):
        TicketFieldFactory(ticket_type=field.ticket_type, key=field.key)


def test_a_promise_for_all_departments_is_given_once_a_priority():
    SlaPolicyFactory(department=None)
    SlaPolicyFactory(department=None, priority=TicketPriority.URGENT)
    with pytest.raises(IntegrityError):
        SlaPolicyFactory(department=None)


def test_the_same_mail_handed_over_twice_is_one_row():
    mail = InboundMailFactory()
    with pytest.raises(IntegrityError):
        InboundMailFactory(digest=mail.digest)


def test_a_mail_counted_as_reply_has_its_message():
    InboundMailFactory(outcome=InboundOutcome.REPLY, message=MessageFactory())
    with pytest.raises(IntegrityError, match="taken_has_message"):
        InboundMailFactory(outcome=InboundOutcome.REPLY)


def test_a_day_of_mails_that_does_not_add_up_is_refused():
    InboundDayFactory(received=4, replies=1, new_tickets=1, held=1, rejected=1)
    with pytest.raises(IntegrityError, match="adds_up"):
        InboundDayFactory(received=2, held=1)


def test_a_day_has_no_fewer_than_no_mails():
    with pytest.raises(IntegrityError, match="none_negative"):
        InboundDayFactory(received=0, held=-1, rejected=1)


def test_an_open_chat_has_an_agent():
    ChatSessionFactory(status="open", staff_member=StaffMemberFactory())
    with pytest.raises(IntegrityError, match="open_has_agent"):
        ChatSessionFactory(status="open")


def test_two_chat_messages_do_not_share_a_place():
    message = ChatMessageFactory()
    with pytest.raises(IntegrityError):
        ChatMessageFactory(chat_session=message.chat_session, sequence=message.sequence)


def test_a_closed_request_says_when():
    with pytest.raises(IntegrityError, match="closed_has_time"):
        DataRequestFactory(status="done")
