"""The yardstick: the list of invoices as a careful person writes it by hand in plain Flask, for this table alone.

It answers the same addresses with the same rows: the session is looked up by its cookie, the staff row or the seat
after it, then one page of invoices by the same predicate, order and limit over the same indexes. Columns are selected
plainly (SQLAlchemy Core, no entities), money and dates are written by two small functions instead of Babel, and a
template of its own writes the layout, the menu, the filters, the table with a menu for each row, and the pager. Nothing
is slowed down on purpose, and nothing that a page needs is left out. What it lacks is all that makes it work for a
second table: descriptions, other sort orders, filters beyond four, languages, and permissions finer than staff or seat.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, Engine, Row, Select, create_engine, select, tuple_

from domain.invoices import InvoiceStatus
from models import Account, Invoice, Member, Order, Person, SignInSession, StaffMember
from models.account import AccountStatus
from models.member import MemberStatus
from models.staff import StaffStatus

PAGE_SIZE = 50
IDLE = dt.timedelta(hours=12)
ROOT = Path(__file__).resolve().parent.parent
ENGINE = "bare_engine"

# Plain tables: nothing of the ORM takes part.
invoice: Any = Invoice.__table__
account: Any = Account.__table__
order: Any = Order.__table__
session: Any = SignInSession.__table__
person: Any = Person.__table__
staff_member: Any = StaffMember.__table__
member: Any = Member.__table__

COLUMNS = (
    invoice.c.id,
    invoice.c.number,
    account.c.client_id,
    account.c.name.label("account_name"),
    invoice.c.issued_on,
    invoice.c.due_on,
    invoice.c.description,
    order.c.number.label("order_number"),
    invoice.c.status,
    invoice.c.total,
    invoice.c.amount_due,
    invoice.c.amount_credited,
    invoice.c.currency,
)
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
TONES = {"paid": "success", "unpaid": "warning", "partially_paid": "warning", "void": "muted", "draft": "muted"}
FILTERS = ("status", "issued_on.from", "issued_on.to", "q")
MENU = (
    ("", (("", "Home", "house"),)),
    (
        "Customers",
        (("accounts", "Accounts", "buildings"), ("members", "Members", "people"), ("prospects", "Prospects", "star")),
    ),
    (
        "Services",
        (
            ("licenses", "Licenses", "key"),
            ("customer-licenses", "Customer licenses", "boxes"),
            ("client-app-report", "Client app report", "clipboard"),
            ("subscriptions", "Subscriptions", "repeat"),
            ("subscription-items", "Subscription items", "list"),
            ("releases", "Releases", "cloud-download"),
        ),
    ),
    (
        "Money",
        (
            ("invoices", "Invoices", "receipt"),
            ("credit-notes", "Credit notes", "file-earmark-minus"),
            ("statements", "Statements", "journal-text"),
            ("payments", "Payments", "wallet2"),
            ("payment-methods", "Payment methods", "credit-card"),
            ("orders", "Orders", "cart"),
        ),
    ),
    (
        "Support",
        (
            ("tickets", "Tickets", "life-preserver"),
            ("notifications", "Notifications", "bell"),
            ("resources", "Resources", "newspaper"),
            ("ticket-types", "Ticket types", "tags"),
        ),
    ),
    (
        "Catalogue",
        (
            ("products", "Products", "box-seam"),
            ("packages", "Packages", "boxes"),
            ("prices", "Prices", "tag"),
            ("tax-rules", "Tax rules", "percent"),
        ),
    ),
    (
        "Administration",
        (
            ("staff-members", "Staff", "person-badge"),
            ("departments", "Departments", "building"),
            ("audit", "Audit", "shield-check"),
            ("gateways", "Gateway events", "link-45deg"),
            ("jobs", "Jobs", "gear"),
        ),
    ),
)
PORTAL_HIDES = frozenset({"accounts", "Catalogue", "ticket-types", "staff-members", "departments", "gateways", "jobs"})
PORTAL_MENU = tuple(
    (label, tuple(item for item in items if item[0] not in PORTAL_HIDES))
    for label, items in MENU
    if label not in PORTAL_HIDES
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_bare_app(url: str) -> Flask:
    """An app with two pages: /staff/invoices/ and /portal/<client id>/invoices/."""
    app = Flask(__name__, static_folder=str(ROOT / "static"))
    app.config.update(SECRET_KEY=secrets.token_hex(), SESSION_COOKIE_NAME="bare_form", WTF_CSRF_TIME_LIMIT=None)
    CSRFProtect(app)
    engine = app.extensions[ENGINE] = create_engine(url)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["tones"] = TONES
    app.jinja_env.filters.update(money=money, day=day, word=word)

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @app.get("/staff/invoices/")
    def staff_invoices() -> ResponseReturnValue:
        with engine.connect() as connection:
            who = signed_in_person(connection)
            if who is None:
                return redirect("/sign-in")
            if not is_staff(connection, who.id):
                abort(404)
            page = invoice_page(connection, None)
        return render_template("bare/invoices.html", page=page, person=who, menu=MENU, base="/staff", account=None)

    @app.get("/portal/<client_id>/invoices/")
    def portal_invoices(client_id: str) -> ResponseReturnValue:
        with engine.connect() as connection:
            who = signed_in_person(connection)
            if who is None:
                return redirect("/sign-in")
            here = seat_in(connection, who.id, client_id)
            if here is None:
                abort(404)
            page = invoice_page(connection, here.id)
        base = f"/portal/{client_id}"
        return render_template("bare/invoices.html", page=page, person=who, menu=PORTAL_MENU, base=base, account=here)

    @app.after_request
    def set_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    return app


def engine_of(app: Flask) -> Engine:
    engine: Engine = app.extensions[ENGINE]
    return engine


# Who is here


def signed_in_person(connection: Connection) -> Row[Any] | None:
    """The person behind the session cookie, while the session lives."""
    token = request.cookies.get("foyer", "")
    if not token:
        return None
    now = dt.datetime.now(dt.UTC)
    return connection.execute(
        select(person.c.id, person.c.first_name, person.c.last_name, person.c.email)
        .join(session, session.c.person_id == person.c.id)
        .where(
            session.c.token_hash == hashlib.sha256(token.encode()).hexdigest(),
            session.c.ended_at.is_(None),
            session.c.second_step_at.is_not(None),
            session.c.expires_at > now,
            session.c.last_seen_at > now - IDLE,
            person.c.disabled_at.is_(None),
            person.c.erased_at.is_(None),
        )
    ).first()


def is_staff(connection: Connection, person_id: int) -> bool:
    """Whether the person is enabled staff."""
    found = connection.execute(
        select(staff_member.c.role).where(
            staff_member.c.person_id == person_id, staff_member.c.status == StaffStatus.ENABLED
        )
    ).first()
    return found is not None


def seat_in(connection: Connection, person_id: int, client_id: str) -> Row[Any] | None:
    """The account, if the person has a live seat in it."""
    return connection.execute(
        select(account.c.id, account.c.name, account.c.client_id, member.c.is_owner)
        .join(member, member.c.account_id == account.c.id)
        .where(
            member.c.person_id == person_id,
            member.c.status == MemberStatus.ENABLED,
            member.c.portal_access,
            account.c.client_id == client_id,
            account.c.status == AccountStatus.ACTIVE,
        )
    ).first()


# The list


@dataclass(frozen=True, slots=True)
class Page:
    """One page of invoices, what was asked for, and the addresses around it."""

    rows: Sequence[Row[Any]]
    asked: dict[str, str]
    first: str
    previous: str
    next: str
    last: str
    query: str


def invoice_page(connection: Connection, account_id: int | None) -> Page:
    """The page that the address asks for: newest first, drafts (which have no day yet) at the end."""
    asked = {name: request.args.get(name, "") for name in FILTERS}
    after, before = request.args.get("after", ""), request.args.get("before", "")
    statement = filtered(select(*COLUMNS), asked, account_id)
    cursor = read_cursor(before or (after if after != "last" else ""))
    backward = after == "last" or bool(before)
    if asked["q"] and cursor is None:
        rows = sorted_hits(connection, statement, backward=backward)
    else:
        rows = walk(connection, statement, cursor, backward=backward)
    more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    if backward:
        rows.reverse()
    has_previous, has_next = (more, cursor is not None) if backward else (cursor is not None, more)
    kept = {name: value for name, value in asked.items() if value}
    return Page(
        rows=rows,
        asked=asked,
        first=address(kept) if has_previous else "",
        previous=address({**kept, "before": cursor_of(rows[0])}) if has_previous and rows else "",
        next=address({**kept, "after": cursor_of(rows[-1])}) if has_next and rows else "",
        last=address({**kept, "after": "last"}) if has_next else "",
        query=urlencode(kept),
    )


def filtered(statement: Select[Any], asked: dict[str, str], account_id: int | None) -> Select[Any]:
    """The rows the filters leave, of one account or of all."""
    statement = statement.select_from(
        invoice.outerjoin(account, account.c.id == invoice.c.account_id).outerjoin(
            order, order.c.id == invoice.c.order_id
        )
    )
    own = [] if account_id is None else [invoice.c.account_id == account_id, invoice.c.status != InvoiceStatus.DRAFT]
    if asked["q"]:
        # The trigram index finds the few, then they are sorted; without the CTE the index of the order may be walked.
        pattern = "%{}%".format(asked["q"].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"))
        hits = select(invoice.c.id).where(*own, invoice.c.number.ilike(pattern, escape="\\")).cte("hits")
        hits = hits.prefix_with("MATERIALIZED")
        statement = statement.join(hits, hits.c.id == invoice.c.id)
    if asked["status"]:
        own.append(invoice.c.status == InvoiceStatus(asked["status"]))
    if asked["issued_on.from"]:
        own.append(invoice.c.issued_on >= dt.date.fromisoformat(asked["issued_on.from"]))
    if asked["issued_on.to"]:
        own.append(invoice.c.issued_on <= dt.date.fromisoformat(asked["issued_on.to"]))
    return statement.where(*own)


Cursor = tuple[dt.date | None, int]


def walk(connection: Connection, statement: Select[Any], cursor: Cursor | None, *, backward: bool) -> list[Row[Any]]:
    """One page and one row more, from the cursor: invoices with a day, then drafts; backwards the other way round."""
    parts = [drafts, dated] if backward else [dated, drafts]
    if cursor is not None and parts[0] is not (drafts if cursor[0] is None else dated):
        del parts[0]
    rows: list[Row[Any]] = []
    for part in parts:
        rows += connection.execute(part(statement, cursor, backward).limit(PAGE_SIZE + 1 - len(rows))).all()
        if len(rows) > PAGE_SIZE:
            break
        cursor = None
    return rows


def sorted_hits(connection: Connection, statement: Select[Any], *, backward: bool) -> list[Row[Any]]:
    """One page and one row more of what a search found: few, so the database sorts them in one statement."""
    on, key = invoice.c.issued_on, invoice.c.id
    order_by = (on.is_(None).desc(), on, key) if backward else (on.is_(None), on.desc(), key.desc())
    return list(connection.execute(statement.order_by(*order_by).limit(PAGE_SIZE + 1)).all())


def dated(statement: Select[Any], cursor: Cursor | None, backward: bool) -> Select[Any]:
    """The invoices with a day, from the cursor."""
    on, key = invoice.c.issued_on, invoice.c.id
    statement = statement.where(on.is_not(None))
    if cursor is not None:
        place = tuple_(on, key)
        statement = statement.where(place > cursor if backward else place < cursor)
    return statement.order_by(on, key) if backward else statement.order_by(on.desc(), key.desc())


def drafts(statement: Select[Any], cursor: Cursor | None, backward: bool) -> Select[Any]:
    """The invoices without a day, from the cursor."""
    on, key = invoice.c.issued_on, invoice.c.id  # sorted by the empty day too, which is what the index is made for
    statement = statement.where(on.is_(None))
    if cursor is not None:
        statement = statement.where(key > cursor[1] if backward else key < cursor[1])
    return statement.order_by(on, key) if backward else statement.order_by(on.desc(), key.desc())


def cursor_of(row: Row[Any]) -> str:
    return f"{row.issued_on or ''},{row.id}"


def read_cursor(text: str) -> Cursor | None:
    if not text:
        return None
    on, _, key = text.partition(",")
    return (dt.date.fromisoformat(on) if on else None, int(key))


def address(params: dict[str, str]) -> str:
    return f"{request.path}?{urlencode(params)}" if params else request.path


# How values are written


def money(minor: int, currency: str) -> str:
    """123456 USD -> "$1,234.56". Enough for the currencies of this table."""
    whole, cents = divmod(minor, 100)
    return f"{SIGNS[currency]}{whole:,}.{cents:02d}"


def day(value: dt.date) -> str:
    """Jun 30, 2026."""
    return f"{value:%b} {value.day}, {value.year}"


def word(value: str) -> str:
    """partially_paid -> "Partially paid"."""
    return value.replace("_", " ").capitalize()
