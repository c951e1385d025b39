"""Portal access of a member: switched on with an e-mail address, switched off, and given up by leaving."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select, update

from domain.actor import Actor
from domain.contact import normalise_email
from domain.permissions import P
from domain.refusals import Refusal
from extensions import db
from models.account import Account
from models.identity import SocialIdentity
from models.member import Member, MemberInvitation, MemberStatus
from models.notification import NotificationKind
from models.person import Person, PersonKind
from models.second_factor import Passkey, RecoveryCode, TotpFactor
from models.sign_in import SessionEnd
from services.audit import record_event
from services.invitations import invite_member
from services.locks import locked
from services.members import EmailMissing, MemberExists, NotYourself, OwnerStays
from services.notifications import tell_account
from services.people import (
    EmailNotUsable,
    acts_for_provider,
    create_person,
    find_by_email,
    refuse_while_logged_in_as,
)
from services.records import RecordInUse, delete_record, flush_or_refuse
from services.roles import is_owner_acting, take_every_role
from services.seats import has_seat_besides
from services.sessions import end_sessions_without_seat
from services.step_up import require_recent_proof


class AccessNotYours(Refusal):
    message = "Only the owner of the account switches portal access on and off."


class HasPortalAccess(Refusal):
    message = "This member has portal access already."


class HasNoPortalAccess(Refusal):
    message = "This member has no portal access that could be switched off."


class NotYourSeat(Refusal):
    message = "Everybody leaves an account themselves. Disable or delete the member instead."


class FirstUserStays(Refusal):
    message = (
        "You are the first user of this account, and nobody else has full rights in it."
        " Move the ownership to somebody who can sign in first."
    )


def switch_portal_access_on(member: Member, *, email: str | None, actor: Actor, now: dt.datetime) -> Member:
    """Let a member of the address book sign in: they get an e-mail address, and an invitation to it.

    An address that belongs to a member of another account becomes a seat of that person. Refused: AccessNotYours,
    HasPortalAccess, EmailMissing, EmailNotReadable, EmailNotUsable, MemberExists, NotWhileLoggedInAs.
    """
    _refuse_access(member, actor, now)
    if member.portal_access:
        raise HasPortalAccess
    if not (email or "").strip():
        raise EmailMissing
    address = normalise_email(email or "")
    _seat_person_with(member, address, actor, now)
    member.portal_access, member.status = True, MemberStatus.INVITED
    member.version += 1
    db.session.flush()
    record_event("member.portal_access_given", member, actor=actor, now=now, after={"person.email": address})
    return invite_member(member, actor=actor, now=now)


def switch_portal_access_off(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Leave a member in the address book only: without roles, e-mail address and password, and signed out at once.

    Where the person signs in elsewhere too, their sign-in stays theirs and only this seat lets go of it.
    Refused: AccessNotYours, HasNoPortalAccess, OwnerStays, NotYourself, NotWhileLoggedInAs.
    """
    _refuse_access(member, actor, now)
    if member.is_owner:
        raise OwnerStays
    if actor.person_id is not None and actor.person_id == member.person_id:
        raise NotYourself
    if not member.portal_access:
        raise HasNoPortalAccess
    return _take_access(member, actor, now)


def leave_account(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Give one's own seat up. What the account keeps of it (approvals, ownership changes) stays without the sign-in.

    Refused: NotYourSeat, OwnerStays, FirstUserStays, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    locked(member)
    if actor.member_id != member.id or actor.person_id != member.person_id:
        raise NotYourSeat
    if member.is_owner:
        raise OwnerStays
    if member.is_first and not _another_has_full_rights(member):
        raise FirstUserStays
    person_id, name = member.person_id, actor.name
    record_event("member.left", member, actor=actor, now=now)
    account = db.session.get_one(Account, member.account_id)
    tell_account(
        account.id,
        P.MEMBERS_EDIT,
        "member_left",
        now=now,
        kind=NotificationKind.SECURITY,
        who=name,
        account=account.name,
        client_id=account.client_id,
    )
    try:
        with db.session.begin_nested():
            delete_record(member, actor=actor, now=now)
    except RecordInUse:
        member = db.session.get_one(Member, actor.member_id)
        _take_access(member, actor, now)
        member.status = MemberStatus.DISABLED
        db.session.flush()
    end_sessions_without_seat([person_id], SessionEnd.DISABLED, now=now)
    return member


def _refuse_access(member: Member, actor: Actor, now: dt.datetime) -> None:
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    locked(member)
    if not acts_for_provider(actor) and not is_owner_acting(member.account_id, actor):
        raise AccessNotYours


def _seat_person_with(member: Member, address: str, actor: Actor, now: dt.datetime) -> None:
    """Let the seat be that of the person with this address: its own person, or one who is known from elsewhere."""
    own = db.session.get_one(Person, member.person_id)
    known = find_by_email(address)
    if known is None and own.email is None:
        own.email = address
        flush_or_refuse({"person.email": EmailNotUsable})
        return
    if known is None or known.kind is not PersonKind.MEMBER or known.erased_at is not None:
        raise EmailNotUsable
    if known.id == own.id:
        return
    member.person = known
    flush_or_refuse({"member.person_id": MemberExists})
    _forget(own, actor, now)


def _take_access(member: Member, actor: Actor, now: dt.datetime) -> Member:
    person = db.session.get_one(Person, member.person_id)
    email = person.email
    take_every_role(member, actor=actor, now=now)
    open_ones = update(MemberInvitation).where(MemberInvitation.member_id == member.id, MemberInvitation.is_open)
    db.session.execute(open_ones.values(withdrawn_at=now).execution_options(synchronize_session=False))
    if person.managed_by_account_id == member.account_id and not has_seat_besides(person.id, member_id=member.id):
        _strip(person)
    else:
        member.person = create_person(
            PersonKind.MEMBER,
            email=None,
            first_name=person.first_name,
            last_name=person.last_name,
            managed_by_account_id=member.account_id,
            now=now,
        )
    member.portal_access, member.status = False, MemberStatus.ENABLED
    member.version += 1
    db.session.flush()
    end_sessions_without_seat([person.id], SessionEnd.DISABLED, now=now)
    record_event("member.portal_access_taken", member, actor=actor, now=now, before={"person.email": email})
    return member


def _strip(person: Person) -> None:
    """Take away everything a person signs in with."""
    person.email = person.email_verified_at = person.password_hash = person.password_changed_at = None
    person.must_change_password = person.passkey_only = False
    person.version += 1
    for factor in (TotpFactor, RecoveryCode, Passkey, SocialIdentity):
        gone = delete(factor).where(factor.person_id == person.id)
        db.session.execute(gone.execution_options(synchronize_session=False))
    db.session.flush()


def _forget(person: Person, actor: Actor, now: dt.datetime) -> None:
    """Delete a name that no seat has any more, unless something still refers to it."""
    if person.email is not None or has_seat_besides(person.id, member_id=None):
        return
    try:
        with db.session.begin_nested():
            delete_record(person, actor=actor, now=now)
    except RecordInUse:
        return


def _another_has_full_rights(member: Member) -> bool:
    other = select(Member.id).where(
        Member.account_id == member.account_id, Member.is_owner, Member.can_sign_in, Member.id != member.id
    )
    return db.session.scalar(other) is not None
