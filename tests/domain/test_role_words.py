"""The words of the roles follow the table of grants."""

from __future__ import annotations

import pytest

from domain import role_words
from domain.permissions import MEMBER_GRANTS, MemberRole, P
from domain.role_words import GIVEN_ROLES, grants_in_words, implied_by, included_in, role_label, role_note


@pytest.mark.parametrize("role", list(MemberRole))
def test_every_role_says_what_it_grants(role: MemberRole) -> None:
    assert grants_in_words(role).endswith(".")
    assert role_label(role)[0].isupper()


@pytest.mark.parametrize("role", GIVEN_ROLES)
def test_a_role_names_each_of_its_grants_and_no_other(role: MemberRole) -> None:
    said = grants_in_words(role).lower()
    words = role_words._WORDS
    assert {permission for permission in words if words[permission].lower() in said} >= MEMBER_GRANTS[role]
    assert len(said.removesuffix(".").replace(" and ", ", ").split(", ")) >= len(MEMBER_GRANTS[role])


def test_a_grant_without_words_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    more = {**MEMBER_GRANTS, MemberRole.TICKETS: MEMBER_GRANTS[MemberRole.TICKETS] | {P.FUNDS_ADD}}
    monkeypatch.setattr(role_words, "MEMBER_GRANTS", more)
    with pytest.raises(LookupError):
        grants_in_words(MemberRole.TICKETS)


def test_roles_include_others_as_the_specification_says() -> None:
    assert {role: included_in(role) for role in GIVEN_ROLES if included_in(role)} == {
        MemberRole.PAYMENTS: (MemberRole.BILLING,),
        MemberRole.LICENSES_EDIT: (MemberRole.LICENSES,),
        MemberRole.SUBSCRIPTIONS_EDIT: (MemberRole.SUBSCRIPTIONS,),
    }


def test_what_is_held_through_another_role_is_implied() -> None:
    assert implied_by([MemberRole.PAYMENTS, MemberRole.TICKETS]) == {MemberRole.BILLING: MemberRole.PAYMENTS}
    assert implied_by([MemberRole.PAYMENTS, MemberRole.BILLING]) == {}
    assert "Held already through Payments." in role_note(MemberRole.BILLING, [MemberRole.PAYMENTS])
    assert "Includes Billing." in role_note(MemberRole.PAYMENTS)
