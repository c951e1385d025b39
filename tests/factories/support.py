"""Tickets, chat, mail in, policies and requests about personal data."""

from __future__ import annotations

import datetime as dt
from typing import Any

import factory

from models import (
    Announcement,
    BusinessHours,
    ChatMessage,
    ChatSession,
    DataRequest,
    DataRequestKind,
    Decision,
    DialogueStep,
    Discussion,
    InboundDay,
    InboundMail,
    InboundOutcome,
    Macro,
    Message,
    MessageAttachment,
    MessageCc,
    Policy,
    PolicyDecision,
    PolicyVersion,
    Project,
    ReadyAnswer,
    SlaPolicy,
    TelegramDialogue,
    TelegramFile,
    TelegramPoller,
    TelegramUpdate,
    Ticket,
    TicketField,
    TicketParticipant,
    TicketPresence,
    TicketPriority,
    TicketSeen,
    TicketText,
    TicketType,
)
from services.mail_counts import count_mail
from tests.factories.base import NOW, RowFactory
from tests.factories.people import (
    AccountFactory,
    DepartmentFactory,
    FileFactory,
    MemberFactory,
    PersonFactory,
    StaffMemberFactory,
    digest_of,
)


class TicketTypeFactory(RowFactory):
    class Meta:
        model = TicketType

    key = factory.Sequence(lambda n: f"type-{n}")
    name = factory.Sequence(lambda n: f"Type {n}")
    created_at = NOW


class TicketFieldFactory(RowFactory):
    class Meta:
        model = TicketField

    ticket_type = factory.SubFactory(TicketTypeFactory)
    key = factory.Sequence(lambda n: f"field-{n}")
    label = "Which version do you use?"
    created_at = NOW


class ProjectFactory(RowFactory):
    class Meta:
        model = Project

    name = factory.Sequence(lambda n: f"Project {n}")
    created_at = NOW


class BusinessHoursFactory(RowFactory):
    class Meta:
        model = BusinessHours

    name = factory.Sequence(lambda n: f"Office hours {n}")
    week = [[["09:00", "17:00"]]] * 5 + [[], []]
    created_at = NOW


class SlaPolicyFactory(RowFactory):
    class Meta:
        model = SlaPolicy

    name = factory.Sequence(lambda n: f"Promise {n}")
    priority = TicketPriority.NORMAL
    department = factory.SubFactory(DepartmentFactory)
    business_hours = factory.SubFactory(BusinessHoursFactory)
    first_reply_minutes = 240
    created_at = NOW


class TicketFactory(RowFactory):
    class Meta:
        model = Ticket

    account = factory.SubFactory(AccountFactory)
    number = factory.Sequence(lambda n: f"T-{n:06}")
    subject = "Phones ring only once"
    ticket_type = factory.SubFactory(TicketTypeFactory)
    department = factory.SubFactory(DepartmentFactory)
    last_message_at = NOW
    created_at = NOW


class TelegramPollerFactory(RowFactory):
    class Meta:
        model = TelegramPoller

    bot = factory.Sequence(str)


class TelegramUpdateFactory(RowFactory):
    class Meta:
        model = TelegramUpdate

    bot = "1"
    update_id = factory.Sequence(lambda n: 900_000 + n)
    taken_at = NOW


class TelegramDialogueFactory(RowFactory):
    """A new ticket that is being written; give ``discussion_id`` and ``account_id`` for an answer."""

    class Meta:
        model = TelegramDialogue

    person = factory.SubFactory(PersonFactory)
    step = DialogueStep.ACCOUNT
    last_at = NOW
    created_at = NOW


class TelegramFileFactory(RowFactory):
    class Meta:
        model = TelegramFile

    dialogue = factory.SubFactory(TelegramDialogueFactory)
    file = factory.SubFactory(FileFactory)


class TicketParticipantFactory(RowFactory):
    class Meta:
        model = TicketParticipant

    ticket = factory.SubFactory(TicketFactory)
    account_id = factory.SelfAttribute("ticket.account_id")
    person = factory.SubFactory(PersonFactory)
    created_at = NOW


class TicketPresenceFactory(RowFactory):
    class Meta:
        model = TicketPresence

    ticket = factory.SubFactory(TicketFactory)
    account_id = factory.SelfAttribute("ticket.account_id")
    staff_member = factory.SubFactory(StaffMemberFactory)
    seen_at = NOW


class TicketSeenFactory(RowFactory):
    class Meta:
        model = TicketSeen

    message_id = factory.LazyAttribute(lambda seen: MessageFactory(discussion=DiscussionFactory(ticket=seen.ticket)).id)
    ticket = factory.SubFactory(TicketFactory)
    account_id = factory.SelfAttribute("ticket.account_id")
    person = factory.SubFactory(PersonFactory)
    seen_at = NOW


class DiscussionFactory(RowFactory):
    class Meta:
        model = Discussion

    ticket = factory.SubFactory(TicketFactory)
    account_id = factory.SelfAttribute("ticket.account_id")
    title = "First answer"
    created_at = NOW


class MessageFactory(RowFactory):
    class Meta:
        model = Message

    discussion = factory.SubFactory(DiscussionFactory)
    account_id = factory.SelfAttribute("discussion.account_id")
    author = factory.SubFactory(PersonFactory)
    title = "It began on Monday"
    body = "Since the update of Monday every phone rings only once."
    created_at = NOW


class MessageAttachmentFactory(RowFactory):
    class Meta:
        model = MessageAttachment

    message = factory.SubFactory(MessageFactory)
    account_id = factory.SelfAttribute("message.account_id")
    file = factory.SubFactory(FileFactory)
    name = "trace.pdf"


class MessageCcFactory(RowFactory):
    class Meta:
        model = MessageCc

    message = factory.SubFactory(MessageFactory)
    account_id = factory.SelfAttribute("message.account_id")
    email = factory.Sequence(lambda n: f"copy{n}@people.example")


class TicketTextFactory(RowFactory):
    """A message that another ticket shows, too. The words of a ticket and its own messages are written with them."""

    class Meta:
        model = TicketText

    ticket = factory.SubFactory(TicketFactory)
    message = factory.SubFactory(
        MessageFactory, discussion__ticket__account=factory.SelfAttribute("....ticket.account")
    )
    account_id = factory.SelfAttribute("ticket.account_id")
    words = ("another", "ticket")


class ReadyAnswerFactory(RowFactory):
    class Meta:
        model = ReadyAnswer

    title = factory.Sequence(lambda n: f"Ready answer {n}")
    body = "Please restart the phone."
    created_at = NOW


class MacroFactory(RowFactory):
    class Meta:
        model = Macro

    title = factory.Sequence(lambda n: f"Macro {n}")
    ready_answer = factory.SubFactory(ReadyAnswerFactory)
    created_at = NOW


class AnnouncementFactory(RowFactory):
    class Meta:
        model = Announcement

    title = "Maintenance on Sunday"
    body = "Calls may drop between 02:00 and 03:00."
    starts_at = NOW
    created_at = NOW


class InboundMailFactory(RowFactory):
    class Meta:
        model = InboundMail

    digest = factory.Sequence(digest_of)
    received_at = NOW
    sender = "stranger@elsewhere.example"
    recipient = "support@provider.example"
    subject = "Help"
    size = 2048
    outcome = InboundOutcome.HELD

    @classmethod
    def _create(cls, model_class: type[InboundMail], *args: Any, **values: Any) -> InboundMail:
        """A mail that came in is counted: no service makes one without."""
        mail: InboundMail = super()._create(model_class, *args, **values)
        count_mail(mail)
        return mail


class InboundDayFactory(RowFactory):
    class Meta:
        model = InboundDay

    day = factory.Sequence(lambda n: NOW.date() - dt.timedelta(days=n))
    received = 1
    held = 1


class ChatSessionFactory(RowFactory):
    class Meta:
        model = ChatSession

    member = factory.SubFactory(MemberFactory)
    account_id = factory.SelfAttribute("member.account_id")
    created_at = NOW


class ChatMessageFactory(RowFactory):
    class Meta:
        model = ChatMessage

    chat_session = factory.SubFactory(ChatSessionFactory)
    account_id = factory.SelfAttribute("chat_session.account_id")
    sequence = factory.Sequence(lambda n: n + 1)
    text = "Is anybody there?"
    created_at = NOW


class PolicyFactory(RowFactory):
    class Meta:
        model = Policy

    key = factory.Sequence(lambda n: f"policy-{n}")
    name = "Terms of service"
    mandatory = False  # a mandatory one stands before every member
    created_at = NOW


class PolicyVersionFactory(RowFactory):
    class Meta:
        model = PolicyVersion

    policy = factory.SubFactory(PolicyFactory)
    number = 1
    body = "Be kind."
    published_at = NOW
    created_at = NOW


class PolicyDecisionFactory(RowFactory):
    class Meta:
        model = PolicyDecision

    policy_version = factory.SubFactory(PolicyVersionFactory)
    person = factory.SubFactory(PersonFactory)
    decision = Decision.ACCEPTED
    decided_at = NOW


class DataRequestFactory(RowFactory):
    class Meta:
        model = DataRequest

    person = factory.SubFactory(PersonFactory)
    kind = DataRequestKind.EXPORT
    due_on = (NOW + dt.timedelta(days=30)).date()
    created_at = NOW
