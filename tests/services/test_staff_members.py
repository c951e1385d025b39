"""The provider's own people: made, changed, disabled and helped."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.permissions import StaffRole
from extensions import db
from models import NotificationDelivery, PasswordResetKind, Person, PersonKind, SignInSession, StaffMember, StaffStatus
from models.sign_in import PasswordReset
from services.audit import target_of, timeline_of
from services.members import EmailMissing, FieldNotEditable, NameMissing
from services.password_resets import reset_password
from services.people import EmailNotUsable
from services.sessions import Browser, Lifetime
from services.sign_in import sign_in
from services.staff_members import (
    LastAdministrator,
    OwnRightsStay,
    StaffMemberDisabled,
    StaffMemberNotDisabled,
    create_staff_member,
    disable_staff_member,
    edit_staff_member,
    enable_staff_member,
    reset_staff_password,
    reset_staff_second_factor,
)
from tests.factories.people import PersonFactory, SignInSessionFactory, StaffMemberFactory, TotpFactorFactory
from tests.services.money import CLERK
from tests.support.parallel import at_once, refusals

PROVED_AT = dt.datetime(2026, 5, 15, 9, 20, tzinfo=dt.UTC)  # ten minutes before now


def staff_actor(staff_member: StaffMember) -> Actor:
    return Actor(
        "Staff", Source.STAFF, person_id=staff_member.person_id, staff_member_id=staff_member.id, proved_at=PROVED_AT
    )


@pytest.fixture
def administrator(session: Session) -> StaffMember:
    return StaffMemberFactory(role=StaffRole.ADMINISTRATOR)


@pytest.fixture
def agent(session: Session) -> StaffMember:
    return StaffMemberFactory(role=StaffRole.SUPPORT_AGENT)


def values(**others: Any) -> dict[str, Any]:
    return {
        "person.first_name": "Ada",
        "person.last_name": "Byron",
        "person.email": "Ada@Foyer.example",
        "role": StaffRole.SALES,
        **others,
    }


def test_new_staff_choose_their_password_by_the_mailed_link(administrator: StaffMember, now: dt.datetime) -> None:
    staff_member = create_staff_member(values(), actor=staff_actor(administrator), now=now)
    assert (staff_member.person.kind, staff_member.person.email) == (PersonKind.STAFF, "ada@foyer.example")
    mail = db.session.scalars(select(NotificationDelivery)).one()
    link = re.search(r"/reset-password/(\S+)", mail.text)
    assert link is not None
    db.session.commit()
    later = now + dt.timedelta(days=29)
    reset_password(link[1], "A long enough phrase", Browser(), now=later)
    entry = sign_in("ada@foyer.example", "A long enough phrase", Browser(), now=later, lifetime=Lifetime())
    assert entry.person.id == staff_member.person_id


def test_the_link_of_new_staff_ends_after_thirty_days(administrator: StaffMember, now: dt.datetime) -> None:
    create_staff_member(values(), actor=staff_actor(administrator), now=now)
    reset = db.session.scalars(select(PasswordReset)).one()
    assert (reset.kind, reset.expires_at) == (PasswordResetKind.INVITATION, now + dt.timedelta(days=30))


@pytest.mark.parametrize(
    ("others", "refusal"),
    [({"person.email": None}, EmailMissing), ({"person.first_name": "", "person.last_name": ""}, NameMissing)],
)
def test_bad_values_of_new_staff_are_refused(
    administrator: StaffMember, now: dt.datetime, others: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        create_staff_member(values(**others), actor=staff_actor(administrator), now=now)


def test_an_address_of_a_member_cannot_become_staff(administrator: StaffMember, now: dt.datetime) -> None:
    PersonFactory(email="ada@foyer.example")
    with pytest.raises(EmailNotUsable):
        create_staff_member(values(), actor=staff_actor(administrator), now=now)


def test_an_administrator_changes_role_and_name_of_others(
    administrator: StaffMember, agent: StaffMember, now: dt.datetime
) -> None:
    changes = {"person.first_name": "Grace", "role": StaffRole.BILLING, "signature": "Grace"}
    edit_staff_member(agent, changes, actor=staff_actor(administrator), now=now)
    assert (agent.role, agent.signature) == (StaffRole.BILLING, "Grace")
    assert db.session.get_one(Person, agent.person_id).first_name == "Grace"
    events = {event.event: event for event in timeline_of(*target_of(agent))}
    assert events["staff_member.role_changed"].after == {"role": "billing"}


def test_nobody_widens_their_own_rights(administrator: StaffMember, agent: StaffMember, now: dt.datetime) -> None:
    with pytest.raises(OwnRightsStay):
        edit_staff_member(agent, {"role": StaffRole.ADMINISTRATOR}, actor=staff_actor(agent), now=now)
    assert agent.role is StaffRole.SUPPORT_AGENT


def test_saving_ones_own_role_unchanged_is_fine(agent: StaffMember, now: dt.datetime) -> None:
    changes = {"role": StaffRole.SUPPORT_AGENT, "signature": "Robin"}
    assert edit_staff_member(agent, changes, actor=staff_actor(agent), now=now).signature == "Robin"


@pytest.mark.parametrize("field", ["status", "person_id", "person.email"])
def test_nothing_else_of_staff_is_edited(agent: StaffMember, now: dt.datetime, field: str) -> None:
    with pytest.raises(FieldNotEditable):
        edit_staff_member(agent, {field: "x"}, actor=CLERK, now=now)


def test_a_name_of_staff_is_not_emptied(agent: StaffMember, now: dt.datetime) -> None:
    with pytest.raises(NameMissing):
        edit_staff_member(agent, {"person.first_name": "", "person.last_name": ""}, actor=CLERK, now=now)


def test_disabled_staff_are_out_at_once(administrator: StaffMember, agent: StaffMember, now: dt.datetime) -> None:
    SignInSessionFactory(person=agent.person)
    disable_staff_member(agent, actor=staff_actor(administrator), now=now)
    assert agent.status is StaffStatus.DISABLED
    db.session.expire_all()
    assert db.session.scalars(select(SignInSession)).one().ended_at == now
    assert timeline_of(*target_of(agent))[0].event == "staff_member.disabled"
    with pytest.raises(StaffMemberDisabled):
        disable_staff_member(agent, actor=staff_actor(administrator), now=now)


def test_nobody_disables_themselves(administrator: StaffMember, now: dt.datetime) -> None:
    StaffMemberFactory(role=StaffRole.ADMINISTRATOR)
    with pytest.raises(OwnRightsStay):
        disable_staff_member(administrator, actor=staff_actor(administrator), now=now)


def test_the_last_administrator_stays(administrator: StaffMember, agent: StaffMember, now: dt.datetime) -> None:
    StaffMemberFactory(role=StaffRole.ADMINISTRATOR, status=StaffStatus.DISABLED)
    with pytest.raises(LastAdministrator):
        disable_staff_member(administrator, actor=staff_actor(agent), now=now)
    with pytest.raises(LastAdministrator):
        edit_staff_member(administrator, {"role": StaffRole.SALES}, actor=staff_actor(agent), now=now)
    assert administrator.is_administrator


def test_two_administrators_who_disable_each_other_leave_one(
    administrator: StaffMember, agent: StaffMember, now: dt.datetime
) -> None:
    both = [administrator.id, StaffMemberFactory(role=StaffRole.ADMINISTRATOR).id]
    actor = staff_actor(agent)
    results = at_once(
        lambda place: disable_staff_member(db.session.get_one(StaffMember, both[place]), actor=actor, now=now).id,
        times=2,
    )
    assert [type(refusal) for refusal in refusals(results)] == [LastAdministrator]
    assert len(db.session.scalars(select(StaffMember).where(StaffMember.is_administrator)).all()) == 1


def test_enabled_staff_come_back(administrator: StaffMember, agent: StaffMember, now: dt.datetime) -> None:
    disable_staff_member(agent, actor=staff_actor(administrator), now=now)
    assert enable_staff_member(agent, actor=staff_actor(administrator), now=now).status is StaffStatus.ENABLED
    with pytest.raises(StaffMemberNotDisabled):
        enable_staff_member(agent, actor=staff_actor(administrator), now=now)


def test_staff_who_are_locked_out_are_helped(administrator: StaffMember, agent: StaffMember, now: dt.datetime) -> None:
    TotpFactorFactory(person=agent.person)
    reset_staff_password(agent, actor=staff_actor(administrator), now=now)
    reset_staff_second_factor(agent, actor=staff_actor(administrator), now=now)
    mailed = db.session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id)).all()
    assert [mail.event for mail in mailed] == ["temporary_password", "second_step_reset"]
    assert {mail.address for mail in mailed} == {agent.person.email}
    events = [event.event for event in timeline_of(*target_of(agent.person))]
    assert events == ["person.two_step_reset", "person.password_reset"]


def test_disabled_staff_get_no_password(agent: StaffMember, now: dt.datetime) -> None:
    agent.status = StaffStatus.DISABLED
    with pytest.raises(StaffMemberDisabled):
        reset_staff_password(agent, actor=CLERK, now=now)
    with pytest.raises(StaffMemberDisabled):
        reset_staff_second_factor(agent, actor=CLERK, now=now)
