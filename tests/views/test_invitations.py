"""Invitations, from the mailed link to the seat."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from domain.actor import system_actor
from models import (
    Account,
    AccountStatus,
    AuditEvent,
    Member,
    MemberInvitation,
    MemberStatus,
    NotificationDelivery,
    Person,
)
from services.invitations import accept_invitation, invite_member
from services.passwords import passwords
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, PersonFactory
from tests.support.door import ANOTHER_PASSWORD, BROWSER, PASSWORD, post_form, sign_in_as
from tests.support.together import all_at_once

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _at(now: dt.datetime) -> Any:
    with time_machine.travel(now, tick=False):
        yield


def invited(session: Any, now: dt.datetime, **person: Any) -> tuple[Member, str]:
    """A member with an invitation, and its address from the mail."""
    member = MemberFactory(
        person=PersonFactory(email="ida@acme.example", **{"password_hash": None, **person}), status=MemberStatus.INVITED
    )
    session.commit()
    with unit_of_work():
        invite_member(member, actor=system_actor("test"), now=now)
    mail = session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id.desc())).first()
    found = re.search(r"(/invitations/\S+)", mail.text)
    assert found
    return member, found[1]


def test_who_is_new_chooses_a_password_and_signs_in(client: Any, session: Any, now: dt.datetime) -> None:
    member, link = invited(session, now)
    assert sign_in_as(client, "ida@acme.example").status_code == 422
    assert post_form(client, link, new_password=PASSWORD, repeated=PASSWORD).status_code == 303
    session.refresh(member)
    assert member.status is MemberStatus.ENABLED
    assert sign_in_as(client, "ida@acme.example").status_code == 303


def test_who_has_a_password_keeps_it(client: Any, session: Any, now: dt.datetime) -> None:
    member, link = invited(session, now, password_hash=passwords.make(PASSWORD))
    page = client.get(link).get_data(as_text=True)
    assert "password" not in re.findall(r'type="(\w+)"', page)
    assert post_form(client, link, new_password=ANOTHER_PASSWORD).status_code == 303
    session.refresh(member)
    assert member.status is MemberStatus.ENABLED
    assert sign_in_as(client, "ida@acme.example", PASSWORD).status_code == 303


def test_a_weak_password_is_refused_and_the_link_still_works(client: Any, session: Any, now: dt.datetime) -> None:
    member, link = invited(session, now)
    assert post_form(client, link, new_password="password12", repeated="password12").status_code == 422
    session.refresh(member)
    assert member.status is MemberStatus.INVITED
    assert client.get(link).status_code == 200


def used(session: Any, member: Member, now: dt.datetime) -> None:
    session.scalars(select(MemberInvitation)).one().accepted_at = now


def superseded(session: Any, member: Member, now: dt.datetime) -> None:
    session.scalars(select(MemberInvitation)).one().superseded_at = now


def withdrawn(session: Any, member: Member, now: dt.datetime) -> None:
    session.scalars(select(MemberInvitation)).one().withdrawn_at = now


def expired(session: Any, member: Member, now: dt.datetime) -> None:
    session.scalars(select(MemberInvitation)).one().expires_at = now


def moved(session: Any, member: Member, now: dt.datetime) -> None:
    session.get_one(Person, member.person_id).email = "elsewhere@acme.example"


def disabled(session: Any, member: Member, now: dt.datetime) -> None:
    member.status = MemberStatus.DISABLED


def suspended(session: Any, member: Member, now: dt.datetime) -> None:
    account = session.get_one(Account, member.account_id)
    account.status, account.suspended_at = AccountStatus.SUSPENDED, now


@pytest.mark.parametrize("after", [used, superseded, withdrawn, expired, moved, disabled, suspended])
def test_the_link_is_dead_afterwards(client: Any, session: Any, now: dt.datetime, after: Any) -> None:
    member, link = invited(session, now)
    assert client.get(link).status_code == 200
    after(session, member, now)
    session.commit()
    status = member.status
    assert client.get(link).status_code == 404
    assert post_form(client, link, form_on="/sign-in", new_password=PASSWORD, repeated=PASSWORD).status_code == 404
    session.refresh(member)
    assert member.status is status


@pytest.mark.parametrize("token", ["nothing", "%00", "x" * 3000])
def test_a_made_up_link_is_not_found(client: Any, token: str) -> None:
    assert client.get(f"/invitations/{token}").status_code == 404


def test_a_link_used_eight_times_at_once_gives_one_seat(session: Any, now: dt.datetime) -> None:
    _member, link = invited(session, now)
    token = link.rsplit("/", 1)[1]
    outcomes = all_at_once(lambda _number: accept_invitation(token, PASSWORD, BROWSER, now=now), times=8)
    assert sum(isinstance(outcome, Member) for outcome in outcomes) == 1
    accepted = select(AuditEvent).where(AuditEvent.event == "member.invitation_accepted")
    assert len(session.scalars(accepted).all()) == 1
