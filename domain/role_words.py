"""What each role of a member grants, in plain words: made from the table of grants, so that there is one truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from domain.permissions import MEMBER_GRANTS, MemberRole, P

GIVEN_ROLES: Final = tuple(role for role in MemberRole if role is not MemberRole.OWNER)
"""The roles that are given and taken; ownership is moved."""

# Only what a role short of ownership grants needs words; a test asks for each of them.
_WORDS: Final[Mapping[P, str]] = MappingProxyType(
    {
        P.INVOICES_READ: "read invoices",
        P.CREDIT_NOTES_READ: "read credit notes",
        P.STATEMENTS_READ: "read statements",
        P.PAYMENTS_READ: "read all payments of the account",
        P.INVOICES_PAY: "pay invoices in the account's name",
        P.LICENSES_READ: "read licenses",
        P.CLIENT_APP_REPORT_READ: "read the report of the client app",
        P.LICENSES_EDIT: "edit licenses and set editions in the app wizard",
        P.LICENSES_RESET: "reset the MAC and IP address of licenses",
        P.SUBSCRIPTIONS_READ: "read subscriptions",
        P.SUBSCRIPTIONS_EDIT: "edit subscriptions",
        P.CHAT_USE: "use the support chat of the account",
        P.TICKETS_READ: "read tickets",
        P.TICKETS_WRITE: "write tickets",
        P.RELEASES_READ: "download releases",
    }
)


def role_label(role: MemberRole) -> str:
    """A role as people read it: "Licenses edit"."""
    return role.value.replace("_", " ").capitalize()


def included_in(role: MemberRole) -> tuple[MemberRole, ...]:
    """The roles whose every grant this one brings along: payments includes billing."""
    return tuple(
        other for other in GIVEN_ROLES if other is not role and MEMBER_GRANTS[other] < MEMBER_GRANTS[MemberRole(role)]
    )


def implied_by(roles: Iterable[MemberRole]) -> dict[MemberRole, MemberRole]:
    """Roles that are not held but fully included in one that is -> that one."""
    held = set(roles)
    return {other: role for role in sorted(held) for other in included_in(role) if other not in held}


def grants_in_words(role: MemberRole) -> str:
    """Exactly what a role grants, as a sentence. LookupError for a grant that has no words."""
    if role is MemberRole.OWNER:
        return "Everything, including members, payment methods, prospects, transfers and settings."
    words = [_WORDS[permission] for permission in _WORDS if permission in MEMBER_GRANTS[role]]
    if len(words) != len(MEMBER_GRANTS[role]):
        raise LookupError(f"a grant of the role {role.value} has no words")
    said = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"{said[:1].upper()}{said[1:]}."


def role_note(role: MemberRole, held: Iterable[MemberRole] = ()) -> str:
    """What stands below a role where it is given: its grants, what it includes, and by what it is held already."""
    said = [grants_in_words(role)]
    if included := included_in(role):
        said.append(f"Includes {' and '.join(role_label(other) for other in included)}.")
    if by := implied_by(held).get(role):
        said.append(f"Held already through {role_label(by)}.")
    return " ".join(said)
