"""Staff logged in as a member: with a reason, for a while, in the open (SPEC C5).

Whether one still holds is asked with each request (services/standing.py). What ends here is the record of it, and what
the customer is told.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Final

from sqlalchemy import ColumnElement, or_, select, update

from domain.actor import Actor
from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Moment
from extensions import db
from models.account import Account
from models.login_as import LoginAsEnd, LoginAsSession, LoginConsent, LoginConsentStatus
from models.member import Member
from models.notification import NotificationKind
from models.person import Person
from models.sign_in import SignInSession
from models.staff import StaffMember, StaffStatus
from services.audit import Recorded, count_on_behalf, events_on_behalf, record_event
from services.locks import guarded, reread
from services.notifications import tell_account
from services.people import refuse_while_logged_in_as
from services.records import flush_or_refuse
from services.settings import number_setting
from services.standing import ROLES_THAT_ENTER
from services.step_up import require_recent_proof

SHORTEST_REASON: Final = 3
_AT_ONCE: Final = 200
_COMING_AND_GOING: Final = ("account.entered", "account.left")


class ReasonMissing(Refusal):
    message = "Say why, in at least three letters. The customer reads it."


class MayNotLogIn(Refusal):
    message = "Your role does not let you log in as a member."


class MemberNotOpen(Refusal):
    message = "This member cannot sign in: they or their account are not active. Enable them first."


class ConsentMissing(Refusal):
    instead = "ask-for-consent"
    message = "This account wants to be asked first. Ask for its consent; you can log in once it is given."


class NoOwner(Refusal):
    message = "This account has no owner who could be logged in as."


class LoggedInAlready(Refusal):
    message = "You are logged in as a member already. Return from there first."


class LoginAsOver(Refusal):
    message = "This login has ended already. Reload the page to see when and how."


def start_login_as(
    member: Member, *, reason: str, actor: Actor, session: SignInSession, now: dt.datetime
) -> LoginAsSession:
    """Let staff look with a member's eyes, in this browser only, and tell the owner.

    Refused: MayNotLogIn, ReasonMissing, MemberNotOpen, ConsentMissing, LoggedInAlready. Asks for a recent proof.
    """
    require_recent_proof(actor, now=now)
    staff = staff_who_may_enter(actor)
    reason = reason_given(reason)
    account = reread(db.session.get_one(Account, member.account_id))
    if not (member.can_sign_in and account.can_sign_in):
        raise MemberNotOpen
    consent = valid_consent(account, staff, now)
    if account.login_consent_required and consent is None:
        raise ConsentMissing
    _end_overdue_one(session, actor, now)
    login = LoginAsSession(
        account=account,
        staff_member_id=staff.id,
        member_id=member.id,
        sign_in_session_id=session.id,
        consent_id=consent.id if consent else None,
        reason=reason,
        expires_at=now + dt.timedelta(minutes=number_setting("login_as_minutes")),
        created_at=now,
    )
    db.session.add(login)
    flush_or_refuse(
        {"login_as_session.sign_in_session_id": LoggedInAlready, "uq_login_as_session_live": LoggedInAlready}
    )
    person = db.session.get_one(Person, member.person_id)
    after = {"member": str(person), "reason": reason, "until": login.expires_at}
    both = replace(actor, on_behalf_of_id=member.person_id)
    record_event("account.entered", account, actor=both, now=now, account_id=account.id, after=after)
    _tell("login_as_started", login, now)
    return login


def start_login_as_owner(
    account: Account, *, reason: str, actor: Actor, session: SignInSession, now: dt.datetime
) -> LoginAsSession:
    """The same with the eyes of the account's owner. Refused also: NoOwner."""
    owner = db.session.scalar(select(Member).where(Member.account_id == account.id, Member.is_owner))
    if owner is None:
        raise NoOwner
    return start_login_as(owner, reason=reason, actor=actor, session=session, now=now)


def leave_account(session: SignInSession, *, actor: Actor, now: dt.datetime) -> LoginAsSession | None:
    """End what runs in this browser; None when nothing does."""
    login = _open_one(session)
    if login is None:
        return None
    return _end(login, LoginAsEnd.EXPIRED if login.expires_at <= now else LoginAsEnd.LEFT, actor, now)


def end_with_sign_out(session: SignInSession, *, actor: Actor, now: dt.datetime) -> None:
    """Close what runs in a browser whose session ends."""
    login = _open_one(session)
    if login is not None:
        _end(login, LoginAsEnd.SIGNED_OUT, actor, now)


def stop_login_as(login: LoginAsSession, *, actor: Actor, now: dt.datetime) -> LoginAsSession:
    """Let the customer, or staff who may, end it at once. Refused: NotWhileLoggedInAs, LoginAsOver."""
    refuse_while_logged_in_as(actor)
    return _end(login, LoginAsEnd.STOPPED, actor, now)


def stop_logins_with_consent(consent: LoginConsent, *, actor: Actor, now: dt.datetime) -> None:
    """End what runs on a consent that is withdrawn."""
    running = (LoginAsSession.account_id == consent.account_id, LoginAsSession.consent_id == consent.id)
    for login in db.session.scalars(select(LoginAsSession).where(*running, LoginAsSession.can_stop)).all():
        _end(login, LoginAsEnd.STOPPED, actor, now)


def close_overdue_logins(*, actor: Actor, now: dt.datetime) -> int:
    """Close what does not hold any more, so that the customer is told; how many there were.

    Nobody gets in by them meanwhile: that is asked with each request.
    """
    session_over = or_(SignInSession.ended_at.is_not(None), SignInSession.expires_at <= now)
    staff_out = or_(StaffMember.status != StaffStatus.ENABLED, StaffMember.role.not_in(ROLES_THAT_ENTER))
    member_out = or_(~Member.can_sign_in, ~Account.can_sign_in)
    over: ColumnElement[bool] = or_(LoginAsSession.expires_at <= now, session_over, staff_out, member_out)
    found = db.session.execute(
        select(LoginAsSession, session_over)
        .join(SignInSession, SignInSession.id == LoginAsSession.sign_in_session_id)
        .join(StaffMember, StaffMember.id == LoginAsSession.staff_member_id)
        .join(Member, Member.id == LoginAsSession.member_id)
        .join(Account, Account.id == LoginAsSession.account_id)
        .where(LoginAsSession.can_stop, over)
        .order_by(LoginAsSession.id)
        .limit(_AT_ONCE)
        .with_for_update(of=LoginAsSession, skip_locked=True)
    ).all()
    for login, signed_out in found:
        if login.expires_at <= now:
            end = LoginAsEnd.EXPIRED
        else:
            end = LoginAsEnd.SIGNED_OUT if signed_out else LoginAsEnd.STOPPED
        _end(login, end, actor, now)
    return len(found)


def changes_made(login: LoginAsSession, *, limit: int = 50) -> list[Recorded]:
    """What staff did meanwhile, the newest first."""
    return events_on_behalf(*_whose(login), *_when(login), without=_COMING_AND_GOING, limit=limit)


def staff_who_may_enter(actor: Actor) -> StaffMember:
    """The staff member who acts, read anew. Refused: MayNotLogIn."""
    refuse_while_logged_in_as(actor)
    may = (StaffMember.status == StaffStatus.ENABLED, StaffMember.role.in_(ROLES_THAT_ENTER))
    staff = db.session.scalar(select(StaffMember).where(StaffMember.id == actor.staff_member_id, *may))
    if staff is None:
        raise MayNotLogIn
    return staff


def reason_given(reason: str) -> str:
    """The reason without blanks around it. Refused: ReasonMissing."""
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise ReasonMissing
    return reason


def valid_consent(account: Account, staff: StaffMember, now: dt.datetime) -> LoginConsent | None:
    """The consent of the account for this staff member, while it holds."""
    return db.session.scalar(
        select(LoginConsent)
        .where(
            LoginConsent.account_id == account.id,
            LoginConsent.staff_member_id == staff.id,
            LoginConsent.status == LoginConsentStatus.GIVEN,
            LoginConsent.valid_until > now,
        )
        .order_by(LoginConsent.valid_until.desc())
        .limit(1)
    )


def _open_one(session: SignInSession) -> LoginAsSession | None:
    return db.session.scalar(
        select(LoginAsSession)
        .where(LoginAsSession.sign_in_session_id == session.id, LoginAsSession.can_stop)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _end_overdue_one(session: SignInSession, actor: Actor, now: dt.datetime) -> None:
    login = _open_one(session)
    if login is not None:
        if login.expires_at > now:
            raise LoggedInAlready
        _end(login, LoginAsEnd.EXPIRED, actor, now)


def _end(login: LoginAsSession, end: LoginAsEnd, actor: Actor, now: dt.datetime) -> LoginAsSession:
    ended_at = min(now, login.expires_at)
    running = update(LoginAsSession).where(LoginAsSession.id == login.id, LoginAsSession.can_stop)
    if not guarded(running.values(ended_at=ended_at, end_reason=end)):
        raise LoginAsOver
    reread(login)
    member = db.session.get_one(Member, login.member_id)
    theirs = actor.person_id == _whose(login)[1]
    both = replace(actor, on_behalf_of_id=member.person_id) if theirs else actor
    account = db.session.get_one(Account, login.account_id)
    record_event("account.left", account, actor=both, now=now, account_id=account.id, after={"end": end})
    _tell("login_as_ended", login, now)
    return login


def _tell(event: str, login: LoginAsSession, now: dt.datetime) -> None:
    """Tell the owner who looked, as whom, when and why; at the end also how much was changed."""
    account = db.session.get_one(Account, login.account_id)
    staff = select(Person).join(StaffMember, StaffMember.person_id == Person.id)
    member = select(Person).join(Member, Member.person_id == Person.id)
    tell_account(
        account.id,
        P.LOGINS_AS_READ,
        event,
        now=now,
        kind=NotificationKind.SECURITY,
        target=login,
        account=account.name,
        staff_name=str(db.session.scalars(staff.where(StaffMember.id == login.staff_member_id)).one()),
        member_name=str(db.session.scalars(member.where(Member.id == login.member_id)).one()),
        reason=login.reason,
        started=Moment(login.created_at),
        until=Moment(login.ended_at or login.expires_at),
        changes=count_on_behalf(*_whose(login), *_when(login), without=_COMING_AND_GOING),
        link=f"/portal/{account.client_id}/logins-as/{login.public_id}",
    )


def _whose(login: LoginAsSession) -> tuple[int, int, int]:
    """The account, the person of the staff and the person whose seat they used."""
    staff = select(StaffMember.person_id).where(StaffMember.id == login.staff_member_id)
    seat = select(Member.person_id).where(Member.id == login.member_id)
    return login.account_id, db.session.scalars(staff).one(), db.session.scalars(seat).one()


def _when(login: LoginAsSession) -> tuple[dt.datetime, dt.datetime]:
    return login.created_at, login.ended_at or login.expires_at
