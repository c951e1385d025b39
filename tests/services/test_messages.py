"""What is written in tickets: whom it lets wait, who is told of it, and what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source, system_actor
from domain.permissions import MemberRole, StaffRole
from domain.refusals import Refusal
from extensions import db
from models import (
    Discussion,
    Member,
    Message,
    MessageCc,
    MessageSource,
    Notification,
    NotificationDelivery,
    StaffMember,
    Ticket,
    TicketParticipant,
    TicketStatus,
)
from services.audit import timeline_of
from services.messages import (
    BodyTooLong,
    CopyNotReadable,
    CopyToOurselves,
    MailTakenAlready,
    MessageWithoutBody,
    MessageWithoutTitle,
    NoteNotForCustomers,
    NoteWithCopies,
    TicketArchived,
    TicketMerged,
    TitleTooLong,
    TooManyCopies,
    add_discussion,
    write_message,
)
from tests.factories.people import (
    DepartmentFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    StaffDepartmentFactory,
    StaffMemberFactory,
)
from tests.factories.support import DiscussionFactory, MessageFactory, TicketFactory, TicketParticipantFactory
from tests.services.money import rows_of

LATER = dt.timedelta(hours=2)


class Desk:
    """A ticket of an account with its opener, a colleague who reads tickets, and an agent who may see it."""

    def __init__(self) -> None:
        self.opener: Member = MemberFactory(person__email="mia@acme.example")
        self.colleague: Member = MemberFactory(account=self.opener.account, person__email="tom@acme.example")
        for member in (self.opener, self.colleague):
            MemberRoleGrantFactory(member=member, role=MemberRole.TICKETS)
        self.ticket: Ticket = TicketFactory(account=self.opener.account)
        self.discussion: Discussion = DiscussionFactory(ticket=self.ticket)
        self.agent: StaffMember = StaffMemberFactory(person__email="ann@provider.example")
        StaffDepartmentFactory(staff_member=self.agent, department=self.ticket.department)
        TicketParticipantFactory(ticket=self.ticket, person=self.opener.person)

    def as_member(self, member: Member | None = None) -> Actor:
        seat = member or self.opener
        return Actor("Mia", Source.PORTAL, person_id=seat.person_id, member_id=seat.id, account_id=seat.account_id)

    def as_agent(self, agent: StaffMember | None = None) -> Actor:
        who = agent or self.agent
        return Actor("Ann", Source.STAFF, person_id=who.person_id, staff_member_id=who.id)

    def write(self, actor: Actor, now: dt.datetime, **values: object) -> Message:
        words = {"title": "Still there", "body": "It rings only once.", **values}
        return write_message(self.discussion, words, actor=actor, now=now)


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk()


def mailed() -> Sequence[str]:
    return db.session.scalars(select(NotificationDelivery.address).order_by(NotificationDelivery.address)).all()


def part_of(ticket: Ticket) -> dict[object, str]:
    rows = db.session.scalars(select(TicketParticipant).where(TicketParticipant.ticket_id == ticket.id))
    return {row.email or row.person_id: row.part.value for row in rows}


# Whom a ticket waits for


def test_a_customers_message_lets_the_ticket_wait_for_support(desk: Desk, now: dt.datetime) -> None:
    message = desk.write(desk.as_member(), now + LATER)
    assert desk.ticket.status is TicketStatus.WAITING_FOR_SUPPORT
    assert desk.ticket.last_message_at == now + LATER
    assert (message.from_staff, message.source, message.author_id) == (
        False,
        MessageSource.PORTAL,
        desk.opener.person_id,
    )
    assert desk.ticket.first_replied_at is None


def test_an_answer_of_staff_lets_the_ticket_wait_for_the_customer(desk: Desk, now: dt.datetime) -> None:
    message = desk.write(desk.as_agent(), now + LATER)
    assert desk.ticket.status is TicketStatus.WAITING_FOR_CUSTOMER
    assert (message.from_staff, message.source) == (True, MessageSource.STAFF)
    assert desk.ticket.paused_at == now + LATER


def test_only_the_first_answer_counts_as_the_first_reply(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    desk.write(desk.as_agent(), now + LATER)
    assert desk.ticket.first_replied_at == now


def test_what_a_job_writes_is_no_first_reply(desk: Desk, now: dt.datetime) -> None:
    desk.write(system_actor("payments"), now)
    assert desk.ticket.first_replied_at is None
    assert desk.ticket.status is TicketStatus.WAITING_FOR_CUSTOMER


def test_an_internal_note_changes_nothing(desk: Desk, now: dt.datetime) -> None:
    before = (desk.ticket.status, desk.ticket.last_message_at, desk.ticket.version, part_of(desk.ticket))
    note = desk.write(desk.as_agent(), now + LATER, internal=True)
    assert note.internal
    assert (desk.ticket.status, desk.ticket.last_message_at, desk.ticket.version, part_of(desk.ticket)) == before


def test_a_message_opens_a_solved_ticket_again(desk: Desk, now: dt.datetime) -> None:
    desk.ticket.status, desk.ticket.solved_at = TicketStatus.SOLVED, now
    desk.write(desk.as_member(), now + LATER)
    assert (desk.ticket.status, desk.ticket.solved_at) == (TicketStatus.WAITING_FOR_SUPPORT, None)
    events = [line.event for line in timeline_of("ticket", desk.ticket.number)]
    assert sorted(events) == ["ticket.answered", "ticket.reopened"]


def test_an_internal_note_leaves_a_solved_ticket_solved(desk: Desk, now: dt.datetime) -> None:
    desk.ticket.status, desk.ticket.solved_at = TicketStatus.SOLVED, now
    desk.write(desk.as_agent(), now + LATER, internal=True)
    assert desk.ticket.status is TicketStatus.SOLVED


# Who is told


def test_everybody_who_takes_part_is_mailed_but_the_writer(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    assert mailed() == ["mia@acme.example"]
    desk.write(desk.as_member(desk.colleague), now)
    assert mailed() == ["ann@provider.example", "mia@acme.example", "mia@acme.example"]


def test_the_mail_says_who_wrote_what_and_where(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert mail.subject == f"[{desk.ticket.number}] Phones ring only once"
    assert "It rings only once." in mail.text
    assert f"/portal/{desk.ticket.account.client_id}/tickets/{desk.ticket.number}\n" in mail.text


def test_an_internal_note_is_told_to_nobody(desk: Desk, now: dt.datetime) -> None:
    TicketParticipantFactory(ticket=desk.ticket, person=StaffMemberFactory(role=StaffRole.ADMINISTRATOR).person)
    desk.write(desk.as_agent(), now, internal=True)
    assert (mailed(), rows_of(Notification)) == ([], 0)


def test_an_internal_note_stands_in_no_timeline_of_the_account(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now, internal=True)
    assert timeline_of("ticket", desk.ticket.number, account_id=desk.ticket.account_id) == []
    assert [line.event for line in timeline_of("ticket", desk.ticket.number)] == ["ticket.noted"]


def test_a_member_whose_seat_is_gone_is_told_no_more(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_member(desk.colleague), now)
    desk.opener.portal_access = False
    db.session.flush()
    desk.write(desk.as_agent(), now)
    assert mailed() == ["mia@acme.example", "tom@acme.example"]


def test_staff_who_cannot_see_the_ticket_any_more_are_not_told(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    desk.ticket.department = DepartmentFactory()
    desk.write(desk.as_member(), now)
    assert "ann@provider.example" not in mailed()


def test_while_no_member_takes_part_all_who_read_tickets_are_told(desk: Desk, now: dt.datetime) -> None:
    desk.ticket = TicketFactory(account=desk.opener.account)
    desk.discussion = DiscussionFactory(ticket=desk.ticket)
    MemberFactory(account=desk.opener.account, person__email="none@acme.example")
    desk.write(desk.as_agent(), now)
    assert mailed() == ["mia@acme.example", "tom@acme.example"]


def test_members_who_read_tickets_find_each_message_among_their_notices(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_agent(), now)
    notice = db.session.scalars(select(Notification)).one()
    assert (notice.permission, notice.person_id, notice.target_key) == ("tickets:read", None, desk.ticket.number)


def test_staff_in_a_members_seat_do_not_take_part(desk: Desk, now: dt.datetime) -> None:
    actor = Actor(
        "Ann", Source.PORTAL, person_id=desk.agent.person_id, on_behalf_of_id=desk.opener.person_id, account_id=1
    )
    desk.write(actor, now)
    assert desk.agent.person_id not in part_of(desk.ticket)


# Copies


def test_addresses_in_copy_take_part_and_are_told_from_then_on(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_member(), now, copies=["It@Partner.example", "it@partner.example"])
    assert mailed() == ["it@partner.example"]
    desk.write(desk.as_agent(), now)
    assert mailed() == ["it@partner.example", "it@partner.example", "mia@acme.example"]
    assert part_of(desk.ticket)["it@partner.example"] == "copied"


def test_a_member_in_copy_takes_part_as_the_person(desk: Desk, now: dt.datetime) -> None:
    message = desk.write(desk.as_member(), now, copies=["tom@acme.example"])
    assert part_of(desk.ticket)[desk.colleague.person_id] == "copied"
    copies = db.session.scalars(select(MessageCc).where(MessageCc.message_id == message.id)).all()
    assert [(copy.email, copy.person_id) for copy in copies] == [("tom@acme.example", desk.colleague.person_id)]


def test_a_member_of_another_account_in_copy_is_only_an_address(desk: Desk, now: dt.datetime) -> None:
    MemberFactory(person__email="eve@other.example")
    desk.write(desk.as_member(), now, copies=["eve@other.example"])
    assert part_of(desk.ticket)["eve@other.example"] == "copied"
    assert rows_of(Notification) == 1


# By mail


def test_who_wrote_by_mail_without_a_seat_is_a_customer_whoever_hands_it_in(desk: Desk, now: dt.datetime) -> None:
    message = desk.write(
        system_actor("mail"),
        now,
        source=MessageSource.EMAIL,
        email_message_id="<1@partner.example>",
        author_email="it@partner.example",
        quoted="> before",
    )
    assert (message.author_id, message.author_email, message.from_staff) == (None, "it@partner.example", False)
    assert (message.source, message.quoted) == (MessageSource.EMAIL, "> before")
    assert desk.ticket.status is TicketStatus.WAITING_FOR_SUPPORT
    assert "it@partner.example" in part_of(desk.ticket)
    assert mailed() == ["mia@acme.example"]


def test_the_same_mail_twice_is_one_message(desk: Desk, now: dt.datetime) -> None:
    MessageFactory(discussion=desk.discussion, email_message_id="<1@acme.example>")
    with pytest.raises(MailTakenAlready):
        desk.write(desk.as_member(), now, email_message_id="<1@acme.example>")


# Refusals


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"title": "  "}, MessageWithoutTitle),
        ({"title": "x" * 256}, TitleTooLong),
        ({"body": " \n "}, MessageWithoutBody),
        ({"body": "x" * 20_001}, BodyTooLong),
        ({"copies": ["nobody"]}, CopyNotReadable),
        ({"copies": [f"a{number}@x.example" for number in range(21)]}, TooManyCopies),
        ({"internal": True}, NoteNotForCustomers),
    ],
)
def test_what_is_not_a_message_is_refused(
    desk: Desk, now: dt.datetime, values: dict[str, object], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        desk.write(desk.as_member(), now, **values)
    assert (rows_of(Message), desk.ticket.status) == (0, TicketStatus.OPEN)


def test_a_note_has_no_copies(desk: Desk, now: dt.datetime) -> None:
    with pytest.raises(NoteWithCopies):
        desk.write(desk.as_agent(), now, internal=True, copies=["a@x.example"])


def test_a_mail_from_outside_is_no_internal_note(desk: Desk, now: dt.datetime) -> None:
    with pytest.raises(NoteNotForCustomers):
        desk.write(system_actor("mail"), now, internal=True, author_email="it@partner.example")


def test_our_own_address_is_not_put_in_copy(desk: Desk, now: dt.datetime) -> None:
    DepartmentFactory(email="support@provider.example")
    with pytest.raises(CopyToOurselves):
        desk.write(desk.as_member(), now, copies=["support@provider.example"])


@pytest.mark.parametrize("internal", [False, True])
def test_an_archived_ticket_takes_no_message(desk: Desk, now: dt.datetime, internal: bool) -> None:
    desk.ticket.status, desk.ticket.solved_at, desk.ticket.archived_at = TicketStatus.ARCHIVED, now, now
    with pytest.raises(TicketArchived):
        desk.write(desk.as_agent(), now, internal=internal)


def test_a_merged_ticket_says_where_to_write(desk: Desk, now: dt.datetime) -> None:
    other = TicketFactory(account=desk.opener.account, number="T-900001")
    desk.ticket.merged_into_id = other.id
    with pytest.raises(TicketMerged, match="T-900001"):
        desk.write(desk.as_member(), now)


# Discussions


def test_a_discussion_is_added_to_a_ticket(desk: Desk, now: dt.datetime) -> None:
    discussion = add_discussion(desk.ticket, " Another  matter ", actor=desk.as_member(), now=now)
    assert (discussion.title, discussion.account_id) == ("Another matter", desk.ticket.account_id)
    assert timeline_of("ticket", desk.ticket.number)[0].event == "discussion.created"


def test_a_discussion_needs_a_title(desk: Desk, now: dt.datetime) -> None:
    with pytest.raises(MessageWithoutTitle):
        add_discussion(desk.ticket, " ", actor=desk.as_member(), now=now)


def test_an_archived_ticket_takes_no_discussion(desk: Desk, now: dt.datetime) -> None:
    desk.ticket.status, desk.ticket.solved_at, desk.ticket.archived_at = TicketStatus.ARCHIVED, now, now
    with pytest.raises(TicketArchived):
        add_discussion(desk.ticket, "More", actor=desk.as_member(), now=now)
