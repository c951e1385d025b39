"""Invitations: a mailed link that lets a person take their seat, once, for some days."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import select, update

from domain.actor import Actor, Source
from domain.passwords import check_new_password
from domain.refusals import Refusal
from extensions import db
from models.account import Account, AccountStatus
from models.member import Member, MemberInvitation, MemberStatus
from models.person import Person
from models.sign_in import SignInDoor
from services.attempts import count_attempt, take_back
from services.audit import record_event
from services.deliveries import cancel_deliveries
from services.locks import guarded, locked
from services.notifications import tell
from services.passwords import passwords
from services.people import refuse_while_logged_in_as
from services.sessions import Browser, hash_of_token
from services.settings import number_setting
from services.unit_of_work import unit_of_work


class MemberNotInvitable(Refusal):
    message = "This member has taken their seat already, or has no portal access. An invitation would change nothing."


class NoOpenInvitation(Refusal):
    message = "There is no open invitation to withdraw: it was taken, withdrawn or never sent."


class InvitationNotValid(Refusal):
    message = (
        "This invitation was used already, was replaced by a newer one, or is too old."
        " Ask the owner of the account to send it again."
    )


@dataclass(frozen=True, slots=True)
class Invited:
    """An open invitation: to which seat, for whom, in which account."""

    invitation: MemberInvitation
    member: Member
    person: Person
    account: Account


def invite_member(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Mail an invitation; an older one stops working. Refused: MemberNotInvitable."""
    refuse_while_logged_in_as(actor)
    locked(member)
    person = db.session.get_one(Person, member.person_id)
    if member.status is not MemberStatus.INVITED or not member.portal_access or person.email is None:
        raise MemberNotInvitable
    _close(member, now)
    token, days = secrets.token_urlsafe(32), number_setting("invitation_days")
    invitation = MemberInvitation(
        account_id=member.account_id,
        member_id=member.id,
        email=person.email,
        token_hash=hash_of_token(token),
        invited_by_id=actor.person_id,
        expires_at=now + dt.timedelta(days=days),
        created_at=now,
    )
    db.session.add(invitation)
    db.session.flush()
    tell(
        person,
        "member_invitation",
        now=now,
        account_id=member.account_id,
        secret=True,
        account=db.session.get_one(Account, member.account_id).name,
        token=token,
        days=days,
    )
    record_event("member.invited", member, actor=actor, now=now, after={"email": person.email})
    return member


def open_invitation(token: str, *, now: dt.datetime) -> Invited | None:
    """What a link invites to, if it would be taken now.

    It was not used, replaced or withdrawn and has not expired; it was sent to the address the person still has,
    for a seat that still waits in an active account.
    """
    found = db.session.execute(
        select(MemberInvitation, Member, Person, Account)
        .join(Member, Member.id == MemberInvitation.member_id)
        .join(Person, Person.id == Member.person_id)
        .join(Account, Account.id == MemberInvitation.account_id)
        .where(
            MemberInvitation.token_hash == hash_of_token(token),
            MemberInvitation.is_open,
            MemberInvitation.expires_at > now,
            MemberInvitation.email == Person.email,
            Member.status == MemberStatus.INVITED,
            Member.portal_access,
            Person.disabled_at.is_(None),
            Person.erased_at.is_(None),
            Account.status == AccountStatus.ACTIVE,
        )
    ).first()
    return None if found is None else Invited(*found)


def accept_invitation(token: str, password: str | None, browser: Browser, *, now: dt.datetime) -> Member:
    """Take the seat a link invites to. Who has no password yet chooses the first one.

    Refused: TooManyAttempts, InvitationNotValid, and a password that is not good enough (the link then still works).
    Opens its own units of work: the try is counted first, and no transaction is open while the password is hashed.
    """
    with unit_of_work():
        attempt_id = count_attempt(f"invitation {token}", ip=browser.ip, door=SignInDoor.INVITATION, now=now)
    invited = open_invitation(token, now=now)
    if invited is None:
        raise InvitationNotValid
    person, hashed = invited.person, None
    if person.password_hash is None:
        own_names = [name for name in (person.email, person.first_name, person.last_name) if name]
        check_new_password(password or "", own_names=own_names)
        hashed = passwords.make(password or "")
    with unit_of_work():
        invited = open_invitation(token, now=now)
        if invited is None:
            raise InvitationNotValid
        taken = update(MemberInvitation).where(MemberInvitation.id == invited.invitation.id, MemberInvitation.is_open)
        if not guarded(taken.values(accepted_at=now)):
            raise InvitationNotValid
        take_back(attempt_id)
        _take_seat(invited, hashed, browser, now)
        return invited.member


def _take_seat(invited: Invited, hashed: str | None, browser: Browser, now: dt.datetime) -> None:
    member, person = invited.member, invited.person
    member.status = MemberStatus.ENABLED
    member.version += 1
    person.email_verified_at = person.email_verified_at or now
    if hashed is not None and person.password_hash is None:
        person.password_hash, person.password_changed_at, person.must_change_password = hashed, now, False
    db.session.flush()
    actor = Actor(
        name=str(person) or person.public_id,
        source=Source.PORTAL,
        person_id=person.id,
        member_id=member.id,
        account_id=member.account_id,
        ip=browser.ip,
    )
    record_event("member.invitation_accepted", member, actor=actor, now=now)


def supersede_invitations_of(person: Person, *, now: dt.datetime) -> None:
    """Let no open invitation of the person be taken: their mails may have been read by who had the old password."""
    theirs = select(Member.id).where(Member.person_id == person.id)
    db.session.execute(
        update(MemberInvitation)
        .where(MemberInvitation.member_id.in_(theirs), MemberInvitation.is_open)
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )


def withdraw_invitation(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Let the open invitation not be taken any more; it may be sent again. Refused: NoOpenInvitation."""
    refuse_while_logged_in_as(actor)
    locked(member)
    withdrawn = update(MemberInvitation).where(MemberInvitation.member_id == member.id, MemberInvitation.is_open)
    if not guarded(withdrawn.values(withdrawn_at=now)):
        raise NoOpenInvitation
    _unsend(member, now)
    record_event("member.invitation_withdrawn", member, actor=actor, now=now)
    return member


@dataclass(frozen=True, slots=True)
class InvitationState:
    """The last invitation of a member, as people read it. ``state``: open, expired, accepted or withdrawn."""

    state: str
    email: str
    sent_at: dt.datetime
    sent_by: str
    expires_at: dt.datetime
    answered_at: dt.datetime | None


def invitation_state(member: Member, *, now: dt.datetime) -> InvitationState | None:
    """What became of the last invitation; None for who never got one."""
    found = db.session.execute(
        select(MemberInvitation, Person)
        .outerjoin(Person, Person.id == MemberInvitation.invited_by_id)
        .where(MemberInvitation.member_id == member.id, MemberInvitation.account_id == member.account_id)
        .order_by(MemberInvitation.id.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    invitation, sender = found
    return InvitationState(
        state=_state(invitation, now),
        email=invitation.email,
        sent_at=invitation.created_at,
        sent_by=str(sender or ""),  # nobody, when a job or command sent it
        expires_at=invitation.expires_at,
        answered_at=invitation.accepted_at or invitation.withdrawn_at,
    )


def was_invited_in_vain(member: Member) -> bool:
    """Whether the member was invited and never came in by it, even if the invitation is withdrawn or too old by now."""
    last = (
        select(MemberInvitation.accepted_at)
        .where(MemberInvitation.member_id == member.id)
        .order_by(MemberInvitation.id.desc())
        .limit(1)
    )
    found = db.session.execute(last).first()
    return found is not None and found.accepted_at is None


def _state(invitation: MemberInvitation, now: dt.datetime) -> str:
    if invitation.accepted_at is not None:
        return "accepted"
    if invitation.withdrawn_at is not None:
        return "withdrawn"
    return "open" if invitation.is_open and invitation.expires_at > now else "expired"


def _close(member: Member, now: dt.datetime) -> None:
    db.session.execute(
        update(MemberInvitation)
        .where(MemberInvitation.member_id == member.id, MemberInvitation.is_open)
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    _unsend(member, now)


def _unsend(member: Member, now: dt.datetime) -> None:
    """Let a mail that did not go out yet never go out: its link is dead."""
    cancel_deliveries(("member_invitation",), person_id=member.person_id, account_id=member.account_id, now=now)
