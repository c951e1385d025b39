"""A world for proofs of access: three accounts with rows of every record, and everybody who may come to the door."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, select

import models
from domain.permissions import MemberRole, P, StaffRole, grants_of_member, grants_of_staff
from extensions import db
from panel import PORTAL, STAFF
from services.sessions import Browser, Lifetime, start_session
from tests.factories.people import (
    AccountAncestorFactory,
    AccountFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    OwnerFactory,
    PersonFactory,
    StaffDepartmentFactory,
    StaffMemberFactory,
)
from tests.support.door import csrf_token_of
from tests.support.matrix_sides import BELOW, FOREIGN, OWN, Side, Values, numbers, owned_models, values_of
from views.resources import RESOURCES

OWNER, NONE, STRANGER, SIGNED_OUT = "owner", "none", "stranger", "signed out"
ADMINISTRATOR = "staff administrator"
MEMBERS = (OWNER, *(role.value for role in MemberRole if role is not MemberRole.OWNER), NONE)
STAFF_MEMBERS = tuple(f"staff {role.value}" for role in StaffRole)

VISITORS = {
    PORTAL: (*MEMBERS, STRANGER, ADMINISTRATOR, SIGNED_OUT),
    STAFF: (*STAFF_MEMBERS, OWNER, NONE, SIGNED_OUT),
}
"""Who knocks at which door."""


class Visitor:
    """Somebody with a browser. ``grants`` tells for each realm what they hold there; a realm without is closed to them."""

    def __init__(self, name: str, app: Flask, home: str, grants: dict[str, frozenset[P]], cookie: str = "") -> None:
        self.name, self.home, self.grants = name, home, grants
        # Not the client of the other tests: that one starts each request in a context where no lock is switched off.
        self.client = FlaskClient(app, app.response_class, use_cookies=True)
        if cookie:
            self.client.set_cookie(app.config["IDENTITY_COOKIE_NAME"], cookie)
        self._token = ""

    @property
    def token(self) -> str:
        """The token their forms carry."""
        if not self._token:
            self._token = csrf_token_of(self.client, self.home)
        return self._token

    def get(self, address: str) -> Any:
        return self.client.get(address)

    def post(self, address: str, fields: dict[str, Any] | None = None, *, token: bool = True, **options: Any) -> Any:
        typed = {name: value() if callable(value) else value for name, value in (fields or {}).items()}
        data = {**typed, **({"csrf_token": self.token} if token else {})}
        return self.client.post(address, data=data, **options)


@dataclass
class World:
    """What stands in the database, as plain values: rows as dictionaries, by side and model."""

    app: Flask
    client_ids: dict[str, str] = field(default_factory=dict)
    account_ids: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[type[Any], Values]] = field(default_factory=dict)
    visitors: dict[str, Visitor] = field(default_factory=dict)
    sides: dict[str, Side] = field(default_factory=dict)

    @cached_property
    def reader(self) -> Connection:
        """A connection that only snapshots use, so that the server keeps its plan of their long question."""
        with self.app.app_context():
            connection = db.engine.connect()
        if connection.dialect.name == "postgresql":
            driver: Any = connection.connection.driver_connection
            driver.prepare_threshold = 0
        return connection

    def close(self) -> None:
        """Give back what is open."""
        if "reader" in vars(self):
            self.reader.invalidate()
            self.reader.close()

    def row(self, mark: str, model: type[Any]) -> Values:
        return self.rows[mark][model]

    def base(self, realm: str, mark: str = OWN) -> str:
        """Where a realm begins."""
        return "/staff" if realm == STAFF else f"/portal/{self.client_ids[mark]}"

    def fresh(self, mark: str, model: type[Any], **values: Any) -> Values:
        """One more row of an account, to be changed by a test. What it refers to are the rows made before."""
        side = self.sides[mark]
        with self.app.app_context():
            if model is models.Account:
                row = AccountFactory(**{**side.marked(models.Account), **values})
                AccountAncestorFactory(account=row)
            else:
                row = side.another(side.factories[model], **values)
            found = values_of(row)
            db.session.commit()
        return found


def build_world(app: Flask) -> World:
    """Make all rows, commit them, and let everybody sign in."""
    world = World(app)
    with app.app_context():
        world.sides = {FOREIGN: Side(FOREIGN), OWN: Side(OWN, transfers_allowed=True, branding_enabled=True)}
        world.sides[BELOW] = Side(BELOW, parent=world.sides[OWN].account)
        wanted = {*owned_models(), *(resource.model for resource in RESOURCES)}
        for side in world.sides.values():
            AccountAncestorFactory(account=side.account)
            side.row(OwnerFactory)
            for model in sorted(wanted, key=lambda model: model.__name__):
                side.of(model)
        AccountAncestorFactory(account=world.sides[BELOW].account, ancestor=world.sides[OWN].account, depth=1)
        _plant_foreign_history(world.sides)
        for mark, side in world.sides.items():
            world.account_ids[mark], world.client_ids[mark] = side.account.id, side.account.client_id
            world.rows[mark] = {type(row): values_of(row) for row in side.rows.values()}
            world.rows[mark] |= {model: values_of(side.of(model)) for model in wanted}
        _invite_everybody(world)
        db.session.commit()
    return world


def _plant_foreign_history(sides: dict[str, Side]) -> None:
    """Events of the foreign account that name the own records: the timeline of a record must not show them."""
    foreign, own = sides[FOREIGN], sides[OWN]
    for resource in RESOURCES:
        row = own.of(resource.model)
        foreign.another(
            foreign.factories[models.AuditEvent],
            sequence=next(numbers) + 10_000,
            target_type=row.__tablename__,
            target_key=str(getattr(row, resource.key)),
        )


def _invite_everybody(world: World) -> None:
    """A member of the own account for each role alone, one of the staff for each role, and a stranger."""
    own, foreign = world.sides[OWN], world.sides[FOREIGN]
    home = f"{world.base(PORTAL)}/"
    _let_in(world, OWNER, own.row(OwnerFactory).person, home, {PORTAL: grants_of_member([MemberRole.OWNER])})
    _let_in(world, STRANGER, foreign.row(OwnerFactory).person, f"{world.base(PORTAL, FOREIGN)}/", {})
    for name in MEMBERS[1:]:
        roles = [] if name == NONE else [MemberRole(name)]
        person = PersonFactory(**{**own.marked(models.Person), "managed_by": own.account})
        member = MemberFactory(**{**own.marked(models.Member), "account": own.account, "person": person})
        for role in roles:
            MemberRoleGrantFactory(**own.marked(models.MemberRoleGrant), member=member, role=role)
        _let_in(world, name, person, home, {PORTAL: grants_of_member(roles)})
    for staff_role in StaffRole:
        staff_member = StaffMemberFactory(role=staff_role)
        for department in db.session.scalars(select(models.Department)):  # or agents would not see every ticket
            StaffDepartmentFactory(staff_member=staff_member, department=department)
        person = staff_member.person
        _let_in(world, f"staff {staff_role.value}", person, "/staff/", {STAFF: grants_of_staff(staff_role)})
    world.visitors[SIGNED_OUT] = Visitor(SIGNED_OUT, world.app, "/sign-in", {})


def _let_in(world: World, name: str, person: Any, home: str, grants: dict[str, frozenset[P]]) -> None:
    now, browser = dt.datetime.now(dt.UTC), Browser(ip="127.0.0.1")
    _row, cookie = start_session(person, browser, now=now, lifetime=Lifetime(), waits_for_second_step=False)
    world.visitors[name] = Visitor(name, world.app, home, grants, cookie)
