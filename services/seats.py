"""Where a person may go: the back office for staff, the accounts they hold a live seat in for members.

These questions look across accounts on purpose, also while a visit is narrowed to one of them; so they stand on the
tables themselves, which the scope of a visit does not narrow. Each one is bound to a single person instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from domain.permissions import MemberRole, P, grants_of_member, grants_of_staff
from extensions import db
from models.account import Account, AccountStatus
from models.member import Member, MemberRoleGrant, MemberStatus
from models.person import Person
from models.staff import StaffMember, StaffStatus

_member = Member.__table__.c
_account = Account.__table__.c
_role = MemberRoleGrant.__table__.c
_staff = StaffMember.__table__.c

# The same as Member.can_sign_in together with Account.can_sign_in.
_LIVE = and_(
    _account.id == _member.account_id,
    _account.status == AccountStatus.ACTIVE,
    _member.status == MemberStatus.ENABLED,
    _member.portal_access,
)


@dataclass(frozen=True, slots=True)
class Seat:
    """A live seat of a person in an account."""

    member_id: int
    account_id: int
    client_id: str
    account_name: str


def has_live_seat() -> ColumnElement[bool]:
    """Whether the Person of the enclosing statement may come in at all: enabled staff, or a live seat somewhere."""
    staff = select(_staff.id).where(_staff.person_id == Person.id, _staff.status == StaffStatus.ENABLED)
    member = select(_member.id).where(_member.person_id == Person.id, _LIVE)
    return or_(staff.correlate(Person).exists(), member.correlate(Person).exists())


def live_seats(person_id: int) -> list[Seat]:
    """The seats of a person in accounts that are active, the oldest first."""
    rows = db.session.execute(
        select(_member.id, _account.id, _account.client_id, _account.name)
        .where(_member.person_id == person_id, _LIVE)
        .order_by(_member.id)
    )
    return [Seat(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is, where they are: in an account or in the back office, and what that grants."""

    grants: frozenset[P]
    member_id: int | None = None
    staff_member_id: int | None = None
    account_id: int | None = None
    client_id: str = ""
    account_name: str = ""
    currency: str = ""
    transfers_allowed: bool = False


def standing_in_account(person_id: int, client_id: str) -> Standing | None:
    """The person's live seat in the account, in one statement; None for a stranger."""
    roles = MemberRoleGrant.__table__
    rows = db.session.execute(
        select(
            _member.id,
            _member.is_owner,
            _role.role,
            _account.id,
            _account.name,
            _account.currency,
            _account.transfers_allowed,
        )
        .select_from(Member.__table__.outerjoin(roles, _role.member_id == _member.id))
        .where(_member.person_id == person_id, _LIVE, _account.client_id == client_id)
    ).all()
    if not rows:
        return None
    member_id, is_owner, _first_role, account_id, name, currency, transfers_allowed = rows[0]
    held = [row.role for row in rows if row.role is not None]
    return Standing(
        grants=grants_of_member([*held, MemberRole.OWNER] if is_owner else held),
        member_id=member_id,
        account_id=account_id,
        client_id=client_id,
        account_name=name,
        currency=currency,
        transfers_allowed=transfers_allowed,
    )


def standing_in_back_office(person_id: int) -> Standing | None:
    """The person's place among the staff; None for who is no staff or is disabled."""
    found = db.session.execute(
        select(_staff.id, _staff.role).where(_staff.person_id == person_id, _staff.status == StaffStatus.ENABLED)
    ).first()
    return None if found is None else Standing(grants=grants_of_staff(found.role), staff_member_id=found.id)
