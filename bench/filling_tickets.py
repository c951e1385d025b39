"""Fills a database of either kind with tickets and messages, and the words they are found by.

Everything follows from the row's number. Tickets come in one after the other; the messages of 2,000 neighbours come in
turn, so that those of one ticket lie apart, as in a house where many write at once. 96 of 100 tickets are closed, and
those in progress are the newest, as in a house that answers. One ticket has 500 messages.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, create_engine, insert, text
from sqlalchemy.pool import NullPool

from bench.filling import (
    BIG_ACCOUNT_ID,
    BIG_ACCOUNT_SHARE,
    LAST_DAY,
    NULL,
    copy_rows,
    insert_accounts,
    insert_people,
    settle,
    without_indexes_and_keys,
)
from domain.permissions import StaffRole
from domain.search_words import words_of
from models import Department, Member, Person, PersonKind, StaffDepartment, StaffMember, TicketType
from services.unit_of_work import intend_to_write, prepare_engine

AGENTS, DEPARTMENTS, CUSTOMERS = 20, 5, 2_000
AGENT_ID, FIRST_CUSTOMER_ID = 10, 100
"""Row numbers of people: agents begin at the first, customers at the second."""
NEIGHBOURS: Final = 2_000
LONG_TICKET: Final = 500
DAYS: Final = 1_000
IN_PROGRESS: Final = 25
"""One of so many tickets is in progress: the newest ones."""

COMMON, MEDIUM, RARE, OLD = "connection", "voicemail", "zeppelin", "fax"
"""Words that stand in a third of all messages, in one of a hundred, in about forty, and in those of the first tenth."""

_SYLLABLES: Final = ("ka", "lo", "mi", "ne", "ru", "ta", "vo", "sel", "bra", "don", "fir", "gan", "hul", "jor", "pex")
_TICKET_COLUMNS: Final = (
    "id, account_id, number, subject, status, priority, ticket_type_id, department_id, assignee_id, opened_by_id,"
    " source, answers, due_at, last_message_at, solved_at, archived_at, created_at, version"
)
_MESSAGE_COLUMNS: Final = (
    "id, account_id, public_id, discussion_id, author_id, from_staff, internal, title, body, source, created_at"
)
_TEXT_COLUMNS: Final = "id, account_id, ticket_id, message_id, internal, words"
_MADE_AT: Final = dt.datetime(2023, 1, 1, 9, tzinfo=dt.UTC)
_LAST: Final = dt.datetime.combine(LAST_DAY, dt.time(18), tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class TicketSize:
    """How much there is of everything."""

    tickets: int
    messages: int
    accounts: int = 20_000

    @property
    def long_ticket_id(self) -> int:
        """A ticket of the big account, answered lately, assigned to the agent who looks on."""
        return self.tickets - self.tickets // IN_PROGRESS // 2 // BIG_ACCOUNT_SHARE * BIG_ACCOUNT_SHARE

    @property
    def long_ticket(self) -> str:
        return number_of(self.long_ticket_id)

    def messages_of(self, ticket_id: int) -> int:
        """Six or seven, so that all come to the number asked for."""
        if ticket_id == self.long_ticket_id:
            return LONG_TICKET
        others = max(self.messages - LONG_TICKET, self.tickets)
        return ticket_id * others // self.tickets - (ticket_id - 1) * others // self.tickets


def number_of(ticket_id: int) -> str:
    return f"T-{ticket_id:07d}"


def fill_tickets(url: str, size: TicketSize) -> None:
    """Fill an empty, migrated database and bring its statistics up to date."""
    engine = create_engine(url, poolclass=NullPool)
    prepare_engine(engine)
    with intend_to_write(), engine.begin() as connection:
        insert_accounts(connection, size.accounts)
        insert_people(connection)
        _insert_desk(connection)
        if engine.dialect.name == "postgresql":
            _copy(connection, size)
        else:
            _insert(connection, size)
    if engine.dialect.name == "postgresql":
        settle(engine)
    else:
        with engine.connect() as connection:
            connection.exec_driver_sql("INSERT INTO ticket_text_fts (ticket_text_fts) VALUES ('optimize')")
            connection.commit()
            connection.exec_driver_sql("ANALYZE")
            connection.commit()


def _insert_desk(connection: Connection) -> None:
    """Departments, agents who each work in two of them, customers' people, and the types of tickets."""
    connection.execute(
        insert(Department),
        [{"id": n + 1, "public_id": f"dep{n:013d}", "name": f"Team {n + 1}", "created_at": _MADE_AT}
         for n in range(DEPARTMENTS)],
    )  # fmt: skip
    people = [(AGENT_ID + n, PersonKind.STAFF, f"Agent{n}") for n in range(AGENTS)]
    people += [(FIRST_CUSTOMER_ID + n, PersonKind.MEMBER, f"Customer{n}") for n in range(CUSTOMERS)]
    connection.execute(
        insert(Person),
        [
            {"id": key, "kind": kind, "first_name": name, "last_name": "Bench", "created_at": _MADE_AT,
             "checked_at": _MADE_AT, "email": f"{name.lower()}@bench.example"}
            for key, kind, name in people
        ],
    )  # fmt: skip
    connection.execute(
        insert(StaffMember),
        [{"id": AGENT_ID + n, "person_id": AGENT_ID + n, "role": StaffRole.SUPPORT_AGENT, "created_at": _MADE_AT}
         for n in range(AGENTS)],
    )  # fmt: skip
    connection.execute(
        insert(StaffDepartment),
        [{"staff_member_id": AGENT_ID + n, "department_id": 1 + (n + more) % DEPARTMENTS}
         for n in range(AGENTS) for more in range(2)],
    )  # fmt: skip
    connection.execute(
        insert(Member),
        [{"person_id": FIRST_CUSTOMER_ID + n, "account_id": 2 + n, "created_at": _MADE_AT} for n in range(CUSTOMERS)
         if n + 2 <= 20],
    )  # fmt: skip
    connection.execute(
        insert(TicketType),
        [{"id": n + 1, "key": f"type-{n}", "name": f"Type {n + 1}", "created_at": _MADE_AT} for n in range(3)],
    )


# The rows


Row = tuple[Any, ...]


def _luck(number: int) -> int:
    return (number * 2_654_435_761 >> 7) & 0xFFFFFF


def _account_of(ticket_id: int, size: TicketSize) -> int:
    return BIG_ACCOUNT_ID if ticket_id % BIG_ACCOUNT_SHARE == 0 else 2 + _luck(ticket_id) % (size.accounts - 1)


def _opened_at(ticket_id: int, size: TicketSize) -> dt.datetime:
    return _LAST - dt.timedelta(minutes=(size.tickets - ticket_id) * DAYS * 1440 // size.tickets + 600)


def _subject(ticket_id: int) -> str:
    luck = _luck(ticket_id)
    return f"{_WORDS[luck % 3000].capitalize()} {_WORDS[luck // 7 % 300]} at office {luck % 900}"


def ticket_rows(size: TicketSize) -> Iterator[Row]:
    in_progress_from = size.tickets - size.tickets // IN_PROGRESS
    for ticket_id in range(1, size.tickets + 1):
        luck = _luck(ticket_id)
        at = _opened_at(ticket_id, size)
        last = min(at + dt.timedelta(minutes=luck % 4000 // 10), _LAST)
        status = "archived"
        solved_at: dt.datetime | None = last
        archived_at: dt.datetime | None = last
        due_at: dt.datetime | None = None
        if ticket_id > in_progress_from:
            status = ("open", "waiting_for_customer", "waiting_for_support")[luck % 3]
            solved_at, archived_at, due_at = None, None, last + dt.timedelta(hours=luck % 90)
        elif luck % 5 == 0:
            status, archived_at = "solved", None
        is_long = ticket_id == size.long_ticket_id
        assignee = (
            AGENT_ID if is_long else None if luck % 10 == 0 and status == "open" else AGENT_ID + luck // 3 % AGENTS
        )
        department = 1 + luck // 11 % DEPARTMENTS
        yield (
            ticket_id, _account_of(ticket_id, size), number_of(ticket_id), _subject(ticket_id), status,
            ("normal", "high", "low", "urgent")[luck % 17 % 4], 1 + luck % 3, department, assignee,
            FIRST_CUSTOMER_ID + luck % CUSTOMERS, "portal", "{}", due_at, last, solved_at, archived_at, at, 1,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Written:
    """A message: where it stands, and what is in it."""

    id: int
    ticket_id: int
    account_id: int
    internal: bool
    from_staff: bool
    title: str
    body: str
    words: str
    at: dt.datetime


_random = random.Random(7)
_WORDS: Final = sorted(
    {"".join(_random.choice(_SYLLABLES) for _ in range(_random.choice((2, 3, 3, 4)))) for _ in range(9000)}
)
_random.shuffle(_WORDS)


def _paragraphs() -> list[tuple[str, str]]:
    """Texts of about sixty words in Markdown, with a list, and the words in them. Few words are common."""
    rng = random.Random(11)
    weights = [1 / (rank + 20) for rank in range(len(_WORDS))]
    found = []
    for number in range(4_000):
        words = rng.choices(_WORDS, weights, k=60)
        if number % 3 == 0:
            words[5] = COMMON
        if number % 100 == 1:
            words[9] = MEDIUM
        text = (
            f"Hello,\n\nsince {words[0]} the **{words[1]} {words[2]}** {' '.join(words[3:30])}.\n\n"
            f"- {' '.join(words[30:36])}\n- `{words[36]}` {' '.join(words[37:42])}\n\n{' '.join(words[42:])}."
        )
        found.append((text, " ".join(words_of(text))))
    return found


def written(size: TicketSize) -> Iterator[_Written]:
    """The messages in the order in which they came in."""
    paragraphs, message_id = _paragraphs(), 0
    for first in range(1, size.tickets + 1, NEIGHBOURS):
        here = range(first, min(first + NEIGHBOURS, size.tickets + 1))
        rounds = [[ticket_id, size.messages_of(ticket_id)] for ticket_id in here]
        turn = 0
        while rounds:
            for ticket_id, _count in rounds:
                message_id += 1
                yield _message(message_id, ticket_id, turn, size, paragraphs)
            turn += 1
            rounds = [each for each in rounds if each[1] > turn]


def _message(
    message_id: int, ticket_id: int, turn: int, size: TicketSize, paragraphs: Sequence[tuple[str, str]]
) -> _Written:
    luck = _luck(message_id)
    body, words = paragraphs[luck % len(paragraphs)]
    own = f"case{ticket_id}x{turn}"  # what no other message says
    if luck % (size.messages // 40) == 3:
        own += f" {RARE}"
    if ticket_id <= size.tickets // 10:
        own += f" {OLD}"
    from_staff = turn % 2 == 1
    title = f"Re: {_subject(ticket_id)}" if turn else _subject(ticket_id)
    return _Written(
        message_id, ticket_id, _account_of(ticket_id, size), from_staff and luck % 7 == 0, from_staff, title,
        f"{body}\n\n{own}", f"{words} {own} {' '.join(words_of(title))}",
        _opened_at(ticket_id, size) + dt.timedelta(minutes=turn * 7),
    )  # fmt: skip


def message_rows(size: TicketSize) -> Iterator[Row]:
    for each in written(size):
        luck = _luck(each.ticket_id)
        author = (
            AGENT_ID + luck // 3 % AGENTS if each.from_staff else FIRST_CUSTOMER_ID + (luck + each.id % 3) % CUSTOMERS
        )
        source = "staff" if each.from_staff else "portal"
        yield (
            each.id, each.account_id, f"m{each.id:015d}", each.ticket_id, author, each.from_staff, each.internal,
            each.title, each.body, source, each.at,
        )  # fmt: skip


def text_rows(size: TicketSize) -> Iterator[Row]:
    for ticket_id in range(1, size.tickets + 1):
        words = " ".join(words_of(number_of(ticket_id), _subject(ticket_id)))
        yield ticket_id, _account_of(ticket_id, size), ticket_id, None, False, words
    for each in written(size):
        yield size.tickets + each.id, each.account_id, each.ticket_id, each.id, each.internal, each.words


def discussion_rows(size: TicketSize) -> Iterator[Row]:
    for ticket_id in range(1, size.tickets + 1):
        at = _opened_at(ticket_id, size)
        yield ticket_id, _account_of(ticket_id, size), f"d{ticket_id:015d}", ticket_id, _subject(ticket_id), at


def participant_rows(size: TicketSize) -> Iterator[Row]:
    for ticket_id in range(1, size.tickets + 1):
        person = FIRST_CUSTOMER_ID + _luck(ticket_id) % CUSTOMERS
        yield ticket_id, _account_of(ticket_id, size), ticket_id, person, "opener", _opened_at(ticket_id, size)


_TABLES: Final = (
    ("ticket", _TICKET_COLUMNS, ticket_rows),
    ("discussion", "id, account_id, public_id, ticket_id, title, created_at", discussion_rows),
    ("message", _MESSAGE_COLUMNS, message_rows),
    ("ticket_participant", "id, account_id, ticket_id, person_id, part, created_at", participant_rows),
    ("ticket_text", _TEXT_COLUMNS, text_rows),
)


# How they get in


def _copy(connection: Connection, size: TicketSize) -> None:
    connection.execute(text("SET LOCAL synchronous_commit = off"))
    connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
    names = [name for name, _columns, _rows in _TABLES]
    connection.execute(text(f"TRUNCATE {', '.join(names)} CASCADE"))
    with without_indexes_and_keys(connection, names):
        for name, columns, rows in _TABLES:
            copy_rows(connection, name, columns, (_line(row) for row in rows(size)))


def _line(row: Row) -> str:
    return "\t".join(NULL if value is None else _escaped(value) for value in row) + "\n"


def _escaped(value: Any) -> str:
    return value.replace("\n", "\\n") if isinstance(value, str) else str(value)


def _insert(connection: Connection, size: TicketSize) -> None:
    driver: Any = connection.connection.driver_connection
    for name, columns, rows in _TABLES:
        marks = ", ".join("?" * (columns.count(",") + 1))
        for batch in _batches(rows(size)):
            driver.executemany(f"INSERT INTO {name} ({columns}) VALUES ({marks})", batch)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(rows)
    while batch := [tuple(map(_plain, row)) for row in islice(rows, 5_000)]:
        yield batch


def _plain(value: Any) -> Any:
    return (
        value.replace(tzinfo=None).isoformat(" ", timespec="microseconds") if isinstance(value, dt.datetime) else value
    )
