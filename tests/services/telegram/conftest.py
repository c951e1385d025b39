"""Mia, her chat with the bot, and a ticket of hers: what every test of the bot's talk begins with."""

from __future__ import annotations

import pytest

from domain.permissions import MemberRole, StaffRole
from models import ParticipantPart
from services.mail_texts import mail_texts
from tests.factories.people import MemberFactory, MemberRoleGrantFactory, StaffMemberFactory, TelegramBindingFactory
from tests.factories.support import (
    DiscussionFactory,
    TicketFactory,
    TicketParticipantFactory,
    TicketTypeFactory,
)
from tests.support.chatting import Chat


@pytest.fixture(autouse=True)
def files(session, kept_files):
    before = mail_texts.brand_name, mail_texts.base_url
    mail_texts.bind(brand_name="TELCOware", base_url="https://portal.example")
    yield kept_files
    mail_texts.bind(brand_name=before[0], base_url=before[1])


@pytest.fixture
def seat(session):
    """Mia, who may write tickets in her account."""
    member = MemberFactory(person__email="mia@acme.example", account__name="Acme", account__client_id="20001")
    MemberRoleGrantFactory(member=member, role=MemberRole.TICKETS)
    return member


@pytest.fixture
def chat(seat, now):
    TelegramBindingFactory(person=seat.person, chat_id=7001)
    return Chat(7001, now)


@pytest.fixture
def kind(session):
    return TicketTypeFactory(name="Something is broken", key="broken")


@pytest.fixture
def discussion(seat):
    ticket = TicketFactory(account=seat.account, number="T-000777", subject="It rings only once")
    TicketParticipantFactory(ticket=ticket, person=seat.person, part=ParticipantPart.OPENER)
    return DiscussionFactory(ticket=ticket, title="It rings only once")


@pytest.fixture
def agent(session):
    return StaffMemberFactory(role=StaffRole.ADMINISTRATOR)
