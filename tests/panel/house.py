"""A small house for the second schema: an app with both realms, its own hooks, and pages written as JSON."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, abort, g, redirect, request
from flask_admin import expose
from flask_babel import Babel
from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from werkzeug.wrappers import Response
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, NumberRange

from panel import (
    EVERYONE,
    PORTAL,
    STAFF,
    Action,
    Choice,
    Column,
    DateRange,
    Hooks,
    Lookup,
    MoneyRange,
    Realm,
    RealmPage,
    Related,
    Resource,
    Site,
    Text,
    TimelineEntry,
    Visit,
    YesNo,
    everyone,
    reading,
)
from panel.hooks import Layout
from tests.panel.schema import Bed, Garden, GardenOwned, Plant, Species, Watering

GRANTS = frozenset({"read", "edit", "create", "delete", "water", "staff:uproot", "beds"})
MEMBER_GRANTS = GRANTS - {"staff:uproot", "delete"}
NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)


class Refusal(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def soils(visit: Visit) -> Mapping[str, str]:
    return {"clay": "Lehm", "sand": "Sand"} if visit.locale == "de" else {"clay": "Clay soil", "sand": "Sandy soil"}


class WaterForm(FlaskForm):
    litres = IntegerField("Litres", [InputRequired("Enter litres like 3."), NumberRange(1, 100, "Enter 1 to 100.")])
    remark = StringField("Remark")


def water(plant: Plant, *, actor: Any, now: dt.datetime, litres: int, remark: str) -> Plant:
    """Give water, if any is left."""
    if litres == 99:
        raise Refusal("That would drown it.")
    plant.water_left -= 1
    plant.watered_at = now
    return plant


def uproot(plant: Plant, *, actor: Any, now: dt.datetime) -> Plant:
    plant.health = "dead"  # type: ignore[assignment]
    return plant


class PlantResource(Resource):
    model, slug, title, key, group = Plant, "plants", "Plants", "code", "Garden"
    label, status, page_size = "name", "health", 5
    columns = (
        Column("code", link=True),
        Column("name", sort=True),
        Column("garden.name", "Garden", realms={STAFF}),
        Column("kind"),
        Column("health"),
        Column("bed.name", "Bed"),
        Column("species.name", "Species"),
        Column("planted_on", sort=True),
        Column("watered_at", sort=True),
        Column("height", sort=True),
        Column("price", sort=True),
        Column("rare"),
        Column("note", list=False),
        Column("tags", list=False),
    )
    filters = (
        Text("name"),
        Choice("kind"),
        Choice("health"),
        Lookup("bed"),
        Lookup("species"),
        Lookup("garden", realms={STAFF}),
        DateRange("planted_on"),
        DateRange("watered_at"),
        MoneyRange("price"),
        YesNo("rare"),
        YesNo("note", "Has a note"),
    )
    search = ("code", "name")
    default_sort = "name"
    form = {
        "create": {
            STAFF: ("garden", "code", "name", "kind", "bed", "price"),
            PORTAL: ("code", "name", "kind", "bed", "price"),
        },
        "edit": ("name", "kind", "bed", "price", "planted_on", "watered_at", "height", "rare", "note", "tags"),
    }
    grants = {**reading("read"), "edit": "edit", "create": "create", "delete": "delete"}
    actions = (
        Action(
            water,
            "Water",
            grant="water",
            when=Plant.can_water,
            form=WaterForm,
            bulk=True,
            confirm="Water it?",
            done="Watered.",
        ),
        Action(uproot, "Uproot", grant="staff:uproot", danger=True),
    )
    related = (Related("waterings", columns=("litres", "code"), order="-litres"),)


class BedResource(Resource):
    model, slug, title, key = Bed, "beds", "Beds", "code"
    columns = (Column("code"), Column("name", link=True, sort=True), Column("garden.name", realms={STAFF}))
    default_sort = "name"
    grants = reading("beds")
    related = (
        Related("plants", columns=("code", "name")),
        Related("namesakes", columns=("code",), grant="edit"),
    )


class GardenResource(Resource):
    model, slug, title, key = Garden, "gardens", "Gardens", "code"
    realms = frozenset({STAFF})
    columns = (Column("code"), Column("name", link=True, sort=True))
    search = ("name",)
    grants = reading("read")


class SpeciesResource(Resource):
    model, slug, title, key, noun = Species, "catalogue", "Species", "code", "Species"
    columns = (Column("code", link=True), Column("name"))
    scope = everyone
    grants = reading(EVERYONE)


class WateringResource(Resource):
    model, slug, title, key = Watering, "waterings", "Waterings", "code"
    columns = (Column("code"), Column("plant.name", "Plant", link=True), Column("litres"))
    load = ("plant",)
    filters = (Lookup("plant"),)
    grants = reading("read")


def gardens_below(garden_id: int) -> Any:
    return select(Garden.id).where(Garden.parent_id == garden_id)


class PlantsBelowResource(Resource):
    model, slug, title, key = Plant, "plants-below", "Plants below", "code"
    realms = frozenset({PORTAL})
    columns = (Column("code", link=True), Column("name"), Column("bed.name", "Bed"))
    owners = gardens_below
    grants = reading("read")


RESOURCES = (PlantResource, BedResource, GardenResource, SpeciesResource, WateringResource, PlantsBelowResource)


class Index(RealmPage):
    verbs = {"index": EVERYONE}

    @expose("/")
    def index(self) -> str:
        return f"{self.realm.label} of {self.visit.owner_id}"


class House:
    """The app with everything a test wants to look at."""

    def __init__(self, engine: Engine, resources: tuple[type[Resource], ...] = RESOURCES) -> None:
        self.engine = engine
        self.session: scoped_session[Session] = scoped_session(sessionmaker(engine, expire_on_commit=False))
        self.app = self._app()
        self.reset()
        self.hooks = self._hooks()
        self.sites = [Site(realm, self.hooks, resources, index=Index) for realm in self._realms()]
        for site in self.sites:
            site.init_app(self.app)
        event.listen(engine, "before_cursor_execute", self._note)

    def reset(self) -> None:
        """As new, for the next test: mounting all resources again would take most of its time."""
        self.audited: list[tuple[str, Mapping[str, Any]]] = []
        self.statements: list[str] = []
        self.timeline: list[TimelineEntry] = []
        self.portal_grants: frozenset[str] = MEMBER_GRANTS
        self.staff_grants: frozenset[str] = GRANTS
        self.zone = "UTC"
        self.layout = Layout()
        self.app.config["WTF_CSRF_ENABLED"] = False

    def _app(self) -> Flask:
        app = Flask(__name__)
        app.config.update(SECRET_KEY="for tests only", TESTING=True, WTF_CSRF_ENABLED=False)
        Babel(app)
        app.jinja_env.filters["dump"] = lambda page: Markup(json.dumps(plain(page)))
        app.teardown_appcontext(lambda _error: self.session.remove())
        return app

    def _hooks(self) -> Hooks:
        return Hooks(
            session=self.session,
            engine=lambda: self.engine,
            unit_of_work=self.unit_of_work,
            owned=GardenOwned,
            owner_column="garden_id",
            refusals=Refusal,
            now=lambda: NOW,
            create=self.create,
            edit=self.edit,
            delete=self.delete,
            audit=self.note_event,
            grants=GRANTS,
            timeline=lambda _visit, _row: self.timeline,
            tone=lambda value: {"well": "success", "dead": "danger"}.get(value, ""),
            currency=lambda _visit: "EUR",
            layout=lambda _visit, _slug: self.layout,
            lists={"soils": soils, "zones": lambda _visit: {"mild": "Mild winters", "cold": "Cold winters"}},
        )

    def _realms(self) -> list[Realm]:
        def staff(_values: Mapping[str, Any]) -> Visit | Response:
            if request.headers.get("X-Who") != "staff":
                return redirect("/sign-in")
            return Visit(back, "clerk", self.staff_grants, None, "/staff", ZoneInfo(self.zone))

        def member(values: Mapping[str, Any]) -> Visit | Response:
            code = values["garden_code"]
            if request.headers.get("X-Who") != code:
                abort(404)
            garden = self.session.scalar(select(Garden).where(Garden.code == code)) or abort(404)
            return Visit(front, "keeper", self.portal_grants, garden.id, f"/portal/{code}", ZoneInfo(self.zone))

        back = Realm(STAFF, "/staff", "Back office", staff, "none.html", GRANTS)
        front = Realm(PORTAL, "/portal/<garden_code>", "Portal", member, "none.html", MEMBER_GRANTS)
        return [back, front]

    @contextlib.contextmanager
    def unit_of_work(self) -> Iterator[None]:
        session = self.session()
        if session.in_transaction():
            session.commit()
        g.writing = True
        try:
            yield
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            g.writing = False

    def note_event(self, visit: Visit, event: str, details: Mapping[str, Any], *, now: dt.datetime) -> None:
        self.audited.append((event, details))

    def create(self, model: type[Any], values: dict[str, Any], *, actor: Any, now: dt.datetime) -> Any:
        row = model(**values)
        self.session.add(row)
        self.session.flush()
        return row

    def edit(self, row: Any, changes: dict[str, Any], *, actor: Any, now: dt.datetime) -> Any:
        for name, value in changes.items():
            setattr(row, name, value)
        if hasattr(row, "version"):
            row.version += 1
        self.session.flush()
        return row

    def delete(self, row: Any, *, actor: Any, now: dt.datetime) -> None:
        self.session.delete(row)
        self.session.flush()

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.statements.append(statement)

    # What tests do

    def add(self, *rows: Any) -> None:
        with Session(self.engine, expire_on_commit=False) as session:
            session.add_all(rows)
            session.commit()
            for row in rows:
                session.expunge(row) if row in session else None

    def read(self, statement: Any) -> Any:
        with Session(self.engine) as session:
            return session.scalars(statement).all()

    def get(self, url: str, who: str = "staff", **options: Any) -> Any:
        self.statements.clear()
        return self.app.test_client().get(url, headers={"X-Who": who, **options.pop("headers", {})}, **options)

    def post(self, url: str, data: Any = None, who: str = "staff", **options: Any) -> Any:
        return self.app.test_client().post(url, data=data or {}, headers={"X-Who": who}, **options)

    def page(self, url: str, who: str = "staff") -> dict[str, Any]:
        """The page as its template gets it."""
        answer = self.get(url, who)
        assert answer.status_code == 200, (url, answer.status_code)
        return page_of(answer)


def plain(value: Any) -> Any:
    """A page as JSON can hold it."""
    if isinstance(value, FlaskForm):
        return {
            field.name: {
                "value": str(field._value()) if hasattr(field, "_value") else str(field.data),
                "errors": [*field.errors],
            }
            for field in value
        }
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def page_of(answer: Any) -> dict[str, Any]:
    """The page that an answer of any status shows."""
    found: dict[str, Any] = json.loads(answer.get_data(as_text=True))
    return found
