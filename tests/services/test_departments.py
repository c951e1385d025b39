"""Departments: who works where, and invitations of staff."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.permissions import StaffRole
from extensions import db
from models import StaffMember, StaffStatus
from models.sign_in import PasswordReset
from services.audit import timeline_of
from services.departments import DepartmentUnknown, assign_departments, departments_of, offered_departments
from services.staff_invitations import StaffMemberNotInvitable, invite_staff_member, withdraw_staff_invitation
from services.staff_members import OwnRightsStay, create_staff_member, edit_staff_member, enable_staff_member
from tests.factories.people import DepartmentFactory, StaffMemberFactory
from tests.services.money import CLERK
from tests.services.test_staff_members import staff_actor, values


@pytest.fixture
def agent(session: Session) -> StaffMember:
    StaffMemberFactory(role=StaffRole.ADMINISTRATOR)
    return StaffMemberFactory(role=StaffRole.SUPPORT_AGENT)


def open_invitations(staff_member: StaffMember) -> int:
    found = select(PasswordReset).where(
        PasswordReset.person_id == staff_member.person_id, PasswordReset.superseded_at.is_(None)
    )
    return len(db.session.scalars(found).all())


def test_departments_are_set_as_ticked_and_written_down(agent: StaffMember, now: dt.datetime) -> None:
    first, second = DepartmentFactory(name="Billing"), DepartmentFactory(name="Support")
    assign_departments(agent, [first.public_id, second.public_id], actor=CLERK, now=now)
    assert departments_of(agent) == [first.public_id, second.public_id]
    assign_departments(agent, [second.public_id], actor=CLERK, now=now)
    assert departments_of(agent) == [second.public_id]
    newest = timeline_of("staff_member", agent.public_id)[0]
    assert (newest.before, newest.after) == ({"departments": ["Billing", "Support"]}, {"departments": ["Support"]})


def test_the_same_departments_write_nothing(agent: StaffMember, now: dt.datetime) -> None:
    assign_departments(agent, [], actor=CLERK, now=now)
    assert timeline_of("staff_member", agent.public_id) == []


def test_a_retired_department_is_kept_where_it_was_and_offered_to_nobody(agent: StaffMember, now: dt.datetime) -> None:
    old, other = DepartmentFactory(), DepartmentFactory()
    assign_departments(agent, [old.public_id], actor=CLERK, now=now)
    old.retired = True
    db.session.flush()
    assert [each.key for each in offered_departments()] == [other.public_id]
    assign_departments(agent, [other.public_id], actor=CLERK, now=now)
    assert set(departments_of(agent)) == {old.public_id, other.public_id}
    with pytest.raises(DepartmentUnknown):
        assign_departments(StaffMemberFactory(), [old.public_id], actor=CLERK, now=now)


@pytest.mark.parametrize("key", ["", "nosuchdepartment", "1"])
def test_a_department_that_is_not_there_is_refused(agent: StaffMember, now: dt.datetime, key: str) -> None:
    with pytest.raises(DepartmentUnknown):
        assign_departments(agent, [key], actor=CLERK, now=now)


def test_nobody_changes_their_own_departments(agent: StaffMember, now: dt.datetime) -> None:
    department = DepartmentFactory()
    with pytest.raises(OwnRightsStay):
        edit_staff_member(agent, {"departments": [department.public_id]}, actor=staff_actor(agent), now=now)
    assert departments_of(agent) == []


def test_new_staff_come_with_their_departments(agent: StaffMember, now: dt.datetime) -> None:
    department = DepartmentFactory()
    made = create_staff_member(values(departments=[department.public_id]), actor=CLERK, now=now)
    assert departments_of(made) == [department.public_id]


def test_an_invitation_is_sent_again_and_the_older_link_stops_working(agent: StaffMember, now: dt.datetime) -> None:
    made = create_staff_member(values(), actor=CLERK, now=now)
    invite_staff_member(made, actor=CLERK, now=now)
    assert open_invitations(made) == 1
    assert timeline_of("staff_member", made.public_id)[0].event == "staff_member.invited"


def test_a_withdrawn_invitation_works_no_more_and_its_person_is_disabled(agent: StaffMember, now: dt.datetime) -> None:
    made = create_staff_member(values(), actor=CLERK, now=now)
    withdraw_staff_invitation(made, actor=CLERK, now=now)
    assert (open_invitations(made), made.status) == (0, StaffStatus.DISABLED)
    with pytest.raises(StaffMemberNotInvitable):
        invite_staff_member(made, actor=CLERK, now=now)
    enable_staff_member(made, actor=CLERK, now=now)
    invite_staff_member(made, actor=CLERK, now=now)
    assert open_invitations(made) == 1


def test_who_has_signed_in_is_not_invited(agent: StaffMember, now: dt.datetime) -> None:
    agent.person.last_sign_in_at = now
    db.session.flush()
    for act in (invite_staff_member, withdraw_staff_invitation):
        with pytest.raises(StaffMemberNotInvitable):
            act(agent, actor=CLERK, now=now)
