"""Removing a phone number for somebody who cannot get a code at it any more: a way out that only staff have."""

from __future__ import annotations

from domain.permissions import P
from models import Member, StaffMember
from panel import STAFF, Action
from services.members import NoPortalAccess
from services.phone_removals import remove_member_phone, remove_staff_phone

_CONFIRM = (
    "They are told by mail, and can verify another number in their settings. Make sure it is really them who ask: "
    "somebody who still has the phone does it without you."
)

REMOVE_MEMBER_PHONE = Action(
    remove_member_phone,
    "Remove phone number",
    grant=P.MEMBERS_RESET,
    when=Member.can_reset_second_factor,
    why_not=NoPortalAccess.message,
    danger=True,
    sensitive=True,
    realms={STAFF},
    confirm=_CONFIRM,
    done="The phone number is removed.",
    name="remove-phone-number",
)

REMOVE_STAFF_PHONE = Action(
    remove_staff_phone,
    "Remove phone number",
    grant=P.STAFF_STAFF_EDIT,
    when=StaffMember.can_disable,
    danger=True,
    sensitive=True,
    confirm=_CONFIRM,
    done="The phone number is removed.",
    name="remove-phone-number",
)
