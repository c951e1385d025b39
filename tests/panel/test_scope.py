"""The two locks: each holds when the other is off, and with both off foreign rows would show."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import scoped_session, sessionmaker

from panel import scope
from panel.scope import Scope
from tests.panel.house import House, page_of
from tests.panel.schema import Bed, GardenOwned, Plant, Species, Watering

LOCKS = {"both": {}, "only the first": {"second": True}, "only the second": {"first": True}}


@pytest.fixture(params=list(LOCKS))
def one_lock(request: pytest.FixtureRequest) -> Iterator[str]:
    with scope.switched_off(**LOCKS[request.param]):
        yield request.param


def all_text(house: House) -> str:
    """Everything a member of the north garden can read, in one text."""
    base = "/portal/north"
    urls = ["/plants/", "/plants/?q=p-3", "/plants/?bed=s1", "/plants/count", "/plants/export.csv", "/plants/p-3", "/beds/",
            "/beds/s1", "/beds/n1", "/plants/p-3/edit", "/plants/p-3/water", "/plants/bulk/water?id=p-3", "/waterings/",
            "/plants/p-1", "/plants/lookup/bed", "/plants/lookup/species", "/plants/lookup/bed?q=shady",
            "/waterings/?plant=p-3", "/waterings/lookup/plant?q=Oak"]  # fmt: skip
    return "\n".join(house.get(base + url, "north").get_data(as_text=True) for url in urls)


def test_no_foreign_row_is_seen_with_either_lock(plants: House, one_lock: str) -> None:
    plants.add(Watering(garden_id=2, code="w-3", plant_id=3, litres=7))
    text = all_text(plants)
    assert "Rose" in text
    assert "Sunny bed" in text
    assert [word for word in ("Oak", "Shady bed", "w-3", "Mentha") if word in text] == []


def test_with_both_locks_off_foreign_rows_show(plants: House) -> None:
    with scope.switched_off(first=True, second=True):
        text = all_text(plants)
    assert "Oak" in text
    assert "Shady bed" in text


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/portal/north/plants/p-3/edit", {"name": "Stolen", "kind": "tree", "version": "1"}),
        ("/portal/north/plants/p-3/water", {"litres": "3"}),
        ("/portal/north/plants/bulk/water", {"id": ["p-1", "p-3"], "litres": "3"}),
        ("/portal/north/plants/bulk/water", {"id": ["p-3"], "litres": "3"}),
    ],
)
def test_no_foreign_row_is_changed_with_either_lock(
    plants: House, one_lock: str, url: str, data: dict[str, str]
) -> None:
    assert plants.post(url, data, "north").status_code == 404
    assert plants.read(select(Plant.name).order_by(Plant.id)) == ["Rose", "Mint", "Oak"]
    assert plants.read(select(Plant.water_left)) == [3, 3, 3]


@pytest.mark.parametrize("bed", ["s1", "Shady bed", "2"])
def test_a_posted_foreign_reference_is_no_valid_choice_with_either_lock(plants: House, one_lock: str, bed: str) -> None:
    answer = plants.post(
        "/portal/north/plants/p-1/edit", {"name": "Rose", "kind": "tree", "bed": bed, "version": "1"}, "north"
    )
    assert answer.status_code == 422
    assert page_of(answer)["errors"] == [["bed", "Not a valid choice. Choose one of the list."]]
    assert plants.read(select(Plant.bed_id).where(Plant.id == 1)) == [1]


def test_a_posted_owner_is_not_taken(plants: House) -> None:
    data = {"code": "new", "name": "Fern", "kind": "herb", "garden": "south", "garden_id": "2", "id": "77"}
    assert plants.post("/portal/north/plants/new", data, "north").status_code == 303
    assert plants.read(select(Plant.garden_id).where(Plant.code == "new")) == [1]


def test_a_reseller_sees_the_rows_below_and_nothing_else(plants: House, one_lock: str) -> None:
    plants.add(Bed(id=3, garden_id=3, code="b1", name="Lower bed"))
    plants.add(Plant(garden_id=3, code="p-9", name="Moss", kind="herb", bed_id=3))
    page = plants.page("/portal/north/plants-below/", "north")
    assert [row["label"] for row in page["rows"]] == ["p-9"]
    assert page["rows"][0]["cells"][2] == "Lower bed", "no link: the bed's own page would not open"
    assert plants.get("/portal/north/plants-below/p-9", "north").status_code == 200
    assert plants.get("/portal/north/plants-below/p-1", "north").status_code == 404
    assert plants.get("/portal/north/plants/p-9", "north").status_code == 404
    assert plants.get("/portal/south/plants-below/p-9", "south").status_code == 404


def test_the_scope_of_one_request_does_not_reach_the_next(plants: House) -> None:
    for _ in range(2):
        assert len(plants.page("/portal/north/plants/", "north")["rows"]) == 2
        assert len(plants.page("/portal/south/plants/", "south")["rows"]) == 1
        assert len(plants.page("/staff/plants/")["rows"]) == 3
    assert scope.current_scope() is None


def test_every_new_factory_of_sessions_is_guarded(plants: House) -> None:
    """Also one that lies in memory where an older one lay."""
    for _ in range(50):
        sessions = scoped_session(sessionmaker(plants.engine))
        scope.install_guard(sessions)
        with entered(1):
            assert len(sessions.scalars(select(Plant)).all()) == 2
        sessions.remove()
        del sessions


@pytest.mark.parametrize("programs", [1, 5])
def test_a_statement_is_narrowed_once_however_many_programs_one_process_made(plants: House, programs: int) -> None:
    """Each further condition would cost all of them; after some hundred programs, the database's memory."""
    sessions = scoped_session(sessionmaker(plants.engine))
    sent: list[str] = []
    event.listen(plants.engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    for _ in range(programs):
        scope.install_guard(sessions)
    with entered(1):
        assert len(sessions.scalars(select(Plant)).all()) == 2
    sessions.remove()
    assert sent[-1].count("plant.garden_id =") == 1, sent[-1]


@contextlib.contextmanager
def entered(owner_id: int | None, owners: object = None) -> Iterator[None]:
    scope.enter(Scope(GardenOwned, "garden_id", owner_id, owners))
    try:
        yield
    finally:
        scope.leave()


def test_the_guard_narrows_every_statement_of_the_session(plants: House) -> None:
    session = plants.session()
    for owner, names in ((1, ["Mint", "Rose"]), (2, ["Oak"]), (1, ["Mint", "Rose"]), (4, []), (None, [])):
        with entered(owner):
            assert sorted(session.scalars(select(Plant.name))) == names
            assert sorted(plant.name for plant in session.scalars(select(Plant))) == names
    with entered(1):
        assert session.execute(
            select(Species.name, Plant.name).outerjoin(Plant, Plant.species_id == Species.id)
        ).all() == [
            ("Rosa canina", "Rose"),
            ("Mentha", None),
        ]
        assert session.execute(update(Plant).values(note="mine")).rowcount == 2  # type: ignore[attr-defined]
        assert session.scalars(select(Plant.name).where(Plant.bed.has(Bed.name == "Shady bed"))).all() == []
        session.rollback()


def test_the_guard_is_lifted_only_with_a_reason(plants: House) -> None:
    with entered(1):
        with scope.unscoped("names are unique over all gardens"):
            assert len(plants.session().scalars(select(Plant)).all()) == 3
        assert len(plants.session().scalars(select(Plant.id)).all()) == 2
    with pytest.raises(ValueError, match="say why"), scope.unscoped(""):
        pass


def test_a_scoped_realm_without_an_owner_sees_nothing(plants: House) -> None:
    nobody = Scope(GardenOwned, "garden_id", None)
    session = plants.session()
    assert session.scalars(select(Plant).where(*scope.own_rows(nobody, Plant, Plant))).all() == []
    assert session.scalars(select(Plant).where(*scope.own_rows(nobody, Plant, Plant, lambda _owner: True))).all() == []
