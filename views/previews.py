"""Preview as a member: the portal as it will look with these roles, before they are saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from domain.actor import Actor
from domain.permissions import P
from domain.role_words import GIVEN_ROLES, grants_in_words, role_label
from domain.sentences import Sentence
from models import Member, MemberPreview
from panel import PORTAL, Action, TicksField
from panel.form import Form
from services.previews import LASTS, start_preview
from views.logins_as import this_session


class PreviewForm(Form):
    """The roles to look with; the page of a member's roles sends the same field here."""

    role = TicksField(
        "Roles",
        choices=[(role.value, role_label(role)) for role in GIVEN_ROLES],
        notes={role.value: grants_in_words(role) for role in GIVEN_ROLES},
        description="Nothing is saved. You look with these roles, whatever the member holds now.",
    )


def preview_member(member: Member, *, actor: Actor, now: dt.datetime, role: Sequence[str]) -> MemberPreview:
    """Begin in this browser."""
    return start_preview(member, role or (), actor=actor, session=this_session(), now=now)


def _roles_held(member: Member) -> Mapping[str, Any]:
    return {"role": sorted(role.value for role in member.roles)}


PREVIEW_MEMBER = Action(
    preview_member,
    "Preview as this member",
    grant=P.MEMBERS_GRANT,
    when=Member.can_hold_roles,
    why_not="The owner sees everything, and members without portal access nothing: there is no preview of either.",
    form=PreviewForm,
    fill=_roles_held,
    realms={PORTAL},
    confirm=Sentence(
        "You see the portal as it looks with these roles, for %(minutes)s minutes. Nothing can be "
        "changed meanwhile, and the member's own notices and settings are not shown.",
        minutes=LASTS.seconds // 60,
    ),
    done="This is the portal with these roles.",
    next_url=lambda preview: f"/portal/{preview.account.client_id}/",
    name="preview",
)
