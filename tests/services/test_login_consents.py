"""Asking an account before staff log in as one of its members."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.permissions import StaffRole
from extensions import db
from models import Account, LoginAsEnd, LoginConsentStatus, Member, NotificationDelivery, SignInSession, StaffMember
from services.audit import target_of, timeline_of
from services.login_as import ConsentMissing, MayNotLogIn, ReasonMissing
from services.login_consents import (
    ConsentAskedAlready,
    ConsentDecided,
    ConsentNotGiven,
    ConsentNotNeeded,
    ask_login_consent,
    ask_login_consent_for,
    decline_login_consent,
    demand_login_consent,
    give_login_consent,
    withdraw_login_consent,
)
from services.people import NotWhileLoggedInAs
from tests.factories.people import AccountFactory, MemberFactory, OwnerFactory
from tests.support.standing import REASON, agent, browser_of, log_in, owner_actor, staff_actor, standing

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory(login_consent_required=True)


@pytest.fixture
def owner(account: Account) -> Member:
    return OwnerFactory(account=account)


@pytest.fixture
def staff(session: Session) -> StaffMember:
    return agent()


@pytest.fixture
def browser(staff: StaffMember, now: dt.datetime) -> SignInSession:
    return browser_of(staff.person, now)


def ask(account: Account, staff: StaffMember, now: dt.datetime, reason: str = REASON):  # type: ignore[no-untyped-def]
    return ask_login_consent(account, reason=reason, actor=staff_actor(staff, now), now=now)


def addresses(event: str) -> list[str]:
    mails = select(NotificationDelivery).where(NotificationDelivery.event == event)
    return [mail.address for mail in db.session.scalars(mails.order_by(NotificationDelivery.id))]


def test_the_owner_is_asked_by_mail_with_the_reason(
    account: Account, owner: Member, staff: StaffMember, now: dt.datetime
) -> None:
    consent = ask(account, staff, now)
    assert addresses("login_consent_asked") == [owner.person.email]
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert REASON in mail.text
    assert f"/login-consents/{consent.public_id}" in mail.text


def test_a_consent_opens_the_account_for_a_day_to_who_asked(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    consent = ask(account, staff, now)
    with pytest.raises(ConsentMissing):
        log_in(staff, owner, browser, now)
    give_login_consent(consent, actor=owner_actor(owner, now), now=now + HOUR)
    assert (consent.valid_until, consent.decided_by_id) == (now + 25 * HOUR, owner.id)
    other = agent()
    with pytest.raises(ConsentMissing):
        log_in(other, owner, browser_of(other.person, now), now + HOUR)
    login = log_in(staff, owner, browser, now + 24 * HOUR)
    assert login.consent_id == consent.id
    assert standing(browser, account, now + 24 * HOUR) is not None
    assert addresses("login_consent_decided") == [browser.person.email]


def test_a_consent_runs_out(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    give_login_consent(ask(account, staff, now), actor=owner_actor(owner, now), now=now)
    with pytest.raises(ConsentMissing):
        log_in(staff, owner, browser, now + 24 * HOUR)


def test_a_declined_request_opens_nothing(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    consent = ask(account, staff, now)
    decline_login_consent(consent, actor=owner_actor(owner, now), now=now)
    assert consent.status is LoginConsentStatus.DECLINED
    with pytest.raises(ConsentMissing):
        log_in(staff, owner, browser, now)
    with pytest.raises(ConsentDecided):
        give_login_consent(consent, actor=owner_actor(owner, now), now=now)
    assert ask(account, staff, now) is not consent


def test_a_withdrawn_consent_ends_what_runs_on_it(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    consent = give_login_consent(ask(account, staff, now), actor=owner_actor(owner, now), now=now)
    login = log_in(staff, owner, browser, now)
    withdraw_login_consent(consent, actor=owner_actor(owner, now), now=now + HOUR / 2)
    assert (login.end_reason, consent.status) == (LoginAsEnd.STOPPED, LoginConsentStatus.WITHDRAWN)
    assert standing(browser, account, now + HOUR / 2) is None
    with pytest.raises(ConsentNotGiven):
        withdraw_login_consent(consent, actor=owner_actor(owner, now), now=now + HOUR)


def test_a_request_that_waited_too_long_cannot_be_granted(
    account: Account, owner: Member, staff: StaffMember, now: dt.datetime
) -> None:
    consent = ask(account, staff, now)
    with pytest.raises(ConsentDecided):
        give_login_consent(consent, actor=owner_actor(owner, now), now=now + 24 * HOUR)
    assert ask(account, staff, now + 24 * HOUR) is not consent


def test_asking_twice_is_refused_while_the_first_waits_or_holds(
    account: Account, owner: Member, staff: StaffMember, now: dt.datetime
) -> None:
    consent = ask(account, staff, now)
    with pytest.raises(ConsentAskedAlready):
        ask(account, staff, now + HOUR)
    give_login_consent(consent, actor=owner_actor(owner, now), now=now + HOUR)
    with pytest.raises(ConsentAskedAlready):
        ask(account, staff, now + 2 * HOUR)


def test_who_may_not_log_in_may_not_ask(account: Account, owner: Member, now: dt.datetime) -> None:
    with pytest.raises(MayNotLogIn):
        ask(account, agent(StaffRole.AUDITOR), now)


def test_asking_wants_a_reason_and_an_account_that_wants_it(
    account: Account, owner: Member, staff: StaffMember, now: dt.datetime
) -> None:
    with pytest.raises(ReasonMissing):
        ask(account, staff, now, reason="ab")
    with pytest.raises(ConsentNotNeeded):
        ask(AccountFactory(), staff, now)


def test_it_can_be_asked_by_way_of_a_member(
    account: Account, owner: Member, staff: StaffMember, now: dt.datetime
) -> None:
    member = MemberFactory(account=account)
    consent = ask_login_consent_for(member, reason=REASON, actor=staff_actor(staff, now), now=now)
    assert consent.account_id == account.id


def test_staff_inside_decide_nothing(account: Account, owner: Member, staff: StaffMember, now: dt.datetime) -> None:
    consent = ask(account, staff, now)
    inside = dataclasses.replace(staff_actor(staff, now), on_behalf_of_id=owner.person_id, member_id=owner.id)
    for decide in (give_login_consent, decline_login_consent, withdraw_login_consent):
        with pytest.raises(NotWhileLoggedInAs):
            decide(consent, actor=inside, now=now)
    with pytest.raises(NotWhileLoggedInAs):
        demand_login_consent(account, False, actor=inside, now=now)


def test_the_account_demands_consent_and_waives_it(account: Account, owner: Member, now: dt.datetime) -> None:
    demand_login_consent(account, False, actor=owner_actor(owner, now), now=now)
    demand_login_consent(account, False, actor=owner_actor(owner, now), now=now)
    assert not account.login_consent_required
    demand_login_consent(account, True, actor=owner_actor(owner, now), now=now + HOUR)
    target = target_of(account)
    events = [each.event for each in timeline_of(target.type, target.key)]
    assert events == ["account.login_consent_demanded", "account.login_consent_waived"]
