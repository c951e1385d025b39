"""What somebody is where they are: in the back office, in an account by a seat, or standing in for a member of it.

Asked again with every request, in one statement, and nothing of the answer is kept: a right that was taken away is gone
with the next click. Like those of services/seats.py the statements look across accounts and stand on the tables; each
one is bound to one sign-in session. Putting one together costs more than asking it, so that is done once.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from domain.permissions import (
    STAFF_GRANTS,
    MemberRole,
    P,
    StaffRole,
    grants_in_preview,
    grants_logged_in_as,
    grants_of_member,
    grants_of_staff,
)
from extensions import db
from models.account import Account
from models.login_as import LoginAsSession, LoginConsent, LoginConsentStatus
from models.member import Member, MemberRoleGrant
from models.member_preview import MemberPreview
from models.person import Person, PersonKind
from models.sign_in import AllowedNetwork, SignInSession
from models.staff import StaffMember, StaffStatus
from services.announcements_in_force import emergency_in_force
from services.seats import LIVE

_member = Member.__table__.c
_account = Account.__table__.c
_role = MemberRoleGrant.__table__.c
_staff = StaffMember.__table__.c
_person = Person.__table__.c
_login = LoginAsSession.__table__.c
_consent = LoginConsent.__table__.c
_preview = MemberPreview.__table__.c
_network = AllowedNetwork.__table__.c
_looked_at = Member.__table__.alias("looked_at")

ROLES_THAT_ENTER: Final = tuple(role for role in STAFF_GRANTS if P.STAFF_ACCOUNTS_ENTER in STAFF_GRANTS[role])


class StandInKind(enum.StrEnum):
    LOGIN_AS = "login_as"
    PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class StandIn:
    """That somebody looks with a member's eyes until ``expires_at``: staff logged in as them, or a preview of roles."""

    kind: StandInKind
    member_id: int
    member_key: str
    person_id: int
    member_name: str
    client_id: str
    account_name: str
    expires_at: dt.datetime
    roles: tuple[MemberRole, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person is, where they are: in an account or in the back office, and what that grants.

    ``stand_in`` is set while they look with a member's eyes. In the back office it only says that a login as a member
    is running elsewhere in the same browser: it changes nothing there.
    """

    grants: frozenset[P]
    member_id: int | None = None
    staff_member_id: int | None = None
    staff_role: StaffRole | None = None  # in the back office
    account_id: int | None = None
    client_id: str = ""
    account_name: str = ""
    currency: str = ""
    country: str = ""
    transfers_allowed: bool = False
    networks_listed: bool = False  # the account lets its members in from some networks only
    has_other_seats: bool = False  # the person has one in another account too
    emergency: bool = False  # an announcement to show on every page is in force here
    stand_in: StandIn | None = None
    last_seen_at: dt.datetime | None = None  # of the seat, before this visit

    @property
    def on_behalf_of_id(self) -> int | None:
        """The person whose seat staff are using."""
        logged_in_as = self.stand_in is not None and self.stand_in.kind is StandInKind.LOGIN_AS
        return self.stand_in.person_id if logged_in_as and self.stand_in and self.account_id is not None else None

    @property
    def is_preview(self) -> bool:
        """Whether nothing can be changed here."""
        return self.stand_in is not None and self.stand_in.kind is StandInKind.PREVIEW


def standing_of(session: SignInSession, person: Person, client_id: str | None, *, now: dt.datetime) -> Standing | None:
    """What the person of a sign-in session is in this account, without one in the back office; None for a stranger.

    In an account: a live seat of their own, narrowed by a running preview; for staff a running login as a member.
    """
    if client_id is None:
        return _in_back_office(session, now)
    if "\0" in client_id:
        return None
    if person.kind is PersonKind.STAFF:
        return _logged_in_as(session, client_id, now)
    return _in_own_seat(session, client_id, now)


def running_login_as(session: SignInSession, *, now: dt.datetime) -> StandIn | None:
    """The login as a member that runs in a browser, for pages that belong to no realm."""
    found = db.session.execute(_runs(), {"session_id": session.id, "now": now}).mappings().first()
    return None if found is None else _stand_in(StandInKind.LOGIN_AS, found)


def _in_own_seat(session: SignInSession, client_id: str, now: dt.datetime) -> Standing | None:
    asked = {"session_id": session.id, "person_id": session.person_id, "client_id": client_id, "now": now}
    rows = db.session.execute(_own_seat(), asked).mappings().all()
    if not rows:
        return None
    row = rows[0]
    own = grants_of_member(_roles(rows))
    # Who may not change roles (any more) sees what is their own, whatever they began.
    previews = row["member_id"] is not None and P.MEMBERS_GRANT in own
    stand_in = _stand_in(StandInKind.PREVIEW, row, row["roles"]) if previews else None
    return Standing(
        grants=own if stand_in is None else grants_in_preview(stand_in.roles, own),
        member_id=row["seat_id"] if stand_in is None else stand_in.member_id,
        networks_listed=row["networks_listed"],
        has_other_seats=row["has_other_seats"],
        emergency=row["emergency"],
        stand_in=stand_in,
        last_seen_at=row["last_seen_at"],
        **_account_of(row),
    )


@cache
def _own_seat() -> Select[Any]:
    of_session = and_(
        _preview.sign_in_session_id == bindparam("session_id"),
        _preview.account_id == _member.account_id,
        _preview.ended_at.is_(None),
        _preview.expires_at > bindparam("now"),
    )
    seat = Member.__table__.outerjoin(MemberRoleGrant.__table__, _role.member_id == _member.id)
    previewed = seat.outerjoin(MemberPreview.__table__, of_session)
    with_member = previewed.outerjoin(_looked_at, _looked_at.c.id == _preview.member_id)
    return (
        select(
            *_OF_ACCOUNT,
            _member.id.label("seat_id"),
            _member.last_seen_at,
            _member.is_owner,
            _role.role,
            _preview.roles,
            _preview.expires_at,
            _looked_at.c.id.label("member_id"),
            _looked_at.c.public_id.label("member_key"),
            _NETWORKS_LISTED,
            _HAS_OTHER_SEATS,
            _EMERGENCY_HERE,
            *_OF_PERSON,
        )
        .select_from(with_member.outerjoin(Person.__table__, _person.id == _looked_at.c.person_id))
        .where(_member.person_id == bindparam("person_id"), LIVE, _account.client_id == bindparam("client_id"))
    )


def _logged_in_as(session: SignInSession, client_id: str, now: dt.datetime) -> Standing | None:
    asked = {"session_id": session.id, "person_id": session.person_id, "client_id": client_id, "now": now}
    rows = db.session.execute(_login_here(), asked).mappings().all()
    if not rows:
        return None
    row = rows[0]
    return Standing(
        grants=grants_logged_in_as(_roles(rows)),
        member_id=row["member_id"],
        staff_member_id=row["staff_member_id"],
        emergency=row["emergency"],
        stand_in=_stand_in(StandInKind.LOGIN_AS, row, _roles(rows)),
        **_account_of(row),
    )


@cache
def _login_here() -> Select[Any]:
    consented = and_(
        _consent.id == _login.consent_id,
        _consent.status == LoginConsentStatus.GIVEN,
        _consent.valid_until > bindparam("now"),
    )
    return (
        _runs()
        .add_columns(
            _account.currency,
            _account.country,
            _account.transfers_allowed,
            _member.is_owner,
            _role.role,
            _login.staff_member_id,
            _EMERGENCY_HERE,
        )
        .outerjoin(MemberRoleGrant.__table__, _role.member_id == _member.id)
        .outerjoin(LoginConsent.__table__, consented)
        .join(StaffMember.__table__, _staff.id == _login.staff_member_id)
        .where(
            LIVE,
            _account.client_id == bindparam("client_id"),
            _staff.person_id == bindparam("person_id"),
            _staff.status == StaffStatus.ENABLED,
            _staff.role.in_(ROLES_THAT_ENTER),
            or_(_account.login_consent_required.is_(False), _consent.id.is_not(None)),
        )
    )


def _in_back_office(session: SignInSession, now: dt.datetime) -> Standing | None:
    asked = {"session_id": session.id, "person_id": session.person_id, "now": now}
    row = db.session.execute(_staff_seat(), asked).mappings().first()
    if row is None:
        return None
    return Standing(
        grants=grants_of_staff(row["staff_role"]),
        staff_member_id=row["staff_member_id"],
        staff_role=row["staff_role"],
        emergency=row["emergency"],
        stand_in=None if row["member_id"] is None else _stand_in(StandInKind.LOGIN_AS, row),
    )


@cache
def _staff_seat() -> Select[Any]:
    running = _runs().subquery()
    of_session = running.c.sign_in_session_id == bindparam("session_id")
    return (
        select(_staff.id.label("staff_member_id"), _staff.role.label("staff_role"), _EMERGENCY_ANYWHERE, running)
        .select_from(StaffMember.__table__.outerjoin(running, of_session))
        .where(_staff.person_id == bindparam("person_id"), _staff.status == StaffStatus.ENABLED)
    )


@cache
def _runs() -> Select[Any]:
    """The login as a member of a session that was not ended and has time left. Whether it still holds is not asked."""
    login = LoginAsSession.__table__.join(Member.__table__, _member.id == _login.member_id)
    with_account = login.join(Account.__table__, _account.id == _member.account_id)
    return (
        select(*_RUNNING)
        .select_from(with_account.join(Person.__table__, _person.id == _member.person_id))
        .where(
            _login.sign_in_session_id == bindparam("session_id"),
            _login.ended_at.is_(None),
            _login.expires_at > bindparam("now"),
        )
    )


_OF_PERSON: Final[tuple[ColumnElement[Any], ...]] = (
    _person.id.label("person_id"),
    _person.first_name,
    _person.last_name,
    _person.email,
)
_RUNNING: Final[tuple[ColumnElement[Any], ...]] = (
    _login.sign_in_session_id,
    _login.expires_at,
    _member.id.label("member_id"),
    _member.public_id.label("member_key"),
    _account.id.label("account_id"),
    _account.client_id,
    _account.name.label("account_name"),
    *_OF_PERSON,
)
_OF_ACCOUNT: Final[tuple[ColumnElement[Any], ...]] = (
    _account.id.label("account_id"),
    _account.client_id,
    _account.name.label("account_name"),
    _account.currency,
    _account.country,
    _account.transfers_allowed,
)
_ACCOUNT_NAMES: Final = ("account_id", "client_id", "account_name", "currency", "country", "transfers_allowed")
_other_seat = Member.__table__.alias("other_seat")
_HAS_OTHER_SEATS: Final = (
    select(_other_seat.c.id)
    .where(_other_seat.c.person_id == _member.person_id, _other_seat.c.id != _member.id)
    .correlate(Member.__table__)
    .exists()
).label("has_other_seats")
_NETWORKS_LISTED: Final = (
    select(_network.id).where(_network.account_id == _account.id).correlate(Account.__table__).exists()
).label("networks_listed")

_EMERGENCY_HERE: Final = emergency_in_force(_account.id).label("emergency")
_EMERGENCY_ANYWHERE: Final = emergency_in_force().label("emergency")


def _roles(rows: Any) -> list[MemberRole]:
    held = [MemberRole(row["role"]) for row in rows if row["role"] is not None]
    return [MemberRole.OWNER, *held] if rows[0]["is_owner"] else held


def _account_of(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in _ACCOUNT_NAMES}


def _stand_in(kind: StandInKind, row: Any, roles: Any = ()) -> StandIn:
    full_name = f"{row['first_name'] or ''} {row['last_name'] or ''}".strip()
    return StandIn(
        kind=kind,
        member_id=row["member_id"],
        member_key=row["member_key"],
        person_id=row["person_id"],
        member_name=full_name or row["email"] or "",
        client_id=row["client_id"],
        account_name=row["account_name"],
        expires_at=row["expires_at"],
        roles=tuple(MemberRole(role) for role in roles),
    )
