"""What the parts of the demo share: the time, the seeded chance, the agenda of what happens when, and what was made."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import TypeVar

from domain.actor import Actor, Source, system_actor
from domain.tax import TaxRule
from extensions import Base, db
from models.account import Account
from models.member import Member
from models.package import Package
from models.person import Person
from models.product import Product
from models.staff import Department, StaffMember
from models.ticket_type import Project, TicketType
from services.demo.agenda import Agenda

Row = TypeVar("Row", bound=Base)

SEED = "Foyer"
HISTORY = dt.timedelta(days=3 * 365 + 30)


@dataclass
class World:
    """The demo while it is being made. Nothing in it is read from a clock or drawn by real chance."""

    now: dt.datetime
    agenda: Agenda
    password_hash: str = ""
    platform_name: str = "PBXware"
    client_app_name: str = "gloCOM"
    system: Actor = field(default_factory=lambda: system_actor("demo"))

    tax_rules: list[TaxRule] = field(default_factory=list)
    products: dict[str, Product] = field(default_factory=dict)  # by code
    packages: dict[str, Package] = field(default_factory=dict)  # by code
    departments: dict[str, Department] = field(default_factory=dict)  # by name
    projects: dict[str, Project] = field(default_factory=dict)  # by name
    ticket_types: dict[str, TicketType] = field(default_factory=dict)  # by key
    staff: dict[str, StaffMember] = field(default_factory=dict)  # by the part of the e-mail before the @
    accounts: dict[str, Account] = field(default_factory=dict)  # by name
    owners: dict[str, Member] = field(default_factory=dict)  # by the account's name
    people: dict[str, tuple[Person, Member]] = field(default_factory=dict)  # members by e-mail
    staff_people: dict[str, Person] = field(default_factory=dict)  # by the same key as staff

    @property
    def today(self) -> dt.date:
        return self.now.date()

    @property
    def beginning(self) -> dt.datetime:
        """The morning on which the provider started."""
        return self.morning(self.today - HISTORY)

    def morning(self, day: dt.date, hour: int = 8, minute: int = 0) -> dt.datetime:
        """A moment of a day in working hours (UTC)."""
        return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=dt.UTC)

    def day(self, days_ago: int) -> dt.date:
        return self.today - dt.timedelta(days=days_ago)

    def ago(self, days: int, hour: int = 9, minute: int = 0) -> dt.datetime:
        """A moment so many days ago; never later than now."""
        return min(self.now, self.morning(self.day(days), hour, minute))

    def chance(self, name: str) -> random.Random:
        """A source of its own for each part, so that a change in one part leaves the others as they were."""
        return random.Random(f"{SEED} {name}")  # noqa: S311  the demo has to be the same each time

    def as_staff(self, who: str) -> Actor:
        """A member of staff at their desk, by the part of the e-mail before the @."""
        person = self.staff_people[who]
        return Actor(
            name=person.name,
            source=Source.STAFF,
            person_id=person.id,
            staff_member_id=self.staff[who].id,
            ip="192.0.2.10",
            proved_at=self.now,  # what the demo lets people do lies in the past
        )

    def as_member(self, email: str) -> Actor:
        """A member in the portal of their account."""
        person, member = self.people[email]
        return Actor(
            name=person.name,
            source=Source.PORTAL,
            person_id=person.id,
            member_id=member.id,
            account_id=member.account_id,
            ip=f"203.0.113.{random.Random(email).randrange(1, 251)}",  # noqa: S311  the same each time
            proved_at=self.now,
        )

    def as_owner(self, account: Account) -> Actor:
        email = self.email_of_owner(account)
        return self.as_member(email)

    def email_of_owner(self, account: Account) -> str:
        owner = self.owners[account.name]
        return next(email for email, (_, member) in self.people.items() if member.id == owner.id)


def keep(row: Row) -> Row:
    """Add a row whose number nobody needs yet; it is written with the next ones."""
    db.session.add(row)
    return row


def add(row: Row) -> Row:
    """Add a row and give it its number."""
    db.session.add(row)
    db.session.flush()
    return row
