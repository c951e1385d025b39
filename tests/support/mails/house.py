"""A house whose mails the corpus writes: a ticket with its participants, and others who take no part in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.permissions import MemberRole
from models import ParticipantPart
from services.mail_threads import reply_addresses
from tests.factories.activity import NotificationDeliveryFactory
from tests.factories.people import (
    DepartmentFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    PersonFactory,
    StaffDepartmentFactory,
    StaffMemberFactory,
)
from tests.factories.support import DiscussionFactory, TicketFactory, TicketParticipantFactory
from tests.support.mails.corpus import Corpus

SECRET, DOMAIN = "a secret key of the tests, 32 characters", "mail.provider.example"


@dataclass(frozen=True)
class MailHouse:
    """``discussion`` is of a ticket that ``member``, ``agent`` and ``copied`` take part in."""

    discussion: Any
    department: Any
    member: Any
    agent: Any
    colleague: Any
    corpus: Corpus

    @property
    def ticket(self) -> Any:
        return self.discussion.ticket


def build_house() -> MailHouse:
    """Make it, and let addresses be signed for its domain."""
    reply_addresses.bind(SECRET, DOMAIN)
    department = DepartmentFactory(email="support@mail.provider.example")
    ticket = TicketFactory(number="T-HOUSE", department=department)
    member = MemberFactory(account=ticket.account, person__email="ann@acme.example")
    colleague = MemberFactory(account=ticket.account, person__email="colleague@acme.example")
    for each in (member, colleague):
        MemberRoleGrantFactory(member=each, role=MemberRole.TICKETS)
    without_role = MemberFactory(account=ticket.account, person__email="billing@acme.example")
    two = PersonFactory(email="two@both.example")
    for _ in range(2):
        MemberRoleGrantFactory(member=MemberFactory(person=two), role=MemberRole.TICKETS)
    agent = StaffMemberFactory(person__email="agent@provider.example")
    StaffDepartmentFactory(staff_member=agent, department=department)
    discussion = DiscussionFactory(ticket=ticket, title="It rings only once")
    TicketParticipantFactory(ticket=ticket, person=member.person, part=ParticipantPart.OPENER)
    TicketParticipantFactory(ticket=ticket, person=agent.person, part=ParticipantPart.ASSIGNEE)
    TicketParticipantFactory(ticket=ticket, person=None, email="copied@partner.example", part=ParticipantPart.COPIED)
    thread = reply_addresses.thread_of(discussion)
    reply = str(thread.reply_to)
    sent = NotificationDeliveryFactory(message_id="<sent1@portal.provider.example>", reply_to=reply)
    addresses = Corpus(
        member=member.person.email,
        copied="copied@partner.example",
        colleague=colleague.person.email,
        without_role=without_role.person.email,
        in_two_accounts=two.email,
        agent=agent.person.email,
        stranger="stranger@elsewhere.example",
        support=department.email,
        reply=reply,
        forged_reply=reply.replace(".", ".a", 1)[: len(reply.split("@")[0])] + f"@{DOMAIN}",
        domain=DOMAIN,
        thread_id=str(thread.in_reply_to),
        sent_id=sent.message_id,
    )
    return MailHouse(discussion, department, member, agent, colleague, addresses)
