"""Another sign-in address for a person: only staff set it, never for themselves, and both addresses are told (A11)."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from domain.actor import Actor
from domain.contact import normalise_email
from domain.refusals import Refusal
from extensions import db
from models.member import Member, MemberInvitation
from models.person import Person
from models.sign_in import PasswordReset
from models.staff import StaffMember
from services.audit import record_event
from services.locks import locked
from services.notifications import tell
from services.people import EmailNotUsable, acts_for_provider, refuse_while_logged_in_as
from services.records import flush_or_refuse
from services.step_up import require_recent_proof


class EmailNotYours(Refusal):
    message = "Nobody changes their own sign-in e-mail. Ask the support, or another administrator if you are staff."


class EmailUnchanged(Refusal):
    message = "This is the address the person has now. Enter another one."


class NoEmailToChange(Refusal):
    message = "This person has no sign-in e-mail. Switch portal access on to give them one."


def change_email(
    person: Person, email: str, *, actor: Actor, now: dt.datetime, account_id: int | None = None
) -> Person:
    """Give a person another address to sign in with, and tell the old and the new one.

    Links and temporary passwords that were sent to the old address stop working, and so do open invitations: send them
    again. The new address counts as not verified until its owner has used a link that was mailed to it. Sessions go on:
    it is still the same person. Refused: EmailNotYours (also for staff about themselves), NoEmailToChange,
    EmailNotReadable, EmailUnchanged, EmailNotUsable, NotWhileLoggedInAs; wants a recent proof.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    if not acts_for_provider(actor) or actor.person_id == person.id:
        raise EmailNotYours
    kept = normalise_email(email)
    locked(person)
    old = person.email
    if old is None or person.erased_at is not None:
        raise NoEmailToChange
    if kept == old:
        raise EmailUnchanged
    person.email, person.email_verified_at = kept, None
    person.version += 1
    flush_or_refuse({"person.email": EmailNotUsable})
    _close_what_was_sent_to(person, now)
    before, after = {"email": old}, {"email": kept}
    record_event(
        "person.email_changed", person, actor=actor, now=now, account_id=account_id, before=before, after=after
    )
    tell(old, "email_changed", now=now, account_id=account_id, name=str(person), old_email=old, new_email=kept)
    tell(person, "email_changed", now=now, account_id=account_id, old_email=old, new_email=kept)
    return person


def change_member_email(member: Member, *, email: str, actor: Actor, now: dt.datetime) -> Member:
    """Give a member another address. Refused: what ``change_email`` refuses."""
    person = db.session.get_one(Person, member.person_id)
    change_email(person, email, actor=actor, now=now, account_id=member.account_id)
    return member


def change_staff_email(staff_member: StaffMember, *, email: str, actor: Actor, now: dt.datetime) -> StaffMember:
    """Give somebody of the staff another address. Refused: what ``change_email`` refuses."""
    change_email(db.session.get_one(Person, staff_member.person_id), email, actor=actor, now=now)
    return staff_member


def _close_what_was_sent_to(person: Person, now: dt.datetime) -> None:
    """Let nothing that lies in the old mailbox open anything."""
    resets = update(PasswordReset).where(
        PasswordReset.person_id == person.id, PasswordReset.used_at.is_(None), PasswordReset.superseded_at.is_(None)
    )
    of_person = MemberInvitation.member_id.in_(select(Member.id).where(Member.person_id == person.id))
    invitations = update(MemberInvitation).where(of_person, MemberInvitation.is_open)
    for statement in (resets, invitations):
        db.session.execute(statement.values(superseded_at=now).execution_options(synchronize_session=False))
