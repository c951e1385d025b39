"""What is done about a member's way in: invitations, portal access, and becoming owner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from wtforms import StringField
from wtforms.validators import Email, InputRequired, Length

from domain.actor import Actor
from domain.permissions import P
from models import Member
from panel import Action
from panel.form import Form
from services.invitations import MemberNotInvitable, NoOpenInvitation, invite_member, withdraw_invitation
from services.ownership import NotFitToOwn, propose_ownership_change
from services.portal_access import (
    HasNoPortalAccess,
    HasPortalAccess,
    switch_portal_access_off,
    switch_portal_access_on,
)

EXAMPLE = "Enter an e-mail address like name@example.com."


def _trimmed(value: str | None) -> str | None:
    return value.strip() if value else value


class EmailForm(Form):
    """What a member signs in with."""

    email = StringField(
        "E-mail",
        [InputRequired(EXAMPLE), Length(max=254), Email(EXAMPLE)],
        filters=[_trimmed],
        description="The invitation is mailed to it.",
        render_kw={"type": "email", "autocomplete": "off"},
    )


def _access_on(member: Member, *, actor: Actor, now: dt.datetime, email: str) -> Member:
    return switch_portal_access_on(member, email=email, actor=actor, now=now)


def _known_email(member: Member) -> Mapping[str, Any]:
    return {"email": member.person.email or ""}


SEND_INVITATION = Action(
    invite_member,
    "Send invitation",
    grant=P.MEMBERS_CREATE,
    when=Member.can_invite,
    why_not=MemberNotInvitable.message,
    bulk=True,
    confirm="A mail with a link for 30 days goes to their address. An older link stops working.",
    done="The invitation is on its way.",
    name="invite",
)
WITHDRAW_INVITATION = Action(
    withdraw_invitation,
    "Withdraw invitation",
    grant=P.MEMBERS_CREATE,
    when=Member.waits_for_answer,
    why_not=NoOpenInvitation.message,
    danger=True,
    confirm="The link that was mailed stops working. You can send a new one at any time.",
    done="The invitation is withdrawn.",
    name="withdraw-invitation",
)
ACCESS_ON = Action(
    _access_on,
    "Switch portal access on",
    grant=P.MEMBERS_ENABLE,
    when=Member.can_get_access,
    why_not=HasPortalAccess.message,
    form=EmailForm,
    fill=_known_email,
    sensitive=True,
    confirm="They are invited by mail and come in once they have accepted. Give them roles afterwards.",
    done="Portal access is on, and the invitation is on its way.",
    name="access-on",
)
ACCESS_OFF = Action(
    switch_portal_access_off,
    "Switch portal access off",
    grant=P.MEMBERS_ENABLE,
    when=Member.can_lose_access,
    why_not=HasNoPortalAccess.message,
    danger=True,
    sensitive=True,
    confirm="They stay in the list with name and phone, without e-mail address, password and roles, and are signed "
    "out of this account at once. To keep them out for a while only, disable them instead.",
    done="Portal access is off.",
    name="access-off",
)
MAKE_OWNER = Action(
    propose_ownership_change,
    "Make owner",
    grant=P.OWNERSHIP_MOVE,
    when=Member.can_become_owner,
    why_not=NotFitToOwn.message,
    sensitive=True,
    confirm="Both sides get a mail and confirm within 14 days; nothing moves before. The former owner keeps every role "
    "but ownership. Subscriptions and everything else stay with the account.",
    done="The change of ownership is proposed. Both sides are asked by mail.",
    name="make-owner",
)
