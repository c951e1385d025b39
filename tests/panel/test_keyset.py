"""Paging by key: any order, any empty values, any page size walks all rows exactly once, forward and backward."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from panel.keyset import LAST_PAGE, Keyset, Order, segments
from tests.panel.schema import Garden, Kind, Plant

COLUMNS = {
    "name": st.sampled_from(["a", "b", "B", "ä", ""]),
    "height": st.none() | st.integers(-2, 2),
    "planted_on": st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 3)),
    "watered_at": st.none()
    | st.integers(0, 2).map(lambda n: dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + n * dt.timedelta(seconds=0.3)),
    "kind": st.sampled_from(list(Kind)),
    "rare": st.booleans(),
}


def order_by(name: str, descending: bool) -> Order:
    column = Plant.id if name == "id" else getattr(Plant, name)
    nullable = bool(Plant.__table__.c[name].nullable)
    return Order(name, descending, column, Plant.id, nullable, 1, 0)


def statement(order: Order) -> Any:
    return select(Plant.id, order.column).where


def walk(session: Session, order: Order, size: int, start: str, step: str) -> list[int]:
    """All keys, page by page, and where the walk ends."""
    keyset, cursor, found = Keyset(order, size, "secret", "plants"), start, []
    for _ in range(40):
        page = keyset.page(session, statement(order), cursor)
        keys = [row[0] for row in page.rows]
        assert len(keys) <= size
        found = found + keys if step == "next" else keys + found
        cursor = getattr(page, step)
        if not cursor:
            return found
    raise AssertionError("the walk does not end")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from([*COLUMNS, "id"]), descending=st.booleans(), size=st.integers(1, 7))
def test_a_walk_meets_every_row_once_in_both_directions(
    engine: Engine, data: st.DataObject, name: str, descending: bool, size: int
) -> None:
    rows = data.draw(st.lists(st.fixed_dictionaries(COLUMNS), max_size=16))
    with Session(engine) as session:
        session.execute(delete(Plant))
        session.merge(Garden(id=1, code="north", name="North"))
        session.flush()
        session.add_all(
            Plant(id=n, garden_id=1, code=str(n), **{"kind": "herb", **row}) for n, row in enumerate(rows, 1)
        )
        session.flush()
        order = order_by(name, descending)
        whole = [row[0] for part in segments(order, statement(order)) for row in session.execute(part)]
        assert sorted(whole) == list(range(1, len(rows) + 1))
        assert walk(session, order, size, "", "next") == whole
        assert walk(session, order, size, LAST_PAGE, "previous") == whole
        for start in ("", LAST_PAGE):
            at_once = Keyset(order, size, "secret", "plants").page(session, statement(order), start, gathered=True)
            assert at_once == Keyset(order, size, "secret", "plants").page(session, statement(order), start)
        values = [None if name == "id" else rows[key - 1][name] for key in whole]
        assert values == sorted(values, key=lambda value: value is None), "rows without a value come last"
        session.rollback()


@pytest.fixture
def three(engine: Engine) -> Session:
    session = Session(engine)
    session.add(Garden(id=1, code="north", name="North"))
    session.flush()
    session.add_all(Plant(id=n, garden_id=1, code=str(n), name=f"P{n}", kind="herb") for n in (1, 2, 3))
    session.flush()
    return session


def test_a_cursor_signed_with_another_secret_shows_the_first_page(three: Session) -> None:
    order = order_by("name", descending=False)
    forged = Keyset(order, 1, "guessed", "plants").page(three, statement(order), "").next
    assert forged
    page = Keyset(order, 1, "secret", "plants").page(three, statement(order), forged)
    assert [row[0] for row in page.rows] == [1]
    three.close()


def test_a_cursor_whose_rows_are_gone_shows_the_first_page(three: Session) -> None:
    order = order_by("name", descending=False)
    keyset = Keyset(order, 2, "secret", "plants")
    after = keyset.page(three, statement(order), "").next
    three.execute(delete(Plant).where(Plant.id == 3))
    page = keyset.page(three, statement(order), after)
    assert [row[0] for row in page.rows] == [1, 2]
    assert (page.previous, page.next) == ("", "")
    three.close()


def test_rows_added_behind_the_cursor_do_not_shift_the_pages(three: Session) -> None:
    order = order_by("name", descending=False)
    keyset = Keyset(order, 2, "secret", "plants")
    after = keyset.page(three, statement(order), "").next
    three.add(Plant(id=9, garden_id=1, code="9", name="A new first", kind="herb"))
    three.flush()
    assert [row[0] for row in keyset.page(three, statement(order), after).rows] == [3]
    three.close()


def test_rows_without_a_value_are_sorted_as_the_index_has_them(three: Session) -> None:
    _with_value, without = segments(order_by("height", descending=True), statement(order_by("height", descending=True)))
    assert "ORDER BY plant.height DESC, plant.id DESC" in str(without)
    three.close()


def test_neither_an_offset_nor_a_count_is_asked_for(three: Session) -> None:
    order = order_by("height", descending=True)
    for part in segments(order, statement(order)):
        sql = str(part).lower()
        assert "offset" not in sql
        assert "count(" not in sql
    assert dataclasses.replace(order, descending=False).address == "height"
    three.close()
