"""What somebody is where they are: by a seat, by a login as a member, by a preview."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from domain.permissions import (
    OUT_OF_REACH_LOGGED_IN_AS,
    SEAT_GRANTS,
    MemberRole,
    P,
    StaffRole,
    grants_of_member,
    grants_of_staff,
)
from extensions import db
from models import (
    Account,
    AccountStatus,
    LoginConsentStatus,
    Member,
    MemberStatus,
    SignInSession,
    StaffMember,
    StaffStatus,
)
from services.login_as import start_login_as
from services.standing import StandInKind, standing_of
from tests.factories.people import (
    AccountFactory,
    AllowedNetworkFactory,
    LoginConsentFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
)
from tests.support.standing import agent, browser_of, log_in, preview, staff_actor, standing

OWNERS = grants_of_member([MemberRole.OWNER])


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory()


@pytest.fixture
def owner(account: Account) -> Member:
    return OwnerFactory(account=account)


@pytest.fixture
def staff(session: Session) -> StaffMember:
    return agent()


@pytest.fixture
def browser(staff: StaffMember, now: dt.datetime) -> SignInSession:
    return browser_of(staff.person, now)


def set_to(row: object, **values: object) -> None:
    """Change a row behind the back of the services, as if another did it."""
    db.session.flush()
    db.session.execute(update(type(row)).where(type(row).id == row.id).values(**values))  # type: ignore[attr-defined]


def test_a_seat_gives_what_its_roles_grant(account: Account, now: dt.datetime) -> None:
    member = MemberFactory(account=account)
    MemberRoleGrantFactory(member=member, role=MemberRole.LICENSES)
    MemberRoleGrantFactory(member=member, role=MemberRole.TICKETS)
    found = standing(browser_of(member.person, now), account, now)
    assert found is not None
    assert found.grants == grants_of_member([MemberRole.LICENSES, MemberRole.TICKETS])
    assert (found.member_id, found.account_id, found.staff_member_id) == (member.id, account.id, None)
    assert (found.stand_in, found.on_behalf_of_id, found.networks_listed) == (None, None, False)


def test_an_account_with_a_list_of_networks_is_known_by_its_standing(account: Account, now: dt.datetime) -> None:
    member = MemberFactory(account=account)
    AllowedNetworkFactory(person=None, account=account)
    found = standing(browser_of(member.person, now), account, now)
    assert found is not None
    assert found.networks_listed


def test_a_seat_elsewhere_gives_nothing_here(owner: Member, now: dt.datetime) -> None:
    assert standing(browser_of(owner.person, now), AccountFactory(), now) is None


def test_staff_are_strangers_in_an_account_until_they_log_in_as_a_member(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    assert standing(browser, account, now) is None
    log_in(staff, owner, browser, now)
    found = standing(browser, account, now)
    assert found is not None
    assert found.grants == OWNERS - OUT_OF_REACH_LOGGED_IN_AS
    assert (found.member_id, found.staff_member_id, found.on_behalf_of_id) == (owner.id, staff.id, owner.person_id)
    assert found.stand_in is not None
    assert found.stand_in.kind is StandInKind.LOGIN_AS


def test_a_login_gives_no_more_than_the_member_holds(
    account: Account, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    member = MemberFactory(account=account)
    MemberRoleGrantFactory(member=member, role=MemberRole.PAYMENTS)
    log_in(staff, member, browser, now)
    found = standing(browser, account, now)
    assert found is not None
    assert found.grants == grants_of_member([MemberRole.PAYMENTS]) - {P.INVOICES_PAY}


def test_a_login_holds_in_its_account_and_its_browser_only(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    other = OwnerFactory()
    log_in(staff, owner, browser, now)
    assert standing(browser, other.account, now) is None
    assert standing(browser_of(browser.person, now), account, now) is None
    assert standing(browser_of(agent().person, now), account, now) is None


def test_two_of_the_staff_may_be_in_at_once(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    second = agent()
    log_in(staff, owner, browser, now)
    log_in(second, owner, second_browser := browser_of(second.person, now), now)
    found = [standing(each, account, now) for each in (browser, second_browser)]
    assert [each.staff_member_id for each in found if each is not None] == [staff.id, second.id]


def test_the_back_office_recalls_the_login_and_grants_what_it_always_does(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    log_in(staff, owner, browser, now)
    found = standing(browser, None, now)
    assert found is not None
    assert found.grants == grants_of_staff(StaffRole.SUPPORT_AGENT)
    assert (found.on_behalf_of_id, found.member_id, found.account_id) == (None, None, None)
    assert found.stand_in is not None
    assert found.stand_in.client_id == account.client_id


TAKEN_AWAY: dict[str, tuple[str, dict[str, object]]] = {
    "staff disabled": ("staff", {"status": StaffStatus.DISABLED}),
    "staff role changed": ("staff", {"role": StaffRole.AUDITOR}),
    "member disabled": ("member", {"status": MemberStatus.DISABLED}),
    "access switched off": ("member", {"portal_access": False}),
    "account suspended": ("account", {"status": AccountStatus.SUSPENDED}),
    "consent demanded": ("account", {"login_consent_required": True}),
}


@pytest.mark.parametrize("what", TAKEN_AWAY)
def test_a_login_is_over_as_soon_as_something_it_needs_is_taken_away(
    account: Account, staff: StaffMember, browser: SignInSession, now: dt.datetime, what: str
) -> None:
    member = MemberFactory(account=account)
    log_in(staff, member, browser, now)
    assert standing(browser, account, now) is not None
    row, values = TAKEN_AWAY[what]
    set_to({"staff": staff, "member": member, "account": account}[row], **values)
    assert standing(browser, account, now) is None


def test_a_login_is_over_after_sixty_minutes(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    log_in(staff, owner, browser, now)
    assert standing(browser, account, now + dt.timedelta(minutes=59, seconds=59)) is not None
    assert standing(browser, account, now + dt.timedelta(minutes=60)) is None
    assert standing(browser, None, now + dt.timedelta(minutes=61)).stand_in is None  # type: ignore[union-attr]


@pytest.mark.parametrize("change", [{"status": LoginConsentStatus.WITHDRAWN}, {"valid_until": None}])
def test_a_login_on_consent_is_over_when_the_consent_is(
    account: Account,
    owner: Member,
    staff: StaffMember,
    browser: SignInSession,
    now: dt.datetime,
    change: dict[str, object],
) -> None:
    account.login_consent_required = True
    until = now + dt.timedelta(minutes=30)
    given = {"status": LoginConsentStatus.GIVEN, "decided_at": now, "valid_until": until}
    consent = LoginConsentFactory(account=account, staff_member=staff, **given)
    start_login_as(owner, reason="Help", actor=staff_actor(staff, now), session=browser, now=now)
    assert standing(browser, account, now) is not None
    set_to(consent, **{**change, "valid_until": now})
    assert standing(browser, account, now) is None


def test_a_preview_shows_what_the_roles_show_and_changes_nothing_elsewhere(
    account: Account, owner: Member, now: dt.datetime
) -> None:
    member = MemberFactory(account=account)
    elsewhere = OwnerFactory(person=owner.person)
    browser = browser_of(owner.person, now)
    preview(owner, member, [MemberRole.LICENSES], browser, now)
    found = standing(browser, account, now)
    assert found is not None
    assert found.grants == grants_of_member([MemberRole.LICENSES])
    assert (found.is_preview, found.member_id, found.on_behalf_of_id) == (True, member.id, None)
    there = standing(browser, elsewhere.account, now)
    assert there is not None
    assert (there.grants, there.is_preview) == (OWNERS, False)
    other_browser = standing(browser_of(owner.person, now), account, now)
    assert other_browser is not None
    assert other_browser.grants == OWNERS


def test_a_preview_ends_after_fifteen_minutes(account: Account, owner: Member, now: dt.datetime) -> None:
    browser = browser_of(owner.person, now)
    preview(owner, MemberFactory(account=account), [], browser, now)
    before, after = (standing(browser, account, now + dt.timedelta(minutes=minutes)) for minutes in (14, 15))
    assert before is not None
    assert (before.grants, before.is_preview) == (SEAT_GRANTS, True)
    assert after is not None
    assert (after.grants, after.is_preview) == (OWNERS, False)


def test_a_preview_of_somebody_who_lost_the_ownership_shows_their_own_roles(
    account: Account, owner: Member, now: dt.datetime
) -> None:
    browser = browser_of(owner.person, now)
    preview(owner, MemberFactory(account=account), [MemberRole.PAYMENTS], browser, now)
    MemberRoleGrantFactory(member=owner, role=MemberRole.LICENSES)
    set_to(owner, is_owner=False)
    found = standing(browser, account, now)
    assert found is not None
    assert (found.grants, found.is_preview) == (grants_of_member([MemberRole.LICENSES]), False)


def test_each_answer_takes_one_statement(
    account: Account, owner: Member, staff: StaffMember, browser: SignInSession, now: dt.datetime
) -> None:
    log_in(staff, owner, browser, now)
    owners = browser_of(owner.person, now)
    preview(owner, MemberFactory(account=account), [MemberRole.LICENSES], owners, now)
    db.session.commit()
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        asked.append(statement)

    for each, where in ((browser, account), (browser, None), (owners, account)):
        person, client_id, _id = each.person, where.client_id if where else None, each.id
        assert person.kind
        event.listen(db.engine, "before_cursor_execute", count)
        try:
            assert standing_of(each, person, client_id, now=now) is not None
        finally:
            event.remove(db.engine, "before_cursor_execute", count)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 3


def test_an_address_with_a_nul_is_nobodys(owner: Member, now: dt.datetime) -> None:
    assert standing_of(browser_of(owner.person, now), owner.person, "2000\0", now=now) is None
