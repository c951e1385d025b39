"""Fills a scratch database: 20,000 accounts, any number of invoices with an order each, and two people who look on.

Everything follows from the row's number, so two runs measure the same rows. Ids, numbers and days grow together, as
they do in a house that has run for years.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, insert, text
from sqlalchemy.pool import NullPool

from domain.permissions import StaffRole
from models import Account, AccountAncestor, Member, Person, PersonKind, StaffMember

LAST_DAY = dt.date(2026, 6, 30)
DAYS = 970
"""Days with issued invoices. With the drafts, 3% of all, a thousandth of the rows falls on each day.

So many drafts fill the last page of the big account at every size: a last page that goes on into the issued invoices
costs one statement more, and would make the small table look slower than it is.
"""

BIG_ACCOUNT_SHARE = 10
"""One of so many invoices belongs to the first account: 200,000 of 2,000,000."""

STAFF_PERSON_ID, MEMBER_PERSON_ID, BIG_ACCOUNT_ID = 1, 2, 1
BIG_CLIENT_ID = "10001"
LINES_AT_ONCE = 5_000
NULL = "\\N"  # in the text format of COPY

_PLACES = ("Alder", "Birch", "Cedar", "Dover", "Elm", "Fern", "Grove", "Harbor", "Iris", "Juniper", "Kestrel", "Lark")
_TRADES = ("Telecom", "Hosting", "Voice", "Dental", "Logistics", "Foods", "Legal", "Studios", "Clinics", "Tools")
_FORMS = ("Inc.", "Ltd.", "GmbH", "Group", "& Sons", "LLC")
_SERVICES = ("Standard plan, monthly", "Business plan, monthly", "Extra seats", "Support contract", "Licenses, yearly")
_HOMES = (("US", "USD", "America/New_York"), ("US", "USD", "America/Chicago"), ("DE", "EUR", "Europe/Berlin"))


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything."""

    invoices: int
    accounts: int = 20_000

    @property
    def drafts(self) -> int:
        return max(1, self.invoices * 3 // 100)

    @property
    def per_day(self) -> int:
        return -(-(self.invoices - self.drafts) // DAYS)

    @property
    def first_day(self) -> dt.date:
        days = -(-(self.invoices - self.drafts) // self.per_day)
        return LAST_DAY - dt.timedelta(days=days - 1)


def fill(url: str, size: Size) -> None:
    """Fill an empty, migrated database and bring its statistics up to date."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL synchronous_commit = off"))
        connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        insert_accounts(connection, size.accounts)
        insert_people(connection)
        # Emptied in this transaction, they take rows that need no vacuum afterwards (COPY … FREEZE).
        connection.execute(text("TRUNCATE customer_order, invoice CASCADE"))
        with without_indexes_and_keys(connection, ("customer_order", "invoice")):
            copy_rows(connection, "customer_order", ORDER_COLUMNS, order_lines(size))
            copy_rows(connection, "invoice", INVOICE_COLUMNS, invoice_lines(size))
    settle(engine)


def settle(engine: Engine) -> None:
    """Leave nothing to the server's housekeeping that could run while times are taken."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))


# The rows


def insert_accounts(connection: Connection, count: int) -> None:
    made_at = dt.datetime(2023, 1, 1, 9, tzinfo=dt.UTC)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        country, currency, zone = home_of(number + 1)
        name = account_name(number + 1)
        rows.append(
            {
                "id": number + 1,
                "client_id": str(10_001 + number),
                "name": name,
                "billing_name": name,
                "country": country,
                "currency": currency,
                "time_zone": zone,
                "contact_email": f"billing@customer{number + 1}.example",
                "created_at": made_at + dt.timedelta(minutes=number),
            }
        )
    connection.execute(insert(Account), rows)
    ancestors = [{"account_id": row["id"], "ancestor_id": row["id"], "depth": 0} for row in rows]
    connection.execute(insert(AccountAncestor), ancestors)


def account_name(account_id: int) -> str:
    """A name that only this account has."""
    kind, place = divmod(account_id, len(_PLACES))
    return f"{_PLACES[place]} {_TRADES[kind % len(_TRADES)]} {_FORMS[kind % len(_FORMS)]} {account_id}"


def home_of(account_id: int) -> tuple[str, str, str]:
    """Country, currency and time zone of an account."""
    return _HOMES[0] if account_id == BIG_ACCOUNT_ID else _HOMES[account_id % len(_HOMES)]


def insert_people(connection: Connection) -> None:
    """An administrator of the back office, and the owner of the account with the most invoices."""
    made_at = dt.datetime(2023, 1, 1, 9, tzinfo=dt.UTC)
    people = [
        {"id": STAFF_PERSON_ID, "kind": PersonKind.STAFF, "first_name": "Ada", "last_name": "Admin"},
        {"id": MEMBER_PERSON_ID, "kind": PersonKind.MEMBER, "first_name": "Otto", "last_name": "Owner"},
    ]
    for person in people:
        email = f"{person['first_name']}@bench.example".lower()
        person |= {"email": email, "created_at": made_at, "checked_at": made_at}
    connection.execute(insert(Person), people)
    connection.execute(
        insert(StaffMember), {"person_id": STAFF_PERSON_ID, "role": StaffRole.ADMINISTRATOR, "created_at": made_at}
    )
    connection.execute(
        insert(Member),
        {"person_id": MEMBER_PERSON_ID, "account_id": BIG_ACCOUNT_ID, "is_owner": True, "created_at": made_at},
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """What an invoice and its order have in common."""

    id: int
    account_id: int
    currency: str
    issued_on: dt.date | None
    counter: int
    net: int
    tax: int
    luck: int
    description: str


def _facts(size: Size) -> Iterator[_Facts]:
    issued = size.invoices - size.drafts
    per_day, first_day = size.per_day, size.first_day
    day, year, counter = first_day, first_day.year, 0
    for number in range(size.invoices):
        if number < issued and number % per_day == 0:
            day = first_day + dt.timedelta(days=number // per_day)
            year, counter = (day.year, 0) if day.year != year else (year, counter)
        counter += 1
        luck = (number * 2_654_435_761 >> 7) & 0xFFFFFF
        account_id = BIG_ACCOUNT_ID if number % BIG_ACCOUNT_SHARE == 0 else 2 + luck % (size.accounts - 1)
        currency = home_of(account_id)[1]
        net = 1_000 + luck % 250_000
        tax = net * 19 // 100 if currency == "EUR" else 0
        issued_on = day if number < issued else None
        description = _SERVICES[luck % len(_SERVICES)]
        yield _Facts(number + 1, account_id, currency, issued_on, counter, net, tax, luck // 256, description)


ORDER_COLUMNS = (
    "id, account_id, number, kind, status, description, currency, net_total, tax_total, total, placed_at, fulfilled_at,"
    " created_at, version"
)


def order_lines(size: Size) -> Iterator[str]:
    """The orders as lines of COPY: one for each invoice."""
    for fact in _facts(size):
        moment = f"{fact.issued_on or LAST_DAY} 08:00:00+00"
        status, fulfilled_at = ("placed", NULL) if fact.issued_on is None else ("fulfilled", moment)
        yield (
            f"{fact.id}\t{fact.account_id}\tORD-{fact.id:07d}\trenewal\t{status}\t{fact.description}\t{fact.currency}"
            f"\t{fact.net}\t{fact.tax}\t{fact.net + fact.tax}\t{moment}\t{fulfilled_at}\t{moment}\t1\n"
        )


INVOICE_COLUMNS = (
    "id, account_id, number, order_id, status, issued_on, due_on, description, currency, net_total, tax_total, total,"
    " amount_paid, amount_credited, amount_due, billing, created_at, version"
)


def invoice_lines(size: Size) -> Iterator[str]:
    """The invoices as lines of COPY. Drafts are the newest; of the others 88% are paid, 7% unpaid, 3% partly."""
    for fact in _facts(size):
        total, issued_on = fact.net + fact.tax, fact.issued_on
        status, paid, due = _settlement(fact.luck, total) if issued_on else ("draft", 0, total)
        number = f"INV-{issued_on.year}-{fact.counter:06d}" if issued_on else f"DRAFT-{fact.id:016d}"
        due_on = issued_on + dt.timedelta(days=14) if issued_on else NULL
        billing = f'{{"name": "{account_name(fact.account_id)}", "city": "Springfield", "postal_code": "12345"}}'
        yield (
            f"{fact.id}\t{fact.account_id}\t{number}\t{fact.id}\t{status}\t{issued_on or NULL}\t{due_on}"
            f"\t{fact.description}\t{fact.currency}\t{fact.net}\t{fact.tax}\t{total}\t{paid}\t0\t{due}\t{billing}"
            f"\t{issued_on or LAST_DAY} 08:00:00+00\t1\n"
        )


def _settlement(luck: int, total: int) -> tuple[str, int, int]:
    """Status, amount paid and amount due."""
    share = luck % 100
    if share < 88:
        return "paid", total, 0
    if share < 95:
        return "unpaid", 0, total
    if share < 98:
        return "partially_paid", total // 3, total - total // 3
    return "void", 0, 0


# How they get in


def copy_rows(connection: Connection, table: str, columns: str, lines: Iterable[str]) -> None:
    driver: Any = connection.connection.driver_connection
    lines = iter(lines)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FREEZE)") as copy:
        while block := "".join(islice(lines, LINES_AT_ONCE)):
            copy.write(block)
    sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table})
    if sequence:
        connection.execute(text(f"SELECT setval('{sequence}', (SELECT max(id) FROM {table}))"))


@contextmanager
def without_indexes_and_keys(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """Take plain indexes and foreign keys away for the block: made once over all rows they cost a fraction."""
    indexes = connection.execute(
        text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(:tables)"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint) ORDER BY indexname"
        ),
        {"tables": list(tables)},
    ).all()
    keys = connection.execute(
        text(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid::regclass::text = ANY(:tables) ORDER BY conname"
        ),
        {"tables": list(tables)},
    ).all()
    for table, name, _definition in keys:
        connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
    for name, _definition in indexes:
        connection.execute(text(f'DROP INDEX "{name}"'))
    yield
    for _name, definition in indexes:
        connection.exec_driver_sql(definition)
    for table, name, definition in keys:
        connection.exec_driver_sql(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
