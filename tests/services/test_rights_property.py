"""Whatever happens in whichever order: nobody ever holds a right that the role tables do not give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.permissions import (
    MEMBER_GRANTS,
    OUT_OF_REACH_LOGGED_IN_AS,
    SEAT_GRANTS,
    STAFF_GRANTS,
    MemberRole,
    P,
    StaffRole,
)
from domain.refusals import Refusal
from extensions import db
from models import (
    Account,
    AccountStatus,
    LoginAsSession,
    Member,
    MemberPreview,
    MemberRoleGrant,
    MemberStatus,
    OwnershipChange,
    Person,
    SignInSession,
    StaffMember,
    StaffStatus,
)
from services.accounts import reactivate_account, suspend_account
from services.login_as import leave_account, start_login_as, stop_login_as
from services.login_consents import demand_login_consent
from services.members import disable_member, enable_member
from services.ownership import confirm_ownership_change, propose_ownership_change
from services.previews import end_preview, start_preview
from services.roles import RolesNotYours, set_roles
from services.staff_members import disable_staff_member, edit_staff_member, enable_staff_member
from services.standing import Standing, standing_of
from tests.factories.people import AccountFactory, MemberFactory, OwnerFactory, PersonFactory, StaffMemberFactory
from tests.support.standing import REASON, browser_of

GIVEN = [role for role in MemberRole if role is not MemberRole.OWNER]
VERBS = [
    "set roles", "set roles", "try to set roles", "preview", "preview", "end preview", "log in", "log in", "return",
    "stop", "disable", "enable", "propose owner", "confirm owner", "suspend", "reactivate", "demand consent",
    "change staff role", "disable staff", "enable staff", "wait",
]  # fmt: skip

steps = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(0, 5),  # who acts
        st.integers(0, 5),  # on which seat, or staff member
        st.frozensets(st.sampled_from(GIVEN), max_size=3),
        st.sampled_from(list(StaffRole)),
    ),
    min_size=3,
    max_size=7,
)


@dataclass
class House:
    """Two accounts; a person with a seat in both, owners and members; three of the staff; one browser each."""

    now: dt.datetime
    accounts: list[Account] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    staff: list[StaffMember] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    browsers: list[SignInSession] = field(default_factory=list)

    @classmethod
    def built(cls, now: dt.datetime) -> House:
        house = cls(now)
        house.accounts = [AccountFactory(), AccountFactory()]
        both = PersonFactory()
        first, second = house.accounts
        house.members = [
            OwnerFactory(account=first),
            MemberFactory(account=first, person=both),
            MemberFactory(account=first),
            OwnerFactory(account=second),
            MemberFactory(account=second, person=both),
            MemberFactory(account=second),
        ]
        roles = (StaffRole.ADMINISTRATOR, StaffRole.SUPPORT_AGENT, StaffRole.AUDITOR)
        house.staff = [StaffMemberFactory(role=role) for role in roles]
        seated = dict.fromkeys(member.person for member in house.members)
        house.people = [*seated, *(each.person for each in house.staff)]
        house.browsers = [browser_of(person, now) for person in house.people]
        db.session.flush()
        return house

    def standing(self, at: int, account: Account | None) -> Standing | None:
        client_id = account.client_id if account is not None else None
        return standing_of(self.browsers[at], self.people[at], client_id, now=self.now)

    def act(self, at: int, account: Account | None, need: P | None, do: Callable[[Actor], object]) -> None:
        """What a request does: the door asks for the right and for no preview, then the service has its say."""
        found = self.standing(at, account)
        if found is None or found.is_preview or (need is not None and need not in found.grants):
            return
        try:
            with db.session.begin_nested():
                do(self.actor(at, found, account))
        except Refusal:
            pass

    def actor(self, at: int, found: Standing, account: Account | None) -> Actor:
        return Actor(
            "Somebody",
            Source.STAFF if account is None else Source.PORTAL,
            person_id=self.people[at].id,
            staff_member_id=found.staff_member_id,
            member_id=found.member_id,
            account_id=found.account_id,
            on_behalf_of_id=found.on_behalf_of_id,
            proved_at=self.now,
        )


def take(house: House, verb: str, who: int, whom: int, roles: frozenset[MemberRole], staff_role: StaffRole) -> None:
    """One step of a sequence."""
    now, at = house.now, who % len(house.people)
    member, staff = house.members[whom % len(house.members)], house.staff[whom % len(house.staff)]
    account = next(each for each in house.accounts if each.id == member.account_id)
    browser = house.browsers[at]
    by_staff = house.people[at].kind == "staff"
    place = None if by_staff and who % 2 else account
    acts: dict[str, tuple[Account | None, P | None, Callable[[Actor], Any]]] = {
        "set roles": (place, P.MEMBERS_GRANT, lambda a: set_roles(member, roles, actor=a, now=now)),
        "preview": (account, P.MEMBERS_GRANT,
                    lambda a: start_preview(member, roles, actor=a, session=browser, now=now)),
        "log in": (None, P.STAFF_ACCOUNTS_ENTER,
                   lambda a: start_login_as(member, reason=REASON, actor=a, session=browser, now=now)),
        "stop": (account, P.LOGINS_AS_DECIDE, lambda a: _stop_all(account, a, now)),
        "disable": (place, P.MEMBERS_ENABLE, lambda a: disable_member(member, actor=a, now=now)),
        "enable": (place, P.MEMBERS_ENABLE, lambda a: enable_member(member, actor=a, now=now)),
        "propose owner": (place, P.OWNERSHIP_MOVE, lambda a: propose_ownership_change(member, actor=a, now=now)),
        "confirm owner": (account, None, lambda a: _confirm(account, a, now)),
        "suspend": (None, P.STAFF_ACCOUNTS_SUSPEND, lambda a: suspend_account(account, actor=a, now=now)),
        "reactivate": (None, P.STAFF_ACCOUNTS_SUSPEND, lambda a: reactivate_account(account, actor=a, now=now)),
        "demand consent": (account, P.LOGINS_AS_DECIDE,
                           lambda a: demand_login_consent(account, bool(roles), actor=a, now=now)),
        "change staff role": (None, P.STAFF_STAFF_EDIT,
                              lambda a: edit_staff_member(staff, {"role": staff_role}, actor=a, now=now)),
        "disable staff": (None, P.STAFF_STAFF_EDIT, lambda a: disable_staff_member(staff, actor=a, now=now)),
        "enable staff": (None, P.STAFF_STAFF_EDIT, lambda a: enable_staff_member(staff, actor=a, now=now)),
    }  # fmt: skip
    if verb == "wait":
        house.now += dt.timedelta(minutes=1 + 7 * whom)
    elif verb == "return":
        leave_account(browser, actor=Actor("Somebody", Source.SYSTEM), now=now)
    elif verb == "end preview":
        end_preview(browser, now=now)
    elif verb == "try to set roles":
        _try_past_the_door(house, at, member, account, roles)
    else:
        house.act(at, *acts[verb])


def _stop_all(account: Account, actor: Actor, now: dt.datetime) -> None:
    for login in db.session.query(LoginAsSession).filter_by(account_id=account.id, ended_at=None):
        stop_login_as(login, actor=actor, now=now)


def _confirm(account: Account, actor: Actor, now: dt.datetime) -> None:
    for change in db.session.query(OwnershipChange).filter_by(account_id=account.id):
        confirm_ownership_change(change, actor=actor, now=now)


def _try_past_the_door(house: House, at: int, member: Member, account: Account, roles: frozenset[MemberRole]) -> None:
    """The second line: called without the door, the service itself refuses who is not the owner."""
    found = house.standing(at, account)
    if found is None or not roles:
        return
    owner = found.stand_in is None and MEMBER_GRANTS[MemberRole.OWNER] <= found.grants
    try:
        with db.session.begin_nested():
            set_roles(member, roles, actor=house.actor(at, found, account), now=house.now)
    except Refusal:
        pass
    else:
        assert owner, "roles were set by somebody who is not the owner"


class Rows:
    """What stands in the tables, read once, without a word of the code under test."""

    def __init__(self) -> None:
        db.session.flush()
        db.session.expire_all()
        everything = db.session.query
        self.accounts = {row.id: row for row in everything(Account)}
        self.members = {row.id: row for row in everything(Member)}
        self.staff = {row.person_id: row for row in everything(StaffMember)}
        self.roles: dict[int, list[MemberRole]] = {}
        for row in everything(MemberRoleGrant):
            self.roles.setdefault(row.member_id, []).append(row.role)
        self.logins = {row.sign_in_session_id: row for row in everything(LoginAsSession).filter_by(ended_at=None)}
        self.previews = {row.sign_in_session_id: row for row in everything(MemberPreview).filter_by(ended_at=None)}

    def table(self, member: Member) -> frozenset[P]:
        """What the role table gives to the roles a seat holds now."""
        if member.status is not MemberStatus.ENABLED or not member.portal_access:
            return frozenset()
        roles = self.roles.get(member.id, []) + [MemberRole.OWNER] * member.is_owner
        return SEAT_GRANTS.union(*(MEMBER_GRANTS[role] for role in roles))

    def office(self, person_id: int) -> frozenset[P]:
        staff = self.staff.get(person_id)
        return STAFF_GRANTS[staff.role] if staff and staff.status is StaffStatus.ENABLED else frozenset()

    def account(self, person_id: int, browser_id: int, account_id: int, now: dt.datetime) -> frozenset[P]:
        """What a person may hold in an account."""
        account = self.accounts[account_id]
        if account.status is not AccountStatus.ACTIVE:
            return frozenset()
        if person_id in self.staff:
            return self._logged_in_as(person_id, browser_id, account, now)
        seats = (row for row in self.members.values() if (row.person_id, row.account_id) == (person_id, account_id))
        member = next(seats, None)
        held = self.table(member) if member is not None else frozenset()
        running = self.previews.get(browser_id)
        if running and running.account_id == account_id and running.expires_at > now and P.MEMBERS_GRANT in held:
            held &= SEAT_GRANTS.union(*(MEMBER_GRANTS[MemberRole(role)] for role in running.roles))
        return held

    def _logged_in_as(self, person_id: int, browser_id: int, account: Account, now: dt.datetime) -> frozenset[P]:
        login = self.logins.get(browser_id)
        if login is None or login.account_id != account.id or login.expires_at <= now:
            return frozenset()
        # Nobody gives any consent here.
        if P.STAFF_ACCOUNTS_ENTER not in self.office(person_id) or account.login_consent_required:
            return frozenset()
        return self.table(self.members[login.member_id]) - OUT_OF_REACH_LOGGED_IN_AS


def check(house: House) -> None:
    """Each person in each account, and in the back office, holds exactly what the rows allow: no more, no less."""
    rows = Rows()
    for at, person in enumerate(house.people):
        for account in house.accounts:
            found = house.standing(at, account)
            allowed = rows.account(person.id, house.browsers[at].id, account.id, house.now)
            assert (found.grants if found is not None else frozenset()) == allowed, (person.kind, account.client_id)
        if person.id in rows.staff:
            office = house.standing(at, None)
            assert (office.grants if office is not None else frozenset()) == rows.office(person.id)
    owned = [row.account_id for row in rows.members.values() if row.is_owner]
    assert sorted(owned) == sorted(rows.accounts)


@pytest.mark.slow
def test_nobody_ever_holds_what_the_role_tables_do_not_give(session: Session, now: dt.datetime) -> None:
    house = House.built(now)
    examples = 40 if db.engine.dialect.name == "postgresql" else 500

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(steps)
    def holds(sequence: list[tuple[str, int, int, frozenset[MemberRole], StaffRole]]) -> None:
        house.now = now
        beginning = db.session.begin_nested()
        try:
            for step in sequence:
                take(house, *step)
                check(house)
        finally:
            beginning.rollback()

    holds()


def test_the_second_line_is_reached(session: Session, now: dt.datetime) -> None:
    house = House.built(now)
    member = house.members[2]
    found = house.standing(2, house.accounts[0])
    assert found is not None
    with pytest.raises(RolesNotYours):
        set_roles(member, GIVEN, actor=house.actor(2, found, house.accounts[0]), now=now)
