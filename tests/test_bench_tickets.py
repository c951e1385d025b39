"""The bench of tickets works on a few hundred of them, and both programs show the same. No time is judged here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bench import tickets
from bench.bare_tickets import create_bare_tickets
from bench.databases import scratch_database
from bench.filling_tickets import AGENT_ID, LONG_TICKET, TicketSize, fill_tickets
from bench.report import MOST_STATEMENTS
from bench.serving import GENERATED, Stand, count_statements, stand_on
from bench.tickets import CASES, Compared, Found, TicketCase
from bench.timing import Measured
from tests.support.surroundings import POSTGRESQL
from tests.test_bench import shape_of

TINY = TicketSize(tickets=600, messages=4_000, accounts=40)
TABLES = ("ticket", "discussion", "message", "ticket_participant", "ticket_text")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, object]]]:
    """A database with tickets, and what its tables looked like before."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            POSTGRESQL.require()
            url = stack.enter_context(scratch_database("test_tickets"))
        else:
            url = stack.enter_context(tickets.sqlite_file())
        before = shape_of(url, *TABLES)
        fill_tickets(url, TINY)
        yield url, before


@pytest.fixture(scope="module")
def stand(filled: tuple[str, dict[str, object]]) -> Iterator[Stand]:
    with stand_on(filled[0], create_bare_tickets, {"agent": AGENT_ID}) as both:
        yield both


def test_filling_makes_as_many_rows_as_asked_and_leaves_indexes_and_keys(filled: tuple[str, dict[str, object]]) -> None:
    url, before = filled
    assert shape_of(url, *TABLES) == before
    with create_engine(url, poolclass=NullPool).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM ticket")) == TINY.tickets
        messages = connection.scalar(text("SELECT count(*) FROM message"))
        assert abs(int(messages or 0) - TINY.messages) < 10
        assert connection.scalar(text("SELECT count(*) FROM ticket_text")) == TINY.tickets + int(messages or 0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_programs_show_the_same_tickets_and_messages(stand: Stand, case: TicketCase) -> None:
    environ = stand.environ(tickets.address_of(case, stand, TINY), "agent")
    shown = tickets.same_rows(case, stand, environ)
    if "{ticket}" in case.path:
        assert len(shown) == LONG_TICKET
    else:
        assert count_statements(stand.generated, environ) <= MOST_STATEMENTS
        assert bool(shown) == ("quetzal" not in case.path)


def test_a_difference_between_the_programs_is_an_error(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = stand.environ("/staff/tickets/", "agent")
    monkeypatch.setattr("bench.bare_tickets.PAGE_SIZE", 7)
    with pytest.raises(AssertionError, match="different rows"):
        tickets.same_rows(CASES[0], stand, environ)


def test_every_page_is_timed_as_often_as_asked(filled: tuple[str, dict[str, object]]) -> None:
    found = tickets.measure_on(filled[0], "here", TINY, 2)
    assert [page.name for page in found.pages] == [case.name for case in CASES]
    assert {len(each.seconds) for page in found.pages for each in (page.generated, page.bare)} == {2}
    assert found.megabytes > 1


def test_the_report_of_tickets_names_what_is_too_slow() -> None:
    def measured(milliseconds: float, statements: int = 3) -> Measured:
        return Measured(10, statements, 90_000, [milliseconds / 1000] * 10)

    page = Compared("a list", measured(2.4), measured(1))
    long = Compared(CASES[-1].name, measured(2.4, 30), measured(1))
    found = Found(GENERATED, TINY, 12.0, [page, long])
    assert tickets.misses([found]) == []
    found.pages[0] = Compared("a list", measured(2.6, MOST_STATEMENTS + 1), measured(1))
    assert tickets.misses([found]) == [
        "tickets on generated, a list: 2.60 times the page by hand",
        f"tickets on generated, a list: {MOST_STATEMENTS + 1} SQL statements",
    ]
    assert "| a list | 2.6 ms | 1.0 ms | **2.60** |" in "\n".join(tickets.parts_of([found], 10))
