"""The roles of members: one page for each member, and giving and taking them for many at once (SPEC B3, B5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import HiddenField
from wtforms.validators import DataRequired

from domain.actor import Actor
from domain.permissions import MemberRole, P
from domain.role_words import GIVEN_ROLES, role_label, role_note
from models import Member
from panel import PORTAL, Action, Submit, TicksField
from panel.form import Form
from services.roles import (
    CannotHoldRoles,
    RolesChangedMeanwhile,
    add_roles,
    remove_roles,
    set_roles,
)

_CHOICES = [(role.value, role_label(role)) for role in GIVEN_ROLES]
_NOTES = {role.value: role_note(role) for role in GIVEN_ROLES}


class RolesForm(Form):
    """Exactly the roles that are ticked; ``seen`` are those the page was opened with."""

    role = TicksField("Roles", choices=_CHOICES, notes=_NOTES)
    seen = HiddenField()


class ChosenRolesForm(Form):
    """At least one role."""

    role = TicksField("Roles", [DataRequired("Choose at least one role.")], choices=_CHOICES, notes=_NOTES)


def save_roles(member: Member, *, actor: Actor, now: dt.datetime, role: Sequence[str], seen: str) -> Member:
    """What the page of a member's roles was sent with."""
    known = {each.value for each in GIVEN_ROLES}
    before = [name for name in (seen or "").split(",") if name]
    if not known.issuperset(before):
        raise RolesChangedMeanwhile
    return set_roles(member, role or (), actor=actor, now=now, seen=before)


def _give(member: Member, *, actor: Actor, now: dt.datetime, role: Sequence[str]) -> Member:
    return add_roles(member, role, actor=actor, now=now)


def _take(member: Member, *, actor: Actor, now: dt.datetime, role: Sequence[str]) -> Member:
    return remove_roles(member, role, actor=actor, now=now)


def _held(member: Member) -> Mapping[str, Any]:
    roles = sorted(role.value for role in member.roles if role is not MemberRole.OWNER)
    return {"role": roles, "seen": ",".join(roles)}


CHANGE_ROLES = Action(
    save_roles,
    "Change roles",
    grant=P.MEMBERS_GRANT,
    when=Member.can_hold_roles,
    why_not=CannotHoldRoles.message,
    form=RolesForm,
    fill=_held,
    also=(Submit("Preview as this member", "preview", realms=frozenset({PORTAL})),),
    sensitive=True,
    confirm="The member holds the roles that are ticked, and nothing else. It counts from their next click.",
    done="The roles are saved.",
    name="change-roles",
)
GIVE_ROLES = Action(
    _give,
    "Give roles",
    grant=P.MEMBERS_GRANT,
    when=Member.can_hold_roles,
    why_not=CannotHoldRoles.message,
    form=ChosenRolesForm,
    bulk=True,
    menu=False,
    sensitive=True,
    confirm="The roles that are ticked are added to those each of them holds.",
    done="The roles are given.",
    name="give-roles",
)
TAKE_ROLES = Action(
    _take,
    "Take roles away",
    grant=P.MEMBERS_GRANT,
    when=Member.can_hold_roles,
    why_not=CannotHoldRoles.message,
    form=ChosenRolesForm,
    bulk=True,
    menu=False,
    sensitive=True,
    danger=True,
    confirm="The roles that are ticked are taken from each of them, as far as they hold them.",
    done="The roles are taken away.",
    name="take-roles",
)
