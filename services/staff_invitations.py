"""Invitations of staff: sent again while nobody came in by them, and taken back."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import update

from domain.actor import Actor
from domain.refusals import Refusal
from extensions import db
from models.person import Person
from models.sign_in import PasswordReset, PasswordResetKind
from models.staff import StaffMember
from services.audit import record_event
from services.locks import locked
from services.password_resets import send_invitation_link
from services.staff_members import disable_staff_member


class StaffMemberNotInvitable(Refusal):
    message = "They have signed in already, or are disabled. An invitation would change nothing."


def invite_staff_member(staff_member: StaffMember, *, actor: Actor, now: dt.datetime) -> StaffMember:
    """Mail the invitation again; older links stop working. Refused: StaffMemberNotInvitable."""
    person = _not_come_yet(staff_member)
    send_invitation_link(person, actor=actor, now=now)
    record_event("staff_member.invited", staff_member, actor=actor, now=now, after={"email": person.email})
    return staff_member


def withdraw_staff_invitation(staff_member: StaffMember, *, actor: Actor, now: dt.datetime) -> StaffMember:
    """Take the invitation back: its links stop working, and the staff member is disabled.

    Enabled again, they can be invited again. Refused: StaffMemberNotInvitable, OwnRightsStay, LastAdministrator.
    """
    person = _not_come_yet(staff_member)
    db.session.execute(
        update(PasswordReset)
        .where(
            PasswordReset.person_id == person.id,
            PasswordReset.kind == PasswordResetKind.INVITATION,
            PasswordReset.used_at.is_(None),
            PasswordReset.superseded_at.is_(None),
        )
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    disable_staff_member(staff_member, actor=actor, now=now)
    record_event("staff_member.invitation_withdrawn", staff_member, actor=actor, now=now)
    return staff_member


def _not_come_yet(staff_member: StaffMember) -> Person:
    locked(staff_member)
    person = db.session.get_one(Person, staff_member.person_id, populate_existing=True)
    if not staff_member.can_disable or person.last_sign_in_at is not None or person.email is None:
        raise StaffMemberNotInvitable
    return person
