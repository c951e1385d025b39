"""The pieces of the bench work on a few hundred rows, and what it compares shows the same. No time is judged here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from bench import dashboards, licenses, report
from bench.databases import SERVER_URL, scratch_database
from bench.exports import Exports, compare_exports, measure_exports, psql_missing
from bench.filling import BIG_ACCOUNT_ID, Size, fill
from bench.filling_licenses import fill_licenses
from bench.serving import BARE, GENERATED, Stand, count_statements, numbers_on, stand_on
from bench.timing import CASES, HEALTH, Case, Key, Measured, address_of, measure
from tests.support.surroundings import POSTGRESQL

TINY = Size(invoices=600, accounts=40)


@pytest.fixture(scope="module")
def empty_shape() -> dict[str, object]:
    """What the tables looked like before they were filled; set by the fixture below."""
    return {}


@pytest.fixture(scope="module")
def url(empty_shape: dict[str, object]) -> Iterator[str]:
    POSTGRESQL.require()
    with scratch_database("test") as made:
        empty_shape.update(shape_of(made))
        fill(made, TINY)
        yield made


@pytest.fixture(scope="module")
def stand(url: str) -> Iterator[Stand]:
    with stand_on(url) as both:
        yield both


def shape_of(url: str, *tables: str) -> dict[str, object]:
    """The indexes and foreign keys of the tables that are filled; without names those of invoices."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        found = inspect(connection)
        return {
            table: (
                sorted(str(index["name"]) for index in found.get_indexes(table)),
                sorted(str(key["name"]) for key in found.get_foreign_keys(table)),
            )
            for table in tables or ("invoice", "customer_order")
        }


def test_a_scratch_database_is_dropped_even_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    POSTGRESQL.require()
    engines: list[Engine] = []

    def fail(engine: Engine) -> None:
        engines.append(engine)
        raise RuntimeError("stop here")

    monkeypatch.setattr("bench.databases.migrate", fail)
    with pytest.raises(RuntimeError, match="stop here"), scratch_database("failing"):
        pass
    server = create_engine(SERVER_URL, poolclass=NullPool)
    with server.connect() as connection:
        names = list(connection.scalars(text("SELECT datname FROM pg_database")))
    assert engines[0].url.database not in names


def test_filling_leaves_every_index_and_foreign_key_in_place(url: str, empty_shape: dict[str, object]) -> None:
    assert shape_of(url) == empty_shape


def test_one_of_ten_invoices_belongs_to_the_big_account(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        counted = connection.execute(
            text("SELECT count(*), count(*) FILTER (WHERE account_id = :big) FROM invoice"), {"big": BIG_ACCOUNT_ID}
        ).one()
    assert tuple(counted) == (TINY.invoices, TINY.invoices // 10)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_page_by_hand_and_the_generated_one_show_the_same_invoices(stand: Stand, case: Case) -> None:
    shown = []
    for served in stand.both:
        environ = stand.environ(address_of(case, TINY, stand, served), case.realm)
        shown.append(numbers_on(served.answer(environ)))
        assert 0 < count_statements(served, environ) <= report.MOST_STATEMENTS
    assert shown[0] == shown[1]
    assert 0 < len(shown[0]) <= 50


def test_every_page_of_both_programs_is_timed_as_often_as_asked(stand: Stand) -> None:
    found = measure([(TINY, stand)], repetitions=2)
    names = {(case.name, program) for case in CASES for program in (GENERATED, BARE)}
    assert {key[:2] for key in found} >= names
    assert {len(measured.seconds) for measured in found.values()} == {2}


@pytest.mark.skipif(psql_missing(), reason="psql was not found")
def test_the_export_and_the_copy_hold_the_same_number_of_rows(url: str) -> None:
    found = measure_exports(url, TINY, rows=100, turns=1)
    assert found.rows == 100
    assert len(found.export) == len(found.copy) == len(found.megabytes) == 1


LICENSES = 3_000


@pytest.fixture(scope="module")
def licensed() -> Iterator[Stand]:
    """The programs on a database of licenses, three on each day."""
    POSTGRESQL.require()
    with scratch_database("test_licenses") as made:
        before = shape_of(made, "license")
        fill_licenses(made, LICENSES, accounts=1_200)
        assert shape_of(made, "license") == before
        with stand_on(made) as both:
            yield both


@pytest.mark.parametrize("case", licenses.CASES, ids=lambda case: case.name)
def test_each_list_of_licenses_shows_rows_within_its_statements(licensed: Stand, case: licenses.Case) -> None:
    environ = licensed.environ(case.path, case.realm)
    assert 0 < len(licenses.codes_on(licensed.generated.answer(environ))) <= licenses.PAGE_SIZE
    assert count_statements(licensed.generated, environ) <= report.MOST_STATEMENTS


def test_the_report_of_licenses_names_what_is_too_slow(licensed: Stand) -> None:
    found = licenses.measure_licenses([(LICENSES, licensed)], 2)
    for case in licenses.CASES:
        found[case.name, 10] = measured(1, 10)
        found[case.name, LICENSES].seconds = [0.0012, 0.0012]
    assert licenses.misses(found, 10, LICENSES, None) == []
    found[licenses.CASES[0].name, LICENSES].seconds = [0.002, 0.002]
    slow = Exports(rows=10, export=[7.0], copy=[1.0], megabytes=[1.0])
    assert licenses.misses(found, 10, LICENSES, slow) == [
        "licenses, staff: first page: grows 2.00 times",
        "licenses, export: 7.0 times \\copy",
    ]
    assert "| staff: first page | 1.0 ms | 2.0 ms | 2.00 |" in "\n".join(licenses.parts_of(found, 10, LICENSES, slow))


@pytest.mark.skipif(psql_missing(), reason="psql was not found")
def test_the_export_of_licenses_and_the_copy_hold_the_same_number_of_rows(licensed: Stand) -> None:
    assert compare_exports(licensed.url, "licenses", "", licenses.SAME_SELECT, turns=1).rows == LICENSES


def measured(milliseconds: float, invoices: int, statements: int = 3) -> Measured:
    return Measured(invoices, statements, 90_000, [milliseconds / 1000] * 10)


def figures(generated: float, bare: float, *, large: float | None = None, statements: int = 3) -> dict[Key, Measured]:
    """The same figures for every page; ``large`` are the generated one's at 1,000 invoices."""
    found: dict[Key, Measured] = {}
    for name in [*(case.name for case in CASES), HEALTH]:
        found[name, GENERATED, 10] = measured(generated, 10, statements)
        found[name, GENERATED, 1_000] = measured(large or generated, 1_000, statements)
        found[name, BARE, 10] = found[name, BARE, 1_000] = measured(bare, 1_000)
    return found


def misses(found: dict[Key, Measured], exports: Exports | None = None) -> list[str]:
    return report.misses(report.lines_of(found, 10, 1_000), exports)


def test_a_page_within_its_targets_is_not_reported() -> None:
    assert misses(figures(2.4, 1)) == []


def test_a_page_too_slow_too_talkative_or_growing_is_named() -> None:
    assert misses(figures(2.6, 1))[0] == "staff: first page: 2.60 times the page by hand"
    assert misses(figures(2, 1, statements=8))[0] == "staff: first page: 8 SQL statements"
    grown = misses(figures(1, 1, large=1.4))
    assert grown[0] == "staff: first page: grows 1.40 times"
    assert not any("search" in miss for miss in grown)


def test_an_export_too_slow_or_too_big_is_named() -> None:
    slow = Exports(rows=10, export=[7.0], copy=[1.0], megabytes=[41.0])
    assert misses(figures(1, 1), slow) == ["export: 7.0 times \\copy", "export: 41 MB above the idle process"]


def test_the_report_tells_medians_and_what_was_missed() -> None:
    lines = report.lines_of(figures(30, 10), 10, 1_000)
    told = report.text(["2 cores"], lines, None, [], report.misses(lines, None))
    assert "| staff: first page | 30.0 ms | 30.0 ms | 10.0 ms | **3.00** |" in told
    assert "- staff: first page: 3.00 times the page by hand" in told


def test_the_queries_of_the_first_pages_are_sent_bare_and_find_the_same_rows(stand: Stand) -> None:
    requests = {"home": stand.environ("/staff/", "staff"), "dashboard": stand.environ("/portal/10001/", "portal")}
    found = dashboards.measure_first_pages(stand.generated, requests, 2)
    assert [each.name for each in found] == ["home", "dashboard"]
    for each in found:
        assert 0 < each.page.statements <= dashboards.MOST_STATEMENTS
        assert len(each.page.seconds) == len(each.bare) == 2
    with dashboards.statements_of(stand.generated) as sent:
        assert "INV-" in stand.generated.answer(requests["dashboard"]).decode()
    assert dashboards.send_bare(stand.generated, sent) > len(sent)


def test_the_report_of_first_pages_names_what_is_too_slow() -> None:
    def page(seconds: float, statements: int = 12) -> dashboards.FirstPage:
        return dashboards.FirstPage("home", Measured(0, statements, 40_000, [seconds] * 10), [0.01] * 10)

    assert dashboards.misses([page(0.0249)]) == []
    assert dashboards.misses([page(0.026, 13)]) == ["home: 2.60 times its bare queries", "home: 13 SQL statements"]
    assert "| home | 24.0 ms | 10.0 ms | **2.40** |" in "\n".join(dashboards.parts_of([page(0.024)]))
