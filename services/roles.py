"""Roles of members: set, given and taken by the owner of the account, or by staff who may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, delete, select

from domain.actor import Actor
from domain.permissions import MemberRole
from domain.refusals import Refusal
from domain.role_words import GIVEN_ROLES
from extensions import db
from models.member import Member, MemberRoleGrant
from services.audit import record_event
from services.locks import locked
from services.people import acts_for_provider, refuse_while_logged_in_as
from services.step_up import require_recent_proof


class RolesNotYours(Refusal):
    message = "Only the owner of the account can change roles."


class OwnershipIsNoRole(Refusal):
    message = "Ownership is moved, not given as a role. Choose among the other roles."


class CannotHoldRoles(Refusal):
    message = "The owner has every right, and members without portal access have none: neither is given roles."


class RolesChangedMeanwhile(Refusal):
    message = "Somebody changed the roles of this member meanwhile. Nothing was saved. Reload the page to see them."


class NoRoleChosen(Refusal):
    message = "Choose at least one role."


def set_roles(
    member: Member,
    roles: Iterable[MemberRole | str],
    *,
    actor: Actor,
    now: dt.datetime,
    seen: Collection[MemberRole | str] | None = None,
) -> Member:
    """Let a member hold exactly these roles. Only the owner does this, or staff who may.

    ``seen`` are the roles the form was opened with: when they are others by now, nothing is saved.
    Refused: RolesNotYours, OwnershipIsNoRole, CannotHoldRoles, RolesChangedMeanwhile, NotWhileLoggedInAs.
    """
    wanted, held = _wanted_and_held(member, roles, actor, now)
    if seen is not None and {MemberRole(role) for role in seen} != held:
        raise RolesChangedMeanwhile
    return _change(member, held, wanted, actor, now)


def add_roles(member: Member, roles: Iterable[MemberRole | str], *, actor: Actor, now: dt.datetime) -> Member:
    """Give a member these roles beside those they hold. Refused: NoRoleChosen, and what ``set_roles`` refuses."""
    more, held = _wanted_and_held(member, roles, actor, now)
    if not more:
        raise NoRoleChosen
    return _change(member, held, held | more, actor, now)


def remove_roles(member: Member, roles: Iterable[MemberRole | str], *, actor: Actor, now: dt.datetime) -> Member:
    """Take these roles away, as far as they are held. Refused: NoRoleChosen, and what ``set_roles`` refuses."""
    fewer, held = _wanted_and_held(member, roles, actor, now)
    if not fewer:
        raise NoRoleChosen
    return _change(member, held, held - fewer, actor, now)


def roles_held(member: Member) -> set[MemberRole]:
    """The roles that stand in rows: all but ownership."""
    return set(db.session.scalars(select(MemberRoleGrant.role).where(*_rows_of(member))))


def give_every_role(member: Member, *, actor: Actor, now: dt.datetime) -> None:
    """Let a former owner keep all but ownership. Who may move it was asked before."""
    _change(member, roles_held(member), set(GIVEN_ROLES), actor, now)


def take_every_role(member: Member, *, actor: Actor, now: dt.datetime) -> None:
    """Leave a member without rows of roles: a new owner needs none, a member without portal access has none."""
    _change(member, roles_held(member), set(), actor, now)


def is_owner_acting(account_id: int, actor: Actor) -> bool:
    """Whether the actor is the owner of this account, able to sign in."""
    owner = select(Member.id).where(Member.account_id == account_id, Member.is_owner, Member.can_sign_in)
    return actor.member_id is not None and db.session.scalar(owner) == actor.member_id


def _wanted_and_held(
    member: Member, roles: Iterable[MemberRole | str], actor: Actor, now: dt.datetime
) -> tuple[set[MemberRole], set[MemberRole]]:
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    wanted = {MemberRole(role) for role in roles}
    if MemberRole.OWNER in wanted:
        raise OwnershipIsNoRole
    locked(member)
    if not acts_for_provider(actor) and not is_owner_acting(member.account_id, actor):
        raise RolesNotYours
    if not member.can_hold_roles:
        raise CannotHoldRoles
    return wanted, roles_held(member)


def _change(member: Member, held: set[MemberRole], wanted: set[MemberRole], actor: Actor, now: dt.datetime) -> Member:
    if wanted == held:
        return member
    gone = delete(MemberRoleGrant).where(*_rows_of(member), MemberRoleGrant.role.in_(held - wanted))
    db.session.execute(gone)
    for role in sorted(wanted - held):
        db.session.add(
            MemberRoleGrant(
                account_id=member.account_id,
                member_id=member.id,
                role=role,
                granted_by_id=actor.person_id,
                created_at=now,
            )
        )
    member.version += 1
    db.session.flush()
    before, after = {"roles": sorted(held)}, {"roles": sorted(wanted)}
    record_event("member.roles_changed", member, actor=actor, now=now, before=before, after=after)
    return member


def _rows_of(member: Member) -> tuple[ColumnElement[bool], ...]:
    return (MemberRoleGrant.account_id == member.account_id, MemberRoleGrant.member_id == member.id)
