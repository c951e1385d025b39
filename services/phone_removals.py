"""Staff take away the number of somebody who cannot get a code at it any more."""

from __future__ import annotations

import datetime as dt

from domain.actor import Actor
from domain.refusals import Refusal
from extensions import db
from models.member import Member
from models.person import Person
from models.staff import StaffMember
from services.people import acts_for_provider
from services.phones import remove_phone
from services.step_up import require_recent_proof


class OnlyStaffRemovePhones(Refusal):
    message = "Only the provider's staff can remove a phone number. Ask them, and prove who you are."


class OwnPhoneStays(Refusal):
    message = "You cannot remove your own phone number here. Release it in your settings, or ask a colleague."


def remove_member_phone(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Remove the verified number of a member, who is told by mail.

    Refused: OnlyStaffRemovePhones, OwnPhoneStays, NoPhone, NotWhileLoggedInAs; ProofNeeded.
    """
    _remove(member.person_id, actor, now, account_id=member.account_id)
    return member


def remove_staff_phone(staff_member: StaffMember, *, actor: Actor, now: dt.datetime) -> StaffMember:
    """Remove the number of a colleague, who is told by mail. Refused: as remove_member_phone."""
    _remove(staff_member.person_id, actor, now, account_id=None)
    return staff_member


def _remove(person_id: int, actor: Actor, now: dt.datetime, *, account_id: int | None) -> None:
    require_recent_proof(actor, now=now)
    if not acts_for_provider(actor):
        raise OnlyStaffRemovePhones
    if actor.person_id == person_id:
        raise OwnPhoneStays
    remove_phone(db.session.get_one(Person, person_id), actor=actor, now=now, account_id=account_id)
