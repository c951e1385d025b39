"""Where a person may go: the back office for staff, the accounts they hold a live seat in for members.

What they are once they are there, services/standing.py says. These questions look across accounts on purpose, also
while a visit is narrowed to one of them; so they stand on the tables themselves, which the scope of a visit does not
narrow. Each one is bound to a single person instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from extensions import db
from models.account import Account, AccountStatus
from models.member import Member, MemberStatus
from models.person import Person, PersonKind
from models.staff import StaffMember, StaffStatus

_member = Member.__table__.c
_account = Account.__table__.c
_staff = StaffMember.__table__.c

# The same as Member.can_sign_in together with Account.can_sign_in.
LIVE = and_(
    _account.id == _member.account_id,
    _account.status == AccountStatus.ACTIVE,
    _member.status == MemberStatus.ENABLED,
    _member.portal_access,
)


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of a person in an account; ``suspended`` while nobody of the account may come in."""

    member_id: int
    account_id: int
    client_id: str
    account_name: str
    suspended: bool = False


def has_live_seat() -> ColumnElement[bool]:
    """Whether the Person of the enclosing statement may come in at all: enabled staff, or a live seat somewhere."""
    staff = select(_staff.id).where(_staff.person_id == Person.id, _staff.status == StaffStatus.ENABLED)
    member = select(_member.id).where(_member.person_id == Person.id, LIVE)
    return or_(staff.correlate(Person).exists(), member.correlate(Person).exists())


def live_seats(person_id: int) -> list[Seat]:
    """The seats of a person in accounts that are active, the oldest first."""
    return [seat for seat in seats_of(person_id) if not seat.suspended]


def seats_of(person_id: int) -> list[Seat]:
    """The enabled seats of a person, the oldest first, with those in suspended accounts."""
    enabled = and_(_member.status == MemberStatus.ENABLED, _member.portal_access)
    rows = db.session.execute(
        select(_member.id, _account.id, _account.client_id, _account.name, _account.status)
        .join_from(Member.__table__, Account.__table__, _account.id == _member.account_id)
        .where(_member.person_id == person_id, enabled, _account.status != AccountStatus.DELETED)
        .order_by(_member.id)
    )
    return [
        Seat(member_id, account_id, client_id, name, suspended=status is not AccountStatus.ACTIVE)
        for member_id, account_id, client_id, name, status in rows
    ]


def home_account_id(person: Person) -> int | None:
    """The account in which what is personal to somebody stands: the one that manages them, or their first."""
    if person.kind is PersonKind.STAFF:
        return None
    seats = live_seats(person.id)
    return person.managed_by_account_id or (seats[0].account_id if seats else None)


def has_seat_besides(person_id: int, *, member_id: int | None) -> bool:
    """Whether a person has another seat than this one, in whichever account and state."""
    others = select(_member.id).where(_member.person_id == person_id)
    if member_id is not None:
        others = others.where(_member.id != member_id)
    return db.session.scalar(others.limit(1)) is not None


def is_first_user(person_id: int) -> bool:
    """Whether some account is known by this person, who was its first user."""
    first = select(_member.id).where(_member.person_id == person_id, _member.is_first).limit(1)
    return db.session.scalar(first) is not None


def share_account(person_id: int, other_id: int) -> bool:
    """Whether the other has a seat, of whatever state, in an account that the person may open now."""
    mine = [seat.account_id for seat in live_seats(person_id)]
    shared = select(_member.id).where(_member.person_id == other_id, _member.account_id.in_(mine)).limit(1)
    return db.session.scalar(shared) is not None
