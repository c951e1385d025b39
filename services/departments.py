"""Departments: which tickets somebody of the staff sees, and who works where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, insert, or_, select

from domain.actor import Actor
from domain.refusals import Refusal
from extensions import db
from models.staff import Department, StaffDepartment, StaffMember
from models.ticket import Ticket
from services.audit import record_event


class DepartmentUnknown(Refusal):
    message = "There is no such department any more. Reload the page and choose again."


@dataclass(frozen=True, slots=True)
class Offered:
    """A department to choose: the key in forms, and its name."""

    key: str
    name: str


def tickets_of_departments(staff_member_id: int, person_id: int | None) -> ColumnElement[bool]:
    """The tickets an agent sees: those of their departments, those that stand in none, and their own.

    Their own are those assigned to them or opened by them, wherever they were passed on to.
    """
    theirs = select(StaffDepartment.department_id).where(StaffDepartment.staff_member_id == staff_member_id)
    return or_(
        Ticket.department_id.in_(theirs),
        Ticket.department_id.is_(None),
        Ticket.assignee_id == staff_member_id,
        Ticket.opened_by_id == person_id,
    )


def offered_departments() -> Sequence[Offered]:
    """The departments that are in use, by name."""
    found = select(Department.public_id, Department.name).where(Department.retired.is_(False)).order_by(Department.name)
    return [Offered(row.public_id, row.name) for row in db.session.execute(found)]


def departments_of(staff_member: StaffMember) -> list[str]:
    """The keys of the departments somebody works in, by name."""
    found = (
        select(Department.public_id)
        .join(StaffDepartment, StaffDepartment.department_id == Department.id)
        .where(StaffDepartment.staff_member_id == staff_member.id)
        .order_by(Department.name)
    )
    return list(db.session.scalars(found))


def assign_departments(
    staff_member: StaffMember, keys: Iterable[str], *, actor: Actor, now: dt.datetime
) -> StaffMember:
    """Let somebody work in exactly these departments. A retired one stays where it was. Refused: DepartmentUnknown."""
    wanted = set(keys)
    rows = {
        row.public_id: row for row in db.session.scalars(select(Department).where(Department.public_id.in_(wanted)))
    }
    held = {row.public_id: row for row in _held(staff_member)}
    if wanted - rows.keys() or any(rows[key].retired for key in wanted - held.keys()):
        raise DepartmentUnknown
    kept = wanted | {key for key, row in held.items() if row.retired}
    if kept == held.keys():
        return staff_member
    gone = [row.id for key, row in held.items() if key not in kept]
    of_theirs = (StaffDepartment.staff_member_id == staff_member.id, StaffDepartment.department_id.in_(gone))
    db.session.execute(delete(StaffDepartment).where(*of_theirs).execution_options(synchronize_session=False))
    new = [rows[key] for key in kept - held.keys()]
    if new:
        links = [{"staff_member_id": staff_member.id, "department_id": row.id} for row in new]
        db.session.execute(insert(StaffDepartment), links)
    staff_member.version += 1
    db.session.flush()
    record_event(
        "staff_member.edited",
        staff_member,
        actor=actor,
        now=now,
        before={"departments": sorted(row.name for row in held.values())},
        after={"departments": sorted({**held, **rows}[key].name for key in kept)},
    )
    return staff_member


def _held(staff_member: StaffMember) -> list[Department]:
    of_theirs = select(Department).join(StaffDepartment, StaffDepartment.department_id == Department.id)
    return list(db.session.scalars(of_theirs.where(StaffDepartment.staff_member_id == staff_member.id)))
