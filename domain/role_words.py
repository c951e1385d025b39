"""What each role of a member grants, in plain words: made from the table of grants, so that there is one truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from domain.permissions import MEMBER_GRANTS, MemberRole, P
from domain.sentences import Sentence, joined, listed, opening, word

GIVEN_ROLES: Final = tuple(role for role in MemberRole if role is not MemberRole.OWNER)
"""The roles that are given and taken; ownership is moved."""

# Only what a role short of ownership grants needs words; a test asks for each of them.
_WORDS: Final[Mapping[P, Sentence]] = MappingProxyType(
    {
        P.INVOICES_READ: Sentence("read invoices"),
        P.CREDIT_NOTES_READ: Sentence("read credit notes"),
        P.STATEMENTS_READ: Sentence("read statements"),
        P.PAYMENTS_READ: Sentence("read all payments of the account"),
        P.INVOICES_PAY: Sentence("pay invoices in the account's name"),
        P.LICENSES_READ: Sentence("read licenses"),
        P.CLIENT_APP_REPORT_READ: Sentence("read the report of the client app"),
        P.LICENSES_EDIT: Sentence("edit licenses and set editions in the app wizard"),
        P.LICENSES_RESET: Sentence("reset the MAC and IP address of licenses"),
        P.SUBSCRIPTIONS_READ: Sentence("read subscriptions"),
        P.SUBSCRIPTIONS_EDIT: Sentence("edit subscriptions"),
        P.CHAT_USE: Sentence("use the support chat of the account"),
        P.TICKETS_READ: Sentence("read tickets"),
        P.TICKETS_WRITE: Sentence("write tickets"),
        P.RELEASES_READ: Sentence("download releases"),
    }
)


def role_label(role: MemberRole) -> str:
    """A role as people read it: "Licenses edit"."""
    return word(role)


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
        return Sentence("Everything, including members, payment methods, prospects, transfers and settings.")
    words = [_WORDS[permission] for permission in _WORDS if permission in MEMBER_GRANTS[role]]
    if len(words) != len(MEMBER_GRANTS[role]):
        raise LookupError(f"a grant of the role {role.value} has no words")
    return opening(Sentence("%(grants)s.", grants=listed(words)))


def role_note(role: MemberRole, held: Iterable[MemberRole] = ()) -> str:
    """What stands below a role where it is given: its grants, what it includes, and by what it is held already."""
    said = [grants_in_words(role)]
    if included := included_in(role):
        said.append(Sentence("Includes %(roles)s.", roles=listed([role_label(other) for other in included])))
    if by := implied_by(held).get(role):
        said.append(Sentence("Held already through %(role)s.", role=role_label(by)))
    return joined(said)
