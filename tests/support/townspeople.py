"""The people of a story: accounts, members and staff who are there when it begins, each with a password."""

from __future__ import annotations

import datetime as dt
from typing import Any

from domain.permissions import MemberRole, StaffRole
from models import Account, Member, StaffMember
from services.passwords import passwords
from tests.factories.people import (
    MemberFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    PersonFactory,
    StaffMemberFactory,
    StaffPersonFactory,
)
from tests.support.door import PASSWORD

MORNING = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def owner_of(account: Account, email: str, name: str, **person: Any) -> Member:
    """The owner, who is the first user too; the account manages their identity."""
    return OwnerFactory(account=account, person=_person(email, name, managed_by=account, **person))


def member_of(account: Account, email: str, name: str, *roles: MemberRole, **values: Any) -> Member:
    """A member with roles, whose identity the account manages; ``values`` are of the seat."""
    found = MemberFactory(account=account, person=_person(email, name, managed_by=account), **values)
    for role in roles:
        MemberRoleGrantFactory(member=found, role=role)
    return found


def one_of_the_staff(email: str, name: str, role: StaffRole) -> StaffMember:
    first, last = name.split()
    person = StaffPersonFactory(email=email, first_name=first, last_name=last, password_hash=passwords.make(PASSWORD))
    return StaffMemberFactory(person=person, role=role)


def _person(email: str, name: str, **values: Any) -> Any:
    first, last = name.split()
    return PersonFactory(
        email=email, first_name=first, last_name=last, password_hash=passwords.make(PASSWORD), **values
    )
