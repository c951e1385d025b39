"""Staff and owners at work in their browsers, for tests of whom they may look as."""

from __future__ import annotations

import datetime as dt
from typing import Any

from domain.actor import Actor, Source
from domain.permissions import StaffRole
from extensions import db
from models import Account, LoginAsSession, Member, MemberPreview, Person, SignInSession, StaffMember
from services.login_as import start_login_as
from services.previews import start_preview
from services.standing import Standing, standing_of
from tests.factories.people import SignInSessionFactory, StaffMemberFactory

REASON = "Look at the invoice they asked about"


def browser_of(person: Person, now: dt.datetime) -> SignInSession:
    """A session that lives for two weeks."""
    return SignInSessionFactory(
        person=person, created_at=now, last_seen_at=now, proved_at=now, expires_at=now + dt.timedelta(days=14)
    )


def agent(role: StaffRole = StaffRole.SUPPORT_AGENT, **values: Any) -> StaffMember:
    return StaffMemberFactory(role=role, **values)


def staff_actor(staff: StaffMember, now: dt.datetime, **values: Any) -> Actor:
    """Somebody of the staff in the back office, who proved who they are a moment ago."""
    given: dict[str, Any] = {
        "name": str(staff.person),
        "source": Source.STAFF,
        "person_id": staff.person_id,
        "staff_member_id": staff.id,
        "proved_at": now,
    }
    return Actor(**{**given, **values})


def owner_actor(member: Member, now: dt.datetime) -> Actor:
    """A member in the portal of their account."""
    return Actor(
        name=str(member.person),
        source=Source.PORTAL,
        person_id=member.person_id,
        member_id=member.id,
        account_id=member.account_id,
        proved_at=now,
    )


def log_in(staff: StaffMember, member: Member, browser: SignInSession, now: dt.datetime) -> LoginAsSession:
    """Let staff log in as the member in this browser."""
    return start_login_as(member, reason=REASON, actor=staff_actor(staff, now), session=browser, now=now)


def preview(owner: Member, member: Member, roles: Any, browser: SignInSession, now: dt.datetime) -> MemberPreview:
    """Let the owner look with these roles in this browser."""
    return start_preview(member, roles, actor=owner_actor(owner, now), session=browser, now=now)


def standing(browser: SignInSession, account: Account | None, now: dt.datetime) -> Standing | None:
    """What the person of a browser is in the account, or without one in the back office."""
    person = db.session.get_one(Person, browser.person_id)
    return standing_of(browser, person, account.client_id if account is not None else None, now=now)
