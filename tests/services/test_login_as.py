"""Logging in as a member: who may, how it ends, and what the customer is told."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import system_actor
from domain.permissions import StaffRole
from extensions import db
from models import (
    Account,
    AccountStatus,
    AuditEvent,
    LoginAsEnd,
    LoginAsSession,
    Member,
    MemberStatus,
    NotificationDelivery,
    SessionEnd,
    SignInSession,
    StaffMember,
    StaffStatus,
)
from services.audit import timeline_of
from services.login_as import (
    ConsentMissing,
    LoggedInAlready,
    LoginAsOver,
    MayNotLogIn,
    MemberNotOpen,
    NoOwner,
    ReasonMissing,
    changes_made,
    close_overdue_logins,
    leave_account,
    start_login_as,
    start_login_as_owner,
    stop_login_as,
)
from services.people import NotWhileLoggedInAs
from services.records import edit_record
from services.sessions import Browser, end_sessions
from services.sign_in import person_as_actor, sign_out
from services.step_up import ProofNeeded
from tests.factories.people import AccountFactory, MemberFactory, OwnerFactory, StaffPersonFactory
from tests.support.standing import REASON, agent, browser_of, log_in, owner_actor, staff_actor, standing

MINUTE = dt.timedelta(minutes=1)
CLOCK = system_actor("close_overdue_logins")


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory(name="Acme")


@pytest.fixture
def owner(account: Account) -> Member:
    return OwnerFactory(account=account, person__first_name="Olivia", person__last_name="Owner")


@pytest.fixture
def staff(session: Session) -> StaffMember:
    return agent(person=StaffPersonFactory(first_name="Ann", last_name="Clerk"))


@pytest.fixture
def browser(staff: StaffMember, now: dt.datetime) -> SignInSession:
    return browser_of(staff.person, now)


def mails(event: str) -> list[NotificationDelivery]:
    found = select(NotificationDelivery).where(NotificationDelivery.event == event)
    return list(db.session.scalars(found.order_by(NotificationDelivery.id)))


def test_the_owner_is_told_who_when_and_why(
    owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    login = log_in(staff, owner, browser, now)
    (mail,) = mails("login_as_started")
    assert mail.address == owner.person.email
    assert mail.subject == "Ann Clerk of Foyer is logged in as Olivia Owner"
    for said in (REASON, "May 15, 2026, 09:30 (UTC)", "May 15, 2026, 10:30 (UTC)", f"/logins-as/{login.public_id}"):
        assert said in mail.text
    assert login.expires_at == now + 60 * MINUTE


def test_the_owner_is_told_also_when_the_member_is_somebody_else(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    log_in(staff, MemberFactory(account=account), browser, now)
    assert [mail.address for mail in mails("login_as_started")] == [owner.person.email]


def test_both_stand_in_the_history(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    log_in(staff, owner, browser, now)
    at_the_door = person_as_actor(browser.person, Browser(ip="192.0.2.10"))  # who presses Return is in no account
    leave_account(browser, actor=at_the_door, now=now + MINUTE)
    told = timeline_of("account", account.client_id, account_id=account.id)
    assert [(each.event, each.actor_name, each.on_behalf_of) for each in told] == [
        ("account.left", "Ann Clerk", "Olivia Owner"),
        ("account.entered", "Ann Clerk", "Olivia Owner"),
    ]
    assert told[1].after["reason"] == REASON


@pytest.mark.parametrize("role", [StaffRole.AUDITOR, StaffRole.BILLING, StaffRole.SALES])
def test_only_administrators_and_support_agents_may(owner: Member, now: dt.datetime, role: StaffRole) -> None:
    staff = agent(role)
    with pytest.raises(MayNotLogIn):
        log_in(staff, owner, browser_of(staff.person, now), now)
    for allowed in (StaffRole.ADMINISTRATOR, StaffRole.SUPPORT_AGENT):
        other = agent(allowed)
        assert log_in(other, owner, browser_of(other.person, now), now).ended_at is None


def test_disabled_staff_members_and_other_members_may_not(
    owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    with pytest.raises(MayNotLogIn):
        start_login_as(owner, reason=REASON, actor=owner_actor(owner, now), session=browser, now=now)
    staff.status = StaffStatus.DISABLED
    db.session.flush()
    with pytest.raises(MayNotLogIn):
        log_in(staff, owner, browser, now)


def test_it_wants_a_recent_proof(owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime) -> None:
    actor = staff_actor(staff, now, proved_at=now - 16 * MINUTE)
    with pytest.raises(ProofNeeded):
        start_login_as(owner, reason=REASON, actor=actor, session=browser, now=now)


@pytest.mark.parametrize("reason", ["", "  ", "ab", " a  "])
def test_it_wants_a_reason(
    owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime, reason: str
) -> None:
    with pytest.raises(ReasonMissing):
        start_login_as(owner, reason=reason, actor=staff_actor(staff, now), session=browser, now=now)


def test_nobody_is_logged_in_as_who_cannot_sign_in(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    for values in ({"status": MemberStatus.DISABLED}, {"status": MemberStatus.INVITED}, {"portal_access": False}):
        with pytest.raises(MemberNotOpen):
            log_in(staff, MemberFactory(account=account, **values), browser, now)
    account.status = AccountStatus.SUSPENDED
    db.session.flush()
    with pytest.raises(MemberNotOpen):
        log_in(staff, owner, browser, now)


def test_the_owner_is_found_by_the_account(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    actor = staff_actor(staff, now)
    with pytest.raises(NoOwner):
        start_login_as_owner(AccountFactory(), reason=REASON, actor=actor, session=browser, now=now)
    assert start_login_as_owner(account, reason=REASON, actor=actor, session=browser, now=now).member_id == owner.id


def test_one_at_a_time_in_a_browser(
    owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    first = log_in(staff, owner, browser, now)
    other = OwnerFactory()
    with pytest.raises(LoggedInAlready):
        log_in(staff, other, browser, now + MINUTE)
    later = now + 60 * MINUTE
    assert log_in(staff, other, browser, later).ended_at is None  # the first one is over by then
    assert (first.end_reason, first.ended_at) == (LoginAsEnd.EXPIRED, later)


def test_an_account_that_wants_to_be_asked_is_asked(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    account.login_consent_required = True
    db.session.flush()
    with pytest.raises(ConsentMissing):
        log_in(staff, owner, browser, now)


def test_leaving_tells_the_owner_how_much_was_changed(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    login = log_in(staff, owner, browser, now)
    inside = dataclasses.replace(staff_actor(staff, now), on_behalf_of_id=owner.person_id, account_id=account.id)
    edit_record(account, {"contact_name": "Reception"}, actor=inside, now=now + MINUTE)
    edit_record(account, {"contact_name": "Front desk"}, actor=inside, now=now + 2 * MINUTE)
    edit_record(account, {"contact_name": "Olivia"}, actor=owner_actor(owner, now), now=now + 3 * MINUTE)
    leave_account(browser, actor=staff_actor(staff, now), now=now + 4 * MINUTE)
    assert (login.end_reason, login.ended_at) == (LoginAsEnd.LEFT, now + 4 * MINUTE)
    (mail,) = mails("login_as_ended")
    assert "2 things were changed." in mail.text
    assert [each.after for each in changes_made(login)] == [
        {"contact_name": "Front desk"},
        {"contact_name": "Reception"},
    ]


def test_leaving_without_a_login_does_nothing(staff: StaffMember, browser: SignInSession, now: dt.datetime) -> None:
    assert leave_account(browser, actor=staff_actor(staff, now), now=now) is None


def test_the_owner_ends_it_and_is_named(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    login = log_in(staff, owner, browser, now)
    stop_login_as(login, actor=owner_actor(owner, now), now=now + MINUTE)
    assert standing(browser, account, now + MINUTE) is None
    assert login.end_reason is LoginAsEnd.STOPPED
    left = timeline_of("account", account.client_id, account_id=account.id)[0]
    assert (left.event, left.actor_name, left.on_behalf_of) == ("account.left", "Olivia Owner", "")
    with pytest.raises(LoginAsOver):
        stop_login_as(login, actor=owner_actor(owner, now), now=now + MINUTE)


def test_staff_inside_cannot_end_the_visits_of_others(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    login = log_in(staff, owner, browser, now)
    inside = dataclasses.replace(staff_actor(staff, now), on_behalf_of_id=owner.person_id)
    with pytest.raises(NotWhileLoggedInAs):
        stop_login_as(login, actor=inside, now=now)


def test_signing_out_ends_it(owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime) -> None:
    login = log_in(staff, owner, browser, now)
    person = browser.person
    sign_out(browser, person, actor=person_as_actor(person, Browser()), now=now + MINUTE)
    assert (login.end_reason, login.ended_at) == (LoginAsEnd.SIGNED_OUT, now + MINUTE)
    assert len(mails("login_as_ended")) == 1


def closed(login: LoginAsSession, at: dt.datetime) -> LoginAsEnd | None:
    db.session.flush()
    close_overdue_logins(actor=CLOCK, now=at)
    return login.end_reason


def test_the_clock_closes_what_is_over(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    login = log_in(staff, owner, browser, now)
    assert closed(login, now + 59 * MINUTE) is None
    assert closed(login, now + 75 * MINUTE) is LoginAsEnd.EXPIRED
    assert login.ended_at == now + 60 * MINUTE
    assert len(mails("login_as_ended")) == 1
    left = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "account.left")).one()
    assert (left.actor_name, left.account_id) == ("close_overdue_logins", account.id)


def test_the_clock_closes_what_ended_with_the_session(
    owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    login = log_in(staff, owner, browser, now)
    end_sessions(browser.person_id, SessionEnd.PASSWORD_CHANGED, now=now)
    assert closed(login, now + MINUTE) is LoginAsEnd.SIGNED_OUT


def test_the_clock_closes_what_lost_its_ground(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    login = log_in(staff, owner, browser, now)
    staff.role = StaffRole.BILLING
    assert closed(login, now + MINUTE) is LoginAsEnd.STOPPED
