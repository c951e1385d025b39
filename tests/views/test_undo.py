"""Undo: what was just done is taken back by one button, by who may, and only while it still fits."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole
from extensions import db
from models import AuditEvent, Member, MemberStatus, Ticket, TicketStatus
from services.tickets import TicketNotArchived, restore_ticket
from tests.factories.people import AccountFactory, MemberFactory
from tests.factories.support import TicketFactory
from tests.services.money import CLERK
from tests.support.desk import member_desk, staff_desk


@pytest.fixture
def account(session):
    return AccountFactory()


@pytest.fixture
def agent(app, account):
    return staff_desk(app)


def fresh(row):
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)


def undo_of(desk, page):
    """Press the button of the page that takes back what was done."""
    assert 'class="undo"' in page
    address = page.split('class="undo" method="post" action="')[1].split('"')[0]
    return desk.client.post(address, data={"csrf_token": desk.token})


def test_an_archived_ticket_is_solved_again_as_it_was(agent, account):
    ticket = TicketFactory(account=account, department=None)
    agent.post(f"/tickets/{ticket.number}/take")
    agent.post(f"/tickets/{ticket.number}/solve")
    page = agent.flashed(agent.confirm(f"/tickets/{ticket.number}/archive"))
    assert fresh(ticket).status is TicketStatus.ARCHIVED
    answer = undo_of(agent, page)
    assert answer.status_code == 303
    assert fresh(ticket).status is TicketStatus.SOLVED
    events = db.session.scalars(select(AuditEvent.event).where(AuditEvent.target_key == ticket.number)).all()
    assert {"ticket.archived", "ticket.restored"} <= set(events)


def test_a_disabled_member_is_enabled_again_and_the_button_stands_once(app, account):
    owner, member = member_desk(app, account, MemberRole.OWNER), MemberFactory(account=account)
    path = f"/members/{member.public_id}"
    page = owner.flashed(owner.confirm(f"{path}/disable"))
    assert fresh(member).status is MemberStatus.DISABLED
    assert 'class="undo"' not in owner.get("/members/").text
    undo_of(owner, page)
    assert fresh(member).status is MemberStatus.ENABLED


def test_what_cannot_be_taken_back_any_more_is_said(app, account):
    owner, member = member_desk(app, account, MemberRole.OWNER), MemberFactory(account=account)
    page = owner.flashed(owner.confirm(f"/members/{member.public_id}/disable"))
    owner.post(f"/members/{member.public_id}/enable")
    assert undo_of(owner, page).status_code == 409
    assert fresh(member).status is MemberStatus.ENABLED


def test_a_refused_act_offers_nothing_to_take_back(app, account):
    owner, member = member_desk(app, account, MemberRole.OWNER), MemberFactory(account=account)
    owner.post(f"/members/{member.public_id}/disable")
    owner.get("/members/")
    again = owner.post(f"/members/{member.public_id}/disable")
    assert again.status_code == 409
    assert 'class="undo"' not in again.text
    assert db.session.scalar(select(Member.status).where(Member.id == member.id)) is MemberStatus.DISABLED


@pytest.mark.parametrize("status", [TicketStatus.OPEN, TicketStatus.WAITING_FOR_SUPPORT])
def test_only_an_archived_ticket_comes_out_of_the_archive(session, now, status):
    ticket = TicketFactory(status=status)
    with pytest.raises(TicketNotArchived):
        restore_ticket(ticket, actor=CLERK, now=now)
    assert db.session.get_one(Ticket, ticket.id).status is status
