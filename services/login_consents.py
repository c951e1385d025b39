"""The consent of an account before staff log in as one of its members: asked with a reason, given for a while."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Moment
from extensions import db
from models.account import Account
from models.login_as import LoginConsent, LoginConsentStatus
from models.member import Member
from models.notification import NotificationKind
from models.person import Person
from models.staff import StaffMember
from services.audit import record_event
from services.locks import guarded, locked, reread
from services.login_as import reason_given, staff_who_may_enter, stop_logins_with_consent, valid_consent
from services.notifications import tell, tell_account
from services.people import refuse_while_logged_in_as
from services.settings import number_setting

LASTS: Final = "login_as_consent_hours"


class ConsentNotNeeded(Refusal):
    message = "This account does not ask for its consent. Log in as the member without it."


class ConsentAskedAlready(Refusal):
    message = "You have asked already, or the consent is given. Wait for the answer, or log in."


class ConsentDecided(Refusal):
    message = "This was decided already, or waited too long. Reload the page to see it as it is."


class ConsentNotGiven(Refusal):
    message = "There is no consent to withdraw any more. Reload the page to see it as it is."


def ask_login_consent(account: Account, *, reason: str, actor: Actor, now: dt.datetime) -> LoginConsent:
    """Ask the account's owner, who is told by mail and a notice.

    Refused: MayNotLogIn, ReasonMissing, ConsentNotNeeded, ConsentAskedAlready.
    """
    staff = staff_who_may_enter(actor)
    reason = reason_given(reason)
    locked(account)
    if not account.login_consent_required:
        raise ConsentNotNeeded
    waiting = select(LoginConsent.id).where(
        LoginConsent.account_id == account.id,
        LoginConsent.staff_member_id == staff.id,
        LoginConsent.is_open,
        LoginConsent.created_at > now - _lasts(),
    )
    if db.session.scalar(waiting.limit(1)) is not None or valid_consent(account, staff, now) is not None:
        raise ConsentAskedAlready
    consent = LoginConsent(account_id=account.id, staff_member_id=staff.id, reason=reason, created_at=now)
    db.session.add(consent)
    db.session.flush()
    record_event("login_consent.asked", consent, actor=actor, now=now, after={"reason": reason})
    tell_account(
        account.id,
        P.LOGINS_AS_DECIDE,
        "login_consent_asked",
        now=now,
        kind=NotificationKind.SECURITY,
        target=consent,
        account=account.name,
        staff_name=str(db.session.get_one(Person, staff.person_id)),
        reason=reason,
        hours=number_setting(LASTS),
        link=f"/portal/{account.client_id}/login-consents/{consent.public_id}",
    )
    return consent


def ask_login_consent_for(member: Member, *, reason: str, actor: Actor, now: dt.datetime) -> LoginConsent:
    """Ask the owner of the account that the member sits in; the consent is for all of its members."""
    return ask_login_consent(db.session.get_one(Account, member.account_id), reason=reason, actor=actor, now=now)


def give_login_consent(consent: LoginConsent, *, actor: Actor, now: dt.datetime) -> LoginConsent:
    """Let the one who asked log in, for some hours. Refused: NotWhileLoggedInAs, ConsentDecided."""
    return _decide(consent, LoginConsentStatus.GIVEN, "login_consent.given", actor, now)


def decline_login_consent(consent: LoginConsent, *, actor: Actor, now: dt.datetime) -> LoginConsent:
    """Say no. Refused: NotWhileLoggedInAs, ConsentDecided."""
    return _decide(consent, LoginConsentStatus.DECLINED, "login_consent.declined", actor, now)


def withdraw_login_consent(consent: LoginConsent, *, actor: Actor, now: dt.datetime) -> LoginConsent:
    """Take a consent back; what runs on it ends at once. Refused: NotWhileLoggedInAs, ConsentNotGiven."""
    refuse_while_logged_in_as(actor)
    given = (LoginConsent.status == LoginConsentStatus.GIVEN, LoginConsent.valid_until > now)
    values = {"status": LoginConsentStatus.WITHDRAWN, "valid_until": now}
    if not guarded(update(LoginConsent).where(LoginConsent.id == consent.id, *given).values(values)):
        raise ConsentNotGiven
    reread(consent)
    record_event("login_consent.withdrawn", consent, actor=actor, now=now)
    stop_logins_with_consent(consent, actor=actor, now=now)
    _tell_who_asked(consent, now)
    return consent


def demand_login_consent(account: Account, demanded: bool, *, actor: Actor, now: dt.datetime) -> Account:
    """Let an account be asked before staff log in as its members, or not. Refused: NotWhileLoggedInAs."""
    refuse_while_logged_in_as(actor)
    locked(account)
    if account.login_consent_required is not demanded:
        account.login_consent_required = demanded
        account.version += 1
        db.session.flush()
        event = "account.login_consent_demanded" if demanded else "account.login_consent_waived"
        record_event(event, account, actor=actor, now=now)
    return account


def _decide(
    consent: LoginConsent, status: LoginConsentStatus, event: str, actor: Actor, now: dt.datetime
) -> LoginConsent:
    refuse_while_logged_in_as(actor)
    values: dict[str, Any] = {"status": status, "decided_by_id": actor.member_id, "decided_at": now}
    if status is LoginConsentStatus.GIVEN:
        values["valid_until"] = now + _lasts()
    open_one = (LoginConsent.is_open, LoginConsent.created_at > now - _lasts())
    if not guarded(update(LoginConsent).where(LoginConsent.id == consent.id, *open_one).values(values)):
        raise ConsentDecided
    reread(consent)
    record_event(event, consent, actor=actor, now=now, after={"valid_until": consent.valid_until})
    _tell_who_asked(consent, now)
    return consent


def _tell_who_asked(consent: LoginConsent, now: dt.datetime) -> None:
    asked = select(Person).join(StaffMember, StaffMember.person_id == Person.id)
    person = db.session.scalar(asked.where(StaffMember.id == consent.staff_member_id))
    if person is None:
        return
    account = db.session.get_one(Account, consent.account_id)
    tell(
        person,
        "login_consent_decided",
        now=now,
        kind=NotificationKind.SECURITY,
        account=account.name,
        client_id=account.client_id,
        answer=consent.status.value,
        until=Moment(consent.valid_until) if consent.valid_until else "",
        link=f"/staff/accounts/{account.client_id}",
    )


def _lasts() -> dt.timedelta:
    return dt.timedelta(hours=number_setting(LASTS))
