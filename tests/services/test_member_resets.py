"""Resetting the password and the second factor of a member."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from extensions import db
from models import (
    Account,
    AuditEvent,
    Member,
    MemberStatus,
    NotificationDelivery,
    Passkey,
    PasswordReset,
    Person,
    RecoveryCode,
    SessionEnd,
    SignInSession,
    TotpFactor,
)
from services.audit import target_of, timeline_of
from services.members import (
    IdentityNotManaged,
    NoPortalAccess,
    reset_member_password,
    reset_member_second_factor,
)
from services.passwords import passwords
from services.people import NotWhileLoggedInAs
from services.sessions import Browser, Lifetime
from services.sign_in import SignInRefused, sign_in
from tests.factories.people import (
    AccountFactory,
    MemberFactory,
    OwnerFactory,
    PasskeyFactory,
    PersonFactory,
    RecoveryCodeFactory,
    SignInSessionFactory,
    TotpFactorFactory,
)
from tests.services.money import CLERK, member_actor, rows_of
from tests.support.parallel import at_once

Reset = Callable[..., Member]
BOTH = pytest.mark.parametrize("reset", [reset_member_password, reset_member_second_factor])


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory()


@pytest.fixture
def owner(account: Account) -> Actor:
    return member_actor(OwnerFactory(account=account))


@pytest.fixture
def member(account: Account) -> Member:
    person = PersonFactory(managed_by=account, password_hash=passwords.make("An older password"))
    return MemberFactory(account=account, person=person)


def mailed_password() -> str:
    mail = db.session.scalars(select(NotificationDelivery).where(NotificationDelivery.event == "temporary_password"))
    found = re.search(r"^[A-Za-z0-9]{16}$", mail.one().text, re.MULTILINE)
    assert found is not None
    return found[0]


def test_the_mailed_password_lets_the_member_in_once(member: Member, owner: Actor, now: dt.datetime) -> None:
    email = member.person.email or ""
    reset_member_password(member, actor=owner, now=now)
    password = mailed_password()
    db.session.commit()
    entry = sign_in(email, password, Browser(), now=now, lifetime=Lifetime())
    assert entry.person.must_change_password
    with pytest.raises(SignInRefused):
        sign_in(email, password, Browser(), now=now, lifetime=Lifetime())


def test_the_mailed_password_ends_after_an_hour(member: Member, owner: Actor, now: dt.datetime) -> None:
    email = member.person.email or ""
    reset_member_password(member, actor=owner, now=now)
    password = mailed_password()
    db.session.commit()
    with pytest.raises(SignInRefused):
        sign_in(email, password, Browser(), now=now + dt.timedelta(minutes=60, seconds=1), lifetime=Lifetime())


def test_the_old_password_and_all_sessions_end(member: Member, owner: Actor, now: dt.datetime) -> None:
    email = member.person.email or ""
    SignInSessionFactory(person=member.person)
    reset_member_password(member, actor=owner, now=now)
    db.session.commit()
    db.session.expire_all()
    ended = db.session.scalars(select(SignInSession)).one()
    assert (ended.ended_at, ended.end_reason) == (now, SessionEnd.PASSWORD_CHANGED)
    with pytest.raises(SignInRefused):
        sign_in(email, "An older password", Browser(), now=now, lifetime=Lifetime())


def test_nobody_but_the_mail_knows_the_password(
    member: Member, owner: Actor, now: dt.datetime, caplog: pytest.LogCaptureFixture
) -> None:
    result = reset_member_password(member, actor=owner, now=now)
    password = mailed_password()
    assert result is member
    event = timeline_of(*target_of(member))[0]
    assert (event.event, event.before, event.after) == ("member.password_reset", {}, {})
    written = [str(vars(row)) for row in db.session.scalars(select(AuditEvent))]
    assert password not in "".join(written) + caplog.text
    assert password not in db.session.scalars(select(PasswordReset)).one().token_hash
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert (mail.address, mail.secret) == (member.person.email, True)


def test_the_second_factor_is_taken_away_and_the_person_told(member: Member, owner: Actor, now: dt.datetime) -> None:
    for factory in (TotpFactorFactory, RecoveryCodeFactory, PasskeyFactory, SignInSessionFactory):
        factory(person=member.person)
    member.person.passkey_only = True
    reset_member_second_factor(member, actor=owner, now=now)
    assert rows_of(TotpFactor) == rows_of(RecoveryCode) == rows_of(Passkey) == 0
    db.session.expire_all()
    assert not db.session.get_one(Person, member.person_id).passkey_only
    assert db.session.scalars(select(SignInSession)).one().end_reason is SessionEnd.FACTOR_RESET
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert mail.event == "second_step_reset"
    assert timeline_of(*target_of(member))[0].event == "member.two_step_reset"


def test_the_factors_of_others_stay(member: Member, owner: Actor, now: dt.datetime) -> None:
    TotpFactorFactory()
    reset_member_second_factor(member, actor=owner, now=now)
    assert rows_of(TotpFactor) == 1


@BOTH
def test_an_account_resets_only_identities_it_manages(
    reset: Reset, account: Account, owner: Actor, now: dt.datetime
) -> None:
    for managed_by in (None, AccountFactory()):
        member = MemberFactory(account=account, person=PersonFactory(managed_by=managed_by))
        with pytest.raises(IdentityNotManaged):
            reset(member, actor=owner, now=now)
    assert rows_of(NotificationDelivery) == 0


@BOTH
def test_staff_reset_anybody(reset: Reset, account: Account, now: dt.datetime) -> None:
    reset(MemberFactory(account=account), actor=CLERK, now=now)
    assert rows_of(NotificationDelivery) == 1


@BOTH
def test_a_member_who_cannot_sign_in_has_nothing_to_reset(
    reset: Reset, account: Account, owner: Actor, now: dt.datetime
) -> None:
    member = MemberFactory(account=account, person=PersonFactory(managed_by=account, email=None), portal_access=False)
    with pytest.raises(NoPortalAccess):
        reset(member, actor=owner, now=now)


def test_a_disabled_member_gets_no_password(member: Member, owner: Actor, now: dt.datetime) -> None:
    member.status = MemberStatus.DISABLED
    with pytest.raises(NoPortalAccess):
        reset_member_password(member, actor=owner, now=now)


@BOTH
def test_resets_are_out_of_reach_while_logged_in_as_the_owner(
    reset: Reset, member: Member, owner: Actor, now: dt.datetime
) -> None:
    visiting = Actor("Clerk", Source.STAFF, person_id=99, on_behalf_of_id=owner.person_id, proved_at=now)
    with pytest.raises(NotWhileLoggedInAs):
        reset(member, actor=visiting, now=now)


def test_of_resets_at_once_only_the_last_password_works(member: Member, now: dt.datetime) -> None:
    member_id, email = member.id, member.person.email or ""
    at_once(lambda _: reset_member_password(db.session.get_one(Member, member_id), actor=CLERK, now=now).id, times=4)
    mails = db.session.scalars(select(NotificationDelivery.text)).all()
    mailed = [found[0] for text in mails if (found := re.search(r"^[A-Za-z0-9]{16}$", text, re.MULTILINE))]
    db.session.commit()
    let_in = 0
    for password in mailed:
        try:
            sign_in(email, password, Browser(), now=now, lifetime=Lifetime())
            let_in += 1
        except SignInRefused:
            continue
    # The mails of the others were taken back before they went out.
    assert (len(mails), len(mailed), let_in) == (4, 1, 1)
