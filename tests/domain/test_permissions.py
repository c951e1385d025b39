"""The role tables of SPEC B3 and C6, spelled out, so that any change of a grant is seen."""

from __future__ import annotations

import pytest

from domain.permissions import (
    MEMBER_GRANTS,
    SEAT_GRANTS,
    STAFF_GRANTS,
    MemberRole,
    P,
    StaffRole,
    grants_of_member,
    grants_of_staff,
)

MEMBER_TABLE = {
    "owner": """
        accounts:read account:read account:edit members:read members:create members:edit members:delete members:enable
        members:grant members:reset ownership:move roles:read audit:read notifications:read logins-as:read
        logins-as:decide invoices:read invoices:pay
        credit-notes:read statements:read payments:read payment-methods:read payment-methods:edit funds:add orders:read
        orders:create financing:read financing:request subscriptions:read subscriptions:edit licenses:read licenses:edit licenses:reset
        customer-licenses:read client-app-report:read transfers:read transfers:make prospects:read prospects:edit releases:read
        resources:read tickets:read tickets:write chat:use payments:approve
    """,
    "billing": "invoices:read credit-notes:read statements:read",
    "payments": "invoices:read credit-notes:read statements:read payments:read invoices:pay",
    "licenses": "licenses:read client-app-report:read",
    "licenses_edit": "licenses:read client-app-report:read licenses:edit licenses:reset",
    "subscriptions": "subscriptions:read",
    "subscriptions_edit": "subscriptions:read subscriptions:edit",
    "support_chat": "chat:use",
    "tickets": "tickets:read tickets:write",
    "release_manager": "releases:read",
}

STAFF_TABLE = {
    "billing": """
        accounts:read invoices:read invoices:pay credit-notes:read statements:read payments:read payment-methods:read
        funds:add orders:read staff:invoices:issue staff:invoices:edit staff:invoices:void staff:credit-notes:issue
        staff:payments:record staff:payments:refund staff:credit:give staff:credit-limits:set staff:books:read staff:books:close
        staff:tax-rules:read staff:tax-rules:edit staff:gateways:read
    """,
    "sales": """
        accounts:read staff:accounts:create staff:accounts:edit prospects:read prospects:edit orders:read orders:create
        financing:read staff:financing:decide staff:catalogue:read
    """,
    "support_agent": """
        accounts:read staff:accounts:enter members:read subscriptions:read licenses:read licenses:reset
        client-app-report:read tickets:read tickets:write chat:use staff:tickets:work staff:licenses:grant-resets staff:ticket-types:read staff:departments:read
        staff:inbound-mails:read staff:inbound-mails:decide staff:announcements:read staff:announcements:edit
    """,
    "auditor": """
        accounts:read account:read members:read roles:read audit:read notifications:read logins-as:read invoices:read
        credit-notes:read
        statements:read payments:read payment-methods:read orders:read financing:read subscriptions:read licenses:read
        customer-licenses:read client-app-report:read transfers:read prospects:read releases:read resources:read tickets:read
        staff:books:read staff:tax-rules:read staff:gateways:read staff:catalogue:read staff:ticket-types:read
        staff:inbound-mails:read staff:data-requests:read staff:announcements:read
        staff:departments:read staff:staff:read staff:audit:read staff:jobs:read staff:deliveries:read staff:tickets:read staff:settings:read
    """,
}


@pytest.mark.parametrize("role", MemberRole)
def test_a_member_role_grants_exactly_what_the_table_says(role: MemberRole) -> None:
    assert {str(permission) for permission in MEMBER_GRANTS[role]} == set(MEMBER_TABLE[role].split())


@pytest.mark.parametrize("role", [role for role in StaffRole if role is not StaffRole.ADMINISTRATOR])
def test_a_staff_role_grants_exactly_what_the_table_says(role: StaffRole) -> None:
    assert {str(permission) for permission in STAFF_GRANTS[role]} == set(STAFF_TABLE[role].split())


def test_every_role_stands_in_the_tables() -> None:
    assert set(MEMBER_GRANTS) == set(MemberRole)
    assert set(STAFF_GRANTS) == set(StaffRole)
    assert set(MEMBER_TABLE) == set(MemberRole)


def test_an_administrator_holds_everything() -> None:
    assert grants_of_staff(StaffRole.ADMINISTRATOR) == frozenset(P)


def test_only_an_administrator_changes_staff() -> None:
    assert [role for role in StaffRole if P.STAFF_STAFF_EDIT in STAFF_GRANTS[role]] == [StaffRole.ADMINISTRATOR]


def test_no_member_role_grants_what_is_for_staff_only() -> None:
    assert not [permission for granted in MEMBER_GRANTS.values() for permission in granted if permission.staff_only]


def test_an_owner_holds_all_that_any_other_member_can_hold() -> None:
    for granted in MEMBER_GRANTS.values():
        assert granted <= MEMBER_GRANTS[MemberRole.OWNER]


def test_an_auditor_changes_nothing() -> None:
    assert {permission.verb for permission in STAFF_GRANTS[StaffRole.AUDITOR]} == {"read"}


def test_a_member_without_roles_reads_what_they_were_told_and_help_and_nothing_else() -> None:
    assert grants_of_member([]) == SEAT_GRANTS == {P.NOTIFICATIONS_READ, P.RESOURCES_READ}


def test_what_a_seat_holds_is_never_for_staff_only() -> None:
    assert not [permission for permission in SEAT_GRANTS if permission.staff_only]


def test_roles_add_up() -> None:
    granted = grants_of_member([MemberRole.TICKETS, "licenses"])
    assert granted - SEAT_GRANTS == {
        P.TICKETS_READ,
        P.TICKETS_WRITE,
        P.LICENSES_READ,
        P.CLIENT_APP_REPORT_READ,
    }


def test_an_unknown_role_is_an_error_and_not_an_empty_grant() -> None:
    with pytest.raises(ValueError, match="superuser"):
        grants_of_member(["superuser"])
    with pytest.raises(ValueError, match="root"):
        grants_of_staff("root")


def test_an_unknown_permission_is_an_error() -> None:
    with pytest.raises(ValueError, match="licenses:destroy"):
        P("licenses:destroy")


@pytest.mark.parametrize("permission", P)
def test_a_name_is_noun_and_verb_with_staff_before_it_where_only_staff_may(permission: P) -> None:
    expected = f"{permission.noun}:{permission.verb}"
    assert permission.value == (f"staff:{expected}" if permission.staff_only else expected)
    assert permission.name == permission.value.upper().replace(":", "_").replace("-", "_")


def test_the_tables_cannot_be_changed_while_the_house_runs() -> None:
    with pytest.raises(TypeError):
        MEMBER_GRANTS[MemberRole.BILLING] = frozenset(P)  # type: ignore[index]
