"""Members from a CSV file: people, their seats in accounts, and the roles they hold there. Nobody is mailed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.actor import Actor
from domain.contact import check_time_zone, normalise_email
from domain.permissions import MemberRole
from extensions import db
from models.account import Account
from models.base import new_public_id
from models.member import Interest, Member, MemberInterest, MemberRoleGrant, MemberStatus, MemberType
from models.person import Person, PersonKind
from services.audit import Happening, record_events
from services.imports.bulk import insert_rows, insert_values
from services.imports.cells import choice, rule, several, text, yes_or_no
from services.imports.columns import Column
from services.imports.kind import Plan
from services.imports.owned import OWNER_COLUMNS, Owned, OwnedImport
from services.imports.problems import Problem
from services.members import EmailMissing, EmailWithoutAccess, MemberExists, NameMissing
from services.people import EmailNotUsable
from services.roles import CannotHoldRoles

COLUMNS: Final = (
    Column("external_ref", text(64), "The member's number in the older system.", filled=True),
    *OWNER_COLUMNS,
    Column("first_name", text(100), "First name.", default=""),
    Column("last_name", text(100), "Last name. One of the two names is filled.", default=""),
    Column("email", rule(normalise_email), "What they sign in with. Only with portal access."),
    Column("portal_access", yes_or_no(), "`yes` or `no`. Blank: `yes` with an e-mail address."),
    Column("owner", yes_or_no(), "`yes` for the one owner of the account.", default=False),
    Column("roles", several(choice(MemberRole, MemberRole.OWNER)), "With semicolons: `billing; tickets`.", default=()),
    Column("type", choice(MemberType), "`technical`, `billing`, `sales`, `management` or `other`."),
    Column("phone", text(32), "Phone number."),
    Column("interests", several(text(120)), "Names of interests that are here, with semicolons.", default=()),
    Column("time_zone", rule(check_time_zone), "Like `Europe/Berlin`."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One seat."""

    line: int
    external_ref: str
    client_id: str | None
    account_ref: str | None
    first_name: str
    last_name: str
    email: str | None
    portal_access: bool | None
    owner: bool
    roles: tuple[MemberRole, ...]
    type: MemberType | None
    phone: str | None
    interests: tuple[str, ...]
    time_zone: str | None

    @property
    def has_access(self) -> bool:
        return self.portal_access if self.portal_access is not None else self.email is not None


class MemberImport(OwnedImport[MemberRow]):
    """Members. With portal access they are invited afterwards, by staff and when the provider is ready for it."""

    name = "members"
    noun = "member"
    about = "The people of accounts. They wait to be invited: the import mails nobody."
    columns = COLUMNS

    def __init__(self, *, now: dt.datetime) -> None:
        super().__init__(now=now)
        self._people: dict[str, Person] = {}
        self._seats: set[tuple[int, int]] = set()
        self._owned: set[int] = set()
        self._interests: dict[str, int] = {}

    def row(self, line: int, values: dict[str, Any]) -> MemberRow:
        return MemberRow(line=line, **values)

    def faults(self, row: MemberRow) -> Iterator[Problem]:
        yield from super().faults(row)
        if not (row.first_name or row.last_name):
            yield Problem(row.line, "last_name", NameMissing.message)
        if row.has_access and row.email is None:
            yield Problem(row.line, "email", EmailMissing.message)
        if row.email is not None and not row.has_access:
            yield Problem(row.line, "email", EmailWithoutAccess.message)
        if row.owner and not row.has_access:
            yield Problem(row.line, "owner", "the owner of an account has portal access.")
        if row.roles and (row.owner or not row.has_access):
            yield Problem(row.line, "roles", CannotHoldRoles.message)

    def there(self, account_ids: Iterable[int], refs: Iterable[str]) -> dict[tuple[int, str], dict[str, Any]]:
        rows = db.session.execute(
            select(Member, Person)
            .join(Person, Person.id == Member.person_id)
            .where(Member.account_id.in_(account_ids), Member.external_ref.in_(refs))
        ).all()
        grants = db.session.execute(
            select(MemberRoleGrant.member_id, MemberRoleGrant.role).where(
                MemberRoleGrant.member_id.in_([member.id for member, _ in rows])
            )
        ).all()
        roles: dict[int, set[MemberRole]] = {}
        for grant in grants:
            roles.setdefault(grant.member_id, set()).add(grant.role)
        return {
            (member.account_id, member.external_ref or ""): {
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": person.email,
                "portal_access": member.portal_access,
                "owner": member.is_owner,
                "roles": frozenset(roles.get(member.id, ())),
                "type": member.type,
                "phone": member.phone,
                "time_zone": member.time_zone,
            }
            for member, person in rows
        }

    def wanted(self, row: MemberRow, refers: dict[str, Any]) -> dict[str, Any]:
        return {
            "first_name": row.first_name or None,
            "last_name": row.last_name or None,
            "email": row.email,
            "portal_access": row.portal_access,
            "owner": row.owner or None,
            "roles": frozenset(row.roles) or None,
            "type": row.type,
            "phone": row.phone,
            "time_zone": row.time_zone,
        }

    def look_up(self, rows: Sequence[tuple[MemberRow, Account]]) -> None:
        emails = {row.email for row, _ in rows if row.email}
        account_ids = {account.id for _, account in rows}
        people = db.session.scalars(select(Person).where(Person.email.in_(emails))).all()
        self._people = {person.email or "": person for person in people}
        seats = db.session.execute(
            select(Member.account_id, Member.person_id).where(Member.person_id.in_([person.id for person in people]))
        )
        self._seats = {(seat.account_id, seat.person_id) for seat in seats}
        owned = select(Member.account_id).where(Member.account_id.in_(account_ids), Member.is_owner)
        self._owned = set(db.session.scalars(owned))
        names = {name for row, _ in rows for name in row.interests}
        found = db.session.execute(select(Interest.name, Interest.id).where(Interest.name.in_(names)))
        self._interests = {interest.name: interest.id for interest in found}

    def refers(self, row: MemberRow, account: Account, plan: Plan[Owned[MemberRow]]) -> Iterator[tuple[str, Any]]:
        for name in row.interests:
            if name not in self._interests:
                plan.refuse(row.line, "interests", f"there is no interest “{name}”. Add it in the settings first.")
        yield "interests", [self._interests[name] for name in row.interests if name in self._interests]
        person = self._people.get(row.email or "")
        if person is not None and (person.kind is not PersonKind.MEMBER or person.erased_at is not None):
            plan.refuse(row.line, "email", EmailNotUsable.message)
        yield "person", person

    def check_new(self, row: MemberRow, account: Account, plan: Plan[Owned[MemberRow]]) -> None:
        person = self._people.get(row.email or "")
        if person is not None and (account.id, person.id) in self._seats:
            plan.refuse(row.line, "email", MemberExists.message)
        if row.owner and account.id in self._owned:
            plan.refuse(row.line, "owner", f"account {account.client_id} has an owner already.")

    def identities(self, new: Owned[MemberRow]) -> Iterator[tuple[str, Hashable]]:
        yield from super().identities(new)
        if new.row.email:
            yield "email", (new.account.id, new.row.email)
        if new.row.owner:
            yield "owner", new.account.id

    def write(self, new: Sequence[Owned[MemberRow]], *, actor: Actor) -> Counter[str]:
        people = _write_people(new, self.now)
        members = [_member(each, person, self.now) for each, person in zip(new, people, strict=True)]
        insert_rows(members, key=Member.public_id)
        pairs = list(zip(new, members, strict=True))
        insert_values(MemberRoleGrant, [grant for each, row in pairs for grant in _grants(each, row, actor, self.now)])
        insert_values(
            MemberInterest,
            [
                {"account_id": row.account_id, "member_id": row.id, "interest_id": interest_id}
                for each, row in pairs
                for interest_id in each.refers["interests"]
            ],
        )
        record_events([_happening(each, row) for each, row in pairs], actor=actor, now=self.now)
        return Counter(members=len(members))


def _write_people(new: Sequence[Owned[MemberRow]], now: dt.datetime) -> list[Person]:
    """The person of each seat. Who has seats in several accounts is one person; the first account manages them."""
    known: dict[str, Person] = {}
    people, missing = [], []
    for each in new:
        person = each.refers["person"] or known.get(each.row.email or "")
        if person is None:
            person = Person(
                public_id=new_public_id(),
                kind=PersonKind.MEMBER,
                email=each.row.email,
                first_name=each.row.first_name,
                last_name=each.row.last_name,
                managed_by_account_id=each.account.id,
                created_at=now,
            )
            missing.append(person)
            if each.row.email:
                known[each.row.email] = person
        people.append(person)
    insert_rows(missing, key=Person.public_id)
    return people


def _member(new: Owned[MemberRow], person: Person, now: dt.datetime) -> Member:
    row = new.row
    return Member(
        public_id=new_public_id(),
        account_id=new.account.id,
        person_id=person.id,
        type=row.type or MemberType.OTHER,
        status=MemberStatus.INVITED if row.has_access else MemberStatus.ENABLED,
        portal_access=row.has_access,
        is_owner=row.owner,
        is_first=row.owner,
        phone=row.phone,
        time_zone=row.time_zone,
        external_ref=row.external_ref,
        created_at=now,
    )


def _grants(new: Owned[MemberRow], row: Member, actor: Actor, now: dt.datetime) -> Iterator[dict[str, Any]]:
    for role in new.row.roles:
        yield {
            "account_id": row.account_id,
            "member_id": row.id,
            "role": role,
            "granted_by_id": actor.person_id,
            "created_at": now,
        }


def _happening(new: Owned[MemberRow], row: Member) -> Happening:
    after = {
        "person.email": new.row.email,
        "type": row.type,
        "portal_access": row.portal_access,
        "owner": row.is_owner,
        "roles": sorted(new.row.roles),
        "external_ref": row.external_ref,
    }
    return Happening("member.created", row, after=after)
