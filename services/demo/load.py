"""Loading the demo: once, in one unit of work, in the order in which things happened."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from domain.refusals import Refusal
from extensions import db
from models.account import Account
from models.base import public_ids_drawn_by
from models.person import Person
from services.demo.agenda import Agenda
from services.demo.catalogue import make_catalogue
from services.demo.chats import put_chats
from services.demo.companies import Company, cast, others
from services.demo.credits import put_credit_notes
from services.demo.desk import STAFF, make_desk
from services.demo.endings import put_endings
from services.demo.financing import make_financing, put_financing
from services.demo.house import make_house
from services.demo.library import make_library
from services.demo.limits import put_limits
from services.demo.methods import put_methods
from services.demo.money import put_money
from services.demo.notices import put_notices, put_prospects, send_old_mails
from services.demo.people import (
    ROLES_OF_ACME,
    open_account,
    put_other_members,
    put_question_of_acme,
    say_what_interests,
    seat_members_of_acme,
)
from services.demo.portfolio import (
    put_client_app_changes,
    put_contracts_of_cast,
    put_contracts_of_others,
    put_loose_licenses,
    put_transfer_of_acme,
)
from services.demo.tickets import put_tickets
from services.demo.world import World
from services.passwords import passwords

PASSWORD: Final = "Foyer-demo-1!"  # noqa: S105  the demo's password is known to all
_OWNER_OF_CAST: Final = "owner@acme.example"
_CAST_OWNERS: Final = tuple(f"owner@{name}.example" for name in ("acme", "borealis", "cirrus", "delta"))

SIGN_INS: Final = (
    *(f"{who}@foyer.example" for who, *_ in STAFF),
    *_CAST_OWNERS,
    *(f"{who}@acme.example" for who, *_ in ROLES_OF_ACME),
)
"""Every sign-in of the cast, staff first; all have the same password and no second factor."""


class DemoNotPossible(Refusal):
    message = (
        "The demo can be loaded into an empty database only, and this one holds customers or staff already."
        " Use another DATA_DIR or DATABASE_URL for it."
    )


def demo_is_loaded() -> bool:
    """Whether the demo is there: its first account with its owner."""
    first = select(Account.id).where(Account.client_id == "10001", Account.name == "Acme Telecom")
    owner = select(Person.id).where(Person.email == _OWNER_OF_CAST)
    return db.session.scalar(first) is not None and db.session.scalar(owner) is not None


def database_is_empty() -> bool:
    """Whether there is neither a customer nor a person."""
    return (
        db.session.scalar(select(Account.id).limit(1)) is None and db.session.scalar(select(Person.id).limit(1)) is None
    )


def load_demo(*, now: dt.datetime, platform_name: str = "PBXware", client_app_name: str = "gloCOM") -> bool:
    """Load the demo as it would stand at ``now``; False when it is there already. Refused: DemoNotPossible.

    The same now gives the same rows, but for what has to be random: password hashes and the links in mails.
    """
    if demo_is_loaded():
        return False
    if not database_is_empty():
        raise DemoNotPossible
    now = now.replace(microsecond=0)
    world = World(
        now=now,
        agenda=Agenda(now),
        password_hash=passwords.make(PASSWORD),  # one for all: it is no secret
        platform_name=platform_name,
        client_app_name=client_app_name,
    )
    with public_ids_drawn_by(world.chance("public ids").choice):
        _make(world)
    return True


def _make(world: World) -> None:
    make_house(world)
    make_desk(world)
    make_catalogue(world)
    make_library(world)
    make_financing(world)
    known, further = cast(world), others(world)
    for company in (*known, *further):
        _put_opening(world, company)
    world.agenda.play()
    # Everybody is there; what they did follows, again in the order of time.
    put_contracts_of_cast(world, known)
    put_contracts_of_others(world, further)
    put_loose_licenses(world)
    put_money(world)
    put_credit_notes(world)
    put_methods(world)
    put_limits(world)
    put_chats(world)
    put_tickets(world)
    put_financing(world)
    put_prospects(world)
    put_client_app_changes(world)
    put_transfer_of_acme(world)
    put_other_members(world)
    put_question_of_acme(world)
    put_endings(world)
    world.agenda.play()
    put_notices(world)
    say_what_interests(world)
    send_old_mails(world)


def _put_opening(world: World, company: Company) -> None:
    def opening(at: dt.datetime) -> None:
        open_account(world, company, at)
        if company.name == "Acme Telecom":
            seat_members_of_acme(world, at + dt.timedelta(hours=6))

    world.agenda.note(world.morning(company.founded_on, 9, 10), opening)
