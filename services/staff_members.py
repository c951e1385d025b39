"""Staff: the provider's own people, their role, and help for those who are locked out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.permissions import StaffRole
from domain.refusals import Refusal
from extensions import db
from models.person import Person, PersonKind
from models.sign_in import SessionEnd
from models.staff import StaffMember, StaffStatus
from services.audit import record_event
from services.departments import assign_departments
from services.locks import guarded, locked, reread
from services.members import EmailMissing, FieldNotEditable, NameMissing
from services.password_resets import issue_temporary_password, send_invitation_link
from services.people import create_person, remove_second_factors
from services.records import edit_record
from services.sessions import end_sessions
from services.step_up import require_recent_proof

_NAMES: Final = ("first_name", "last_name")
_OWN: Final = frozenset({"role", "departments", "signature"})


class OwnRightsStay(Refusal):
    message = "You cannot change your own role or departments, or disable yourself. Ask another administrator."


class LastAdministrator(Refusal):
    message = "This is the last administrator: without one nobody could manage staff. Make another one first."


class StaffMemberNotDisabled(Refusal):
    message = "This staff member is not disabled. Reload the page to see them as they are."


class StaffMemberDisabled(Refusal):
    message = "This staff member is disabled. Enable them first."


def create_staff_member(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> StaffMember:
    """Let a person work in the back office; they are mailed a link to choose their password.

    ``values`` are those of the form: person.first_name, person.last_name, person.email, role, departments (their
    keys). Refused: EmailMissing, EmailNotReadable, EmailNotUsable (whoever has the address), NameMissing,
    DepartmentUnknown.
    """
    require_recent_proof(actor, now=now)
    first, last = (str(values.get(f"person.{name}") or "").strip() for name in _NAMES)
    if not (first or last):
        raise NameMissing
    if not values.get("person.email"):
        raise EmailMissing
    person = create_person(PersonKind.STAFF, email=values["person.email"], first_name=first, last_name=last, now=now)
    staff_member = StaffMember(person=person, role=StaffRole(values["role"]), created_at=now)
    db.session.add(staff_member)
    db.session.flush()
    after = {"email": person.email, "role": staff_member.role}
    record_event("staff_member.created", staff_member, actor=actor, now=now, after=after)
    if values.get("departments"):
        assign_departments(staff_member, values["departments"], actor=actor, now=now)
    send_invitation_link(person, actor=actor, now=now)
    return staff_member


def edit_staff_member(
    staff_member: StaffMember, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime
) -> StaffMember:
    """Change name, role, departments or signature.

    Refused: OwnRightsStay, LastAdministrator, NameMissing, DepartmentUnknown, FieldNotEditable.
    """
    names = {name: str(changes[f"person.{name}"] or "").strip() for name in _NAMES if f"person.{name}" in changes}
    own = {name: value for name, value in changes.items() if not name.startswith("person.")}
    if not own.keys() <= _OWN or len(names) + len(own) < len(changes):
        raise FieldNotEditable
    if "departments" in own:
        _refuse_self(staff_member, actor)
        assign_departments(staff_member, own.pop("departments"), actor=actor, now=now)
    if "role" in own:
        require_recent_proof(actor, now=now)
        _change_role(staff_member, StaffRole(own.pop("role")), actor, now)
    if names:
        person = db.session.get_one(Person, staff_member.person_id)
        if not (names.get("first_name", person.first_name) or names.get("last_name", person.last_name)):
            raise NameMissing
        edit_record(person, names, actor=actor, now=now)
    return edit_record(staff_member, own, actor=actor, now=now)


def enable_staff_member(staff_member: StaffMember, *, actor: Actor, now: dt.datetime) -> StaffMember:
    """Let a disabled staff member in again. Refused: StaffMemberNotDisabled."""
    locked(staff_member)
    if not guarded(_with_status(staff_member, StaffStatus.ENABLED).where(StaffMember.can_enable)):
        raise StaffMemberNotDisabled
    reread(staff_member)
    before, after = {"status": StaffStatus.DISABLED}, {"status": staff_member.status}
    record_event("staff_member.enabled", staff_member, actor=actor, now=now, before=before, after=after)
    return staff_member


def disable_staff_member(staff_member: StaffMember, *, actor: Actor, now: dt.datetime) -> StaffMember:
    """Keep a staff member out at once. Refused: OwnRightsStay, LastAdministrator, StaffMemberDisabled."""
    _refuse_self(staff_member, actor)
    _keep_an_administrator(staff_member)
    before = {"status": staff_member.status}
    if not guarded(_with_status(staff_member, StaffStatus.DISABLED).where(StaffMember.can_disable)):
        raise StaffMemberDisabled
    reread(staff_member)
    end_sessions(staff_member.person_id, SessionEnd.DISABLED, now=now)
    after = {"status": staff_member.status}
    record_event("staff_member.disabled", staff_member, actor=actor, now=now, before=before, after=after)
    return staff_member


def reset_staff_password(staff_member: StaffMember, *, actor: Actor, now: dt.datetime) -> StaffMember:
    """Mail a random password that works once, for 60 minutes. Refused: StaffMemberDisabled."""
    require_recent_proof(actor, now=now)
    person = _person_of(staff_member)
    issue_temporary_password(person, actor=actor, now=now)
    record_event("person.password_reset", person, actor=actor, now=now)
    return staff_member


def reset_staff_second_factor(staff_member: StaffMember, *, actor: Actor, now: dt.datetime) -> StaffMember:
    """Take away time codes, recovery codes and passkeys, and tell the person. Refused: StaffMemberDisabled."""
    require_recent_proof(actor, now=now)
    person = _person_of(staff_member)
    remove_second_factors(person, actor=actor, now=now, account_id=None)
    record_event("person.two_step_reset", person, actor=actor, now=now)
    return staff_member


def _change_role(staff_member: StaffMember, role: StaffRole, actor: Actor, now: dt.datetime) -> None:
    if role is staff_member.role:
        return
    _refuse_self(staff_member, actor)
    _keep_an_administrator(staff_member)
    before = {"role": staff_member.role}
    staff_member.role = role
    staff_member.version += 1
    db.session.flush()
    record_event("staff_member.role_changed", staff_member, actor=actor, now=now, before=before, after={"role": role})


def _refuse_self(staff_member: StaffMember, actor: Actor) -> None:
    if actor.person_id is not None and actor.person_id == staff_member.person_id:
        raise OwnRightsStay


def _keep_an_administrator(staff_member: StaffMember) -> None:
    """Refuse to lose the last one. All are locked in one order, so that two cannot be the last together."""
    db.session.flush()
    administrators = select(StaffMember).where(StaffMember.is_administrator).order_by(StaffMember.id)
    fresh = administrators.with_for_update(key_share=True).execution_options(populate_existing=True)
    if [each.id for each in db.session.scalars(fresh)] == [staff_member.id]:
        raise LastAdministrator
    locked(staff_member)


def _person_of(staff_member: StaffMember) -> Person:
    if not staff_member.can_sign_in:
        raise StaffMemberDisabled
    return db.session.get_one(Person, staff_member.person_id)


def _with_status(staff_member: StaffMember, status: StaffStatus) -> Any:
    return (
        update(StaffMember)
        .where(StaffMember.id == staff_member.id)
        .values(status=status, version=StaffMember.version + 1)
    )
